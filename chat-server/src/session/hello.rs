//! The beginning: version, proof, and where the client goes on.

use std::sync::Arc;

use chat_proto::limits::{
    CLIENT_BYTES_MAX, HELLO_FRAME_BYTES_MAX, HELLO_TRIES_MAX, POSITIONS_MAX, SERVER_FRAME_BYTES_MAX, SUBSCRIPTIONS_MAX,
};
use chat_proto::reply::Welcome;
use chat_proto::request::Hello;
use chat_proto::{
    Chain, CloseCode, Delivery, Epoch, FeedId, FeedState, FeedStatus, Line, Position, Reject, RejectCode, Reply,
    ReplyFrame, Request, RequestFrame, RoomId, Seq, VERSION, VERSION_MIN,
};
use quinn::Connection;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::frames::{FrameError, FrameReader, Lane};
use super::prove::prove;
use super::request::bad_text;
use super::{Context, close, refuse};
use crate::core::Actor;
use crate::core::account::JoinedRoom;
use crate::hub::Hub;
use crate::hub::people::Identified;
use crate::hub::sessions::{Newcomer, OpenSession};
use crate::hub::shared::Wake;
use crate::hub::subscription::Subscription;

/// A client that is in.
pub(super) struct Login {
    pub(super) open: OpenSession,
    pub(super) asides: mpsc::Receiver<Box<Delivery>>,
    pub(super) actor: Actor,
    pub(super) rooms: Vec<RoomId>,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) wake: Arc<Wake>,
    pub(super) reader: FrameReader,
    pub(super) lane: Lane,
    /// When what the client logged in with expires.
    pub(super) expires: Option<Instant>,
}

/// Takes `Hello`s until one is good. `None` when the connection is closed, or being closed, with the reason told.
pub(super) async fn run(connection: &Connection, context: &Context) -> Option<Login> {
    let (send, recv) = connection.accept_bi().await.ok()?;
    let (mut lane, mut reader) = (Lane::new(send), FrameReader::new(recv, HELLO_FRAME_BYTES_MAX));
    for left in (0..HELLO_TRIES_MAX).rev() {
        let frame = match reader.next::<RequestFrame>().await {
            Ok(Some(frame)) => frame,
            Ok(None) | Err(FrameError::Broken) => return None,
            Err(FrameError::Malformed(error)) => {
                close(connection, CloseCode::Malformed, &error.to_string());
                return None;
            }
        };
        match answer(connection, context, frame.request).await {
            Ok((welcome, login)) => {
                lane.push_frame(&ReplyFrame { id: frame.id, reply: welcome.into() }, SERVER_FRAME_BYTES_MAX);
                let Admitted { open, asides, actor, rooms, subscriptions, wake, expires } = login;
                return Some(Login { open, asides, actor, rooms, subscriptions, wake, reader, lane, expires });
            }
            Err(reject) => {
                let last = match reject.code == RejectCode::VersionMismatch {
                    true => Some(CloseCode::Version),
                    false => (left == 0).then_some(CloseCode::Login),
                };
                if let Some(code) = last {
                    refuse(connection, lane, frame.id, reject.into(), code).await;
                    return None;
                }
                lane.push_frame(&ReplyFrame { id: frame.id, reply: Reply::Reject(reject) }, SERVER_FRAME_BYTES_MAX);
                lane.flush().await.ok()?;
            }
        }
    }
    None
}

struct Admitted {
    open: OpenSession,
    asides: mpsc::Receiver<Box<Delivery>>,
    actor: Actor,
    rooms: Vec<RoomId>,
    subscriptions: Vec<Subscription>,
    wake: Arc<Wake>,
    expires: Option<Instant>,
}

