//! Everything the screen knows. Changed by [`update()`](super::update()) alone.

use std::sync::Arc;
use std::time::Duration;

use chat_proto::Seq;

use super::call::Calls;
use super::chord::Chord;
use super::composer::{Composer, History, KillRing};
use super::geometry::Panes;
use super::keymap::Context;
use super::picker::Picker;
use super::picture::Picture;
use super::prefs::Prefs;
use super::reading::Reading;
use super::reverse::Reverse;
use super::room_state::{Intent, RoomState};
use super::secret::Secret;
use super::server::{RoomKey, Server, ServerId};
use super::time::{Now, Zone};
use super::timeline::Wraps;
use super::transfers::Moving;
use super::windows::Windows;
use crate::client::LinkState;
use crate::client::view::RoomView;

/// A line for the person, until a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What.
    pub text: String,
    /// Whether something went wrong.
    pub error: bool,
    /// No key takes it away before then.
    pub holds: Duration,
    /// Shown until then.
    pub until: Duration,
}

/// Something in front of the timeline, closed with Esc.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// What it is.
    pub title: String,
    /// Its lines.
    pub lines: Vec<String>,
    /// Lines scrolled away at its top.
    pub scroll: usize,
    /// A picture in place of its lines.
    pub picture: Option<Arc<Picture>>,
}

/// How far lists are scrolled by the wheel, while one room is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scrolled {
    /// The room.
    pub room: Option<RoomKey>,
    /// The first line of the rooms; the one being looked at is seen without.
    pub rooms: Option<usize>,
    /// The first line of the members.
    pub members: usize,
}

/// Everything the screen knows.
#[derive(Debug)]
pub struct Model {
    /// The present, as of the last message.
    pub now: Now,
    /// The zone stamps are shown in.
    pub zone: Zone,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Whether the terminal has the person's attention, as far as it tells.
    pub focused: bool,
    /// The servers, in the order they came in; there is always one.
    pub servers: Vec<Server>,
    /// The server being looked at.
    pub(super) server: ServerId,
    /// The windows, and what they show.
    pub(super) windows: Windows,
    /// Files on their way, in the order they were begun.
    pub transfers: Vec<Moving>,
    pub(super) transfers_begun: u64,
    /// Whether the screen was divided as the person wants it from the start.
    pub(super) laid_out: bool,
    /// What was switched.
    pub panes: Panes,
    /// How far the lists of rooms and members are scrolled.
    pub scrolled: Scrolled,
    /// Whether the mouse is ours where there is something to point at.
    pub mouse: bool,
    /// What the person set.
    pub prefs: Prefs,
    /// What is in front.
    pub overlay: Option<Overlay>,
    /// What is in front to choose from.
    pub picker: Option<Picker>,
    /// The message chosen in the room being looked at, while messages are chosen.
    pub selected: Option<Seq>,
    /// The chosen message whose removal waits for the key again, and until when.
    pub(super) doomed: Option<(Seq, Duration)>,
    /// How the person goes about reading.
    pub(super) reading: Reading,
    /// A line for the person.
    pub notice: Option<Notice>,
    /// A secret that is being typed.
    pub secret: Option<Secret>,
    /// What is written while no room is open.
    pub(super) nowhere: Composer,
    pub(super) last: Option<RoomKey>,
    /// Where going through active rooms began.
    pub(super) origin: Option<RoomKey>,
    pub(super) kills: KillRing,
    pub(super) typing_sent: Option<(RoomKey, Duration)>,
    pub(super) quit_until: Duration,
    /// Leaving with messages that are not sent waits for the key or command again, until then.
    pub(super) leave_until: Duration,
    /// Whether it was asked if many pasted lines are meant to be sent.
    pub(super) send_asked: bool,
    /// What was sent from anywhere.
    pub(super) sent: History,
    /// A line sent before that is looked for.
    pub reverse: Option<Reverse>,
    pub(super) openings: u64,
    pub(super) wraps: Wraps,
    pub(super) title: String,
    /// Whether the mouse was asked for.
    pub(super) mouse_asked: bool,
    pub(super) calls: Calls,
    /// Keys of a sequence that has only begun.
    pub(super) chord: Chord,
}

impl Model {
    /// A screen in front of a server.
    #[must_use]
    pub fn new(server: Server, zone: Zone) -> Self {
        Self {
            now: Now::default(),
            zone,
            size: (80, 24),
            focused: true,
            servers: vec![server],
            server: ServerId::default(),
            windows: Windows::default(),
            transfers: Vec::new(),
            transfers_begun: 0,
            laid_out: false,
            panes: Panes::default(),
            scrolled: Scrolled::default(),
            mouse: true,
            mouse_asked: true,
            calls: Calls::default(),
            prefs: Prefs::default(),
            overlay: None,
            picker: None,
            selected: None,
            doomed: None,
            reading: Reading::default(),
            notice: None,
            secret: None,
            nowhere: Composer::default(),
            last: None,
            origin: None,
            kills: KillRing::default(),
            typing_sent: None,
            quit_until: Duration::ZERO,
            leave_until: Duration::ZERO,
            send_asked: false,
            sent: History::default(),
            reverse: None,
            openings: 0,
            wraps: Wraps::default(),
            title: String::new(),
            chord: Chord::default(),
        }
    }

    /// The server being looked at.
    #[must_use]
    pub fn server(&self) -> ServerId {
        self.server
    }

    /// What is known of a server.
    #[must_use]
    pub fn at(&self, server: ServerId) -> &Server {
        &self.servers[server.index()]
    }

    pub(super) fn at_mut(&mut self, server: ServerId) -> &mut Server {
        &mut self.servers[server.index()]
    }

    /// What is known of the server being looked at.
    #[must_use]
    pub fn here(&self) -> &Server {
        self.at(self.server)
    }

