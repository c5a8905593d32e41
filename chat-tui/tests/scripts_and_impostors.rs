//! Servers that are none, or mean harm, as a script meets them: an exit code, and nothing a terminal would obey.
#![allow(clippy::unwrap_used, clippy::panic)]

mod impostor;
mod program;

use std::process::Output;

use chat_proto::delivery::{Background, Events, StreamHeader};
use chat_proto::event::Posted;
use chat_proto::reply::Welcome;
use chat_proto::{
    AccountId, Chain, ConnId, Delivery, DeviceId, Epoch, Event, FeedId, MessageKey, Ordinal, Reject, RejectCode,
    RoomId, Seq, Style, Timestamp,
};
use program::{Running, expect_code, program, run};

const HOSTILE: &str = "a\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{7f}";

/// Runs the program beside the server of the test.
async fn meet(args: &[&str]) -> Output {
    let data = tempfile::tempdir().unwrap();
    let mut command = program(data.path(), args);
    tokio::task::spawn_blocking(move || run(&mut command, b"")).await.unwrap()
}

fn is_harmless(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}')
}

#[tokio::test(flavor = "multi_thread")]
async fn another_protocol_is_told_from_a_server_that_is_away() {
    let reject = Reject::new(RejectCode::VersionMismatch, "upgrade the older of the two");
    let (_endpoint, other) = impostor::start(b"h3", reject.clone().into(), vec![]);
    expect_code(&meet(&["send", &other, "ops", "hi", "--name", "ci"]).await, 7, "does not speak chat/1");
    let (_endpoint, newer) = impostor::start(chat_proto::ALPN, reject.into(), vec![]);
    for args in [
        &["send", &newer, "ops", "hi", "--name", "ci"][..],
        &["tail", &newer, "ops", "--name", "ci"],
        &["bot", "jsonl", &newer, "--name", "ci"],
    ] {
        expect_code(&meet(args).await, 7, "upgrade the older");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_reaches_the_terminal_without_what_it_would_obey() {
    for (code, exit) in [(RejectCode::NameTaken, 3), (RejectCode::Forbidden, 4), (RejectCode::Unauthenticated, 3)] {
        let (_endpoint, host) = impostor::start(chat_proto::ALPN, Reject::new(code, HOSTILE).into(), vec![]);
        let output = meet(&["send", &host, "ops", "hi", "--name", "ci"]).await;
        expect_code(&output, exit, "owned");
        assert!(is_harmless(&String::from_utf8(output.stderr).unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_line_for_a_program_carries_what_a_terminal_would_obey() {
    let feed = FeedId::Room(RoomId(5));
    let status = impostor::status(feed, HOSTILE);
    let welcome = Welcome {
        version: 1,
        server: HOSTILE.to_owned(),
        account: AccountId(1),
        name: HOSTILE.to_owned(),
        device: DeviceId(1),
        conn: ConnId(1),
        registered: false,
        now: Timestamp(i64::MAX),
        feeds: vec![status],
    };
    let posted =
        Posted { name: HOSTILE.to_owned(), style: Style::Text, text: format!("{HOSTILE}\nforged"), mentions: vec![] };
    let event = Event {
        seq: Seq(1),
        ordinal: Ordinal(1),
        at: Timestamp(i64::MIN),
        by: AccountId(2),
        device: DeviceId(2),
        key: MessageKey([1; 16]),
        body: posted.into(),
    };
    let events = Events { feed, epoch: Epoch(1), events: vec![event], chain: Chain::default() };
    let background = vec![
        impostor::frame(&StreamHeader { purpose: Background {}.into() }),
        impostor::frame(&Delivery::from(events)),
    ];
    let (_endpoint, host) = impostor::start(chat_proto::ALPN, welcome.into(), background);
    let data = tempfile::tempdir().unwrap();
    let mut command = program(data.path(), &["bot", "jsonl", &host, "--name", "ci"]);
    let lines = tokio::task::spawn_blocking(move || {
        let mut bot = Running::start(&mut command);
        [bot.line(), bot.line()]
    });
    for line in lines.await.unwrap() {
        assert!(is_harmless(&line) && line.contains("owned"), "{line:?}");
        let parsed: serde_json::Value = serde_json::from_str(&line).unwrap();
        let name = parsed["self"]["name"].as_str().or(parsed["from"]["name"].as_str());
        assert_eq!(name, Some(HOSTILE));
    }
}
