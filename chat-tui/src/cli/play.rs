//! `chat-tui bot play`: scenarios against a server.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use chat_tui::bot::play::{Dressing, Play, Played, Report, Scenario};
use chat_tui::bot::{Exit, Failure, complain};
use chat_tui::client::{Environment, ServerAddress, Settings, TrustPolicy};
use clap::Args;

use crate::{args, cli};

/// The arguments of `bot play`.
#[derive(Debug, Args)]
pub(crate) struct PlayArgs {
    /// The server: HOST, HOST:PORT, [IPV6]:PORT or a chat:// link; the port is 4433 unless named
    #[arg(value_name = "HOST")]
    server: ServerAddress,
    /// The scenarios
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Trust only the server whose key has this fingerprint
    #[arg(long, env = "CHAT_PIN", value_name = "SHA256:…", value_parser = args::pin)]
    pin: Option<String>,
    /// Trust an unknown server; a pin comes first
    #[arg(long, env = "CHAT_ACCEPT_NEW", value_parser = clap::builder::BoolishValueParser::new())]
    accept_new: bool,
    /// A PEM file of certificate authorities to trust besides the system's
    #[arg(long, env = "CHAT_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Keep the actors' keys in this directory; else they are made for the time of playing
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Decides ${run} and `random`: the same seed makes the same names
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Play each scenario so often
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// So many runs at once
    #[arg(long, value_name = "P", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    parallel: u16,
    /// How long to wait for each answer and event, unless the scenario says otherwise
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = args::duration)]
    timeout: Duration,
    /// Write what came of it to this file: JUnit's XML, or JSON if it is named .json
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// A variable of the scenarios, as NAME=VALUE; may be repeated
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, String)>,
}

/// Plays the scenarios.
pub(crate) fn run(args: PlayArgs) -> Result<Exit, Failure> {
    let read = |file: &PathBuf| Scenario::load(file).map_err(|e| Failure::new(Exit::Usage, e.to_string()));
    let scenarios: Vec<Scenario> = args.files.iter().map(read).collect::<Result<_, Failure>>()?;
    let environment = Environment::default();
    let no_place = |e: io::Error| Failure::new(Exit::Usage, format!("no directory for the actors' keys: {e}"));
    let dressing = match args.data {
        Some(_) => None,
        None => Some(Dressing::new(&environment.random).map_err(no_place)?),
    };
    let data = args.data.or_else(|| dressing.as_ref().map(|dressing| dressing.path().to_owned())).unwrap_or_default();
    let mut settings = Settings::new(args.server, "", data);
    settings.trust = match (args.pin, args.accept_new) {
        (Some(pin), _) => TrustPolicy::Pin(pin),
        (None, true) => TrustPolicy::AcceptNew,
        (None, false) => TrustPolicy::RefuseUnknown,
    };
    settings.ca = args.ca;
    let no_seed = |e: io::Error| Failure::new(Exit::Bug, format!("no randomness: {e}"));
    let seed = match args.seed {
        Some(seed) => seed,
        None => u64::from_le_bytes(environment.random.bytes().map_err(no_seed)?),
    };
    let play = Play {
        settings,
        environment,
        seed,
        repeat: args.repeat,
        parallel: args.parallel.into(),
        timeout: args.timeout,
        variables: args.variables,
        backstage: None,
    };
    let Some(report) = cli::run_to_end(until_interrupted(&play, &scenarios))? else { return Ok(Exit::Signal(2)) };
    if let Some(path) = args.report {
        let unwritten = |e: io::Error| Failure::new(Exit::Usage, format!("{}: {e}", path.display()));
        report.write(&path).map_err(unwritten)?;
    }
    Ok(report.exit())
}

/// Plays to the end; nothing if it was interrupted.
async fn until_interrupted(play: &Play, scenarios: &[Scenario]) -> Result<Option<Report>, Failure> {
    tokio::select! {
        biased;
        interrupted = tokio::signal::ctrl_c() => {
            interrupted.map_err(|e| Failure::new(Exit::Bug, format!("no signals: {e}")))?;
            Ok(None)
        }
        report = play.play(scenarios, tell) => Ok(Some(report)),
    }
}

/// One line a run on standard output, and on the other one why it failed.
fn tell(run: &Played) {
    // A closed pipe is no reason to stop.
    let _ = writeln!(io::stdout().lock(), "{run}");
    if let Some(trouble) = &run.trouble {
        for line in trouble.to_string().lines() {
            complain(&line);
        }
    }
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a variable is given as NAME=VALUE")?;
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Err("a variable's name is made of letters, digits and _".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}
