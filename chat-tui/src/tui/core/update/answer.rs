//! Answers to what the screen asked for.

use chat_proto::limits::LIST_PAGE_MAX;
use chat_proto::nick::{GetNicks, Nick};
use chat_proto::reply::{Explained, MemberList, RoomInfo};
use chat_proto::request::ListMembers;
use chat_proto::search::SearchHits;
use chat_proto::seen::LastSeen;
use chat_proto::{Presence, Reply, Seq, Style};

use super::{about, card, draft, find, notice, outbox, picker, room, thread};
use crate::tui::core::command::Ask;
use crate::tui::core::effect::{Effects, Errand, Tag};
use crate::tui::core::form;
use crate::tui::core::model::{Model, Overlay};
use crate::tui::core::room_state::{Intent, MembersKnown};
use crate::tui::core::server::{RoomKey, ServerId};
use crate::tui::core::shown;
use crate::tui::core::time::day_title;

/// Members of a room that are asked for; the pane says how many more there are.
const MEMBERS_MAX: usize = 2_000;

pub(super) fn answer(model: &mut Model, at: ServerId, tag: Tag, result: Result<Reply, String>, effects: &mut Effects) {
    if let (Tag::Draft(room), Err(_)) = (&tag, &result) {
        return draft::lost(model, at, *room);
    }
    if let Tag::May(..) = tag {
        return card::may(model, &tag, explained(result));
    }
    let reply = match result {
        Ok(Reply::Reject(reject)) => return refused(model, at, tag, &reject.message, effects),
        Ok(reply) => reply,
        Err(why) => return refused(model, at, tag, &why, effects),
    };
    effects.dirty = true;
    match tag {
        Tag::Members(id) => {
            if let Reply::MemberList(list) = reply {
                members(model, RoomKey::new(at, id), &list, effects);
            }
        }
        Tag::Folds(id, ..) => {
            if let (Reply::FoldList(list), Some(room)) = (reply, model.at_mut(at).rooms.get_mut(&id)) {
                room.timeline.fold(&list);
            }
        }
        Tag::Join(_) => {
            if let Reply::RoomInfo(info) = reply {
                joined(model, at, info, effects);
            }
        }
        Tag::Whois(_) => {
            if let Reply::Profile(profile) = reply {
                card::show(model, at, profile, effects);
            }
        }
        Tag::Called => {
            if let Reply::Nicks(nicks) = reply {
                card::called(model, nicks);
            }
        }
        Tag::Nicks => {
            if let Reply::Nicks(nicks) = reply {
                let server = model.at_mut(at);
                nicks.nicks.into_iter().for_each(|Nick { name, nick, .. }| server.set_nick(name, nick));
            }
        }
        // It comes as news as well, on every connection.
        Tag::Nick => {}
        Tag::Seen(_) | Tag::CardSeen => {
            if let Reply::LastSeen(seen) = reply {
                seen_last(model, &tag, &seen, effects);
            }
        }
        Tag::TakeBack(room, key, edit) => outbox::taken(model, RoomKey::new(at, room), key, edit, effects),
        Tag::Find(question) => {
            if let Reply::SearchHits(found) = &reply {
                find::answered(model, at, question, Ok(found));
            }
        }
        Tag::Thread(room, root) => {
            if let Reply::SearchHits(found) = reply {
                thread::answered(model, at, room, root, found, effects);
            }
        }
        Tag::Ask(asked) => told(model, at, &asked, &reply, effects),
        Tag::Done(words) if !words.is_empty() => notice(model, effects, false, words),
        Tag::Done(_) | Tag::Leave(_) | Tag::Send(..) | Tag::Edit(..) | Tag::Draft(_) | Tag::May(..) => {}
    }
}

/// When somebody was last there: on the card that asked, or as a word.
fn seen_last(model: &mut Model, tag: &Tag, seen: &LastSeen, effects: &mut Effects) {
    if *tag == Tag::CardSeen {
        return card::seen(model, seen);
    }
    let text = last_seen(model, seen);
    notice(model, effects, false, text);
}

fn explained(result: Result<Reply, String>) -> Result<Explained, String> {
    let reply = result?;
    if let Reply::Explained(explained) = reply {
        return Ok(explained);
    }
    Err(if let Reply::Reject(reject) = reply { reject.message } else { "the server gave no answer to that".to_owned() })
}

/// What came of a command.
fn told(model: &mut Model, at: ServerId, asked: &Ask, reply: &Reply, effects: &mut Effects) {
    let pick = if let Reply::SearchHits(found) = reply {
        return begin_of_day(model, found, effects);
    } else if let Reply::MentionList(list) = reply {
        Some(picker::mentions(model, at, list))
    } else if let Reply::PinList(list) = reply {
        Some(picker::pins(model, at, list))
    } else if let Reply::RoomList(list) = reply {
        Some(picker::rooms(at, list))
    } else if let Reply::RoomDetails(details) = reply {
        Some(picker::form(model, at, details))
    } else if let (Reply::ListEntries(list), Some(key)) = (reply, model.current()) {
        Some(form::list(key, list, &model.zone))
    } else {
        None
    };
    if let Some(pick) = pick {
        if pick.shown().len() == 0 {
            return notice(model, effects, false, "there is nothing");
        }
        model.overlay = None;
        model.picker = Some(pick);
    } else if let (Reply::RoomInfo(info), Ask::Direct { text, go, .. }) = (reply, asked) {
        direct(model, at, info.clone(), text, *go, effects);
    } else if let Some((title, lines)) = shown::lines(asked, reply, &model.zone) {
        model.overlay = Some(Overlay { title, lines, ..Overlay::default() });
    } else {
        notice(model, effects, false, asked.done());
        picker::done(model, asked, effects);
    }
}

