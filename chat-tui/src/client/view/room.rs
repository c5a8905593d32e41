//! One room as an account knows it.

use std::collections::{BTreeMap, BTreeSet};

use chat_proto::event::{Posted, PostedWith};
use chat_proto::limits::MENTIONS_KEPT_MAX;
use chat_proto::reach::CONVERSATION_PREFIX;
use chat_proto::reply::Member;
use chat_proto::{AccountId, Epoch, Event, FeedStatus, Ordinal, Presence, Role, RoomFact, Seq};
use tokio::time::Instant;

use super::is_set_back;

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
    /// Who a conversation is with, by name and in that order: once known it stays so. Nobody in any other room.
    pub others: Vec<String>,
    /// The event that comes next.
    pub(in crate::client) next: Seq,
    /// How many members are there, as the server last said.
    pub online: u32,
    /// Who is writing, and until when that holds.
    pub(in crate::client) typing: BTreeMap<AccountId, (String, Instant)>,
}

impl RoomView {
    /// Whether it is a conversation between few.
    #[must_use]
    pub fn is_conversation(&self) -> bool {
        self.name.starts_with(CONVERSATION_PREFIX)
    }

    /// What it is called on a screen: `#` and its name, or with whom it is.
    #[must_use]
    pub fn label(&self) -> String {
        if self.others.is_empty() {
            return format!("#{}", self.name);
        }
        format!("@{}", self.others.join(", "))
    }

    /// Whether it is a conversation nobody knows with whom.
    #[must_use]
    pub(in crate::client) fn is_nameless(&self) -> bool {
        self.member && self.others.is_empty() && self.is_conversation()
    }

    /// These are in a conversation, `me` among them.
    pub(in crate::client) fn set_people(&mut self, people: impl Iterator<Item = (AccountId, String)>, me: AccountId) {
        let mut others: Vec<String> = people.filter(|(account, _)| *account != me).map(|(_, name)| name).collect();
        others.sort_by_key(|name| name.to_lowercase());
        if !others.is_empty() {
            self.others = others;
        }
    }

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
    pub(in crate::client) fn without_company(&self) -> Self {
        let Self { name, others, mentions, epoch, member, head, head_ordinal, oldest, read, read_ordinal, .. } = self;
        Self {
            name: name.clone(),
            others: others.clone(),
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

    pub(super) fn apply_status(&mut self, status: &FeedStatus) {
        let set_back = self.epoch != status.epoch || is_set_back(status.state);
        if set_back {
            *self = Self { others: std::mem::take(&mut self.others), ..Self::default() };
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

    pub(super) fn apply_event(&mut self, event: &Event, me: AccountId) {
        match event.body.room_fact() {
            Some(RoomFact::Created(created)) => self.insert_member(event.by, &created.name, Role::Owner),
            Some(RoomFact::Joined(joined)) => self.insert_member(event.by, &joined.name, Role::Member),
            Some(RoomFact::DirectCreated(created)) => {
                created.members.iter().for_each(|who| self.insert_member(who.account, &who.name, Role::Member));
                self.set_people(created.members.iter().map(|who| (who.account, who.name.clone())), me);
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
                // Not always who did it: the server's owner may give away a room that is another's.
                let owners = self.members.values_mut().filter(|member| member.role == Role::Owner);
                owners.for_each(|member| member.role = Role::Admin);
                self.set_role(changed.member.account, Role::Owner);
            }
            Some(
                RoomFact::Redacted(_)
                | RoomFact::RedactedFor(_)
                | RoomFact::Reacted(_)
                | RoomFact::Pinned(_)
                | RoomFact::RoomChanged(_)
                | RoomFact::Listed(_)
                | RoomFact::Unlisted(_)
                | RoomFact::Purged(_)
                | RoomFact::Deleted(_)
                | RoomFact::Erased(_)
                | RoomFact::ErasedFor(_),
            ) => {}
            None => {}
        }
        self.next = self.next.max(event.seq.next());
        if event.seq > self.head {
            self.head = event.seq;
            self.head_ordinal = self.head_ordinal.max(event.ordinal);
        }
    }

    /// A member as the server has him.
    pub(super) fn apply_member(&mut self, member: &Member) {
        let view = MemberView { name: member.name.clone(), role: member.role, presence: member.presence };
        self.members.insert(member.account, view);
    }

    fn forget_company(&mut self) {
        self.members.clear();
        self.typing.clear();
    }

    pub(super) fn insert_member(&mut self, account: AccountId, name: &str, role: Role) {
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

    pub(super) fn mark_read(&mut self, seq: Seq, ordinal: Ordinal) {
        if seq > self.read {
            self.read = seq;
            self.read_ordinal = self.read_ordinal.max(ordinal);
        }
        self.settle_mentions();
    }

    pub(super) fn settle_mentions(&mut self) {
        self.mentions = self.mentions.split_off(&self.read.next());
        while self.mentions.len() > MENTIONS_KEPT_MAX {
            self.mentions.pop_first();
        }
    }
}
