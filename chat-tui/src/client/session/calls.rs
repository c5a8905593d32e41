//! What handles ask, what the server answers, and what the outbox sends.

use std::time::Duration;

use chat_proto::delivery::{EndReason, Ended};
use chat_proto::limits::{DIRECT_MEMBERS_MAX, REQUEST_FRAME_BYTES_MAX};
use chat_proto::request::{Focus, ListMembers, Subscribe, Unsubscribe};
use chat_proto::{
    AccountId, CloseCode, FeedId, MessageKey, Reject, RejectCode, Reply, ReplyFrame, Request, RequestFrame, RequestId,
    Retry, RoomId, codec,
};
use quinn::VarInt;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Command, Phase, Quit, Session};
use crate::client::cache::Change;
use crate::client::journal::Written;
use crate::client::outbox::Refusal;
use crate::client::outbox_file::Record;
use crate::client::view::RoomView;
use crate::client::{CallError, ClientEvent};

/// A request on its way.
pub(super) enum Call {
    /// A handle's, and what its success means for the session.
    Caller { reply: oneshot::Sender<Result<Reply, CallError>>, effect: Effect },
    /// The outbox's.
    Post(MessageKey),
    /// The session's own, for a feed it lost.
    Subscribe(FeedId),
    /// The session's own: who a conversation is with.
    People(RoomId),
}

/// What the success of a handle's request means for the session.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect {
    None,
    Subscribe(FeedId),
    Unsubscribe(FeedId),
    Focus(RoomId),
    Join,
}

impl Effect {
    fn of(request: &Request) -> Self {
        if let Request::Subscribe(Subscribe { from }) = request {
            Self::Subscribe(from.feed)
        } else if let Request::Unsubscribe(Unsubscribe { feed }) = request {
            Self::Unsubscribe(*feed)
        } else if let Request::Focus(Focus { room: Some(room) }) = request {
            Self::Focus(*room)
        } else if matches!(
            request,
            Request::CreateRoom(_) | Request::CreateRoomWith(_) | Request::JoinRoom(_) | Request::OpenDirect(_)
        ) {
            Self::Join
        } else {
            Self::None
        }
    }
}