async fn answer(connection: &Connection, context: &Context, request: Request) -> Result<(Welcome, Admitted), Reject> {
    let Request::Hello(hello) = request else {
        return Err(Reject::new(RejectCode::Unauthenticated, "the first request is Hello"));
    };
    check(&hello)?;
    let hub = &context.hub;
    let Identified { actor, registered, key, expires_in } = prove(connection, context, hello.auth).await?;
    hub.check_enter(&actor, connection.remote_address().ip(), registered)?;
    hub.enter_first_rooms(&actor).await;
    let wake = Arc::new(Wake::default());
    let (feeds, joined) = resume(hub, &actor, &hello.resume).await?;
    let mut subscriptions = Vec::with_capacity(feeds.len());
    for status in feeds.iter().filter(|status| status.state != FeedState::NoAccess) {
        subscriptions.push(hub.subscribe(status.feed, status.next.prev(), &wake, actor.reader()).await?);
    }
    // Nothing is waited for from here to the session itself, which is ended in time from its first moment.
    let (open, asides) = hub.begin_session(newcomer(connection, &actor, hello.client))?;
    // Whoever revoked the device since it proved itself did not find this connection.
    hub.check_ban(&open.live.who)?;
    hub.check_not_revoked(key.as_ref())?;
    hub.check_not_gone(actor.account)?;
    let welcome = Welcome {
        version: VERSION.min(hello.version_max),
        server: concat!("chat-server ", env!("CARGO_PKG_VERSION")).to_owned(),
        account: actor.account,
        name: actor.name.as_str().to_owned(),
        device: actor.device,
        conn: open.live.conn,
        registered,
        now: hub.now(),
        feeds,
    };
    let rooms = joined.into_iter().map(|joined| joined.room).collect();
    let expires = expires_in.map(|in_a_while| Instant::now() + in_a_while);
    Ok((welcome, Admitted { open, asides, actor, rooms, subscriptions, wake, expires }))
}

fn newcomer(connection: &Connection, actor: &Actor, client: String) -> Newcomer {
    let address = connection.remote_address().ip().to_canonical();
    Newcomer { account: actor.account, device: actor.device, kind: actor.kind, address, client }
}

fn check(hello: &Hello) -> Result<(), Reject> {
    if hello.version_max < VERSION_MIN || hello.version_min > VERSION {
        let message = format!(
            "this server speaks protocol versions {VERSION_MIN} to {VERSION}, the client {} to {}; upgrade the older of the two",
            hello.version_min, hello.version_max
        );
        return Err(Reject::new(RejectCode::VersionMismatch, message));
    }
    if hello.resume.len() > POSITIONS_MAX {
        let message = format!("{} positions; at most {POSITIONS_MAX} can be resumed", hello.resume.len());
        return Err(Reject::new(RejectCode::LimitExceeded, message));
    }
    if hello.client.len() > CLIENT_BYTES_MAX {
        return Err(Reject::new(
            RejectCode::BadRequest,
            format!("a client's name has at most {CLIENT_BYTES_MAX} bytes"),
        ));
    }
    Line::parse(&hello.client).map_err(|e| bad_text("the client's name", &e))?;
    Ok(())
}

/// How the account's own feed, its rooms, and what else was asked for stand.
async fn resume(
    hub: &Arc<Hub>,
    actor: &Actor,
    asked: &[Position],
) -> Result<(Vec<FeedStatus>, Vec<JoinedRoom>), Reject> {
    let own = FeedId::Account(actor.account);
    let joined = hub.account(actor.account).await?.look(hub, |state, _| state.joined().collect::<Vec<_>>()).await?;
    let afresh = |feed: FeedId| Position {
        feed,
        epoch: Epoch(0),
        seq: Seq::ZERO,
        chain: Chain::default(),
        // Behind the head of a room nobody asked to resume.
        backlog_max: 0,
    };
    let mut positions = vec![asked.iter().find(|asked| asked.feed == own).cloned().unwrap_or_else(|| afresh(own))];
    for room in &joined {
        let feed = FeedId::Room(room.room);
        positions.push(asked.iter().find(|asked| asked.feed == feed).cloned().unwrap_or_else(|| afresh(feed)));
    }
    for position in asked {
        if !positions.iter().any(|known| known.feed == position.feed) {
            positions.push(position.clone());
        }
    }
    if positions.len() > SUBSCRIPTIONS_MAX {
        let message = format!("{} feeds, rooms included; at most {SUBSCRIPTIONS_MAX} can be resumed", positions.len());
        return Err(Reject::new(RejectCode::LimitExceeded, message));
    }
    let mut feeds = Vec::with_capacity(positions.len());
    for position in &positions {
        let joined = joined.iter().find(|joined| position.feed == FeedId::Room(joined.room));
        feeds.push(hub.status(actor.reader(), position, joined).await?);
    }
    Ok((feeds, joined))
}
