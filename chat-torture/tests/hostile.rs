//! The quick round of hostile peers: every attack once at least, beside people who talk.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)]

mod support;

use std::time::Duration;

use chat_torture::hostile::Hostile;
use chat_torture::relay::cell::Programs;

#[tokio::test(flavor = "multi_thread")]
async fn s1_s5_every_attack_ends_as_it_should_and_good_people_are_served() {
    let programs = Programs { server: support::server(), torture: env!("CARGO_BIN_EXE_torture").into() };
    let hostile = Hostile { programs, time: Duration::from_secs(4), turns: 1, seed: 1 };
    let outcome = hostile.run().await.unwrap();
    outcome.tallies.iter().for_each(|tally| println!("{tally:?}"));
    for tally in &outcome.tallies {
        assert!(tally.surprises.is_empty(), "{tally:?}");
        assert!(tally.rounds > 0 && tally.did > 0, "{tally:?}");
    }
    assert!(outcome.is_alive);
    assert!(outcome.violations.is_empty(), "{:?}", outcome.violations);
    let (calm, storm) = (&outcome.calm, &outcome.storm);
    println!("p99 {:?} and {:?}, logins {:?} and {:?}", calm.p99(), storm.p99(), calm.login_p99(), storm.login_p99());
    assert!(calm.shown.len() > 50 && storm.shown.len() > 50 && storm.failed == 0, "{calm:?} {storm:?}");
    // Attackers and attacked share this machine's processors, and a test runs beside others: only what hangs is found here.
    assert!(storm.p99() < Duration::from_secs(5), "{:?}", storm.p99());
    for (before, greatest) in outcome.kilobytes {
        println!("{before} kB before, {greatest} kB at most");
        assert!(greatest < before + GROWN_KILOBYTES_MAX, "from {before} to {greatest} kB");
    }
}

/// What the server's memory may grow by.
const GROWN_KILOBYTES_MAX: u64 = 96 * 1024;
