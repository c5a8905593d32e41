//! `chat-tui connect`: the screen.

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::Arc;

use chat_proto::RoomName;
use chat_tui::bot::{Exit, Failure, complain};
use chat_tui::clean;
use chat_tui::client::{AskTrust, Environment, Question, ServerAddress, TrustAnswer, TrustPolicy, is_fingerprint};
use chat_tui::config::{self, Value};
use chat_tui::tui::app::{Ended, RunError, Start, run as run_screen};
use clap::Args;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::args::ConnectionArgs;
use crate::cli::{self, claim};

/// The arguments of `connect`.
#[derive(Debug, Args)]
pub(crate) struct ConnectArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// The room, with or without #; joined, and made if there is none and the server allows it
    #[arg(value_parser = cli::room)]
    room: Option<RoomName>,
    /// Become the server's owner first, by the code it printed on its first start, which is asked for
    #[arg(long)]
    claim: bool,
    /// A theme by its name, or the file of one
    #[arg(long, env = "CHAT_THEME", value_name = "NAME|FILE")]
    theme: Option<String>,
    /// Print lines one after the other instead of drawing a screen, for screen readers
    #[arg(long, env = "CHAT_LINEAR", value_parser = clap::builder::BoolishValueParser::new())]
    linear: bool,
    /// Only look: mark nothing as read, tell nobody that you are typing, send nothing
    #[arg(long, short = 'e')]
    explore: bool,
}

/// Runs the screen.
pub(crate) fn run(args: ConnectArgs) -> Result<Exit, Failure> {
    let asks = io::stdin().is_terminal() && io::stderr().is_terminal();
    let unknown = if asks { TrustPolicy::Ask(Arc::new(Person)) } else { TrustPolicy::RefuseUnknown };
    let mut flags = Vec::new();
    flags.extend(args.theme.map(|theme| ("theme", Value::Text(theme))));
    flags.extend(args.linear.then_some(("linear", Value::Flag(true))));
    flags.extend(args.explore.then_some(("explore", Value::Flag(true))));
    let sources = args.connection.config.sources(flags);
    let loaded = config::load(&sources);
    let settings = args.connection.settings_by(&loaded.config, unknown)?;
    if args.claim {
        claim::claim(&settings, None, claim::TIMEOUT)?;
    }
    let room = args.room.map(|room| room.as_str().to_owned()).or_else(|| settings.server.room.clone());
    // The rooms of the settings are those of the server of the settings, and the further servers stand beside that one.
    let home = loaded.config.server.as_ref().and_then(|server| server.parse::<ServerAddress>().ok());
    let at_home = home.is_some_and(|home| home.authority() == settings.server.authority());
    let rooms = match room {
        Some(room) => vec![room],
        None if at_home => loaded.config.rooms.clone(),
        None => Vec::new(),
    };
    let servers = if at_home { loaded.config.servers.clone() } else { Vec::new() };
    let start = Start { settings, rooms, servers, sources, loaded };
    let screen = run_screen(start, Environment::default(), |what| complain(&what));
    exit(cli::run_to_end(async { screen.await.map_err(failure) })?)
}

/// How a screen's end is told.
pub(super) fn exit(ended: Ended) -> Result<Exit, Failure> {
    match ended {
        Ended::Left => Ok(Exit::Clean),
        Ended::Stopped(reason) => Err(reason.into()),
    }
}

/// Why there was no screen.
pub(super) fn failure(error: RunError) -> Failure {
    match error {
        RunError::Start(error) => error.into(),
        RunError::NoScreen(_) | RunError::Trust(_) => Failure::new(Exit::Usage, error.to_string()),
        RunError::Terminal(_) => Failure::new(Exit::Failed, error.to_string()),
    }
}

/// The person at the terminal.
#[derive(Debug)]
struct Person;

impl AskTrust for Person {
    fn ask(&self, question: Question) -> BoxFuture<'static, TrustAnswer> {
        async move {
            let asked = tokio::task::spawn_blocking(move || ask(&question, &mut io::stdin().lock(), &mut io::stderr()));
            asked.await.unwrap_or(TrustAnswer::No)
        }
        .boxed()
    }
}

/// Puts the question in words. The end of the input, an error and too many misunderstandings are a no.
fn ask(question: &Question, input: &mut impl BufRead, output: &mut impl Write) -> TrustAnswer {
    let Question { server, address, fingerprint } = question;
    if address.ip().is_loopback() {
        let _ = writeln!(
            output,
            "{} is on this machine; its key {fingerprint} is trusted from now on.",
            clean::line(server)
        );
        return TrustAnswer::Yes;
    }
    let _ = writeln!(output, "The server {} ({address}) is not known here.", clean::line(server));
    let _ = writeln!(output, "Its key has the fingerprint {fingerprint}");
    for _ in 0..TRIES_MAX {
        let _ = write!(output, "Trust it from now on (yes/no/the fingerprint you expect)? [no] ");
        let _ = output.flush();
        let mut line = String::new();
        if input.read_line(&mut line).is_err() {
            return TrustAnswer::No;
        }
        match line.trim() {
            "yes" => return TrustAnswer::Yes,
            "" | "no" | "n" => return TrustAnswer::No,
            expected if is_fingerprint(expected) => return TrustAnswer::Fingerprint(expected.to_owned()),
            _ => {
                let _ = writeln!(output, "Write yes or no, or paste the whole fingerprint, SHA256:…");
            }
        }
    }
    TrustAnswer::No
}

/// How often an answer may be misunderstood.
const TRIES_MAX: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    const FINGERPRINT: &str = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";

    fn answer(address: &str, typed: &str) -> (TrustAnswer, String) {
        let question = Question {
            server: "chat.example.org:4433".to_owned(),
            address: address.parse().unwrap(),
            fingerprint: FINGERPRINT.to_owned(),
        };
        let mut output = Vec::new();
        let answer = ask(&question, &mut typed.as_bytes(), &mut output);
        (answer, String::from_utf8(output).unwrap())
    }

    #[test]
    fn only_a_whole_yes_or_the_fingerprint_itself_trusts_an_unknown_server() {
        let far = "192.0.2.1:4433";
        assert_eq!(answer(far, "yes\n").0, TrustAnswer::Yes);
        assert_eq!(answer(far, &format!(" {FINGERPRINT}\n")).0, TrustAnswer::Fingerprint(FINGERPRINT.to_owned()));
        for typed in ["", "\n", "no\n", "y\ny\ny\n", "SHA256:abc\nx\ny\nyes\n"] {
            assert_eq!(answer(far, typed).0, TrustAnswer::No, "{typed:?}");
        }
        assert_eq!(answer(far, "what?\nyes\n").0, TrustAnswer::Yes);
        assert!(answer(far, "no\n").1.contains(FINGERPRINT));
    }

    #[test]
    fn a_server_on_this_machine_is_trusted_with_a_note() {
        let (answer, told) = answer("127.0.0.1:4433", "");
        assert_eq!(answer, TrustAnswer::Yes);
        assert!(told.contains(FINGERPRINT));
    }
}
