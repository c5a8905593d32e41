//! A program in a terminal of its own: what it shows, what it wrote, and keys to type at it.
#![allow(dead_code, unused_imports)]

use std::ffi::OsStr;
use std::fmt::Debug;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

pub(crate) mod sequences;

pub(crate) use sequences::assert_only_allowed_sequences;

/// How long a condition may take on a busy machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// A running program and its terminal. Dropping it kills the program.
pub(crate) struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    output: Arc<Output>,
}

struct Output {
    seen: Mutex<Seen>,
    more: Condvar,
}

struct Seen {
    emulator: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn nonzero(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).expect("a terminal has cells")
}

/// A program that will find an xterm with 256 colours and a UTF-8 locale.
pub(crate) fn program(path: impl AsRef<OsStr>) -> CommandBuilder {
    let mut command = CommandBuilder::new(path);
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    // Nobody's own settings.
    command.env("CHAT_CLIENT_CONFIG", "/dev/null");
    // A panic's words stay on the screen.
    command.env("RUST_BACKTRACE", "0");
    for other in ["COLORTERM", "NO_COLOR", "TMUX", "XDG_RUNTIME_DIR"] {
        command.env_remove(other);
    }
    command
}

impl Pty {
    /// Starts a program in a terminal of this size.
    pub(crate) fn spawn(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).expect("a pseudo-terminal");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let emulator = vt100::Parser::new(nonzero(rows), nonzero(columns), 0);
        let seen = Mutex::new(Seen { emulator, raw: Vec::new(), ended: false });
        let output = Arc::new(Output { seen, more: Condvar::new() });
        let mut reader = pair.master.try_clone_reader().expect("the terminal can be read");
        let filled = Arc::clone(&output);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                let count = reader.read(&mut bytes).unwrap_or(0);
                let mut seen = filled.seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.raw.extend_from_slice(&bytes[..count]);
                seen.emulator.process(&bytes[..count]);
                seen.ended = count == 0;
                filled.more.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        let keyboard = pair.master.take_writer().expect("the terminal can be written");
        Self { child, master: pair.master, keyboard, output }
    }

    fn wait<'a>(&'a self, timeout: Duration, what: &str, done: impl Fn(&Seen) -> bool) -> MutexGuard<'a, Seen> {
        let end = Instant::now() + timeout;
        let mut seen = self.output.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while !done(&seen) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !seen.ended,
                "waited in vain for {what}; the program {}, its screen:\n{}\nits last bytes: {:?}",
                if seen.ended { "has ended" } else { "runs" },
                seen.emulator.screen().contents(),
                String::from_utf8_lossy(&seen.raw[seen.raw.len().saturating_sub(400)..]),
            );
            seen = self.output.more.wait_timeout(seen, left).expect("no reader panics").0;
        }
        seen
    }

    /// Waits until the screen is as it should be.
    pub(crate) fn wait_for(&self, what: &str, shows: impl Fn(&vt100::Screen) -> bool) {
        drop(self.wait(TIMEOUT, what, |seen| shows(seen.emulator.screen())));
    }

    /// Waits until a text is on the screen.
    pub(crate) fn wait_for_text(&self, text: &str) {
        self.wait_for(&format!("{text:?}"), |screen| screen.contents().contains(text));
    }

    /// Waits until what was written, from a byte on, is as it should be.
    pub(crate) fn wait_for_raw(&self, what: &str, from: usize, is: impl Fn(&[u8]) -> bool) {
        drop(self.wait(TIMEOUT, what, |seen| is(&seen.raw[from..])));
    }

    /// The screen as it is.
    pub(crate) fn screen(&self) -> vt100::Screen {
        self.output.seen.lock().unwrap_or_else(PoisonError::into_inner).emulator.screen().clone()
    }

    /// The text on the screen.
    pub(crate) fn contents(&self) -> String {
        self.output.seen.lock().unwrap_or_else(PoisonError::into_inner).emulator.screen().contents()
    }

    /// Every byte written so far.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.output.seen.lock().unwrap_or_else(PoisonError::into_inner).raw.clone()
    }

    /// Types bytes as the keyboard sends them.
    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the program reads");
        self.keyboard.flush().expect("the program reads");
    }

    /// Changes the size of the terminal and tells the program.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let mut seen = self.output.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.emulator.screen_mut().set_size(nonzero(rows), nonzero(columns));
        self.master.resize(size(columns, rows)).expect("the terminal has another size");
    }

    fn pid(&self) -> Pid {
        let id = self.child.process_id().expect("the program runs");
        Pid::from_raw(i32::try_from(id).expect("a process id")).expect("a process id")
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the program runs");
    }

    /// Waits until the program has stopped itself.
    pub(crate) fn wait_until_stopped(&self) {
        let (_, status) = waitpid(Some(self.pid()), WaitOptions::UNTRACED).expect("a child").expect("it stops");
        assert!(status.stopped(), "{status:?}");
    }

    /// Waits for the end of the program and of its output.
    pub(crate) fn wait_for_exit(&mut self) -> ExitStatus {
        let end = Instant::now() + TIMEOUT;
        let mut seen = self.output.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while !seen.ended {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the program does not end; its screen:\n{}", seen.emulator.screen().contents());
            seen = self.output.more.wait_timeout(seen, left).expect("no reader panics").0;
        }
        drop(seen);
        self.child.wait().expect("the program was started here")
    }

    /// Panics unless the terminal is as it was found: the screen from before, a cursor, no attributes, no reports.
    pub(crate) fn assert_restored(&self) {
        let seen = self.output.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let screen = seen.emulator.screen();
        let tail = String::from_utf8_lossy(&seen.raw[seen.raw.len().saturating_sub(300)..]).into_owned();
        assert!(!screen.alternate_screen(), "the alternate screen is left: {tail:?}");
        assert!(!screen.hide_cursor(), "the cursor is back: {tail:?}");
        assert!(!screen.bracketed_paste(), "pastes are plain again: {tail:?}");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "{tail:?}");
        assert_eq!(screen.fgcolor(), vt100::Color::Default, "{tail:?}");
        assert!(!screen.bold() && !screen.inverse() && !screen.underline(), "{tail:?}");
        for (on, off) in [
            ("\x1b[?1049h", "\x1b[?1049l"),
            ("\x1b[?7l", "\x1b[?7h"),
            ("\x1b[?2004h", "\x1b[?2004l"),
            ("\x1b[?1004h", "\x1b[?1004l"),
            ("\x1b[=5;1u", "\x1b[=0;1u"),
            ("\x1b[?25l", "\x1b[?25h"),
            ("\x1b[22;2t", "\x1b[23;2t"),
        ] {
            let raw = String::from_utf8_lossy(&seen.raw);
            let (on, off) = (raw.rfind(on), raw.rfind(off));
            assert!(off >= on, "{on:?} {off:?} in {tail:?}");
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Debug for Pty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pty").field("contents", &self.contents()).finish_non_exhaustive()
    }
}
