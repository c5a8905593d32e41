//! Programs the person runs from within: their output is read to a limit, for a time, and then they are ended.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::App;
use crate::tui::core::{Msg, Ran, RoomKey};

/// Bytes of a program's output that are read; one that prints more is ended.
const OUTPUT_BYTES_MAX: usize = 64 * 1024;

/// How long a program may run.
const RUN_MAX: Duration = Duration::from_secs(10);

/// Programs that run at once.
const RUNNING_MAX: usize = 4;

static RUNNING: AtomicUsize = AtomicUsize::new(0);

impl App {
    /// Runs a program beside the screen; it has no input.
    pub(super) fn run(&mut self, line: String, say: Option<RoomKey>) {
        let Some(answers) = self.sessions.as_ref().map(super::Sessions::answers) else { return };
        if RUNNING.fetch_add(1, Ordering::Relaxed) >= RUNNING_MAX {
            RUNNING.fetch_sub(1, Ordering::Relaxed);
            return self.tell(Msg::Notice(format!("{RUNNING_MAX} programs run already; wait for one"), true));
        }
        // A thread of its own: leaving does not wait for it.
        thread::spawn(move || {
            let (output, wrong) = run(&line, RUN_MAX);
            RUNNING.fetch_sub(1, Ordering::Relaxed);
            let _ = answers.blocking_send(Msg::Ran(Ran { line, say, output, wrong }));
        });
    }
}

/// What a line prints, and what went otherwise than well.
fn run(line: &str, longest: Duration) -> (String, Option<String>) {
    match try_run(line, longest) {
        Ok((output, wrong)) => (String::from_utf8_lossy(&output).into_owned(), wrong),
        Err(error) => (String::new(), Some(format!("it could not be run: {error}"))),
    }
}

fn try_run(line: &str, longest: Duration) -> std::io::Result<(Vec<u8>, Option<String>)> {
    let (mut reader, writer) = std::io::pipe()?;
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).process_group(0);
    let mut child = command.spawn()?;
    // It holds the writing ends; the output would never end otherwise.
    drop(command);
    let group = Pid::from_child(&child);
    let (chunks, read) = sync_channel(1);
    thread::spawn(move || {
        let mut bytes = [0; 4_096];
        while let Ok(count) = reader.read(&mut bytes) {
            if count == 0 || chunks.send(bytes[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let end = Instant::now() + longest;
    let (mut output, mut wrong) = (Vec::new(), None);
    loop {
        match read.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(chunk) => output.extend(chunk),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                wrong = Some(format!("it was ended after {} s", longest.as_secs_f32()));
                break;
            }
        }
        if output.len() > OUTPUT_BYTES_MAX {
            output.truncate(OUTPUT_BYTES_MAX);
            wrong = Some(format!("it was ended after {} KiB", OUTPUT_BYTES_MAX / 1_024));
            break;
        }
    }
    // Who closed his output may still run, and so may those he began.
    let mut status = None;
    while wrong.is_none() && status.is_none() {
        status = child.try_wait()?;
        if status.is_none() && Instant::now() >= end {
            wrong = Some(format!("it was ended after {} s", longest.as_secs_f32()));
        } else if status.is_none() {
            thread::sleep(LOOK_EVERY);
        }
    }
    if wrong.is_some() {
        let _ = kill_process_group(group, Signal::KILL);
        child.wait()?;
    }
    let failed = |status: ExitStatus| (!status.success()).then(|| status.to_string());
    Ok((output, wrong.or_else(|| status.and_then(failed))))
}

/// How often it is looked whether a program has ended that prints no more.
const LOOK_EVERY: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_prints_is_read_and_how_it_ended_told() {
        let long = Duration::from_secs(30);
        assert_eq!(run("echo one; echo two >&2", long), ("one\ntwo\n".to_owned(), None));
        let (output, wrong) = run("echo half; exit 3", long);
        assert_eq!(output, "half\n");
        assert!(wrong.unwrap().contains('3'));
        assert_eq!(run("cat", long), (String::new(), None), "it has no input");
    }

    #[test]
    fn one_that_never_ends_or_never_stops_printing_is_ended() {
        let began = Instant::now();
        let (_, wrong) = run("sleep 60 & sleep 60", Duration::from_millis(100));
        assert!(wrong.unwrap().contains("ended after"));
        let (output, wrong) = run("yes", Duration::from_secs(30));
        assert_eq!(output.len(), OUTPUT_BYTES_MAX);
        assert!(wrong.unwrap().contains("64 KiB"));
        let (_, wrong) = run("exec >&- 2>&-; sleep 60", Duration::from_millis(100));
        assert!(wrong.unwrap().contains("ended after"));
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
