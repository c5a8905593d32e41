//! `chat-tui completions` and `chat-tui man`: what shells and manuals need, made from the command line's own description.

use std::io::{self, Write};
use std::path::PathBuf;

use chat_tui::bot::{Exit, Failure};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Arguments;

/// The arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// The arguments of `man`.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Write a page for every command into this directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints completions.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut command = Arguments::command();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "chat-tui", &mut script);
    // A closed pipe is a quiet end.
    let _ = io::stdout().lock().write_all(&script);
    Ok(Exit::Clean)
}

/// Prints or writes the manual.
pub(crate) fn man(args: &ManArgs) -> Result<Exit, Failure> {
    let failed = |error: io::Error| Failure::new(Exit::Failed, error.to_string());
    if let Some(dir) = &args.dir {
        clap_mangen::generate_to(Arguments::command(), dir)
            .map_err(|error| Failure::new(Exit::Failed, format!("{}: {error}", dir.display())))?;
        return Ok(Exit::Clean);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::command()).render(&mut page).map_err(failed)?;
    let _ = io::stdout().lock().write_all(&page);
    Ok(Exit::Clean)
}
