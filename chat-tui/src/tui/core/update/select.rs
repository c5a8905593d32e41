//! Choosing among messages: single letters do something with the chosen one; any other goes back to writing.

use chat_proto::Seq;

use super::room::{self, with_timeline};
use super::{card, copy, files, find, link, message, notice, thread, travel};
use crate::tui::core::effect::Effects;
use crate::tui::core::heard;
use crate::tui::core::keymap::{Action, Deed};
use crate::tui::core::model::{Model, Overlay};
use crate::tui::core::time::day_title;
use crate::tui::core::timeline::Scroll;
use crate::tui::term::key::Key;

/// Begins with the newest message that is shown.
pub(super) fn begin(model: &mut Model, effects: &mut Effects) {
    let newest = with_timeline(model, |timeline, pane, scope, wraps| {
        let layout = timeline.layout(pane, scope, wraps);
        layout.lines.iter().rev().find_map(|line| timeline.message(line.block)).map(|event| event.seq)
    });
    match newest.flatten() {
        Some(seq) => choose(model, seq),
        None => notice(model, effects, true, "there is no message here to choose"),
    }
}

/// Takes a key. Returns false if it does nothing with the chosen message: a letter then ends the choosing and is written.
pub(super) fn press(model: &mut Model, key: Key, action: Option<Action>, effects: &mut Effects) -> bool {
    let Some(seq) = model.selected else { return false };
    match action {
        Some(Action::Chosen(deed)) => act(model, seq, deed, effects),
        Some(Action::Escape | Action::Interrupt) if model.reading.range.is_some() => model.reading.range = None,
        Some(Action::Escape | Action::Interrupt) => model.selected = None,
        Some(_) => return false,
        None => {
            if key.typed().is_some() {
                model.selected = None;
            }
            return false;
        }
    }
    true
}

fn act(model: &mut Model, seq: Seq, deed: Deed, effects: &mut Effects) {
    if deed != Deed::Delete {
        model.doomed = None;
    }
    match run(model, seq) {
        Some(list) if matches!(deed, Deed::Primary | Deed::Info) => return model.overlay = Some(list),
        Some(_) if !deed.moves() => {
            return notice(model, effects, true, "this line is no message; Enter reads what it counts");
        }
        Some(_) | None => {}
    }
    match deed {
        Deed::Before => step(model, seq, true),
        Deed::Behind => step(model, seq, false),
        Deed::First => {
            room::scroll(model, Scroll::Top, effects);
            step_to(model, |seqs| seqs.next());
        }
        Deed::Last => {
            room::scroll(model, Scroll::Bottom, effects);
            step_to(model, |seqs| seqs.last());
        }
        Deed::FoundBefore => find::again(model, seq, true, effects),
        Deed::FoundBehind => find::again(model, seq, false, effects),
        Deed::DayBefore => day(model, seq, true),
        Deed::DayBehind => day(model, seq, false),
        Deed::Primary if answers(model, seq).is_some() => answered(model, seq, effects),
        Deed::Primary | Deed::Reply => message::answer(model, seq, true),
        Deed::ReplyQuietly => message::answer(model, seq, false),
        Deed::Edit => tell(model, effects, |model, _| message::begin_edit(model, seq)),
        Deed::Delete => message::remove_chosen(model, effects),
        Deed::React => message::pick_reaction(model),
        Deed::Same => same(model, seq, effects),
        Deed::Pin => {
            if let Some(key) = model.current() {
                let pinned = model.room().and_then(|room| room.timeline.stand(seq)).is_some_and(|s| s.is_pinned());
                message::pin(key, seq, !pinned, effects);
            }
        }
        Deed::Forward => {
            model.selected = None;
            model.composer_mut().0.set(&format!("/forward #{seq} #"));
        }
        Deed::Answered => answered(model, seq, effects),
        Deed::Thread => {
            if let Some(key) = model.current() {
                thread::begin(model, key, seq, effects);
            }
        }
        Deed::Range => model.reading.range = if model.reading.range.is_some() { None } else { Some(seq) },
        Deed::Copy => match model.reading.range.take() {
            Some(end) => copy::messages(model, seq.min(end), seq.max(end), effects),
            None => copy::message(model, seq, effects),
        },
        Deed::Save | Deed::View => tell(model, effects, |model, effects| match model.current() {
            Some(key) if deed == Deed::Save => files::download(model, key, seq, None, effects),
            Some(key) => files::view(model, key, seq, effects),
            None => Ok(()),
        }),
        Deed::CopyLink => link::copy_to(model, seq, effects),
        Deed::OpenLink => tell(model, effects, |model, effects| link::of_message(model, seq, effects)),
        Deed::MarkUnread => {
            if let Some(key) = model.current() {
                travel::mark_unread(model, key, seq, effects);
            }
        }
        Deed::Info => model.overlay = info(model, seq),
        Deed::Author => author(model, seq, effects),
    }
}

/// Chooses a message and shows it.
pub(super) fn choose(model: &mut Model, seq: Seq) {
    if model.selected.replace(seq).is_none() {
        model.reading.range = None;
    }
    with_timeline(model, |timeline, pane, scope, wraps| timeline.reveal(seq, pane, scope, wraps));
}

