//! The quick round of long hours: many who come and go, and nobody misses anything.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub)]

mod support;

use std::time::Duration;

use chat_torture::soak::Soak;

#[tokio::test(flavor = "multi_thread")]
async fn d1_to_d5_hold_for_many_who_come_and_go_and_what_the_server_opens_it_closes() {
    let soak = Soak {
        server: support::server(),
        connections: 60,
        rooms: 6,
        churn: 8.0,
        rate: 60.0,
        time: Duration::from_secs(10),
        seed: 1,
    };
    let outcome = soak.run(|_| {}).await.unwrap();
    println!("{:?} {:?}, {} logins", outcome.verdict, outcome.samples.last(), outcome.logins);
    assert!(outcome.verdict.wrong.is_empty(), "{:?}", outcome.verdict.wrong);
    assert!(outcome.is_alive);
    assert!(outcome.logins > 100, "{} logins of 60 people: nobody came back", outcome.logins);
    assert!(outcome.verdict.acked > 200 && outcome.verdict.heard > 2_000, "{:?}", outcome.verdict);
    let files: Vec<usize> = outcome.samples.iter().filter_map(|sample| sample.descriptors).collect();
    if let (Some(least), Some(most)) = (files.iter().min(), files.iter().max()) {
        assert!(most - least < 20, "files and sockets the server has open: {files:?}");
    }
}
