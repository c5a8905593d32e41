//! From the command line to one of the doors of the client.

mod args;
mod cli;

use std::process::ExitCode;

use chat_tui::bot::{Exit, Failure, complain};
use clap::Parser;

use args::{Arguments, Command};

fn main() -> ExitCode {
    // Keys, outboxes and cursors are for their owner alone.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let Arguments { config, command } = Arguments::parse();
    let ended = match command {
        #[cfg(feature = "tui")]
        None => cli::start::run(&config),
        #[cfg(not(feature = "tui"))]
        None => {
            drop(config);
            Err(Failure::new(Exit::Usage, "this build has no screen; chat-tui --help lists what it does"))
        }
        Some(command) => run(command),
    };
    match ended {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(failure) => {
            complain(&failure);
            ExitCode::from(failure.exit.code())
        }
    }
}

fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        #[cfg(feature = "tui")]
        Command::Connect(connect) => cli::connect::run(connect),
        Command::Send(send) => cli::send::run(send),
        Command::Bench(bench) => cli::bench::run(&bench),
        Command::Tail(tail) => cli::tail::run(tail),
        Command::Search(search) => cli::search::run(search),
        Command::Who(who) => cli::listing::run_who(who),
        Command::Rooms(rooms) => cli::listing::run_rooms(&rooms),
        Command::Upload(file) => cli::files::run_upload(file),
        Command::Download(file) => cli::files::run_download(file),
        Command::Bot(bot) => cli::bot::run(bot),
        Command::Ctl(ctl) => cli::ctl::run(ctl),
        Command::Claim(claim) => cli::claim::run(&claim),
        Command::Link(link) => cli::device::link(&link),
        Command::Recover(recover) => cli::device::recover(&recover),
        Command::Password(password) => cli::password::run(&password),
        Command::Trust(trust) => cli::trust::run(&trust),
        Command::Config(config) => cli::config::run(config),
        Command::Doctor(doctor) => cli::doctor::run(&doctor),
        #[cfg(feature = "tui")]
        Command::Demo(demo) => cli::demo::run(demo),
        Command::Completions(shell) => cli::pages::completions(&shell),
        Command::Man(man) => cli::pages::man(&man),
    }
}
