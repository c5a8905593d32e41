//! The settings of a TOML file, with the place each was written at.

use std::path::Path;

use chat_proto::nearest::nearest;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::setting::Setting;
use super::table::SETTINGS;
use super::value::{Kind, Value};
use super::{Binding, Config, FILTERS, LAYOUTS, Named, Problem};

/// Puts what the file says into the configuration; whatever is wrong is added to `problems`, and the rest still read.
pub fn read(path: &Path, text: &str, config: &mut Config, problems: &mut Vec<Problem>) {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut file = File { path, text, config, problems };
    for error in &errors {
        let what = error.message().trim_end_matches('\n').to_owned();
        file.problem(error.span().map_or(0, |span| span.start), what);
    }
    file.table("", document.get_ref());
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
    config: &'a mut Config,
    problems: &'a mut Vec<Problem>,
}

impl File<'_> {
    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for (key, value) in in_order(table) {
            let name = key.get_ref();
            let full = if section.is_empty() { name.to_string() } else { format!("{section}.{name}") };
            let setting = SETTINGS.iter().find(|setting| setting.key == full);
            let inner = value.get_ref().as_table();
            match (setting, inner) {
                (Some(setting), _) => self.setting(setting, value),
                (None, Some(inner)) if section.is_empty() && is_section(&full) => self.table(&full, inner),
                (None, Some(inner)) if section == "keys" => self.bindings(name, inner),
                (None, Some(inner)) if full == LAYOUTS => {
                    let layouts = self.named(inner, "a layout");
                    self.config.layouts.extend(layouts);
                }
                (None, Some(inner)) if full == FILTERS => {
                    let filters = self.named(inner, "a pattern");
                    self.config.filters.extend(filters);
                }
                (None, _) => self.unknown(key, &full),
            }
        }
    }

    fn setting(&mut self, setting: &Setting, value: &Spanned<DeValue<'_>>) {
        let place = value.span().start;
        let Some(written) = value_of(value.get_ref()) else {
            let takes = match setting.kind {
                Kind::Text | Kind::Choice(_) => "a string",
                Kind::Flag => "true or false",
                Kind::Number(..) => "a whole number that is not negative",
                Kind::List => "strings in brackets",
            };
            let what = format!("{} takes {takes}, not this value of type {}", setting.key, value.get_ref().type_str());
            return self.problem(place, what);
        };
        if let Err(what) = setting.set(self.config, written) {
            self.problem(place, format!("{}: {what}", setting.key));
        }
    }

    /// Keys are looked at where the screen is; here they only get their places.
    fn bindings(&mut self, context: &str, table: &DeTable<'_>) {
        for (keys, value) in in_order(table) {
            let place = self.place(keys.span().start);
            let action = match (value.get_ref().as_str(), value.get_ref().as_bool()) {
                (Some(action), _) => action.to_owned(),
                (None, Some(false)) => String::new(),
                (None, _) => {
                    let (keys, given) = (keys.get_ref(), value.get_ref().type_str());
                    let what = format!("{keys:?} takes an action's name, or false, not a value of type {given}");
                    self.problem(value.span().start, what);
                    continue;
                }
            };
            let keys = keys.get_ref().to_string();
            self.config.keys.bindings.push(Binding { context: context.to_owned(), keys, action, place });
        }
    }

    /// Texts under names are looked at where the screen is; here they only get their places.
    fn named(&mut self, table: &DeTable<'_>, takes: &str) -> Vec<Named> {
        let mut texts = Vec::new();
        for (name, value) in in_order(table) {
            let place = self.place(name.span().start);
            if let Some(text) = value.get_ref().as_str() {
                texts.push(Named { name: name.get_ref().to_string(), text: text.to_owned(), place });
            } else {
                let (name, given) = (name.get_ref(), value.get_ref().type_str());
                self.problem(value.span().start, format!("{name:?} takes {takes}, not a value of type {given}"));
            }
        }
        texts
    }

    fn unknown(&mut self, key: &Spanned<DeString<'_>>, full: &str) {
        let mut what = format!("unknown key {full:?}");
        if is_section(full) {
            what = format!("{full:?} is a section: write [{full}]");
        } else if let Some(known) = nearest(full, SETTINGS.iter().map(|setting| setting.key)) {
            what.push_str(&format!(", did you mean {known:?}?"));
        } else if let Some(known) = SETTINGS.iter().find(|known| known.key.rsplit('.').next() == Some(full)) {
            what.push_str(&format!(", did you mean {:?}?", known.key));
        }
        self.problem(key.span().start, what);
    }

    fn place(&self, offset: usize) -> String {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.path.display())
    }

    fn problem(&mut self, offset: usize, what: String) {
        let place = self.place(offset);
        self.problems.push(Problem::new(place, what));
    }
}

/// Keys and values as they stand in the file: what is written later wins, and is told of later.
fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t Spanned<DeString<'i>>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn value_of(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::Text(text.to_string())),
        DeValue::Boolean(flag) => Some(Value::Flag(*flag)),
        DeValue::Integer(number) => {
            u64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok().map(Value::Number)
        }
        DeValue::Array(values) => {
            let words = values.iter().map(|value| value.get_ref().as_str().map(str::to_owned));
            words.collect::<Option<_>>().map(Value::List)
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

fn is_section(key: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.key.split_once('.').is_some_and(|(section, _)| section == key))
}
