//! What happened since somebody was last told, line by line: for screens that are read out rather than looked at.

use std::collections::BTreeMap;

use chat_proto::event::{Redacted, RedactedFor};
use chat_proto::{Event, EventBody, RoomFact, Seq, Style};

use super::model::{Model, Notice, Overlay};
use super::msg::Msg;
use super::picker::Picker;
use super::pointer::{Gesture, Spot};
use super::rooms::hotlist;
use super::server::{RoomKey, Server, ServerId};
use super::time::Zone;
use super::timeline::told;
use crate::client::LinkState;
use crate::files;
use crate::tui::term::key::{Key, KeyCode};

/// Messages told when a room is gone to.
const BACK_MAX: usize = 10;

/// What was told so far.
#[derive(Debug, Default)]
pub struct Heard {
    links: BTreeMap<ServerId, LinkState>,
    current: Option<RoomKey>,
    /// The newest event told of each room.
    rooms: BTreeMap<RoomKey, Seq>,
    notice: Option<Notice>,
    overlay: Option<Overlay>,
    /// What there is to choose from, and what of it is chosen.
    choice: Option<(String, Vec<String>, String)>,
    /// The chosen message.
    selected: Option<(RoomKey, Seq)>,
    /// Mentions in rooms with something new.
    hot: BTreeMap<RoomKey, usize>,
    candidates: Vec<String>,
}

impl Heard {
    /// What is new, as lines that are not yet clean.
    pub fn news(&mut self, model: &Model) -> Vec<String> {
        let mut lines = Vec::new();
        for (id, server) in model.numbered() {
            self.connection(id, server, &mut lines);
        }
        self.room(model, &mut lines);
        self.elsewhere(model, &mut lines);
        if self.notice != model.notice {
            self.notice.clone_from(&model.notice);
            lines.extend(model.notice.iter().map(|notice| format!("-- {}", notice.text)));
        }
        if self.overlay != model.overlay {
            self.overlay.clone_from(&model.overlay);
            if let Some(overlay) = &model.overlay {
                if overlay.picture.is_some() {
                    lines.push("-- a picture, which cannot be read out".to_owned());
                }
                lines.push(format!("-- {}:", overlay.title));
                lines.extend(overlay.lines.iter().filter(|line| !line.is_empty()).map(|line| format!("   {line}")));
            }
        }
        self.choice(model, &mut lines);
        self.selected(model, &mut lines);
        let candidates: Vec<String> = model
            .composer()
            .completion
            .iter()
            .flat_map(|going| going.candidates())
            .map(|(candidate, _)| candidate.trim_end().to_owned())
            .collect();
        if self.candidates != candidates {
            if candidates.len() > 1 {
                lines.push(format!("-- {}", candidates.join(" ")));
            }
            self.candidates = candidates;
        }
        lines
    }

    /// What the model is to be told once its news were: what is in front was read out, and is in front no more; what was
    /// scrolled away would never count as read, so it comes back.
    #[must_use]
    pub fn behind(model: &Model) -> Option<Msg> {
        if model.overlay.is_some() {
            return Some(Msg::Key(Key::plain(KeyCode::Esc)));
        }
        let timeline = &model.room()?.timeline;
        let scrolled = !timeline.is_empty() && timeline.at_head() && !timeline.follows();
        scrolled.then_some(Msg::Point(Gesture::WheelDown, Spot::Timeline))
    }

    fn connection(&mut self, id: ServerId, server: &Server, lines: &mut Vec<String>) {
        let (state, before) = (&server.link.state, self.links.get(&id));
        if before == Some(state) {
            return;
        }
        let was_waiting = matches!(before, Some(LinkState::Waiting { .. }));
        match state {
            LinkState::Connecting if was_waiting => return,
            LinkState::Connecting => lines.push(format!("-- connecting to {}", server.host)),
            LinkState::Online => lines.push(format!("-- connected to {}", server.name())),
            LinkState::Waiting { reason, .. } if !was_waiting => lines.push(format!("-- offline: {reason}")),
            LinkState::Waiting { .. } => {}
        }
        self.links.insert(id, state.clone());
    }

    fn room(&mut self, model: &Model, lines: &mut Vec<String>) {
        let Some((id, room)) = model.current().zip(model.room()) else { return };
        if self.current != Some(id) {
            self.current = Some(id);
            let topic = if room.topic.is_empty() { String::new() } else { format!(": {}", room.topic) };
            lines.push(format!("-- {}{topic}", model.room_label()));
        }
        if room.timeline.is_empty() || !room.timeline.at_head() {
            return;
        }
        let before = self.rooms.get(&id).copied();
        let most = if before.is_some() { usize::MAX } else { BACK_MAX };
        let new = room.timeline.events().rev().take_while(|event| before.is_none_or(|before| event.seq > before));
        let shown = new.filter(|event| room.timeline.hidden_by(event.seq).is_none());
        let mut told: Vec<String> = shown.filter_map(|event| line(event, &model.zone)).take(most).collect();
        told.reverse();
        lines.append(&mut told);
        self.rooms.extend(room.timeline.newest().map(|newest| (id, newest.seq)));
    }

