//! One room: its name, its settings, its people, and what its events make of them.

mod forwarding;
mod life;
mod lists;
mod settings;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet};

use chat_proto::codec::CodecError;
use chat_proto::event::{Created, DirectCreated, Joined, Named, OwnerChanged, Pinned, Redacted, RedactedFor, RoleSet};
use chat_proto::setting::HistoryFrom;
use chat_proto::{AccountId, Event, EventBody, List, Reject, RejectCode, Role, RoomFact, RoomSetting, Seq, Timestamp};

use super::access::{Action, Ground, Standing, Target, access, may_stay};
use super::command::{Person, RoomCommand};
use super::guest::{GUESTS_FROM, is_guest};
use super::{AccountKind, Actor, ServerRank, State};

pub use forwarding::Forwarding;
pub use lists::{Entry, Lists};
pub use settings::{Settings, check};

/// One membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The member's name.
    pub name: String,
    /// What he may do.
    pub role: Role,
    /// When he joined.
    pub since: Timestamp,
    /// With which event he joined.
    pub joined: Seq,
}

/// A room's state. Before its first event it exists for nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    name: String,
    settings: Settings,
    is_direct: bool,
    is_deleted: bool,
    owner: Option<Named>,
    members: BTreeMap<AccountId, Membership>,
    lists: Lists,
    pins: BTreeSet<Seq>,
    /// When each who is bound by the slow mode last wrote.
    last_posts: BTreeMap<AccountId, Timestamp>,
    /// Since when nobody is a member, or it was last set how long it lives so.
    empty_since: Option<Timestamp>,
    forwarding: Option<Forwarding>,
}

impl Room {
    /// Whether the room began, and was not deleted.
    #[must_use]
    pub fn exists(&self) -> bool {
        !self.name.is_empty() && !self.is_deleted
    }

