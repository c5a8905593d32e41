//! Meeting a server that isn't known, before there is a screen.

use tokio::sync::mpsc;

use crate::client::{ClientEvent, LinkState, StopReason};

/// Waits until a server is met that wasn't known. Returns why not, if the session ended instead.
pub(super) async fn meet(
    news: &mut mpsc::Receiver<ClientEvent>,
    early: &mut Vec<ClientEvent>,
    tell: &mut impl FnMut(&str),
) -> Option<StopReason> {
    while let Some(event) = news.recv().await {
        match &event {
            ClientEvent::Stopped(reason) => return Some(reason.clone()),
            ClientEvent::Link(LinkState::Waiting { reason, .. }) => tell(reason),
            ClientEvent::Welcome(_) => {
                early.push(event);
                return None;
            }
            ClientEvent::Link(_)
            | ClientEvent::RoundTrip(_)
            | ClientEvent::Began(_)
            | ClientEvent::Events(_)
            | ClientEvent::Trimmed(_)
            | ClientEvent::Ended(_)
            | ClientEvent::Presence(_)
            | ClientEvent::Typing(_)
            | ClientEvent::UserState(_)
            | ClientEvent::Announced(_)
            | ClientEvent::Greeting(_)
            | ClientEvent::Nick(_)
            | ClientEvent::Others { .. }
            | ClientEvent::Company(_)
            | ClientEvent::Queued(_)
            | ClientEvent::Sent { .. }
            | ClientEvent::Refused(_) => {}
        }
        early.push(event);
    }
    Some(StopReason::Quit)
}
