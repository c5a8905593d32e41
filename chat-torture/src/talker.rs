//! A client that talks until it is told to stop, and writes down everything it did and saw: what is killed, cut off and
//! rained on, in a process of its own.
//!
//! Appends to its history one line per act. On its standard input, `stop` ends the talking and waits for the outbox to empty
//! (answered by `drained`), `finish` waits until everything is shown and ends. `CHAT_LOG` is a filter for a log on standard
//! error.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use chat_proto::event::{Posted, ReadMarked};
use chat_proto::request::{JoinRoom, LookUpRoom, MarkRead};
use chat_proto::{
    Chain, Epoch, Event, EventBody, FeedId, FeedStatus, MessageKey, Position, Reply, RoomId, RoomRef, Seq, Style,
};
use chat_tui::client::{Backlog, Client, ClientEvent, Environment, LinkState, Random, Settings, TrustPolicy};
use clap::{Args, Parser};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::mpsc;
use tokio::time::{interval, timeout};

use crate::checker::{self, Line, What, digest};

/// What a talker is told.
#[derive(Clone, Debug, Args)]
pub struct Talk {
    /// Where the server is, HOST:PORT
    pub server: String,
    /// Who it is
    pub name: String,
    /// Its directory; the last part is the name of the device
    pub data: PathBuf,
    /// The file its history is appended to
    pub history: PathBuf,
    /// How often it says something, milliseconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub every_ms: u64,
    /// How often it marks as read, milliseconds
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..))]
    pub mark_every_ms: u64,
}

#[derive(Debug)]
struct Talker {
    device: String,
    client: Client,
    random: Random,
    history: File,
    what: Talk,
    room: Option<RoomId>,
    shown: Option<Seq>,
    said: u64,
    /// Messages of this process that are not acknowledged.
    waiting: usize,
    online: bool,
}

/// The whole program of a talker.
///
/// # Errors
/// What ended it before it was told to end.
pub fn main() -> anyhow::Result<()> {
    #[derive(Debug, Parser)]
    struct Arguments {
        #[command(flatten)]
        talk: Talk,
    }
    run(&Arguments::parse().talk)
}

/// Talks.
///
/// # Errors
/// As [`main`].
pub fn run(what: &Talk) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(talk(what));
    // The thread that reads standard input is not waited for: an error would not be told.
    runtime.shutdown_background();
    ended
}

async fn talk(what: &Talk) -> anyhow::Result<()> {
    if let Ok(filter) = std::env::var("CHAT_LOG") {
        let filter = tracing_subscriber::EnvFilter::new(filter);
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    }
    let room = known_room(&what.data);
    let mut settings = Settings::new(what.server.parse()?, &what.name, &what.data);
    settings.trust = TrustPolicy::AcceptNew;
    settings.use_cache = false;
    settings.backlog = Backlog::Everything;
    // Everything again from the first event: what this process shows is then the whole room.
    settings.resume.extend(room.map(|room| Position {
        feed: FeedId::Room(room),
        epoch: Epoch(0),
        seq: Seq::ZERO,
        chain: Chain::default(),
        backlog_max: u32::MAX,
    }));
    let device = what.data.file_name().context("a data directory has a name")?.to_string_lossy().into_owned();
    let (client, events) = Client::start(settings, Environment::default())?;
    let mut talker = Talker {
        device,
        client,
        random: Random::system(),
        history: OpenOptions::new().create(true).append(true).open(&what.history)?,
        what: what.clone(),
        room,
        shown: None,
        said: 0,
        waiting: 0,
        online: false,
    };
    talker.note(What::Start { account: what.name.clone() })?;
    talker.run(events).await
}

fn every(milliseconds: u64) -> tokio::time::Interval {
    let mut interval = interval(Duration::from_millis(milliseconds));
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval
}

/// The room's number from an earlier life.
fn known_room(data: &Path) -> Option<RoomId> {
    std::fs::read_to_string(data.join("room")).ok()?.parse().ok().map(RoomId)
}

