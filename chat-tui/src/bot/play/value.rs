//! Values while a scenario is played: variables, texts made of them, and how values compare.

use std::collections::BTreeMap;
use std::fmt;

use regex::Regex;
use serde_json::Value;

/// What is bound to names.
pub(super) type Scope = BTreeMap<String, Value>;

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Differs,
    Less,
    AtMost,
    More,
    AtLeast,
    /// A text has a part, a list has an entry.
    Contains,
    /// A text fits a pattern.
    Matches,
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "==",
            Self::Differs => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Contains => "contains",
            Self::Matches => "matches",
        })
    }
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Plain(String),
    Value(Path),
}

/// A text with variables in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) pieces: Vec<Piece>,
}

impl Template {
    pub(super) fn push(&mut self, c: char) {
        if let Some(Piece::Plain(text)) = self.pieces.last_mut() {
            text.push(c);
        } else {
            self.pieces.push(Piece::Plain(c.to_string()));
        }
    }

    /// The text, if there are no variables in it.
    pub(super) fn plain(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Plain(text)] => Some(text),
            [..] => None,
        }
    }

    /// The text with what the variables hold. `escape` makes what a variable holds harmless.
    pub(super) fn fill(&self, scope: &Scope, escape: impl Fn(&str) -> String) -> Result<String, String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Plain(plain) => text.push_str(plain),
                Piece::Value(path) => text.push_str(&escape(&shown(&path.value(scope)?))),
            }
        }
        Ok(text)
    }

    pub(super) fn text(&self, scope: &Scope) -> Result<String, String> {
        self.fill(scope, str::to_owned)
    }

    /// The pattern; what variables hold is meant literally.
    pub(super) fn pattern(&self, scope: &Scope) -> Result<Regex, String> {
        let text = self.fill(scope, regex::escape)?;
        Regex::new(&text).map_err(|e| format!("the pattern /{text}/ is not possible: {e}"))
    }
}

/// A value as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// A bare word: a number or truth value if it reads like one, a variable's value if it is nothing else.
    Word(Template),
    /// A text in quotes.
    Text(Template),
    /// A pattern.
    Pattern(Template),
    /// A list or an object.
    Json(Template),
}

impl Operand {
    /// The value, with lists and objects whole.
    pub(super) fn whole(&self, scope: &Scope) -> Result<Value, String> {
        match self {
            Self::Text(template) | Self::Pattern(template) => template.text(scope).map(Value::String),
            Self::Json(template) => json(&template.fill(scope, within_json)?),
            Self::Word(template) => {
                if let [Piece::Value(path)] = template.pieces.as_slice() {
                    return path.value(scope);
                }
                let text = template.text(scope)?;
                let is_plain = template.plain().is_some();
                Ok(typed(&text).filter(|_| is_plain).unwrap_or(Value::String(text)))
            }
        }
    }

    /// The value; of an answer or event, its number.
    pub(super) fn value(&self, scope: &Scope) -> Result<Value, String> {
        self.whole(scope).map(scalar)
    }
}

/// A text as it stands within the quotes of JSON.
fn within_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

pub(super) fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|e| format!("'{text}' is no JSON: {e}"))
}

/// A word that reads like a number or a truth value.
fn typed(text: &str) -> Option<Value> {
    match text {
        "true" => return Some(true.into()),
        "false" => return Some(false.into()),
        _ => {}
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    text.parse::<u64>().map(Value::from).ok().or_else(|| text.parse::<i64>().map(Value::from).ok())
}

/// What stands for an answer, an event or a person: the number, or the name.
fn scalar(value: Value) -> Value {
    let Value::Object(fields) = &value else { return value };
    fields.get("seq").or_else(|| fields.get("name")).cloned().unwrap_or(value)
}

/// A value within a text.
pub(super) fn shown(value: &Value) -> String {
    match scalar(value.clone()) {
        Value::String(text) => text,
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            other.to_string()
        }
    }
}

/// A variable and the way into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) name: String,
    pub(super) rest: Vec<Segment>,
}

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// A field of an object, or a place in a list: its number, `first`, `last` or `len`.
    Field(String),
    /// The entry of a list whose field is so: `[name=bob]`.
    Where(String, String),
}

impl Path {
    /// Reads `name.field.0.other[name=bob]`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut segments = segments(text)?.into_iter();
        let Some(Segment::Field(name)) = segments.next() else {
            return Err(format!("{text:?} is no variable: write its name, and fields behind dots"));
        };
        Ok(Self { name, rest: segments.collect() })
    }

    fn value(&self, scope: &Scope) -> Result<Value, String> {
        let value = scope.get(&self.name).ok_or_else(|| format!("there is no variable {}", self.name))?;
        let found = walk(value, &self.rest);
        found.ok_or_else(|| format!("{} has no {}", self.name, written(&self.rest)))
    }
}

