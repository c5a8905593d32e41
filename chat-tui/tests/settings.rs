//! The real program and its file of settings: what it warns of, what it goes by, what it writes.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]
#![cfg(all(unix, feature = "tui"))]

mod program;
mod pty;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use portable_pty::CommandBuilder;
use pty::Pty;
use rustix::process::Signal;
use support::TestServer;
use tempfile::TempDir;

/// Somebody's directories, and his settings.
struct Home {
    dir: TempDir,
}

impl Home {
    fn new(settings: &str) -> Self {
        let home = Self { dir: TempDir::new().unwrap() };
        fs::write(home.file(), settings).unwrap();
        home
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("c.toml")
    }

    fn settings(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    fn command(&self, args: &[&str]) -> CommandBuilder {
        let mut command = pty::program(env!("CARGO_BIN_EXE_chat-tui"));
        command.env("CHAT_CLIENT_CONFIG", self.file());
        command.env("CHAT_CLIENT_DATA", self.dir.path().join("data"));
        command.env("TZ", "UTC");
        command.args(args);
        command
    }

    fn screen(&self, server: &TestServer, columns: u16) -> Pty {
        let address = server.address.to_string();
        Pty::spawn(self.command(&["connect", &address, "general", "--name", "alice", "--accept-new"]), columns, 24)
    }
}

fn leave(mut screen: Pty, keys: &str) {
    screen.type_keys(keys);
    assert!(screen.wait_for_exit().success(), "{}", screen.contents());
    screen.assert_restored();
}

#[test]
fn bad_settings_are_warned_of_with_their_place_and_the_screen_opens() {
    let server = TestServer::start();
    let home = Home::new("typing = 'perhaps'\n[ui]\nmembers = 'off'\n[keys.global]\n'f99' = 'help'\n");
    let screen = home.screen(&server, 120);
    screen.wait_for_text("c.toml:1:10: typing: it takes true or false (1 more: chat-tui config check)");
    screen.wait_for_text("alice created the room");
    assert!(!screen.contents().contains("owner 1"), "the members are off:\n{}", screen.contents());
    leave(screen, "\x11");
}

#[test]
fn a_key_that_is_unbound_does_nothing_and_one_that_is_bound_does_it() {
    let server = TestServer::start();
    let home = Home::new("[keys.global]\n'ctrl-q' = false\n'ctrl-x ctrl-c' = 'quit'\n");
    let mut screen = home.screen(&server, 80);
    screen.wait_for_text("alice created the room");
    screen.type_keys("\x11still here");
    screen.wait_for_text("> still here");
    leave(screen, "\x18\x03");
}

#[test]
fn settings_change_while_the_screen_is_open_by_the_file_by_a_signal_and_by_commands() {
    let server = TestServer::start();
    let home = Home::new("# mine\n[ui]\nhints = \"off\" # quiet\n");
    let mut screen = home.screen(&server, 80);
    screen.wait_for_text("alice created the room");
    assert!(!screen.contents().contains("Tab complete"), "{}", screen.contents());
    screen.type_keys("/set ui.hints on\r");
    screen.wait_for_text("ui.hints = \"on\"");
    screen.wait_for_text("Tab complete");
    assert_eq!(home.settings(), "# mine\n[ui]\nhints = \"on\" # quiet\n");
    fs::write(home.file(), "[ui]\nhints = 'off'\n").unwrap();
    screen.signal(Signal::USR1);
    screen.wait_for("no hints", |screen| !screen.contents().contains("Tab complete"));
    screen.type_keys("/bind global f10 quit\r");
    screen.wait_for_text("f10 is quit now");
    screen.type_keys("/set ui.hint on\r");
    screen.wait_for_text("did you mean \"ui.hints\"?");
    screen.type_keys("\x15/set ui\r");
    screen.wait_for_text("ui.symbols = \"auto\"");
    fs::write(home.file(), "[ui]\nhints = 'on'\n[keys.global]\nf9 = 'quit'\n").unwrap();
    // The terminal's window gets the keyboard: the file is looked at.
    screen.type_keys("\x1b[O\x1b[I");
    screen.wait_for("hints again", |screen| screen.contents().contains("Tab complete"));
    leave(screen, "\x1b[20~");
}

#[test]
fn the_first_run_asks_and_the_second_goes_there() {
    let server = TestServer::start();
    let home = Home::new("");
    fs::remove_file(home.file()).unwrap();
    let start = || {
        let mut command = home.command(&[]);
        command.env_remove("CHAT_CLIENT_CONFIG");
        command.env("XDG_CONFIG_HOME", home.dir.path());
        command.env("USER", "alice");
        command
    };
    let mut screen = Pty::spawn(start(), 80, 24);
    screen.wait_for_text("Welcome to chat-tui.");
    screen.type_keys(&format!("{}\r", server.address));
    screen.wait_for_text("Your name there [alice]:");
    screen.type_keys("\r");
    screen.wait_for_text("(yes/no) [yes]:");
    screen.type_keys("\r");
    screen.wait_for("the screen", |screen| screen.alternate_screen() && screen.contents().contains("no room is open"));
    leave(screen, "\x11");
    let written = fs::read_to_string(home.dir.path().join("chat-tui/config.toml")).unwrap();
    assert!(written.contains(&format!("server = \"{}\"\nname = \"alice\"\n", server.address)), "{written}");
    let screen = Pty::spawn(start(), 80, 24);
    screen.wait_for("the screen", |screen| screen.alternate_screen() && screen.contents().contains("alice"));
    assert!(!screen.contents().contains("Welcome"));
    leave(screen, "\x11");
}

fn run(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = program::program(dir, args);
    command.env_remove("CHAT_CLIENT_CONFIG").env("XDG_CONFIG_HOME", dir);
    let output = program::run(&mut command, b"");
    let (code, stderr) = program::code(&output);
    (code, program::stdout(&output), stderr)
}

#[test]
fn the_file_is_found_made_checked_and_described() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("chat-tui/config.toml");
    assert_eq!(run(dir.path(), &["config", "path"]).1.trim(), file.to_str().unwrap());
    assert_eq!(run(dir.path(), &["config", "check"]).0, 0);
    assert_eq!(run(dir.path(), &["config", "init"]).0, 0);
    let (code, _, stderr) = run(dir.path(), &["config", "init"]);
    assert!(code == 2 && stderr.contains("stays as it is"), "{stderr}");
    assert_eq!(run(dir.path(), &["config", "check"]).0, 0);
    fs::write(&file, "theme = 'nrod'\n[keys.global]\nf9 = 'qiut'\n").unwrap();
    let (code, stdout, _) = run(dir.path(), &["config", "check"]);
    assert!(
        code == 2 && stdout.contains("config.toml:3:1: there is no action \"qiut\", did you mean \"quit\"?"),
        "{stdout}"
    );
    assert!(stdout.contains("the theme nrod"), "{stdout}");
    let schema: serde_json::Value = serde_json::from_str(&run(dir.path(), &["config", "schema"]).1).unwrap();
    assert_eq!(schema["title"], "Settings of chat-tui");
}

