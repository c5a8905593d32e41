//! What the pictures show: a day in a few rooms, told by real clients to a real server whose clock is moved on, so that the
//! same pictures come out whenever they are made.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use chat_proto::event::ReplyTo;
use chat_proto::reach::OpenDirect;
use chat_proto::request::{CreateRoom, Edit, JoinRoom, LeaveRoom, MarkRead, Post, PostWith, React, UserRef};
use chat_proto::{MessageKey, Reply, Request, RoomId, RoomRef, Seq, Style, Timestamp};
use chat_server::cert::ServerIdentity;
use chat_server::config::Config;
use chat_server::endpoint;
use chat_server::environment::Environment as ServerEnvironment;
use chat_server::server::{self, Parts};
use chat_server::store::MemoryStore;
use chat_tui::client::{Client, ClientEvent, Environment, LinkState, ServerAddress, Settings, TrustPolicy};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::pty::{Pty, program};
use super::svg::{self, DARK, LIGHT};

/// The pictures by the names of their files.
pub(crate) fn pictures(client: &Path) -> anyhow::Result<Vec<(&'static str, String)>> {
    let runtime = Runtime::new()?;
    let scene = runtime.block_on(Scene::begin(client))?;
    let mut alice = scene.screen(&["random"], (120, 40))?;
    runtime.block_on(scene.morning())?;
    let mut pictures = Vec::new();
    alice.type_keys("/join #release\r");
    alice.wait_for_text("new since");
    alice.type_keys("bob: the ban list is done, ");
    scene.bob.client.typing(scene.release, true);
    alice.wait_for_text("bob is typing");
    for (name, (columns, rows)) in SIZES {
        alice.resize(columns, rows);
        wait_for_size(&alice, columns, &["is done,", "counting"]);
        pictures.push((name, svg::picture(&alice.screen(), &DARK)));
    }
    alice.resize(100, 24);
    alice.type_keys("\x15\x0b");
    wait_for_size(&alice, 100, &["go to", "Enter chooses"]);
    pictures.push(("screenshot-switcher.svg", svg::picture(&alice.screen(), &DARK)));
    alice.type_keys("\x1b");
    alice.wait_for("the room again", |screen| !screen.contents().contains("Enter chooses"));
    alice.resize(120, 32);
    wait_for_size(&alice, 120, &["counting"]);
    alice.type_keys("\x1bwv\x1bws");
    wait_for_size(&alice, 120, &["─ #release", "─ #random", "─ #dev", "counting"]);
    alice.wait_for("all of them", |screen| {
        !screen.contents().contains("loading") && !screen.contents().contains(" 0 members")
    });
    whole(&alice);
    pictures.push(("screenshot-windows.svg", svg::picture(&alice.screen(), &DARK)));
    let light = scene.screen(&["ops", "--theme", "solarized-light"], (100, 26))?;
    light.wait_for("the other room", |screen| screen.contents().contains("Retry-After"));
    whole(&light);
    pictures.push(("screenshot-light.svg", svg::picture(&light.screen(), &LIGHT)));
    Ok(pictures)
}

/// Waits until a screen is drawn for so many columns, and shows all of this.
fn wait_for_size(screen: &Pty, columns: u16, shown: &[&str]) {
    screen.wait_for(&format!("{columns} columns"), |screen| {
        let text = screen.contents();
        // The header goes to the right edge, but for a blank.
        let header = text.lines().next().unwrap_or_default().trim_end().chars().count();
        (columns - 2..=columns).contains(&u16::try_from(header).unwrap_or(0))
            && shown.iter().all(|shown| text.contains(shown))
    });
    whole(screen);
}

/// Waits for the end of a frame.
fn whole(screen: &Pty) {
    screen.wait_for_raw("a whole frame", 0, |raw| raw.ends_with(b"\x1b[?2026l"));
}

/// The same conversation at three sizes, columns and rows.
const SIZES: [(&str, (u16, u16)); 3] =
    [("screenshot.svg", (120, 40)), ("screenshot-80x24.svg", (80, 24)), ("screenshot-50x15.svg", (50, 15))];

/// Somebody with a client.
struct Person {
    client: Client,
}

