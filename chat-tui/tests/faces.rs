//! What the real program asks of a real terminal: colours that suit its ground, links, the mouse, the clipboard.
#![cfg(all(unix, feature = "tui"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod pty;
mod support;

use pty::sequences::{Piece, pieces};
use pty::{Pty, program};
use support::TestServer;
use tempfile::TempDir;

struct Scene {
    server: TestServer,
    homes: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self { server: TestServer::start(), homes: tempfile::tempdir().unwrap() }
    }

    fn device(&self, name: &str, environment: &[(&str, &str)]) -> Pty {
        let mut command = program(env!("CARGO_BIN_EXE_chat-tui"));
        let host = format!("localhost:{}", self.server.address.port());
        command.args(["connect", &host, "general", "--name", name, "--accept-new", "--data"]);
        command.arg(self.homes.path().join(name));
        command.env("TZ", "UTC");
        environment.iter().for_each(|(variable, value)| command.env(variable, value));
        let screen = Pty::spawn(command, 100, 24);
        screen.wait_for(&format!("{name} in #general"), |screen| {
            let contents = screen.contents();
            contents.starts_with(" #general ") && contents.contains(" ms ")
        });
        screen
    }
}

fn leave(mut screen: Pty) -> Vec<Piece> {
    screen.type_keys("\x11");
    assert!(screen.wait_for_exit().success());
    screen.assert_restored();
    pieces(&screen.raw())
}

fn contains(raw: &[u8], wanted: &str) -> bool {
    raw.windows(wanted.len()).any(|window| window == wanted.as_bytes())
}

/// The numbers of every SGR sequence written.
fn styles(pieces: &[Piece]) -> Vec<String> {
    let numbers = pieces.iter().filter_map(|piece| {
        let Piece::Csi(csi) = piece else { return None };
        csi.strip_suffix('m').filter(|numbers| !numbers.starts_with('>'))
    });
    numbers.flat_map(|numbers| numbers.split(';').map(str::to_owned)).collect()
}

#[test]
fn the_colours_follow_the_ground_when_the_terminal_says_it_and_the_screen_does_not_wait_for_that() {
    let scene = Scene::new();
    let mut alice = scene.device("alice", &[]);
    let raw = alice.raw();
    assert!(contains(&raw, "\x1b]11;?\x1b\\"), "it asks");
    assert!(!contains(&raw, "38;5;"), "and draws in the terminal's own sixteen colours meanwhile");
    alice.type_keys("\x1b]11;rgb:ffff/ffff/ffff\x1b\\");
    alice.wait_for_raw("the light theme's colours", raw.len(), |raw| contains(raw, "38;5;"));
    let before = alice.raw().len();
    alice.type_keys("\x1b[?997;1n");
    alice.wait_for_raw("the dark one's", before, |raw| contains(raw, "\x1b[?2026l"));
    assert!(!alice.contents().contains("997"), "an answer is nothing typed");
    leave(alice);
}

#[test]
fn without_colours_none_is_written_whatever_the_theme() {
    let scene = Scene::new();
    let mut alice = scene.device("alice", &[("NO_COLOR", "1"), ("CHAT_THEME", "dracula"), ("COLORTERM", "truecolor")]);
    alice.type_keys("hello **there**\r");
    alice.wait_for_text("hello **there**");
    let styles = styles(&leave(alice));
    let allowed = ["", "1", "2", "3", "4", "7", "9", "22", "23", "24", "27", "29"];
    assert!(styles.iter().any(|style| style == "1"), "attributes stay");
    let others: Vec<&String> = styles.iter().filter(|style| !allowed.contains(&style.as_str())).collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn a_link_is_told_to_the_terminal_and_a_message_copied_to_its_clipboard() {
    let scene = Scene::new();
    let mut alice = scene.device("alice", &[]);
    let mut bob = scene.device("bob", &[]);
    bob.type_keys("see https://a.example/x_y and file:///etc/passwd\r");
    alice.wait_for_text("https://a.example/x_y");
    alice.type_keys("\x1bc");
    alice.wait_for_text("copied:");
    let commands = |screen| {
        let commands = leave(screen).into_iter().filter_map(|piece| match piece {
            Piece::Osc(osc) => Some(osc),
            Piece::Text(_) | Piece::Control(_) | Piece::Csi(_) | Piece::Other(_) => None,
        });
        commands.filter(|osc| !osc.starts_with("2;") && osc != "11;?").collect::<Vec<String>>()
    };
    let told = commands(alice);
    let targets: Vec<&str> =
        told.iter().filter_map(|osc| osc.strip_prefix("8;")?.split_once(';')).map(|(_, to)| to).collect();
    assert!(targets.contains(&"https://a.example/x_y"), "{told:?}");
    assert!(targets.iter().all(|to| to.is_empty() || *to == "https://a.example/x_y"), "{told:?}");
    // `see https://a.example/x_y and file:///etc/passwd`
    assert!(
        told.contains(&"52;c;c2VlIGh0dHBzOi8vYS5leGFtcGxlL3hfeSBhbmQgZmlsZTovLy9ldGMvcGFzc3dk".to_owned()),
        "{told:?}"
    );
    assert!(commands(bob).iter().all(|osc| osc.starts_with("8;")));
}

#[test]
fn the_mouse_goes_to_a_room_and_is_the_terminals_in_the_bare_view() {
    let scene = Scene::new();
    let mut alice = scene.device("alice", &[]);
    alice.type_keys("/create #ops on call\r");
    alice.wait_for_text("#ops  on call");
    assert_eq!(alice.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::PressRelease);
    // The first room of the list is on the third row.
    alice.type_keys("\x1b[<0;6;3M\x1b[<0;6;3m");
    alice.wait_for("#general again", |screen| screen.contents().trim_start().starts_with("#general"));
    alice.type_keys("\x1bl");
    alice.wait_for("only text", |screen| {
        !screen.contents().contains('│') && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    });
    alice.type_keys("\x1bl");
    alice.wait_for("everything again", |screen| {
        screen.contents().contains('│') && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::PressRelease
    });
    leave(alice);
}
