//! One request: what came over the wire becomes a command or a question to the hub, and its answer a reply.

use chat_proto::bots::{ListBotTokens, RevokeBotToken};
use chat_proto::choice::{Ignore, PinRoom, SetNotify};
use chat_proto::connection::{DeviceMessage, EndSession, ListSessions};
use chat_proto::nick::{GetNicks, SetNick};
use chat_proto::profile::GetProfile;
use chat_proto::reach::{Block, ListMentions, ListReadMarks, OpenDirect, SetContact, SetDirectPolicy};
use chat_proto::reply::{Done, Explained, Pong, Receipt};
use chat_proto::request::{
    AuditRoom, CreateRoom, DescribeRoom, Explain, Focus, History, JoinRoom, LeaveRoom, ListFolds, ListMembers,
    ListPins, ListRooms, LookUpRoom, MarkRead, Ping, Post, PostWith, ReadList, Subscribe, Unsubscribe, Whois,
};
use chat_proto::seen::{AskSeen, SetSeenPolicy};
use chat_proto::text::TextError;
use chat_proto::{FeedId, FeedState, FeedStatus, Line, MessageKey, Reject, RejectCode, Reply, Request, RoomId};
use futures_util::future::{BoxFuture, FutureExt, ready};
use tokio::sync::oneshot;

use super::Session;
use super::choose::{draft, setting, state, status};
use super::pump::PumpCommand;
use crate::core::AccountKind;
use crate::core::command::{self, Choice, Leave};
use crate::core::guest::may_ask;
use crate::hub::rooms::parse_room;

pub(super) type Answer = Result<Reply, Reject>;
pub(super) type Answering = BoxFuture<'static, Reply>;

impl Session {
    /// Begins a request. When this returns, a message stands in its room's line; the answer comes from the future.
    pub(super) async fn begin(&self, request: Request) -> Answering {
        if !matches!(request, Request::Ping(_)) {
            self.hub.active(&self.live).await;
        }
        if let Err(reject) = self.may_ask(&request) {
            return ready(Reply::Reject(reject)).boxed();
        }
        let session = self.clone();
        // What is written stands in line when this returns, in the order it came.
        let standing = if let Request::Post(post) = request {
            session.post(post).await
        } else if let Request::PostWith(post) = request {
            session.post_with(post).await
        } else if let Request::PostBatch(batch) = request {
            session.post_batch(batch).await
        } else {
            return async move { session.answer(request).await.unwrap_or_else(Reply::Reject) }.boxed();
        };
        standing.unwrap_or_else(|reject| async move { Reply::Reject(reject) }.boxed())
    }

    /// Whether whoever is logged in may ask something at all.
    pub(super) fn may_ask(&self, request: &Request) -> Result<(), Reject> {
        if self.actor.kind == AccountKind::Guest { may_ask(request) } else { Ok(()) }
    }

