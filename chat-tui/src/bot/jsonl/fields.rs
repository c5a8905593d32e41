//! The fields of answers.

use std::collections::VecDeque;

use chat_proto::reply::{Member, Page, RoomList, RoomSummary};
use chat_proto::search::SearchHits;
use chat_proto::{AccountId, Anchor, Seq};
use serde_json::{Map, Value, json};

use crate::bot::line::{Line, There, json as written, room_name, user_id};
use crate::bot::search::hit_json;

/// Fields by their names.
pub(super) fn fields<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// One member of a list.
pub(in crate::bot) fn member(member: &Member, nick: Option<&String>) -> Value {
    let (id, role, state) = (user_id(member.account), member.role.name(), There::from(member.presence));
    match nick {
        Some(nick) => json!({"id": id, "name": member.name, "nick": nick, "role": role, "state": state}),
        None => json!({"id": id, "name": member.name, "role": role, "state": state}),
    }
}

/// A page of rooms.
pub(super) fn rooms_fields(list: &RoomList) -> Map<String, Value> {
    fields([("rooms", list.rooms.iter().map(listed_room).collect()), ("more", list.more.into())])
}

/// One room of a list.
pub(in crate::bot) fn listed_room(room: &RoomSummary) -> Value {
    json!({
        "id": format!("r_{}", room.room),
        "room": room_name(&room.name),
        "topic": room.topic,
        "member": room.member,
        "members": room.members,
    })
}

/// A page of what a search found.
pub(super) fn hits_fields(page: &SearchHits, me: AccountId) -> Map<String, Value> {
    let hits = page.hits.iter().filter_map(|hit| hit_json(hit, me)).collect();
    let mut fields = fields([("hits", hits), ("behind", page.behind.into())]);
    if let Some(next) = page.next {
        fields.insert("next".to_owned(), next.into());
    }
    fields
}

/// As much of a page as fits a line, the events nearest to what was asked for first.
pub(super) fn page_fields(room: &str, page: &Page, anchor: Anchor, me: AccountId) -> Map<String, Value> {
    let mut lines: VecDeque<(Seq, Value, usize)> = VecDeque::new();
    for event in &page.events {
        if let Some(line) = Line::of_event(room, event, me, true) {
            let bytes = written(&line).len() + 1;
            lines.push_back((event.seq, serde_json::to_value(line).unwrap_or_default(), bytes));
        }
    }
    let (mut more_before, mut more_after) = (page.more_before, page.more_after);
    let mut bytes: usize = lines.iter().map(|(_, _, bytes)| bytes).sum();
    while bytes > EVENTS_BYTES_MAX {
        let from_front = match (anchor, lines.front(), lines.back()) {
            (Anchor::Before(_), ..) => true,
            (Anchor::After(_), ..) => false,
            (Anchor::Around(seq), Some(front), Some(back)) => {
                seq.0.saturating_sub(front.0.0) > back.0.0.saturating_sub(seq.0)
            }
            (Anchor::Around(_), ..) => false,
        };
        let dropped = if from_front { lines.pop_front() } else { lines.pop_back() };
        *(if from_front { &mut more_before } else { &mut more_after }) = true;
        bytes -= dropped.map_or(bytes, |(_, _, bytes)| bytes);
    }
    let events: Vec<Value> = lines.into_iter().map(|(_, line, _)| line).collect();
    let mut fields = fields([
        ("room", room_name(room).into()),
        ("events", events.into()),
        ("oldest", page.oldest.0.into()),
        ("last", page.last.0.into()),
        ("more_before", more_before.into()),
        ("more_after", more_after.into()),
    ]);
    if let Some(range) = page.trimmed {
        fields.insert("trimmed".to_owned(), json!({"from": range.from.0, "to": range.to.0}));
    }
    fields
}

/// Events of a page in one answer, bytes.
const EVENTS_BYTES_MAX: usize = 240 * 1024;
