//! `chat-tui demo`: everything on this machine, for trying out: a server, two who talk, and the screen. All of it ends together.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chat_proto::{RoomId, RoomName, Style};
use chat_tui::bot::door::Door;
use chat_tui::bot::play::Dressing;
use chat_tui::bot::{Exit, Failure, complain};
use chat_tui::client::{ClientEvent, Environment, ServerAddress, Settings, TrustPolicy};
use chat_tui::config;
use chat_tui::tui::app::{Start, run as run_screen};
use clap::Args;
use tokio::time::{Instant, sleep};

use crate::args::{ConfigArgs, name_of_system};
use crate::cli::{self, connect};

/// The arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The server's program; the one beside this one unless given
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
}

/// Runs all of it.
pub(crate) fn run(args: DemoArgs) -> Result<Exit, Failure> {
    let environment = Environment::default();
    let no_place = |e: io::Error| Failure::new(Exit::Failed, format!("no directory for the demonstration: {e}"));
    let place = Dressing::new(&environment.random).map_err(no_place)?;
    let (server, address) = Server::start(&program(args.server)?, &place.path().join("server"))?;
    let room = RoomName::parse(ROOM).map_err(|e| Failure::new(Exit::Bug, e.to_string()))?;
    let sources = args.config.sources(Vec::new());
    let loaded = config::load(&sources);
    let settings = |name: &str| {
        let mut settings = Settings::new(address.clone(), name, place.path().join("client"));
        settings.trust = TrustPolicy::AcceptNew;
        settings
    };
    let name = loaded.config.name.clone().or_else(name_of_system).filter(|name| !COMPANIONS.contains(&name.as_str()));
    let start = Start {
        settings: settings(name.as_deref().unwrap_or("you")),
        rooms: vec![ROOM.to_owned()],
        servers: Vec::new(),
        sources,
        loaded,
    };
    let companions = COMPANIONS.map(settings);
    let ended = cli::run_to_end(async {
        let [first, second] = companions;
        // The room is there, and something was said in it, before the screen opens.
        let first = Companion::enter(first, &room, environment.clone()).await?;
        let second = Companion::enter(second, &room, environment.clone()).await?;
        for (companion, line) in [&first, &second].into_iter().cycle().zip(OPENING) {
            companion.say(line).await;
        }
        let talking = [tokio::spawn(first.talk(ANSWERS[0])), tokio::spawn(second.talk(ANSWERS[1]))];
        let ended = run_screen(start, environment, |what| complain(&what)).await.map_err(connect::failure);
        talking.iter().for_each(tokio::task::JoinHandle::abort);
        ended
    });
    drop(server);
    connect::exit(ended?)
}

/// The server's program beside this one.
fn program(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let beside = || {
        Some(
            std::env::current_exe().ok()?.with_file_name("chat-server").with_extension(std::env::consts::EXE_EXTENSION),
        )
    };
    let path = named.or_else(beside).unwrap_or_default();
    if path.is_file() {
        return Ok(path);
    }
    let message = format!("there is no server at {}; name its program with --server FILE", path.display());
    Err(Failure::new(Exit::Usage, message))
}

/// A server that ends with this.
#[derive(Debug)]
struct Server(Child);

impl Server {
    fn start(program: &Path, data: &Path) -> Result<(Self, ServerAddress), Failure> {
        let failed = |what: String| Failure::new(Exit::Failed, format!("{}: {what}", program.display()));
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CHAT_")) {
            command.env_remove(name);
        }
        command.args(["--listen", "127.0.0.1:0", "--log", "error", "--data"]).arg(data);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = Self(command.spawn().map_err(|error| failed(error.to_string()))?);
        let lines = server.0.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines());
        let address = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("listening on ")?.split(' ').next()?.parse::<ServerAddress>().ok());
        let address = address.ok_or_else(|| failed("it ended without listening".to_owned()))?;
        Ok((server, address))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        #[cfg(unix)]
        let asked =
            rustix::process::kill_process(rustix::process::Pid::from_child(&self.0), rustix::process::Signal::TERM);
        #[cfg(unix)]
        for _ in 0..if asked.is_ok() { END_POLLS } else { 0 } {
            if matches!(self.0.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(END_POLL);
        }
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One of the two who talk.
struct Companion {
    door: Door,
    room: RoomId,
}

impl Companion {
    async fn enter(settings: Settings, room: &RoomName, environment: Environment) -> Result<Self, Failure> {
        let deadline = Instant::now() + PATIENCE;
        let door = Door::open(settings, environment, deadline, None).await?;
        let room = door.join(room, deadline).await?.room;
        Ok(Self { door, room })
    }

    async fn say(&self, line: &str) {
        // Nobody misses a line that a server at its end did not take.
        let _ = self.door.client.send(self.room, Style::Text, line, None).await;
    }

    /// Answers whoever speaks and is none of the two.
    async fn talk(mut self, mut answers: &'static [&'static str]) {
        while let Some(event) = self.door.events.recv().await {
            let ClientEvent::Events(events) = event else { continue };
            let spoken =
                |event: &chat_proto::Event| event.body.message().is_some_and(|said| !COMPANIONS.contains(&said.name));
            if !events.events.iter().any(spoken) {
                continue;
            }
            let Some((answer, rest)) = answers.split_first() else { return self.stay().await };
            answers = rest;
            self.door.client.typing(self.room, true);
            sleep(THOUGHT).await;
            self.say(answer).await;
        }
    }

    /// Says no more, and stays.
    async fn stay(mut self) {
        while self.door.events.recv().await.is_some() {}
    }
}

/// The room it happens in.
const ROOM: &str = "lobby";

const COMPANIONS: [&str; 2] = ["bob", "carol"];

/// What was said before the screen opened, by one and the other in turn.
const OPENING: [&str; 4] = [
    "Hello! This server runs on your machine, and only until you leave.",
    "Whatever you write here is seen by bob and me.",
    "**F1** shows every key, `/help` every command, and Alt-A goes to what is new.",
    "Say something, and we answer.",
];

/// What each of the two answers, in order.
const ANSWERS: [&[&str]; 2] = [
    &[
        "That arrived. The line turned solid as soon as the server had stored it.",
        "Try Tab to complete a name, and the arrow keys for what you sent before.",
        "/set ui.hints off takes the bottom line away; /set lists what else there is.",
    ],
    &[
        "I saw it too. PgUp reads back, Alt-End comes back down.",
        "/join #another begins a room; Ctrl-N goes from one to the next.",
        "When you have seen enough: Ctrl-Q. We end with you.",
    ],
];

/// How long entering may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a companion writes.
const THOUGHT: Duration = Duration::from_millis(1_200);

/// How often, and how often at most, it is looked whether the server has ended as asked.
const END_POLL: Duration = Duration::from_millis(20);
const END_POLLS: u32 = 150;
