//! What the words behind a command's name mean, where that takes more than a line.

use chat_proto::Role;
use chat_proto::event::List;

use super::words::{aimed, first, name, one, seq, target};
use super::{Ask, Command, Deed, Goto, Here, LayoutDeed, Look, Person, TabDeed};
use crate::tui::core::effect::Change;
use crate::tui::core::keymap::WindowDeed;
use crate::tui::core::windows::{Side, Split};

pub(super) fn open_link(link: String) -> Command {
    Command::Look(Look::Open(link))
}

pub(super) fn filter(rest: &str) -> Option<Command> {
    Some(match first(rest) {
        None => Command::Look(Look::Filters),
        Some(("on", "")) => Command::Look(Look::Filter(true)),
        Some(("off", "")) => Command::Look(Look::Filter(false)),
        Some(("add", behind)) => {
            let (name, pattern) = first(behind).filter(|(_, pattern)| !pattern.is_empty())?;
            Command::Configure(Change::Filter(name.to_owned(), pattern.to_owned()))
        }
        Some(("del", behind)) => Command::Configure(Change::Unfilter(one(behind)?)),
        Some(_) => return None,
    })
}

pub(super) fn here(what: Here, rest: &str) -> Option<Command> {
    rest.is_empty().then_some(Command::Here(what))
}

pub(super) fn said(words: &str, rest: &str) -> Option<Command> {
    let text = if rest.is_empty() { words.to_owned() } else { format!("{rest} {words}") };
    Some(Command::Here(Here::Said(text)))
}

pub(super) fn named_role(role: Role, rest: &str) -> Option<Command> {
    one(rest).map(|user| Command::Ask(Ask::Role { user: name(&user), role }))
}

pub(super) fn put(list: List, rest: &str) -> Option<Command> {
    if rest.is_empty() {
        return Some(Command::Ask(Ask::List(list)));
    }
    let aimed = aimed(rest)?;
    Some(Command::Ask(Ask::Put { list, user: aimed.user, time: aimed.time, reason: aimed.reason }))
}

pub(super) fn take(list: List, rest: &str) -> Option<Command> {
    one(rest).map(|user| Command::Ask(Ask::Take { list, user: name(&user) }))
}

pub(super) fn person(what: Person, on: bool, rest: &str) -> Option<Command> {
    one(rest).map(|user| Command::Ask(Ask::Person(what, name(&user), on)))
}

pub(super) fn people(names: &str) -> Vec<String> {
    names.split(',').map(name).filter(|name| !name.is_empty()).collect()
}

pub(super) fn pin(on: bool, rest: &str) -> Option<Command> {
    let (target, behind) = target(rest);
    behind.is_empty().then_some(Command::Done(Deed::Pin(target, on)))
}

pub(super) fn window(rest: &str) -> Option<WindowDeed> {
    Some(match rest {
        "split" => WindowDeed::Split(Split::Below),
        "vsplit" => WindowDeed::Split(Split::Beside),
        "close" => WindowDeed::Close,
        "zoom" => WindowDeed::Zoom,
        "next" => WindowDeed::Next,
        "balance" => WindowDeed::Balance,
        "left" => WindowDeed::Go(Side::Left),
        "right" => WindowDeed::Go(Side::Right),
        "up" => WindowDeed::Go(Side::Above),
        "down" => WindowDeed::Go(Side::Below),
        _ => return None,
    })
}

pub(super) fn tab(rest: &str) -> Option<TabDeed> {
    Some(match rest {
        "new" => TabDeed::New,
        "close" => TabDeed::Close,
        "next" => TabDeed::Step { back: false },
        "previous" => TabDeed::Step { back: true },
        number => TabDeed::Number(number.parse().ok()?),
    })
}

pub(super) fn layout(rest: &str) -> Option<LayoutDeed> {
    let Some((deed, name)) = first(rest) else { return Some(LayoutDeed::List) };
    let name = one(name)?;
    Some(match deed {
        "save" => LayoutDeed::Save(name),
        "load" => LayoutDeed::Load(name),
        "delete" => LayoutDeed::Delete(name),
        _ => return None,
    })
}

pub(super) fn goto(rest: &str) -> Option<Goto> {
    Some(match rest {
        "unread" => Goto::Unread,
        "start" => Goto::Start,
        "end" => Goto::End,
        _ => seq(rest).map(Goto::Seq).or_else(|| rest.parse().ok().map(Goto::Day))?,
    })
}