    /// Whether it was deleted: nothing of its history is to be kept.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.is_deleted
    }

    /// Its name, without `#`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is about.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.settings.topic
    }

    /// How it is set.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether it is a conversation between few.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.is_direct
    }

    /// Whose it is, member or not.
    #[must_use]
    pub fn owner(&self) -> Option<&Named> {
        self.owner.as_ref()
    }

    /// Its members, by account.
    #[must_use]
    pub fn members(&self) -> &BTreeMap<AccountId, Membership> {
        &self.members
    }

    /// Its members who are guests.
    pub fn guests(&self) -> impl Iterator<Item = AccountId> {
        self.members.range(GUESTS_FROM..).map(|(account, _)| *account)
    }

    /// Who is banned, muted or invited.
    #[must_use]
    pub fn lists(&self) -> &Lists {
        &self.lists
    }

    /// Its pinned messages.
    #[must_use]
    pub fn pins(&self) -> &BTreeSet<Seq> {
        &self.pins
    }

    /// What matters of its settings for who may do what.
    #[must_use]
    pub fn ground(&self) -> Ground {
        self.settings.ground(self.is_direct)
    }

    /// What somebody is in it.
    #[must_use]
    pub fn standing(&self, account: AccountId, kind: AccountKind, rank: ServerRank, now: Timestamp) -> Standing {
        let on = |list| self.lists.holds(list, account, now);
        Standing {
            kind: Some(kind),
            rank,
            role: self.members.get(&account).map(|member| member.role),
            banned: on(List::Banned),
            muted: on(List::Muted),
            // It stays the owner's to come back to.
            invited: on(List::Invited) || self.owner.as_ref().is_some_and(|owner| owner.account == account),
        }
    }

    /// Whether an actor may do something, to nobody in particular.
    ///
    /// # Errors
    /// Why not.
    pub fn allow(&self, by: &Actor, action: Action, now: Timestamp) -> Result<(), Reject> {
        access(&self.of_actor(by, now), action, &self.ground(), Target::Nobody)
    }

    /// Whether an actor may do something to a person, or to his message.
    ///
    /// # Errors
    /// Why not.
    pub fn allow_to(&self, by: &Actor, action: Action, whom: &Person, now: Timestamp) -> Result<(), Reject> {
        let target = if whom.account == by.account {
            Target::Himself
        } else {
            Target::Other(self.standing(whom.account, whom.kind, whom.rank, now))
        };
        access(&self.of_actor(by, now), action, &self.ground(), target)
    }

    fn of_actor(&self, by: &Actor, now: Timestamp) -> Standing {
        self.standing(by.account, by.kind, by.rank, now)
    }

    /// The first event an account may read: later than the first where history is shown from joining on.
    #[must_use]
    pub fn readable_from(&self, account: AccountId, rank: ServerRank) -> Seq {
        let Some(member) = self.members.get(&account) else { return Seq(1) };
        let sees_all = member.role.rank() > Role::Member.rank() || rank == ServerRank::Owner;
        match self.settings.history {
            HistoryFrom::Joining if !sees_all => member.joined,
            HistoryFrom::Joining | HistoryFrom::Beginning => Seq(1),
        }
    }

    /// How long somebody has to wait before he may write again, if he is bound by the slow mode.
    pub(super) fn must_wait_us(&self, by: &Actor, now: Timestamp) -> Option<i64> {
        if !self.is_slowed(by.account) || by.rank == ServerRank::Owner {
            return None;
        }
        let last = self.last_posts.get(&by.account)?;
        let since = now.0.saturating_sub(last.0);
        let left = i64::from(self.settings.slow_mode_s) * 1_000_000 - since;
        // What was written later than now was written before the clock was set back: it silences nobody.
        (since >= 0 && left > 0).then_some(left)
    }

    fn is_slowed(&self, account: AccountId) -> bool {
        let trusted = self.members.get(&account).is_some_and(|member| member.role.rank() > Role::Member.rank());
        self.settings.slow_mode_s > 0 && !trusted
    }

    fn note_post(&mut self, event: &Event) {
        if self.is_slowed(event.by) {
            self.last_posts.insert(event.by, event.at);
        }
    }

    /// The members a text names: `@name`, or the name itself at the start before a colon or comma.
    pub(super) fn named_in(&self, text: &str, author: AccountId, seen_by: Option<&[AccountId]>) -> Vec<AccountId> {
        let words = super::command::mention::named(text);
        if words.is_empty() {
            return Vec::new();
        }
        let sees = |account: &AccountId| seen_by.is_none_or(|accounts| accounts.contains(account));
        self.members
            .iter()
            .filter(|(account, member)| {
                **account != author && words.contains(&member.name.to_lowercase()) && sees(account)
            })
            .map(|(account, _)| *account)
            .take(chat_proto::limits::MENTIONS_PER_POST_MAX)
            .collect()
    }

    fn admit(&mut self, event: &Event, who: &Named) {
        let owns = self.owner.as_ref().is_some_and(|owner| owner.account == who.account);
        let role = if owns { Role::Owner } else { Role::Member };
        let membership = Membership { name: who.name.clone(), role, since: event.at, joined: event.seq };
        self.members.insert(who.account, membership);
    }

    fn set_role(&mut self, account: AccountId, role: Role) {
        if let Some(member) = self.members.get_mut(&account) {
            member.role = role;
        }
    }

    fn begin_direct(&mut self, event: &Event, created: &DirectCreated) {
        self.name.clone_from(&created.room);
        self.settings = Settings::direct();
        self.is_direct = true;
        for who in &created.members {
            let entry =
                Entry { name: who.name.clone(), until: None, reason: String::new(), by: event.by, since: event.at };
            self.lists.restore(List::Invited, who.account, entry);
            self.admit(event, who);
        }
    }

    /// Whose right to be a member an event may have taken: everybody's, or one person's.
    fn touched(&self, event: &Event) -> Vec<AccountId> {
        let one = |who: &Named| self.members.contains_key(&who.account).then_some(who.account).into_iter().collect();
        let sets_joining = |change: &RoomSetting| matches!(change, RoomSetting::Joining(_));
        match event.body.room_fact() {
            Some(RoomFact::Listed(it)) => one(&it.who),
            Some(RoomFact::Unlisted(it)) => one(&it.who),
            Some(RoomFact::RoleSet(it)) => one(&it.member),
            Some(RoomFact::OwnerChanged(_)) => self.members.get(&event.by).map(|_| event.by).into_iter().collect(),
            Some(RoomFact::RoomChanged(it)) if it.changes.iter().any(sets_joining) => {
                self.members.keys().copied().collect()
            }
            Some(
                RoomFact::Created(_)
                | RoomFact::DirectCreated(_)
                | RoomFact::Joined(_)
                | RoomFact::Left(_)
                | RoomFact::Posted(_)
                | RoomFact::PostedWith(_)
                | RoomFact::Edited(_)
                | RoomFact::Redacted(_)
                | RoomFact::RedactedFor(_)
                | RoomFact::Reacted(_)
                | RoomFact::Pinned(_)
                | RoomFact::RoomChanged(_)
                | RoomFact::Renamed(_)
                | RoomFact::Kicked(_)
                | RoomFact::Evicted(_)
                | RoomFact::Purged(_)
                | RoomFact::Deleted(_)
                | RoomFact::Erased(_)
                | RoomFact::ErasedFor(_),
            )
            | None => Vec::new(),
        }
    }

    /// The members an event took the right to be members from.
    fn losers(&self, event: &Event) -> Vec<Named> {
        let ground = self.ground();
        let lost = |account: &AccountId| {
            let member = self.members.get(account)?;
            let kind = if is_guest(*account) { AccountKind::Guest } else { AccountKind::User };
            let standing = self.standing(*account, kind, ServerRank::None, event.at);
            (!may_stay(&standing, &ground)).then(|| Named { account: *account, name: member.name.clone() })
        };
        self.touched(event).iter().filter_map(lost).collect()
    }
}

