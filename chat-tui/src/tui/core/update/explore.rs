//! Looking only: what would be told to the server, or written there, is held back.

use chat_proto::Request;

use super::notice;
use crate::tui::core::effect::{Effect, Effects, Errand};
use crate::tui::core::model::Model;

/// What is said of it.
pub(super) const ONLY_LOOKING: &str = "you are only looking, so nothing is sent; /set explore off";

/// Takes out of the effects what a person who only looks does not want, and says so where he asked for it. Whether he did.
pub(super) fn hold_back(model: &mut Model, effects: &mut Effects) -> bool {
    let mut asked = false;
    effects.list.retain(|effect| {
        let Effect::At(_, errand) = effect else { return true };
        let quiet = matches!(errand, Errand::MarkRead { .. } | Errand::Typing { .. });
        let writes = writes(errand);
        asked |= writes;
        !quiet && !writes
    });
    if asked {
        notice(model, effects, true, ONLY_LOOKING);
    }
    asked
}

fn writes(errand: &Errand) -> bool {
    match errand {
        Errand::Send { .. } | Errand::Retry(_) | Errand::Upload { .. } => true,
        Errand::Request(_, request) => !reads(request),
        Errand::Discard(_)
        | Errand::TakeBack(_)
        | Errand::Fetch { .. }
        | Errand::MarkRead { .. }
        | Errand::Typing { .. }
        | Errand::Download { .. }
        | Errand::View { .. }
        | Errand::Stop(_)
        | Errand::Focus(_)
        | Errand::Export(_) => false,
    }
}

/// Whether a request only asks. Whatever is not known to, does not.
fn reads(request: &Request) -> bool {
    matches!(
        request,
        Request::ListRooms(_)
            | Request::LookUpRoom(_)
            | Request::DescribeRoom(_)
            | Request::Explain(_)
            | Request::History(_)
            | Request::ListMembers(_)
            | Request::Whois(_)
            | Request::ReadList(_)
            | Request::AuditRoom(_)
            | Request::ListFolds(_)
            | Request::ListPins(_)
            | Request::ListAudit(_)
            | Request::ListDevices(_)
            | Request::ListSessions(_)
            | Request::ListMentions(_)
            | Request::GetProfile(_)
            | Request::GetNicks(_)
            | Request::AskSeen(_)
            | Request::Search(_)
    )
}
