//! What an account knows: its rooms, what is unread in them, who is there. Pure: events in, state out, the time an argument.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chat_proto::delivery::{EndReason, Ended, Events, RoomPresence, Trimmed, Typing};
use chat_proto::event::{Posted, PostedWith};
use chat_proto::limits::{MENTIONS_KEPT_MAX, TYPING_HOLD_MS};
use chat_proto::profile::UserState;
use chat_proto::reply::{MemberList, Welcome};
use chat_proto::{
    AccountFact, AccountId, Choices, Epoch, Event, FeedId, FeedState, FeedStatus, Ordinal, Presence, Role, RoomFact,
    RoomId, Seq,
};
use tokio::time::Instant;

/// Who the session is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Me {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub name: String,
}

/// A member as far as he is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberView {
    /// His name.
    pub name: String,
    /// What he may do.
    pub role: Role,
    /// Whether he is there.
    pub presence: Presence,
}

/// One room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomView {
    /// Its name, without `#`.
    pub name: String,
    /// The history its numbers belong to.
    pub epoch: Epoch,
    /// Whether the account is a member.
    pub member: bool,
    /// The newest event known of.
    pub head: Seq,
    /// The room's messages up to there.
    pub head_ordinal: Ordinal,
    /// The oldest event the server keeps.
    pub oldest: Seq,
    /// How far the account has read.
    pub read: Seq,
    /// The room's messages up to there.
    pub read_ordinal: Ordinal,
    /// Unread messages that name the account, the newest [`MENTIONS_KEPT_MAX`].
    pub mentions: BTreeSet<Seq>,
    /// The members known so far: those of the pages applied, and those who came since.
    pub members: BTreeMap<AccountId, MemberView>,
    /// Whose room it is, as far as that is known. He owns it also while he isn't a member.
    pub(super) owner: Option<AccountId>,
    /// The event that comes next.
    pub(super) next: Seq,
    /// How many members are there, as the server last said.
    pub online: u32,
    /// Who is writing, and until when that holds.
    pub(super) typing: BTreeMap<AccountId, (String, Instant)>,
}

impl RoomView {
    /// Messages behind the read marker.
    #[must_use]
    pub fn unread(&self) -> u64 {
        self.head_ordinal.0.saturating_sub(self.read_ordinal.0)
    }

    /// Unread messages that name the account.
    #[must_use]
    pub fn mention_count(&self) -> usize {
        self.mentions.len()
    }

    /// The names of those who are writing, the account itself left out by the server.
    pub fn typing(&self, now: Instant) -> impl Iterator<Item = &str> {
        self.typing.values().filter(move |(_, until)| *until > now).map(|(name, _)| name.as_str())
    }

    /// The same room without the people in it: what is worth keeping on disk.
    #[must_use]
    pub(super) fn without_company(&self) -> Self {
        let Self { name, mentions, epoch, member, head, head_ordinal, oldest, read, read_ordinal, .. } = self;
        Self {
            name: name.clone(),
            mentions: mentions.clone(),
            epoch: *epoch,
            member: *member,
            head: *head,
            head_ordinal: *head_ordinal,
            oldest: *oldest,
            read: *read,
            read_ordinal: *read_ordinal,
            ..Self::default()
        }
    }

    fn apply_status(&mut self, status: &FeedStatus) {
        let set_back = self.epoch != status.epoch || is_set_back(status.state);
        if set_back {
            *self = Self::default();
        }
        if status.next > self.next {
            // Nobody tells who came and went in the events that are left out.
            self.forget_company();
        }
        self.next = status.next;
        self.name.clone_from(&status.name);
        self.epoch = status.epoch;
        self.member = status.member;
        self.oldest = status.oldest;
        if status.head >= self.head {
            self.head = status.head;
            self.head_ordinal = status.head_ordinal;
        }
        if status.read >= self.read {
            self.read = status.read;
            self.read_ordinal = status.read_ordinal;
        }
        self.mentions.extend(&status.mentions);
        self.settle_mentions();
    }

