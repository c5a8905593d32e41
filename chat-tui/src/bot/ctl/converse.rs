//! A program at the screen's socket: it says which server it is about, and then is served as by `bot jsonl`. What it does not
//! read waits for it up to a limit; the screen never does.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::lines::Lines;
use super::serve::{NotOpened, Opened, Wish};
use super::{End, OVERRUN, SHUTTING_DOWN, UNAVAILABLE};
use crate::bot::jsonl::beside::Beside;
use crate::bot::jsonl::input::{Input, LINE_BYTES_MAX};
use crate::bot::jsonl::near::Heard;
use crate::bot::jsonl::request::{Head, Problem, answer, fill, head};
use crate::bot::line::json;

/// What a program begins with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    server: Option<String>,
    name: Option<String>,
    #[serde(default)]
    echo: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A line for the screen.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    text: String,
}

/// Serves a program to its end.
pub(super) async fn attend(stream: UnixStream, wishes: mpsc::Sender<Wish>, stop: CancellationToken) {
    let (read, write) = stream.into_split();
    let (lines, queue) = mpsc::channel(LINES_MAX);
    let (last, words) = oneshot::channel();
    let writer = tokio::spawn(write_all(write, queue, words));
    let mut input = Lines::new(read);
    let begun = tokio::select! {
        biased;
        () = stop.cancelled() => Begun::Stopped,
        () = lines.closed() => Begun::Gone,
        begun = begin(&mut input, &lines, &wishes) => begun,
    };
    let end = match begun {
        Begun::Open(opened, echo) => converse(input, lines, &wishes, *opened, echo, &stop).await,
        // The writer ends with the last who has lines for it.
        Begun::Gone => {
            drop(lines);
            None
        }
        Begun::Stopped => {
            drop(lines);
            Some(closing())
        }
    };
    if let Some(end) = end {
        let _ = last.send(json(&end));
    } else {
        drop(last);
    }
    let abort = writer.abort_handle();
    if timeout(LAST_WORDS, writer).await.is_err() {
        abort.abort();
    }
}

/// How a program began.
enum Begun {
    Open(Box<Opened>, bool),
    /// It went before it said what it wants.
    Gone,
    /// The screen ended before that.
    Stopped,
}

async fn begin(input: &mut Lines<OwnedReadHalf>, lines: &mpsc::Sender<Heard>, wishes: &mpsc::Sender<Wish>) -> Begun {
    while let Ok(Some(line)) = input.next().await {
        let (id, outcome) = match taken_apart(&line) {
            Err((id, problem)) => (id, Err(problem)),
            Ok(Head { id, op, fields }) => match op.as_str() {
                "servers" => (id, servers(fields, wishes).await),
                "open" => match open(fields, wishes).await {
                    Ok((opened, echo)) => return Begun::Open(Box::new(opened), echo),
                    Err(problem) => (id, Err(problem)),
                },
                _ => (id, Err(Problem::new("bad_request", "the first op is `open`, or `servers` before it"))),
            },
        };
        if lines.send(said(&id, outcome)).await.is_err() {
            break;
        }
    }
    Begun::Gone
}

/// An answer, as a line.
fn said(id: &Value, outcome: Result<Map<String, Value>, Problem>) -> Heard {
    Heard { line: json(&answer(id, "", outcome)), mark: None }
}

fn taken_apart(line: &Input) -> Result<Head, (Value, Problem)> {
    match line {
        Input::Line(line) => head(line),
        Input::TooLong => {
            let text = format!("a line of more than {LINE_BYTES_MAX} bytes");
            Err((Value::Null, Problem::new("bad_request", text)))
        }
    }
}

/// Asks the screen.
async fn wish<T>(wishes: &mpsc::Sender<Wish>, wish: impl FnOnce(oneshot::Sender<T>) -> Wish) -> Result<T, Problem> {
    let ended = |_| Problem::new(SHUTTING_DOWN, ENDS);
    let (answer, answered) = oneshot::channel();
    wishes.send(wish(answer)).await.map_err(|_| Problem::new(SHUTTING_DOWN, ENDS))?;
    answered.await.map_err(ended)
}

async fn servers(fields: Map<String, Value>, wishes: &mpsc::Sender<Wish>) -> Result<Map<String, Value>, Problem> {
    let Nothing {} = fill(fields)?;
    let known = wish(wishes, Wish::Servers).await?;
    let servers = serde_json::to_value(known).map_err(|e| Problem::new("internal", e.to_string()))?;
    Ok(Map::from_iter([("pid".to_owned(), std::process::id().into()), ("servers".to_owned(), servers)]))
}

