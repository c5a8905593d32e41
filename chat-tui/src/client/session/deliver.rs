//! What the server sends unasked: checked, put in order, handed on.

use chat_proto::delivery::{EndReason, Ended, Events, Trimmed};
use chat_proto::{Delivery, FeedId, FeedState, FeedStatus};
use tokio::time::Instant;

use super::{Phase, Session};
use crate::client::cache::Change;
use crate::client::feeds::{Source, Verdict};
use crate::client::online::{Incident, PathState};
use crate::client::{ClientEvent, Company};

impl Session {
    pub(super) fn deal_with(&mut self, incident: Incident) {
        match incident {
            Incident::Reply(frame) => self.answered(frame),
            Incident::Began(feed) => {
                if let Some(feed) = feed {
                    self.feeds.focus_began(feed);
                }
            }
            Incident::Frame(frame, feed, stream) => {
                let source = source(feed);
                if let Some(early) = self.receive(frame, source)
                    && let Phase::Online(online) = &mut self.phase
                {
                    online.hold(stream, early);
                }
                self.look_again();
            }
            Incident::Ended(feed) => {
                if let Some(feed) = feed {
                    self.feeds.focus_ended(feed);
                }
                self.look_again();
            }
            Incident::Signal(signal) => self.signalled(signal),
            Incident::Check => self.check(),
            // Dealt with where the phase is changed.
            Incident::Closed(_) => {}
        }
    }

    /// Looks at the frames that came too early, until none of them fits.
    pub(super) fn look_again(&mut self) {
        loop {
            let Phase::Online(online) = &mut self.phase else { return };
            let mut progress = false;
            for (frame, feed, stream) in online.held() {
                match self.receive(frame, source(feed)) {
                    Some(early) => {
                        if let Phase::Online(online) = &mut self.phase {
                            online.hold(stream, early);
                        }
                    }
                    None => progress = true,
                }
            }
            if !progress {
                return;
            }
        }
    }

    /// Takes a frame of a stream in; gives it back if it came too early.
    fn receive(&mut self, frame: Delivery, source: Source) -> Option<Delivery> {
        match frame {
            Delivery::Events(events) => {
                let feed = events.feed;
                self.judge(feed, |session| session.feeds.admit(events, source), Self::deliver)
            }
            Delivery::Trimmed(trimmed) => {
                let feed = trimmed.feed;
                self.judge(feed, |session| session.feeds.admit_trimmed(trimmed, source), Self::trimmed)
            }
            Delivery::Moved(moved) => {
                let feed = moved.feed;
                self.judge(feed, |session| session.feeds.admit_moved(moved, source), |_, _| {})
            }
            Delivery::Ended(Ended { feed, reason: EndReason::Restarted }) => {
                self.subscribe_again(feed);
                None
            }
            Delivery::Ended(ended) => {
                let feed = ended.feed;
                self.judge(feed, |session| session.feeds.admit_end(ended, source), Self::ended)
            }
            Delivery::Began(began) => {
                self.began(began.status);
                None
            }
            signal @ (Delivery::RoomPresence(_)
            | Delivery::Typing(_)
            | Delivery::Announced(_)
            | Delivery::UserState(_)) => {
                self.signalled(signal);
                None
            }
            Delivery::NickChanged(nick) => {
                self.tell(ClientEvent::Nick(nick));
                None
            }
            Delivery::Greeting(greeting) => {
                self.tell(ClientEvent::Greeting(greeting));
                None
            }
            Delivery::SessionUp(up) => {
                self.tell(ClientEvent::Company(Company::Up(up)));
                None
            }
            Delivery::SessionDown(down) => {
                self.tell(ClientEvent::Company(Company::Down(down)));
                None
            }
            Delivery::DeviceTold(told) => {
                self.tell(ClientEvent::Company(Company::Told(told)));
                None
            }
            // The close that follows says the same.
            Delivery::GoingAway(_) | Delivery::Unknown { .. } => None,
        }
    }

    fn judge<T: Into<Delivery>>(
        &mut self,
        feed: FeedId,
        verdict: impl FnOnce(&mut Self) -> Verdict<T>,
        deliver: fn(&mut Self, T),
    ) -> Option<Delivery> {
        match verdict(self) {
            Verdict::Deliver(frame) => deliver(self, frame),
            Verdict::Drop => {}
            Verdict::Hold(frame) => return Some(frame.into()),
            Verdict::Gap => {
                tracing::error!(%feed, "events are missing; asking for them");
                self.subscribe_again(feed);
            }
            Verdict::Nonsense => self.hang_up("events out of order within a frame"),
        }
        None
    }

    fn deliver(&mut self, events: Events) {
        self.view.apply_events(&events);
        self.cache.note(Change::Events(events.clone()));
        match events.feed {
            FeedId::Room(_) => {}
            FeedId::Account(_) => {
                let of_rooms = events.events.iter().filter(|event| event.body.account_fact().is_some());
                let keys = of_rooms.filter_map(|event| event.body.compaction_key());
                let changed: std::collections::BTreeSet<_> = keys.map(|key| FeedId::Room(key.room)).collect();
                changed.into_iter().for_each(|feed| self.note_feed(feed));
            }
        }
        self.note_feed(events.feed);
        self.tell(ClientEvent::Events(events));
    }

