//! `chat-tui doctor`: what could keep the client from working.

use std::io::IsTerminal;
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use chat_tui::bot::{Exit, Failure};
use chat_tui::client::trust::KnownServers;
use chat_tui::client::{Environment, ServerAddress};
use chat_tui::config;
use clap::Args;

use crate::args::{ConfigArgs, data_dir};
use crate::cli::config::{in_force, say};

/// The arguments of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// A server to reach: HOST, HOST:PORT or a chat:// link; that of the settings unless given
    #[arg(value_name = "HOST")]
    server: Option<ServerAddress>,
}

/// Looks at everything, and says what it saw. Nothing is changed, and nobody logs in.
pub(crate) fn run(args: &DoctorArgs) -> Result<Exit, Failure> {
    let sources = args.config.sources(Vec::new());
    let loaded = config::load(&sources);
    let named = loaded.config.server.as_ref().and_then(|server| server.parse().ok());
    let server = args.server.clone().or(named);
    let data = data_dir(None, &loaded.config);
    let mut report = Report::default();
    terminal(&mut report);
    let file = loaded.path.as_ref().map_or_else(|| "nowhere".to_owned(), |path| path.display().to_string());
    report.fine("settings", &if loaded.exists { file } else { format!("none; they would be in {file}") });
    in_force(sources, loaded).iter().for_each(|problem| report.bad("settings", problem));
    match &data {
        Ok(data) => directory(data, &mut report),
        Err(failure) => report.bad("data", &failure.message),
    }
    clock(&mut report);
    match &server {
        Some(server) => reach(server, data.ok().as_deref(), &mut report),
        None => report.fine("server", "none is named; chat-tui doctor HOST tries to reach one"),
    }
    match report.bad {
        0 => Ok(Exit::Clean),
        1 => Err(Failure::new(Exit::Failed, "1 thing is wrong")),
        bad => Err(Failure::new(Exit::Failed, format!("{bad} things are wrong"))),
    }
}

/// What was seen so far.
#[derive(Debug, Default)]
struct Report {
    bad: usize,
}

impl Report {
    fn fine(&mut self, what: &str, seen: &str) {
        say(&format!("ok    {what:<9} {seen}"));
    }

    fn bad(&mut self, what: &str, seen: &str) {
        self.bad += 1;
        say(&format!("WRONG {what:<9} {seen}"));
    }
}

#[cfg(feature = "tui")]
fn terminal(report: &mut Report) {
    use chat_tui::tui::term::caps::{Caps, NoScreen};
    use chat_tui::tui::term::ring::Ring;
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if !is_terminal {
        report.fine("terminal", "none here; what follows is what the environment says of one");
    }
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let term = variable("TERM");
    match Caps::from_environment(|name| std::env::var_os(name)) {
        Err(NoScreen::Dumb) => report.bad("terminal", &format!("TERM is {term:?}: it gets lines instead of a screen")),
        Err(error) => report.bad("terminal", &error.to_string()),
        Ok(caps) => {
            let inside = if caps.tmux { " within tmux" } else { "" };
            report.fine("terminal", &format!("TERM={term}{inside}"));
            report.fine(
                "colours",
                &format!(
                    "{:?}; COLORTERM={:?} NO_COLOR={:?}",
                    caps.colors,
                    variable("COLORTERM"),
                    variable("NO_COLOR")
                ),
            );
            report.fine("symbols", &format!("{:?}, as the locale says", caps.symbols));
            report.fine(
                "keys",
                if caps.keys {
                    "unambiguous keys are asked for (kitty's protocol)"
                } else {
                    "plain: Shift-Enter is Enter"
                },
            );
            let commands =
                if caps.commands { "links (OSC 8), clipboard (OSC 52)" } else { "no links and no clipboard" };
            report.fine(
                "commands",
                &format!("{commands}; told of news by {:?}", Ring::detect(|name| std::env::var(name).ok())),
            );
            if caps.tmux {
                report.fine("tmux", "copying and notices need: set -g set-clipboard on, set -g allow-passthrough on");
            }
            if cfg!(target_os = "macos") {
                report.fine("alt", "Alt keys need the terminal's setting \"Option as Meta\"");
            }
        }
    }
}

#[cfg(not(feature = "tui"))]
fn terminal(report: &mut Report) {
    let is = if std::io::stdout().is_terminal() { "there is one" } else { "there is none" };
    report.fine("terminal", &format!("{is}, and this build draws no screen"));
}

