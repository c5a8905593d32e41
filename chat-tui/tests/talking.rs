//! What people are promised, seen on their screens: the real program in terminals, in front of a real server.
#![cfg(all(unix, feature = "tui"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod pty;
mod support;

use std::time::Instant;

use chat_proto::limits::PAGE_EVENTS_MAX;
use chat_proto::request::History;
use chat_proto::{Anchor, Event, EventBody, Seq};
use pty::{Pty, TIMEOUT, assert_only_allowed_sequences, program};
use rustix::process::Signal;
use support::{Person, TestServer, accept_new, settings};
use tempfile::TempDir;

/// The screens of tests that look at the panes.
const WIDE: (u16, u16) = (120, 30);

/// A server, and where people keep their files.
struct Scene {
    server: TestServer,
    homes: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self { server: TestServer::start(), homes: tempfile::tempdir().unwrap() }
    }

    /// The same people in front of what became of the server.
    fn with(self, server: impl FnOnce(TestServer) -> TestServer) -> Self {
        Self { server: server(self.server), homes: self.homes }
    }

    fn host(&self) -> String {
        format!("localhost:{}", self.server.address.port())
    }

    fn home(&self, name: &str) -> std::path::PathBuf {
        self.homes.path().join(name)
    }

    /// Another screen of somebody's; all of a person's devices share their files.
    fn device(&self, name: &str, room: &str, (columns, rows): (u16, u16)) -> Pty {
        let mut command = program(env!("CARGO_BIN_EXE_chat-tui"));
        command.args(["connect", &self.host(), room, "--name", name, "--accept-new", "--data"]);
        command.arg(self.home(name));
        command.env("TZ", "UTC");
        let screen = Pty::spawn(command, columns, rows);
        screen.wait_for(&format!("{name} in #{room}"), |screen| {
            let header = row(screen, 0);
            header.starts_with(&format!(" #{room} ")) && header.contains(" ms ")
        });
        screen
    }

    /// The messages the server keeps of a room.
    fn history(&self, room: &str) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let home = self.home("historian");
            let mut historian = Person::connect(accept_new(settings(self.server.named(), "historian", &home))).await;
            let room = historian.join(room).await;
            let newest = History { room, anchor: Anchor::Before(Seq::MAX), limit: PAGE_EVENTS_MAX };
            let events = historian.client.fetch(newest).await.unwrap().events;
            let text = |event: Event| if let EventBody::Posted(posted) = event.body { Some(posted.text) } else { None };
            events.into_iter().filter_map(text).collect()
        })
    }
}

fn row(screen: &vt100::Screen, row: u16) -> String {
    let columns = screen.size().1.get();
    (0..columns)
        .filter_map(|column| screen.cell(row, column))
        .map(|cell| match cell.contents() {
            "" => " ",
            text => text,
        })
        .collect()
}

/// What the rooms pane says beside a room.
fn counts(screen: &vt100::Screen, room: &str) -> Option<String> {
    let rows = (1..screen.size().0.get()).map(|number| row(screen, number));
    let line =
        rows.filter_map(|row| row.split_once('│').map(|(pane, _)| pane.to_owned())).find(|pane| pane.contains(room))?;
    line.split_once(room).map(|(_, counts)| counts.trim().to_owned())
}

fn say(screen: &mut Pty, text: &str) {
    screen.type_keys(&format!("{text}\r"));
}

fn wait_for_counts(screen: &Pty, room: &str, expected: &str) {
    screen.wait_for(&format!("{expected:?} beside {room}"), |screen| counts(screen, room).as_deref() == Some(expected));
}

fn once(screen: &Pty, text: &str) {
    screen.wait_for(&format!("{text:?} once, and none on its way"), |screen| {
        let contents = screen.contents();
        contents.matches(text).count() == 1 && !contents.contains("sending…") && row(screen, 0).contains(" ms ")
    });
}

fn leave(screen: Pty) {
    leave_after_rings(screen, 0);
}

/// Leaves a screen that rang the bell so often.
fn leave_after_rings(mut screen: Pty, rings: usize) {
    screen.type_keys("\x11");
    assert!(screen.wait_for_exit().success());
    screen.assert_restored();
    let (bells, rest): (Vec<u8>, Vec<u8>) = screen.raw().into_iter().partition(|byte| *byte == 0x07);
    assert_eq!(bells.len(), rings);
    assert_only_allowed_sequences(&rest);
}

#[test]
fn what_is_unread_is_counted_until_it_is_read_on_whichever_device() {
    let scene = Scene::new();
    let mut alice = scene.device("alice", "general", WIDE);
    say(&mut alice, "/create #ops on call");
    alice.wait_for_text("#ops  on call");
    let phone = scene.device("alice", "ops", WIDE);
    let mut bob = scene.device("bob", "general", (80, 24));
    for text in ["good morning", "alice: the build is red", "never mind"] {
        say(&mut bob, text);
    }
    for device in [&alice, &phone] {
        wait_for_counts(device, "#general", "@1 3");
    }

    alice.type_keys("\x1ba");
    alice.wait_for_text("new since");
    for device in [&alice, &phone] {
        wait_for_counts(device, "#general", "");
    }
    phone.wait_for("the other device still in #ops", |screen| row(screen, 0).starts_with(" #ops "));
    alice.type_keys("\x1ba");
    alice.wait_for("the room it began in", |screen| row(screen, 0).starts_with(" #ops "));
    // Of the three messages one named her, in a room that neither device looked at.
    [(alice, 1), (phone, 1), (bob, 0)].into_iter().for_each(|(screen, rings)| leave_after_rings(screen, rings));
}

