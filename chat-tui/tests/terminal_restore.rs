//! `chat-tui connect` in a terminal, against a real server: what it shows, and that the terminal is given back.
#![cfg(feature = "tui")]
#![allow(clippy::unwrap_used)]

use portable_pty::CommandBuilder;
use rustix::process::Signal;
use tempfile::TempDir;

mod corpus;
mod pty;
mod support;

use pty::sequences::{Piece, pieces};
use pty::{Pty, assert_only_allowed_sequences};
use support::{Person, TestServer, settings};

/// A server and somebody's screen.
struct Scene {
    server: TestServer,
    data: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self { server: TestServer::start(), data: tempfile::tempdir().unwrap() }
    }

    fn program(&self, name: &str, environment: &[(&str, &str)]) -> CommandBuilder {
        let mut command = pty::program(env!("CARGO_BIN_EXE_chat-tui"));
        environment.iter().for_each(|(name, value)| command.env(name, value));
        let server = format!("localhost:{}", self.server.address.port());
        command.args(["connect", &server, "lobby", "--name", name, "--accept-new", "--data"]);
        command.arg(self.data.path());
        command
    }

    /// Somebody's screen, in the room.
    fn screen(&self, name: &str, columns: u16, rows: u16) -> Pty {
        self.screen_where(name, columns, rows, &[])
    }

    /// The same with something in its environment.
    fn screen_where(&self, name: &str, columns: u16, rows: u16, environment: &[(&str, &str)]) -> Pty {
        let mut pty = Pty::spawn(self.program(name, environment), columns, rows);
        pty.wait_for_text("#lobby");
        say(&mut pty, &format!("{name} is here"));
        pty
    }
}

/// Says something and waits until the server has it: out of the composer, in the room, and no longer on its way.
fn say(pty: &mut Pty, text: &str) {
    pty.type_keys(&format!("{text}\r"));
    pty.wait_for(&format!("{text:?} in the room"), |screen| {
        let contents = screen.contents();
        contents.contains(text) && !contents.contains(&format!("> {text}")) && !contents.contains("sending")
    });
}

/// What the program wrote while it had the screen; before and after, the terminal is the shell's.
fn on_screen(raw: &[u8]) -> &[u8] {
    let find = |wanted: &[u8]| raw.windows(wanted.len()).position(|window| window == wanted).unwrap();
    &raw[find(b"\x1b[22;2t")..find(b"\x1b[23;2t")]
}

#[test]
fn the_quit_key_gives_the_terminal_back() {
    let scene = Scene::new();
    let mut ann = scene.screen("ann", 80, 24);
    ann.type_keys("\x11");
    assert!(ann.wait_for_exit().success(), "{}", ann.contents());
    ann.assert_restored();
    assert_only_allowed_sequences(on_screen(&ann.raw()));
}

#[test]
fn a_signal_to_end_gives_the_terminal_back() {
    let scene = Scene::new();
    for (name, signal) in [("ann", Signal::TERM), ("bob", Signal::HUP), ("eve", Signal::INT)] {
        let mut screen = scene.screen(name, 80, 24);
        screen.signal(signal);
        assert!(screen.wait_for_exit().success(), "{}", screen.contents());
        screen.assert_restored();
    }
}

#[test]
fn stopping_gives_the_terminal_back_and_continuing_goes_on() {
    let scene = Scene::new();
    let mut ann = scene.screen("ann", 80, 24);
    ann.type_keys("\x1a");
    ann.wait_until_stopped();
    ann.wait_for("the screen from before", |screen| !screen.alternate_screen());
    ann.assert_restored();
    ann.signal(Signal::CONT);
    ann.wait_for("the room again", |screen| screen.alternate_screen() && screen.contents().contains("ann is here"));
    say(&mut ann, "still here");
    ann.type_keys("\x11");
    ann.wait_for_exit();
    ann.assert_restored();
}

