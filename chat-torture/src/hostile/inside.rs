//! What somebody can do who is logged in.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::ensure;
use chat_proto::request::{JoinRoom, Ping, Post};
use chat_proto::{CloseCode, MessageKey, Reject, RejectCode, Reply, RoomRef, Style, codec};
use futures_util::StreamExt as _;
use futures_util::stream;
use quinn::VarInt;
use rand::RngExt as _;
use tokio::time::{Instant, sleep, timeout_at};

use super::raw::{self, Inside, OURS, Talk, closed, endpoint};
use super::{Tally, Target, frames};

async fn enter(target: &mut Target) -> anyhow::Result<Inside> {
    target.names += 1;
    let name = format!("mallory{}{}", target.nth, target.names);
    Inside::enter(&endpoint(Ipv4Addr::LOCALHOST.into(), OURS)?, target.server, &name).await
}

/// A request, a byte at a time, that is a good one in the end.
pub(super) async fn drip(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    let mut inside = enter(target).await?;
    let ping = raw::frame(9, Ping { token: 9 })?;
    let (first, rest) = ping.split_at(5.min(ping.len()));
    for byte in first {
        inside.control.send.write_all(&[*byte]).await?;
        sleep(Duration::from_secs(1)).await;
    }
    inside.control.send.write_all(rest).await?;
    let reply = inside.control.reply().await?;
    ensure!(matches!(reply, Reply::Pong(_)), "{reply:?}");
    tally.done(1);
    Ok(())
}

/// Streams that are opened, begun and reset.
pub(super) async fn resets(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    let mut inside = enter(target).await?;
    for _ in 0..RESETS {
        let mut stream = Talk::open(&inside.connection).await?;
        stream.send.write_all(&[3, 0, 0]).await?;
        let _ = stream.send.reset(VarInt::from_u32(0));
        tally.done(1);
    }
    inside.ping().await
}

/// More streams for one request each than may ever be open at once: each one gives its place back.
pub(super) async fn requests(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    let mut inside = enter(target).await?;
    let connection = inside.connection.clone();
    let one = |nth: u64| {
        let connection = connection.clone();
        async move {
            let mut stream = Talk::open(&connection).await?;
            stream.send.write_all(&raw::frame(nth, Ping { token: nth })?).await?;
            let _ = stream.send.finish();
            let reply = stream.reply().await?;
            ensure!(matches!(reply, Reply::Pong(_)), "{reply:?}");
            anyhow::Ok(())
        }
    };
    let mut answered = stream::iter((0..REQUESTS).map(one)).buffer_unordered(STREAMS_AT_ONCE);
    while let Some(answered) = answered.next().await {
        answered?;
        tally.done(1);
    }
    drop(answered);
    inside.ping().await
}

/// Frames that are none, on the control stream and on short ones.
pub(super) async fn garbage(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    let good = frames::good()?;
    for nth in 0..GARBAGE {
        let mut inside = enter(target).await?;
        let bytes = frames::broken(&good[nth % good.len()], &mut target.random);
        if nth % 2 == 0 {
            let _ = inside.control.send.write_all(&bytes).await;
            let _ = inside.control.send.finish();
        } else {
            let mut short = Talk::open(&inside.connection).await?;
            let _ = short.send.write_all(&bytes).await;
            let _ = short.send.finish();
        }
        tally.done(1);
        let code = tokio::select! {
            code = closed(&inside.connection) => code?,
            // A short stream that ended too early is nobody's fault, and some bytes mean something.
            () = sleep(Duration::from_millis(200)) => None,
        };
        // Who ends his control stream has said goodbye.
        let is_fine = code.is_none_or(|code| matches!(code, CloseCode::Malformed | CloseCode::Bye));
        ensure!(is_fine, "{bytes:?} closed with {code:?}");
    }
    Ok(())
}

/// A second hello.
pub(super) async fn again(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    let mut inside = enter(target).await?;
    inside.control.send.write_all(&raw::hello(&inside.connection, "somebodyelse")?).await?;
    let reply = inside.control.reply().await?;
    ensure!(matches!(reply, Reply::Reject(_)), "a second hello was answered by {reply:?}");
    tally.done(1);
    inside.ping().await
}

/// Datagrams without meaning, and ones about rooms there are not.
pub(super) async fn datagrams(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    let mut inside = enter(target).await?;
    for nth in 0..DATAGRAMS {
        let random = &mut target.random;
        let bytes = if nth % 2 == 0 {
            (0..random.random_range(1..1_100)).map(|_| random.random()).collect()
        } else {
            let typing = chat_proto::delivery::TypingIn { room: chat_proto::RoomId(random.random()), active: true };
            codec::encode(&chat_proto::ClientSignal::from(typing))
        };
        inside.connection.send_datagram(bytes.into())?;
        tally.done(1);
        tokio::task::yield_now().await;
    }
    inside.ping().await
}

/// Far more messages than anybody may say: they are read later, and then refused with a time to wait.
pub(super) async fn flood(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    let mut inside = enter(target).await?;
    let key = |target: &mut Target| MessageKey(target.random.random());
    let join = JoinRoom { key: key(target), room: RoomRef::Name("pit".to_owned()), create: true };
    let Reply::RoomInfo(info) = inside.ask(join).await? else { anyhow::bail!("the room cannot be joined") };
    for nth in 0..MESSAGES {
        let post = Post { key: key(target), room: info.room, style: Style::Text, text: format!("{nth} and on") };
        inside.control.send.write_all(&raw::frame(nth, post)?).await?;
    }
    for _ in 0..MESSAGES_AT_ONCE {
        said(&inside.control.reply().await?)?;
        tally.done(1);
    }
    let (until, mut more) = (Instant::now() + HELD_BACK, 0);
    while let Ok(reply) = timeout_at(until, inside.control.reply()).await {
        said(&reply?)?;
        more += 1;
    }
    ensure!(more <= MESSAGES_LATER_MAX, "{more} messages in {HELD_BACK:?} of somebody who says too much");
    tally.note(format!("{more} of {} in {HELD_BACK:?}", MESSAGES - MESSAGES_AT_ONCE));
    Ok(())
}

/// A message was stored, or refused for the time being.
fn said(reply: &Reply) -> anyhow::Result<()> {
    let is_later = |reject: &Reject| reject.code == RejectCode::SlowDown && reject.retry_after_ms > 0;
    let is_fine = matches!(reply, Reply::Receipt(_)) || matches!(reply, Reply::Reject(reject) if is_later(reject));
    ensure!(is_fine, "a message was answered by {reply:?}");
    Ok(())
}

const RESETS: usize = 2_000;
const REQUESTS: u64 = 10_000;
const STREAMS_AT_ONCE: usize = 16;
const GARBAGE: usize = 20;
const DATAGRAMS: usize = 2_000;
const MESSAGES: u64 = 1_000;

/// As many as may be said at once.
const MESSAGES_AT_ONCE: u64 = 200;

/// How long it is looked at what comes behind them, and how many that may be: twenty a second, and some that were early.
const HELD_BACK: Duration = Duration::from_secs(2);
const MESSAGES_LATER_MAX: u64 = 80;