#[test]
fn a_message_typed_while_the_server_is_away_is_sent_once_when_it_is_back() {
    let scene = Scene::new();
    let mut alice = scene.device("alice", "general", WIDE);
    let mut bob = scene.device("bob", "general", (80, 24));
    say(&mut alice, "before");
    bob.wait_for_text("before");

    let Scene { server, homes } = scene;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let remains = runtime.block_on(server.stop());
    for screen in [&alice, &bob] {
        screen.wait_for("a word of the lost connection", |screen| row(screen, 0).contains("offline"));
    }
    say(&mut alice, "from alice, away");
    alice.wait_for_text("sending…");
    say(&mut bob, "from bob, away");
    bob.wait_for_text("sending…");

    let scene = Scene { server: remains.start(), homes };
    for text in ["before", "from alice, away", "from bob, away"] {
        once(&alice, text);
        once(&bob, text);
    }
    say(&mut alice, "after");
    bob.wait_for_text("after");
    let mut history = scene.history("general");
    history[1..3].sort();
    assert_eq!(history, ["before", "from alice, away", "from bob, away", "after"]);
}

#[test]
fn a_message_typed_while_the_server_is_dead_outlives_a_killed_client() {
    let scene = Scene::new();
    let bob = scene.device("bob", "general", (80, 24));
    let mut alice = scene.device("alice", "general", (80, 24));
    let Scene { server, homes } = scene;
    let remains = server.kill();
    say(&mut alice, "my last words");
    alice.wait_for_text("sending…");
    alice.signal(Signal::KILL);
    assert!(!alice.wait_for_exit().success());

    let scene = Scene { server: remains.start(), homes };
    let mut alice = scene.device("alice", "general", (80, 24));
    once(&alice, "my last words");
    once(&bob, "my last words");
    say(&mut alice, "were not the last");
    once(&alice, "were not the last");
    assert_eq!(scene.history("general"), ["my last words", "were not the last"]);
}

#[test]
fn a_screen_that_had_many_sizes_shows_what_a_new_one_shows() {
    let scene = Scene::new();
    let mut alice = scene.device("alice", "general", (100, 30));
    for number in 0..40 {
        say(&mut alice, &format!("line {number} with words enough to be wrapped on a narrow screen, and 日本語 👋"));
    }
    once(&alice, "line 39");
    let sizes = [(1, 1), (300, 100), (20, 3), (2, 40), (79, 5), (50, 15), (120, 40), (60, 12), (20, 5), (100, 30)];
    for (columns, rows) in sizes.into_iter().cycle().take(100).chain([(90, 20)]) {
        alice.resize(columns, rows);
    }
    let mut fresh = scene.device("alice", "general", (90, 20));
    say(&mut fresh, "that was all");
    for screen in [&alice, &fresh] {
        once(screen, "that was all");
    }
    let body =
        |screen: &Pty| screen.screen().rows(0, 90).skip(1).map(|row| row.trim_end().to_owned()).collect::<Vec<_>>();
    let deadline = Instant::now() + TIMEOUT;
    while body(&alice) != body(&fresh) {
        assert!(Instant::now() < deadline, "{}\nis not\n{}", alice.contents(), fresh.contents());
        std::thread::yield_now();
    }
}

#[test]
fn a_server_with_another_key_ends_the_program_and_says_what_to_do() {
    let scene = Scene::new();
    let mut alice = scene.device("alice", "general", (80, 24));
    let scene = scene.with(|server| server.kill().with_another_key().start());
    let forget = format!("`chat-tui trust {} --forget`", scene.host());
    let is_a_hard_stop = |mut screen: Pty| {
        assert_eq!(screen.wait_for_exit().exit_code(), 5, "{}", screen.contents());
        screen.assert_restored();
        let raw = String::from_utf8_lossy(&screen.raw()).into_owned();
        assert!(raw.contains(&forget), "{raw:?}");
    };
    // Whoever was connected, and whoever comes.
    say(&mut alice, "is it you?");
    is_a_hard_stop(alice);
    let mut command = program(env!("CARGO_BIN_EXE_chat-tui"));
    command.args(["connect", &scene.host(), "general", "--name", "alice", "--accept-new", "--data"]);
    command.arg(scene.home("alice"));
    is_a_hard_stop(Pty::spawn(command, 80, 24));
}

#[test]
fn the_room_is_shown_from_the_cache_while_the_server_is_away() {
    let scene = Scene::new();
    let mut alice = scene.device("alice", "general", (80, 24));
    say(&mut alice, "kept for later");
    once(&alice, "kept for later");
    leave(alice);
    let mut command = program(env!("CARGO_BIN_EXE_chat-tui"));
    command.args(["connect", &scene.host(), "--name", "alice", "--data"]);
    command.arg(scene.home("alice"));
    drop(scene.server.kill());
    let mut alice = Pty::spawn(command, 80, 24);
    alice.wait_for("the room, and that there is no connection", |screen| {
        screen.contents().contains("kept for later")
            && row(screen, 0).contains("#general")
            && !row(screen, 0).contains(" ms ")
    });
    alice.type_keys("\x11");
    assert!(alice.wait_for_exit().success());
}