#[test]
fn a_door_warns_on_standard_error_and_takes_name_and_directory_from_the_file() {
    let server = TestServer::start();
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("chat-tui")).unwrap();
    fs::write(dir.path().join("chat-tui/config.toml"), "name = 'ada'\nnmae = 'x'\n").unwrap();
    let address = server.address.to_string();
    let (code, _, stderr) = run(dir.path(), &["send", &address, "dev", "hello", "--accept-new"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("config.toml:2:1: unknown key \"nmae\", did you mean \"name\"?"), "{stderr}");
    let (code, stdout, _) = run(dir.path(), &["tail", &address, "dev", "--accept-new"]);
    assert!(code == 0 && stdout.contains("ada"), "{stdout}");
}

#[test]
fn shells_and_manuals_are_served() {
    let dir = TempDir::new().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script, _) = run(dir.path(), &["completions", shell]);
        assert!(code == 0 && script.contains("connect"), "{shell}");
    }
    assert!(run(dir.path(), &["man"]).1.contains(".TH"));
    let pages = dir.path().join("pages");
    fs::create_dir(&pages).unwrap();
    assert_eq!(run(dir.path(), &["man", "--dir", pages.to_str().unwrap()]).0, 0);
    assert!(pages.join("chat-tui-connect.1").exists());
}

