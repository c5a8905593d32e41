//! The real program: what it prints, what it refuses, what it leaves on disk.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use chat_server::cert::ServerIdentity;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long a program that should end by itself may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const PROGRAM: &str = env!("CARGO_BIN_EXE_chat-server");

/// A directory of its own for one test, and commands that see nothing else of the machine's settings.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        set_mode(&path, mode);
        path
    }

    /// The program with these arguments, at home in this place.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.env_clear().env("HOME", self.0.path()).current_dir(self.0.path()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end. One that does not end by itself is killed.
    fn run(&self, arguments: &[&str]) -> Ended {
        let child = self.command(arguments).spawn().unwrap();
        let pid = Pid::from_child(&child);
        let (ended, end) = mpsc::channel::<()>();
        let watch = thread::spawn(move || {
            if end.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                kill_process(pid, Signal::KILL).unwrap();
            }
        });
        let output = child.wait_with_output().unwrap();
        drop(ended);
        watch.join().unwrap();
        Ended::of(&output)
    }

    /// The directory a server without `--data` keeps everything in.
    fn data(&self) -> PathBuf {
        self.path(".local/share/chat-server")
    }
}

/// What is left of a program.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    #[track_caller]
    fn refused(&self, code: i32, because: &str) {
        assert!(self.stderr.contains(because), "{because:?} is not in {self:?}");
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{self:?}");
    }
}

/// A server that has said where it listens. Killed when dropped.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    line: String,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        if line.is_empty() {
            panic!("the server did not start: {:?}", Ended::of(&child.wait_with_output().unwrap()));
        }
        Self { child, stdout, line }
    }

    fn in_place(place: &Place, arguments: &[&str]) -> Self {
        Self::start(place.command(&[&["--listen", "127.0.0.1:0"], arguments].concat()))
    }

    fn address(&self) -> SocketAddr {
        self.line.split(' ').nth(2).unwrap().parse().unwrap()
    }

    fn fingerprint(&self) -> &str {
        self.line.trim_end().split(' ').nth(4).unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Ends it, and what it wrote on standard output after the first line comes back.
    fn end(&mut self, signal: Signal) -> (Option<i32>, String) {
        self.signal(signal);
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended; all that matters is that it does not outlive the test.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_for(is_so: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "it never came");
        thread::yield_now();
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn fingerprint_of(directory: &Path) -> String {
    ServerIdentity::from_files(directory.join("server.crt"), directory.join("server.key")).unwrap().fingerprint()
}

#[test]
fn a_start_says_one_line_and_a_signal_ends_it_in_order() {
    for signal in [Signal::TERM, Signal::INT] {
        let place = Place::new();
        let mut server = Running::in_place(&place, &[]);
        let fingerprint = fingerprint_of(&place.data());
        assert_ne!(server.address().port(), 0);
        assert_eq!(server.line, format!("listening on {} fingerprint {fingerprint}\n", server.address()));
        assert_eq!(fingerprint.len(), "SHA256:".len() + 43);
        assert_eq!(server.end(signal), (Some(0), String::new()));
        assert!(!place.data().join("chat.db-wal").exists(), "the database was not closed in order");
    }
}

#[test]
fn a_first_start_says_how_the_server_is_claimed_and_a_second_one_does_not_repeat_the_code() {
    let place = Place::new();
    for starts in 1..=2 {
        let mut server = Running::start(place.command(&["--listen", "127.0.0.1:0", "--log", "off"]));
        let file = place.data().join("owner-claim");
        wait_for(|| file.exists());
        let code = fs::read_to_string(&file).unwrap();
        assert_eq!((mode(&file), code.len()), (0o600, "XXXX-XXXX-XXXX\n".len()));
        server.end(Signal::TERM);
        let mut told = String::new();
        server.child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        assert_eq!(told.matches(code.trim_end()).count(), if starts == 1 { 1 } else { 0 }, "{told}");
        assert_eq!(told.lines().count(), if starts == 1 { 1 } else { 0 }, "{told}");
    }
}

#[test]
fn a_server_under_nohup_outlives_the_terminal() {
    let place = Place::new();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" --listen 127.0.0.1:0 --log off", PROGRAM]);
    command.env_clear().env("HOME", place.0.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Running::start(command);
    server.signal(Signal::HUP);
    assert_eq!(server.end(Signal::TERM).0, Some(0), "the hang-up ended it");
}

#[test]
fn a_server_keeps_its_key_over_an_end_and_over_a_kill() {
    let place = Place::new();
    let mut first = Running::in_place(&place, &[]);
    first.end(Signal::KILL);
    let mut second = Running::in_place(&place, &[]);
    assert_eq!(second.fingerprint(), first.fingerprint());
    second.end(Signal::TERM);
    assert_eq!(Running::in_place(&place, &[]).fingerprint(), first.fingerprint());
}

#[test]
fn a_server_that_keeps_nothing_starts_too_and_writes_no_database() {
    let place = Place::new();
    let mut server = Running::in_place(&place, &["--durability", "memory"]);
    assert_eq!(server.end(Signal::TERM).0, Some(0));
    assert!(!place.data().join("chat.db").exists());
}

#[test]
fn the_environment_and_the_file_reach_the_server() {
    let place = Place::new();
    let file = place.file("chat.toml", "data = 'elsewhere'\nlisten = '127.0.0.1:1'\n", 0o644);
    let mut command = place.command(&["--config", file.to_str().unwrap()]);
    command.env("CHAT_LISTEN", "127.0.0.1:0");
    let server = Running::start(command);
    assert_ne!(server.address().port(), 1);
    assert_eq!(server.fingerprint(), fingerprint_of(&place.path("elsewhere")));
}

#[test]
fn wrong_usage_and_wrong_configuration_end_with_2_before_anything_is_touched() {
    let place = Place::new();
    let file = place.file("chat.toml", "log = 'warn'\nlisten_on = '[::]:1'\n[rooms]\ncreate = 3\n", 0o644);
    let refused = place.run(&["--config", file.to_str().unwrap()]);
    refused.refused(2, "chat.toml:2:1: unknown key \"listen_on\"");
    refused.refused(2, "chat.toml:4:10: rooms.create takes a string");
    place.run(&["--listen", "everywhere"]).refused(2, "--listen: \"everywhere\" is not ADDRESS:PORT");
    place.run(&["--log", "chat_server=loud"]).refused(2, "--log: ");
    place.run(&["--colour"]).refused(2, "unexpected argument '--colour'");
    assert!(!place.data().exists());
}

#[test]
fn the_configuration_can_be_checked_without_starting_anything() {
    let place = Place::new();
    let good = place.file("good.toml", "[limits]\nconnections = 7\n", 0o644);
    let checked = place.run(&["config", "check", "--config", good.to_str().unwrap()]);
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""));
    let settings = checked.stdout.strip_prefix("ok\n").unwrap();
    assert!(settings.contains("\n[limits]\nconnections = 7\n"), "{settings}");

    let shown = place.file("shown.toml", settings, 0o644);
    let again = place.run(&["config", "check", "--config", shown.to_str().unwrap()]);
    assert_eq!(again.stdout, checked.stdout);
    place.run(&["config", "check", "--cert", ""]).refused(2, "--cert: the path is empty");
    assert!(!place.data().exists());
}

