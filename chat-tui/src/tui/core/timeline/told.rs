//! What happened in a room, as one line of words: everything that is neither a message nor a coming or going.

use chat_proto::event::{Listed, Named, Pinned, Unlisted};
use chat_proto::{Event, Fact, List, RoomFact};

use crate::clean;

/// The line; empty for what has none. Names are cleaned here, so that none can pass for more than one word of it; the line is
/// cleaned as a whole where it is drawn.
pub(in crate::tui::core) fn told(event: &Event) -> String {
    match event.body.fact() {
        Fact::Room(fact) => room(fact),
        Fact::Opaque => format!("something this version cannot show (kind {})", event.body.kind()),
        Fact::Account(_) | Fact::Choice(_) | Fact::Server(_) => String::new(),
    }
}

fn room(fact: RoomFact<'_>) -> String {
    match fact {
        RoomFact::Created(it) => format!("{} created the room", name(&it.name)),
        RoomFact::RoomChanged(it) => format!("{} changed the room's settings", name(&it.name)),
        RoomFact::Renamed(it) => format!("{} renamed the room from #{} to #{}", name(&it.name), it.old, it.new),
        RoomFact::RoleSet(it) if it.name == it.member.name => format!("{} is {} now", name(&it.name), it.role.name()),
        RoomFact::RoleSet(it) => format!("{} made {} {}", name(&it.name), who(&it.member), it.role.name()),
        RoomFact::OwnerChanged(it) => format!("{} gave the room to {}", name(&it.name), who(&it.member)),
        RoomFact::Listed(it) => because(listed(it), &it.reason),
        RoomFact::Unlisted(it) => because(unlisted(it), &it.reason),
        RoomFact::Kicked(it) => because(format!("{} put {} out", name(&it.name), who(&it.member)), &it.reason),
        RoomFact::Evicted(it) => {
            let members: Vec<String> = it.members.iter().map(who).collect();
            because(format!("{} may not be here any more", members.join(", ")), &it.reason)
        }
        RoomFact::Deleted(it) => because(format!("{} deleted the room", name(&it.name)), &it.reason),
        RoomFact::Pinned(Pinned { name: by, on: true, .. }) => format!("{} pinned a message", name(by)),
        RoomFact::Pinned(Pinned { name: by, .. }) => format!("{} took a pinned message down", name(by)),
        RoomFact::Erased(_) | RoomFact::ErasedFor(_) => "message removed".to_owned(),
        RoomFact::Joined(_)
        | RoomFact::Left(_)
        | RoomFact::Posted(_)
        | RoomFact::PostedWith(_)
        | RoomFact::Edited(_)
        | RoomFact::Redacted(_)
        | RoomFact::RedactedFor(_)
        | RoomFact::Reacted(_)
        | RoomFact::Purged(_)
        | RoomFact::DirectCreated(_) => String::new(),
    }
}

fn listed(it: &Listed) -> String {
    let done = match it.list {
        List::Banned => "banned",
        List::Muted => "muted",
        List::Invited => "invited",
    };
    format!("{} {done} {}", name(&it.name), who(&it.who))
}

fn unlisted(it: &Unlisted) -> String {
    let taken_back = match it.list {
        List::Banned => "ban of",
        List::Muted => "mute of",
        List::Invited => "invitation of",
    };
    format!("{} took back the {taken_back} {}", name(&it.name), who(&it.who))
}

fn because(what: String, reason: &str) -> String {
    if reason.is_empty() { what } else { format!("{what} ({reason})") }
}

fn who(named: &Named) -> String {
    name(&named.name)
}

fn name(name: &str) -> String {
    clean::line(name).as_str().to_owned()
}
