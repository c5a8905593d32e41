//! Looking for messages while one types: here in what is loaded, or by the server once the typing pauses.

use chat_proto::limits::SEARCH_HITS_MAX;
use chat_proto::search::{Search, SearchHits};
use chat_proto::{Event, Seq};

use super::{notice, room, select};
use crate::tui::core::effect::{Effects, Tag};
use crate::tui::core::find::{ASK_AFTER, Asking, Find, Reach, Source};
use crate::tui::core::keymap::Action;
use crate::tui::core::matcher::Matcher;
use crate::tui::core::model::Model;
use crate::tui::core::picker::{Goal, Item, Picker};
use crate::tui::core::server::{RoomKey, ServerId};
use crate::tui::core::time::{Zone, day_title};

/// Messages listed at once.
const FOUND_MAX: usize = 200;

/// Bytes of words a regular expression is compared with for one key, the newest ones.
const COMPARED_BYTES_MAX: usize = 256 * 1_024;

/// Opens the list of what is found, with words to begin with; a server is asked for these at once.
pub(super) fn begin(model: &mut Model, words: &str, reach: Reach, effects: &mut Effects) {
    model.overlay = None;
    let find = Find { reach, ..Find::default() };
    model.picker = Some(Picker::following(Source::Find(find), words));
    changed(model);
    if reach != Reach::Loaded {
        ask(model, effects);
    }
    effects.dirty = true;
}

/// A key that means something else here than in other lists. Returns whether it was one.
pub(super) fn press(model: &mut Model, action: Option<Action>, effects: &mut Effects) -> bool {
    let Some(find) = model.picker.as_mut().and_then(Picker::find_mut) else { return false };
    match action {
        Some(Action::Complete { back: false }) => find.reach = find.reach.next(),
        Some(Action::FindRegex) => find.regex = !find.regex,
        Some(Action::FindCase) => find.case = !find.case,
        Some(Action::Find) => {
            if let Some(picker) = &mut model.picker {
                picker.step(1);
            }
            return true;
        }
        Some(Action::Enter) => {
            return match (find.reach, &find.asking) {
                (Reach::Room | Reach::Server, Asking::Due(_)) => {
                    ask(model, effects);
                    true
                }
                (Reach::Room | Reach::Server, Asking::Asked) => true,
                (Reach::Room | Reach::Server, Asking::No | Asking::Answered { .. } | Asking::Refused(_)) => false,
                (Reach::Loaded, _) => {
                    model.reading.found = find.matcher.clone().and_then(Result::ok);
                    false
                }
            };
        }
        Some(_) | None => return false,
    }
    changed(model);
    true
}

/// What is looked for, or where, is something else now.
pub(super) fn changed(model: &mut Model) {
    let now = model.now.mono;
    let Some(picker) = &mut model.picker else { return };
    let typed = picker.typed.clone();
    picker.seen = None;
    let Some(find) = picker.find_mut() else { return };
    let here = find.reach == Reach::Loaded;
    find.matcher = (!typed.is_empty()).then(|| Matcher::new(&typed, find.regex, find.case)).filter(|_| here);
    find.asking = if here || typed.trim().is_empty() { Asking::No } else { Asking::Due(now + ASK_AFTER) };
    find.question += 1;
    refresh(model);
}

/// Lists what is found now, and says how much that is.
pub(super) fn refresh(model: &mut Model) {
    let Some(find) = model.picker.as_ref().and_then(Picker::find).cloned() else { return };
    let items = match (find.reach, &find.matcher) {
        (Reach::Loaded, Some(Ok(matcher))) => loaded(model, matcher),
        (Reach::Loaded, Some(Err(_)) | None) => Vec::new(),
        // The last answer stays until there is another one.
        (Reach::Room | Reach::Server, _) => {
            model.picker.as_ref().filter(|_| find.asking != Asking::No).map(Picker::items).unwrap_or_default()
        }
    };
    let title = title(model, &find, items.len());
    let stamp = model.room().map(|room| room.timeline.stamp());
    if let Some(picker) = &mut model.picker {
        picker.fill(title, items);
        picker.seen = stamp;
    }
}

/// The server is asked when nothing was typed for a while.
pub(super) fn tick(model: &mut Model, effects: &mut Effects) {
    let due = model.picker.as_ref().and_then(Picker::find).and_then(Find::due);
    if due.is_some_and(|due| due <= model.now.mono) {
        ask(model, effects);
    }
}

/// The server said what it found, or why it looked for nothing. An answer to an earlier question is none.
pub(super) fn answered(model: &mut Model, at: ServerId, question: u64, found: Result<&SearchHits, &str>) {
    let asked = |find: &&mut Find| find.question == question && find.asking == Asking::Asked;
    let Some(find) = model.picker.as_mut().and_then(Picker::find_mut).filter(asked) else { return };
    let items = match found {
        Ok(found) => {
            find.asking = Asking::Answered { more: found.next.is_some(), behind: found.behind };
            hits(&model.zone, at, found)
        }
        Err(why) => {
            find.asking = Asking::Refused(why.to_owned());
            Vec::new()
        }
    };
    if let Some(picker) = &mut model.picker {
        picker.fill(String::new(), items);
    }
    refresh(model);
}

