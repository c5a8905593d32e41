//! The load generator: the real program against a real server.
#![allow(clippy::unwrap_used, clippy::panic, unreachable_pub)]

mod program;
mod support;

use std::process::Output;

use program::program;
use serde_json::Value;
use support::TestServer;

fn bench(server: &TestServer, data: &tempfile::TempDir, args: &[&str]) -> Output {
    let host = server.address.to_string();
    program(data.path(), &[&["bench", &host, "--name", "b", "--accept-new"], args].concat()).output().unwrap()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_delivery_of_a_closed_loop_is_heard_once_and_in_order() {
    let (server, data) = (TestServer::start(), tempfile::tempdir().unwrap());
    let load = [
        "--rooms",
        "2",
        "--conns",
        "21",
        "--senders",
        "3",
        "--window",
        "8",
        "--secs",
        "1",
        "--warmup",
        "0.2",
        "--json",
    ];
    let outcome = json(&bench(&server, &data, &load));
    let number = |name: &str| outcome[name].as_u64().unwrap_or_else(|| panic!("no {name} in {outcome}"));
    assert_eq!((number("lost"), number("disordered"), number("refused")), (0, 0, 0));
    // Eleven hear the first room, ten the second: what is stored is due to one or the other.
    let (sent, delivered) = (number("sent"), number("delivered"));
    assert!(sent > 8 && (sent * 10..=sent * 11).contains(&delivered), "{outcome}");
    assert!(outcome["deliv_s"].as_f64() > Some(0.0) && outcome["p50_ms"].as_f64() <= outcome["p99_ms"].as_f64());
    assert_eq!(outcome.get("srv_cpu_us"), None, "nobody said which process it is");

    let again = json(&bench(&server, &data, &["--conns", "4", "--rate", "50", "--secs", "1", "--json"]));
    let rate = again["deliv_s"].as_f64().unwrap() / 4.0;
    assert!(rate <= 75.0 && again["delivered"].as_u64() > Some(0), "the keys are known, and a rate is one: {again}");
}

#[test]
#[cfg(target_os = "linux")]
fn what_a_process_uses_is_told_and_one_that_is_not_there_is_an_error() {
    let (server, data) = (TestServer::start(), tempfile::tempdir().unwrap());
    let own = std::process::id().to_string();
    let outcome = json(&bench(&server, &data, &["--conns", "5", "--idle", "0.1", "--pid", &own, "--json"]));
    assert!(outcome["connect_cpu_us"].is_number() && outcome["kb_per_conn"].is_number(), "{outcome}");
    let wrong = bench(&server, &data, &["--pid", "4294967295"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("nothing is known of process"), "{wrong:?}");
    for args in [["--rate", "0"], ["--conns", "0"], ["--size", "3"], ["--window", "0"]] {
        assert_eq!(bench(&server, &data, &args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_thousand_bots_of_one_process_hear_everything() {
    let (server, data) = (TestServer::start(), tempfile::tempdir().unwrap());
    // Twenty to a room, so that coming in is not all there is to it.
    let load =
        "--conns 1000 --rooms 50 --senders 50 --window 50 --secs 1 --warmup 0 --json".split(' ').collect::<Vec<_>>();
    let outcome = json(&bench(&server, &data, &load));
    let number = |name: &str| outcome[name].as_u64().unwrap();
    assert!(number("sent") >= 50, "{outcome}");
    assert_eq!(number("delivered"), 20 * number("sent"), "{outcome}");
    assert_eq!((number("lost"), number("disordered"), number("refused")), (0, 0, 0), "{outcome}");
}
