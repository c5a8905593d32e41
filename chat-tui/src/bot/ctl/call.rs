//! The program's side: requests of the command line, or two pipes, over the socket of a running screen.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chat_proto::RejectCode;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::OVERRUN;
use super::choose::{Screen, choose, listed, screens};
use super::lines::Lines;
use crate::bot::contract::{Shape, contract};
use crate::bot::jsonl::input::{self, Input, LINE_BYTES_MAX};
use crate::bot::jsonl::request::{Head, Problem, answer, head};
use crate::bot::line;
use crate::bot::queue::{QUEUE_LINES, Queue};
use crate::bot::{Exit, Failure};

pub use super::choose::Which;

/// How a running screen is asked.
#[derive(Clone, Debug)]
pub struct Asking {
    /// Where its socket may be.
    pub folders: Vec<PathBuf>,
    /// Which one.
    pub which: Which,
    /// Whether the person's own messages are told as well.
    pub echo: bool,
    /// How long it may take to begin, and how long answers may take when there are no more requests.
    pub timeout: Duration,
}

/// The screens that run and the servers they are connected to, a line each.
pub async fn list(folders: &[PathBuf], patience: Duration) -> Vec<String> {
    listed(&screens(folders, patience).await)
}

/// Makes requests out of the words of a command line.
///
/// # Errors
/// [`Exit::Usage`] for what is none, and for one with a secret in it, which has no place in an argument.
pub fn requests(words: &[String]) -> Result<Vec<String>, Failure> {
    let read = |word: &String| {
        let usage = |what: String| Failure::new(Exit::Usage, what);
        let Head { op, fields, .. } = head(word.as_bytes()).map_err(|(_, problem)| usage(problem.error))?;
        let mut known = contract().forms(&op).flat_map(|form| &form.request);
        if known.any(|field| field.shape == Shape::Secret && fields.contains_key(field.name)) {
            return Err(usage(format!("others on this machine can read arguments; write {op} to standard input")));
        }
        // As one line, however it was written.
        let request: Value = serde_json::from_str(word).map_err(|e| usage(e.to_string()))?;
        Ok(request.to_string())
    };
    words.iter().map(read).collect()
}

/// Makes requests, and writes the answers to them.
///
/// # Errors
/// [`Exit::Unreachable`] if no screen runs, or ends meanwhile; [`Exit::TimedOut`]; the first request that was not done decides
/// otherwise.
pub async fn ask(asking: &Asking, requests: &[String], mut output: impl Write) -> Result<Exit, Failure> {
    let deadline = Instant::now() + asking.timeout;
    let (mut read, mut write, _) = open(asking, deadline).await?;
    let mut failed: Option<Exit> = None;
    let answers = async {
        for request in requests {
            write.write_all(format!("{request}\n").as_bytes()).await.map_err(|_| gone(None))?;
        }
        let mut open = requests.len();
        while open > 0 {
            let Heard { line, what } = hear(&mut read).await?;
            let wrong = match what {
                Line::Answer(wrong) => wrong,
                Line::Event => continue,
                Line::End(why) => return Err(why),
            };
            open -= 1;
            failed = failed.or(wrong.map(|wrong| wrong.exit));
            if writeln!(output, "{line}").and_then(|()| output.flush()).is_err() {
                // Nobody wants to know.
                break;
            }
        }
        Ok(())
    };
    timeout_at(deadline, answers).await.unwrap_or_else(|_| Err(too_late()))?;
    Ok(failed.unwrap_or(Exit::Clean))
}

/// Passes lines on both ways, until the input has ended and all of it is answered; with `keep`, for as long as the screen runs.
///
/// # Errors
/// As [`ask`], but that a request is not done is for the program to see.
pub async fn pipe(
    asking: &Asking,
    keep: bool,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> Result<Exit, Failure> {
    let no_thread = |e: std::io::Error| Failure::new(Exit::Bug, format!("no thread for a pipe: {e}"));
    let (mut read, write, ready) = open(asking, Instant::now() + asking.timeout).await?;
    let queue = Queue::start(output, QUEUE_LINES, |()| {}).map_err(no_thread)?;
    let _ = queue.push(ready, None).await;
    let inputs = input::start(input).map_err(no_thread)?;
    let (told, mut asked) = watch::channel(Asked::default());
    let passing = tokio::spawn(pass_on(inputs, write, Arc::clone(&queue), told));
    let (mut answered, mut deadline) = (0, None);
    let ended = loop {
        let Asked { count, ended } = *asked.borrow_and_update();
        if ended && !keep {
            if answered >= count {
                break Ok(());
            }
            deadline = deadline.or_else(|| Some(Instant::now() + asking.timeout));
        }
        let heard = tokio::select! {
            biased;
            () = queue.closed() => break Ok(()),
            heard = hear(&mut read) => heard,
            Ok(()) = asked.changed() => continue,
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => break Err(too_late()),
        };
        let Heard { line, what } = match heard {
            Ok(heard) => heard,
            Err(failure) => break Err(failure),
        };
        // That nobody reads any more is seen above.
        let _ = queue.push(line, None).await;
        match what {
            Line::Answer(_) => answered += 1,
            Line::Event => {}
            Line::End(why) => break Err(why),
        }
    };
    passing.abort();
    let _ = queue.drained().await;
    match queue.error() {
        Some(error) => Err(Failure::new(Exit::Failed, format!("standard output: {error}"))),
        None => ended.map(|()| Exit::Clean),
    }
}

/// What was passed on so far.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    count: usize,
    ended: bool,
}

