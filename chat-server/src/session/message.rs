//! Requests about messages: parsed here, decided by the room's rules.

use chat_proto::limits::BATCH_POSTS_MAX;
use chat_proto::reply::{BatchReceipt, BatchResult, Done};
use chat_proto::request::{Announce, BatchItem, Edit, Forward, Pin, PostBatch, PostWith, React, Redact};
use chat_proto::{Reject, RejectCode, Reply, RoomId, Text};
use futures_util::future::FutureExt;

use super::Session;
use super::request::{Answer, Answering, bad_text, check_key, receipt};
use super::room::parse_reason;
use crate::core::command::{self, RoomCommand};
use crate::hub::handle::{Outcome, Pending};

impl Session {
    /// Puts a message in its room's line.
    pub(super) async fn post_with(&self, post: PostWith) -> Result<Answering, Reject> {
        let PostWith { key, room, style, text, extras } = post;
        check_key(key)?;
        let command = self.hub.compose(&self.actor, room, style, parse_text(&text)?, extras).await?;
        let pending = self.hub.post(&self.actor, key, room, command).await?;
        Ok(answered(pending).map(|result| result.unwrap_or_else(Reply::Reject)).boxed())
    }

    /// Puts several messages in their room's line, in order; what is wrong with one is said in its place.
    pub(super) async fn post_batch(&self, PostBatch { room, posts }: PostBatch) -> Result<Answering, Reject> {
        if posts.len() > BATCH_POSTS_MAX {
            let message = format!("{} messages; a batch has at most {BATCH_POSTS_MAX}", posts.len());
            return Err(Reject::new(RejectCode::LimitExceeded, message));
        }
        let mut pending = Vec::with_capacity(posts.len());
        for item in posts {
            pending.push(self.post_item(room, item).await);
        }
        let results = async move {
            let mut results = Vec::with_capacity(pending.len());
            for item in pending {
                let reply = match item {
                    Ok(pending) => answered(pending).await.unwrap_or_else(Reply::Reject),
                    Err(reject) => Reply::Reject(reject),
                };
                results.push(result(reply));
            }
            BatchReceipt { results }.into()
        };
        Ok(results.boxed())
    }

    async fn post_item(&self, room: RoomId, item: BatchItem) -> Result<Pending, Reject> {
        check_key(item.key)?;
        let command = command::Post::plain(item.style, parse_text(&item.text)?);
        self.hub.post(&self.actor, item.key, room, command).await
    }

    pub(super) async fn edit(self, Edit { key, room, target, text }: Edit) -> Answer {
        let text = parse_text(&text)?;
        let about = self.hub.about(&self.actor, room, target).await?;
        self.command(key, room, RoomCommand::Edit(command::Edit { about, text })).await
    }

    pub(super) async fn redact(self, Redact { key, room, target, reason }: Redact) -> Answer {
        let reason = parse_reason(&reason)?;
        let about = self.hub.about(&self.actor, room, target).await?;
        self.command(key, room, RoomCommand::Redact(command::Redact { about, reason })).await
    }

    pub(super) async fn react(self, React { key, room, target, emoji, on }: React) -> Answer {
        let about = self.hub.about(&self.actor, room, target).await?;
        let holds = self.hub.has_reacted(self.actor.account, room, target, &emoji).await?;
        self.command(key, room, RoomCommand::React(command::React { about, emoji, on, holds })).await
    }

    pub(super) async fn pin(self, Pin { key, room, target, on }: Pin) -> Answer {
        let about = self.hub.about(&self.actor, room, target).await?;
        self.command(key, room, RoomCommand::Pin(command::Pin { about, on })).await
    }

    pub(super) async fn forward(self, Forward { key, room, target, to }: Forward) -> Answer {
        check_key(key)?;
        let post = self.hub.forwarded(&self.actor, room, target).await?;
        let pending = self.hub.post(&self.actor, key, to, post).await?;
        answered(pending).await
    }

    pub(super) async fn announce(self, Announce { room, style, text }: Announce) -> Answer {
        self.hub.announce_in(&self.actor, room, style, parse_text(&text)?).await?;
        Ok(Done {}.into())
    }
}

fn parse_text(text: &str) -> Result<Text, Reject> {
    Text::parse(text).map_err(|e| bad_text("the message", &e))
}

/// The receipt of a message that stands in line.
async fn answered(pending: Pending) -> Answer {
    match pending.outcome().await? {
        Outcome::Stored(found) => Ok(receipt(found, false)),
        Outcome::Repeated(found) => Ok(receipt(found, true)),
        Outcome::Unchanged => Err(Reject::new(RejectCode::Internal, "a message without an event")),
    }
}

fn result(reply: Reply) -> BatchResult {
    if let Reply::Receipt(receipt) = reply {
        return BatchResult::Stored(receipt);
    }
    if let Reply::Reject(reject) = reply {
        return BatchResult::Refused(reject);
    }
    BatchResult::Refused(Reject::new(RejectCode::Internal, "a message without an answer"))
}
