//! The terminal as it was found: taken over on the way in, given back on every way out.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::panic;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use ratatui::layout::Size;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::caps::Caps;
use super::signals::Signals;

/// Standard output without a buffer: what is written in one call goes out in one call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tty;

impl Tty {
    /// The size of the terminal now, at least one cell.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn size(self) -> io::Result<Size> {
        let (width, height) = crossterm::terminal::size()?;
        Ok(Size::new(width.max(1), height.max(1)))
    }
}

impl Write for Tty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let stdout = io::stdout();
        loop {
            match rustix::io::write(stdout.as_fd(), bytes) {
                // Whoever shares the terminal may have made it non-blocking.
                Err(Errno::AGAIN) => match poll(&mut [PollFd::new(&stdout, PollFlags::OUT)], None) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                },
                Err(Errno::INTR) => {}
                other => return Ok(other?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The terminal in raw mode on its alternate screen; given back when dropped, on a panic, and by [`restore`].
#[derive(Debug)]
pub struct Guard {
    caps: Caps,
    mouse: bool,
    /// What of it is taken over if that is not the screen.
    plain: Option<Plain>,
}

/// The keys alone.
#[derive(Clone, Copy, Debug)]
struct Plain {
    pastes: bool,
}

impl Guard {
    /// Takes the terminal over. `mouse` asks for clicks and the wheel, and takes selecting text away from the terminal.
    ///
    /// # Errors
    /// There is no terminal, or it is gone.
    pub fn enter(caps: Caps, mouse: bool) -> io::Result<Self> {
        HOOK.call_once(give_back_on_panic);
        let guard = Self { caps, mouse, plain: None };
        guard.resume()?;
        Ok(guard)
    }

    /// Takes only the terminal's keys over: what is on it stays, and what is written goes on below. `pastes` asks for pasted
    /// text in one piece, by the only sequence that is written.
    ///
    /// # Errors
    /// There is no terminal, or it is gone.
    pub fn enter_plain(pastes: bool) -> io::Result<Self> {
        HOOK.call_once(give_back_on_panic);
        let guard = Self { caps: Caps::DUMB, mouse: false, plain: Some(Plain { pastes }) };
        guard.resume()?;
        Ok(guard)
    }

    /// Gives the terminal back for a while, such as to an editor; then [`Guard::resume`].
    pub fn leave(&self) {
        restore();
    }

    /// Takes the terminal over again. The screen shows something else now: draw it whole.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn resume(&self) -> io::Result<()> {
        make_raw(STATE.load(Ordering::SeqCst) & ACTIVE == 0)?;
        if let Some(Plain { pastes }) = self.plain {
            STATE.store(ACTIVE | PLAIN | if pastes { PASTES } else { 0 }, Ordering::SeqCst);
            return if pastes { Tty.write_all(PASTE_ON) } else { Ok(()) };
        }
        let mut bytes = Vec::with_capacity(64);
        if STATE.load(Ordering::SeqCst) & ACTIVE == 0 {
            bytes.extend_from_slice(TITLE_PUSH);
        }
        bytes.extend_from_slice(ENTER);
        let mut state = ACTIVE;
        if self.caps.keys {
            bytes.extend_from_slice(KEYS_ON);
            state |= KEYS;
        }
        if self.caps.tmux {
            bytes.extend_from_slice(MODIFY_KEYS);
            state |= TMUX;
        }
        if self.caps.commands {
            bytes.extend_from_slice(ASK_GROUND);
            state |= COMMANDS;
        }
        bytes.extend_from_slice(if self.mouse { MOUSE_ON } else { b"" });
        STATE.store(state, Ordering::SeqCst);
        Tty.write_all(&bytes)
    }

    /// Gives the terminal back and stops the process, as Ctrl-Z does elsewhere; once continued, takes it over again.
    /// Draw nothing while this waits, and the whole screen after it.
    ///
    /// # Errors
    /// The terminal is gone.
    pub async fn suspend(&self, signals: &Signals) -> io::Result<()> {
        // The stop comes when the system gets to it, so only the signal to go on says that it has been.
        let mut continued = signals.continued();
        restore();
        kill_current_process_group(Signal::STOP)?;
        continued.changed().await.map_err(io::Error::other)?;
        self.resume()
    }

    /// Asks for the mouse, or leaves it to the terminal.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        Tty.write_all(if on { MOUSE_ON } else { MOUSE_OFF })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back as it was found, if it is taken over; callable from anywhere, any number of times.
pub fn restore() {
    let state = STATE.swap(0, Ordering::SeqCst);
    if state & ACTIVE == 0 {
        return;
    }
    let mut bytes = Vec::with_capacity(128);
    if state & PLAIN != 0 {
        bytes.extend_from_slice(if state & PASTES != 0 { PASTE_OFF } else { b"" });
        bytes.extend_from_slice(b"\r\n");
        return give_back(&bytes);
    }
    bytes.extend_from_slice(LEAVE_MODES);
    bytes.extend_from_slice(if state & COMMANDS != 0 { COMMANDS_OFF } else { b"" });
    bytes.extend_from_slice(if state & KEYS != 0 { KEYS_OFF } else { b"" });
    bytes.extend_from_slice(if state & TMUX != 0 { MODIFY_KEYS_OFF } else { b"" });
    bytes.extend_from_slice(LEAVE_SCREEN);
    give_back(&bytes);
}

fn give_back(bytes: &[u8]) {
    // The terminal may be gone, and nobody is left to tell.
    Tty.write_all(bytes).ok();
    let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(found) = found {
        tcsetattr(io::stdin(), OptionalActions::Now, &found).ok();
    }
}

/// Raw mode in one step, whatever mode the terminal is in: a moment in another would garble what is typed just then.
fn make_raw(first: bool) -> io::Result<()> {
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let mut raw = match found.as_ref().filter(|_| !first) {
        Some(known) => known.clone(),
        None => found.insert(tcgetattr(io::stdin())?).clone(),
    };
    raw.make_raw();
    Ok(tcsetattr(io::stdin(), OptionalActions::Now, &raw)?)
}

/// A panic is told on the screen people had before; a screen without its program would be a dead one, so the process ends.
fn give_back_on_panic() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let active = STATE.load(Ordering::SeqCst) & ACTIVE != 0;
        restore();
        tell(panic);
        if active {
            #[expect(clippy::exit, reason = "a panicked task behind a screen cannot be mended")]
            std::process::exit(PANIC_STATUS);
        }
    }));
}

