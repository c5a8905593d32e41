//! The table as a file that people read: `docs/access.txt`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use chat_proto::RejectCode;
use chat_server::core::access::Action;

use crate::cells::{Aim, Cell, Kind, Place};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/access.txt");

/// So many questions the table has at least.
const CELLS_MIN: usize = 5_000;

/// Every sign and what it stands for.
const SIGNS: [(char, Option<RejectCode>, &str); 9] = [
    ('+', None, "allowed"),
    ('f', Some(RejectCode::Forbidden), "forbidden"),
    ('n', Some(RejectCode::NotMember), "not_member"),
    ('b', Some(RejectCode::Banned), "banned"),
    ('m', Some(RejectCode::Muted), "muted"),
    ('a', Some(RejectCode::Archived), "archived"),
    ('c', Some(RejectCode::Conflict), "conflict: not before something else was done"),
    ('?', Some(RejectCode::NoSuchRoom), "no_such_room: it looks as if there were none"),
    ('u', Some(RejectCode::Unauthenticated), "unauthenticated"),
];

const ACTION_WIDTH: usize = 16;
const PLACE_WIDTH: usize = 8;

const HEAD: &str = "\
# Who may do what in a room: every answer of chat-server/src/core/access, by kind of room, action and actor.
#
# A test writes it with CHAT_ACCESS_WRITE=1 (cargo test -p chat-server --test access), and otherwise compares it; another one
# asks a running server. Read the difference: each sign that changes is a right given or taken.
#
# What is done to somebody, or to his message, has six signs: done to himself, a member, a moderator, an admin, the owner, and
# a user outside.
";

fn sign(answer: Option<RejectCode>) -> char {
    let found = SIGNS.iter().find(|(_, code, _)| *code == answer);
    found.unwrap_or_else(|| panic!("{answer:?} has no sign")).0
}

fn rendered() -> String {
    let mut text = String::from(HEAD);
    let mut legend = |title: &str, lines: &[(String, &str)]| {
        writeln!(text, "#\n# {title}:").unwrap();
        lines.iter().for_each(|(name, meaning)| writeln!(text, "#   {name:PLACE_WIDTH$} {meaning}").unwrap());
    };
    legend("Signs", &SIGNS.map(|(sign, _, meaning)| (sign.to_string(), meaning)));
    legend("Actors", &Place::ALL.map(|place| (place.name().to_owned(), place.meaning())));
    for kind in Kind::ALL {
        writeln!(text, "\n[{}]  {}\n", kind.name(), kind.meaning()).unwrap();
        text.push_str(&line("", &Place::ALL.map(|place| place.name().to_owned())));
        let ground = kind.ground();
        for action in Action::ALL {
            let signs = Place::ALL.map(|actor| {
                let cells = Aim::all(*action).iter().map(|aim| Cell { kind, action: *action, actor, aim: *aim });
                cells.map(|cell| sign(cell.ask(&ground).err().map(|reject| reject.code))).collect()
            });
            text.push_str(&line(action.name(), &signs));
        }
    }
    text
}

fn line(action: &str, columns: &[String; Place::ALL.len()]) -> String {
    let columns: String = columns.iter().map(|column| format!("{column:PLACE_WIDTH$}")).collect();
    format!("{}\n", format!("{action:ACTION_WIDTH$}{columns}").trim_end())
}

/// The table as the repository has it: what each question is answered with, nothing for what is allowed.
pub fn reviewed() -> BTreeMap<Cell, Option<RejectCode>> {
    let text = fs::read_to_string(PATH).unwrap();
    let mut cells = BTreeMap::new();
    let mut kind = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
            assert!(kind.is_some(), "{line}");
        }
        let mut words = line.split_whitespace();
        let Some(action) = words.next().and_then(Action::named).filter(|_| !line.starts_with(' ')) else { continue };
        for (actor, signs) in Place::ALL.into_iter().zip(words) {
            for (aim, sign) in Aim::all(action).iter().zip(signs.chars()) {
                let cell = Cell { kind: kind.unwrap(), action, actor, aim: *aim };
                let (_, answer, _) = SIGNS.iter().find(|(known, ..)| *known == sign).unwrap();
                cells.insert(cell, *answer);
            }
        }
    }
    cells
}

#[test]
fn a1_the_table_in_the_documents_is_what_the_rule_answers() {
    let made = rendered();
    if std::env::var_os("CHAT_ACCESS_WRITE").is_some() {
        fs::write(PATH, &made).unwrap();
        return;
    }
    let reviewed = fs::read_to_string(PATH).unwrap();
    for (ours, theirs) in made.lines().zip(reviewed.lines()) {
        assert_eq!(ours, theirs, "a right changed; if that is meant, CHAT_ACCESS_WRITE=1 writes the table");
    }
    assert!(made == reviewed, "the table ends otherwise; CHAT_ACCESS_WRITE=1 writes it");
}

#[test]
fn a1_the_table_asks_everything() {
    let mut cells: Vec<Cell> = Kind::ALL.into_iter().flat_map(Cell::of).collect();
    assert!(cells.len() >= CELLS_MIN, "{}", cells.len());
    cells.sort();
    assert_eq!(reviewed().into_keys().collect::<Vec<_>>(), cells);
}