#[test]
fn without_a_terminal_or_a_server_it_says_what_to_write() {
    let dir = TempDir::new().unwrap();
    let (code, _, stderr) = run(dir.path(), &[]);
    assert!(code == 2 && stderr.contains("chat-tui connect HOST"), "{stderr}");
}

#[test]
fn the_doctor_needs_no_terminal_and_tells_a_server_that_answers_from_one_that_does_not() {
    let server = TestServer::start();
    let dir = TempDir::new().unwrap();
    let address = server.address.to_string();
    let (code, stdout, stderr) = run(dir.path(), &["doctor", &address]);
    assert!(stdout.contains(&format!("{address} answered over UDP in")), "{stdout}{stderr}");
    assert!(code == 0 || stdout.contains("TERM is"), "{stdout}{stderr}");
    let free = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (code, stdout, _) = run(dir.path(), &["doctor", &free]);
    assert!(code == 1 && stdout.contains("nobody listens on this UDP port"), "{stdout}");
    fs::create_dir(dir.path().join("chat-tui")).unwrap();
    fs::write(dir.path().join("chat-tui/config.toml"), "typing = 1\n").unwrap();
    let (code, stdout, _) = run(dir.path(), &["doctor"]);
    assert!(code == 1 && stdout.contains("config.toml:1:10: typing: it takes true or false"), "{stdout}");
}

#[test]
fn the_draft_goes_to_the_editor_and_comes_back_clean() {
    let server = TestServer::start();
    let home = Home::new("");
    let editor = home.dir.path().join("editor");
    let script = "#!/bin/sh\nls -l \"$2\" | cut -c1-10 >\"$(dirname \"$0\")/mode\"\n\
                  printf 'what else?' >/dev/tty\nread -r answer </dev/tty\n\
                  printf '%s, %s \\033[31m\\n\\n' \"$(cat \"$2\")\" \"$answer\" >\"$2.new\"\nmv \"$2.new\" \"$2\"\n";
    fs::write(&editor, script).unwrap();
    let mut mode = fs::metadata(&editor).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    fs::set_permissions(&editor, mode).unwrap();
    let address = server.address.to_string();
    let mut command = home.command(&["connect", &address, "general", "--name", "alice", "--accept-new"]);
    command.env("VISUAL", format!("{} --wait", editor.display()));
    let mut screen = Pty::spawn(command, 80, 24);
    screen.wait_for_text("alice created the room");
    screen.type_keys("from here\x18\x05");
    // Not before the editor asks: until the terminal's modes are back, a return is not yet the end of a line.
    screen.wait_for("the editor, on the screen from before", |screen| {
        !screen.alternate_screen() && screen.contents().contains("what else?")
    });
    screen.type_keys("from there\r");
    screen.wait_for("the screen, and the draft in it", |screen| {
        screen.alternate_screen() && screen.contents().contains("alice> from here, from there [31m")
    });
    assert_eq!(fs::read_to_string(home.dir.path().join("mode")).unwrap(), "-rw-------\n");
    let drafts = fs::read_dir(home.dir.path().join("data")).unwrap().filter_map(Result::ok);
    assert!(!drafts.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("draft-")));
    screen.type_keys("\r");
    screen.wait_for_text("│ from here, from there [31m");
    screen.signal(Signal::TERM);
    assert!(screen.wait_for_exit().success());
    screen.assert_restored();
}
