//! The contract of `bot jsonl`, as data: `contract.txt` has every line, request and answer with its fields. From it comes the
//! schema that is printed, and against it goes what is written and read.

mod check;
mod parse;
mod schema;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub use check::{answer, event, hide_in_answer, hide_in_request, request};
pub use schema::schema;

/// What kind of value a field has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// A text that nobody else may read.
    Secret,
    /// A time, RFC 3339 in UTC.
    Time,
    /// A whole number from 0 on.
    Int,
    /// True or false.
    Bool,
    /// Anything.
    Any,
    /// One of these words.
    Words(Vec<&'static str>),
    /// An object that has a name here.
    Named(&'static str),
    /// A list.
    List(Box<Self>),
    /// Values by names.
    Values(Box<Self>),
    /// This, or null.
    Nullable(Box<Self>),
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is called.
    pub name: &'static str,
    /// Whether it may be missing.
    pub optional: bool,
    /// What it holds.
    pub shape: Shape,
}

/// The fields of an object; it has no others.
pub type Object = Vec<Field>;

/// What a program may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// What it is called.
    pub name: &'static str,
    /// Whether it changes something at the server.
    pub changes: bool,
    /// Fields of the request beside `id` and `op`.
    pub request: Object,
    /// Fields of the answer beside `re` and `ok`.
    pub answer: Object,
}

/// All of it. An event or an op that comes in two forms is there twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contract {
    /// Objects by their names.
    pub types: BTreeMap<&'static str, Object>,
    /// Lines by what `ev` says.
    pub events: Vec<(&'static str, Object)>,
    /// Requests.
    pub ops: Vec<Op>,
}

impl Contract {
    /// The forms of an op; none if there is no such op.
    pub fn forms(&self, op: &str) -> impl Iterator<Item = &Op> {
        self.ops.iter().filter(move |known| known.name == op)
    }

    /// Whether an op may change something at the server.
    #[must_use]
    pub fn changes(&self, op: &str) -> bool {
        self.forms(op).any(|form| form.changes)
    }
}

/// The contract.
pub fn contract() -> &'static Contract {
    // A test holds that it can be read.
    static CONTRACT: LazyLock<Contract> = LazyLock::new(|| parse::contract(TEXT).unwrap_or_default());
    &CONTRACT
}

const TEXT: &str = include_str!("contract.txt");

/// The answer's mark of a request that was not made for `--dry-run`.
pub const DRY_RUN: &str = "dry_run";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_can_be_read_and_names_nothing_that_is_not_there() {
        let contract = parse::contract(TEXT).unwrap();
        let objects = contract.types.values().chain(contract.events.iter().map(|(_, object)| object));
        let objects = objects.chain(contract.ops.iter().flat_map(|op| [&op.request, &op.answer]));
        for field in objects.flatten() {
            let mut shape = &field.shape;
            while let Shape::List(inner) | Shape::Values(inner) | Shape::Nullable(inner) = shape {
                shape = inner;
            }
            if let Shape::Named(name) = shape {
                assert!(contract.types.contains_key(name), "{} is of no type {name}", field.name);
            }
        }
    }
}
