//! `bot hook` as people use it: the real program, real commands, a real server.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod program;
mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Instant;

use chat_proto::{Event, RoomId};
use program::{PATIENCE, Running, expect_code, program, run};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};
use support::{Person, TestServer, settings};
use tempfile::TempDir;

struct Desk {
    server: TestServer,
    place: TempDir,
    host: String,
}

/// A hook that is running.
struct Hook {
    child: Child,
    said: Receiver<String>,
    heard: Vec<String>,
}

impl Drop for Hook {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Desk {
    fn new() -> Self {
        let server = TestServer::start();
        let host = format!("localhost:{}", server.address.port());
        Self { server, place: tempfile::tempdir().unwrap(), host }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn lines(&self, name: &str) -> Vec<String> {
        fs::read_to_string(self.file(name)).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// A command that runs a script for the shell, in the place of the test.
    fn command(&self, args: &[&str], script: &str) -> Command {
        let head = ["bot", "hook", &self.host, "--name", "hook", "--join", "#ops"];
        let mut command = program(self.place.path(), &[&head, args, &["--", "/bin/sh", "-c", script]].concat());
        command.current_dir(self.place.path());
        command
    }

    fn hook(&self, args: &[&str], script: &str) -> Hook {
        Hook::start(&mut self.command(args, script))
    }

    /// Somebody in the room.
    async fn bob(&self) -> (Person, RoomId) {
        let data = self.file("bob");
        let mut bob = Person::connect(settings(self.server.named(), "bob", &data)).await;
        let room = bob.join("ops").await;
        (bob, room)
    }
}

impl Hook {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let (tx, said) = sync_channel(1_000_000);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if tx.send(line).is_err() {
                    return;
                }
            }
        });
        let mut hook = Self { child, said, heard: vec![] };
        hook.says("listening as hook");
        hook
    }

    /// Waits until it says something to people.
    fn says(&mut self, what: &str) -> String {
        loop {
            match self.said.recv_timeout(PATIENCE) {
                Ok(line) => self.heard.push(line.clone()),
                Err(error) => panic!("it does not say {what:?} ({error}) but {:#?}", self.heard),
            }
            if let Some(line) = self.heard.last().filter(|line| line.contains(what)) {
                return line.clone();
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn ended(&mut self) -> Option<i32> {
        wait("the end", || self.child.try_wait().unwrap()).code()
    }
}

/// Waits until there is something.
#[track_caller]
fn wait<T>(what: &str, mut there: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} does not come");
        std::thread::yield_now();
    }
}

/// Whether a process runs no more, though nobody may have taken note of its end.
fn is_gone(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    let dead = stat.is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')));
    dead || test_kill_process(Pid::from_raw(pid.parse().unwrap()).unwrap()).is_err()
}

/// What the hook said in a room, and what each of it answers.
fn replies(person: &Person, room: RoomId) -> Vec<(Option<u64>, String)> {
    let reply = |event: &Event| {
        let message = event.body.message().filter(|message| message.name == "hook")?;
        Some((message.reply_to().map(|seq| seq.0), message.text.to_owned()))
    };
    person.log.iter().filter(|(at, _)| *at == room).filter_map(|(_, event)| reply(event)).collect()
}

fn texts(person: &Person, room: RoomId) -> Vec<String> {
    replies(person, room).into_iter().map(|(_, text)| text).collect()
}

