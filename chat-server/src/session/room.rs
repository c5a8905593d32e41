//! Requests about a room and people in it: parsed here, decided by the room's rules.

use chat_proto::request::{
    BanAndPurge, ChangeRoom, CreateRoomWith, DeleteRoom, Kick, Purge, PutOnList, RenameRoom, SetRole, TakeOffList,
    TransferRoom,
};
use chat_proto::{Line, List, MessageKey, Reject, Reply, RoomId};

use super::Session;
use super::request::{Answer, bad_text, check_key, receipt};
use crate::core::command::{self, RoomCommand};
use crate::hub::rooms::parse_room;

impl Session {
    pub(super) async fn create_with(self, CreateRoomWith { key, name, settings }: CreateRoomWith) -> Answer {
        check_key(key)?;
        let create = command::Create { name: parse_room(&name)?, topic: Line::default(), settings };
        self.hub.create_room(&self.actor, key, create).await.map(Reply::from)
    }

    pub(super) async fn change_room(self, ChangeRoom { key, room, changes }: ChangeRoom) -> Answer {
        self.command(key, room, RoomCommand::Change(command::Change { changes })).await
    }

    pub(super) async fn rename_room(self, RenameRoom { key, room, name }: RenameRoom) -> Answer {
        check_key(key)?;
        let (found, repeated) = self.hub.rename_room(&self.actor, key, room, parse_room(&name)?).await?;
        Ok(receipt(found, repeated))
    }

    pub(super) async fn delete_room(self, DeleteRoom { key, room, if_empty, reason }: DeleteRoom) -> Answer {
        check_key(key)?;
        let delete = command::Delete { if_empty, reason: parse_reason(&reason)? };
        let (found, repeated) = self.hub.delete_room(&self.actor, key, room, delete).await?;
        Ok(receipt(found, repeated))
    }

    pub(super) async fn set_role(self, SetRole { key, room, user, role }: SetRole) -> Answer {
        let whom = self.hub.person(&user)?;
        self.command(key, room, RoomCommand::SetRole(command::SetRole { whom, role })).await
    }

    pub(super) async fn transfer_room(self, TransferRoom { key, room, user }: TransferRoom) -> Answer {
        let whom = self.hub.person(&user)?;
        self.command(key, room, RoomCommand::Transfer(command::Transfer { whom })).await
    }

    pub(super) async fn put_on_list(self, put: PutOnList) -> Answer {
        let PutOnList { key, room, user, list, until, reason } = put;
        let (whom, reason) = (self.hub.person(&user)?, parse_reason(&reason)?);
        self.command(key, room, RoomCommand::PutOnList(command::PutOnList { whom, list, until, reason, purge: None }))
            .await
    }

    pub(super) async fn ban_and_purge(self, ban: BanAndPurge) -> Answer {
        let BanAndPurge { key, room, user, until, reason } = ban;
        let (whom, reason) = (self.hub.person(&user)?, parse_reason(&reason)?);
        let purge = Some(self.hub.extent(room, whom.account).await?);
        let put = command::PutOnList { whom, list: List::Banned, until, reason, purge };
        self.command(key, room, RoomCommand::PutOnList(put)).await
    }

    pub(super) async fn take_off_list(self, take: TakeOffList) -> Answer {
        let TakeOffList { key, room, user, list, reason } = take;
        let (whom, reason) = (self.hub.person(&user)?, parse_reason(&reason)?);
        self.command(key, room, RoomCommand::TakeOffList(command::TakeOffList { whom, list, reason })).await
    }

    pub(super) async fn kick(self, Kick { key, room, user, reason }: Kick) -> Answer {
        let (whom, reason) = (self.hub.person(&user)?, parse_reason(&reason)?);
        self.command(key, room, RoomCommand::Kick(command::Kick { whom, reason })).await
    }

    pub(super) async fn purge(self, Purge { key, room, user, reason }: Purge) -> Answer {
        check_key(key)?;
        let (whom, reason) = (self.hub.person(&user)?, parse_reason(&reason)?);
        let (found, repeated) = self.hub.purge(&self.actor, key, room, whom, reason).await?;
        Ok(receipt(found, repeated))
    }

    /// Gives a room a command, and answers with the place of its event.
    pub(super) async fn command(&self, key: MessageKey, room: RoomId, command: RoomCommand) -> Answer {
        check_key(key)?;
        let (found, repeated) = self.hub.command_room(&self.actor, key, room, command).await?;
        Ok(receipt(found, repeated))
    }
}

/// A reason as somebody gave it.
pub(super) fn parse_reason(reason: &str) -> Result<Line, Reject> {
    Line::parse(reason).map_err(|e| bad_text("the reason", &e))
}