    /// The servers with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (ServerId, &Server)> {
        (0..).map(ServerId).zip(&self.servers)
    }

    /// The room being looked at.
    #[must_use]
    pub fn current(&self) -> Option<RoomKey> {
        self.windows.current()
    }

    /// The windows.
    #[must_use]
    pub fn windows(&self) -> &Windows {
        &self.windows
    }

    /// What the account knows of a room.
    #[must_use]
    pub fn view(&self, key: RoomKey) -> Option<&RoomView> {
        self.at(key.server).account.rooms.get(&key.room)
    }

    /// What the screen keeps of a room.
    #[must_use]
    pub fn state(&self, key: RoomKey) -> Option<&RoomState> {
        self.at(key.server).rooms.get(&key.room)
    }

    pub(super) fn state_mut(&mut self, key: RoomKey) -> Option<&mut RoomState> {
        self.at_mut(key.server).rooms.get_mut(&key.room)
    }

    /// What the screen keeps of the room being looked at, to change it.
    pub(super) fn room_mut(&mut self) -> Option<&mut RoomState> {
        self.state_mut(self.current()?)
    }

    /// Whether one is a member of a room.
    #[must_use]
    pub fn is_member(&self, key: RoomKey) -> bool {
        self.view(key).is_some_and(|room| room.member)
    }

    /// What the screen keeps of the room being looked at.
    #[must_use]
    pub fn room(&self) -> Option<&RoomState> {
        self.state(self.current()?)
    }

    /// What the account knows of the room being looked at.
    #[must_use]
    pub fn room_view(&self) -> Option<&RoomView> {
        self.view(self.current()?)
    }

    /// What the room is called, or nothing.
    #[must_use]
    pub fn room_label(&self) -> String {
        self.room_view().map_or_else(String::new, RoomView::label)
    }

    /// What is being written.
    #[must_use]
    pub fn composer(&self) -> &Composer {
        if let Some(secret) = &self.secret {
            return &secret.blank;
        }
        self.room().map_or(&self.nowhere, |room| &room.composer)
    }

    pub(super) fn composer_mut(&mut self) -> (&mut Composer, &mut KillRing) {
        let current = self.windows.current();
        let Self { servers, nowhere, kills, .. } = self;
        let room = current.and_then(|key| servers[key.server.index()].rooms.get_mut(&key.room));
        (room.map_or(nowhere, |room| &mut room.composer), kills)
    }

    /// What stands before the line being written, where there is room for it.
    #[must_use]
    pub fn prompt(&self) -> String {
        if let Some(secret) = &self.secret {
            return secret.prompt().to_owned();
        }
        let name = crate::clean::line(&self.here().account.me.name).into_string();
        let intent = self.room().map(|room| room.intent);
        match (intent, self.room_view()) {
            (Some(Intent::Reply(_)), _) => "answer> ".to_owned(),
            (Some(Intent::Edit(_)), _) => "edit> ".to_owned(),
            (Some(Intent::Say) | None, Some(room)) => format!("[{}] {name}> ", crate::clean::line(&room.label())),
            (Some(Intent::Say) | None, None) => format!("{name}> "),
        }
    }

    /// Who is writing in the room being looked at.
    pub fn typing(&self) -> impl Iterator<Item = &str> {
        let room = self.current().unwrap_or_default().room;
        self.here().typists.names(room)
    }

    /// Where bindings of keys hold, the nearest first.
    #[must_use]
    pub fn contexts(&self) -> &'static [Context] {
        match (self.overlay.is_some() || self.picker.is_some(), self.selected.is_some()) {
            (true, _) => Context::FRONT,
            (false, true) => Context::CHOOSING,
            (false, false) => Context::WRITING,
        }
    }

    /// When something changes by time alone; [`Msg::Tick`](super::Msg::Tick) is wanted then.
    #[must_use]
    pub fn next_timer(&self) -> Option<Duration> {
        let now = self.now.mono;
        let retry = self.servers.iter().filter_map(|server| match server.link.state {
            LinkState::Waiting { .. } if server.link.retry_at > now => Some(next_second(now, server.link.retry_at)),
            LinkState::Waiting { .. } | LinkState::Connecting | LinkState::Online => None,
        });
        let seen = self.seen();
        let fetch = seen.iter().filter_map(|key| self.state(*key)).map(|room| room.fetch_after).filter(|at| *at > now);
        let read = seen.iter().filter_map(|key| self.read_due(*key));
        [
            self.notice.as_ref().map(|notice| notice.until),
            self.servers.iter().filter_map(|server| server.typists.next()).min(),
            read.min(),
            self.chord.due(),
            self.calls.due(),
            self.draft_due(),
            self.picker.as_ref().and_then(|picker| picker.find()?.due()),
            retry.min(),
            fetch.min(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// When what is seen of a room counts as read, unless it does already.
    pub(super) fn read_due(&self, key: RoomKey) -> Option<Duration> {
        let (state, view) = (self.state(key)?, self.view(key)?);
        let seen = self.focused
            && self.overlay.is_none()
            && self.picker.is_none()
            && state.held.is_none()
            && state.timeline.follows()
            && !state.timeline.is_empty();
        let unread = view.head > view.read && view.head > state.marked;
        (seen && unread && view.member).then(|| state.arrived + SEEN_AFTER)
    }
}

/// The next moment the whole seconds left until `at` change.
fn next_second(now: Duration, at: Duration) -> Duration {
    let left = at.saturating_sub(now);
    let part = Duration::from_nanos(left.subsec_nanos().into());
    now + if part.is_zero() { Duration::from_secs(1) } else { part }
}

/// How long something is visible before it counts as read.
pub(super) const SEEN_AFTER: Duration = Duration::from_millis(500);