async fn pass_on(
    mut inputs: mpsc::Receiver<Input>,
    mut write: OwnedWriteHalf,
    queue: Arc<Queue<()>>,
    told: watch::Sender<Asked>,
) {
    while let Some(input) = inputs.recv().await {
        match input {
            Input::Line(mut line) => {
                told.send_modify(|asked| asked.count += 1);
                line.push(b'\n');
                if write.write_all(&line).await.is_err() {
                    // Whoever reads is told why.
                    break;
                }
            }
            Input::TooLong => {
                let problem = Problem::new("bad_request", format!("a line of more than {LINE_BYTES_MAX} bytes"));
                let _ = queue.push(line::json(&answer(&Value::Null, "", Err(problem))), None).await;
            }
        }
    }
    told.send_modify(|asked| asked.ended = true);
    // The way stays open in this direction: its end would end the other one too.
    std::future::pending::<()>().await;
}

/// Begins at the screen that is meant; the line it begins with is the last.
async fn open(asking: &Asking, deadline: Instant) -> Result<(Lines<OwnedReadHalf>, OwnedWriteHalf, String), Failure> {
    let patience = deadline.saturating_duration_since(Instant::now()).min(ANSWER_MAX);
    let (screen, server) = choose(screens(&asking.folders, patience).await, &asking.which)?;
    let Screen { mut read, mut write, .. } = screen;
    let mut open = json!({ "op": "open", "echo": asking.echo });
    if let Some(known) = server {
        open["server"] = known.server.into();
        open["name"] = known.name.into();
    }
    let open = format!("{open}\n");
    let begun = async {
        loop {
            write.write_all(open.as_bytes()).await.map_err(|_| gone(None))?;
            let Heard { line, what } = hear(&mut read).await?;
            match what {
                Line::Event => return Ok(line),
                Line::End(why) => return Err(why),
                // It has not logged in yet.
                Line::Answer(Some(wrong)) if wrong.retry => sleep(AGAIN).await,
                Line::Answer(Some(wrong)) => return Err(Failure::new(wrong.exit, wrong.error)),
                Line::Answer(None) => return Err(Failure::new(Exit::Version, "the client answered nonsense")),
            }
        }
    };
    let ready = timeout_at(deadline, begun).await.unwrap_or_else(|_| Err(too_late()))?;
    Ok((read, write, ready))
}

/// A line of the screen's.
#[derive(Debug)]
struct Heard {
    line: String,
    what: Line,
}

/// What a line is.
#[derive(Debug)]
enum Line {
    /// An answer, and what was wrong with the request.
    Answer(Option<Wrong>),
    Event,
    /// The last one, and how it ends a run.
    End(Failure),
}

/// What was wrong with a request.
#[derive(Debug)]
struct Wrong {
    exit: Exit,
    error: String,
    retry: bool,
}

/// The next line.
async fn hear(read: &mut Lines<OwnedReadHalf>) -> Result<Heard, Failure> {
    let Ok(Some(Input::Line(bytes))) = read.next().await else { return Err(gone(None)) };
    let line = String::from_utf8_lossy(&bytes).into_owned();
    let said: Value = serde_json::from_str(&line).unwrap_or_default();
    let what = match said.get("re") {
        Some(_) => Line::Answer((said["ok"] != true).then(|| wrong(&said))),
        None if said["ev"] == "end" => Line::End(gone(Some(&said))),
        None => Line::Event,
    };
    Ok(Heard { line, what })
}

fn wrong(answer: &Value) -> Wrong {
    let code = answer["code"].as_str().unwrap_or_default();
    let exit = match (RejectCode::ALL.iter().find(|known| known.name() == code), code) {
        (Some(code), _) => Exit::of_reject(*code),
        (None, "bad_file") => Exit::Usage,
        (None, _) => Exit::Failed,
    };
    let error = answer["error"].as_str().unwrap_or_default().to_owned();
    Wrong { exit, error, retry: answer["retry"] == true }
}

/// The screen says no more.
fn gone(last: Option<&Value>) -> Failure {
    let said = |name: &str| last.and_then(|last| last[name].as_str());
    let exit = if said("code") == Some(OVERRUN) { Exit::Failed } else { Exit::Unreachable };
    Failure::new(exit, format!("the client said no more: {}", said("error").unwrap_or("it was closed")))
}

fn too_late() -> Failure {
    Failure::new(Exit::TimedOut, "no answer of the client in the time given")
}

/// How long a screen may take to say what it is connected to.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// How long after a screen that has not logged in yet is asked again.
const AGAIN: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_request_or_holds_a_secret_is_no_argument() {
        let words = |words: &[&str]| requests(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(words(&["{\n \"op\": \"ping\"\n}"]).unwrap(), [r#"{"op":"ping"}"#]);
        for bad in ["{", "ping", "{}", r#"{"op":7}"#, r#"{"op":"claim","code":"x"}"#] {
            assert_eq!(words(&[bad]).unwrap_err().exit, Exit::Usage, "{bad}");
        }
        assert!(words(&[r#"{"op":"set_password","password":"x"}"#]).unwrap_err().message.contains("standard input"));
        assert!(words(&[r#"{"op":"set_password","remove":true}"#]).is_ok());
    }

    #[test]
    fn what_went_wrong_decides_the_exit_code() {
        let exit = |code: &str| wrong(&json!({"re": 1, "ok": false, "code": code})).exit.code();
        let codes = ["no_such_room", "forbidden", "bad_request", "slow_down", "bad_file", "internal", "of_later"];
        assert_eq!(codes.map(exit), [8, 4, 2, 6, 2, 70, 1]);
    }
}
