//! Reads `contract.txt`.

use super::{Contract, Field, Object, Op, Shape};

/// The contract that is written in a text.
///
/// # Errors
/// The line that is not understood.
pub(super) fn contract(text: &'static str) -> Result<Contract, String> {
    let mut contract = Contract::default();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let wrong = || format!("not understood: {line}");
        let (kind, rest) = line.split_once(' ').ok_or_else(wrong)?;
        let (name, fields) = rest.split_once(' ').ok_or_else(wrong)?;
        match kind {
            "type" => drop(contract.types.insert(name, object(fields).ok_or_else(wrong)?)),
            "ev" => contract.events.push((name, object(fields).ok_or_else(wrong)?)),
            "do" | "ask" => {
                let (request, answer) = fields.split_once("->").ok_or_else(wrong)?;
                let request = object(request).ok_or_else(wrong)?;
                let answer = object(answer).ok_or_else(wrong)?;
                contract.ops.push(Op { name, changes: kind == "do", request, answer });
            }
            _ => return Err(wrong()),
        }
    }
    Ok(contract)
}

fn object(fields: &'static str) -> Option<Object> {
    fields.split_whitespace().map(field).collect()
}

fn field(text: &'static str) -> Option<Field> {
    let (name, kind) = text.split_once(':')?;
    let bare = name.trim_end_matches('?');
    Some(Field { name: bare, optional: bare.len() < name.len(), shape: shape(kind)? })
}

fn shape(text: &'static str) -> Option<Shape> {
    if let Some(inner) = text.strip_suffix('~') {
        return Some(Shape::Nullable(Box::new(shape(inner)?)));
    }
    let within = |open, close| text.strip_prefix(open).and_then(|text: &'static str| text.strip_suffix(close));
    if let Some(inner) = within('[', ']') {
        return Some(Shape::List(Box::new(shape(inner)?)));
    }
    if let Some(inner) = within('{', '}') {
        return Some(Shape::Values(Box::new(shape(inner)?)));
    }
    if let Some(words) = within('(', ')') {
        return Some(Shape::Words(words.split('|').collect()));
    }
    Some(match text {
        "" => return None,
        "text" => Shape::Text,
        "secret" => Shape::Secret,
        "time" => Shape::Time,
        "int" => Shape::Int,
        "bool" => Shape::Bool,
        "any" => Shape::Any,
        name => Shape::Named(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_not_understood_is_named() {
        for bad in ["ev", "ev x", "be x a:int", "do x a:int", "ev x a", "ev x a:"] {
            assert!(contract(bad).is_err_and(|said| said.ends_with(bad)), "{bad}");
        }
        let read = contract("ask x a?:[{int}]~ -> b:(c|d)").unwrap();
        let inner = Shape::List(Box::new(Shape::Values(Box::new(Shape::Int))));
        let a = Field { name: "a", optional: true, shape: Shape::Nullable(Box::new(inner)) };
        let b = Field { name: "b", optional: false, shape: Shape::Words(vec!["c", "d"]) };
        assert_eq!(read.ops, [Op { name: "x", changes: false, request: vec![a], answer: vec![b] }]);
    }
}
