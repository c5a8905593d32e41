//! What an account knows: its rooms, what is unread in them, who is there. Pure: events in, state out, the time an argument.

mod room;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chat_proto::delivery::{EndReason, Ended, Events, RoomPresence, Trimmed, Typing};
use chat_proto::limits::TYPING_HOLD_MS;
use chat_proto::profile::UserState;
use chat_proto::reply::{MemberList, Welcome};
use chat_proto::{AccountFact, AccountId, Choices, Event, FeedId, FeedState, FeedStatus, Presence, Role, RoomId};
use tokio::time::Instant;

pub use room::{MemberView, RoomView};

/// Who the session is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Me {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub name: String,
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
                // The name as it was then: a room that is known further on may have been renamed since.
                if room.name.is_empty() || joined.seq > room.head {
                    room.name.clone_from(&joined.name);
                }
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
            AccountFact::WasSeen(_) | AccountFact::DeviceChanged(_) | AccountFact::SecretChanged(_) => {}
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
        list.members.iter().for_each(|member| room.apply_member(member));
    }

    /// Who a conversation is with, as the session was told.
    pub fn apply_others(&mut self, id: RoomId, others: Vec<String>) {
        if let Some(room) = self.rooms.get_mut(&id) {
            room.others = others;
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
