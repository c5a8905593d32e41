//! One value of every kind about invitations.

use chat_proto::invite::*;
use chat_proto::realm::*;
use chat_proto::*;

use super::{NOON, text};

pub(super) fn auths() -> Vec<Auth> {
    let (device, signature) = (DeviceKey([0xd1; 32]), [0x51; 64]);
    let secret = text("01ZA-0ZJK-MNPQ-01ZA-0ZJK-MNPQ-01");
    vec![InviteAuth { device, name: text("dave"), signature, secret, room: text("ops") }.into()]
}

pub(super) fn requests() -> Vec<Request> {
    vec![
        MakeInvite { room: Some(RoomRef::Id(RoomId(3))), uses: 5, for_s: 86_400 }.into(),
        ListInvites {}.into(),
        RevokeInvite { invite: InviteId(7) }.into(),
    ]
}

pub(super) fn replies() -> Vec<Reply> {
    let (invite, until) = (InviteId(7), NOON);
    let by = Named { account: AccountId(17), name: text("alice") };
    let (room, room_name) = (Some(RoomId(3)), text("ops"));
    let info = InviteInfo { invite, room, room_name, by, uses: 5, used: 1, since: NOON, until };
    let secret = text("01ZA-0ZJK-MNPQ-01ZA-0ZJK-MNPQ-01");
    vec![Invite { invite, secret, room: text("ops"), until }.into(), InviteList { invites: vec![info] }.into()]
}

pub(super) fn bodies() -> Vec<EventBody> {
    let (invite, secret) = (InviteId(7), SecretHash([0x5e; 32]));
    vec![
        InviteMade { secret, room: Some(RoomId(3)), uses: 5, until: NOON }.into(),
        InviteUsed { invite, name: text("dave") }.into(),
        InviteRevoked { invite }.into(),
    ]
}