    // The one list of everything that can be asked: an arm each, and no rule.
    #[allow(clippy::cognitive_complexity, clippy::too_many_lines)]
    async fn answer(self, request: Request) -> Answer {
        match request {
            Request::Ping(Ping { token }) => Ok(Pong { token, now: self.hub.now() }.into()),
            Request::CreateRoom(create) => self.create(create).await,
            Request::JoinRoom(JoinRoom { key, room, create }) => {
                check_key(key)?;
                self.hub.join_room(&self.actor, key, &room, create).await.map(Reply::from)
            }
            Request::LeaveRoom(LeaveRoom { key, room, reason }) => {
                check_key(key)?;
                let reason = Line::parse(&reason).map_err(|e| bad_text("the reason", &e))?;
                self.hub.leave_room(&self.actor, key, room, Leave { reason }).await?;
                Ok(Done {}.into())
            }
            Request::ListRooms(ListRooms { after, limit }) => {
                self.hub.list_rooms(self.actor.reader(), after, limit).await.map(Reply::from)
            }
            Request::LookUpRoom(LookUpRoom { room }) => {
                let room = self.hub.find_room(&room)?;
                self.hub.room_info(self.actor.reader(), room, false).await.map(Reply::from)
            }
            Request::Post(post) => Ok(self.post(post).await?.await),
            Request::History(History { room, anchor, limit }) => {
                self.hub.page(self.actor.reader(), room, anchor, limit).await.map(Reply::from)
            }
            Request::MarkRead(MarkRead { room, seq }) => {
                self.hub.mark_read(&self.actor, room, seq).await?;
                Ok(Done {}.into())
            }
            Request::ListMembers(ListMembers { room, after, limit }) => {
                self.hub.list_members(self.actor.reader(), room, after, limit).await.map(Reply::from)
            }
            Request::Whois(Whois { name }) => self.hub.whois(self.actor.account, &name).await.map(Reply::from),
            Request::Search(search) => self.hub.search(self.actor.reader(), search).await.map(Reply::from),
            Request::Subscribe(subscribe) => self.subscribe(subscribe).await,
            Request::Unsubscribe(Unsubscribe { feed }) => self.pump(|done| PumpCommand::Unsubscribe(feed, done)).await,
            Request::Focus(Focus { room }) => self.focus(room).await,
            Request::ListSessions(ListSessions {}) => Ok(self.hub.list_sessions(self.actor.account).into()),
            Request::EndSession(EndSession { conn }) => {
                self.hub.end_session(self.actor.account, conn).await?;
                Ok(Done {}.into())
            }
            Request::BanFromServer(ban) => self.ban(ban).await,
            Request::SetNick(SetNick { nick }) => self.hub.set_nick(&self.actor, &nick).await.map(Reply::from),
            Request::GetNicks(GetNicks { accounts }) => Ok(self.hub.nicks_of(&accounts).into()),
            Request::SetDefence(set) => self.set_defence(set).await,
            Request::AskDefence(_) => Ok(self.hub.defence().into()),
            Request::PurgeFromServer(purge) => self.purge_from_server(purge).await,
            Request::BanAndPurge(ban) => self.ban_and_purge(ban).await,
            Request::LiftBan(lift) => self.lift_ban(lift).await,
            Request::ListBans(_) => self.hub.list_bans(&self.actor).map(Reply::from),
            Request::DeviceMessage(DeviceMessage { bytes }) => {
                self.hub.tell_devices(&self.live, &bytes).map(Reply::from)
            }
            Request::SetDraft(set) => self.choose(set.key, draft(&set)?).await,
            Request::SetNotify(SetNotify { key, room, rule }) => self.choose(key, Choice::Notify(room, rule)).await,
            Request::PinRoom(PinRoom { key, room, on }) => self.choose(key, Choice::Pinned(room, on)).await,
            Request::SetSetting(set) => self.choose(set.key, setting(&set)?).await,
            Request::Ignore(Ignore { key, account, on }) => {
                let name = self.somebody_else(account)?;
                self.choose(key, Choice::Ignored(account, name, on)).await
            }
            Request::ClaimServer(claim) => self.claim_server(claim).await,
            Request::ListAudit(audit) => self.list_audit(audit).await,
            Request::SetStatus(set) => self.choose(set.key, status(&set.status)?).await,
            Request::SetState(set) => self.choose(set.key, state(&set)?).await,
            Request::GetProfile(GetProfile { user }) => {
                self.hub.profile(self.actor.account, &user).await.map(Reply::from)
            }
            Request::Block(Block { key, account, on }) => {
                let name = self.somebody_else(account)?;
                self.choose(key, Choice::Blocked(account, name, on)).await
            }
            Request::SetContact(SetContact { key, account, on }) => {
                let name = self.somebody_else(account)?;
                self.choose(key, Choice::Contact(account, name, on)).await
            }
            Request::AskSeen(AskSeen { user }) => self.hub.last_seen(self.actor.account, &user).await.map(Reply::from),
            Request::SetSeenPolicy(SetSeenPolicy { key, policy }) => self.choose(key, Choice::SeenPolicy(policy)).await,
            Request::SetDirectPolicy(SetDirectPolicy { key, policy }) => {
                self.choose(key, Choice::DirectPolicy(policy)).await
            }
            Request::OpenDirect(OpenDirect { key, with }) => {
                check_key(key)?;
                self.hub.open_direct(&self.actor, key, &with).await.map(Reply::from)
            }
            Request::ListReadMarks(ListReadMarks { room, after, limit }) => {
                self.hub.list_read_marks(&self.actor, room, after, limit).await.map(Reply::from)
            }
            Request::ListMentions(ListMentions { before, limit }) => {
                self.hub.list_mentions(self.actor.account, before, limit).await.map(Reply::from)
            }
            Request::MakeLinkCode(_) => self.make_link_code(),
            Request::ListDevices(_) => Ok(self.list_devices()),
            Request::RevokeDevice(revoke) => self.revoke_device(revoke).await,
            Request::MakeRecoveryCode(_) => self.make_recovery_code().await,
            Request::SetPassword(set) => self.set_password(set).await,
            Request::MakeInvite(make) => self.hub.make_invite(&self.actor, &make).await.map(Reply::from),
            Request::ListInvites(_) => Ok(self.hub.list_invites(&self.actor).into()),
            Request::MakeBotToken(make) => self.hub.make_bot_token(&self.actor, &make).await.map(Reply::from),
            Request::ListBotTokens(ListBotTokens { name }) => {
                self.hub.list_bot_tokens(&self.actor, &name).map(Reply::from)
            }
            Request::RevokeBotToken(RevokeBotToken { id }) => {
                self.hub.revoke_bot_token(&self.actor, &id).await?;
                Ok(Done {}.into())
            }
            Request::RevokeInvite(revoke) => self.revoke_invite(revoke).await,
            Request::Upload(_) | Request::Download(_) => Err(Reject::new(
                RejectCode::BadRequest,
                "files go on streams of their own: ask this alone on a short one",
            )),
            Request::Hello(_) => Err(Reject::new(RejectCode::BadRequest, "already logged in")),
            Request::PostWith(post) => Ok(self.post_with(post).await?.await),
            Request::PostBatch(batch) => Ok(self.post_batch(batch).await?.await),
            Request::CreateRoomWith(create) => self.create_with(create).await,
            Request::ChangeRoom(change) => self.change_room(change).await,
            Request::DeleteRoom(delete) => self.delete_room(delete).await,
            Request::DescribeRoom(DescribeRoom { room }) => {
                self.hub.describe_room(self.actor.reader(), room).await.map(Reply::from)
            }
            Request::Explain(Explain { room, action, target }) => {
                let refusal = self.hub.explain(&self.actor, room, &action, target.as_ref()).await?;
                Ok(Explained { refusal }.into())
            }
            Request::Edit(edit) => self.edit(edit).await,
            Request::Redact(redact) => self.redact(redact).await,
            Request::React(react) => self.react(react).await,
            Request::Pin(pin) => self.pin(pin).await,
            Request::Announce(announce) => self.announce(announce).await,
            Request::Forward(forward) => self.forward(forward).await,
            Request::ListFolds(ListFolds { room, from, to }) => {
                self.hub.list_folds(self.actor.reader(), room, from, to).await.map(Reply::from)
            }
            Request::ListPins(ListPins { room }) => {
                self.hub.list_pins(self.actor.reader(), room).await.map(Reply::from)
            }
            Request::SetRole(set) => self.set_role(set).await,
            Request::TransferRoom(transfer) => self.transfer_room(transfer).await,
            Request::PutOnList(put) => self.put_on_list(put).await,
            Request::TakeOffList(take) => self.take_off_list(take).await,
            Request::ReadList(ReadList { room, list, after, limit }) => {
                self.hub.read_list(self.actor.reader(), room, list, after, limit).await.map(Reply::from)
            }
            Request::Kick(kick) => self.kick(kick).await,
            Request::Purge(purge) => self.purge(purge).await,
            Request::AuditRoom(AuditRoom { room, before, limit }) => {
                self.hub.audit_room(self.actor.reader(), room, before, limit).await.map(Reply::from)
            }
            Request::RenameRoom(rename) => self.rename_room(rename).await,
            Request::Unknown { kind, .. } => {
                Err(Reject::new(RejectCode::Unsupported, format!("this server knows no request of kind {kind}")))
            }
        }
    }

