//! `torture soak`: what is told of a long time.

use std::path::PathBuf;
use std::time::Duration;

use chat_torture::server;
use chat_torture::soak::{Outcome, Sample, Soak, slope_per_hour};
use clap::Args;

use crate::say;

/// What `torture soak` is told.
#[derive(Debug, Args)]
pub(crate) struct Hours {
    /// How long, seconds
    #[arg(long, default_value_t = 7_200, value_parser = clap::value_parser!(u64).range(1..))]
    secs: u64,
    /// Connections
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..100_000))]
    conns: u32,
    /// Rooms the connections are dealt out to
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..10_000))]
    rooms: u32,
    /// Connections that end and come back, a second
    #[arg(long, default_value_t = 20.0, value_parser = positive)]
    churn: f64,
    /// Messages a second of all together
    #[arg(long, default_value_t = 500.0, value_parser = positive)]
    rate: f64,
    /// Where the luck comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The server's program; the one built beside this one otherwise
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && (0.01..=1e6).contains(number));
    number.ok_or_else(|| "a number from 0.01 to 1000000".to_owned())
}

/// Soaks. Whether every promise held.
pub(crate) fn run(what: &Hours) -> anyhow::Result<bool> {
    let soak = Soak {
        server: what.server.clone().map_or_else(server::program, Ok)?,
        connections: usize::try_from(what.conns)?,
        rooms: usize::try_from(what.rooms.min(what.conns))?,
        churn: what.churn,
        rate: what.rate,
        time: Duration::from_secs(what.secs),
        seed: what.seed,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut told = None;
    let outcome = runtime.block_on(soak.run(|sample| {
        let minute = sample.at.as_secs() / 60;
        if told.replace(minute) != Some(minute) {
            say(&line(sample));
        }
    }))?;
    Ok(tell(&outcome))
}

fn line(sample: &Sample) -> String {
    let Sample { at, kilobytes, descriptors, online } = sample;
    let memory =
        kilobytes.map_or_else(|| "? MB".to_owned(), |kilobytes| format!("{:.1} MB", kilobytes as f64 / 1_024.0));
    let files = descriptors.map_or_else(|| "?".to_owned(), |descriptors| descriptors.to_string());
    format!("{:>6} s  {memory}  {files} files  {online} online", at.as_secs())
}

fn tell(outcome: &Outcome) -> bool {
    let Outcome { samples, verdict, logins, is_alive } = outcome;
    samples.last().iter().for_each(|last| say(&line(last)));
    let slope = slope_per_hour(samples);
    let grew = slope.map_or_else(|| "memory: not known".to_owned(), |slope| format!("memory: {slope:+.2} MB/h"));
    let files: Vec<usize> = samples.iter().filter_map(|sample| sample.descriptors).collect();
    let files = match (files.iter().min(), files.iter().max()) {
        (Some(least), Some(most)) => format!("{least} to {most} files"),
        (_, _) => "files: not told to this user".to_owned(),
    };
    say(&format!("{grew} after a quarter of the time, {files}, {logins} logins"));
    say(&format!(
        "{} messages acknowledged, {} stored, {} events heard, {} wrong, server {}; goal missed: {}",
        verdict.acked,
        verdict.stored,
        verdict.heard,
        verdict.wrong.len(),
        if *is_alive { "alive" } else { "GONE" },
        if slope.is_some_and(|slope| slope > SLOPE_MAX) { "memory" } else { "none" },
    ));
    verdict.wrong.iter().take(20).for_each(|wrong| say(&format!("     {wrong}")));
    verdict.wrong.is_empty() && *is_alive
}

/// What memory should grow at most, megabytes an hour.
const SLOPE_MAX: f64 = 1.0;
