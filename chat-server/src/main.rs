//! From the command line to a running server.

mod args;
mod start;

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Context;
use chat_server::config::{self, Config, Sources};
use chat_server::{cert, store, trace};
use clap::Parser;

use args::{Arguments, CertCommand, Command, ConfigCommand, SettingFlags};

fn main() -> ExitCode {
    // Whatever is written, by us or by a library, is for the owner only.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Cert(CertCommand::Make { out, names })) => ended(make_certificate(&out, &names)),
        Some(Command::Config(ConfigCommand::Check)) => configured(arguments.settings, |config| {
            say(&format!("ok\n{}", config.to_toml()));
            Ok(())
        }),
        Some(Command::Verify) => configured(arguments.settings, |config| verify(&config)),
        None => configured(arguments.settings, start::start),
    }
}

/// Goes on with the configuration, or says everything that is wrong with it.
fn configured(flags: SettingFlags, go_on: impl FnOnce(Config) -> anyhow::Result<()>) -> ExitCode {
    let sources = Sources {
        environment: std::env::vars_os().collect(),
        file: flags.config.clone(),
        flags: flags.given(),
        root: rustix::process::geteuid().is_root(),
    };
    let loaded = match config::load(&sources) {
        Ok(loaded) => loaded,
        Err(problems) => {
            complain(&problems);
            return ExitCode::from(USAGE);
        }
    };
    if let Err(error) = trace::start(&loaded.config) {
        complain(&error);
        return ExitCode::from(USAGE);
    }
    for variable in loaded.unknown {
        let nearest = variable.nearest.map(|nearest| format!("did you mean {nearest}?"));
        tracing::warn!(variable = variable.name, nearest, "nobody reads this variable of the environment");
    }
    ended(go_on(loaded.config))
}

fn make_certificate(out: &Path, names: &[String]) -> anyhow::Result<()> {
    let made = cert::make(out, names, SystemTime::now()).context("no certificate was made")?;
    let (cert, key) = (made.cert.display(), made.key.display());
    say(&format!("made {cert} and {key}; start the server with\n  chat-server --cert {cert} --key {key}\n"));
    Ok(())
}

fn verify(config: &Config) -> anyhow::Result<()> {
    let report = store::verify::verify(&config.data)?;
    say(&format!("{report}\n"));
    anyhow::ensure!(report.is_ok(), "{} is not as it was written", config.data.display());
    Ok(())
}

fn ended(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Writes to standard output. Nobody reading it is no reason to stop.
fn say(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Writes to standard error, which is the last resort: a failure there has nowhere to go.
fn complain(what: &impl Display) {
    let _ = writeln!(io::stderr().lock(), "chat-server: {what}");
}

/// The exit status for wrong usage or configuration, as clap has it.
const USAGE: u8 = 2;