/// Chooses the next loaded message that has what was looked for last.
pub(super) fn again(model: &mut Model, seq: Seq, back: bool, effects: &mut Effects) {
    let Some(matcher) = &model.reading.found else {
        return notice(model, effects, false, "nothing was looked for yet; / looks for something here");
    };
    let next = model.room().and_then(|room| {
        let timeline = &room.timeline;
        let fits = |event: &&Event| timeline.words(event.seq).is_some_and(|words| matcher.find(words).is_some());
        let mut events = timeline.events();
        if back {
            events.rev().filter(|event| event.seq < seq).find(fits).map(|event| event.seq)
        } else {
            events.by_ref().filter(|event| event.seq > seq).find(fits).map(|event| event.seq)
        }
    });
    match next {
        Some(next) => {
            room::goto(model, next, effects);
            select::choose(model, next);
        }
        None if back => notice(model, effects, false, "nothing further back in what is loaded"),
        None => notice(model, effects, false, "nothing further on in what is loaded"),
    }
}

fn ask(model: &mut Model, effects: &mut Effects) {
    let (server, current) = (model.server, model.current());
    let Some(picker) = &mut model.picker else { return };
    let query = picker.typed.trim().to_owned();
    let Some(find) = picker.find_mut().filter(|_| !query.is_empty()) else { return };
    let room = current.filter(|_| find.reach == Reach::Room).map(|key| key.room);
    find.asking = Asking::Asked;
    let question = find.question;
    effects.ask(server, Tag::Find(question), Search { query, room, after: 0, limit: SEARCH_HITS_MAX });
    effects.dirty = true;
    refresh(model);
}

/// The loaded messages with what is looked for in their words as they are now, newest first.
fn loaded(model: &Model, matcher: &Matcher) -> Vec<Item> {
    let Some((key, room)) = model.current().zip(model.room()) else { return Vec::new() };
    let mut left = if matcher.is_slow() { COMPARED_BYTES_MAX } else { usize::MAX };
    let messages = room.timeline.events().rev().filter_map(|event| Some((event, room.timeline.words(event.seq)?)));
    let compared = messages.take_while(|(_, words)| {
        let enough = words.len() <= left;
        left = left.saturating_sub(words.len());
        enough
    });
    let found = compared.filter_map(|(event, words)| {
        matcher.find(words)?;
        Some(item(&model.zone, key, event, event.body.message()?.name, words))
    });
    found.take(FOUND_MAX).collect()
}

/// A message in a list of messages.
pub(super) fn item(zone: &Zone, key: RoomKey, event: &Event, name: &str, words: &str) -> Item {
    Item {
        name: format!("{name}: {}", words.replace('\n', " ")),
        detail: format!("{} {}", day_title(zone.day(event.at)), zone.minute(event.at)),
        goal: Goal::Message(key, event.seq),
    }
}

/// Messages the server found.
fn hits(zone: &Zone, at: ServerId, found: &SearchHits) -> Vec<Item> {
    let items = found.hits.iter().map(|hit| {
        let message = hit.event.body.message();
        let words = hit.text.as_deref().or(message.map(|message| message.text)).unwrap_or_default();
        let name = message.map_or("", |message| message.name);
        let item = item(zone, RoomKey::new(at, hit.room), &hit.event, name, words);
        Item { detail: format!("#{}  {}", hit.room_name, item.detail), ..item }
    });
    items.collect()
}

fn title(model: &Model, find: &Find, count: usize) -> String {
    let place = match find.reach {
        Reach::Loaded => {
            let (regex, case) =
                (if find.regex { ", regex" } else { "" }, if find.case { ", this case only" } else { "" });
            format!("find here{regex}{case}")
        }
        Reach::Room => format!("find in all of {}", model.room_label()),
        Reach::Server => "find in all rooms".to_owned(),
    };
    let status = match (&find.asking, &find.matcher) {
        (Asking::Due(_) | Asking::Asked, _) => "asking…".to_owned(),
        (Asking::Refused(why), _) | (_, Some(Err(why))) => why.clone(),
        (Asking::Answered { more, behind }, _) => {
            let found = match (more, count) {
                (true, _) => format!("the newest {count}"),
                (false, 0) => "nothing".to_owned(),
                (false, _) => format!("{count} found"),
            };
            let behind = if *behind > 0 { format!(", {behind} new events cannot be found yet") } else { String::new() };
            found + &behind
        }
        (Asking::No, None) => return place,
        (Asking::No, Some(Ok(matcher))) => {
            let found = match count {
                0 => "nothing".to_owned(),
                FOUND_MAX => format!("the newest {count}"),
                _ => format!("{count} found"),
            };
            let whole = model.room().zip(model.room_view()).is_some_and(|(room, view)| {
                let oldest = room.timeline.events().next().map(|event| event.seq);
                oldest.is_some_and(|oldest| oldest <= view.oldest.max(Seq(1)) && room.timeline.is_whole_from(oldest))
            });
            let all: usize = if matcher.is_slow() { bytes(model) } else { 0 };
            if all > COMPARED_BYTES_MAX {
                format!("{found} in the newest messages")
            } else if whole {
                found
            } else {
                format!("{found} in what is loaded")
            }
        }
    };
    format!("{place}: {status}")
}

/// Bytes of all words that are loaded of the room.
fn bytes(model: &Model) -> usize {
    let timeline = model.room().map(|room| &room.timeline);
    let words = timeline.into_iter().flat_map(|it| it.events().filter_map(|event| it.words(event.seq)));
    words.map(str::len).sum()
}