impl Talker {
    fn note(&mut self, what: What) -> anyhow::Result<()> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let line = Line { t: u64::try_from(since.as_micros())?, device: self.device.clone(), what };
        self.history.write_all(checker::format(&[line]).as_bytes())?;
        Ok(())
    }

    async fn run(&mut self, mut events: mpsc::Receiver<ClientEvent>) -> anyhow::Result<()> {
        let mut orders = BufReader::new(tokio::io::stdin()).lines();
        let (mut talk, mut mark) = (every(self.what.every_ms), every(self.what.mark_every_ms));
        let mut talking = true;
        let mut draining = false;
        loop {
            tokio::select! {
                biased;
                order = orders.next_line() => match order?.as_deref() {
                    Some("stop") => (talking, draining) = (false, true),
                    Some("finish") => return self.finish(&mut events).await,
                    Some(_) | None => return Ok(()),
                },
                event = events.recv() => self.see(event.context("the session ended")?)?,
                _ = talk.tick() => {
                    if talking {
                        self.talk().await?;
                    }
                    // Whoever never got in before gets in now: that is an event as well, which the others are to see.
                    if draining && self.room.is_some() && self.client.outbox().await.is_empty() {
                        draining = false;
                        say("drained");
                    }
                }
                _ = mark.tick() => {
                    if let (Some(room), Some(seq), true) = (self.room, self.shown, talking) {
                        let client = self.client.clone();
                        // A marker that does not get through is overtaken by the next one.
                        tokio::spawn(async move { client.request(MarkRead { room, seq }).await });
                    }
                }
            }
        }
    }

    async fn talk(&mut self) -> anyhow::Result<()> {
        let Some(room) = self.room else { return Ok(()) };
        // On a busy machine more could be said than goes through.
        if self.waiting >= WAITING_MAX {
            return Ok(());
        }
        self.said += 1;
        let text = format!("{} says {} at {:?}", self.device, self.said, SystemTime::now());
        let key = self.random.message_key()?;
        self.note(What::Send { room: room.0, key: key.to_string(), digest: digest(&text) })?;
        self.client.send(room, Style::Text, &text, Some(key)).await?;
        self.waiting += 1;
        self.note(What::Queued { room: room.0, key: key.to_string() })
    }

    fn see(&mut self, event: ClientEvent) -> anyhow::Result<()> {
        match event {
            ClientEvent::Welcome(welcome) => {
                for status in &welcome.feeds {
                    self.begin(status)?;
                }
                if self.room.is_none() {
                    self.join();
                }
            }
            ClientEvent::Began(status) => self.begin(&status)?,
            ClientEvent::Link(LinkState::Online) => {
                self.online = true;
                self.note(What::Conn)?;
            }
            ClientEvent::Link(LinkState::Connecting | LinkState::Waiting { .. }) => {
                if std::mem::take(&mut self.online) {
                    self.note(What::Disc)?;
                }
            }
            ClientEvent::Events(events) => {
                for event in &events.events {
                    self.show(events.feed, event)?;
                }
            }
            ClientEvent::Sent { key, room, receipt } => {
                self.waiting = self.waiting.saturating_sub(1);
                self.note(What::Ack { room: room.0, key: key.to_string(), seq: receipt.seq.0 })?;
            }
            ClientEvent::Refused(outgoing) => {
                self.waiting = self.waiting.saturating_sub(1);
                self.note(What::Err { room: outgoing.room.0, key: outgoing.key.to_string() })?;
            }
            ClientEvent::Stopped(reason) => bail!("{reason:?}"),
            ClientEvent::Queued(_)
            | ClientEvent::RoundTrip(_)
            | ClientEvent::Trimmed(_)
            | ClientEvent::Ended(_)
            | ClientEvent::Presence(_)
            | ClientEvent::Typing(_)
            | ClientEvent::UserState(_)
            | ClientEvent::Announced(_)
            | ClientEvent::Greeting(_)
            | ClientEvent::Nick(_)
            | ClientEvent::Others { .. }
            | ClientEvent::Company(_) => {}
        }
        Ok(())
    }

    fn join(&self) {
        let (client, random) = (self.client.clone(), self.random.clone());
        tokio::spawn(async move {
            let Ok(key) = random.message_key() else { return };
            let join = JoinRoom { key, room: RoomRef::Name(ROOM.to_owned()), create: true };
            // Lost with the connection, it is asked again at the next welcome.
            let _ = client.request(join).await;
        });
    }

    /// A room comes from here on. Only the first time in this process: from then on nothing may be left out.
    fn begin(&mut self, status: &FeedStatus) -> anyhow::Result<()> {
        let FeedId::Room(room) = status.feed else { return Ok(()) };
        if self.room != Some(room) {
            std::fs::write(self.what.data.join("room"), room.to_string())?;
            self.room = Some(room);
        }
        if self.shown.is_none() {
            self.shown = Some(status.next.prev());
            self.note(What::Resume { room: room.0, after: status.next.prev().0 })?;
        }
        Ok(())
    }

    fn show(&mut self, feed: FeedId, event: &Event) -> anyhow::Result<()> {
        match (feed, &event.body) {
            (FeedId::Room(room), body) => {
                let digest = if let EventBody::Posted(Posted { text, .. }) = body { digest(text) } else { 0 };
                let key = if event.key == MessageKey::default() { String::new() } else { event.key.to_string() };
                self.shown = Some(event.seq);
                self.note(What::Show { room: room.0, seq: event.seq.0, key, digest })
            }
            (FeedId::Account(_), EventBody::ReadMarked(ReadMarked { room, seq, .. })) => {
                self.note(What::Mark { room: room.0, seq: seq.0 })
            }
            (FeedId::Account(_), _) => Ok(()),
        }
    }

    /// Waits until everything the room holds is shown here.
    async fn finish(&mut self, events: &mut mpsc::Receiver<ClientEvent>) -> anyhow::Result<()> {
        let room = self.room.context("never saw the room")?;
        let head = loop {
            if let Ok(Reply::RoomInfo(info)) = self.client.request(LookUpRoom { room: RoomRef::Id(room) }).await {
                break info.head;
            }
            if let Ok(event) = timeout(Duration::from_millis(50), events.recv()).await {
                self.see(event.context("the session ended")?)?;
            }
        };
        while self.shown < Some(head) {
            let event = events.recv().await.context("the session ended")?;
            self.see(event)?;
        }
        // What is on its way behind the head: markers.
        while let Ok(Some(event)) = timeout(Duration::from_millis(500), events.recv()).await {
            self.see(event)?;
        }
        say(&format!("finished at {head}"));
        self.client.quit(Duration::from_secs(1)).await;
        Ok(())
    }
}

/// Tells whoever gives the orders. If he is gone, the end of the orders is noticed next.
fn say(what: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{what}").and_then(|()| stdout.flush());
}

/// The room all talkers talk in.
const ROOM: &str = "torture";

/// Messages a talker has unacknowledged at most.
const WAITING_MAX: usize = 500;