    fn trimmed(&mut self, trimmed: Trimmed) {
        self.view.apply_trimmed(&trimmed);
        self.note_feed(trimmed.feed);
        self.tell(ClientEvent::Trimmed(trimmed));
    }

    /// A feed stands as the server says, and the reader is told.
    pub(super) fn began(&mut self, status: FeedStatus) {
        self.lost.remove(&status.feed);
        self.view.apply_began(&status);
        self.stand(&status);
        self.tell(ClientEvent::Began(status));
        self.look_again();
        self.ask_for_people();
    }

    /// A feed stands as the server says, for the positions and the cache. The view knows already.
    pub(super) fn stand(&mut self, status: &FeedStatus) {
        if self.feeds.begin(status) {
            self.cache.note(Change::Forget(status.feed));
        }
        match status.state {
            FeedState::NoAccess => {
                if let FeedId::Room(room) = status.feed {
                    self.cache.note(Change::NoRoom(room));
                }
            }
            FeedState::Live | FeedState::Trimmed | FeedState::Regressed | FeedState::Diverged => {
                self.note_feed(status.feed);
                if let FeedId::Room(room) = status.feed {
                    self.nameless.insert(room);
                }
            }
        }
    }

    /// Brings the cache up to what the session knows of a feed. Its events go there first.
    pub(super) fn note_feed(&mut self, feed: FeedId) {
        if !self.cache.is_on() {
            return;
        }
        if let FeedId::Room(id) = feed {
            self.cache.note(match self.view.rooms.get(&id) {
                Some(room) => Change::Room(id, Box::new(room.without_company())),
                None => Change::NoRoom(id),
            });
        }
        if let Some(position) = self.feeds.position(feed) {
            self.cache.note(Change::Position(position));
        }
    }

    /// A feed comes no more, for the view and the cache.
    pub(super) fn ended(&mut self, ended: Ended) {
        self.lost.remove(&ended.feed);
        self.view.apply_ended(&ended);
        self.note_feed(ended.feed);
        self.tell(ClientEvent::Ended(ended));
    }

    fn signalled(&mut self, signal: Delivery) {
        match signal {
            Delivery::RoomPresence(presence) => self.tell(ClientEvent::Presence(presence)),
            Delivery::Typing(typing) => self.tell(ClientEvent::Typing(typing)),
            Delivery::Announced(announced) => self.tell(ClientEvent::Announced(announced)),
            Delivery::UserState(state) => {
                self.view.apply_user_state(state.clone());
                self.tell(ClientEvent::UserState(state));
            }
            // Nothing else may come out of order.
            Delivery::Events(_)
            | Delivery::Moved(_)
            | Delivery::Trimmed(_)
            | Delivery::Ended(_)
            | Delivery::Began(_)
            | Delivery::SessionUp(_)
            | Delivery::SessionDown(_)
            | Delivery::DeviceTold(_)
            | Delivery::Greeting(_)
            | Delivery::NickChanged(_)
            | Delivery::GoingAway(_)
            | Delivery::Unknown { .. } => {}
        }
    }

    /// Looks whether the path is alive, and after what is overdue.
    fn check(&mut self) {
        let now = Instant::now();
        let Phase::Online(online) = &mut self.phase else { return };
        let stats = online.connection.stats();
        let overdue = online.overdue(now);
        let round_trip = online.connection.rtt();
        let changed = round_trip.abs_diff(online.path.told);
        let told = changed > ROUND_TRIP_STEP && changed > online.path.told / 4;
        if told {
            online.path.told = round_trip;
        }
        let busy = online.path.is_busy(stats.udp_tx.datagrams) || online.holds() || !self.lost.is_empty();
        if !busy {
            online.rest();
        }
        match online.path.check(stats.udp_tx.datagrams, stats.udp_rx.datagrams, now) {
            PathState::Alive => {}
            PathState::Rebind => self.rebind(),
            PathState::Dead => self.hang_up("nothing comes back"),
        }
        if told {
            self.tell(ClientEvent::RoundTrip(round_trip));
        }
        if overdue.into_iter().any(|feed| self.feeds.is_broken(feed)) {
            // Asked for on this connection they would come behind the frame that waits for them.
            self.hang_up("a frame waits for events that do not come");
        }
        self.look_again();
        let due: Vec<FeedId> = self.lost.iter().filter(|(_, at)| **at <= now).map(|(feed, _)| *feed).collect();
        for feed in due {
            self.lost.remove(&feed);
            self.subscribe_again(feed);
        }
    }
}

fn source(feed: Option<FeedId>) -> Source {
    if feed.is_some() { Source::Focus } else { Source::Background }
}

/// Smallest change of the round-trip time that is told.
const ROUND_TRIP_STEP: std::time::Duration = std::time::Duration::from_millis(2);