async fn open(fields: Map<String, Value>, wishes: &mpsc::Sender<Wish>) -> Result<(Opened, bool), Problem> {
    let Open { server, name, echo } = fill(fields)?;
    match wish(wishes, |answer| Wish::Open(server, name, answer)).await? {
        Ok(opened) => Ok((opened, echo)),
        Err(NotOpened::Early) => {
            Err(Problem { retry: true, ..Problem::new(UNAVAILABLE, "nobody was logged in at this server yet") })
        }
        Err(NotOpened::Unknown) => Err(Problem::new(
            "bad_request",
            "the client is not connected to this server; the op `servers` lists those it is",
        )),
    }
}

/// Serves a program as `bot jsonl` does, and the screen's own op beside it. Says why it ended, unless the program did.
async fn converse(
    input: Lines<OwnedReadHalf>,
    lines: mpsc::Sender<Heard>,
    wishes: &mpsc::Sender<Wish>,
    opened: Opened,
    echo: bool,
    stop: &CancellationToken,
) -> Option<End> {
    let Opened { door, server, overrun } = opened;
    let (requests, inbox) = mpsc::channel(REQUESTS_AHEAD);
    let gone = lines.clone();
    let reading = read(input, requests, wishes, lines.clone());
    let mut bot = Beside::new(door, server, echo, lines);
    tokio::select! {
        biased;
        () = gone.closed() => None,
        // What the screen has answered is said before the end is.
        () = reading => {
            let error = format!("what was asked took longer than {} s from the end of the input on", AFTER_INPUT.as_secs());
            Some(End { code: UNAVAILABLE, error })
        }
        () = overrun.cancelled() => {
            Some(End { code: OVERRUN, error: "what the server tells was not read in time".to_owned() })
        }
        () = stop.cancelled() => Some(closing()),
        ended = bot.serve(inbox) => ended.err().map(|failure| End { code: UNAVAILABLE, error: failure.message }),
    }
}

/// Hands on what the program asks; ends when the input has ended for so long that an answer should have come.
async fn read(
    mut input: Lines<OwnedReadHalf>,
    requests: mpsc::Sender<Input>,
    wishes: &mpsc::Sender<Wish>,
    lines: mpsc::Sender<Heard>,
) {
    while let Ok(Some(line)) = input.next().await {
        let (id, outcome) = match taken_apart(&line) {
            Ok(Head { id, op, fields }) if op == "input" => (id, typed(fields, wishes).await),
            Ok(Head { id, op, .. }) if op == "subscribe" || op == "unsubscribe" => {
                let error = "what this session reads is for the person to say; use join, or bot jsonl";
                (id, Err(Problem::new("bad_request", error)))
            }
            Ok(_) | Err(_) => {
                if requests.send(line).await.is_err() {
                    break;
                }
                continue;
            }
        };
        let _ = lines.send(said(&id, outcome)).await;
    }
    drop((requests, lines));
    sleep(AFTER_INPUT).await;
}

async fn typed(fields: Map<String, Value>, wishes: &mpsc::Sender<Wish>) -> Result<Map<String, Value>, Problem> {
    let Typed { text } = fill(fields)?;
    let taken = wish(wishes, |answer| Wish::Input(text, answer)).await?;
    taken.map(|()| Map::new()).map_err(|why| Problem::new("bad_request", why))
}

fn closing() -> End {
    End { code: SHUTTING_DOWN, error: ENDS.to_owned() }
}

