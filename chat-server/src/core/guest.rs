//! Guests: which numbers are theirs, and what is for nobody who will be gone.

use chat_proto::{AccountId, Reject, RejectCode, Request, Timestamp};

/// The least number of a guest: more accounts than there will ever be, and few enough for a number in JSON.
pub const GUESTS_FROM: AccountId = AccountId(1 << 52);

/// Whether a number is a guest's, there or gone.
#[must_use]
pub fn is_guest(account: AccountId) -> bool {
    account >= GUESTS_FROM
}

/// A guest's number that was never given: the microsecond he came in, or the one behind the last guest's.
#[must_use]
pub fn next_number(last: AccountId, now: Timestamp) -> AccountId {
    let micros = u64::try_from(now.0).unwrap_or(0).min(GUESTS_FROM.0 - 1);
    AccountId((GUESTS_FROM.0 + micros).max(last.0.saturating_add(1)))
}

/// Whether a guest may ask something at all. What he may do in a room is the room's to say.
///
/// # Errors
/// [`RejectCode::Forbidden`].
// The one list of everything that can be asked, so that whatever is new has to be answered here.
#[allow(clippy::too_many_lines)]
pub fn may_ask(request: &Request) -> Result<(), Reject> {
    let never = match request {
        Request::CreateRoom(_) | Request::CreateRoomWith(_) => "make no rooms",
        Request::OpenDirect(_) | Request::SetDirectPolicy(_) => "have no conversations",
        Request::MakeInvite(_) | Request::ListInvites(_) | Request::RevokeInvite(_) => "invite nobody",
        Request::MakeBotToken(_) | Request::ListBotTokens(_) | Request::RevokeBotToken(_) => "have no bots",
        Request::MakeLinkCode(_)
        | Request::ListDevices(_)
        | Request::RevokeDevice(_)
        | Request::MakeRecoveryCode(_)
        | Request::SetPassword(_) => "have no devices to add, to take away or to lose",
        Request::ClaimServer(_) => "own no server",
        Request::Upload(_) => "send no files",
        Request::SetNick(_) => "have the name they came with and no other",
        Request::SetStatus(_) | Request::SetState(_) | Request::SetSeenPolicy(_) => "show nothing of themselves",
        Request::Block(_) | Request::SetContact(_) => {
            "have no contacts and block nobody; /ignore hides what somebody writes"
        }
        Request::Hello(_)
        | Request::Ping(_)
        | Request::Download(_)
        | Request::JoinRoom(_)
        | Request::LeaveRoom(_)
        | Request::ListRooms(_)
        | Request::LookUpRoom(_)
        | Request::Post(_)
        | Request::PostWith(_)
        | Request::PostBatch(_)
        | Request::History(_)
        | Request::MarkRead(_)
        | Request::ListMembers(_)
        | Request::Whois(_)
        | Request::Search(_)
        | Request::Subscribe(_)
        | Request::Unsubscribe(_)
        | Request::Focus(_)
        | Request::ListSessions(_)
        | Request::EndSession(_)
        | Request::BanFromServer(_)
        | Request::LiftBan(_)
        | Request::ListBans(_)
        | Request::BanAndPurge(_)
        | Request::PurgeFromServer(_)
        | Request::GetNicks(_)
        | Request::SetDefence(_)
        | Request::AskDefence(_)
        | Request::DeviceMessage(_)
        | Request::SetDraft(_)
        | Request::SetNotify(_)
        | Request::PinRoom(_)
        | Request::SetSetting(_)
        | Request::Ignore(_)
        | Request::ListAudit(_)
        | Request::GetProfile(_)
        | Request::AskSeen(_)
        | Request::ListReadMarks(_)
        | Request::ListMentions(_)
        | Request::ChangeRoom(_)
        | Request::RenameRoom(_)
        | Request::DeleteRoom(_)
        | Request::DescribeRoom(_)
        | Request::Explain(_)
        | Request::Edit(_)
        | Request::Redact(_)
        | Request::React(_)
        | Request::Pin(_)
        | Request::Announce(_)
        | Request::Forward(_)
        | Request::ListFolds(_)
        | Request::ListPins(_)
        | Request::SetRole(_)
        | Request::TransferRoom(_)
        | Request::PutOnList(_)
        | Request::TakeOffList(_)
        | Request::ReadList(_)
        | Request::Kick(_)
        | Request::Purge(_)
        | Request::AuditRoom(_)
        | Request::Unknown { .. } => return Ok(()),
    };
    Err(Reject::new(RejectCode::Forbidden, format!("guests {never}; take a name first")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_never_given_again_whatever_the_clock_says() {
        let noon = Timestamp(1_700_000_000_000_000);
        let first = next_number(AccountId(0), noon);
        assert!(is_guest(first) && !is_guest(AccountId(7)));
        let mut last = first;
        for now in
            [noon, Timestamp(noon.0 - 1), Timestamp(0), Timestamp(-5), Timestamp(noon.0 + 1), Timestamp(i64::MAX)]
        {
            let next = next_number(last, now);
            assert!(next > last && next.0 < 1 << 53, "{next} after {last}");
            last = next;
        }
        assert!(next_number(AccountId(0), Timestamp(noon.0 + 1)) > first, "another life of the server goes on behind");
    }
}
