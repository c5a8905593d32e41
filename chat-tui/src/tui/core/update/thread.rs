//! A message with everything that answers it, and the threads of a room.

use chat_proto::limits::{PAGE_EVENTS_MAX, SEARCH_HITS_MAX};
use chat_proto::search::{Search, SearchHits};
use chat_proto::{Anchor, Event, RoomId, Seq};

use super::{find, notice};
use crate::tui::core::effect::{Effects, Errand, Tag};
use crate::tui::core::find::{Source, Thread};
use crate::tui::core::model::Model;
use crate::tui::core::picker::{Goal, Item, Picker};
use crate::tui::core::server::{RoomKey, ServerId};
use crate::tui::core::time::day_title;

/// Shows the thread a message belongs to. What of it is not loaded is asked for.
pub(super) fn begin(model: &mut Model, key: RoomKey, message: Seq, effects: &mut Effects) {
    let Some(timeline) = model.state(key).map(|room| &room.timeline) else { return };
    let root = timeline.thread_root(message);
    let whole = timeline.is_whole_from(root);
    let thread = Thread { key, root, wanted: None, others: Vec::new() };
    (model.overlay, model.picker) = (None, Some(Picker::following(Source::Thread(thread), "")));
    if !whole && model.at(key.server).is_online() {
        let search = Search { query: "is:reply".to_owned(), room: Some(key.room), after: 0, limit: SEARCH_HITS_MAX };
        effects.ask(key.server, Tag::Thread(key.room, root), search);
    }
    refresh(model, effects);
    if let Some(picker) = &mut model.picker {
        let chosen = picker.shown().position(|(item, _)| item.goal == Goal::Message(key, message));
        picker.choose(chosen.unwrap_or(0));
    }
    effects.dirty = true;
}

/// Lists the thread in front as it is now.
pub(super) fn refresh(model: &mut Model, effects: &mut Effects) {
    let Some(Source::Thread(mut thread)) = model.picker.as_ref().and_then(|picker| picker.source.clone()) else {
        return;
    };
    let Some(room) = model.state(thread.key) else { return };
    let timeline = &room.timeline;
    thread.root = timeline.thread_root(thread.root);
    let Thread { key, root, .. } = thread;
    let mut lines: Vec<(Seq, Item)> = Vec::new();
    for seq in std::iter::once(root).chain(timeline.thread(root)) {
        let Some((event, words)) = timeline.event(seq).zip(timeline.words(seq)) else { continue };
        let name = event.body.message().map_or("", |message| message.name);
        lines.push((seq, find::item(&model.zone, key, event, name, words)));
    }
    // What the server knows beside that; an answer to an answer comes behind it.
    let mut known: Vec<Seq> = lines.iter().map(|(seq, _)| *seq).chain([root]).collect();
    for (event, words) in &thread.others {
        let answers = event.body.message().and_then(|message| message.reply_to());
        if answers.is_some_and(|target| known.contains(&target)) && timeline.event(event.seq).is_none() {
            let name = event.body.message().map_or("", |message| message.name);
            known.push(event.seq);
            lines.push((event.seq, find::item(&model.zone, key, event, name, words)));
        }
    }
    lines.sort_by_key(|(seq, _)| *seq);
    let there = timeline.event(root).is_some();
    let kept = model.view(key).is_none_or(|view| root >= view.oldest);
    if lines.first().is_none_or(|(first, _)| *first != root) {
        let words = match (there, kept) {
            (true, _) => "a message that was removed".to_owned(),
            (false, true) => format!("message #{root}, not loaded"),
            (false, false) => "a message that is no longer kept".to_owned(),
        };
        lines.insert(0, (root, Item { name: words, detail: String::new(), goal: Goal::Message(key, root) }));
    }
    let missing = if timeline.is_whole_from(root) { "" } else { "; others may be missing" };
    let count = lines.len() - 1;
    let answers = replies(count);
    let asks = !there && kept && thread.wanted != Some(root) && model.at(key.server).is_online();
    let stamp = Some(timeline.stamp());
    if asks {
        thread.wanted = Some(root);
        let at = Anchor::Around(root);
        effects.send(key.server, Errand::Fetch { room: key.room, at, limit: PAGE_EVENTS_MAX });
        if let Some(room) = model.state_mut(key) {
            room.timeline.fetch_begun(at);
        }
    }
    if let Some(picker) = &mut model.picker {
        picker.fill(format!("a thread, {answers}{missing}"), lines.into_iter().map(|(_, item)| item).collect());
        picker.seen = stamp;
        picker.source = Some(Source::Thread(thread));
    }
}

/// The server said which answers there are in a room.
pub(super) fn answered(
    model: &mut Model,
    at: ServerId,
    room: RoomId,
    root: Seq,
    found: SearchHits,
    effects: &mut Effects,
) {
    let Some(Source::Thread(thread)) = model.picker.as_mut().and_then(|picker| picker.source.as_mut()) else { return };
    if thread.key != RoomKey::new(at, room) || thread.root > root {
        return;
    }
    let words = |event: &Event, text: Option<String>| {
        text.unwrap_or_else(|| event.body.message().map_or_else(String::new, |message| message.text.to_owned()))
    };
    thread.others = found.hits.into_iter().map(|hit| (hit.event.clone(), words(&hit.event, hit.text))).collect();
    thread.others.sort_by_key(|(event, _)| event.seq);
    refresh(model, effects);
}

/// The message the thread in front began with, if one is in front.
pub(super) fn root(model: &Model) -> Option<(RoomKey, Seq)> {
    match &model.picker.as_ref()?.source {
        Some(Source::Thread(thread)) => Some((thread.key, thread.root)),
        Some(Source::Find(_)) | None => None,
    }
}

/// Lists the threads of what is loaded of the room being looked at, the one answered last first.
pub(super) fn list(model: &mut Model, effects: &mut Effects) -> Result<(), String> {
    let (key, room) = model.current().zip(model.room()).ok_or("no room is open")?;
    let timeline = &room.timeline;
    let items = timeline.threads().into_iter().map(|(root, count, newest)| {
        let name = timeline.event(root).and_then(|event| event.body.message()).map(|message| message.name);
        let words = timeline.words(root).map(|words| words.replace('\n', " "));
        let name = match name.zip(words) {
            Some((name, words)) => format!("{name}: {words}"),
            None => format!("message #{root}"),
        };
        let last = timeline.event(newest).map_or_else(String::new, |event| {
            format!(", last {} {}", day_title(model.zone.day(event.at)), model.zone.minute(event.at))
        });
        let answers = replies(usize::try_from(count).unwrap_or(usize::MAX));
        Item { name, detail: format!("{answers}{last}"), goal: Goal::Thread(key, root) }
    });
    let items: Vec<Item> = items.collect();
    if items.is_empty() {
        notice(model, effects, false, "nothing that is loaded here answers anything");
    } else {
        let title = format!("threads of what is loaded of {}", model.room_label());
        model.picker = Some(Picker::new(title, items, None));
    }
    Ok(())
}

fn replies(count: usize) -> String {
    if count == 1 { "1 reply".to_owned() } else { format!("{count} replies") }
}