static HOOK: Once = Once::new();

/// The mode the terminal was in when it was taken over.
static FOUND: Mutex<Option<Termios>> = Mutex::new(None);

/// What of the terminal has to be given back; bits, so that a panic hook can read them.
static STATE: AtomicU8 = AtomicU8::new(0);
const ACTIVE: u8 = 1;
const KEYS: u8 = 2;
const TMUX: u8 = 4;
const COMMANDS: u8 = 8;
const PLAIN: u8 = 16;
const PASTES: u8 = 32;

/// The exit status of a Rust program that panicked.
const PANIC_STATUS: i32 = 101;

/// Keeps the window's title (XTWINOPS 22), given back by 23.
const TITLE_PUSH: &[u8] = b"\x1b[22;2t";
/// Alternate screen; no wrapping at the right edge, so that nothing a terminal draws too wide can scroll; bracketed paste;
/// focus reports.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[?1004h";
/// The kitty keyboard protocol: unambiguous keys, with the shifted character beside. Other terminals ignore it. It is set
/// rather than pushed, because entering twice must not leave a level behind; the alternate screen has a stack of its own.
const KEYS_ON: &[u8] = b"\x1b[=5;1u";
const KEYS_OFF: &[u8] = b"\x1b[=0;1u";
/// xterm's modifyOtherKeys, which tmux speaks.
const MODIFY_KEYS: &[u8] = b"\x1b[>4;2m";
const MODIFY_KEYS_OFF: &[u8] = b"\x1b[>4m";
/// What is the ground's colour (OSC 11), and tell when the scheme changes (mode 2031)? The answers come among the keys.
const ASK_GROUND: &[u8] = b"\x1b[?2031h\x1b]11;?\x1b\\";
/// The end of a link that was cut off with its frame, and no more news of the scheme.
const COMMANDS_OFF: &[u8] = b"\x1b]8;;\x1b\\\x1b[?2031l";
const PASTE_ON: &[u8] = b"\x1b[?2004h";
const PASTE_OFF: &[u8] = b"\x1b[?2004l";
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";
/// The end of a frame that was cut off, then mouse, focus, and paste reports off.
const LEAVE_MODES: &[u8] = b"\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[?1004l\x1b[?2004l";
/// Wrapping on, the screen from before, its attributes, its cursor, its title.
const LEAVE_SCREEN: &[u8] = b"\x1b[?7h\x1b[m\x1b[?1049l\x1b[23;2t\x1b[m\x1b[?25h";