/// Reads `field.0.other[name=bob]`.
pub(super) fn segments(text: &str) -> Result<Vec<Segment>, String> {
    let bad =
        || format!("{text:?} is no field: fields are letters, digits and _ with dots between them, or [field=value]");
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() || found.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let (condition, behind) = inside.split_once(']').ok_or_else(bad)?;
            let (field, value) = condition.split_once('=').ok_or_else(bad)?;
            found.push(Segment::Where(field.to_owned(), value.to_owned()));
            rest = behind.strip_prefix('.').unwrap_or(behind);
            continue;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (field, behind) = rest.split_at(end);
        rest = match behind.strip_prefix('.') {
            Some(more) if !more.is_empty() => more,
            None if behind.is_empty() || behind.starts_with('[') => behind,
            Some(_) | None => return Err(bad()),
        };
        if field.is_empty() {
            return Err(bad());
        }
        found.push(Segment::Field(field.to_owned()));
    }
    Ok(found)
}

/// How a way into a value is written.
pub(super) fn written(segments: &[Segment]) -> String {
    let mut text = String::new();
    for segment in segments {
        match segment {
            Segment::Field(field) if text.is_empty() => text.push_str(field),
            Segment::Field(field) => text.push_str(&format!(".{field}")),
            Segment::Where(field, value) => text.push_str(&format!("[{field}={value}]")),
        }
    }
    text
}

/// What lies there.
pub(super) fn walk(value: &Value, segments: &[Segment]) -> Option<Value> {
    let Some((segment, rest)) = segments.split_first() else { return Some(value.clone()) };
    match (segment, value) {
        (Segment::Field(field), Value::Object(fields)) => walk(fields.get(field)?, rest),
        (Segment::Field(field), Value::Array(items)) => match field.as_str() {
            "len" => Some(items.len().into()),
            "first" => walk(items.first()?, rest),
            "last" => walk(items.last()?, rest),
            index => walk(items.get(index.parse::<usize>().ok()?)?, rest),
        },
        (Segment::Field(field), Value::String(text)) if field == "len" => Some(text.chars().count().into()),
        (Segment::Where(field, wanted), Value::Array(items)) => {
            let fits = |item: &&Value| item.get(field).is_some_and(|value| shown(value) == *wanted);
            walk(items.iter().find(fits)?, rest)
        }
        (_, _) => None,
    }
}

/// Whether two values compare so. What is missing is null, and equals false and the empty text as well.
pub(super) fn compare(left: &Value, comparison: Comparison, right: &Value) -> Result<bool, String> {
    let ordered = |wanted: fn(std::cmp::Ordering) -> bool| order(left, right).map(wanted);
    match comparison {
        Comparison::Equal => Ok(equal(left, right)),
        Comparison::Differs => Ok(!equal(left, right)),
        Comparison::Less => ordered(std::cmp::Ordering::is_lt),
        Comparison::AtMost => ordered(std::cmp::Ordering::is_le),
        Comparison::More => ordered(std::cmp::Ordering::is_gt),
        Comparison::AtLeast => ordered(std::cmp::Ordering::is_ge),
        Comparison::Contains => Ok(contains(left, right)),
        Comparison::Matches => {
            let pattern = Regex::new(&shown(right)).map_err(|e| e.to_string())?;
            Ok(pattern.is_match(&shown(left)))
        }
    }
}

fn equal(left: &Value, right: &Value) -> bool {
    let empty = |value: &Value| matches!(value, Value::Null | Value::Bool(false)) || *value == "";
    let either_missing = left.is_null() || right.is_null();
    left == right || shown(left) == shown(right) || either_missing && empty(left) && empty(right)
}

fn order(left: &Value, right: &Value) -> Result<std::cmp::Ordering, String> {
    let (left, right) = (shown(left), shown(right));
    match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.partial_cmp(&b).ok_or_else(|| format!("{left} and {right} have no order")),
        (Err(_), Err(_)) => Ok(left.cmp(&right)),
        (_, _) => Err(format!("{left:?} and {right:?} have no order: one is a number")),
    }
}

fn contains(left: &Value, right: &Value) -> bool {
    let wanted = shown(right);
    match left {
        Value::Array(items) => items.iter().any(|item| {
            let is_known_so = |name: &&str| item.get(*name).is_some_and(|value| shown(value) == wanted);
            shown(item) == wanted || ENTRY_NAMES.iter().any(is_known_so)
        }),
        Value::Object(fields) => fields.contains_key(&wanted),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => shown(left).contains(&wanted),
    }
}

/// What an entry of a list may be known by.
const ENTRY_NAMES: [&str; 6] = ["name", "room", "user", "id", "seq", "text"];
