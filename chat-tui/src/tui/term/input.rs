//! What comes from the terminal and from the system about it, as one bounded stream of events.
//!
//! A thread of its own reads standard input, so that a key is an event at once and an end of input is the last one: a
//! terminal that is gone reads as an end or an error, for ever, and must not be read again.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::caps::Ground;
use super::decode::Decoder;
use super::key::Key;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermEvent {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted, as it was: clean it before it is shown.
    Paste(String),
    /// The terminal has another size.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// The terminal's window got (true) or lost the keyboard.
    Focus(bool),
    /// The terminal said, or says anew, what is behind its text.
    Ground(Ground),
    /// The mouse was used.
    Mouse(Mouse),
    /// The settings are to be read again (SIGUSR1).
    Reload,
    /// The system asks to stop until continued (SIGTSTP): call [`super::guard::Guard::suspend`].
    Suspend,
    /// The program was stopped and goes on (SIGCONT): call [`super::guard::Guard::resume`] and draw anew.
    Resumed,
    /// The system asks to quit (SIGTERM).
    Terminate,
    /// Somebody interrupts (SIGINT), whoever has the terminal.
    Interrupt,
    /// The terminal is gone (SIGHUP, or the input ended): nothing more will come, nothing more will be seen.
    Closed,
}

/// What the mouse did, in cells from the top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// The left button was pressed.
    Click {
        /// Column.
        x: u16,
        /// Row.
        y: u16,
    },
    /// The wheel was turned away from the person.
    WheelUp {
        /// Column.
        x: u16,
        /// Row.
        y: u16,
    },
    /// The wheel was turned towards the person.
    WheelDown {
        /// Column.
        x: u16,
        /// Row.
        y: u16,
    },
}

/// Reads standard input until dropped. After that another program may read it.
#[derive(Debug)]
pub struct Reader {
    /// Closed to end the thread.
    wake: Option<OwnedFd>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Reader {
    /// Starts to read standard input, which should be in raw mode.
    ///
    /// # Errors
    /// There is no pipe or no thread to be had.
    pub fn start(events: mpsc::Sender<TermEvent>) -> io::Result<Self> {
        Self::read_from(OwnedInput::Standard(io::stdin()), events)
    }

    /// Starts to read a terminal other than standard input.
    ///
    /// # Errors
    /// There is no pipe or no thread to be had.
    pub fn start_on(input: OwnedFd, events: mpsc::Sender<TermEvent>) -> io::Result<Self> {
        Self::read_from(OwnedInput::Other(input), events)
    }

    fn read_from(input: OwnedInput, events: mpsc::Sender<TermEvent>) -> io::Result<Self> {
        let (woken, wake) = pipe_with(PipeFlags::CLOEXEC)?;
        let read = move || {
            let input = match &input {
                OwnedInput::Standard(stdin) => stdin.as_fd(),
                OwnedInput::Other(input) => input.as_fd(),
            };
            // Whoever listened may be gone already, and then nobody needs to know.
            if read(input, woken.as_fd(), &events) == End::Input {
                deliver(TermEvent::Closed, woken.as_fd(), &events).ok();
            }
        };
        let thread = thread::Builder::new().name("terminal".into()).spawn(read)?;
        Ok(Self { wake: Some(wake), thread: Some(thread) })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.wake.take();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

enum OwnedInput {
    Standard(io::Stdin),
    Other(OwnedFd),
}

/// Why reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The input did.
    Input,
    /// Nobody listens, or it was asked to.
    Listener,
}

fn read(input: BorrowedFd<'_>, woken: BorrowedFd<'_>, events: &mpsc::Sender<TermEvent>) -> End {
    let mut decoder = Decoder::default();
    let mut bytes = [0; READ_BYTES];
    let mut complete = Vec::new();
    loop {
        let wait = decoder.is_waiting().then_some(if decoder.is_in_answer() { ANSWER_WAIT } else { ESCAPE_WAIT });
        let readable = match wait_for(Some(input), woken, wait) {
            Ok(Ready::Woken) => return End::Listener,
            Ok(Ready::Input) => true,
            Ok(Ready::Nothing) => false,
            // A signal: what to wait for is decided anew.
            Err(Errno::INTR) => continue,
            Err(_) => return End::Input,
        };
        if readable {
            match rustix::io::read(input, &mut bytes) {
                Ok(0) => return End::Input,
                Ok(count) => decoder.push(&bytes[..count], &mut complete),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => return End::Input,
            }
        } else {
            decoder.give_up(&mut complete);
        }
        for event in complete.drain(..) {
            if let Err(end) = deliver(event, woken, events) {
                return end;
            }
        }
    }
}

enum Ready {
    Woken,
    Input,
    Nothing,
}

fn wait_for(input: Option<BorrowedFd<'_>>, woken: BorrowedFd<'_>, wait: Option<Duration>) -> Result<Ready, Errno> {
    let mut fds = vec![PollFd::from_borrowed_fd(woken, PollFlags::IN)];
    fds.extend(input.map(|input| PollFd::from_borrowed_fd(input, PollFlags::IN)));
    let wait = wait.and_then(|wait| Timespec::try_from(wait).ok());
    poll(&mut fds, wait.as_ref())?;
    let ready = |at: usize| fds.get(at).is_some_and(|fd| !fd.revents().is_empty());
    Ok(if ready(0) {
        Ready::Woken
    } else if ready(1) {
        Ready::Input
    } else {
        Ready::Nothing
    })
}

/// Queues an event, waiting for room as long as somebody listens.
fn deliver(event: TermEvent, woken: BorrowedFd<'_>, events: &mpsc::Sender<TermEvent>) -> Result<(), End> {
    let mut event = event;
    loop {
        match events.try_send(event) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(End::Listener),
            Err(TrySendError::Full(back)) => event = back,
        }
        if matches!(wait_for(None, woken, Some(FULL_WAIT)), Ok(Ready::Woken)) {
            return Err(End::Listener);
        }
    }
}

/// Events waiting to be handled; then the terminal is read no further until there is room.
pub const EVENTS_MAX: usize = 1024;

/// How long an escape waits to be the beginning of something, as over a slow line.
const ESCAPE_WAIT: Duration = Duration::from_millis(25);
/// How long an answer of the terminal may pause; what is left of one given up on would be text typed.
const ANSWER_WAIT: Duration = Duration::from_secs(1);
/// How soon a full queue is tried again.
const FULL_WAIT: Duration = Duration::from_millis(5);
const READ_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::super::key::KeyCode;
    use super::*;