    fn apply_event(&mut self, event: &Event, me: AccountId) {
        match event.body.room_fact() {
            Some(RoomFact::Created(created)) => {
                self.owner = Some(event.by);
                self.insert_member(event.by, &created.name, Role::Owner);
            }
            Some(RoomFact::Joined(joined)) => self.insert_member(event.by, &joined.name, Role::Member),
            Some(RoomFact::DirectCreated(created)) => {
                created.members.iter().for_each(|who| self.insert_member(who.account, &who.name, Role::Member));
            }
            Some(RoomFact::Left(_)) => self.remove_member(event.by),
            Some(RoomFact::Kicked(kicked)) => self.remove_member(kicked.member.account),
            Some(RoomFact::Evicted(evicted)) => {
                evicted.members.iter().for_each(|member| self.remove_member(member.account));
            }
            Some(RoomFact::Posted(Posted { mentions, .. }) | RoomFact::PostedWith(PostedWith { mentions, .. })) => {
                self.typing.remove(&event.by);
                self.mentioned(event, mentions, me);
            }
            Some(RoomFact::Edited(edited)) => self.mentioned(event, &edited.mentions, me),
            Some(RoomFact::Renamed(renamed)) => self.name.clone_from(&renamed.new),
            Some(RoomFact::RoleSet(set)) => self.set_role(set.member.account, set.role),
            Some(RoomFact::OwnerChanged(changed)) => {
                self.owner = Some(changed.member.account);
                // Not always who did it: the server's owner may give away a room that is another's.
                let owners = self.members.values_mut().filter(|member| member.role == Role::Owner);
                owners.for_each(|member| member.role = Role::Admin);
                self.set_role(changed.member.account, Role::Owner);
            }
            Some(
                RoomFact::Redacted(_)
                | RoomFact::Reacted(_)
                | RoomFact::Pinned(_)
                | RoomFact::RoomChanged(_)
                | RoomFact::Listed(_)
                | RoomFact::Unlisted(_)
                | RoomFact::Purged(_)
                | RoomFact::Deleted(_)
                | RoomFact::Erased(_),
            ) => {}
            None => {}
        }
        self.next = self.next.max(event.seq.next());
        if event.seq > self.head {
            self.head = event.seq;
            self.head_ordinal = self.head_ordinal.max(event.ordinal);
        }
    }

    fn forget_company(&mut self) {
        self.members.clear();
        self.owner = None;
        self.typing.clear();
    }

    fn insert_member(&mut self, account: AccountId, name: &str, role: Role) {
        let role = if self.owner == Some(account) { Role::Owner } else { role };
        let fresh = MemberView { name: name.to_owned(), role, presence: Presence::Online };
        self.members.entry(account).or_insert(fresh);
    }

    fn remove_member(&mut self, account: AccountId) {
        self.members.remove(&account);
        self.typing.remove(&account);
    }

    fn set_role(&mut self, account: AccountId, role: Role) {
        if let Some(member) = self.members.get_mut(&account) {
            member.role = role;
        }
    }

    fn mentioned(&mut self, event: &Event, mentions: &[AccountId], me: AccountId) {
        if event.by != me && mentions.contains(&me) {
            self.mentions.insert(event.seq);
            self.settle_mentions();
        }
    }

    fn mark_read(&mut self, seq: Seq, ordinal: Ordinal) {
        if seq > self.read {
            self.read = seq;
            self.read_ordinal = self.read_ordinal.max(ordinal);
        }
        self.settle_mentions();
    }

    fn settle_mentions(&mut self) {
        self.mentions = self.mentions.split_off(&self.read.next());
        while self.mentions.len() > MENTIONS_KEPT_MAX {
            self.mentions.pop_first();
        }
    }
}

fn is_set_back(state: FeedState) -> bool {
    match state {
        FeedState::Regressed | FeedState::Diverged => true,
        FeedState::Live | FeedState::Trimmed | FeedState::NoAccess => false,
    }
}

/// Everything an account knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountView {
    /// Who the session is.
    pub me: Me,
    /// Every room the account is or was a member of, and every room that was subscribed to.
    pub rooms: BTreeMap<RoomId, RoomView>,
    /// What the account's owner set for himself, on whichever device.
    pub choices: Choices,
    /// What people show of themselves, as far as it changed since the login; at most [`PEOPLE_MAX`].
    pub people: BTreeMap<AccountId, UserState>,
}

impl AccountView {
    /// A room by its name, as spelled.
    #[must_use]
    pub fn room_named(&self, name: &str) -> Option<(RoomId, &RoomView)> {
        self.rooms.iter().find(|(_, room)| room.name == name).map(|(id, room)| (*id, room))
    }

    /// Begins anew where the server says things stand. Rooms it does not name are no longer the account's.
    pub fn apply_welcome(&mut self, welcome: &Welcome) {
        self.me = Me { account: welcome.account, name: welcome.name.clone() };
        let named: BTreeSet<RoomId> = welcome.feeds.iter().filter_map(|status| room_of(status.feed)).collect();
        self.rooms.retain(|id, _| named.contains(id));
        self.people.clear();
        for room in self.rooms.values_mut() {
            room.typing.clear();
        }
        welcome.feeds.iter().for_each(|status| self.apply_began(status));
    }

    /// A feed stands as the server says; one without access is forgotten.
    pub fn apply_began(&mut self, status: &FeedStatus) {
        if status.feed == FeedId::Account(self.me.account) && is_set_back(status.state) {
            self.choices = Choices::default();
        }
        let Some(room) = room_of(status.feed) else { return };
        match status.state {
            FeedState::NoAccess => {
                self.rooms.remove(&room);
            }
            FeedState::Live | FeedState::Trimmed | FeedState::Regressed | FeedState::Diverged => {
                self.rooms.entry(room).or_default().apply_status(status);
            }
        }
    }