    async fn create(self, create: CreateRoom) -> Answer {
        check_key(create.key)?;
        let name = parse_room(&create.name)?;
        let topic = Line::parse(&create.topic).map_err(|e| bad_text("the topic", &e))?;
        let create = (create.key, command::Create::plain(name, topic));
        self.hub.create_room(&self.actor, create.0, create.1).await.map(Reply::from)
    }

    /// Puts a message in its room's line.
    async fn post(&self, Post { key, room, style, text }: Post) -> Result<Answering, Reject> {
        self.post_with(PostWith { key, room, style, text, extras: Vec::new() }).await
    }

    async fn subscribe(self, Subscribe { from }: Subscribe) -> Answer {
        let account = self.actor.account;
        let joined = match from.feed {
            FeedId::Room(room) => {
                self.hub.account(account).await?.look(&self.hub, move |state, _| state.joined_room(room)).await?
            }
            FeedId::Account(_) => None,
        };
        let status: FeedStatus = self.hub.status(self.actor.reader(), &from, joined.as_ref()).await?;
        if status.state == FeedState::NoAccess {
            return Ok(status.into());
        }
        let next = status.next;
        self.pump(|done| PumpCommand::Subscribe { feed: from.feed, cursor: next.prev(), done }).await?;
        Ok(status.into())
    }

    async fn focus(self, room: Option<RoomId>) -> Answer {
        self.pump(|done| PumpCommand::Focus(room, done)).await
    }

    async fn pump(&self, command: impl FnOnce(oneshot::Sender<Result<(), Reject>>) -> PumpCommand) -> Answer {
        let (done, outcome) = oneshot::channel();
        let gone = || Reject::new(RejectCode::ShuttingDown, "the connection ends");
        self.commands.send(command(done)).await.map_err(|_| gone())?;
        outcome.await.map_err(|_| gone())??;
        Ok(Done {}.into())
    }
}

pub(super) fn receipt(found: crate::store::Found, duplicate: bool) -> Reply {
    Receipt { seq: found.seq, ordinal: found.ordinal, at: found.at, duplicate }.into()
}

/// A durable command has a key of its own, or a repetition of it could not be told from a new one.
pub(super) fn check_key(key: MessageKey) -> Result<(), Reject> {
    if key == MessageKey::default() {
        return Err(Reject::new(RejectCode::BadRequest, "a key of zeros names nothing; choose a random one"));
    }
    Ok(())
}

pub(super) fn bad_text(what: &str, error: &TextError) -> Reject {
    let code = match error {
        TextError::TooLong { .. } => RejectCode::TooLarge,
        TextError::Empty | TextError::Control(_) | TextError::Letter(_) => RejectCode::InvalidText,
    };
    Reject::new(code, format!("{what}: {error}"))
}