fn step(model: &mut Model, seq: Seq, back: bool) {
    let next = model.current().zip(model.room());
    let next = next.and_then(|(key, room)| room.timeline.neighbour(seq, back, model.scope(key)));
    match next {
        Some(next) => choose(model, next),
        // Below the newest message there is the line.
        None if !back => model.selected = None,
        None => {}
    }
}

fn step_to(model: &mut Model, which: impl FnOnce(&mut dyn Iterator<Item = Seq>) -> Option<Seq>) {
    let found = model.room().and_then(|room| {
        let messages = room.timeline.events().filter(|event| event.body.message().is_some());
        which(&mut messages.map(|event| event.seq))
    });
    if let Some(seq) = found {
        choose(model, seq);
    }
}

/// The first message of the next day, or of this one and then of the one before.
fn day(model: &mut Model, seq: Seq, back: bool) {
    let zone = &model.zone;
    let found = model.room().and_then(|room| {
        let mut firsts: Vec<Seq> = Vec::new();
        let mut last = None;
        for event in room.timeline.events().filter(|event| event.body.message().is_some()) {
            let day = zone.day(event.at);
            if last != Some(day) {
                firsts.push(event.seq);
            }
            last = Some(day);
        }
        if back {
            firsts.into_iter().rev().find(|first| *first < seq)
        } else {
            firsts.into_iter().find(|first| *first > seq)
        }
    });
    if let Some(found) = found {
        choose(model, found);
    }
}

fn tell(model: &mut Model, effects: &mut Effects, work: impl FnOnce(&mut Model, &mut Effects) -> Result<(), String>) {
    if let Err(why) = work(model, effects) {
        notice(model, effects, true, why);
    }
}

/// The first reaction the message has, as one's own.
fn same(model: &mut Model, seq: Seq, effects: &mut Effects) {
    let me = model.here().account.me.account;
    let stand = model.room().and_then(|room| room.timeline.stand(seq));
    let first = stand.and_then(|stand| stand.reactions(me).next().map(|(emoji, ..)| emoji.to_owned()));
    match model.current().zip(first) {
        Some((key, emoji)) => message::react(model, key, seq, &emoji, effects),
        None => notice(model, effects, true, "nobody reacted to it yet; + chooses a reaction"),
    }
}

fn answered(model: &mut Model, seq: Seq, effects: &mut Effects) {
    match answers(model, seq) {
        Some(target) => {
            model.selected = None;
            room::goto(model, target, effects);
        }
        None => notice(model, effects, true, "it answers no message"),
    }
}

/// What a loaded message answers.
fn answers(model: &Model, seq: Seq) -> Option<Seq> {
    model.room()?.timeline.event(seq)?.body.message()?.reply_to()
}

/// What is condensed to the chosen line, one by one; none if a message is chosen.
fn run(model: &Model, seq: Seq) -> Option<Overlay> {
    let (key, timeline) = (model.current()?, &model.room()?.timeline);
    let lines: Vec<String> = timeline
        .condensed_with(seq, model.scope(key))
        .filter_map(|event| {
            let filter = timeline.hidden_by(event.seq).map(|name| format!("  (filter {name})"));
            Some(heard::line(event, &model.zone)? + &filter.unwrap_or_default())
        })
        .collect();
    (!lines.is_empty()).then(|| Overlay { title: "what this line counts".to_owned(), lines, ..Overlay::default() })
}

fn info(model: &Model, seq: Seq) -> Option<Overlay> {
    let room = model.room()?;
    let event = room.timeline.event(seq)?;
    let message = event.body.message()?;
    let day = day_title(model.zone.day(event.at));
    let mut lines = vec![
        format!("message       #{seq}"),
        format!("written       {day} {}", model.zone.minute(event.at)),
        format!("by            {} (account {}, device {})", message.name, event.by, event.device),
    ];
    if let Some(file) = message.file() {
        let kind = &file.media_type;
        lines.push(format!("file          {}, {kind}, {} bytes", file.name, file.size));
    }
    if let Some(from) = message.forwarded() {
        lines.push(format!("from          #{} by {}", from.room_name, from.name));
    }
    if let Some(target) = message.reply_to() {
        lines.push(format!("answers       #{target}"));
    }
    if let Some(people) = message.visible_to() {
        lines.push(format!("seen by       {} people beside its author", people.len()));
    }
    if let Some(stand) = room.timeline.stand(seq) {
        if stand.text().is_some() {
            lines.push(format!("first words   {}", message.text));
        }
        let me = model.here().account.me.account;
        let reactions: Vec<String> = stand.reactions(me).map(|(emoji, count, _)| format!("{emoji} {count}")).collect();
        if !reactions.is_empty() {
            lines.push(format!("reactions     {}", reactions.join("  ")));
        }
    }
    Some(Overlay { title: "a message".to_owned(), lines, ..Overlay::default() })
}

fn author(model: &mut Model, seq: Seq, effects: &mut Effects) {
    let event = model.room().and_then(|room| room.timeline.event(seq));
    if let Some(name) = event.and_then(|event| event.body.message()).map(|message| message.name.to_owned()) {
        model.selected = None;
        card::ask(model.server, &name, effects);
    }
}