impl Session {
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Request { request, reply } => {
                let effect = Effect::of(&request);
                let call = Call::Caller { reply, effect };
                if let Err((error, Call::Caller { reply, .. })) = self.call(request, call) {
                    let _ = reply.send(Err(error));
                } else if let Effect::Subscribe(feed) = effect {
                    self.feeds.asked(feed);
                }
            }
            Command::Send { outgoing, reply } => self.journal.add(&self.outbox, outgoing, reply),
            Command::Retry { key, reply } => {
                let again = self.outbox.retry(key);
                let _ = reply.send(again.is_some());
                if let Some(outgoing) = again {
                    self.journal.note(Record::Retried(key));
                    self.tell(ClientEvent::Queued(outgoing));
                }
            }
            Command::Discard { key, reply } => {
                let discarded = self.outbox.discard(key);
                if discarded {
                    self.journal.note(Record::Removed(key));
                }
                let _ = reply.send(discarded);
            }
            Command::TakeBack { key, reply } => {
                let taken = self.outbox.take_back(key);
                if taken.is_ok() {
                    self.journal.note(Record::Removed(key));
                }
                let _ = reply.send(taken);
            }
            Command::Outbox { reply } => {
                let _ = reply.send(self.outbox.iter().cloned().collect());
            }
            Command::Keep(page) => self.cache.note(Change::Page(page)),
            Command::Stir => {
                if let Phase::Online(online) = &mut self.phase {
                    online.stir();
                }
            }
            Command::Hurry => {
                if let Phase::Waiting(until) = &mut self.phase {
                    *until = Instant::now();
                }
            }
            Command::Rebind => self.rebind(),
            Command::Quit { grace, reply } => {
                let deadline = Instant::now() + grace;
                let quit = self.quit.get_or_insert(Quit { deadline, replies: Vec::new() });
                quit.deadline = quit.deadline.min(deadline);
                quit.replies.push(reply);
            }
        }
    }

    pub(super) fn rebind(&self) {
        if let Err(error) = self.dialer.environment.network.rebind(&self.dialer.endpoint) {
            tracing::warn!(%error, "no other local address");
        }
    }

    /// A write of the outbox is done.
    pub(super) fn written(&mut self, written: Written) {
        for outgoing in written.adopted {
            if self.outbox.adopt(outgoing.clone()) {
                self.tell_queued(outgoing);
            }
        }
        for waiting in written.waiting {
            if let (Ok(()), Some(outgoing)) = (&written.result, waiting.outgoing)
                && self.outbox.push(outgoing.clone())
            {
                self.tell_queued(outgoing);
            }
            // Who asked may have gone; the message stays.
            let _ = waiting.reply.send(written.result.clone());
        }
    }

    fn tell_queued(&mut self, outgoing: crate::client::Outgoing) {
        let refused = outgoing.refused.is_some();
        self.tell(if refused { ClientEvent::Refused(outgoing) } else { ClientEvent::Queued(outgoing) });
    }

    /// Sends what may go now.
    pub(super) fn post_ready(&mut self) {
        if !matches!(self.phase, Phase::Online(_)) {
            return;
        }
        for (key, post) in self.outbox.take_ready(Instant::now()) {
            if let Err((error, _)) = self.call(post, Call::Post(key)) {
                // Goes again, like everything else, when the stream has room or the connection is back.
                tracing::debug!(%error, "a message waits");
                let busy = Reject::new(RejectCode::Unavailable, "");
                self.outbox.refuse(key, &busy, Instant::now());
            }
        }
    }

    /// Sends a request; the call comes back if it cannot be sent.
    pub(super) fn call(&mut self, request: Request, call: Call) -> Result<(), (CallError, Call)> {
        let Phase::Online(online) = &mut self.phase else { return Err((CallError::Offline, call)) };
        let id = RequestId(self.next_call);
        let frame = match codec::encode_frame(&RequestFrame { id, request }, REQUEST_FRAME_BYTES_MAX) {
            Ok(frame) => frame,
            Err(error) => return Err((CallError::Protocol(error.to_string()), call)),
        };
        if !online.request(frame) {
            return Err((CallError::Offline, call));
        }
        self.next_call += 1;
        self.calls.insert(id, call);
        Ok(())
    }

    /// An answer came.
    pub(super) fn answered(&mut self, frame: ReplyFrame) {
        let ReplyFrame { id, reply } = frame;
        match self.calls.remove(&id) {
            Some(Call::Caller { reply: caller, effect }) => {
                self.take_effect(effect, &reply);
                let result =
                    if let Reply::Reject(reject) = reply { Err(CallError::Rejected(reject)) } else { Ok(reply) };
                // Who asked may have gone.
                let _ = caller.send(result);
            }
            Some(Call::Post(key)) => self.posted(key, reply),
            Some(Call::Subscribe(feed)) => self.subscribed(feed, reply),
            Some(Call::People(room)) => self.met(room, &reply),
            None => self.hang_up("an answer to nothing"),
        }
    }

    /// Ends a connection whose server makes no sense; the session dials again.
    pub(super) fn hang_up(&self, reason: &str) {
        tracing::warn!(reason, "hanging up");
        if let Phase::Online(online) = &self.phase {
            online.connection.close(VarInt::from_u32(CloseCode::Malformed.number()), reason.as_bytes());
        }
    }

    fn take_effect(&mut self, effect: Effect, reply: &Reply) {
        let done = !matches!(reply, Reply::Reject(_));
        match (effect, reply) {
            (Effect::Subscribe(feed), Reply::FeedStatus(status)) if status.feed == feed => {
                let status = status.clone();
                self.began(status);
            }
            (Effect::Subscribe(feed), _) => {
                self.feeds.refused(feed);
                self.look_again();
            }
            (Effect::Unsubscribe(feed), _) if done => {
                self.feeds.end(feed);
            }
            (Effect::Focus(room), _) if done => self.cache.note(Change::Focus(room)),
            // What lies before the joining counts as read.
            (Effect::Join, Reply::RoomInfo(info)) => self.feeds.joined(FeedId::Room(info.room), info.epoch, info.read),
            (Effect::None | Effect::Join | Effect::Unsubscribe(_) | Effect::Focus(_), _) => {}
        }
    }

    fn posted(&mut self, key: MessageKey, reply: Reply) {
        if let Reply::Receipt(receipt) = reply {
            if let Some(outgoing) = self.outbox.acknowledge(key) {
                self.journal.note(Record::Removed(key));
                self.tell(ClientEvent::Sent { key, room: outgoing.room, receipt });
            }
            return;
        }
        let Reply::Reject(reject) = reply else {
            return self.hang_up("a message was not answered with a receipt");
        };
        match self.outbox.refuse(key, &reject, Instant::now()) {
            Refusal::Stale | Refusal::Later => {}
            Refusal::Final(outgoing) => {
                self.journal.note(Record::Refused(key, reject));
                self.tell(ClientEvent::Refused(outgoing));
            }
        }
    }

    /// Asks who the conversations are with of which that is not known, one after the other.
    pub(super) fn ask_for_people(&mut self) {
        if self.calls.values().any(|call| matches!(call, Call::People(_))) {
            return;
        }
        while let Some(room) = self.nameless.pop_first() {
            if !self.view.rooms.get(&room).is_some_and(RoomView::is_nameless) {
                continue;
            }
            let limit = u16::try_from(DIRECT_MEMBERS_MAX).unwrap_or(u16::MAX);
            // Without a connection it is asked on the next one.
            let _ = self.call(ListMembers { room, after: AccountId(0), limit }.into(), Call::People(room));
            return;
        }
    }

    /// Those who are in a conversation. One that tells nothing keeps its number for a name.
    fn met(&mut self, id: RoomId, reply: &Reply) {
        let me = self.view.me.account;
        if let (Reply::MemberList(list), Some(room)) = (reply, self.view.rooms.get_mut(&id)) {
            room.set_people(list.members.iter().map(|member| (member.account, member.name.clone())), me);
            let others = room.others.clone();
            self.note_feed(FeedId::Room(id));
            self.tell(ClientEvent::Others { room: id, others });
        }
        self.ask_for_people();
    }

    /// Subscribes again to a feed, at the position held.
    pub(super) fn subscribe_again(&mut self, feed: FeedId) {
        let Some(from) = self.feeds.position(feed) else { return };
        if self.call(Subscribe { from }.into(), Call::Subscribe(feed)).is_ok() {
            self.feeds.asked(feed);
        } else {
            self.ask_later(feed, AGAIN_AFTER);
        }
    }

    /// Subscribes to a feed again after a while.
    fn ask_later(&mut self, feed: FeedId, after: Duration) {
        self.lost.insert(feed, Instant::now() + after);
        if let Phase::Online(online) = &mut self.phase {
            online.stir();
        }
    }

    fn subscribed(&mut self, feed: FeedId, reply: Reply) {
        let kind = reply.kind();
        if let Reply::FeedStatus(status) = reply {
            return if status.feed == feed { self.began(status) } else { self.hang_up("a status of another feed") };
        }
        let Reply::Reject(reject) = reply else {
            return self.hang_up(&format!("a subscription was answered with a reply of kind {kind}"));
        };
        match reject.retry {
            // What comes of the feed meanwhile is held, as if the question were still open.
            Retry::Later => {
                let after = Duration::from_millis(reject.retry_after_ms.into()).max(AGAIN_AFTER);
                self.ask_later(feed, after);
            }
            Retry::Never | Retry::AfterChange => {
                self.feeds.end(feed);
                self.ended(Ended { feed, reason: EndReason::NoAccess });
            }
        }
    }
}

/// Shortest wait before a lost feed is asked for again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
