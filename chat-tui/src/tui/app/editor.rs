//! The draft in the person's own editor, and the terminal with it.
//!
//! The draft is in a file that only its owner reads, in the directory of keys, and gone when the editor has ended.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use chat_proto::limits::POST_BYTES_MAX;
use rustix::process::{Pid, Signal, kill_current_process_group, kill_process};
use tokio::time::sleep;

use super::{App, Ended, Reader, RunError};
use crate::tui::core::Msg;
use crate::tui::term::input::TermEvent;

/// How often it is looked whether the editor has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

impl App {
    /// Gives the terminal to an editor until it ends, and takes the draft back.
    pub(super) async fn edit(&mut self, draft: &str) -> Result<(), RunError> {
        let name: [u8; 8] = match self.environment.random.bytes() {
            Ok(name) => name,
            Err(error) => return self.edited(Err(error.to_string())),
        };
        let file = match DraftFile::write(&self.data, u64::from_le_bytes(name), draft) {
            Ok(file) => file,
            Err(error) => return self.edited(Err(error.to_string())),
        };
        // Nobody else reads what is typed into the editor.
        self.reader = None;
        self.front.guard().leave();
        let ended = match start(&file.0) {
            Ok(child) => self.wait_for(child).await,
            Err(error) => Err(error),
        };
        self.reader = Some(Reader::start(self.events.clone())?);
        self.front.guard().resume()?;
        self.redraw()?;
        let text = ended.and_then(|success| if success { file.read().map(Some) } else { Ok(None) });
        self.edited(text.map_err(|error| error.to_string()))
    }

    fn edited(&mut self, text: Result<Option<String>, String>) -> Result<(), RunError> {
        match text {
            Ok(Some(text)) => self.tell(Msg::Edited(text)),
            Ok(None) => self.tell(Msg::Notice("the editor gave up; the draft is as it was".to_owned(), true)),
            Err(why) => self.tell(Msg::Notice(format!("the editor: {why}"), true)),
        }
        Ok(())
    }

    /// Whether the editor ended well. What the system says meanwhile is for the editor too.
    async fn wait_for(&mut self, mut child: Child) -> io::Result<bool> {
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status.success());
            }
            tokio::select! {
                biased;
                event = self.input.recv() => match event {
                    // The editor was stopped; the shell wants the whole of the job to be.
                    Some(TermEvent::Suspend) => kill_current_process_group(Signal::STOP)?,
                    Some(TermEvent::Terminate | TermEvent::Closed) | None => {
                        self.ended = Some(Ended::Left);
                        kill_process(Pid::from_child(&child), Signal::TERM)?;
                    }
                    Some(_) => {}
                },
                () = sleep(LOOK_EVERY) => {}
            }
        }
    }
}

/// The editor of the person, as a shell reads its name: it may have arguments.
fn start(file: &Path) -> io::Result<Child> {
    let named = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty()));
    let script = format!("exec {} \"$1\"", named.as_deref().unwrap_or("vi"));
    Command::new("sh").args(["-c", &script, "sh"]).arg(file).spawn()
}

/// A file that goes when this goes.
#[derive(Debug)]
struct DraftFile(PathBuf);

impl DraftFile {
    fn write(folder: &Path, name: u64, draft: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("draft-{name:016x}.md"));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        let draft_file = Self(path);
        file.write_all(draft.as_bytes())?;
        Ok(draft_file)
    }

    /// What is in it, without the line feeds editors put at the end, and not much more than a message holds.
    fn read(&self) -> io::Result<String> {
        let mut bytes = Vec::new();
        fs::File::open(&self.0)?.take(2 * POST_BYTES_MAX as u64).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned())
    }
}

impl Drop for DraftFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::debug!(%error, "a draft's file is left");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_its_owners_and_gone_afterwards() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let file = DraftFile::write(dir.path(), 1, "one\ntwo").unwrap();
        assert_eq!(fs::metadata(&file.0).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(DraftFile::write(dir.path(), 1, "").is_err(), "nothing is overwritten");
        fs::write(&file.0, "one\ntwo\n\n").unwrap();
        assert_eq!(file.read().unwrap(), "one\ntwo");
        drop(file);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
