//! What somebody can do who is not logged in.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use chat_proto::request::Ping;
use chat_proto::{CloseCode, RejectCode, Reply};
use futures_util::future::join_all;
use quinn::Connection;
use rand::RngExt as _;
use tokio::time::{Instant, sleep, timeout};

use super::raw::{self, OURS, PATIENCE, Talk, closed, dial, endpoint};
use super::{Tally, Target, frames};
use crate::relay::{Counts, Cut, Relay, Weather};

/// Handshakes that are begun and never go on, since no answer ever arrives: as from addresses that are made up.
pub(super) async fn half_open(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    let relay = Relay::open(target.server, Weather::CLEAR, 0).await?;
    relay.set_cut(Some(Cut::Down));
    let endpoint = endpoint(Ipv4Addr::LOCALHOST.into(), OURS)?;
    let mut begun = Vec::new();
    for _ in 0..HALF_OPEN {
        begun.push(endpoint.connect(relay.address, "localhost")?);
        sleep(Duration::from_millis(2)).await;
    }
    sleep(Duration::from_millis(500)).await;
    let retries = Counts::of(&relay.counts.retries);
    tally.done(HALF_OPEN);
    ensure!(retries > 0, "{HALF_OPEN} handshakes were under way, and nobody had to prove his address");
    tally.note(format!("{retries} asked to prove their address"));
    // The next half has to wait until these are given up.
    sleep(Duration::from_secs(5)).await;
    Ok(())
}

/// Handshakes one after the other as fast as they go, from where nobody ever logged in.
pub(super) async fn handshakes(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    let endpoint = endpoint(FLOODER, OURS)?;
    let dial = || async { dial(&endpoint, target.server).await.is_ok() };
    let mut refused = 0;
    for _ in 0..HANDSHAKES / HANDSHAKES_AT_ONCE {
        let let_in = join_all((0..HANDSHAKES_AT_ONCE).map(|_| dial())).await;
        refused += let_in.iter().filter(|let_in| !**let_in).count();
    }
    tally.done(HANDSHAKES as u64);
    ensure!(refused > 0, "{HANDSHAKES} handshakes from one address in a moment, and none was refused");
    tally.note(format!("{refused} refused"));
    Ok(())
}

/// A handshake, and then nothing.
pub(super) async fn silence(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    each_ends(target, tally, &[CloseCode::Login], |connection| async move {
        connection.closed().await;
        Ok(())
    })
    .await
}

/// Everything that may be opened is, and filled: a frame as long as one may be that never ends, streams that are not allowed.
pub(super) async fn fill(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    each_ends(target, tally, &[CloseCode::Login, CloseCode::Malformed], |connection| async move {
        let mut control = Talk::open(&connection).await?;
        control.send.write_all(&60_000_u32.to_le_bytes()).await?;
        let more = async {
            tokio::select! {
                stream = connection.open_bi() => stream.is_ok(),
                stream = connection.open_uni() => stream.is_ok(),
            }
        };
        let filled = async {
            let mut bytes: u64 = 0;
            while control.send.write_all(&[0; 512]).await.is_ok() {
                bytes += 512;
            }
            bytes
        };
        let (more, bytes) = tokio::join!(more, filled);
        ensure!(!more, "a second stream before the login");
        ensure!(bytes < FILLED_BYTES_MAX, "the server took {bytes} bytes of somebody it does not know");
        Ok(())
    })
    .await
}