#[test]
fn a_mistyped_variable_is_warned_about_and_the_clients_are_not() {
    let place = Place::new();
    let mut command = place.command(&["config", "check"]);
    command.env("CHAT_LISTNE", "[::]:1").env("CHAT_NAME", "ada").env("CHAT_ODD\n2026 INFO forged", "x");
    let checked = Ended::of(&command.output().unwrap());
    assert_eq!(checked.code, Some(0));
    assert!(checked.stderr.contains("CHAT_LISTNE") && checked.stderr.contains("CHAT_LISTEN?"), "{}", checked.stderr);
    assert!(!checked.stderr.contains("CHAT_NAME"), "{}", checked.stderr);
    assert_eq!(checked.stderr.lines().count(), 2, "a name forged a line: {}", checked.stderr);
}

#[test]
fn log_lines_are_json_where_that_is_asked_for() {
    let place = Place::new();
    let mut command = place.command(&["config", "check", "--log-format", "json"]);
    let checked = Ended::of(&command.env("CHAT_LISTNE", "x").output().unwrap());
    let line: serde_json::Value = serde_json::from_str(checked.stderr.trim_end()).unwrap();
    assert_eq!((line["level"].as_str(), line["variable"].as_str()), (Some("WARN"), Some("CHAT_LISTNE")));
}

#[test]
fn a_busy_port_is_named() {
    let place = Place::new();
    let held = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    let refused = place.run(&["--listen", &address.to_string(), "--log", "off"]);
    refused.refused(1, &format!("UDP port {} is in use", address.port()));
}

#[test]
fn a_second_server_on_the_same_data_is_refused_and_the_first_goes_on() {
    let place = Place::new();
    let mut first = Running::in_place(&place, &[]);
    let refused = place.run(&["--listen", "127.0.0.1:0"]);
    refused.refused(1, "another server uses the data directory");
    assert_eq!(first.end(Signal::TERM), (Some(0), String::new()));
}

#[test]
fn a_data_directory_that_cannot_be_written_is_named() {
    let place = Place::new();
    place.file("file", "", 0o600);
    place.run(&["--data", "file/data"]).refused(1, "file/data");
}

