//! Rooms as somebody sees them: one, all of them, their members.

use std::sync::Arc;

use chat_proto::event::List;
use chat_proto::limits::LIST_PAGE_MAX;
use chat_proto::reply::{ListEntries, ListEntry, Member, MemberList, RoomDetails, RoomList, RoomSummary};
use chat_proto::request::UserRef;
use chat_proto::setting::PresenceMode;
use chat_proto::{AccountId, Named, Ordinal, Presence, Reject, RejectCode, RoomId, RoomInfo, Seq};

use super::gate::Reader;
use super::{Hub, no_such_room};
use crate::core::Actor;
use crate::core::access::{Action, Target, access};

impl Hub {
    /// How a room stands for somebody.
    ///
    /// # Errors
    /// [`RejectCode::NoSuchRoom`], or what the store says.
    pub async fn room_info(self: &Arc<Self>, by: Reader, id: RoomId, created: bool) -> Result<RoomInfo, Reject> {
        self.check_scope(by, id)?;
        let feed = self.room(id).await?;
        let account = self.account(by.account).await?;
        let read = account.look(self, move |account, _| account.read(id)).await?;
        let (hub, now) = (Arc::clone(self), self.now());
        let info = feed
            .look(self, move |room, meta| {
                hub.check(room, by, Action::Find, now)?;
                if !room.exists() {
                    return Err(no_such_room());
                }
                Ok(RoomInfo {
                    room: id,
                    epoch: meta.epoch,
                    name: room.name().to_owned(),
                    topic: room.topic().to_owned(),
                    member: room.members().contains_key(&by.account),
                    created,
                    members: u32::try_from(room.members().len()).unwrap_or(u32::MAX),
                    head: meta.head,
                    head_ordinal: meta.ordinal,
                    oldest: meta.oldest.max(room.readable_from(by.account, hub.rank(by.account))),
                    read: Seq::ZERO,
                    read_ordinal: Ordinal(0),
                })
            })
            .await??;
        Ok(RoomInfo { read: read.seq, read_ordinal: read.ordinal, ..info })
    }

    /// A page of the rooms somebody may know of.
    ///
    /// # Errors
    /// What the store says.
    pub async fn list_rooms(self: &Arc<Self>, by: Reader, after: RoomId, limit: u16) -> Result<RoomList, Reject> {
        let limit = usize::from(limit.clamp(1, LIST_PAGE_MAX));
        let mut rooms = Vec::new();
        let mut last = after;
        loop {
            let ids: Vec<RoomId> =
                self.read_directory(|directory| directory.rooms_after(last).map(|(id, _)| id).take(limit).collect());
            let Some(newest) = ids.last() else { return Ok(RoomList { rooms, more: false }) };
            last = *newest;
            for id in ids {
                let Some(summary) = self.summary(by, id).await? else { continue };
                if rooms.len() == limit {
                    return Ok(RoomList { rooms, more: true });
                }
                rooms.push(summary);
            }
        }
    }

    /// A line of the list of rooms; nothing for one that is not for him to know of.
    async fn summary(self: &Arc<Self>, by: Reader, id: RoomId) -> Result<Option<RoomSummary>, Reject> {
        let summary = self.ask(by, id, Action::Find, move |_, room| {
            (room.exists() && !room.is_direct()).then(|| RoomSummary {
                room: id,
                name: room.name().to_owned(),
                topic: room.topic().to_owned(),
                member: room.members().contains_key(&by.account),
                members: u32::try_from(room.members().len()).unwrap_or(u32::MAX),
            })
        });
        match summary.await {
            Ok(summary) => Ok(summary),
            Err(reject) if reject.retry == chat_proto::Retry::Later => Err(reject),
            Err(_) => Ok(None),
        }
    }

