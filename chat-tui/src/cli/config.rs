//! `chat-tui config`: the file of settings.

use std::io::{self, Write};

use chat_tui::bot::{Exit, Failure};
use chat_tui::config;
use clap::{Args, Subcommand};

use crate::args::ConfigArgs;

/// The arguments of `config`.
#[derive(Debug, Args)]
pub(crate) struct ConfigCommandArgs {
    #[command(subcommand)]
    what: What,
}

/// What to do about the file.
#[derive(Debug, Subcommand)]
enum What {
    /// Write a file that sets nothing and names every setting; one that is there stays as it is
    Init(ConfigArgs),
    /// Say everything that is wrong, and end with 2 if something is
    Check(ConfigArgs),
    /// Say where the file is
    Path(ConfigArgs),
    /// Print the JSON schema of the file, for editors
    Schema,
}

/// Looks after the file.
pub(crate) fn run(args: ConfigCommandArgs) -> Result<Exit, Failure> {
    match args.what {
        What::Init(config) => init(&config),
        What::Check(config) => check(&config),
        What::Path(config) => {
            let path = config::load(&config.sources(Vec::new())).path.ok_or_else(homeless)?;
            say(&path.display().to_string());
            Ok(Exit::Clean)
        }
        What::Schema => {
            say(&format!("{:#}", config::schema()));
            Ok(Exit::Clean)
        }
    }
}

fn init(config: &ConfigArgs) -> Result<Exit, Failure> {
    let path = config::load(&config.sources(Vec::new())).path.ok_or_else(homeless)?;
    let place = path.display();
    if path.exists() {
        return Err(Failure::new(Exit::Usage, format!("{place} is there already and stays as it is")));
    }
    config::write(&path, &config::initial())
        .map_err(|error| Failure::new(Exit::Failed, format!("{place}: {error}")))?;
    say(&format!("{place} names every setting now"));
    Ok(Exit::Clean)
}

fn check(config: &ConfigArgs) -> Result<Exit, Failure> {
    let sources = config.sources(Vec::new());
    let loaded = config::load(&sources);
    let place = loaded.path.as_ref().map_or_else(String::new, |path| path.display().to_string());
    let exists = loaded.exists;
    let problems = in_force(sources, loaded);
    if problems.is_empty() {
        say(&if exists {
            format!("{place} is in order")
        } else {
            format!("there is no {place}, and nothing is wrong")
        });
        return Ok(Exit::Clean);
    }
    problems.iter().for_each(|problem| say(problem));
    let (is, thing) = if problems.len() == 1 { ("is", "thing") } else { ("are", "things") };
    Err(Failure::new(Exit::Usage, format!("{} {thing} {is} wrong; everything else holds", problems.len())))
}

/// Everything that is wrong, with what only the screen can know: keys and themes.
#[cfg(feature = "tui")]
pub(super) fn in_force(sources: config::Sources, loaded: config::Loaded) -> Vec<String> {
    use chat_tui::tui::live::Live;
    let (_, looks, problems) = Live::new(sources, loaded, false).in_force();
    let mut problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    problems.extend(looks.problems().into_iter().map(|what| format!("the theme {}: {what}", looks.theme)));
    problems
}

/// Everything that is wrong.
#[cfg(not(feature = "tui"))]
pub(super) fn in_force(_: config::Sources, loaded: config::Loaded) -> Vec<String> {
    loaded.problems.into_iter().map(|problem| problem.to_string()).collect()
}

fn homeless() -> Failure {
    Failure::new(Exit::Usage, "there is no home directory; name the file with --config FILE")
}

/// A line on standard output; a closed pipe is a quiet end.
pub(super) fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{}", chat_tui::clean::text(line));
}