#[test]
fn the_editor_has_the_terminal_until_it_ends_and_gives_the_draft_back() {
    let scene = Scene::new();
    // It waits for Enter, so that one can look at the terminal meanwhile.
    let editor = scene.data.path().join("editor");
    std::fs::write(&editor, "#!/bin/sh\necho editing\nread line\nprintf 'edited' >\"$1\"\n").unwrap();
    std::fs::set_permissions(&editor, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut ann = scene.screen_where("ann", 80, 24, &[("EDITOR", editor.to_str().unwrap())]);
    ann.type_keys("draft");
    ann.wait_for_text("> draft");
    ann.type_keys("\x1be");
    ann.wait_for("the editor", |screen| screen.contents().trim_end().ends_with("editing"));
    ann.assert_restored();
    ann.type_keys("\r");
    ann.wait_for("the draft", |screen| screen.alternate_screen() && screen.contents().contains("> edited"));
    ann.type_keys("\r");
    ann.wait_for("it said", |screen| screen.contents().contains("edited") && !screen.contents().contains("> edited"));
    ann.type_keys("\x11");
    ann.wait_for_exit();
    ann.assert_restored();
}

#[test]
fn what_one_types_the_other_sees_through_any_size() {
    let scene = Scene::new();
    let mut ann = scene.screen("ann", 100, 30);
    let mut bob = scene.screen("bob", 60, 12);
    for (columns, rows) in [(1, 1), (300, 100), (20, 3), (2, 40), (79, 5), (80, 24)] {
        bob.resize(columns, rows);
    }
    say(&mut ann, "日本語");
    bob.wait_for("the message", |screen| screen.contents().contains("日本語") && screen.size().1.get() == 80);
    say(&mut bob, "seen");
    ann.wait_for_text("seen");
    for screen in [&mut ann, &mut bob] {
        screen.type_keys("\x11");
        screen.wait_for_exit();
        screen.assert_restored();
        assert_only_allowed_sequences(on_screen(&screen.raw()));
    }
}

#[test]
fn a_terminal_that_cannot_place_text_gets_lines_and_no_escape() {
    let scene = Scene::new();
    let mut dumb = Pty::spawn(scene.program("ann", &[("TERM", "dumb")]), 80, 24);
    dumb.wait_for_text("ann> ");
    dumb.signal(Signal::TERM);
    assert!(dumb.wait_for_exit().success());
    let raw = String::from_utf8(dumb.raw()).unwrap();
    assert!(!raw.contains('\x1b'), "{raw:?}");
}

#[test]
fn a_typed_character_costs_few_bytes() {
    let scene = Scene::new();
    let mut ann = scene.screen("ann", 120, 40);
    ann.type_keys("x");
    ann.wait_for("the draft", |screen| screen.contents().contains("> x"));
    let before = ann.raw().len();
    ann.type_keys("ж");
    ann.wait_for_text("xж");
    let raw = String::from_utf8(ann.raw().split_off(before)).unwrap();
    let frame = raw.split("\x1b[?2026l").find(|frame| frame.contains('ж')).unwrap();
    assert!(frame.len() <= 50, "{frame:?}");
}

#[test]
fn without_colours_what_is_marked_stays_marked() {
    let scene = Scene::new();
    for (value, colours) in [("1", false), ("", true)] {
        let mut ann = scene.screen_where("ann", 80, 24, &[("NO_COLOR", value)]);
        ann.type_keys("\x11");
        ann.wait_for_exit();
        let raw = ann.raw();
        let codes: Vec<u8> = pieces(on_screen(&raw))
            .iter()
            .filter_map(|piece| if let Piece::Csi(csi) = piece { csi.strip_suffix('m') } else { None })
            .flat_map(|codes| codes.split(';').filter_map(|code| code.parse().ok()))
            .collect();
        assert_eq!(codes.iter().any(|code| matches!(code, 30..=38 | 40..=48 | 90..=107)), colours, "{codes:?}");
        assert!(codes.contains(&7) || codes.contains(&1), "something is reversed or bold: {codes:?}");
    }
}

#[tokio::test]
async fn what_others_write_reaches_the_terminal_as_text_only() {
    let scene = Scene::new();
    let mut ann = scene.screen("ann", 80, 24);
    let data = tempfile::tempdir().unwrap();
    let mut eve = Person::connect(settings(scene.server.named(), "eve", data.path())).await;
    let room = eve.join("lobby").await;
    let mut said = 0;
    // The server refuses controls, so what gets through is what deceives without them.
    for (_, payload) in corpus::INJECTIONS.iter().filter(|(_, p)| !p.contains(|c: char| c.is_control())) {
        eve.say(room, payload).await;
        said += 1;
    }
    for text in corpus::DIFFICULT {
        eve.say(room, text).await;
    }
    assert!(said > 10);
    let last = eve.say(room, "that is all").await;
    eve.sent(last).await;
    ann.wait_for_text("that is all");
    // What ann pastes herself is no command either, in her composer or in the room.
    for (_, payload) in corpus::INJECTIONS.iter().filter(|(_, p)| !p.contains("\x1b[201~")) {
        ann.type_keys(&format!("\x1b[200~{payload}\x1b[201~"));
    }
    ann.type_keys("\x15pasted\r");
    ann.wait_for_text("pasted");
    ann.type_keys("\x03\x11");
    ann.signal(Signal::TERM);
    ann.wait_for_exit();
    ann.assert_restored();
    assert_only_allowed_sequences(on_screen(&ann.raw()));
}
