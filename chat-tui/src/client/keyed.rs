//! Which requests are commands that are named by a key, so that a repetition answers with the first result.

use chat_proto::{MessageKey, Request};

/// Gives a command its key; a request that has none stays as it is.
pub(super) fn with_key(mut request: Request, key: MessageKey) -> Request {
    if let Some(slot) = key_of(&mut request) {
        *slot = key;
    }
    request
}

/// Whether a request is named by a key.
pub(super) fn has_key(request: &mut Request) -> bool {
    key_of(request).is_some()
}

#[expect(clippy::too_many_lines, reason = "a line for each kind of request")]
fn key_of(request: &mut Request) -> Option<&mut MessageKey> {
    Some(match request {
        Request::CreateRoom(it) => &mut it.key,
        Request::CreateRoomWith(it) => &mut it.key,
        Request::JoinRoom(it) => &mut it.key,
        Request::LeaveRoom(it) => &mut it.key,
        Request::ChangeRoom(it) => &mut it.key,
        Request::RenameRoom(it) => &mut it.key,
        Request::DeleteRoom(it) => &mut it.key,
        Request::Post(it) => &mut it.key,
        Request::PostWith(it) => &mut it.key,
        Request::Edit(it) => &mut it.key,
        Request::Redact(it) => &mut it.key,
        Request::React(it) => &mut it.key,
        Request::Pin(it) => &mut it.key,
        Request::Forward(it) => &mut it.key,
        Request::SetRole(it) => &mut it.key,
        Request::TransferRoom(it) => &mut it.key,
        Request::PutOnList(it) => &mut it.key,
        Request::TakeOffList(it) => &mut it.key,
        Request::Kick(it) => &mut it.key,
        Request::BanAndPurge(it) => &mut it.key,
        Request::SetSeenPolicy(it) => &mut it.key,
        Request::Purge(it) => &mut it.key,
        Request::SetDraft(it) => &mut it.key,
        Request::SetNotify(it) => &mut it.key,
        Request::PinRoom(it) => &mut it.key,
        Request::SetSetting(it) => &mut it.key,
        Request::Ignore(it) => &mut it.key,
        Request::SetStatus(it) => &mut it.key,
        Request::SetState(it) => &mut it.key,
        Request::Block(it) => &mut it.key,
        Request::SetContact(it) => &mut it.key,
        Request::SetDirectPolicy(it) => &mut it.key,
        Request::OpenDirect(it) => &mut it.key,
        // The messages of a batch have a key each.
        Request::PostBatch(_)
        | Request::Hello(_)
        | Request::Ping(_)
        | Request::ListRooms(_)
        | Request::LookUpRoom(_)
        | Request::DescribeRoom(_)
        | Request::Explain(_)
        | Request::History(_)
        | Request::Upload(_)
        | Request::Download(_)
        | Request::MarkRead(_)
        | Request::Announce(_)
        | Request::ListMembers(_)
        | Request::Whois(_)
        | Request::Subscribe(_)
        | Request::Unsubscribe(_)
        | Request::Focus(_)
        | Request::ReadList(_)
        | Request::AuditRoom(_)
        | Request::ListFolds(_)
        | Request::ListPins(_)
        | Request::ClaimServer(_)
        | Request::ListAudit(_)
        | Request::MakeLinkCode(_)
        | Request::ListDevices(_)
        | Request::RevokeDevice(_)
        | Request::MakeRecoveryCode(_)
        | Request::SetPassword(_)
        | Request::MakeInvite(_)
        | Request::ListInvites(_)
        | Request::RevokeInvite(_)
        | Request::MakeBotToken(_)
        | Request::ListBotTokens(_)
        | Request::RevokeBotToken(_)
        | Request::AskSeen(_)
        | Request::PurgeFromServer(_)
        | Request::SetDefence(_)
        | Request::AskDefence(_)
        | Request::SetNick(_)
        | Request::GetNicks(_)
        | Request::ListSessions(_)
        | Request::EndSession(_)
        | Request::DeviceMessage(_)
        | Request::BanFromServer(_)
        | Request::LiftBan(_)
        | Request::ListBans(_)
        | Request::GetProfile(_)
        | Request::ListMentions(_)
        | Request::ListReadMarks(_)
        | Request::Search(_)
        | Request::Unknown { .. } => return None,
    })
}