async fn say(person: &mut Person, room: RoomId, text: &str) {
    let key = person.say(room, text).await;
    person.sent(key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_writes_is_the_reply_to_what_it_was_given() {
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let _hook = desk.hook(
        &["--match", r"^!deploy (?<what>\w+)"],
        r#"cat > stdin; echo "$CHAT_EVENT $CHAT_ROOM $CHAT_FROM: $CHAT_MATCH_1 $CHAT_MATCH_what $CHAT_TRY""#,
    );
    say(&mut bob, room, "no command").await;
    say(&mut bob, room, "!deploy web").await;
    bob.until(|bob| !replies(bob, room).is_empty()).await;
    let given: Value = serde_json::from_slice(&fs::read(desk.file("stdin")).unwrap()).unwrap();
    assert_eq!(
        (&given["ev"], &given["text"], &given["from"]["name"]),
        (&json!("message"), &json!("!deploy web"), &json!("bob"))
    );
    assert_eq!(replies(&bob, room), [(given["seq"].as_u64(), "message #ops bob: web web 1".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_a_message_is_obeyed_by_a_shell() {
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let script = r#"printf '%s' "$CHAT_TEXT"; test "$CHAT_TEXT" = "$CHAT_MATCH_1" && test $# = 0"#;
    let mut hook = desk.hook(&["--match", "(?s)^(.*)$", "--restart", "never"], script);
    let hostile = [
        "$(touch x)",
        "`touch x`",
        "\"; touch x; \"",
        "'; touch x; '",
        "a\ntouch x\n",
        "--help",
        "-n",
        "%s%n",
        "* ? [a-z]",
        "\\\\ \\n",
        "$CHAT_FROM ${HOME}",
        "&& touch x",
        "| touch x",
        "> x",
        "<(touch x)",
        "!!",
    ];
    for text in hostile {
        say(&mut bob, room, text).await;
    }
    bob.until(|bob| replies(bob, room).len() == hostile.len()).await;
    let expected: Vec<&str> = hostile.iter().map(|text| text.strip_suffix('\n').unwrap_or(text)).collect();
    assert_eq!(texts(&bob, room), expected);
    assert!(!desk.file("x").exists());
    // Nor are arguments: what stands behind -- is handed over as it is.
    let args = [
        "bot",
        "hook",
        &desk.host,
        "--name",
        "hook",
        "--join",
        "ops",
        "--",
        "/bin/echo",
        "$(touch x)",
        "`touch x`",
        "*",
    ];
    hook.signal(Signal::TERM);
    assert_eq!(hook.ended(), Some(0));
    let _hook = Hook::start(program(desk.place.path(), &args).current_dir(desk.place.path()));
    say(&mut bob, room, "again").await;
    bob.until(|bob| texts(bob, room).last().is_some_and(|text| text == "$(touch x) `touch x` *")).await;
    assert!(!desk.file("x").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_takes_too_long_is_killed_with_all_it_started() {
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let script = "test $CHAT_TEXT = slow || { echo fine; exit; }; trap '' TERM; (trap '' TERM; sleep 1000) & echo $! $$ > pids; wait; wait";
    let mut hook = desk.hook(&["--timeout", "500ms"], script);
    say(&mut bob, room, "slow").await;
    say(&mut bob, room, "quick").await;
    hook.says("--timeout");
    let pids = desk.lines("pids").concat();
    for pid in pids.split(' ') {
        wait("the end of the group", || is_gone(pid).then_some(()));
    }
    bob.until(|bob| texts(bob, room) == ["fine"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_commands_run_at_once_than_may() {
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let script = "mkdir run-$CHAT_SEQ; ls -d run-* | wc -l >> counts; sleep 0.1; rmdir run-$CHAT_SEQ; echo done";
    let _hook = desk.hook(&["--jobs", "3", "--parallel"], script);
    for n in 0..20 {
        bob.say(room, &n.to_string()).await;
    }
    bob.until(|bob| replies(bob, room).len() == 20).await;
    let counts: Vec<u32> = desk.lines("counts").iter().map(|count| count.trim().parse().unwrap()).collect();
    assert_eq!((counts.len(), counts.iter().max()), (20, Some(&3)), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_dealt_with_in_its_order_and_others_do_not_wait_for_it() {
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let other = bob.join("dev").await;
    // The first of one room ends when the last of the other has ended.
    let script = r#"echo "begin $CHAT_TEXT" >> $CHAT_ROOM
        if [ $CHAT_TEXT = 0 ]; then until [ -e over ]; do sleep 0.01; done; fi
        if [ $CHAT_TEXT = last ]; then touch over; fi
        echo "end $CHAT_TEXT" >> $CHAT_ROOM; echo $CHAT_TEXT"#;
    let _hook = desk.hook(&["--join", "dev"], script);
    for n in 0..10 {
        bob.say(room, &n.to_string()).await;
    }
    for text in ["1", "2", "last"] {
        bob.say(other, text).await;
    }
    bob.until(|bob| replies(bob, room).len() == 10 && replies(bob, other).len() == 3).await;
    let expected = |texts: &[&str]| -> Vec<String> {
        texts.iter().flat_map(|text| [format!("begin {text}"), format!("end {text}")]).collect()
    };
    assert_eq!(desk.lines("#dev"), expected(&["1", "2", "last"]));
    assert_eq!(desk.lines("#ops"), expected(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_fails_is_run_again_as_often_as_was_asked_for() {
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let script = r"echo $CHAT_TEXT $CHAT_TRY >> runs; test $CHAT_TRY = $CHAT_TEXT && exec echo done; printf 'no \033[31mluck' >&2; exit 7";
    let mut hook = desk.hook(&["--restart", "on-failure:2"], script);
    say(&mut bob, room, "3").await;
    say(&mut bob, room, "4").await;
    say(&mut bob, room, "1").await;
    let said = hook.says("no ");
    assert!(said.contains("luck") && !said.contains('\u{1b}'), "{said:?}");
    hook.says("exit status: 7; again in 500ms");
    hook.says("again in 1s");
    bob.until(|bob| texts(bob, room) == ["done", "done"]).await;
    assert_eq!(desk.lines("runs"), ["3 1", "3 2", "3 3", "4 1", "4 2", "4 3", "1 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_may_end_it_and_its_event_comes_again() {
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let args = ["--cursor", "cursor", "--exit-on-failure"];
    let script = "echo $CHAT_TEXT >> runs; test $CHAT_TEXT != bad || test -e mended && echo ok $CHAT_TEXT";
    let mut hook = desk.hook(&args, script);
    for text in ["good", "bad", "next"] {
        say(&mut bob, room, text).await;
    }
    hook.says("exit status: 1");
    assert_eq!(hook.ended(), Some(1));
    fs::write(desk.file("mended"), "").unwrap();
    let _hook = desk.hook(&args, script);
    bob.until(|bob| replies(bob, room).len() == 3).await;
    assert_eq!(texts(&bob, room), ["ok good", "ok bad", "ok next"]);
    assert_eq!(desk.lines("runs"), ["good", "bad", "bad", "next"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_it_is_killed_every_event_is_dealt_with_and_no_reply_comes_twice() {
    const MESSAGES: usize = 60;
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let args = ["--cursor", "cursor"];
    // Not so fast that all is over before a busy machine comes to kill it.
    let script = "echo $CHAT_TEXT >> runs; sleep 0.02; echo re $CHAT_TEXT";
    let mut hook = desk.hook(&args, script);
    for n in 0..MESSAGES {
        bob.say(room, &n.to_string()).await;
    }
    let mut kills = 0;
    while desk.lines("runs").last().is_none_or(|last| *last != (MESSAGES - 1).to_string()) {
        let (runs, further) = (desk.lines("runs").len(), rand::random_range(1..8));
        wait("further runs", || {
            let now = desk.lines("runs");
            (now.len() >= runs + further || now.last().is_some_and(|last| *last == (MESSAGES - 1).to_string()))
                .then_some(())
        });
        std::thread::sleep(std::time::Duration::from_micros(rand::random_range(0..3_000)));
        hook.child.kill().unwrap();
        hook.child.wait().unwrap();
        kills += 1;
        hook = desk.hook(&args, script);
    }
    let expected: Vec<String> = (0..MESSAGES).map(|n| format!("re {n}")).collect();
    bob.until(|bob| replies(bob, room).len() >= MESSAGES).await;
    assert_eq!(texts(&bob, room), expected);
    let runs = desk.lines("runs");
    assert!((0..MESSAGES).all(|n| runs.contains(&n.to_string())), "{runs:?}");
    assert!(kills >= 2, "{kills}");
    // What was dealt with does not come again.
    let last = replies(&bob, room).last().unwrap().0;
    wait("the last event in the cursor file", || {
        let cursor: Value = serde_json::from_slice(&fs::read(desk.file("cursor")).unwrap()).unwrap();
        (cursor["rooms"]["ops"]["seq"].as_u64() == last).then_some(())
    });
    hook.signal(Signal::TERM);
    assert_eq!(hook.ended(), Some(0));
    let before = desk.lines("runs").len();
    let _hook = desk.hook(&args, script);
    say(&mut bob, room, "new").await;
    bob.until(|bob| texts(bob, room).last().is_some_and(|text| text == "re new")).await;
    assert_eq!((desk.lines("runs").len(), replies(&bob, room).len()), (before + 1, MESSAGES + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_says_itself_and_what_other_programs_say_runs_nothing() {
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let mut owner = Running::start(&mut program(
        &desk.file("owner"),
        &["bot", "jsonl", &desk.host, "--name", "owner", "--join", "ops"],
    ));
    let made = owner.ask(json!({"op": "bot_token", "bot": "ci", "rooms": ["ops"]}));
    fs::write(desk.file("token"), made["token"].as_str().unwrap()).unwrap();
    fs::set_permissions(desk.file("token"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let token = desk.file("token");
    let args = ["send", &desk.host, "ops", "I am a program", "--token-file", token.to_str().unwrap()];
    let by_bot = || expect_code(&run(&mut program(&desk.file("ci"), &args), b""), 0, "");
    let script = "echo $CHAT_FROM >> runs; echo hello $CHAT_FROM";
    let mut hook = desk.hook(&["--on", "message", "--on", "react"], script);
    by_bot();
    say(&mut bob, room, "one").await;
    bob.until(|bob| texts(bob, room) == ["hello bob"]).await;
    say(&mut bob, room, "two").await;
    bob.until(|bob| texts(bob, room) == ["hello bob", "hello bob"]).await;
    assert_eq!(desk.lines("runs"), ["bob", "bob"]);
    hook.signal(Signal::TERM);
    assert_eq!(hook.ended(), Some(0));
    let _hook = desk.hook(&["--bots"], script);
    by_bot();
    bob.until(|bob| texts(bob, room).last().is_some_and(|text| text == "hello ci")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_possible_reply_is_told_and_a_long_one_is_split() {
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let script = r#"case $CHAT_TEXT in
        much) yes 0123456789 ;;
        colour) printf '\033[31mred' ;;
        nothing) ;;
        closed) exec <&- >&- ; exit 0 ;;
        *) yes 0123456789 | head -n 2000 ;;
        esac"#;
    let mut hook = desk.hook(&["--restart", "on-failure:9"], script);
    for text in ["much", "colour", "nothing", "closed", "long"] {
        say(&mut bob, room, text).await;
    }
    hook.says("over 65536 bytes");
    hook.says("U+001B");
    bob.until(|bob| replies(bob, room).len() == 3).await;
    let replies = replies(&bob, room);
    assert!(replies[0].0.is_some() && replies[1].0.is_none() && replies[2].0.is_none());
    let text: Vec<String> = texts(&bob, room);
    assert_eq!(text.join("\n"), ["0123456789"; 2000].join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_is_busy_it_reads_nothing_and_then_gets_everything() {
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let _hook = desk.hook(&["--jobs", "1", "--match", "^!"], "until [ -e go ]; do sleep 0.01; done; echo $CHAT_TEXT");
    say(&mut bob, room, "!first").await;
    // More than fits anywhere on the way: the reply has to go past all that.
    let filler = "x".repeat(1_000);
    for n in 0..3_000 {
        bob.say(room, &format!("{n} {filler}")).await;
    }
    say(&mut bob, room, "!last").await;
    fs::write(desk.file("go"), "").unwrap();
    bob.until(|bob| texts(bob, room) == ["!first", "!last"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_lets_commands_end_and_a_second_one_kills_them() {
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let args = ["--cursor", "cursor", "--grace", "1h", "--timeout", "1h"];
    let script = "echo $$ >> pids; until [ -e go ]; do sleep 0.01; done; echo did $CHAT_TEXT";
    let begun = |count: usize| wait("a run", || desk.lines("pids").get(count - 1).cloned());
    let mut hook = desk.hook(&args, script);
    say(&mut bob, room, "one").await;
    say(&mut bob, room, "two").await;
    begun(1);
    hook.signal(Signal::TERM);
    hook.says("commands that run: 1;");
    fs::write(desk.file("go"), "").unwrap();
    assert_eq!(hook.ended(), Some(0));
    bob.until(|bob| texts(bob, room) == ["did one"]).await;
    fs::remove_file(desk.file("go")).unwrap();
    for (number, (signal, code)) in [(Signal::TERM, 143), (Signal::INT, 130)].into_iter().enumerate() {
        let mut hook = desk.hook(&args, script);
        let pid = begun(2 + number);
        hook.signal(signal);
        while hook.child.try_wait().unwrap().is_none() {
            hook.signal(signal);
            std::thread::yield_now();
        }
        assert_eq!(hook.ended(), Some(code));
        wait("the end of the command", || is_gone(&pid).then_some(()));
    }
    let mut hook = desk.hook(&["--cursor", "cursor", "--grace", "100ms"], script);
    let pid = begun(4);
    hook.signal(Signal::TERM);
    assert_eq!(hook.ended(), Some(0));
    wait("the end of the command", || is_gone(&pid).then_some(()));
    // Whoever was killed had not done it.
    fs::write(desk.file("go"), "").unwrap();
    let _hook = desk.hook(&args, script);
    bob.until(|bob| texts(bob, room) == ["did one", "did two"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_rooms_it_joined_are_listened_to() {
    let desk = Desk::new();
    let (mut bob, room) = desk.bob().await;
    let other = bob.join("test").await;
    let here = ["bot", "hook", &desk.host, "--name", "hook", "--join", "test", "--", "/bin/echo", "test"];
    let mut hook = Hook::start(&mut program(desk.place.path(), &here));
    say(&mut bob, other, "hi").await;
    bob.until(|bob| !replies(bob, other).is_empty()).await;
    hook.signal(Signal::INT);
    assert_eq!(hook.ended(), Some(0));
    let _hook = desk.hook(&[], "echo ops");
    say(&mut bob, other, "hi").await;
    say(&mut bob, room, "hi").await;
    bob.until(|bob| !replies(bob, room).is_empty()).await;
    assert_eq!((texts(&bob, room), texts(&bob, other)), (vec!["ops".to_owned()], vec!["test".to_owned()]));
}

#[test]
fn each_way_to_end_has_its_exit_code() {
    let desk = Desk::new();
    let ends = |command: &mut Command| run(command, b"");
    expect_code(&ends(&mut desk.command(&["--from", "cursor"], "true")), 2, "--cursor");
    expect_code(&ends(&mut desk.command(&["--match", "("], "true")), 2, "--match");
    expect_code(&ends(&mut desk.command(&["--on", "presence"], "true")), 2, "message, join");
    expect_code(&ends(&mut desk.command(&["--jobs", "0"], "true")), 2, "--jobs");
    expect_code(&ends(&mut desk.command(&["--restart", "always"], "true")), 2, "on-failure:N");
    let none = ["bot", "hook", &desk.host, "--name", "hook"];
    expect_code(&ends(&mut program(desk.place.path(), &none)), 2, "COMMAND");
    let missing = [
        "bot", "hook", &desk.host, "--name", "hook", "--join", "ops", "--from", "start", "--on", "join", "--",
        "/no/such",
    ];
    let join = ["send", &desk.host, "ops", "hi", "--name", "bob"];
    expect_code(&run(&mut program(&desk.file("bob"), &join), b""), 0, "");
    expect_code(&ends(&mut program(desk.place.path(), &missing)), 2, "/no/such cannot be run");
    let other: &Path = &desk.file("other");
    let taken = ["bot", "hook", &desk.host, "--name", "bob", "--", "true"];
    expect_code(&ends(&mut program(other, &taken)), 3, "name_taken");
    let away = ["bot", "hook", "localhost:1", "--name", "hook", "--max-offline", "100ms", "--", "true"];
    expect_code(&ends(&mut program(other, &away)), 5, "localhost");
}
