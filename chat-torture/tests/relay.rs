//! The quick round of the relay: real programs, a network that loses, doubles and cuts, and a checker that is shown to bite.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use chat_torture::checker::{Line, Rule, What, check};
use chat_torture::relay::cell::{Cell, Outcome, Programs, Run};
use chat_torture::relay::{Counts, Cut, Weather};

const MS: Duration = Duration::from_millis(1);

async fn run(cell: Cell, time: Duration) -> Outcome {
    let programs = Programs { server: support::server(), torture: env!("CARGO_BIN_EXE_torture").into() };
    let how = Run { programs, time, seed: 1, people: 3, every: MS * 200 };
    let outcome = cell.run(&how).await.unwrap();
    println!("{cell}: {:?}, {:?}", outcome.figures, outcome.counts);
    assert!(outcome.violations.is_empty(), "{:?}", outcome.violations.iter().take(10).collect::<Vec<_>>());
    outcome
}

/// What the checker says when devices had seen it so.
fn broken(outcome: &Outcome, change: impl FnOnce(&mut Vec<Line>)) -> BTreeSet<Rule> {
    let mut lines = outcome.lines.clone();
    change(&mut lines);
    check(&lines, &outcome.dump, true).into_iter().map(|violation| violation.rule).collect()
}

fn places(lines: &[Line], is: impl Fn(&What) -> bool) -> Vec<usize> {
    (0..lines.len()).filter(|at| is(&lines[*at].what)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_to_d8_hold_in_rain_and_a_client_that_drops_doubles_or_swaps_a_line_is_found() {
    let weather = Weather { loss: 10.0, twice: 2.0, round_trip: MS * 50, jitter: MS * 10, ..Weather::CLEAR };
    let outcome = run(Cell { weather, cut: None, shrinks: false }, MS * 8_000).await;
    let (figures, counts) = (outcome.figures, &outcome.counts);
    assert!(figures.sent > 60 && figures.shown >= figures.sent * 2, "{figures:?}");
    let [came, lost] = [&counts.came, &counts.lost].map(Counts::of);
    assert!(lost * 100 > came * 5 && Counts::of(&counts.twice) > 0 && Counts::of(&counts.overtook) > 0, "{counts:?}");
    let shown = places(&outcome.lines, |what| matches!(what, What::Show { .. }));
    let acked = places(&outcome.lines, |what| matches!(what, What::Ack { .. }));
    let middle = shown[shown.len() / 2];
    let twice = |lines: &mut Vec<Line>| lines.insert(middle, lines[middle].clone());
    assert_eq!(broken(&outcome, |lines| drop(lines.remove(middle))), [Rule::Shown].into());
    assert_eq!(broken(&outcome, twice), [Rule::Shown].into());
    let swapped = |lines: &mut Vec<Line>| {
        let device = lines[middle].device.clone();
        let next = *shown.iter().find(|at| **at > middle && lines[**at].device == device).unwrap();
        lines.swap(middle, next);
    };
    assert_eq!(broken(&outcome, swapped), [Rule::Shown].into());
    let elsewhere = |lines: &mut Vec<Line>| {
        if let What::Ack { seq, .. } = &mut lines[acked[0]].what {
            *seq += 1;
        }
    };
    assert!(broken(&outcome, elsewhere).contains(&Rule::Acked));
    let mut short = outcome.dump.clone();
    short.log.pop();
    assert!(!check(&outcome.lines, &short, true).is_empty(), "a server that forgets its newest message");
}

#[tokio::test(flavor = "multi_thread")]
async fn d9_a_way_that_is_cut_for_a_moment_is_mended_without_a_new_login() {
    let weather = Weather { round_trip: MS * 20, rebind: Some(MS * 4_000), ..Weather::CLEAR };
    let outcome = run(Cell { weather, cut: Some((Cut::Both, MS * 1_000)), shrinks: false }, MS * 1_000).await;
    let counts = &outcome.counts;
    assert!(Counts::of(&counts.cut) > 0 && Counts::of(&counts.rebinds) > 0, "{counts:?}");
    assert_eq!(outcome.figures.broken, 0);
    assert!(outcome.figures.p99 >= MS * 500, "the cut is to be felt: {:?}", outcome.figures);
}
