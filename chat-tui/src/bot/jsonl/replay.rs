//! A run without a server, for testing a program: the events of a file come to it, and what it asks is answered from the file.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::input::{Input, LINE_BYTES_MAX};
use super::request::{Answer, Problem, answer, dry, parse};
use super::{Options, Place, Queue};
use crate::bot::contract::{self, contract};
use crate::bot::line::json;
use crate::bot::{Exit, Failure, complain};

/// One line of the file.
#[derive(Debug, PartialEq)]
pub(super) enum Recorded {
    /// Something that happened, as it is written.
    Event(String),
    /// Something the program asked, with the id it gave.
    Request(Value, Map<String, Value>),
    /// What was answered to the request of that id.
    Answer(Value, Map<String, Value>),
}

/// A line of the file and its number.
pub(super) type Numbered = (usize, Recorded);

/// Something the program asked that the file has not come to yet.
struct Asked {
    id: Value,
    name: &'static str,
    fields: Map<String, Value>,
}

/// A program that is told what a file says.
pub(super) struct Replay {
    queue: Arc<Queue<(String, Place)>>,
    inputs: mpsc::Receiver<Input>,
    options: Options,
    /// Whether the file says what the program asks; else everything is answered as for `--dry-run`.
    is_exact: bool,
    asked: VecDeque<Asked>,
    /// Requests that were asked as the file says: the id in the file, that of the program, and the op.
    met: Vec<(Value, Value, &'static str)>,
    reading: bool,
}

impl Replay {
    pub(super) fn new(
        queue: Arc<Queue<(String, Place)>>,
        inputs: mpsc::Receiver<Input>,
        options: Options,
        lines: &[Numbered],
    ) -> Self {
        let is_exact = lines.iter().any(|(_, line)| matches!(line, Recorded::Request(..)));
        Self { queue, inputs, options, is_exact, asked: VecDeque::new(), met: Vec::new(), reading: true }
    }

    /// Plays the file to its end, lets the program know, and waits for what it still has to say.
    ///
    /// # Errors
    /// [`Exit::Failed`] if it asked something else than the file says.
    pub(super) async fn play(mut self, lines: Vec<Numbered>, hang_up: impl FnOnce()) -> Result<(), Failure> {
        for (number, line) in lines {
            match line {
                Recorded::Event(line) => self.write(line).await,
                Recorded::Request(id, request) => self.wait_for(number, id, &request).await?,
                Recorded::Answer(re, fields) => {
                    if let Some(at) = self.met.iter().position(|(recorded, ..)| *recorded == re) {
                        let (_, id, name) = self.met.remove(at);
                        let ok = fields.get("ok") == Some(&true.into());
                        let fields = fields.into_iter().filter(|(name, _)| name != "ok").collect();
                        self.write(json(&Answer { re: id, ok, fields, name })).await;
                    }
                }
            }
        }
        // That nobody reads any more is seen by whoever waits for the queue.
        let _ = self.queue.drained().await;
        let (keep, grace) = (self.options.keep, self.options.grace);
        if !keep {
            hang_up();
        }
        let rest = async {
            while self.reading {
                self.read().await;
            }
        };
        if keep {
            rest.await;
        } else if timeout(grace, rest).await.is_err() {
            complain(&"the program did not end within --grace after the end of the file");
        }
        match self.asked.front() {
            Some(Asked { name, fields, .. }) if self.is_exact => {
                let asked = json(fields);
                Err(Failure::new(Exit::Failed, format!("{name} was asked, and is not in the file: {asked}")))
            }
            Some(_) | None => Ok(()),
        }
    }

    async fn write(&self, line: String) {
        let _ = self.queue.push(line, None).await;
    }