/// A good hello, a byte at a time.
pub(super) async fn drip(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    each_ends(target, tally, &[CloseCode::Login], |connection| async move {
        let mut control = Talk::open(&connection).await?;
        for byte in raw::hello(&connection, "dripper")? {
            if control.send.write_all(&[byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    })
    .await
}

/// Frames that are none, and requests where a hello is to be.
pub(super) async fn garbage(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    let endpoint = endpoint(Ipv4Addr::LOCALHOST.into(), OURS)?;
    let good = frames::good()?;
    for nth in 0..GARBAGE {
        let bytes = frames::broken(&good[nth % good.len()], &mut target.random);
        let connection = dial(&endpoint, target.server).await?;
        let mut control = Talk::open(&connection).await?;
        let _ = control.send.write_all(&bytes).await;
        let _ = control.send.finish();
        tally.done(1);
        // It is answered, or it is the end; which one depends on what the bytes happen to mean.
        let answered = tokio::select! {
            code = closed(&connection) => code?,
            Ok(_) = control.reply() => continue,
        };
        ensure!(answered != Some(CloseCode::Internal), "{bytes:?} found a bug");
    }
    let connection = dial(&endpoint, target.server).await?;
    let mut control = Talk::open(&connection).await?;
    for _ in 0..3 {
        control.send.write_all(&raw::frame(1, Ping { token: 1 })?).await?;
        let Reply::Reject(reject) = control.reply().await? else { anyhow::bail!("a stranger's ping was answered") };
        ensure!(reject.code == RejectCode::Unauthenticated, "{reject:?}");
    }
    ensure!(closed(&connection).await? == Some(CloseCode::Login), "a stranger may ask for ever");
    Ok(())
}

/// Datagrams before anybody is logged in, of bytes that mean nothing.
pub(super) async fn datagrams(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    let endpoint = endpoint(Ipv4Addr::LOCALHOST.into(), OURS)?;
    let connection = dial(&endpoint, target.server).await?;
    for _ in 0..DATAGRAMS {
        let bytes: Vec<u8> = (0..target.random.random_range(1..1_000)).map(|_| target.random.random()).collect();
        if connection.send_datagram(bytes.into()).is_err() {
            break;
        }
        tally.done(1);
        tokio::task::yield_now().await;
    }
    let code = closed(&connection).await?;
    ensure!(code == Some(CloseCode::Login), "closed with {code:?}");
    Ok(())
}

/// Other application protocols, many and long ones, and a long name of a server.
pub(super) async fn protocols(target: &mut Target, tally: &mut Tally) -> anyhow::Result<()> {
    let long: Vec<Vec<u8>> = (0..20).map(|nth| vec![nth; 250]).collect();
    let long: Vec<&[u8]> = long.iter().map(Vec::as_slice).collect();
    for alpn in [&[b"chat/99".as_slice(), b"h3"][..], &long, &[]] {
        let endpoint = endpoint(Ipv4Addr::LOCALHOST.into(), alpn)?;
        let entered = timeout(PATIENCE, endpoint.connect(target.server, "localhost")?).await.context("no answer")?;
        ensure!(entered.is_err(), "{} other protocols were taken for ours", alpn.len());
        tally.done(1);
    }
    let endpoint = endpoint(Ipv4Addr::LOCALHOST.into(), OURS)?;
    let name = [&"a".repeat(60), ".", &"b".repeat(60), ".", &"c".repeat(60), ".", &"d".repeat(60)].concat();
    timeout(PATIENCE, endpoint.connect(target.server, &name)?).await.context("no answer")??;
    Ok(())
}

/// Several connections that each do something, and are each ended by the server in time.
async fn each_ends<F: Future<Output = anyhow::Result<()>>>(
    target: &Target,
    tally: &mut Tally,
    codes: &[CloseCode],
    act: impl Fn(Connection) -> F,
) -> anyhow::Result<()> {
    let endpoint = endpoint(Ipv4Addr::LOCALHOST.into(), OURS)?;
    let one = || async {
        let connection = dial(&endpoint, target.server).await?;
        let began = Instant::now();
        let (code, acted) = tokio::join!(closed(&connection), timeout(PATIENCE * 2, act(connection.clone())));
        acted.context("it never noticed that it was over")??;
        let code = code?;
        ensure!(code.is_some_and(|code| codes.contains(&code)), "closed with {code:?}");
        ensure!(began.elapsed() < LOGIN_MAX, "closed after {:?}", began.elapsed());
        Ok(())
    };
    for ended in join_all((0..AT_ONCE).map(|_| one())).await {
        ended?;
        tally.done(1);
    }
    Ok(())
}

/// Where handshakes come from: an address of this machine no good client has.
const FLOODER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));

const HALF_OPEN: u64 = 400;
const HANDSHAKES: usize = 256;
const HANDSHAKES_AT_ONCE: usize = 32;
const GARBAGE: usize = 40;
const DATAGRAMS: usize = 2_000;
const AT_ONCE: usize = 16;

/// What a connection that is not logged in may have sent when it is closed: the windows, and some for what is read meanwhile.
const FILLED_BYTES_MAX: u64 = 256 * 1024;

/// The time for a login, and some for a machine that is busy.
const LOGIN_MAX: Duration = Duration::from_secs(7);