/// Writes lines until there are no more, and then the last one, if there is one.
async fn write_all(mut write: OwnedWriteHalf, mut lines: mpsc::Receiver<Heard>, last: oneshot::Receiver<String>) {
    while let Some(Heard { mut line, .. }) = lines.recv().await {
        line.push('\n');
        if write.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
    if let Ok(line) = last.await {
        let _ = write.write_all(format!("{line}\n").as_bytes()).await;
    }
}

/// What programs are told when the screen ends.
const ENDS: &str = "the client ends";

/// Lines before the socket.
const LINES_MAX: usize = 256;

/// Requests read ahead of the session.
const REQUESTS_AHEAD: usize = 16;

/// How long what was asked may take when the input has ended.
const AFTER_INPUT: Duration = Duration::from_secs(60);

/// How long the last lines wait to be read.
const LAST_WORDS: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use chat_proto::reply::Welcome;
    use chat_proto::{AccountId, ConnId, DeviceId, Timestamp, VERSION};
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::bot::door::Door;
    use crate::client::{Client, ClientEvent, Environment, ServerAddress, Settings, StopReason};

    /// A program at a screen, whose server is away.
    struct Desk {
        program: UnixStream,
        news: mpsc::Sender<ClientEvent>,
        overrun: CancellationToken,
        stop: CancellationToken,
        attended: tokio::task::JoinHandle<()>,
        _data: tempfile::TempDir,
    }

    async fn desk() -> Desk {
        let data = tempfile::tempdir().unwrap();
        let settings = Settings::new(ServerAddress::new("localhost", 9), "alice", data.path());
        let client = Client::start(settings, Environment::default()).unwrap().0;
        let welcome = Welcome {
            version: VERSION,
            server: "test".to_owned(),
            account: AccountId(1),
            name: "alice".to_owned(),
            device: DeviceId(1),
            conn: ConnId(1),
            registered: false,
            now: Timestamp(0),
            feeds: Vec::new(),
        };
        let (news, events) = mpsc::channel(4);
        let door = Door { client, events, welcome, environment: Environment::default() };
        let (overrun, stop) = (CancellationToken::new(), CancellationToken::new());
        let opened = Opened { door, server: "localhost:9".to_owned(), overrun: overrun.clone() };
        let (wishes, mut wished) = mpsc::channel(1);
        tokio::spawn(async move {
            let Some(Wish::Open(.., answer)) = wished.recv().await else { return };
            let _ = answer.send(Ok(opened));
            while let Some(wish) = wished.recv().await {
                if let Wish::Input(text, answer) = wish {
                    let _ = answer.send(if text == "/quit" { Ok(()) } else { Err("what?".to_owned()) });
                }
            }
        });
        let (program, screen) = UnixStream::pair().unwrap();
        let attended = tokio::spawn(attend(screen, wishes, stop.clone()));
        let mut desk = Desk { program, news, overrun, stop, attended, _data: data };
        desk.write("{\"op\":\"open\"}\n").await;
        let mut first = vec![0; 400];
        let read = desk.program.read(&mut first).await.unwrap();
        assert!(first[..read].starts_with(b"{\"ev\":\"ready\""));
        desk
    }

    impl Desk {
        async fn write(&mut self, lines: &str) {
            self.program.write_all(lines.as_bytes()).await.unwrap();
        }

        /// What is written up to the end.
        async fn rest(mut self) -> String {
            let mut text = String::new();
            self.program.read_to_string(&mut text).await.unwrap();
            self.attended.await.unwrap();
            text
        }
    }

    #[tokio::test]
    async fn who_was_too_slow_is_told_so() {
        let desk = desk().await;
        desk.overrun.cancel();
        let end = "{\"ev\":\"end\",\"code\":\"overrun\",\"error\":\"what the server tells was not read in time\"}\n";
        assert_eq!(desk.rest().await, end);
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_reads_is_left_behind_after_a_while() {
        let mut desk = desk().await;
        // Each answer is longer than its request.
        let requests = "{\"op\":\"dance\"}\n".repeat(1_000);
        while timeout(LAST_WORDS, desk.program.write_all(requests.as_bytes())).await.is_ok() {}
        desk.overrun.cancel();
        desk.attended.await.unwrap();
    }

    #[tokio::test]
    async fn what_the_screen_took_is_answered_before_the_end_is_told() {
        let mut desk = desk().await;
        desk.write("{\"id\":1,\"op\":\"input\",\"text\":\"x\"}\n{\"id\":2,\"op\":\"input\",\"text\":\"/quit\"}\n")
            .await;
        let answers = "{\"re\":1,\"ok\":false,\"code\":\"bad_request\",\"error\":\"what?\",\"retry\":false}\n\
                       {\"re\":2,\"ok\":true}\n";
        let mut heard = vec![0; answers.len()];
        desk.program.read_exact(&mut heard).await.unwrap();
        assert_eq!(String::from_utf8(heard).unwrap(), answers);
        desk.stop.cancel();
        assert_eq!(desk.rest().await, "{\"ev\":\"end\",\"code\":\"shutting_down\",\"error\":\"the client ends\"}\n");
    }

    #[tokio::test]
    async fn a_session_that_is_over_is_the_end() {
        let desk = desk().await;
        desk.news.send(ClientEvent::Stopped(StopReason::Ended("banned".to_owned()))).await.unwrap();
        let end = desk.rest().await;
        assert!(end.starts_with("{\"ev\":\"end\",\"code\":\"unavailable\"") && end.contains("banned"), "{end}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_asked_is_waited_for_after_the_input_but_not_for_ever() {
        let mut desk = desk().await;
        let begun = tokio::time::Instant::now();
        desk.write("{\"id\":1,\"op\":\"ping\"}\n").await;
        desk.program.shutdown().await.unwrap();
        let end = desk.rest().await;
        assert!(end.contains("\"code\":\"unavailable\"") && end.contains("longer than 60 s"), "{end}");
        assert!(begun.elapsed() >= AFTER_INPUT);
    }
}