/// The event behind the newest message before a day; the beginning, if there is none.
fn begin_of_day(model: &mut Model, found: &SearchHits, effects: &mut Effects) {
    let oldest = model.room_view().map_or(Seq(1), |room| room.oldest.max(Seq(1)));
    let target = found.hits.first().map_or(oldest, |hit| hit.event.seq.next());
    room::goto(model, target, effects);
}

/// A conversation is there: it is gone to, or written into.
fn direct(model: &mut Model, at: ServerId, info: RoomInfo, text: &str, go: bool, effects: &mut Effects) {
    let id = info.room;
    if go {
        joined(model, at, info, effects);
    }
    if !text.is_empty() {
        effects.send(at, Errand::Send { room: id, style: Style::Text, text: text.to_owned(), reply_to: None });
        if !go {
            notice(model, effects, false, "sent");
        }
    }
}

fn joined(model: &mut Model, at: ServerId, info: RoomInfo, effects: &mut Effects) {
    let server = model.at_mut(at);
    let view = server.account.rooms.entry(info.room).or_default();
    let info_name = info.name.clone();
    view.name = info.name;
    view.epoch = info.epoch;
    view.member = true;
    view.oldest = view.oldest.max(info.oldest);
    if info.head >= view.head {
        (view.head, view.head_ordinal) = (info.head, info.head_ordinal);
    }
    if info.read >= view.read {
        (view.read, view.read_ordinal) = (info.read, info.read_ordinal);
    }
    let state = server.rooms.entry(info.room).or_default();
    state.topic = info.topic;
    state.members_total = info.members;
    server.set_bounds(info.room);
    let also = server.also.iter().position(|name| *name == info_name);
    if let Some(index) = also {
        server.also.swap_remove(index);
        return;
    }
    // A link led into the room that was wanted, and into no other one.
    if server.wanted.take().is_none_or(|wanted| wanted != info_name) {
        server.leads_to = None;
    }
    room::enter(model, RoomKey::new(at, info.room), effects);
}

fn members(model: &mut Model, key: RoomKey, list: &MemberList, effects: &mut Effects) {
    let (at, id, server) = (key.server, key.room, model.at_mut(key.server));
    server.account.apply_members(id, list);
    let accounts = list.members.iter().map(|member| member.account).collect();
    effects.ask(at, Tag::Nicks, GetNicks { accounts });
    let known = server.account.rooms.get(&id).map_or(0, |room| room.members.len());
    let Some(state) = server.rooms.get_mut(&id) else { return };
    state.members_total = list.total;
    let last = list.members.last().filter(|_| list.more && known < MEMBERS_MAX);
    if let Some(last) = last {
        let next = ListMembers { room: id, after: last.account, limit: LIST_PAGE_MAX };
        effects.ask(at, Tag::Members(id), next);
    } else {
        state.members = MembersKnown::Known;
    }
}

fn refused(model: &mut Model, at: ServerId, tag: Tag, why: &str, effects: &mut Effects) {
    let server = model.at_mut(at);
    match tag {
        Tag::Members(id) => {
            if let Some(state) = server.rooms.get_mut(&id) {
                state.members = MembersKnown::Known;
            }
        }
        Tag::Folds(id, from, to) => {
            // Asked again with the next connection; a server that refuses would do so again.
            let online = server.is_online();
            if let Some(room) = server.rooms.get_mut(&id).filter(|_| !online) {
                room.unfolded.push((from, to));
            }
        }
        Tag::Join(name) => {
            server.wanted = server.wanted.take().filter(|wanted| *wanted != name);
            server.leads_to = server.leads_to.filter(|_| server.wanted.is_some());
            server.also.retain(|also| *also != name);
            notice(model, effects, true, about(&["#", &name].concat(), why));
        }
        Tag::Leave(_) => notice(model, effects, true, format!("could not leave: {why}")),
        Tag::Whois(name) | Tag::Seen(name) => notice(model, effects, true, about(&name, why)),
        Tag::Draft(room) => draft::refused(server, room),
        // Without them everybody is shown by his name, and of a thread what is loaded.
        Tag::Called | Tag::CardSeen | Tag::May(..) | Tag::Nicks | Tag::Thread(..) => {}
        Tag::TakeBack(..) => notice(model, effects, true, format!("not taken back: {why}")),
        Tag::Find(question) => {
            find::answered(model, at, question, Err(why));
            effects.dirty = true;
        }
        Tag::Ask(_) | Tag::Done(_) | Tag::Nick => notice(model, effects, true, why.to_owned()),
        Tag::Edit(room, seq, text) => {
            if let Some(state) = server.rooms.get_mut(&room).filter(|state| state.composer.is_empty()) {
                state.composer.set(&text);
                state.intent = Intent::Edit(seq);
            }
            notice(model, effects, true, format!("not changed: {why}"));
        }
        Tag::Send(room, text) => {
            if let Some(state) = server.rooms.get_mut(&room).filter(|state| state.composer.is_empty()) {
                state.composer.set(&text);
            }
            notice(model, effects, true, format!("not sent: {why}"));
        }
    }
}

pub(super) fn last_seen(model: &Model, seen: &LastSeen) -> String {
    let LastSeen { name, presence, at, .. } = seen;
    let at = at.map(|at| format!("{} {}", day_title(model.zone.day(at)), model.zone.minute(at)));
    match (presence, at) {
        (Presence::Online, _) => format!("{name} is there"),
        (Presence::Away, Some(at)) => format!("{name} is away since {at}"),
        (Presence::Away, None) => format!("{name} is away"),
        (Presence::Offline, Some(at)) => format!("{name} was last there {at}"),
        (Presence::Offline, None) => format!("nobody knows when {name} was last there"),
    }
}
