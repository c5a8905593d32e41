//! Whom a message calls who isn't looking: what of a room is told beyond its unread count, and how often.

use std::time::Duration;

use chat_proto::{Event, Notify};

use super::effect::{Effect, Effects};
use super::model::Model;
use super::server::RoomKey;

/// A person is called no more often than this; what comes in between is told with the next call.
pub const CALL_EVERY: Duration = Duration::from_secs(3);

/// Characters of a message that a call repeats.
const WORDS_MAX: usize = 200;

/// What a person is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Who says something, and where.
    pub title: String,
    /// What.
    pub text: String,
}

/// Calls that are to be made.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    waiting: Option<Waiting>,
    quiet_until: Duration,
}

#[derive(Clone, Debug)]
struct Waiting {
    room: RoomKey,
    call: Call,
    /// Messages it is about beside the one it tells.
    more: usize,
    /// How many rooms had been opened by then.
    openings: u64,
}

impl Calls {
    /// When a call that waits is made.
    pub(super) fn due(&self) -> Option<Duration> {
        self.waiting.as_ref().map(|_| self.quiet_until)
    }
}

/// Looks at what was just said in a room.
pub(super) fn hear(model: &mut Model, key: RoomKey, events: &[Event]) {
    if looks_at(model, key) {
        return;
    }
    for event in events {
        let Some(message) = event.body.message().filter(|_| calls(model, key, event)) else { continue };
        let room = model.view(key);
        let named = room.filter(|room| !room.is_conversation());
        let place = named.map_or_else(String::new, |room| format!(" in #{}", room.name));
        let call =
            Call { title: format!("{}{place}", message.name), text: message.text.chars().take(WORDS_MAX).collect() };
        let more = model.calls.waiting.take().map_or(0, |before| before.more + 1);
        model.calls.waiting = Some(Waiting { room: key, call, more, openings: model.openings });
    }
}

/// Makes the call that waits, if it is time; one about a room the person went to meanwhile is not needed.
pub(super) fn make(model: &mut Model, effects: &mut Effects) {
    let Some(Waiting { room, openings, .. }) = &model.calls.waiting else { return };
    let went_there = model.focused && model.shows(*room) && model.openings > *openings;
    if went_there || looks_at(model, *room) {
        model.calls.waiting = None;
    }
    if model.calls.quiet_until > model.now.mono {
        return;
    }
    if let Some(Waiting { mut call, more, .. }) = model.calls.waiting.take() {
        if more > 0 {
            call.text.push_str(&format!(" (and {more} more)"));
        }
        model.calls.quiet_until = model.now.mono + CALL_EVERY;
        effects.push(Effect::Call(call));
    }
}

/// Whether the person sees what comes into a room.
fn looks_at(model: &Model, key: RoomKey) -> bool {
    let follows = || model.state(key).is_some_and(|room| room.timeline.follows());
    model.focused && model.shows(key) && follows()
}

/// Whether an event is one to call for.
fn calls(model: &Model, key: RoomKey, event: &Event) -> bool {
    let server = model.at(key.server);
    let account = &server.account;
    let (Some(message), Some(room), Some(since)) = (event.body.message(), model.view(key), server.since) else {
        return false;
    };
    let me = account.me.account;
    let is_news = event.by != me && event.at >= since && event.seq > room.read && room.member;
    let hidden = model.prefs.filters.hides(event, message.text, me).is_some();
    if !is_news || hidden || account.choices.ignores(event.by) {
        return false;
    }
    let named = message.mentions.contains(&me) || message.visible_to().is_some();
    match account.choices.notify_set(key.room) {
        Some(Notify::All) => true,
        Some(Notify::Mentions) => named,
        Some(Notify::Nothing) => false,
        None => named || room.is_conversation(),
    }
}
