//! A run written down: every line that goes out and every request that comes in, in order. What nobody else may read is left
//! out.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::request::Answer;
use crate::bot::contract::{hide_in_answer, hide_in_request};
use crate::bot::line::json as written;
use crate::bot::{Exit, Failure, complain};

/// A file that grows.
#[derive(Debug)]
pub(super) struct Recorder {
    path: PathBuf,
    /// Nothing, once it could not be written.
    file: Option<File>,
}

impl Recorder {
    /// Begins a file that only its owner may read.
    ///
    /// # Errors
    /// [`Exit::Usage`] if it is there already, or cannot be made.
    pub(super) fn create(path: &Path) -> Result<Self, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let failed = |e: io::Error| Failure::new(Exit::Usage, format!("{}: {e}", path.display()));
        Ok(Self { path: path.to_owned(), file: Some(options.open(path).map_err(failed)?) })
    }

    /// A line that is an event.
    pub(super) fn line(&mut self, line: &str) {
        let Some(file) = &mut self.file else { return };
        if let Err(error) = file.write_all(format!("{line}\n").as_bytes()) {
            // The run matters more than its record.
            complain(&format!("{}: no longer recorded: {error}", self.path.display()));
            self.file = None;
        }
    }

    /// A request as it came; what is no object is left out.
    pub(super) fn request(&mut self, line: &[u8]) {
        let Ok(mut fields) = serde_json::from_slice::<Map<String, Value>>(line) else { return };
        if let Some(op) = fields.get("op").and_then(Value::as_str).map(str::to_owned) {
            hide_in_request(&op, &mut fields);
            self.line(&written(&fields));
        }
    }

    /// The answer to a request.
    pub(super) fn answer(&mut self, answer: &Answer) {
        let mut answer = answer.clone();
        if answer.ok {
            hide_in_answer(answer.name, &mut answer.fields);
        }
        self.line(&written(&answer));
    }
}
