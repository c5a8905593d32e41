//! Telling a person of something through a program of his own, such as the one that shows notifications of his desktop.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::clean::Clean;
use crate::tui::view::width::fit;

/// How long the program may take.
const RUN_MAX: Duration = Duration::from_secs(10);

/// How often it is looked whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Columns of what it is told, each.
const COLUMNS_MAX: u16 = 200;

/// The program, with its arguments; in these `{title}` and `{text}` stand for what there is to tell. No shell reads them.
#[derive(Clone, Debug, Default)]
pub struct Notifier {
    words: Vec<String>,
    running: Arc<AtomicBool>,
}

impl Notifier {
    /// A program with its arguments; none is nobody.
    #[must_use]
    pub fn new(words: Vec<String>) -> Self {
        Self { words, running: Arc::default() }
    }

    /// Whether there is a program.
    #[must_use]
    pub fn is_there(&self) -> bool {
        !self.words.is_empty()
    }

    /// Runs it, unless it still runs for something before. Returns whether it could be started.
    #[must_use]
    pub fn tell(&self, title: &Clean<'_>, text: &Clean<'_>) -> bool {
        let Some((program, arguments)) = self.words.split_first() else { return false };
        if self.running.swap(true, Ordering::AcqRel) {
            return true;
        }
        let shown = |words: &Clean<'_>| fit(words, COLUMNS_MAX).0.replace(char::is_control, " ");
        let (title, text) = (shown(title), shown(text));
        let arguments = arguments.iter().map(|word| fill(word, &title, &text));
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let running = Arc::clone(&self.running);
        let watched = command.spawn().is_ok_and(|child| {
            let watch = move || {
                outlive(child);
                running.store(false, Ordering::Release);
            };
            thread::Builder::new().name("notifier".to_owned()).spawn(watch).is_ok()
        });
        if !watched {
            self.running.store(false, Ordering::Release);
        }
        watched
    }
}

/// An argument with what there is to tell put in; what is put in is not looked at again.
fn fill(word: &str, title: &str, text: &str) -> String {
    let parts: Vec<String> = word.split("{title}").map(|part| part.replace("{text}", text)).collect();
    parts.join(title)
}

fn outlive(mut child: Child) {
    let began = Instant::now();
    while matches!(child.try_wait(), Ok(None)) {
        if began.elapsed() > RUN_MAX {
            let _ = child.kill();
            let _ = child.wait();
            return;
        }
        thread::sleep(LOOK_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clean;

    #[test]
    fn the_program_gets_the_words_as_whole_arguments_and_runs_once_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("told");
        let script = "printf '%s|' \"$@\" >> \"$0\"; while [ -e \"$0.hold\" ]; do sleep 0.01; done".to_owned();
        let hold = folder.path().join("told.hold");
        std::fs::write(&hold, "").unwrap();
        let name = file.to_str().unwrap().to_owned();
        let words = ["sh".to_owned(), "-c".to_owned(), script, name, "{title}".to_owned(), "in {text}".to_owned()];
        let notifier = Notifier::new(words.to_vec());
        let evil = "$(touch pwned); {title} \u{1b}[2J'\"";
        assert!(notifier.tell(&clean::line("-bob {text}"), &clean::line(evil)));
        assert!(notifier.tell(&clean::line("second"), &clean::line("while the first runs")));
        std::fs::remove_file(hold).unwrap();
        let began = Instant::now();
        while notifier.running.load(Ordering::Acquire) {
            assert!(began.elapsed() < RUN_MAX * 2);
            thread::yield_now();
        }
        let told = std::fs::read_to_string(file).unwrap();
        assert!(told.starts_with("-bob {text}|in $(touch pwned); {title} ") && !told.contains('\u{1b}'), "{told}");
        assert_eq!(told.matches('|').count(), 2, "{told}");
    }

    #[test]
    fn a_program_that_is_not_there_is_told_and_keeps_nothing_busy() {
        let notifier = Notifier::new(vec!["/nonexistent/program".to_owned()]);
        for _ in 0..2 {
            assert!(!notifier.tell(&clean::line("a"), &clean::line("b")));
        }
        assert!(!Notifier::default().is_there());
    }
}
