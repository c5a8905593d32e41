//! `torture relay`: cells of the matrix, several at a time, a line each.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use chat_torture::relay::Counts;
use chat_torture::relay::cell::{Cell, Outcome, Programs, Run};
use chat_torture::relay::matrix::cells;
use chat_torture::server;
use clap::Args;
use futures_util::StreamExt as _;
use futures_util::stream;

use crate::say;

/// What `torture relay` is told.
#[derive(Debug, Args)]
pub(crate) struct Relays {
    /// Say which cells there are, and no more
    #[arg(long)]
    list: bool,
    /// Only these cells: numbers and ranges, as in 3,10..20; all of them otherwise
    #[arg(long, value_name = "A..B", value_delimiter = ',', value_parser = range)]
    cells: Vec<Range<usize>>,
    /// How long people talk in each, seconds
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    secs: u64,
    /// Where the luck comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Cells at a time: they mostly wait
    #[arg(long, default_value_t = 8, value_parser = parallel)]
    parallel: usize,
    /// People in each
    #[arg(long, default_value_t = 3, value_parser = people)]
    people: usize,
    /// How often each says something, milliseconds; a device has one message of a room under way at a time
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..))]
    every_ms: u64,
    /// The server's program; the one built beside this one otherwise
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// Where histories and logs are left
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

fn range(text: &str) -> Result<Range<usize>, String> {
    let number = |text: &str| text.parse().map_err(|_| format!("{text:?} is no number"));
    let range = match text.split_once("..") {
        Some((first, end)) => number(first)?..number(end)?,
        None => number(text)?..number(text)? + 1,
    };
    let count = cells().len();
    if range.is_empty() || range.end > count {
        return Err(format!("there are the cells 0..{count}"));
    }
    Ok(range)
}

fn parallel(text: &str) -> Result<usize, String> {
    within(text, 1..65)
}

fn people(text: &str) -> Result<usize, String> {
    within(text, 2..33)
}

fn within(text: &str, range: Range<usize>) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("a number from {} to {}", range.start, range.end - 1))
}

/// What all cells came to.
#[derive(Debug, Default)]
struct Sum {
    cells: usize,
    failed: usize,
    violations: usize,
    missed: usize,
    sent: usize,
    shown: usize,
    datagrams: u64,
    lost: u64,
}

/// Runs them. Whether every promise held.
pub(crate) fn run(what: &Relays) -> anyhow::Result<bool> {
    let all = cells();
    let chosen: Vec<(usize, Cell)> = all
        .into_iter()
        .enumerate()
        .filter(|(nth, _)| what.cells.is_empty() || what.cells.iter().any(|range| range.contains(nth)))
        .collect();
    if what.list {
        chosen.iter().for_each(|(nth, cell)| say(&format!("{nth:>3}  {cell}")));
        return Ok(true);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run_cells(what, chosen))
}

async fn run_cells(what: &Relays, chosen: Vec<(usize, Cell)>) -> anyhow::Result<bool> {
    let server = what.server.clone().map_or_else(server::program, Ok)?;
    let programs = Programs { server, torture: std::env::current_exe()? };
    let mut outcomes = stream::iter(chosen)
        .map(|(nth, cell)| {
            let how = Run {
                programs: programs.clone(),
                time: Duration::from_secs(what.secs),
                seed: what.seed.wrapping_mul(1_000).wrapping_add(nth as u64),
                people: what.people,
                every: Duration::from_millis(what.every_ms),
            };
            async move { (nth, cell, cell.run(&how).await) }
        })
        .buffered(what.parallel);
    let mut sum = Sum::default();
    while let Some((nth, cell, outcome)) = outcomes.next().await {
        sum.cells += 1;
        match outcome {
            Ok(outcome) => tell(&mut sum, what, nth, &cell, &outcome)?,
            Err(error) => {
                sum.failed += 1;
                say(&format!("{nth:>3}  {cell}  FAILED: {error:#}"));
            }
        }
    }
    let Sum { cells, failed, violations, missed, sent, shown, datagrams, lost } = sum;
    say(&format!(
        "{cells} cells: {failed} failed, {violations} violations, {missed} missed a goal; {sent} messages shown {shown} \
         times, {datagrams} datagrams, {lost} of them lost"
    ));
    Ok(failed == 0 && violations == 0)
}

fn tell(sum: &mut Sum, what: &Relays, nth: usize, cell: &Cell, outcome: &Outcome) -> anyhow::Result<()> {
    let Outcome { figures, violations, counts, .. } = outcome;
    let missed = cell.missed(figures);
    let lost = Counts::of(&counts.lost) + Counts::of(&counts.cut) + Counts::of(&counts.too_long);
    sum.violations += violations.len();
    sum.missed += usize::from(!missed.is_empty());
    sum.sent += figures.sent;
    sum.shown += figures.shown;
    sum.datagrams += Counts::of(&counts.came);
    sum.lost += lost;
    let verdict = if violations.is_empty() { "ok" } else { "BROKEN" };
    let missed = if missed.is_empty() { String::new() } else { format!("  missed: {}", missed.join(", ")) };
    say(&format!(
        "{nth:>3}  {cell}  {verdict}  {} messages  p50 {} ms  p99 {} ms  in after {} ms  broken {}  healed {} ms  datagrams {} lost {lost} \
         twice {} overtook {} rebinds {}{missed}",
        figures.sent,
        figures.p50.as_millis(),
        figures.p99.as_millis(),
        figures.entered.as_millis(),
        figures.broken,
        figures.healed.as_millis(),
        Counts::of(&counts.came),
        Counts::of(&counts.twice),
        Counts::of(&counts.overtook),
        Counts::of(&counts.rebinds),
    ));
    violations.iter().take(VIOLATIONS_TOLD).for_each(|violation| say(&format!("     {violation}")));
    if let Some(keep) = &what.keep {
        std::fs::create_dir_all(keep)?;
        std::fs::write(keep.join(format!("cell{nth}.jsonl")), chat_torture::checker::format(&outcome.lines))?;
        std::fs::write(keep.join(format!("cell{nth}.log.json")), serde_json::to_string(&outcome.dump)?)?;
    }
    Ok(())
}

/// Broken promises of one cell that are told in full.
const VIOLATIONS_TOLD: usize = 10;