struct Scene {
    program: PathBuf,
    host: ServerAddress,
    homes: tempfile::TempDir,
    clock: Arc<AtomicI64>,
    stop: CancellationToken,
    release: RoomId,
    ops: RoomId,
    alice: Person,
    bob: Person,
    carol: Person,
    erin: Person,
    ci: Person,
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Scene {
    /// The day before: rooms, and what was said in them.
    async fn begin(program: &Path) -> anyhow::Result<Self> {
        let homes = tempfile::tempdir()?;
        let clock = Arc::new(AtomicI64::new(YESTERDAY + 16 * 60 * MINUTE));
        let stop = CancellationToken::new();
        let host = serve(homes.path(), Arc::clone(&clock), stop.clone())?;
        let person = async |name: &str| Person::enter(&host, name, &homes.path().join(name)).await;
        let (alice, bob, carol) = (person("alice").await?, person("bob").await?, person("carol").await?);
        let (erin, ci) = (person("erin").await?, person("ci").await?);
        let release = bob.create("release", "0.3 ships Friday · notes: https://wiki.example/rel").await?;
        let ops = carol.create("ops", "Who is on call, and what is burning").await?;
        let dev = alice.create("dev", "What we build").await?;
        let random = erin.create("random", "Everything else").await?;
        for room in [release, ops, dev, random] {
            for person in [&alice, &bob, &carol, &erin] {
                person.join(room).await?;
            }
        }
        ci.join(release).await?;
        let scene =
            Self { program: program.to_owned(), host, homes, clock, stop, release, ops, alice, bob, carol, erin, ci };
        scene.day_before().await?;
        scene.elsewhere(dev, random).await?;
        Ok(scene)
    }

    async fn day_before(&self) -> anyhow::Result<()> {
        let Self { release, alice, bob, carol, ci, erin, .. } = self;
        self.at(17, 2);
        let staging = "Staging runs **0.3-rc2** since 16:50; p99 fell from 41 to 9 ms.";
        let news = bob.say(*release, staging).await?;
        bob.say(*release, "Dashboards: https://grafana.example/d/edge").await?;
        for person in [alice, carol, erin] {
            person.react(*release, news, "👍").await?;
        }
        carol.react(*release, news, "🚢").await?;
        self.at(17, 5);
        carol.say(*release, "Looks good. I will write the notes *tonight*.").await?;
        self.at(17, 31);
        let code = alice
            .say(*release, "```rust\nfn backoff(n: u32) -> Duration {\n    Duration::from_millis(50)\n}\n```")
            .await?;
        let better = "```rust\nfn backoff(n: u32) -> Duration {\n    Duration::from_millis(50 << n.min(6)) // 3.2 s at most\n}\n```";
        alice.ask(Edit { key: MessageKey::default(), room: *release, target: code, text: better.to_owned() }).await?;
        self.at(17, 34);
        bob.say(*release, "and a jitter of a quarter, so that they don't all come back at once").await?;
        self.at(18, 10);
        let last = ci.say(*release, "build 1187 of `release/0.3` is green: 412 tests in 190 s").await?;
        alice.ask(MarkRead { room: *release, seq: last }).await?;
        Ok(())
    }

    /// The morning: half of it is read by alice as it comes, the other half while she looks elsewhere.
    async fn morning(&self) -> anyhow::Result<()> {
        let Self { release, bob, carol, erin, ci, .. } = self;
        self.at(24 + 9, 12);
        erin.ask(LeaveRoom { key: MessageKey::default(), room: *release, reason: String::new() }).await?;
        erin.join(*release).await?;
        self.at(24 + 9, 20);
        let question = carol
            .say(
                *release,
                "Notes are at https://wiki.example/rel, please read the breaking changes. 日本語版もあります",
            )
            .await?;
        self.at(24 + 11, 58);
        let ask =
            bob.say(*release, "alice: can you check the ban list before we open?\nTwo entries have no expiry.").await?;
        self.at(24 + 12, 1);
        erin.answer(*release, question, "read them; the config move wants a line of its own").await?;
        carol.react(*release, ask, "👀").await?;
        self.at(24 + 12, 4);
        ci.say(*release, "rollout 0.3: 10 % of the fleet, error rate flat at 0.02 %").await?;
        self.at(24 + 12, 9);
        erin.say(*release, "> error rate flat\nas flat as it gets. Shall I go on to *half*?").await?;
        self.at(24 + 12, 11);
        bob.say(*release, "go. I watch the graphs 🎉").await?;
        carol.act(*release, "crosses her fingers").await?;
        self.at(24 + 12, 18);
        ci.say(*release, "rollout 0.3: 50 % of the fleet, three nines and counting").await?;
        Ok(())
    }

    async fn elsewhere(&self, dev: RoomId, random: RoomId) -> anyhow::Result<()> {
        let Self { ops, alice, bob, carol, erin, .. } = self;
        self.at(19, 40);
        carol.say(*ops, "edge-3 answers 429 to the mirror again").await?;
        let known =
            erin.say(*ops, "It ignores `Retry-After`; a patch is in review: https://git.example/mirror/41").await?;
        alice.ask(MarkRead { room: *ops, seq: known }).await?;
        self.at(19, 47);
        bob.say(*ops, "```sh\ncurl -si https://edge-3.example/health | grep -i retry\n```").await?;
        carol.say(*ops, "alice: you are on call tonight, do you want the pager early?").await?;
        self.at(20, 3);
        let merged = erin.say(*ops, "Merged and out. Quiet since.").await?;
        for person in [bob, carol] {
            person.react(*ops, merged, "🎉").await?;
        }
        for text in ["who broke the linter?", "alice: yours, I think :)", "fixed"] {
            bob.say(dev, text).await?;
        }
        erin.say(random, "lunch at one? 🍜").await?;
        let with = vec![UserRef::Name("alice".to_owned())];
        let Reply::RoomInfo(direct) = carol.ask(OpenDirect { key: MessageKey::default(), with }).await? else {
            bail!("no conversation")
        };
        carol.say(direct.room, "can we talk about the release party?").await?;
        Ok(())
    }

    /// Moves the server's clock: hours and minutes from the midnight before the first day.
    fn at(&self, hours: i64, minutes: i64) {
        self.clock.store(YESTERDAY + (hours * 60 + minutes) * MINUTE, Ordering::SeqCst);
    }

    /// A screen of alice's, connected, with the room before it.
    fn screen(&self, arguments: &[&str], (columns, rows): (u16, u16)) -> anyhow::Result<Pty> {
        let mut command = program(&self.program);
        command.env("COLORTERM", "truecolor");
        command.env("TZ", "UTC");
        command.args(["connect", &self.host.authority()]);
        command.args(arguments);
        command.args(["--name", "alice", "--accept-new", "--data"]);
        command.arg(self.homes.path().join("alice"));
        let screen = Pty::spawn(command, columns, rows);
        let header = format!(" #{} ", arguments.first().context("a room")?);
        screen.wait_for("the room, and who is there", |screen| {
            let text = screen.contents();
            text.starts_with(&header) && text.contains(" ms ") && text.contains("created the room")
        });
        Ok(screen)
    }
}

/// Starts the server, and says where.
fn serve(place: &Path, clock: Arc<AtomicI64>, stop: CancellationToken) -> anyhow::Result<ServerAddress> {
    let mut config = Config::new(place.join("server"));
    config.listen = "127.0.0.1:0".parse()?;
    std::fs::create_dir_all(&config.data)?;
    let identity = Arc::new(ServerIdentity::open(&config, SystemTime::now())?);
    let endpoint = endpoint::open(&config, &identity)?;
    let address = ServerAddress::new("localhost", endpoint.local_addr()?.port());
    let random = |bytes: &mut [u8]| getrandom::fill(bytes).expect("the system's randomness");
    let environment = ServerEnvironment::new(move || Timestamp(clock.load(Ordering::SeqCst)), random);
    let server_key = Arc::new(move || identity.spki_sha256());
    let mut settings = server::Settings::default();
    settings.hub.greeting.name = "chat.example.org".to_owned();
    let parts = Parts { endpoint, server_key, store: Arc::new(MemoryStore::new()), environment, settings };
    tokio::spawn(server::serve(parts, stop));
    Ok(address)
}

impl Person {
    async fn enter(host: &ServerAddress, name: &str, home: &Path) -> anyhow::Result<Self> {
        let mut settings = Settings::new(host.clone(), name, home);
        (settings.trust, settings.use_cache) = (TrustPolicy::AcceptNew, false);
        let (client, mut events) = Client::start(settings, Environment::default())?;
        while events.recv().await.context("the session ended")? != ClientEvent::Link(LinkState::Online) {}
        tokio::spawn(async move { while events.recv().await.is_some() {} });
        Ok(Self { client })
    }