    /// What there is to choose from, and what of it is chosen.
    fn choice(&mut self, model: &Model, lines: &mut Vec<String>) {
        let now = model.picker.as_ref().map(|picker| (picker.title.clone(), picker.head.clone(), chosen(picker)));
        if self.choice == now {
            return;
        }
        let before = self.choice.take().filter(|(title, ..)| now.as_ref().is_some_and(|(now, ..)| now == title));
        if let Some((title, head, chosen)) = &now {
            let (known, last) = before.as_ref().map_or((&[][..], ""), |(_, head, chosen)| (head, chosen));
            lines.extend(before.is_none().then(|| format!("-- {title}:")));
            // Of what is said of all of it, what is new.
            lines.extend(head.iter().filter(|line| !known.contains(line)).map(|line| format!("   {line}")));
            lines.extend((before.is_none() || last != chosen).then(|| format!("   {chosen}")));
            if let Some(picker) = model.picker.as_ref().filter(|picker| before.is_none() && picker.has_letters()) {
                lines.extend(picker.shown().skip(1).map(|(item, _)| format!("   {}", item.name)));
            }
        }
        self.choice = now;
    }

    fn selected(&mut self, model: &Model, lines: &mut Vec<String>) {
        let now = model.current().zip(model.selected);
        if std::mem::replace(&mut self.selected, now) == now {
            return;
        }
        let Some((timeline, (_, seq))) = model.room().map(|room| &room.timeline).zip(now) else { return };
        let scope = model.scope(now.map(|(key, _)| key).unwrap_or_default());
        let condensed: Vec<String> =
            timeline.condensed_with(seq, scope).filter_map(|event| line(event, &model.zone)).collect();
        if !condensed.is_empty() {
            return lines.push(format!("-- chosen: {} in a line, Enter reads them", condensed.len()));
        }
        let Some((event, words)) = timeline.event(seq).zip(timeline.words(seq)) else { return };
        let name = event.body.message().map_or("", |message| message.name);
        lines.push(format!("-- chosen: {} {name}: {}", model.zone.minute(event.at), words.replace('\n', "\n  ")));
    }

    /// Rooms with something new that had nothing, or in which the person is named anew.
    fn elsewhere(&mut self, model: &Model, lines: &mut Vec<String>) {
        let hot = hotlist(model);
        for room in &hot {
            let known = self.hot.get(&room.key);
            if known.is_none_or(|mentions| *mentions < room.mentions) {
                let named = if room.mentions > 0 { format!(", {} for you", room.mentions) } else { String::new() };
                lines.push(format!("-- {}: {} new{named}", room.label, room.unread));
            }
        }
        self.hot = hot.iter().map(|room| (room.key, room.mentions)).collect();
    }
}

/// The chosen one of several things, and which of how many it is.
fn chosen(picker: &Picker) -> String {
    let mut shown = picker.shown();
    let many = shown.len();
    match shown.find(|(_, chosen)| *chosen) {
        Some((item, _)) if item.detail.is_empty() => format!("{} ({} of {many})", item.name, picker.chosen() + 1),
        Some((item, _)) => format!("{}  {} ({} of {many})", item.name, item.detail, picker.chosen() + 1),
        None => "nothing fits".to_owned(),
    }
}

/// An event in words, none if there is nothing to say of it. Not yet clean.
#[must_use]
pub fn line(event: &Event, zone: &Zone) -> Option<String> {
    let time = zone.minute(event.at);
    if let Some(message) = event.body.message() {
        let text = files::words(message).replace('\n', "\n  ");
        return Some(match message.style {
            Style::Text => format!("{time} {}: {text}", message.name),
            Style::Action => format!("{time} * {} {text}", message.name),
        });
    }
    let because = |reason: &str| if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    let fact = event.body.room_fact();
    let words = if let Some(RoomFact::Joined(it)) = fact {
        format!("{} joined", it.name)
    } else if let Some(RoomFact::Left(it)) = fact {
        format!("{} left{}", it.name, because(&it.reason))
    } else if let Some(RoomFact::Edited(it)) = fact {
        format!("{} changed a message to: {}", it.name, it.text.replace('\n', "\n  "))
    } else if let Some(
        RoomFact::Redacted(Redacted { name, reason, .. }) | RoomFact::RedactedFor(RedactedFor { name, reason, .. }),
    ) = fact
    {
        format!("{name} removed a message{}", because(reason))
    } else if let Some(RoomFact::Reacted(it)) = fact.filter(|_| is_reaction(event)) {
        format!("{} reacted with {}", it.name, it.emoji)
    } else {
        told(event)
    };
    (!words.is_empty()).then(|| format!("{time} * {words}"))
}

/// Whether a reaction came, rather than went.
fn is_reaction(event: &Event) -> bool {
    matches!(&event.body, EventBody::Reacted(reacted) if reacted.on)
}
