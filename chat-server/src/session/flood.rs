//! Who asks for more than he may: his stream is read later, and beyond that he is told to slow down. Nothing is dropped.

use std::time::Duration;

use chat_proto::{Reject, RejectCode, Reply, Request};
use futures_util::future::FutureExt;

use super::Session;
use super::request::Answering;
use crate::core::defence::price;
use crate::core::flood::{Cost, Verdict};

impl Session {
    /// Begins a request if its sender may ask for it now, and says how long nothing further is to be read from him.
    pub(super) async fn begin_metered(&self, request: Request) -> (Answering, Option<Duration>) {
        match self.meter(&request) {
            Ok(hold) => (self.begin(request).await, hold),
            Err(reject) => (async move { Reply::Reject(reject) }.boxed(), None),
        }
    }

    /// Whether something may be asked for now, and how long nothing further is to be read from whoever asks.
    pub(super) fn meter(&self, request: &Request) -> Result<Option<Duration>, Reject> {
        let Some(cost) = cost(request) else { return Ok(None) };
        match self.live.ask(self.hub.uptime(), cost.times(price(self.hub.defence_level()))) {
            Verdict::Pass => Ok(None),
            Verdict::Delay(wait) => Ok(Some(wait)),
            Verdict::SlowDown(wait) => Err(slow_down(wait)),
        }
    }
}

fn slow_down(wait: Duration) -> Reject {
    let seconds = wait.as_secs() + 1;
    let message = format!("too much in a short time: try again in {seconds} s, and then more slowly");
    let retry_after_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).max(1);
    Reject { retry_after_ms, ..Reject::new(RejectCode::SlowDown, message) }
}

/// What a request takes of what its sender may ask for; nothing for what others do not see and what costs the server little.
fn cost(request: &Request) -> Option<Cost> {
    let texts: Vec<&str> = if let Request::Post(post) = request {
        vec![&post.text]
    } else if let Request::PostWith(post) = request {
        vec![&post.text]
    } else if let Request::PostBatch(batch) = request {
        batch.posts.iter().map(|post| post.text.as_str()).collect()
    } else if let Request::Announce(announce) = request {
        vec![&announce.text]
    } else if let Request::Edit(edit) = request {
        vec![&edit.text]
    } else if is_seen(request) || matches!(request, Request::Upload(_) | Request::Download(_)) {
        vec![""]
    } else {
        return None;
    };
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Some(Cost { messages: count(texts.len()), bytes: count(texts.iter().map(|text| text.len()).sum()) })
}

/// Whether others see that it was asked for, and it has no text to be weighed.
fn is_seen(request: &Request) -> bool {
    matches!(
        request,
        Request::React(_)
            | Request::Redact(_)
            | Request::Forward(_)
            | Request::CreateRoom(_)
            | Request::CreateRoomWith(_)
            | Request::JoinRoom(_)
            | Request::LeaveRoom(_)
            | Request::DeviceMessage(_)
            | Request::SetNick(_)
    )
}
