//! Makes the README's picture, `docs/screenshot.svg`: the real server, the real client in terminals, and a small
//! conversation. Only the times differ from one picture to the next.

#![allow(clippy::expect_used)]

#[path = "../../tests/pty/mod.rs"]
mod pty;
mod svg;

use std::env::{current_exe, var_os};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use pty::Pty;
use rustix::process::{Pid, Signal, kill_process};

/// Columns and rows.
const SIZE: (u16, u16) = (110, 27);

/// The keys for the next room and the one before.
const NEXT: &str = "\x0e";
const BEFORE: &str = "\x10";

fn main() -> anyhow::Result<()> {
    let programs = build()?;
    let directory = tempfile::tempdir()?;
    let server = Server::start(&programs, directory.path())?;
    let mut scene = Scene { programs, server, homes: directory.path().to_owned() };
    let picture = scene.play()?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/screenshot.svg");
    std::fs::write(&path, picture).with_context(|| format!("{} cannot be written", path.display()))
}

/// Builds both programs and says where they are: beside the examples' directory.
fn build() -> anyhow::Result<PathBuf> {
    let example = current_exe()?;
    let programs = example.ancestors().nth(2).context("an example lies in a directory of examples")?;
    let mut cargo = Command::new(var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "-p", "chat-server", "-p", "chat-tui"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if programs.ends_with("release") {
        cargo.arg("--release");
    }
    ensure!(cargo.status()?.success(), "the programs do not build");
    Ok(programs.to_owned())
}

/// A running server. Dropping it kills it.
struct Server {
    child: Child,
    host: String,
}

impl Server {
    fn start(programs: &Path, directory: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(programs.join("chat-server"));
        command.args(["--listen", "127.0.0.1:0", "--log", "error", "--data"]).arg(directory.join("server"));
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("a pipe")?).read_line(&mut line)?;
        let address = line.split_whitespace().nth(2).with_context(|| format!("the server said {line:?}"))?;
        let port = address.rsplit(':').next().unwrap_or_default();
        Ok(Self { child, host: format!("localhost:{port}") })
    }

    /// Answers nobody from here on.
    fn freeze(&self) -> anyhow::Result<()> {
        Ok(kill_process(Pid::from_child(&self.child), Signal::STOP)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is gone already, or it goes now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Scene {
    programs: PathBuf,
    server: Server,
    homes: PathBuf,
}

impl Scene {
    fn play(&mut self) -> anyhow::Result<String> {
        let mut alice = self.person("alice", &[]);
        run(&mut alice, "/create #lobby Everything else");
        run(&mut alice, "/create #design How it looks");
        run(&mut alice, "/create #ops Who is on call, and what is burning");
        run(&mut alice, "/create #releases What ships, when, and who watches it");
        let mut bob = self.person("bob", &["lobby"]);
        self.send("ci", "#releases", "build 1187 of release/2.4 is green: 412 tests in 3 min 10 s")?;
        let mut carol = self.person("carol", &["lobby"]);
        for person in [&mut bob, &mut carol] {
            for room in ["design", "ops", "releases"] {
                type_line(person, &format!("/join #{room}"));
                wait_for_room(person, room);
            }
        }
        say(&mut alice, &[&bob, &carol], "2.4 is tagged. Notes: https://example.org/releases/2.4");
        say(&mut carol, &[&alice, &bob], "the upgrade guide is up as well, https://example.org/docs/upgrade");
        say(&mut bob, &[&alice, &carol], "nice 🎉 I'll watch the graphs while it rolls out");
        say(&mut alice, &[&bob, &carol], "/me starts the rollout");
        alice.wait_for_raw("everything read, as the window's title says", 0, |raw| {
            let raw = String::from_utf8_lossy(raw);
            raw.rsplit("\x1b]2;").next().is_some_and(|title| title.starts_with("#releases"))
        });
        alice.type_keys(BEFORE);
        wait_for_room(&alice, "ops");
        say(&mut bob, &[&carol], "ten percent done, the error rate is flat");
        say(&mut carol, &[&bob], "日本語のページも確認しました");
        let long = "alice: half of the fleet now. Latency is down by a fifth, memory as before. Shall I go on to all of it, or \
                    do we give it until tomorrow?";
        say(&mut bob, &[&carol], long);
        self.send("dave", "#lobby", "lunch at one?")?;
        self.send("dave", "#lobby", "alice: your parcel is at the desk")?;
        self.send("dave", "#lobby", "the large one")?;
        self.send("dave", "#design", "new icons are in the repository")?;
        alice.wait_for("what is unread", |screen| {
            let text = screen.contents();
            text.contains("2:#lobby @1,3") && text.contains("1:#design 1") && text.contains("4:#releases @1,3")
        });
        self.server.freeze()?;
        type_line_in(&mut alice, "releases", "all of it, please. I stay around until it is through");
        alice.type_keys(BEFORE);
        wait_for_room(&alice, "ops");
        alice.type_keys(NEXT);
        alice.wait_for("the rest of it", |screen| {
            let text = screen.contents();
            text.contains("new since") && text.contains("sending…")
        });
        alice.type_keys("bob: and ");
        alice.wait_for_text("bob: and");
        let picture = svg::picture(&alice.screen());
        Ok(picture)
    }

    fn person(&self, name: &str, room: &[&str]) -> Pty {
        let mut command = pty::program(self.programs.join("chat-tui"));
        command.args(["connect", &self.server.host]);
        command.args(room);
        command.args(["--name", name, "--accept-new", "--data"]);
        command.arg(self.homes.join(name));
        let screen = Pty::spawn(command, SIZE.0, SIZE.1);
        screen.wait_for(&format!("{name}, connected"), |screen| screen.contents().contains(" ms  "));
        screen
    }

    /// Somebody who comes, says something and goes.
    fn send(&self, name: &str, room: &str, text: &str) -> anyhow::Result<()> {
        let mut command = Command::new(self.programs.join("chat-tui"));
        command.args(["send", &self.server.host, room, text, "--name", name, "--accept-new", "--data"]);
        ensure!(command.arg(self.homes.join(name)).status()?.success(), "{name} could not send");
        Ok(())
    }
}

fn type_line(person: &mut Pty, text: &str) {
    person.type_keys(&format!("{text}\r"));
}

/// Begins a room and waits until it is open.
fn run(person: &mut Pty, create: &str) {
    type_line(person, create);
    let room = create.split(['#', ' ']).find(|word| !word.is_empty() && !word.starts_with('/'));
    wait_for_room(person, room.unwrap_or_default());
}

/// Says something to those who look on.
fn say(person: &mut Pty, others: &[&Pty], text: &str) {
    type_line(person, text);
    let end = text.rsplit(' ').next().unwrap_or(text);
    for other in others {
        other.wait_for_text(end);
    }
    person.wait_for("no message on its way", |screen| !screen.contents().contains("sending…"));
}

/// Goes to the room with something new that has this name, and says something there.
fn type_line_in(person: &mut Pty, room: &str, text: &str) {
    person.type_keys(NEXT);
    wait_for_room(person, room);
    type_line(person, text);
    person.wait_for_text("sending…");
}

fn wait_for_room(person: &Pty, room: &str) {
    let header = format!(" #{room} ");
    person.wait_for(&format!("#{room}"), |screen| screen.contents().starts_with(&header));
}