    /// Events of a feed, in order. Events seen before change nothing that matters.
    pub fn apply_events(&mut self, events: &Events) {
        match events.feed {
            FeedId::Room(id) => {
                let me = self.me.account;
                let room = self.rooms.entry(id).or_default();
                room.epoch = events.epoch;
                events.events.iter().for_each(|event| room.apply_event(event, me));
            }
            FeedId::Account(_) => events.events.iter().for_each(|event| self.apply_own(event)),
        }
    }

    fn apply_own(&mut self, event: &Event) {
        self.choices.apply(event);
        let Some(fact) = event.body.account_fact() else { return };
        match fact {
            AccountFact::RoomJoined(joined) => {
                let room = self.rooms.entry(joined.room).or_default();
                if room.epoch != joined.epoch {
                    *room = RoomView { epoch: joined.epoch, ..RoomView::default() };
                }
                room.name.clone_from(&joined.name);
                room.member = true;
                if joined.seq > room.head {
                    room.head = joined.seq;
                    room.head_ordinal = room.head_ordinal.max(joined.ordinal);
                }
                room.mark_read(joined.seq, joined.ordinal);
            }
            AccountFact::RoomLeft(left) => {
                if let Some(room) = self.rooms.get_mut(&left.room) {
                    room.member = false;
                    room.typing.clear();
                }
            }
            AccountFact::ReadMarked(marked) => {
                if let Some(room) = self.rooms.get_mut(&marked.room) {
                    room.mark_read(marked.seq, marked.ordinal);
                }
            }
            AccountFact::Mentioned(mentioned) => {
                if let Some(room) = self.rooms.get_mut(&mentioned.room) {
                    room.mentions.insert(mentioned.seq);
                    room.settle_mentions();
                }
            }
        }
    }

    /// Events are no longer kept.
    pub fn apply_trimmed(&mut self, trimmed: &Trimmed) {
        if let Some(room) = room_of(trimmed.feed).and_then(|id| self.rooms.get_mut(&id)) {
            room.oldest = room.oldest.max(trimmed.range.to.next());
        }
    }

    /// A feed comes no more.
    pub fn apply_ended(&mut self, ended: &Ended) {
        let Some(id) = room_of(ended.feed) else { return };
        match ended.reason {
            EndReason::Left => {
                if let Some(room) = self.rooms.get_mut(&id) {
                    room.member = false;
                    room.typing.clear();
                }
            }
            EndReason::NoAccess | EndReason::Deleted => {
                self.rooms.remove(&id);
            }
            EndReason::Restarted => {}
        }
    }

    /// A page of a room's members.
    pub fn apply_members(&mut self, id: RoomId, list: &MemberList) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        for member in &list.members {
            let view = MemberView { name: member.name.clone(), role: member.role, presence: member.presence };
            room.members.insert(member.account, view);
            if member.role == Role::Owner {
                room.owner = Some(member.account);
            }
        }
    }

    /// Who is there changed.
    pub fn apply_presence(&mut self, presence: &RoomPresence) {
        let Some(room) = self.rooms.get_mut(&presence.room) else { return };
        room.online = presence.online;
        for entry in &presence.changed {
            if let Some(member) = room.members.get_mut(&entry.account) {
                member.presence = entry.presence;
            } else if entry.presence != Presence::Offline {
                room.insert_member(entry.account, &entry.name, Role::Member);
                room.members.entry(entry.account).and_modify(|member| member.presence = entry.presence);
            }
        }
    }

    /// What somebody shows of himself changed.
    pub fn apply_user_state(&mut self, state: UserState) {
        if self.people.len() < PEOPLE_MAX || self.people.contains_key(&state.account) {
            self.people.insert(state.account, state);
        }
    }

    /// Somebody is writing, or no more.
    pub fn apply_typing(&mut self, typing: &Typing, now: Instant) {
        let Some(room) = self.rooms.get_mut(&typing.room) else { return };
        room.typing.retain(|_, (_, until)| *until > now);
        if typing.active && room.typing.len() < TYPING_MAX {
            let until = now + Duration::from_millis(TYPING_HOLD_MS);
            room.typing.insert(typing.account, (typing.name.clone(), until));
        } else if !typing.active {
            room.typing.remove(&typing.account);
        }
    }

    /// When somebody's writing is next forgotten, so that a screen knows when to draw again.
    #[must_use]
    pub fn typing_expires(&self, now: Instant) -> Option<Instant> {
        let until = self.rooms.values().flat_map(|room| room.typing.values()).map(|(_, until)| *until);
        until.filter(|until| *until > now).min()
    }
}

fn room_of(feed: FeedId) -> Option<RoomId> {
    match feed {
        FeedId::Room(room) => Some(room),
        FeedId::Account(_) => None,
    }
}

/// People whose status is remembered; of further ones it is asked for.
pub const PEOPLE_MAX: usize = 10_000;

/// People shown writing in one room; further ones are not remembered.
const TYPING_MAX: usize = 64;

#[cfg(test)]
mod tests;