#[test]
fn a_private_key_that_others_may_read_is_refused() {
    let place = Place::new();
    assert_eq!(place.run(&["cert", "make", "--out", "certs"]).code, Some(0));
    set_mode(&place.path("certs/server.key"), 0o644);
    let arguments = ["--listen", "127.0.0.1:0", "--cert", "certs/server.crt", "--key", "certs/server.key"];
    place.run(&arguments).refused(1, "run chmod 600 certs/server.key");
}

#[test]
fn a_made_certificate_is_for_its_owner_never_overwritten_and_served() {
    let place = Place::new();
    let made = place.run(&["cert", "make", "--out", "certs", "--name", "chat.example.org"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.stdout.contains("chat-server --cert certs/server.crt --key certs/server.key"), "{made:?}");
    assert_eq!(mode(&place.path("certs/server.key")), 0o600);
    let fingerprint = fingerprint_of(&place.path("certs"));
    place.run(&["cert", "make", "--out", "certs"]).refused(1, "exists already and is not overwritten");
    assert_eq!(fingerprint_of(&place.path("certs")), fingerprint);

    let server = Running::in_place(&place, &["--cert", "certs/server.crt", "--key", "certs/server.key"]);
    assert_eq!(server.fingerprint(), fingerprint);
    assert!(!place.data().join("server.key").exists(), "a server with a certificate makes no other");

    place.run(&["cert", "make", "--out", "odd", "--name", "no\u{e4}me"]).refused(1, "no certificate was made");
}

#[test]
fn certificate_and_key_may_share_a_file() {
    let place = Place::new();
    assert_eq!(place.run(&["cert", "make", "--out", "certs"]).code, Some(0));
    let read = |name: &str| fs::read_to_string(place.path(name)).unwrap();
    place.file("both.pem", &(read("certs/server.key") + &read("certs/server.crt")), 0o600);
    let server = Running::in_place(&place, &["--cert", "both.pem"]);
    assert_eq!(server.fingerprint(), fingerprint_of(&place.path("certs")));
}

#[test]
fn a_database_that_is_none_is_refused_and_left_as_it_is() {
    let place = Place::new();
    let garbage = [0x5a_u8; 8192];
    fs::create_dir_all(place.data()).unwrap();
    let database = place.data().join("chat.db");
    fs::write(&database, garbage).unwrap();
    let refused = place.run(&["--listen", "127.0.0.1:0", "--log", "off"]);
    refused.refused(1, "chat.db");
    assert_eq!(fs::read(&database).unwrap(), garbage);
}

#[test]
fn a_data_directory_is_verified_while_no_server_uses_it() {
    let place = Place::new();
    place.run(&["verify"]).refused(1, "there is no database in");
    let mut server = Running::in_place(&place, &[]);
    place.run(&["verify"]).refused(1, "a server uses the data directory");
    wait_for(|| place.data().join("owner-claim").exists());
    server.end(Signal::TERM);
    let verified = place.run(&["verify", "--log", "off"]);
    assert_eq!((verified.code, verified.stderr.as_str()), (Some(0), ""), "{verified:?}");
    assert!(verified.stdout.starts_with("ok: 1 events in 1 feeds"), "{verified:?}");

    let database = place.data().join("chat.db");
    let bytes = fs::read(&database).unwrap();
    fs::write(&database, &bytes[..bytes.len() / 2]).unwrap();
    let damaged = place.run(&["verify", "--log", "off"]);
    assert_eq!(damaged.code, Some(1), "{damaged:?}");
    assert_eq!(fs::read(&database).unwrap(), bytes[..bytes.len() / 2]);
}

#[test]
fn what_a_server_keeps_is_for_its_owner_only_whatever_the_umask() {
    let place = Place::new();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "umask 000; exec \"$0\" --listen 127.0.0.1:0", PROGRAM]);
    command.env_clear().env("HOME", place.0.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let _server = Running::start(command);
    assert_eq!(mode(&place.data()), 0o700);
    let entries: Vec<PathBuf> = fs::read_dir(place.data()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(entries.iter().any(|entry| entry.ends_with("chat.db")), "{entries:?}");
    for entry in entries {
        let wanted = if entry.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&entry), wanted, "{}", entry.display());
    }
}

#[test]
fn nobody_listening_to_its_output_does_not_end_a_server() {
    let place = Place::new();
    let mut server = Running::in_place(&place, &["--log", "trace"]);
    drop(server.child.stderr.take());
    assert_eq!(server.end(Signal::TERM), (Some(0), String::new()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_leaves_no_core_file() {
    let place = Place::new();
    let server = Running::in_place(&place, &[]);
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).collect::<Vec<_>>(), ["0", "0", "bytes"]);
}

#[test]
fn the_version_names_the_database_engine_too() {
    let version = Place::new().run(&["--version"]);
    assert!(version.stdout.starts_with("chat-server ") && version.stdout.contains("(SQLite 3."), "{version:?}");
}
