//! A program at the pipes of `bot jsonl` that is killed again and again, at any moment, while others talk: nothing is skipped,
//! the order is the room's, and what it says itself is there once.
//!
//! `CHAT_KILL_CYCLES=100` kills it so often.
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;
mod support;

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use chat_proto::request::Post;
use chat_proto::{MessageKey, Reply, RoomId, Style};
use chat_tui::client::Client;
use futures_util::future::join_all;
use program::{PATIENCE, Running, program};
use serde_json::{Value, json};
use support::{Person, TestServer, settings};
use tokio::sync::watch;

/// Messages of others.
const MESSAGES: usize = 10_000;

/// Messages with such numbers are answered.
const ANSWER_EVERY: u64 = 50;

/// Messages with such numbers are acknowledged, and those that are answered.
const ACKNOWLEDGE_EVERY: u64 = 7;

/// A life is at most so long.
const LIFE_MAX: Duration = Duration::from_millis(300);

/// What one run saw.
#[derive(Debug)]
struct Life {
    /// The last event whose acknowledgement was answered before it, and the last one that was acknowledged at all.
    answered: u64,
    acknowledged: u64,
    /// The numbers of the messages, as they came.
    heard: Vec<u64>,
}

/// The program, and what it knows over all its lives.
struct Bot {
    host: String,
    data: PathBuf,
    answered: u64,
    acknowledged: u64,
    lives: Vec<Life>,
}

impl Bot {
    /// Lives for so long, counted from its start or from its first line; or until it has dealt with the last message of all:
    /// whether it has.
    fn live(&mut self, span: Duration, from_start: bool) -> bool {
        let cursor = self.data.join("cursor").display().to_string();
        let head = ["bot", "jsonl", &self.host, "--name", "ci", "--join", "ci"];
        let args = [&head[..], &["--from", "cursor", "--cursor", &cursor, "--ack"]].concat();
        let mut running = Running::start(&mut program(&self.data, &args));
        if !from_start {
            running.until("ev", "ready");
        }
        let until = Instant::now() + span;
        self.lives.push(Life { answered: self.answered, acknowledged: self.acknowledged, heard: vec![] });
        let (mut waiting, mut asked, mut last) = (VecDeque::new(), None, u64::MAX);
        while let Some(line) = running.line_by(until) {
            let line: Value = serde_json::from_str(&line).unwrap();
            assert_ne!(line["ok"], false, "{line}");
            if let Some(seq) = line["re"].as_u64() {
                self.answered = self.answered.max(seq);
            } else if line["re"].is_string() {
                self.acknowledge(&mut running, asked.take().unwrap());
            } else if line["ev"] == "message" {
                let seq = line["seq"].as_u64().unwrap();
                self.lives.last_mut().unwrap().heard.push(seq);
                waiting.push_back(seq);
                if line["text"] == "end" {
                    last = seq;
                }
            }
            // One after the other: none is acknowledged before the answer to an earlier one is stored.
            while asked.is_none()
                && let Some(seq) = waiting.pop_front()
            {
                if seq % ANSWER_EVERY == 0 {
                    let text = format!("re {seq}");
                    let send = json!({"id": "send", "op": "send", "room": "ci", "text": text, "key": text});
                    running.write(&send.to_string());
                    asked = Some(seq);
                } else if seq % ACKNOWLEDGE_EVERY == 0 || seq == last {
                    self.acknowledge(&mut running, seq);
                }
            }
            if self.answered == last {
                running.close_stdin();
                assert_eq!(running.ended().code(), Some(0));
                return true;
            }
        }
        running.child.kill().unwrap();
        running.ended();
        false
    }

    fn acknowledge(&mut self, running: &mut Running, seq: u64) {
        self.acknowledged = seq;
        running.write(&json!({"id": seq, "op": "ack", "room": "ci", "seq": seq}).to_string());
    }
}

