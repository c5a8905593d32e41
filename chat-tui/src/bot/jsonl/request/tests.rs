//! What a program may write, and what it is told where it is wrong.

use super::*;
use crate::bot::contract::{self, Field, Shape};
use crate::bot::line::json;
use std::collections::BTreeSet;

use proptest::prelude::*;

fn problem(line: &str) -> (Value, String) {
    let (id, problem) = parse(line.as_bytes()).unwrap_err();
    (id, format!("{}: {}", problem.code, problem.error))
}

#[test]
fn what_is_wrong_with_a_request_is_said_with_its_place() {
    let (id, said) = problem(r#"{"id":"7","op":"send","#);
    assert!(id.is_null() && said.starts_with("bad_request") && said.contains("column 22"), "{said}");
    let cases = [
        (r#"{"id":1}"#, "bad_request: a request names its `op`"),
        (r#"{"id":1,"op":"dance"}"#, "bad_request: there is no op \"dance\""),
        (r##"{"id":1,"op":"upload","room":"#a"}"##, "bad_request: missing field `path`"),
        (r#"{"id":1,"op":"ping","x":1}"#, "bad_request: unknown field `x`"),
        (r#"{"id":1,"op":"send","room":"a"}"#, "bad_request: missing field `text`"),
        (r#"{"id":1,"op":"read","room":"a","seq":-1}"#, "bad_request: invalid value"),
        (r#"{"id":1,"op":"join","room":"a b"}"#, "bad_request: the room name \"a b\" is not possible"),
        (r#"{"id":1,"op":"device_message"}"#, "bad_request: one of `text` and `hex`"),
        (r#"{"id":1,"op":"device_message","hex":"0g"}"#, "bad_request: `hex` is two"),
        (r#"{"id":1,"op":"device_message","hex":"0"}"#, "bad_request: `hex` is two"),
        (r#"{"id":1,"op":"end_session","conn":"7"}"#, "bad_request: an id such as c_17"),
        (r#"{"id":1,"op":"history","room":"a","before":1,"after":2}"#, "bad_request: only one of"),
    ];
    for (line, expected) in cases {
        let (id, said) = problem(line);
        assert!(id == 1 && said.starts_with(expected), "{line}: {said}");
    }
    assert!(problem("[]").1.contains("expected a map"));
    assert!(problem(r#"{"id":{},"op":"ping"}"#).1.contains("an id is"));
    assert!(problem(&"[".repeat(10_000)).1.contains("column"));
}

#[test]
fn an_answer_carries_the_id_back_as_it_came() {
    let fields = Map::from_iter([("seq".to_owned(), 8124.into())]);
    assert_eq!(json(&answer(&"7".into(), "send", Ok(fields))), r#"{"re":"7","ok":true,"seq":8124}"#);
    assert_eq!(
        json(&answer(&8.into(), "kick", Err(Problem::new("forbidden", "needs role admin")))),
        r#"{"re":8,"ok":false,"code":"forbidden","error":"needs role admin","retry":false}"#
    );
}

/// A value that a field takes.
fn sample(name: &str, shape: &Shape) -> Value {
    match (name, shape) {
        ("after", Shape::Text) => "u_17".into(),
        ("conn", _) => "c_17".into(),
        ("device", _) => "d_17".into(),
        ("invite", _) => "i_17".into(),
        ("hex", _) => "00".into(),
        (_, Shape::Text | Shape::Secret | Shape::Any) => "general".into(),
        (_, Shape::Time) => "2026-11-20T12:19:03Z".into(),
        (_, Shape::Int) => 7.into(),
        (_, Shape::Bool) => true.into(),
        (_, Shape::Words(words)) => words[0].into(),
        (_, Shape::Named("custom")) => serde_json::json!({"kind": "x", "hex": "00"}),
        (_, Shape::Named(other)) => panic!("no sample of {other}"),
        (name, Shape::List(inner)) => vec![sample(name, inner)].into(),
        (name, Shape::Values(inner)) => serde_json::json!({"topic": sample(name, inner)}),
        (name, Shape::Nullable(inner)) => sample(name, inner),
    }
}

/// Fields of which a request has exactly one, although each may be missing.
const ONE_OF: [(&str, &[&str]); 5] = [
    ("device_message", &["text", "hex"]),
    ("set_password", &["password", "remove"]),
    ("server_ban", &["user", "device", "network"]),
    ("server_unban", &["user", "device", "network"]),
    ("history", &["before", "after", "around"]),
];

/// The request of an op with those of its fields that are wanted.
fn request(form: &contract::Op, wanted: impl Fn(&Field) -> bool) -> Map<String, Value> {
    let one_of = ONE_OF.iter().find(|(op, _)| *op == form.name).map_or(&[][..], |(_, names)| *names);
    let mut fields = Map::from_iter([("op".to_owned(), form.name.into())]);
    for field in &form.request {
        let is_chosen = one_of.first() == Some(&field.name);
        if is_chosen || wanted(field) && !one_of.contains(&field.name) {
            let value = match (form.name, field.name) {
                ("rooms", "after") => "r_17".into(),
                _ => sample(field.name, &field.shape),
            };
            fields.insert(field.name.to_owned(), value);
        }
    }
    fields
}

fn taken(fields: &Map<String, Value>) -> Result<(), String> {
    let line = Value::Object(fields.clone());
    contract::request(&line)?;
    parse(line.to_string().as_bytes()).map(drop).map_err(|(_, problem)| problem.error)
}

#[test]
fn what_the_contract_says_is_read_to_the_field() {
    for form in &contract().ops {
        let least = request(form, |field| !field.optional);
        assert_eq!(taken(&least), Ok(()), "{least:?}");
        let most = request(form, |_| true);
        assert_eq!(taken(&most), Ok(()), "{most:?}");
        for field in form.request.iter().filter(|field| !field.optional) {
            let mut lacking = least.clone();
            lacking.remove(field.name);
            assert!(taken(&lacking).is_err(), "{} without {}", form.name, field.name);
            assert!(parse(Value::Object(lacking).to_string().as_bytes()).is_err());
        }
        let mut more = least.clone();
        more.insert("xyz".to_owned(), 1.into());
        let error = parse(Value::Object(more).to_string().as_bytes()).unwrap_err().1.error;
        let expected = error.split("expected").nth(1).unwrap_or_default();
        let read: BTreeSet<&str> = expected.split('`').skip(1).step_by(2).collect();
        let told: BTreeSet<&str> = form.request.iter().map(|field| field.name).collect();
        assert_eq!(read, told, "{}: {error}", form.name);
    }
}

#[test]
fn every_op_there_is_is_told() {
    let lists: [&[&str]; 9] = [
        &Choose::OPS,
        &Invites::OPS,
        &Tokens::OPS,
        &Bans::OPS,
        &Connections::OPS,
        &Moderate::OPS,
        &Files::OPS,
        &Treat::OPS,
        &About::OPS,
    ];
    let told = |op: &&&str| contract().forms(op).next().is_none();
    let lacking: Vec<&&str> = lists.into_iter().flatten().filter(told).collect();
    assert_eq!(lacking, [] as [&&str; 0]);
}

proptest! {
    #[test]
    fn no_line_makes_it_panic(line in any::<Vec<u8>>(), text in r#"[{}\[\]:,"a-z0-9 \\]{0,60}"#) {
        let _ = parse(&line);
        let _ = parse(text.as_bytes());
    }
}