    fn key(name: &str) -> TermEvent {
        TermEvent::Key(name.parse().unwrap())
    }

    #[tokio::test]
    async fn keys_arrive_in_order_and_the_end_of_input_is_the_last_event() {
        let (input, keyboard) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let (sender, mut events) = mpsc::channel(EVENTS_MAX);
        let _reader = Reader::start_on(input, sender).unwrap();
        rustix::io::write(&keyboard, b"a\x1b[A").unwrap();
        assert_eq!(events.recv().await, Some(key("a")));
        assert_eq!(events.recv().await, Some(key("up")));
        rustix::io::write(&keyboard, b"\x1b").unwrap();
        assert_eq!(events.recv().await, Some(TermEvent::Key(Key::plain(KeyCode::Esc))));
        drop(keyboard);
        assert_eq!(events.recv().await, Some(TermEvent::Closed));
        assert_eq!(events.recv().await, None, "the thread has ended");
    }

    #[tokio::test]
    async fn a_terminal_that_is_gone_is_told_once_and_not_read_again() {
        let size = portable_pty::PtySize::default();
        let pair = portable_pty::native_pty_system().openpty(size).unwrap();
        let terminal = std::fs::File::open(pair.master.tty_name().unwrap()).unwrap();
        let (sender, mut events) = mpsc::channel(EVENTS_MAX);
        let _reader = Reader::start_on(terminal.into(), sender).unwrap();
        drop(pair);
        assert_eq!(events.recv().await, Some(TermEvent::Closed));
        assert_eq!(events.recv().await, None, "the thread has ended");
    }

    #[tokio::test]
    async fn a_full_queue_loses_nothing_and_does_not_keep_the_reader_from_ending() {
        let (input, keyboard) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let (sender, mut events) = mpsc::channel(2);
        let reader = Reader::start_on(input, sender).unwrap();
        rustix::io::write(&keyboard, b"abcdef").unwrap();
        for name in ["a", "b", "c"] {
            assert_eq!(events.recv().await, Some(key(name)));
        }
        drop(reader);
    }
}
