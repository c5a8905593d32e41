//! The terminal is given back on every way out of a program that took it over.
#![cfg(feature = "tui")]
#![allow(clippy::unwrap_used)]

use chat_tui::clean;
use chat_tui::tui::term::caps::Caps;
use chat_tui::tui::term::guard::{Guard, Tty};
use chat_tui::tui::term::input::{EVENTS_MAX, Reader, TermEvent};
use chat_tui::tui::term::screen::Screen;
use chat_tui::tui::term::signals::Signals;
use ratatui::layout::Size;
use ratatui::style::Style;
use rustix::process::Signal;
use tokio::sync::mpsc;

mod pty;

use pty::{Pty, assert_only_allowed_sequences};

/// Set for the program under test, which is this test binary again.
const CHILD: &str = "TERMINAL_GUARD_CHILD";

/// The program under test: shows the last event, and how often it was drawn anew.
#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let caps = Caps::detect().unwrap();
        let guard = Guard::enter(caps, true).unwrap();
        let (sender, mut events) = mpsc::channel(EVENTS_MAX);
        let signals = Signals::start(sender.clone()).unwrap();
        let _reader = Reader::start(sender).unwrap();
        let mut screen = Screen::new(Tty, Tty.size().unwrap(), caps.colors).unwrap();
        screen.set_title(&clean::line("under test")).unwrap();
        let mut shown = "ready".to_owned();
        loop {
            let style = Style::new().bold().red().reversed();
            screen.draw(|frame| frame.buffer_mut().set_string(2, 1, &shown, style)).unwrap();
            let event = events.recv().await.unwrap();
            shown = format!("{event:?}");
            match event {
                TermEvent::Key(key) if key.to_string() == "q" => break,
                TermEvent::Key(key) if key.to_string() == "p" => panic!("on purpose"),
                TermEvent::Key(key) if key.to_string() == "t" => {
                    std::thread::spawn(|| panic!("in a thread")).join().unwrap_err();
                }
                TermEvent::Key(key) if key.to_string() == "ctrl-z" => {
                    guard.suspend(&signals).await.unwrap();
                    screen.invalidate();
                }
                TermEvent::Suspend => {
                    guard.suspend(&signals).await.unwrap();
                    screen.invalidate();
                }
                TermEvent::Resumed => {
                    guard.resume().unwrap();
                    screen.invalidate();
                }
                TermEvent::Resize { width, height } => screen.resize(Size::new(width, height)).unwrap(),
                TermEvent::Terminate | TermEvent::Interrupt | TermEvent::Closed => break,
                TermEvent::Key(_)
                | TermEvent::Paste(_)
                | TermEvent::Focus(_)
                | TermEvent::Ground(_)
                | TermEvent::Reload
                | TermEvent::Mouse(_) => {}
            }
        }
    });
}

fn start() -> Pty {
    let mut command = pty::program(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture", "--test-threads=1"]);
    command.env(CHILD, "1");
    let pty = Pty::spawn(command, 100, 10);
    pty.wait_for_text("ready");
    pty
}

/// What the program wrote while it had the screen: the test runner's own lines are around it.
fn on_screen(raw: &[u8]) -> &[u8] {
    let find = |wanted: &[u8]| raw.windows(wanted.len()).position(|window| window == wanted).unwrap();
    &raw[find(b"\x1b[22;2t")..find(b"\x1b[23;2t")]
}

#[test]
fn a_quit_gives_the_terminal_back() {
    let mut pty = start();
    pty.type_keys("q");
    assert!(pty.wait_for_exit().success());
    pty.assert_restored();
    assert_only_allowed_sequences(on_screen(&pty.raw()));
}

#[test]
fn a_signal_to_end_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut pty = start();
        pty.signal(signal);
        assert!(pty.wait_for_exit().success(), "{signal:?}");
        pty.assert_restored();
    }
}

#[test]
fn a_panic_gives_the_terminal_back_and_then_says_what_happened() {
    for (key, words) in [("p", "on purpose"), ("t", "in a thread")] {
        let mut pty = start();
        pty.type_keys(key);
        assert_eq!(pty.wait_for_exit().exit_code(), 101);
        pty.assert_restored();
        assert!(pty.contents().contains(words), "{}", pty.contents());
    }
}

#[test]
fn stopping_gives_the_terminal_back_and_continuing_takes_it_again() {
    for by_key in [true, false] {
        let mut pty = start();
        if by_key {
            pty.type_keys("\x1a");
        } else {
            pty.signal(Signal::TSTP);
        }
        pty.wait_until_stopped();
        pty.wait_for("the screen from before", |screen| !screen.alternate_screen());
        pty.assert_restored();
        let before = pty.raw().len();
        pty.signal(Signal::CONT);
        pty.wait_for_text("Resumed");
        pty.wait_for_raw("modes taken again", before, |raw| raw.windows(8).any(|window| window == b"\x1b[?2004h"));
        pty.type_keys("x");
        pty.wait_for_text("Char('x')");
        pty.type_keys("q");
        assert!(pty.wait_for_exit().success());
        pty.assert_restored();
    }
}

#[test]
fn a_stop_from_outside_that_could_not_be_seen_coming_ends_with_a_whole_screen() {
    let mut pty = start();
    pty.signal(Signal::STOP);
    pty.wait_until_stopped();
    let before = pty.raw().len();
    pty.signal(Signal::CONT);
    pty.wait_for_raw("a whole frame", before, |raw| raw.windows(4).any(|window| window == b"\x1b[2J"));
    pty.wait_for_text("Resumed");
    pty.type_keys("q");
    pty.wait_for_exit();
    pty.assert_restored();
}

#[test]
fn keys_pastes_and_sizes_arrive() {
    let mut pty = start();
    for (sent, shown) in [
        ("\x1b[200~two\rlines\x1b[201~", "Paste(\"two\\nlines\")"),
        ("\x1b", "Esc"),
        ("\x1b[13;2u", "Enter"),
        ("\x1b[O", "Focus(false)"),
        ("\x1b[<64;3;4M", "WheelUp { x: 2, y: 3 }"),
    ] {
        pty.type_keys(sent);
        pty.wait_for_text(shown);
    }
    pty.resize(80, 20);
    pty.wait_for_text("Resize { width: 80, height: 20 }");
    pty.type_keys("q");
    pty.wait_for_exit();
    pty.assert_restored();
}
