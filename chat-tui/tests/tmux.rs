//! What people are promised on their screens, once more through tmux: it has its own idea of every sequence, size and key.
#![cfg(all(unix, feature = "tui"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use support::{PATIENCE, TestServer};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_chat-tui");

/// A server, where people keep their files, and a tmux with nobody's configuration. Every terminal in it has a shell.
struct Scene {
    server: TestServer,
    place: TempDir,
}

/// Without a tmux there is nothing to be seen.
fn scene() -> Option<Scene> {
    let has = Command::new("tmux").arg("-V").output().is_ok_and(|output| output.status.success());
    assert!(has || std::env::var_os("CHAT_REQUIRE_TOOLS").is_none(), "tmux is required and cannot be run");
    if !has {
        use std::io::Write;
        writeln!(std::io::stderr().lock(), "SKIPPED: tmux cannot be run, so nothing was seen through it").unwrap();
        return None;
    }
    let (server, place) = (TestServer::start(), tempfile::tempdir().unwrap());
    Some(Scene { server, place })
}

impl Scene {
    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new("tmux");
        command.args(["-f", "/dev/null", "-S"]).arg(self.place.path().join("socket")).args(args);
        for (variable, _) in std::env::vars().filter(|(variable, _)| variable.starts_with("CHAT_")) {
            command.env_remove(variable);
        }
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").env_remove("TMUX").env_remove("ENV");
        command.env("CHAT_CLIENT_CONFIG", "/dev/null").output().unwrap()
    }

    /// A terminal with somebody's screen in it, begun by a shell.
    fn screen(&self, terminal: &str, name: &str, size: (u16, u16)) {
        let (columns, rows) = (size.0.to_string(), size.1.to_string());
        let started = self.run(&["new-session", "-d", "-s", terminal, "-x", &columns, "-y", &rows, "/bin/sh"]);
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        self.wait(terminal, "a shell", |screen| !screen.trim().is_empty());
        self.line(terminal, "PS1='shell> '");
        self.wait(terminal, "its prompt", |screen| screen.trim_end().ends_with("shell>"));
        let (port, home) = (self.server.address.port(), self.place.path().join(name));
        let editor = self.editor();
        self.line(
            terminal,
            &format!(
                "EDITOR={} {PROGRAM} connect localhost:{port} general --name {name} --accept-new --data {}",
                editor.display(),
                home.display()
            ),
        );
        self.wait(terminal, "the room", |screen| {
            let header = screen.lines().next().unwrap_or_default();
            header.contains("#general") && header.contains(" ms")
        });
    }

    /// An editor that waits for Enter, and then knows better.
    fn editor(&self) -> PathBuf {
        let path = self.place.path().join("editor");
        if !path.exists() {
            fs::write(&path, "#!/bin/sh\necho editing\nread line\nprintf 'edited' >\"$1\"\n").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        path
    }

    fn keys(&self, terminal: &str, keys: &[&str]) {
        assert!(self.run(&[&["send-keys", "-t", terminal], keys].concat()).status.success());
    }

    fn line(&self, terminal: &str, text: &str) {
        self.keys(terminal, &["-l", text]);
        self.keys(terminal, &["Enter"]);
    }

    fn contents(&self, terminal: &str) -> String {
        String::from_utf8_lossy(&self.run(&["capture-pane", "-p", "-t", terminal]).stdout).into_owned()
    }

    fn wait(&self, terminal: &str, what: &str, is: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is(&self.contents(terminal)) {
            assert!(Instant::now() < deadline, "waited in vain for {what}:\n{}", self.contents(terminal));
        }
    }

    fn wait_for(&self, terminal: &str, text: &str) {
        self.wait(terminal, text, |screen| screen.contains(text));
    }

    /// What the rooms pane says beside a room.
    fn wait_for_counts(&self, terminal: &str, room: &str, counts: &str) {
        self.wait(terminal, &format!("{counts:?} beside {room}"), |screen| {
            let panes = screen.lines().filter_map(|line| line.split_once('│')).map(|(pane, _)| pane);
            let beside = panes.filter_map(|pane| pane.split_once(room)).next().map(|(_, beside)| beside.trim());
            beside == Some(counts)
        });
    }

    /// What tmux knows of a terminal.
    fn known(&self, terminal: &str, format: &str) -> String {
        let told = self.run(&["display-message", "-p", "-t", terminal, format]).stdout;
        String::from_utf8_lossy(&told).trim().to_owned()
    }

    /// Waits for the shell again, and for a terminal as it was found.
    fn is_given_back(&self, terminal: &str) {
        let deadline = Instant::now() + PATIENCE;
        let modes = "#{alternate_on} #{cursor_flag} #{mouse_any_flag}";
        while self.known(terminal, modes) != "0 1 0" || !self.contents(terminal).trim_end().ends_with("shell>") {
            assert!(Instant::now() < deadline, "{}\n{}", self.known(terminal, modes), self.contents(terminal));
        }
    }

    /// The program the shell of a terminal runs.
    fn program(&self, terminal: &str) -> Pid {
        let shell = self.known(terminal, "#{pane_pid}");
        let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
        Pid::from_raw(children.split_whitespace().next().unwrap().parse().unwrap()).unwrap()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
fn two_people_talk_through_a_killed_server() {
    let Some(mut scene) = scene() else { return };
    scene.screen("alice", "alice", (100, 24));
    scene.screen("bob", "bob", (50, 15));
    scene.wait_for("alice", "bob joined");
    scene.line("alice", "hello 👋");
    scene.wait_for("bob", "alice: hello 👋");
    let other = TestServer::start();
    let remains = std::mem::replace(&mut scene.server, other).kill();
    scene.line("bob", "typed offline");
    scene.wait_for("bob", "sending…");
    scene.server = remains.start();
    scene.wait_for("alice", "typed offline");
    scene.line("bob", "that was all");
    for terminal in ["alice", "bob"] {
        scene.wait(terminal, "each message once", |screen| {
            let once = |text| screen.matches(text).count() == 1;
            once("typed offline") && once("that was all") && !screen.contains("sending…")
        });
    }
}

#[test]
fn what_one_device_reads_the_other_counts_no_more() {
    let Some(scene) = scene() else { return };
    for terminal in ["desk", "phone"] {
        scene.screen(terminal, "alice", (120, 30));
    }
    scene.line("desk", "/create #ops on call");
    scene.wait_for("desk", "#ops  on call");
    scene.line("phone", "/join #ops");
    scene.wait_for("phone", "#ops  on call");
    scene.screen("bob", "bob", (80, 24));
    for text in ["good morning", "alice: the build is red"] {
        scene.line("bob", text);
    }
    for terminal in ["desk", "phone"] {
        scene.wait_for_counts(terminal, "#general", "@1 2");
    }
    scene.keys("desk", &["M-a"]);
    for terminal in ["desk", "phone"] {
        scene.wait_for_counts(terminal, "#general", "");
    }
}

#[test]
fn a_screen_that_had_many_sizes_shows_what_a_new_one_shows() {
    let Some(scene) = scene() else { return };
    scene.screen("old", "alice", (100, 30));
    for number in 0..20 {
        scene.line("old", &format!("line {number} with words enough to be wrapped on a narrow screen, and 日本語 👋"));
    }
    scene.wait("old", "the last line", |screen| screen.contains("line 19") && !screen.contains("sending…"));
    for (columns, rows) in
        [(1, 1), (300, 100), (20, 3), (2, 40), (79, 5), (50, 15), (120, 40)].into_iter().cycle().take(40)
    {
        scene.run(&["resize-window", "-t", "old", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }
    scene.run(&["resize-window", "-t", "old", "-x", "90", "-y", "20"]);
    scene.screen("new", "alice", (90, 20));
    scene.line("new", "that was all");
    let body = |terminal| scene.contents(terminal).lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    let deadline = Instant::now() + PATIENCE;
    while body("old") != body("new") || !scene.contents("new").contains("that was all") {
        assert!(Instant::now() < deadline, "{}\nis not\n{}", scene.contents("old"), scene.contents("new"));
    }
}

#[test]
fn stopping_gives_the_terminal_to_the_shell_and_continuing_takes_it_again() {
    let Some(scene) = scene() else { return };
    scene.screen("alice", "alice", (80, 24));
    scene.line("alice", "before");
    scene.wait("alice", "it said", |screen| screen.contains("before") && !screen.contains("sending"));
    scene.keys("alice", &["C-z"]);
    scene.is_given_back("alice");
    scene.line("alice", "fg");
    scene.wait("alice", "the room again", |screen| screen.contains("[#general]") && screen.contains("before"));
    scene.line("alice", "behind");
    scene.wait("alice", "it said", |screen| screen.contains("behind") && !screen.contains("sending"));
}

#[test]
fn the_editor_has_the_terminal_until_it_ends() {
    let Some(scene) = scene() else { return };
    scene.screen("alice", "alice", (80, 24));
    scene.keys("alice", &["-l", "draft"]);
    scene.wait_for("alice", "> draft");
    scene.keys("alice", &["M-e"]);
    scene.wait("alice", "the editor", |screen| screen.trim_end().ends_with("editing"));
    scene.keys("alice", &["Enter"]);
    scene.wait_for("alice", "> edited");
    scene.keys("alice", &["Enter"]);
    scene.wait("alice", "it said", |screen| screen.contains("edited") && !screen.contains("> edited"));
}

#[test]
fn however_it_ends_the_terminal_is_given_back() {
    let Some(scene) = scene() else { return };
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let terminal = format!("signal{}", signal.as_raw());
        scene.screen(&terminal, "alice", (80, 24));
        kill_process(scene.program(&terminal), signal).unwrap();
        scene.is_given_back(&terminal);
    }
    scene.screen("key", "alice", (80, 24));
    scene.keys("key", &["C-q"]);
    scene.is_given_back("key");
}
