//! A small model of rooms against the server over real QUIC: random commands of several people, some with two connections,
//! between reconnects and restarts. Every answer is compared, and in the end all that anybody can read.
//!
//! `CHAT_MODEL_CASES` and `CHAT_MODEL_STEPS` set the size, `CHAT_MODEL_SEED` the first case.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]
#![allow(unreachable_pub, missing_docs, missing_debug_implementations)]

mod deed;
mod log;
mod model;
#[path = "../support/mod.rs"]
mod support;
mod world;

use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support::PATIENCE;
use world::{Step, World};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

/// Runs a case. What differed, and at which step.
async fn run(steps: &[Step], patience: Duration) -> Result<(), (usize, String)> {
    let mut world = World::start(patience).await;
    let mut outcome = Ok(());
    for (index, step) in steps.iter().enumerate() {
        outcome = world.take(index, step).await.map_err(|difference| (index, difference));
        if outcome.is_err() {
            break;
        }
    }
    if outcome.is_ok() {
        outcome = world.compare().await.map_err(|difference| (steps.len(), difference));
    }
    world.stop().await;
    outcome
}

/// A difference with fewer steps: those behind it left out, then runs of them that are not needed for it, ever shorter ones.
async fn shrink(mut steps: Vec<Step>, mut difference: (usize, String)) -> (Vec<Step>, String) {
    steps.truncate(difference.0 + 1);
    let mut length = steps.len() / 2;
    while length > 0 {
        let mut end = steps.len();
        while end >= length {
            let mut fewer = steps.clone();
            fewer.drain(end - length..end);
            if let Err(other) = run(&fewer, SHORT_PATIENCE).await {
                (steps, difference) = (fewer, other);
                steps.truncate(difference.0 + 1);
                end = end.min(steps.len() + length);
            }
            end -= length;
        }
        length /= 2;
    }
    (steps, difference.1)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_does_what_the_model_does() {
    let (cases, steps) = (number("CHAT_MODEL_CASES", 256), number("CHAT_MODEL_STEPS", 50));
    let first = number("CHAT_MODEL_SEED", 1);
    let mut lanes = tokio::task::JoinSet::new();
    for lane in 0..LANES {
        lanes.spawn(async move {
            for seed in (first..first + cases).filter(|seed| seed % LANES == lane) {
                let mut random = StdRng::seed_from_u64(seed);
                let mut case = Step::opening(&mut random);
                case.extend((0..steps).map(|_| Step::any(&mut random)));
                if let Err(difference) = run(&case, PATIENCE).await {
                    return Some((seed, case, difference));
                }
            }
            None
        });
    }
    while let Some(lane) = lanes.join_next().await {
        let Some((seed, case, difference)) = lane.unwrap() else { continue };
        // The others would find more of the same, and take the time the shrinking needs.
        lanes.shutdown().await;
        let (steps, difference) = shrink(case, difference).await;
        let steps: Vec<String> = steps.iter().map(|step| format!("{step:?}")).collect();
        panic!("seed {seed}: {difference}\n{}", steps.join("\n"));
    }
}

/// Cases run side by side; a server that goes down mostly waits.
const LANES: u64 = 16;

/// Who shrinks looks for any difference, so he may take a slow answer for one.
const SHORT_PATIENCE: Duration = Duration::from_millis(500);