#[cfg(test)]
impl Room {
    /// Its lists, for a test to fill.
    pub(in crate::core) fn lists_mut(&mut self) -> &mut Lists {
        &mut self.lists
    }
}

impl State for Room {
    type Command = RoomCommand;

    const SNAPSHOT_VERSION: u16 = 2;

    fn decide(&self, by: &Actor, command: &RoomCommand, now: Timestamp) -> Result<Option<EventBody>, Reject> {
        if self.is_deleted && command.begins() {
            let message = "a room of that name was deleted just now; the same again makes another one";
            return Err(Reject::new(RejectCode::Conflict, message));
        }
        if !self.exists() && !command.begins() {
            return Err(Reject::new(RejectCode::NoSuchRoom, "there is no such room; /create makes one"));
        }
        command.decide(self, by, now)
    }

    fn follow(&self, command: &RoomCommand, event: &Event) -> Vec<EventBody> {
        let mut bodies = command.also(self, event);
        bodies.extend(super::command::evict::evicted(&self.losers(event)));
        bodies
    }

    fn apply(&mut self, event: &Event) {
        let Some(fact) = event.body.room_fact() else { return };
        let was_empty = self.members.is_empty();
        match fact {
            RoomFact::Created(Created { room, name, topic }) => {
                self.name.clone_from(room);
                self.settings.topic.clone_from(topic);
                let owner = Named { account: event.by, name: name.clone() };
                self.owner = Some(owner.clone());
                self.admit(event, &owner);
            }
            RoomFact::DirectCreated(created) => self.begin_direct(event, created),
            RoomFact::Joined(Joined { name }) => self.admit(event, &Named { account: event.by, name: name.clone() }),
            RoomFact::Left(_) => drop(self.members.remove(&event.by)),
            RoomFact::Kicked(it) => drop(self.members.remove(&it.member.account)),
            RoomFact::Evicted(it) => it.members.iter().for_each(|who| drop(self.members.remove(&who.account))),
            RoomFact::Posted(_) | RoomFact::PostedWith(_) => self.note_post(event),
            // Its words are gone; that it was posted, and when, is not.
            RoomFact::Erased(_) | RoomFact::ErasedFor(_) if event.body.was_message() => self.note_post(event),
            RoomFact::Pinned(Pinned { target, on: true, .. }) => drop(self.pins.insert(*target)),
            RoomFact::Pinned(Pinned { target, .. }) => drop(self.pins.remove(target)),
            RoomFact::Redacted(Redacted { target, .. }) | RoomFact::RedactedFor(RedactedFor { target, .. }) => {
                self.pins.remove(target);
            }
            RoomFact::RoomChanged(it) => {
                it.changes.iter().for_each(|change| self.settings.apply(change));
                if self.settings.slow_mode_s == 0 {
                    self.last_posts.clear();
                }
            }
            RoomFact::Renamed(it) => self.name.clone_from(&it.new),
            RoomFact::RoleSet(RoleSet { member, role, .. }) => self.set_role(member.account, *role),
            RoomFact::OwnerChanged(OwnerChanged { member, .. }) => {
                if let Some(before) = self.owner.replace(member.clone()) {
                    self.set_role(before.account, Role::Admin);
                }
                self.set_role(member.account, Role::Owner);
            }
            RoomFact::Listed(it) => self.lists.add(event, it),
            RoomFact::Unlisted(it) => self.lists.remove(it),
            RoomFact::Deleted(_) => self.is_deleted = true,
            // What was removed is gone from the rows; the state never held it.
            RoomFact::Edited(_)
            | RoomFact::Reacted(_)
            | RoomFact::Purged(_)
            | RoomFact::Erased(_)
            | RoomFact::ErasedFor(_) => {}
        }
        self.note_empty(was_empty, event.at, fact);
        self.note_forwarding(event, fact);
    }

    fn snapshot(&self) -> Vec<u8> {
        snapshot::write(self)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), CodecError> {
        *self = snapshot::read(bytes)?;
        Ok(())
    }
}