    /// A page of a room's members.
    ///
    /// # Errors
    /// Why they are not for him, or what the store says.
    pub async fn list_members(
        self: &Arc<Self>,
        by: Reader,
        room: RoomId,
        after: AccountId,
        limit: u16,
    ) -> Result<MemberList, Reject> {
        let limit = usize::from(limit.clamp(1, LIST_PAGE_MAX));
        let (total, mut page, shown) = self
            .ask(by, room, Action::Read, move |_, room| {
                let behind = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
                let page: Vec<_> =
                    room.members().range(behind).take(limit + 1).map(|(id, m)| (*id, m.clone())).collect();
                (room.members().len(), page, room.settings().presence)
            })
            .await?;
        let more = page.len() > limit;
        page.truncate(limit);
        let members = page.into_iter().map(|(account, member)| Member {
            account,
            name: member.name,
            role: member.role,
            presence: if shown == PresenceMode::Full { self.presence(account) } else { Presence::Offline },
            since: member.since,
        });
        Ok(MemberList { members: members.collect(), total: u32::try_from(total).unwrap_or(u32::MAX), more })
    }

    /// How a room is set, whose it is, and what somebody may do in it.
    ///
    /// # Errors
    /// Why it is not for him, or what the store says.
    pub async fn describe_room(self: &Arc<Self>, by: Reader, id: RoomId) -> Result<RoomDetails, Reject> {
        let now = self.now();
        self.ask(by, id, Action::Read, move |hub, room| {
            let standing = room.standing(by.account, by.kind, hub.rank(by.account), now);
            let ground = room.ground();
            let may = |action: &&Action| access(&standing, **action, &ground, Target::Nobody).is_ok();
            RoomDetails {
                room: id,
                name: room.name().to_owned(),
                owner: room.owner().cloned(),
                role: standing.role,
                settings: room.settings().all(),
                rights: Action::ALL.iter().filter(may).map(|action| action.name().to_owned()).collect(),
            }
        })
        .await
    }

    /// What somebody would be refused something with; nothing if he may do it.
    ///
    /// # Errors
    /// [`RejectCode::BadRequest`] for no action, [`RejectCode::NoSuchUser`] for no target, or what the store says.
    pub async fn explain(
        self: &Arc<Self>,
        by: &Actor,
        room: RoomId,
        action: &str,
        target: Option<&UserRef>,
    ) -> Result<Option<Reject>, Reject> {
        let known = || Action::ALL.iter().map(|action| action.name()).collect::<Vec<_>>().join(", ");
        let action = Action::named(action).ok_or_else(|| {
            Reject::new(RejectCode::BadRequest, format!("there is no action {action:?}; there are {}", known()))
        })?;
        let target = target.map(|user| self.person(user)).transpose()?;
        let by = Actor { rank: self.rank(by.account), ..by.clone() };
        let now = self.now();
        if let Err(refusal) = self.check_scope(by.reader(), room) {
            return Ok(Some(refusal));
        }
        let feed = self.room(room).await?;
        feed.look(self, move |room, _| match target {
            Some(person) => room.allow_to(&by, action, &person, now).err(),
            None => room.allow(&by, action, now).err(),
        })
        .await
    }

    /// A page of one of a room's lists.
    ///
    /// # Errors
    /// Why it is not for him, or what the store says.
    pub async fn read_list(
        self: &Arc<Self>,
        by: Reader,
        room: RoomId,
        list: List,
        after: AccountId,
        limit: u16,
    ) -> Result<ListEntries, Reject> {
        let limit = usize::from(limit.clamp(1, LIST_PAGE_MAX));
        let mut entries: Vec<ListEntry> = self
            .ask(by, room, Action::ReadLists, move |_, room| {
                let entry = |(account, entry): (AccountId, &crate::core::room::Entry)| ListEntry {
                    who: Named { account, name: entry.name.clone() },
                    until: entry.until,
                    reason: entry.reason.clone(),
                    by: entry.by,
                    since: entry.since,
                };
                room.lists().of(list, after).take(limit + 1).map(entry).collect()
            })
            .await?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        Ok(ListEntries { list, entries, more })
    }
}