/// Whether keys can be kept, and from whom.
fn directory(data: &Path, report: &mut Report) {
    let place = data.display();
    match std::fs::metadata(data) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            report.fine("data", &format!("{place} is made on the first start"));
        }
        Err(error) => report.bad("data", &format!("{place}: {error}")),
        Ok(metadata) if !metadata.is_dir() => report.bad("data", &format!("{place} is no directory")),
        Ok(metadata) if metadata.permissions().readonly() => report.bad("data", &format!("{place} cannot be written")),
        Ok(_) => report.fine("data", &place.to_string()),
    }
}

/// A clock far off makes every certificate invalid.
fn clock(report: &mut Report) {
    let now = Environment::default().clock.now().0;
    let shown = jiff::Timestamp::from_microsecond(now)
        .map_or_else(|_| "beyond every calendar".to_owned(), |at| format!("{at:.0}"));
    if now < EARLIEST_MICROS {
        report.bad("clock", &format!("{shown} is in the past; certificates are not valid then"));
    } else {
        report.fine("clock", &shown);
    }
}

/// Whether packets get to the server and back, whoever it is.
fn reach(server: &ServerAddress, data: Option<&Path>, report: &mut Report) {
    let known = data.map(|data| KnownServers::in_dir(data).find(server));
    match known {
        Some(Ok(Some(_))) => report.fine("trust", &format!("the key of {server} is known")),
        Some(Ok(None)) | None => report.fine("trust", &format!("the key of {server} is not known yet")),
        Some(Err(error)) => report.bad("trust", &error.to_string()),
    }
    let addresses: Vec<SocketAddr> = match (server.host.as_str(), server.port).to_socket_addrs() {
        Ok(addresses) => addresses.take(ADDRESSES_MAX).collect(),
        Err(error) => return report.bad("server", &format!("{} has no address: {error}", server.host)),
    };
    let mut reached = false;
    for address in &addresses {
        match probe(*address) {
            Ok(time) => {
                reached = true;
                report.fine("server", &format!("{address} answered over UDP in {} ms", time.as_millis()));
            }
            Err(why) if reached => report.fine("server", &format!("{address}: {why}")),
            Err(why) => report.bad("server", &format!("{address}: {why}")),
        }
    }
}

/// Sends a QUIC packet of a version there is not, which every server answers with those it knows (RFC 9000, 6.1): so this
/// needs no key and leaves nothing behind.
fn probe(address: SocketAddr) -> Result<Duration, String> {
    let local = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(local).and_then(|socket| {
        socket.set_read_timeout(Some(ANSWER_WAIT))?;
        socket.connect(address)?;
        Ok(socket)
    });
    let socket = socket.map_err(|error| error.to_string())?;
    let id: [u8; 8] = Environment::default().random.bytes().map_err(|error| error.to_string())?;
    let mut packet = vec![0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8];
    packet.extend_from_slice(&id);
    packet.push(8);
    packet.extend_from_slice(&id);
    packet.resize(PACKET_BYTES, 0);
    let mut last = String::new();
    for _ in 0..TRIES {
        let sent = Instant::now();
        let mut answer = [0; 1_500];
        match socket.send(&packet).and_then(|_| socket.recv(&mut answer)) {
            Ok(count) if count > 5 && answer[0] & 0x80 != 0 && answer[1..5] == [0; 4] => return Ok(sent.elapsed()),
            Ok(_) => "something answered that is no QUIC server".clone_into(&mut last),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                "nobody listens on this UDP port".clone_into(&mut last);
            }
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                "no answer: the server is down, or UDP is blocked on the way".clone_into(&mut last);
            }
            Err(error) => last = error.to_string(),
        }
    }
    Err(last)
}

/// How long an answer may take, and how often it is asked for: packets get lost.
const ANSWER_WAIT: Duration = Duration::from_millis(700);
const TRIES: usize = 3;

/// The least bytes of a first packet (RFC 9000, 14.1).
const PACKET_BYTES: usize = 1_200;

/// Addresses of a name that are tried.
const ADDRESSES_MAX: usize = 8;

/// The first of January 2026, microseconds since 1970: no release is older.
const EARLIEST_MICROS: i64 = 1_767_225_600_000_000;
