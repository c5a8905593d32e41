//! The long rounds, one subcommand each.

mod hours;
mod relays;
mod strangers;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tries the real server and the real client where it hurts. Everything happens on this machine, to programs this one starts.
///
/// Exit status: 0 if every promise held, 1 if one was broken or something failed, 2 for wrong usage.
#[derive(Debug, Parser)]
#[command(name = "torture", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Devices talk through bad networks, one cell of a matrix after the other
    Relay(relays::Relays),
    /// Peers that break every rule attack a server, beside people who talk on it
    ///
    /// Only a server that is started for it, on the loopback interface; there is no way to name another one.
    Hostile(strangers::Strangers),
    /// Many connections for a long time that come and go: what the server's memory and files do, and whether anything is missed
    Soak(hours::Hours),
    /// One device, that other commands start
    #[command(hide = true)]
    Talk(chat_torture::talker::Talk),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Relay(relays) => relays::run(&relays),
        Command::Hostile(strangers) => strangers::run(&strangers),
        Command::Soak(hours) => hours::run(&hours),
        Command::Talk(talk) => chat_torture::talker::run(&talk).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr().lock(), "torture: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Writes a line to standard output. Nobody reading it is no reason to stop.
fn say(line: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
