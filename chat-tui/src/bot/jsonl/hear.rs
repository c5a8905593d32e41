//! What the server tells, and how it becomes lines.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use chat_proto::delivery::{EndReason, Ended, Events, Greeting, RoomPresence};
use chat_proto::event::List;
use chat_proto::nick::NickChanged;
use chat_proto::reply::{Page, Welcome};
use chat_proto::{
    AccountId, Event, EventBody, FeedId, FeedState, FeedStatus, Reject, RejectCode, Retry, RoomId, Seq, Style,
};
use tokio::time::{Instant, sleep};

use super::From;
use super::listen::{Bot, Room};
use crate::bot::cursor::Place;
use crate::bot::door::RETRY;
use crate::bot::line::choice::ChoiceLine;
use crate::bot::line::opened::OpenedLine;
use crate::bot::line::{Line, Net, Who, room_name};
use crate::bot::progress::{News, Progress};
use crate::bot::{Failure, complain};
use crate::client::{CallError, ClientEvent, LinkState};

impl Bot {
    /// A room begins, at this place of it, or where the cursor file says. True if what the cursor file remembers is of another history.
    pub(super) fn begin_room(&mut self, room: RoomId, status: &FeedStatus, from: From) -> bool {
        let before = status.next.prev();
        let place = self.cursor.as_ref().and_then(|cursor| cursor.place(room, &status.name));
        let place = place.filter(|_| from == From::Cursor);
        let same = |place: Place| (place.room, place.epoch) == (room, status.epoch) && place.seq <= status.head;
        let reset = place.is_some_and(|place| !same(place));
        let wanted = match (place, from) {
            (Some(_), _) if reset => Seq(1),
            (Some(place), _) => place.seq.next(),
            (None, From::Start) => Seq(1),
            (None, From::Seq(seq)) => Seq(seq),
            (None, From::Now | From::Cursor) => status.next,
        };
        let progress = Progress::new(room, status.epoch, wanted, before);
        if let Some(cursor) = &self.cursor {
            // A room that begins now goes on from here after a crash, whether or not anything was dealt with.
            cursor.advance(&status.name, Place { room, epoch: status.epoch, seq: wanted.prev() });
        }
        self.rooms.insert(room, Room { name: status.name.clone(), read: status.read, progress, was: BTreeSet::new() });
        reset
    }

    /// A feed stands so.
    async fn stands(&mut self, status: &FeedStatus) -> Result<(), Failure> {
        let FeedId::Room(room) = status.feed else { return Ok(()) };
        let guest = self.work.rooms().guest(room);
        if status.state == FeedState::NoAccess || !status.member && guest.is_none() {
            self.work.rooms().leave(room);
            self.rooms.remove(&room);
            return Ok(());
        }
        if guest.is_some_and(|guest| guest.is_new) {
            // What it was read up to before has nothing to do with where it begins now.
            self.rooms.remove(&room);
        }
        if !self.rooms.contains_key(&room) {
            let from = match guest.and_then(|guest| guest.from) {
                Some(seq) => From::Seq(seq.0.max(1)),
                None if self.expected.remove(&room) => self.options.from,
                None => self.options.from.of_later_room(),
            };
            let reset = self.begin_room(room, status, from);
            self.save().await?;
            self.tell(room, News { reset, ..News::default() }).await;
            return Ok(());
        }
        let Some(known) = self.rooms.get_mut(&room) else { return Ok(()) };
        known.rename(&status.name);
        let news = known.progress.stands(status);
        self.tell(room, news).await;
        Ok(())
    }

    pub(super) async fn welcome(&mut self, welcome: &Welcome) -> Result<(), Failure> {
        self.offline_since = None;
        let named: BTreeSet<FeedId> = welcome.feeds.iter().map(|status| status.feed).collect();
        self.rooms.retain(|room, _| named.contains(&FeedId::Room(*room)));
        self.presence.clear();
        self.line(&Line::State { net: Net::Online, in_ms: None, reason: None }, None).await;
        for status in &welcome.feeds {
            self.stands(status).await?;
        }
        Ok(())
    }