/// Says a share of all messages, as far as is let.
async fn talk(client: Client, room: RoomId, mut share: watch::Receiver<usize>, of: usize) {
    let post = |_| {
        let key = MessageKey(rand::random());
        client.request(Post { key, room, style: Style::Text, text: "hm".to_owned() })
    };
    let mut said = 0;
    while said < of {
        let upto = *share.wait_for(|upto| *upto > said).await.unwrap();
        while said < upto {
            let more = (upto - said).min(50);
            for answer in join_all((0..more).map(post)).await {
                assert!(matches!(answer, Ok(Reply::Receipt(_))), "{answer:?}");
            }
            said += more;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_it_is_killed_a_program_goes_on_where_it_was() {
    let cycles: usize = std::env::var("CHAT_KILL_CYCLES").map_or(20, |cycles| cycles.parse().unwrap());
    let begun = Instant::now();
    let server = TestServer::start();
    let data = tempfile::tempdir().unwrap();
    let mut people = vec![];
    for name in ["bob", "eve"] {
        people.push(Person::connect(settings(server.named(), name, &data.path().join(name))).await);
    }
    let room = people[0].join("ci").await;
    people[1].join("ci").await;
    let host = format!("localhost:{}", server.address.port());
    let bot = Bot { host, data: data.path().to_owned(), answered: 0, acknowledged: 0, lives: vec![] };
    let (tell, share) = watch::channel(0);
    let each = MESSAGES / people.len();
    let talking: Vec<_> =
        people.iter().map(|person| tokio::spawn(talk(person.client.clone(), room, share.clone(), each))).collect();
    let living = tokio::task::spawn_blocking(move || {
        let mut bot = bot;
        // It is a member, and its cursor stands, before anything is said.
        while !bot.data.join("cursor").exists() {
            bot.live(LIFE_MAX, false);
        }
        bot.lives.clear();
        for cycle in 1..=cycles {
            tell.send_replace(each * cycle / cycles);
            // Every fourth one may die before it was ever there.
            assert!(!bot.live(LIFE_MAX.mul_f64(rand::random()), cycle % 4 == 0));
        }
        bot
    });
    let mut bot = living.await.unwrap();
    for talking in talking {
        talking.await.unwrap();
    }
    let key = people[0].say(room, "end").await;
    people[0].sent(key).await;
    let bot = tokio::task::spawn_blocking(move || {
        assert!(bot.live(2 * PATIENCE, false), "the end does not come");
        bot
    });
    let bot = bot.await.unwrap();
    let (said, replies) = remember(&mut people[0], room).await;
    assert_eq!(said.len(), MESSAGES + 1);
    judge(&bot.lives, &said);
    let expected: BTreeMap<String, u32> =
        said.iter().filter(|seq| *seq % ANSWER_EVERY == 0).map(|seq| (format!("re {seq}"), 1)).collect();
    assert_eq!(replies, expected);
    let handed: usize = bot.lives.iter().map(|life| life.heard.len()).sum();
    let silent = bot.lives.iter().filter(|life| life.heard.is_empty()).count();
    let figures = format!(
        "{cycles} kills, {silent} before the first message; {} messages, {handed} handed over, {} answers; {:.1} s",
        said.len(),
        replies.len(),
        begun.elapsed().as_secs_f64()
    );
    writeln!(std::io::stderr().lock(), "{figures}").unwrap();
}

/// The numbers of the messages of others, and how often the program said what.
async fn remember(bob: &mut Person, room: RoomId) -> (Vec<u64>, BTreeMap<String, u32>) {
    let key = bob.say(room, "over").await;
    bob.sent(key).await;
    bob.until(|bob| bob.log.last().is_some_and(|(_, event)| event.key == key)).await;
    let (mut said, mut replies) = (vec![], BTreeMap::new());
    for (_, event) in &bob.log {
        match event.body.message() {
            Some(message) if message.name == "ci" => *replies.entry(message.text.to_owned()).or_insert(0) += 1,
            Some(message) if message.text != "over" => said.push(event.seq.0),
            Some(_) | None => {}
        }
    }
    (said, replies)
}

/// Each life heard a run of what was said, without a hole, from behind what was acknowledged before it; the last one to the end.
fn judge(lives: &[Life], said: &[u64]) {
    let mut dealt_with = 0;
    for (number, life) in lives.iter().enumerate() {
        let Some(first) = life.heard.first() else { continue };
        let at = said.binary_search(first).unwrap();
        assert_eq!(life.heard, said[at..at + life.heard.len()], "life {number}");
        let before = at.checked_sub(1).map_or(0, |at| said[at]);
        assert!(life.answered <= before, "life {number} repeats what is acknowledged: {} {before}", life.answered);
        assert!(before <= life.acknowledged, "life {number} skips what is not: {before} {}", life.acknowledged);
        assert!(at <= dealt_with, "life {number} begins behind what was ever heard");
        dealt_with = dealt_with.max(at + life.heard.len());
    }
    assert_eq!(dealt_with, said.len());
}
