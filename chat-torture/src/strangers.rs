//! `torture hostile`: how the attackers are told, and what is told of them.

use std::path::PathBuf;
use std::time::Duration;

use chat_torture::hostile::{Hostile, Noticed, Outcome};
use chat_torture::relay::cell::{Programs, percentile};
use chat_torture::server;
use clap::Args;

use crate::say;

/// What `torture hostile` is told.
#[derive(Debug, Args)]
pub(crate) struct Strangers {
    /// How long it takes, seconds: half of it people are left alone, half of it attacked, in turn
    #[arg(long, default_value_t = 1_800, value_parser = clap::value_parser!(u64).range(8..))]
    secs: u64,
    /// How often they take turns
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..1_000))]
    turns: u32,
    /// Where the luck comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What the server's memory may grow by, megabytes
    #[arg(long, default_value_t = 64)]
    grow_mb: u64,
    /// The server's program; the one built beside this one otherwise
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
}

/// Lets them loose. Whether the server did what it should.
pub(crate) fn run(what: &Strangers) -> anyhow::Result<bool> {
    let server = what.server.clone().map_or_else(server::program, Ok)?;
    let hostile = Hostile {
        programs: Programs { server, torture: std::env::current_exe()? },
        time: Duration::from_secs(what.secs) / (2 * what.turns),
        turns: what.turns,
        seed: what.seed,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(hostile.run())?;
    Ok(tell(&outcome, what.grow_mb))
}

fn tell(outcome: &Outcome, grow_mb: u64) -> bool {
    let Outcome { tallies, calm, storm, kilobytes, is_alive, violations } = outcome;
    for tally in tallies {
        let note = if tally.note.is_empty() { String::new() } else { format!("  ({})", tally.note) };
        let verdict = if tally.surprises.is_empty() { "ok" } else { "SURPRISE" };
        say(&format!("{:<24} {verdict}  {} rounds, {} done{note}", tally.name, tally.rounds, tally.did));
        tally.surprises.iter().for_each(|surprise| say(&format!("     {surprise}")));
    }
    violations.iter().take(10).for_each(|violation| say(&format!("     {violation}")));
    let line = |noticed: &Noticed| {
        format!(
            "{} shown, p50 {:.1} ms, p99 {:.1} ms; {} logins, p50 {:.1} ms, p99 {:.1} ms, {} failed",
            noticed.shown.len(),
            percentile(&noticed.shown, 50).as_secs_f64() * 1e3,
            noticed.p99().as_secs_f64() * 1e3,
            noticed.logins.len(),
            percentile(&noticed.logins, 50).as_secs_f64() * 1e3,
            noticed.login_p99().as_secs_f64() * 1e3,
            noticed.failed,
        )
    };
    say(&format!("left alone:   {}", line(calm)));
    say(&format!("under attack: {}", line(storm)));
    for (turn, (before, greatest)) in kilobytes.iter().enumerate() {
        say(&format!("memory of the server, turn {}: {before} kB before, {greatest} kB at most", turn + 1));
    }
    let grew = grown(kilobytes);
    let surprises: usize = tallies.iter().map(|tally| tally.surprises.len()).sum();
    let missed = [
        (storm.p99() > calm.p99().mul_f64(1.1)).then_some("p99 within a tenth"),
        (storm.login_p99() > LOGIN_P99_MAX).then_some("logins within 500 ms"),
    ];
    let missed: Vec<&str> = missed.into_iter().flatten().collect();
    let missed = if missed.is_empty() { "none".to_owned() } else { missed.join(", ") };
    say(&format!(
        "{surprises} surprises, {} violations, server {}; goals missed: {missed}",
        violations.len(),
        if *is_alive { "alive" } else { "GONE" }
    ));
    surprises == 0 && violations.is_empty() && *is_alive && grew <= grow_mb * 1024
}

/// What the server's memory grew by, from before the first attack to the most it ever was, kilobytes; 0 where nothing is told.
fn grown(kilobytes: &[(u64, u64)]) -> u64 {
    let most = kilobytes.iter().map(|(_, greatest)| *greatest).max();
    kilobytes.first().zip(most).map_or(0, |((before, _), most)| most.saturating_sub(*before))
}

/// What ninety-nine of a hundred logins should take at most under attack.
const LOGIN_P99_MAX: Duration = Duration::from_millis(500);