    pub(super) async fn event(&mut self, event: ClientEvent) -> Result<(), Failure> {
        match event {
            ClientEvent::Link(state) => self.link(state).await,
            ClientEvent::Welcome(welcome) => self.welcome(&welcome).await?,
            ClientEvent::Began(status) => self.stands(&status).await?,
            ClientEvent::Events(events) => self.events(events).await,
            ClientEvent::Trimmed(trimmed) => {
                if let FeedId::Room(room) = trimmed.feed
                    && let Some(known) = self.rooms.get_mut(&room)
                {
                    let news = known.progress.trimmed(trimmed.range);
                    self.tell(room, news).await;
                }
            }
            ClientEvent::Ended(ended) => self.ended(&ended),
            ClientEvent::Presence(presence) => self.presence(presence).await,
            ClientEvent::UserState(state) => {
                let line = ChoiceLine::of_person(&state);
                self.pass(&format!("state {}", state.account), &Line::Choice(line)).await;
            }
            ClientEvent::Typing(typing) => {
                if let Some(known) = self.rooms.get(&typing.room) {
                    let kind = format!("typing {} {}", typing.room, typing.account);
                    let (room, user) = (room_name(&known.name), typing.name);
                    self.pass(&kind, &Line::Typing { room, user, active: typing.active }).await;
                }
            }
            ClientEvent::Announced(said) => {
                if let Some(known) = self.rooms.get(&said.room) {
                    let (room, from) = (room_name(&known.name), Who::new(said.account, said.name));
                    let action = said.style == Style::Action;
                    self.line(&Line::Announce { room, from, text: said.text, action }, None).await;
                }
            }
            ClientEvent::Greeting(Greeting { name, motd }) => self.line(&Line::Greeting { name, motd }, None).await,
            ClientEvent::Nick(NickChanged { account, name, nick }) => {
                self.line(&Line::Choice(ChoiceLine::Nick { user: Who::new(account, name), nick }), None).await;
            }
            ClientEvent::Company(news) => self.line(&Line::company(news), None).await,
            ClientEvent::Stopped(reason) => return Err(reason.into()),
            // Programs are told by whom each message is.
            ClientEvent::Others { .. } => {}
            ClientEvent::RoundTrip(_) | ClientEvent::Queued(_) | ClientEvent::Sent { .. } | ClientEvent::Refused(_) => {
            }
        }
        Ok(())
    }

    async fn link(&mut self, state: LinkState) {
        match state {
            // The welcome that follows says it.
            LinkState::Online => {}
            LinkState::Connecting => {
                self.offline_since.get_or_insert_with(Instant::now);
            }
            LinkState::Waiting { retry_in, reason } => {
                self.offline_since.get_or_insert_with(Instant::now);
                if !self.aside {
                    complain(&reason);
                }
                let in_ms = u64::try_from(retry_in.as_millis()).ok();
                self.line(&Line::State { net: Net::Reconnecting, in_ms, reason: Some(reason) }, None).await;
            }
        }
    }

    async fn events(&mut self, events: Events) {
        match events.feed {
            FeedId::Room(room) => {
                if let Some(known) = self.rooms.get_mut(&room) {
                    let news = known.progress.live(events);
                    self.tell(room, news).await;
                }
            }
            FeedId::Account(_) => {
                for event in events.events {
                    if let Some(choice) = event.body.choice_fact() {
                        let named = |room: RoomId| self.rooms.get(&room).map(|known| known.name.as_str());
                        if let Some(line) = ChoiceLine::of_fact(&choice, named) {
                            self.line(&Line::Choice(line), None).await;
                        }
                    }
                    if let Some(line) = OpenedLine::of_event(&event) {
                        self.line(&Line::Opened(line), None).await;
                    }
                    let EventBody::ReadMarked(marked) = event.body else { continue };
                    let Some(known) = self.rooms.get_mut(&marked.room) else { continue };
                    if marked.seq > known.read {
                        known.read = marked.seq;
                        let line = Line::Read { room: room_name(&known.name), seq: marked.seq.0 };
                        self.line(&line, None).await;
                    }
                }
            }
        }
    }

    fn ended(&mut self, ended: &Ended) {
        let FeedId::Room(room) = ended.feed else { return };
        match ended.reason {
            EndReason::Left | EndReason::NoAccess | EndReason::Deleted => {
                self.work.rooms().leave(room);
                self.rooms.remove(&room);
            }
            // The session subscribes again by itself.
            EndReason::Restarted => {}
        }
    }

