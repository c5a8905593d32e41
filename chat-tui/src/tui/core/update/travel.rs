//! Going by what is new: from mention to mention, from unread room to unread room, back along the way one came.

use chat_proto::{Event, Seq};

use super::room::{self, with_timeline};
use super::{notice, select};
use crate::tui::core::effect::{Effects, Errand};
use crate::tui::core::keymap::{Action, Travel};
use crate::tui::core::model::Model;
use crate::tui::core::rooms::room_lines;
use crate::tui::core::server::RoomKey;
use crate::tui::term::key::{Key, KeyCode};

/// Digits of a room's number.
const NUMBER_DIGITS: usize = 2;

/// Goes there.
pub(super) fn travel(model: &mut Model, to: Travel, effects: &mut Effects) {
    match to {
        Travel::Mention { back } => mention(model, back, effects),
        Travel::Unread { back } => unread(model, back, effects),
        Travel::Visited { back } => visited(model, back, effects),
        Travel::Number => ask_number(model, String::new(), effects),
        Travel::AllRead => mark_all_read(model, effects),
    }
}

/// Chooses the mention before or behind the chosen message, or what is shown. One that is unread need not be loaded.
fn mention(model: &mut Model, back: bool, effects: &mut Effects) {
    let me = model.here().account.me.account;
    let from = model.selected.or_else(|| edge(model, back));
    let Some((room, view)) = model.room().zip(model.room_view()) else { return };
    let names =
        |event: &&Event| event.by != me && event.body.message().is_some_and(|message| message.mentions.contains(&me));
    let loaded = room.timeline.events().filter(names).map(|event| event.seq);
    // One whose words were removed since is no message any more.
    let is_gone = |seq: &Seq| room.timeline.event(*seq).is_some_and(|event| event.body.message().is_none());
    let unread = view.mentions.iter().copied().filter(|seq| !is_gone(seq));
    let all = loaded.chain(unread);
    let found = if back {
        all.filter(|seq| from.is_none_or(|from| *seq < from)).max()
    } else {
        all.filter(|seq| from.is_none_or(|from| *seq > from)).min()
    };
    let first = room.timeline.events().next().map(|event| event.seq);
    let whole = first.is_some_and(|first| first <= view.oldest.max(Seq(1)));
    match found {
        Some(seq) if room.timeline.event(seq).is_some() => select::choose(model, seq),
        Some(seq) => room::goto(model, seq, effects),
        None if !back => notice(model, effects, false, "no message further on names you"),
        None if whole => notice(model, effects, false, "no message further back names you"),
        None => {
            let words = "no message further back in what is loaded names you; /search is:mention asks the server";
            notice(model, effects, false, words);
        }
    }
}

/// Where going on or back begins when no message is chosen: what is shown comes first.
fn edge(model: &mut Model, back: bool) -> Option<Seq> {
    let shown = with_timeline(model, |timeline, pane, scope, wraps| {
        let layout = timeline.layout(pane, scope, wraps);
        let mut shown = layout.lines.iter().filter_map(|line| timeline.message(line.block)).map(|event| event.seq);
        if back { shown.next_back().map(Seq::next) } else { shown.next().map(Seq::prev) }
    });
    shown.flatten()
}

/// Goes to the next room with something unread, or the one before, around the ends.
fn unread(model: &mut Model, back: bool, effects: &mut Effects) {
    let lines = room_lines(model);
    let at = lines.iter().position(|line| line.current).unwrap_or(0);
    let (before, behind) = (lines.iter().take(at), lines.iter().skip(at));
    let around: Vec<_> = if back { before.rev().chain(behind.rev()).collect() } else { behind.chain(before).collect() };
    let next = around.iter().find(|line| line.unread > 0 && !line.current).map(|line| line.key);
    match next {
        Some(key) => room::go(model, key, effects),
        None => notice(model, effects, false, "nothing is unread anywhere else"),
    }
}

/// Goes to the room looked at before this one, or back on again.
fn visited(model: &mut Model, back: bool, effects: &mut Effects) {
    let mut trail = std::mem::take(&mut model.reading.trail);
    let next = trail.step(back, |key| model.is_member(key));
    model.reading.trail = trail;
    match next {
        Some(key) => room::go(model, key, effects),
        None if back => notice(model, effects, false, "no room was looked at before"),
        None => notice(model, effects, false, "no room was looked at behind this one"),
    }
}

/// Everything in every room of the server being looked at counts as read.
fn mark_all_read(model: &mut Model, effects: &mut Effects) {
    if model.prefs.explore {
        return notice(model, effects, true, "you are only looking, so nothing is marked as read; /set explore off");
    }
    let at = model.server;
    let unread = model.here().account.rooms.iter().filter(|(_, view)| view.member && view.unread() > 0);
    let unread: Vec<_> = unread.map(|(room, view)| (*room, view.head)).collect();
    for (room, head) in &unread {
        let state = model.at_mut(at).rooms.entry(*room).or_default();
        (state.marked, state.held) = (*head, None);
        effects.send(at, Errand::MarkRead { room: *room, seq: *head });
    }
    let told = match unread.len() {
        0 => "nothing is unread here".to_owned(),
        1 => "1 room was marked as read".to_owned(),
        many => format!("{many} rooms were marked as read"),
    };
    notice(model, effects, false, told);
}

/// A key while a number is asked for. Returns whether it was part of it; any other ends that and does what it does.
pub(super) fn press_number(model: &mut Model, key: Key, action: Option<Action>, effects: &mut Effects) -> bool {
    let Some(mut digits) = model.reading.digits.take() else { return false };
    match (key.typed().filter(char::is_ascii_digit), key.code) {
        (Some(digit), _) => digits.push(digit),
        (None, KeyCode::Enter) => {}
        (None, _) => return action == Some(Action::Escape),
    }
    if digits.len() < NUMBER_DIGITS && key.code != KeyCode::Enter {
        ask_number(model, digits, effects);
    } else if let Ok(number) = digits.parse::<usize>() {
        let there = number > 0 && number <= room_lines(model).len();
        if there {
            room::number(model, number, effects);
        } else {
            notice(model, effects, true, format!("there is no room {number}"));
        }
    }
    true
}

fn ask_number(model: &mut Model, digits: String, effects: &mut Effects) {
    notice(model, effects, false, format!("room: {digits}… ({NUMBER_DIGITS} digits, or Enter)"));
    model.reading.digits = Some(digits);
}

/// What comes from here on is new until one comes back: the ruler stands there, and nothing is marked as read meanwhile. The
/// server's marks only go on, so no other device learns of it.
pub(super) fn mark_unread(model: &mut Model, key: RoomKey, seq: Seq, effects: &mut Effects) {
    if let Some(room) = model.state_mut(key) {
        (room.ruler, room.held) = (Some(seq.prev()), Some(seq.prev()));
    }
    model.selected = None;
    notice(
        model,
        effects,
        false,
        "new from there on, on this screen; nothing here is marked as read until you come back",
    );
}