    async fn ask(&self, request: impl Into<Request>) -> anyhow::Result<Reply> {
        let reply = self.client.command(request).await?;
        if let Reply::Reject(reject) = reply {
            bail!("{reject}");
        }
        Ok(reply)
    }

    async fn create(&self, name: &str, topic: &str) -> anyhow::Result<RoomId> {
        let create = CreateRoom { key: MessageKey::default(), name: name.to_owned(), topic: topic.to_owned() };
        let Reply::RoomInfo(info) = self.ask(create).await? else { bail!("no room") };
        Ok(info.room)
    }

    async fn join(&self, room: RoomId) -> anyhow::Result<()> {
        self.ask(JoinRoom { key: MessageKey::default(), room: RoomRef::Id(room), create: false }).await?;
        Ok(())
    }

    async fn say(&self, room: RoomId, text: &str) -> anyhow::Result<Seq> {
        self.post(room, Style::Text, text).await
    }

    async fn act(&self, room: RoomId, text: &str) -> anyhow::Result<Seq> {
        self.post(room, Style::Action, text).await
    }

    async fn post(&self, room: RoomId, style: Style, text: &str) -> anyhow::Result<Seq> {
        let post = Post { key: MessageKey::default(), room, style, text: text.to_owned() };
        let Reply::Receipt(receipt) = self.ask(post).await? else { bail!("no receipt") };
        Ok(receipt.seq)
    }

    async fn answer(&self, room: RoomId, to: Seq, text: &str) -> anyhow::Result<()> {
        let extras = vec![ReplyTo { target: to }.into()];
        let (key, style, text) = (MessageKey::default(), Style::Text, text.to_owned());
        self.ask(PostWith { key, room, style, text, extras }).await?;
        Ok(())
    }

    async fn react(&self, room: RoomId, target: Seq, emoji: &str) -> anyhow::Result<()> {
        self.ask(React { key: MessageKey::default(), room, target, emoji: emoji.to_owned(), on: true }).await?;
        Ok(())
    }
}

/// Microseconds.
const MINUTE: i64 = 60_000_000;

/// The midnight before Thursday, 19 November 2026, UTC, in microseconds.
const YESTERDAY: i64 = 1_795_046_400_000_000;