    /// Waits until the program has asked this.
    async fn wait_for(&mut self, number: usize, id: Value, request: &Map<String, Value>) -> Result<(), Failure> {
        let patience = self.options.max_offline;
        let met = async {
            loop {
                if let Some(at) = self.asked.iter().position(|asked| asked.fields == *request) {
                    return self.asked.remove(at);
                }
                if !self.reading {
                    return None;
                }
                self.read().await;
            }
        };
        let Ok(Some(asked)) = timeout(patience, met).await else {
            let instead = self.asked.front().map(|asked| format!("; it asked {}", json(&asked.fields)));
            let text =
                format!("line {number}: the program did not ask {}{}", json(request), instead.unwrap_or_default());
            return Err(Failure::new(Exit::Failed, text));
        };
        self.met.push((id, asked.id, asked.name));
        Ok(())
    }

    /// Reads one line of the program.
    async fn read(&mut self) {
        let problem = |text: String| answer(&Value::Null, "", Err(Problem::new("bad_request", text)));
        let line = match self.inputs.recv().await {
            None => {
                self.reading = false;
                return;
            }
            Some(Input::TooLong) => {
                return self.write(json(&problem(format!("a line of more than {LINE_BYTES_MAX} bytes")))).await;
            }
            Some(Input::Line(line)) => line,
        };
        let request = match parse(&line) {
            Ok(request) => request,
            Err((id, problem)) => return self.write(json(&answer(&id, "", Err(problem)))).await,
        };
        if self.is_exact {
            // It was read as an object above.
            let mut fields: Map<String, Value> = serde_json::from_slice(&line).unwrap_or_default();
            fields.remove("id");
            self.asked.push_back(Asked { id: request.id, name: request.name, fields });
        } else if contract().changes(request.name) {
            complain(&format!("asked: {}", String::from_utf8_lossy(&line)));
            self.write(json(&dry(&request.id, request.name))).await;
        } else {
            let problem = Problem::new("unavailable", "the file has no answers; record one with --record");
            self.write(json(&answer(&request.id, request.name, Err(problem)))).await;
        }
    }
}

/// Reads a file that `--record` made, or that somebody wrote by hand.
///
/// # Errors
/// [`Exit::Usage`] for a file that cannot be read, and a line that is neither an event, nor a request, nor an answer.
pub(super) fn read(path: &Path) -> Result<Vec<Numbered>, Failure> {
    let usage = |what: String| Failure::new(Exit::Usage, format!("{}: {what}", path.display()));
    let file = File::open(path).map_err(|e| usage(e.to_string()))?;
    if file.metadata().map_err(|e| usage(e.to_string()))?.len() > FILE_BYTES_MAX {
        return Err(usage(format!("more than {FILE_BYTES_MAX} bytes")));
    }
    let mut lines = Vec::new();
    for (at, line) in BufReader::new(file.take(FILE_BYTES_MAX)).lines().enumerate() {
        let line = line.map_err(|e| usage(e.to_string()))?;
        if !line.trim().is_empty() {
            lines.push((at + 1, recorded(&line).map_err(|e| usage(format!("line {}: {e}", at + 1)))?));
        }
    }
    Ok(lines)
}

fn recorded(line: &str) -> Result<Recorded, String> {
    let value: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
    if value.get("ev").is_some() {
        contract::event(&value)?;
        return Ok(Recorded::Event(json(&value)));
    }
    let Value::Object(mut fields) = value else { return Err("not an object".to_owned()) };
    if let Some(re) = fields.remove("re") {
        return Ok(Recorded::Answer(re, fields));
    }
    contract::request(&Value::Object(fields.clone()))?;
    Ok(Recorded::Request(fields.remove("id").unwrap_or_default(), fields))
}

/// A file that is read, bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_line_of_a_run_is_refused_with_what_is_wrong() {
        let said = |line: &str| recorded(line).unwrap_err();
        assert!(said("{").contains("EOF"));
        assert_eq!(said("[]"), "not an object");
        assert_eq!(said(r##"{"ev":"read","room":"#a"}"##), "without `seq`");
        assert_eq!(said(r#"{"op":"dance"}"#), "there is no op \"dance\"");
        let Ok(Recorded::Request(id, fields)) = recorded(r#"{"id":7,"op":"ping"}"#) else { panic!() };
        assert_eq!((id, Value::Object(fields)), (7.into(), serde_json::json!({"op": "ping"})));
    }
}