    async fn presence(&mut self, presence: RoomPresence) {
        for entry in presence.changed {
            if entry.account == self.me || self.presence.insert(entry.account, entry.presence) == Some(entry.presence) {
                continue;
            }
            if self.presence.len() > PRESENCE_KEPT_MAX {
                self.presence.pop_first();
            }
            let line = Line::Presence { user: entry.name, state: entry.presence.into() };
            self.pass(&format!("presence {}", entry.account), &line).await;
        }
    }

    /// Begins to read the next page of the room that waits longest, unless one is being read.
    pub(super) fn fetch_missing(&mut self) {
        if self.fetching.is_some() {
            return;
        }
        self.behind.retain(|room| self.rooms.get(room).is_some_and(|room| room.progress.missing().is_some()));
        for (id, room) in &self.rooms {
            if room.progress.missing().is_some() && !self.behind.contains(id) {
                self.behind.push_back(*id);
            }
        }
        let Some(room) = self.behind.pop_front() else { return };
        let Some(history) = self.rooms.get(&room).and_then(|room| room.progress.missing()) else { return };
        let client = self.door.client.clone();
        self.fetching = Some(Mutex::new(Box::pin(async move {
            loop {
                match client.fetch(history.clone()).await {
                    Err(CallError::Offline) => sleep(RETRY).await,
                    Err(CallError::Rejected(Reject { retry: Retry::Later, retry_after_ms, .. })) => {
                        sleep(Duration::from_millis(retry_after_ms.into()).max(RETRY)).await;
                    }
                    page => return (room, page),
                }
            }
        })));
    }

    pub(super) async fn page(&mut self, room: RoomId, page: Result<Page, CallError>) -> Result<(), Failure> {
        self.fetching = None;
        let page = match page {
            Ok(page) => page,
            Err(CallError::Rejected(reject)) if reject.code == RejectCode::NoSuchRoom => {
                self.rooms.remove(&room);
                return Ok(());
            }
            // The session's last event says why it ended.
            Err(CallError::Stopped) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let Some(known) = self.rooms.get_mut(&room) else { return Ok(()) };
        let news = known.progress.page(page);
        if news.stuck {
            sleep(RETRY).await;
        }
        self.tell(room, news).await;
        Ok(())
    }

    /// Writes what is next in a room.
    async fn tell(&mut self, id: RoomId, news: News) {
        let Some(room) = self.rooms.get(&id) else { return };
        let mut name = room.name.clone();
        if news.reset {
            self.line(&Line::Reset { room: room_name(&name) }, None).await;
        }
        if let Some(range) = news.gap {
            self.line(&Line::gap(&name, range), None).await;
        }
        for event in &news.events {
            let own = event.by == self.me && event.body.is_message();
            if own && !self.options.echo || self.options.ignore_bots && is_by_bot(event) {
                continue;
            }
            let Some(room) = self.rooms.get(&id) else { return };
            let (replay, epoch) = (room.progress.is_replay(event.seq), room.progress.epoch());
            if self.options.exit_on_kick && !replay && puts_out(event, self.me) {
                self.put_out.get_or_insert_with(|| name.clone());
            }
            if let Some(line) = Line::of_event(&name, event, self.me, replay) {
                let place = Place { room: id, epoch, seq: event.seq };
                self.line(&line, Some((name.clone(), place))).await;
            }
            // What is caught up with happened before the name the room has now.
            if let (EventBody::Renamed(renamed), false) = (&event.body, replay) {
                name.clone_from(&renamed.new);
            }
        }
        if let Some(room) = self.rooms.get_mut(&id) {
            room.rename(&name);
        }
    }
}

fn is_by_bot(event: &Event) -> bool {
    event.body.message().is_some_and(|message| message.is_by_bot())
}

/// Whether an event puts somebody out of its room.
fn puts_out(event: &Event, account: AccountId) -> bool {
    if let EventBody::Kicked(kicked) = &event.body {
        kicked.member.account == account
    } else if let EventBody::Listed(listed) = &event.body {
        listed.list == List::Banned && listed.who.account == account
    } else if let EventBody::Evicted(evicted) = &event.body {
        evicted.members.iter().any(|member| member.account == account)
    } else {
        false
    }
}

/// People whose presence is remembered, so that it is said once and not once a room.
const PRESENCE_KEPT_MAX: usize = 65_536;
