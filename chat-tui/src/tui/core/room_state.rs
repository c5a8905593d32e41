//! What the screen keeps of a room, beside what the account knows of it.

use std::time::Duration;

use chat_proto::Seq;

use super::composer::Composer;
use super::draft::Draft;
use super::timeline::Timeline;
use crate::client::view::RoomView;

/// What becomes of the line being written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Intent {
    /// It is said.
    #[default]
    Say,
    /// It answers a message.
    Reply(Seq),
    /// It takes the place of the words of an own message.
    Edit(Seq),
}

/// A place to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Jump {
    /// The first unread event: reading begins there.
    Read(Seq),
    /// An event that was asked for: it is chosen.
    Choose(Seq),
}

/// How far the members of a room are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum MembersKnown {
    #[default]
    Unasked,
    Asked,
    Known,
}

/// What the screen keeps of a room, beside what the account knows of it.
#[derive(Clone, Debug, Default)]
pub struct RoomState {
    /// What is loaded of its history.
    pub timeline: Timeline,
    /// What is being written there.
    pub composer: Composer,
    /// How that stands to what the account keeps of it.
    pub(super) draft: Draft,
    /// What becomes of it.
    pub intent: Intent,
    /// The newest event that was read when it was opened.
    pub ruler: Option<Seq>,
    /// Everything behind this event is to be new until the room is opened again; nothing is marked as read meanwhile.
    pub(super) held: Option<Seq>,
    /// What the room is about.
    pub topic: String,
    /// Members, as the server counts them.
    pub members_total: u32,
    pub(super) members: MembersKnown,
    /// Where reading begins when the page that holds it comes.
    pub(super) jump: Option<Jump>,
    /// When the newest event came, or the room was opened.
    pub(super) arrived: Duration,
    /// Up to where it was marked read from here.
    pub(super) marked: Seq,
    /// No page is asked for before that, because one could not be had.
    pub(super) fetch_after: Duration,
    /// The next event that comes live; what is loaded up to it goes on by itself.
    pub(super) live_next: Seq,
    /// Loaded events, from and to, of whose messages is not known what was done to them since.
    pub(super) unfolded: Vec<(Seq, Seq)>,
    /// Whether events were left out behind what is loaded: words of it may have been removed.
    pub(super) stale: bool,
    /// When it was last looked at, counted in openings; 0 is never.
    pub(super) opened: u64,
}

impl RoomState {
    /// Tells the timeline how far the room goes, unless the rest comes by itself.
    pub(super) fn set_bounds(&mut self, view: &RoomView) {
        let goes_on = self.timeline.newest().is_some_and(|newest| newest.seq.next() >= self.live_next);
        let head = if goes_on { Seq::ZERO } else { view.head };
        self.timeline.set_bounds(head, view.oldest);
    }
}
