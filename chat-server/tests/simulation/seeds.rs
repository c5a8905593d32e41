//! Seeds: many runs, all of which must be well.

use std::time::{Duration, Instant};

use super::net::fnv;
use super::run::{Outcome, Storm, run};

/// Runs seeds until they or the time are used up, prints what they came to, and fails on the first that is not well.
#[test]
fn nothing_is_lost_doubled_reordered_or_missing_in_any_seed() {
    let from = number("CHAT_SIM_FROM").unwrap_or(1);
    let asked = number("CHAT_SIM_SEEDS");
    let begun = Instant::now();
    let mut sums = Sums::default();
    for seed in (from..).take(asked.map_or(usize::MAX, |seeds| usize::try_from(seeds).unwrap())) {
        if asked.is_none() && begun.elapsed() >= QUICK {
            break;
        }
        let outcome = run(seed, Storm::ALL, None);
        sums.add(&outcome);
        fail_if_wrong(&outcome);
    }
    say(&format!("{sums}; {:.1} s", begun.elapsed().as_secs_f64()));
    assert!(asked.is_some() || sums.seeds >= 3, "too few seeds fit into the time");
}

#[test]
fn the_same_seed_is_the_same_run() {
    let (one, other) = (run(7, Storm::ALL, None), run(7, Storm::ALL, None));
    assert_eq!((one.counts, one.hash), (other.counts, other.hash));
}

#[test]
fn every_kind_of_trouble_is_well_alone_and_so_is_none() {
    let storms = [
        Storm::NONE,
        Storm { weather: true, ..Storm::NONE },
        Storm { partitions: true, ..Storm::NONE },
        Storm { server: true, ..Storm::NONE },
        Storm { clients: true, ..Storm::NONE },
        Storm { disk: true, ..Storm::NONE },
    ];
    for (storm, seed) in storms.into_iter().flat_map(|storm| [(storm, 1), (storm, 2)]) {
        let outcome = run(seed, storm, None);
        assert!(outcome.wrong.is_empty(), "{storm:?}, seed {seed}:\n{}", outcome.wrong.join("\n"));
        assert_eq!(outcome.counts.lost > 0, storm.weather);
        assert!(outcome.messages > 20 && (storm != Storm::NONE || outcome.logins < 10), "{outcome:?}");
    }
}

/// Tells a figure also when the test is well and the harness swallows what tests print.
pub fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn fail_if_wrong(outcome: &Outcome) {
    if outcome.wrong.is_empty() {
        return;
    }
    let seed = outcome.seed;
    let folder = std::env::temp_dir();
    let (lines, dump) =
        (folder.join(format!("simulation-{seed}.jsonl")), folder.join(format!("simulation-{seed}.json")));
    let kept = std::fs::write(&lines, super::checker::format(&outcome.lines))
        .and_then(|()| std::fs::write(&dump, serde_json::to_string(&outcome.dump)?));
    let kept = kept.map_or_else(
        |error| error.to_string(),
        |()| format!("its history is in {}, the server's log in {}", lines.display(), dump.display()),
    );
    panic!(
        "seed {seed} is not well:\n{}\n{kept}\nalone: CHAT_SIM_FROM={seed} CHAT_SIM_SEEDS=1 cargo test -p chat-server \
         --test simulation nothing_is_lost",
        outcome.wrong.join("\n")
    );
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|value| value.parse().unwrap_or_else(|_| panic!("{variable}: {value} is no number")))
}

#[derive(Debug, Default)]
struct Sums {
    seeds: u64,
    messages: usize,
    packets: u64,
    lost: u64,
    cut: u64,
    doubled: u64,
    partitions: u32,
    server_restarts: u32,
    client_restarts: u32,
    disk_failures: u32,
    cuts: usize,
    /// A hash over what every seed came to.
    hash: u64,
    logins: u32,
    virtual_time: Duration,
}

impl Sums {
    fn add(&mut self, outcome: &Outcome) {
        self.seeds += 1;
        self.messages += outcome.messages;
        self.packets += outcome.counts.sent;
        self.lost += outcome.counts.lost;
        self.cut += outcome.counts.cut;
        self.doubled += outcome.counts.doubled;
        self.partitions += outcome.partitions;
        self.server_restarts += outcome.server_restarts;
        self.client_restarts += outcome.client_restarts;
        self.disk_failures += outcome.disk_failures;
        self.cuts += outcome.cuts;
        self.hash = fnv(fnv(self.hash, &outcome.hash.to_le_bytes()), &outcome.counts.trace.to_le_bytes());
        self.logins += outcome.logins;
        self.virtual_time += outcome.took;
    }
}

impl std::fmt::Display for Sums {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} seeds: {} messages; {} packets, {} lost, {} cut off, {} doubled; {} partitions, {} server restarts, \
             {} client restarts, {} disk failures, {} people put out, {} logins; {:.1} virtual hours; hash {:016x}",
            self.seeds,
            self.messages,
            self.packets,
            self.lost,
            self.cut,
            self.doubled,
            self.partitions,
            self.server_restarts,
            self.client_restarts,
            self.disk_failures,
            self.cuts,
            self.logins,
            self.virtual_time.as_secs_f64() / 3600.0,
            self.hash
        )
    }
}

/// How long the round takes where no number of seeds is asked for.
const QUICK: Duration = Duration::from_secs(45);
