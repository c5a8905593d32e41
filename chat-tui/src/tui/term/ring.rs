//! Telling a person of something through his terminal, wherever that is: the bell, or a notification of the desktop it runs on.

use crate::clean::Clean;
use crate::tui::term::base64::base64;
use crate::tui::term::tmux::passed;
use crate::tui::view::width::fit;

/// How a terminal is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// Not at all.
    Off,
    /// The bell.
    Bell,
    /// OSC 9: iTerm2, Ghostty, `WezTerm`, Windows Terminal.
    Osc9,
    /// OSC 99: kitty, foot.
    Osc99,
    /// OSC 777: urxvt and others.
    Osc777,
}

/// Columns of a notification's first line.
const TITLE_COLUMNS_MAX: u16 = 80;

/// Columns of its text.
const TEXT_COLUMNS_MAX: u16 = 200;

impl Ring {
    /// What the terminal with this environment understands; the bell, unless it is known for more.
    ///
    /// Within tmux the bell too, since what is outside of it may change.
    #[must_use]
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Self {
        let (term, program) = (variable("TERM").unwrap_or_default(), variable("TERM_PROGRAM").unwrap_or_default());
        if variable("TMUX").is_some_and(|tmux| !tmux.is_empty()) {
            return Self::Bell;
        }
        match (program.as_str(), term.as_str()) {
            ("iTerm.app" | "WezTerm" | "ghostty", _) | (_, "xterm-ghostty") => Self::Osc9,
            (_, "xterm-kitty" | "foot" | "foot-extra") => Self::Osc99,
            (_, term) if term.starts_with("rxvt-unicode") => Self::Osc777,
            _ => Self::Bell,
        }
    }

    /// What tells it. Neither line ends the sequence or means something in it.
    #[must_use]
    pub fn sequence(self, title: &Clean<'_>, text: &Clean<'_>, tmux: bool) -> Vec<u8> {
        let (title, text) = (shown(title, TITLE_COLUMNS_MAX), shown(text, TEXT_COLUMNS_MAX));
        let sequence = match self {
            Self::Off => return Vec::new(),
            // tmux knows the bell itself, and which window it rang in.
            Self::Bell => return vec![0x07],
            // A number and a semicolon in front would be another command, such as one for progress.
            Self::Osc9 => format!("\x1b]9;{}: {}\x1b\\", title.replace(';', ","), text),
            Self::Osc99 => {
                let (title, text) = (base64(title.as_bytes()), base64(text.as_bytes()));
                format!("\x1b]99;i=chat:d=0:e=1;{title}\x1b\\\x1b]99;i=chat:p=body:e=1;{text}\x1b\\")
            }
            Self::Osc777 => format!("\x1b]777;notify;{};{}\x1b\\", title.replace(';', ","), text),
        };
        passed(sequence.into_bytes(), tmux)
    }
}

fn shown(text: &Clean<'_>, columns: u16) -> String {
    fit(text, columns).0.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clean;

    fn detect(environment: &[(&str, &str)]) -> Ring {
        Ring::detect(|name| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_terminal_is_told_in_its_own_way_and_an_unknown_one_by_the_bell() {
        for (environment, ring) in [
            (vec![("TERM", "xterm-256color")], Ring::Bell),
            (vec![("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")], Ring::Osc9),
            (vec![("TERM", "xterm-ghostty")], Ring::Osc9),
            (vec![("TERM", "xterm-kitty")], Ring::Osc99),
            (vec![("TERM", "rxvt-unicode-256color")], Ring::Osc777),
            (vec![("TERM", "tmux-256color"), ("TMUX", "/tmp/x"), ("TERM_PROGRAM", "iTerm.app")], Ring::Bell),
        ] {
            assert_eq!(detect(&environment), ring, "{environment:?}");
        }
    }

    #[test]
    fn whatever_is_said_it_stays_within_its_sequence() {
        let hostile = "4;1;50\x07\x1b\\\x1b]52;c;ZXZpbA==\x07 x\n\u{9c};y";
        for clean in [clean::line(hostile), clean::text(hostile)] {
            for ring in [Ring::Off, Ring::Bell, Ring::Osc9, Ring::Osc99, Ring::Osc777] {
                let told = String::from_utf8(ring.sequence(&clean, &clean, false)).unwrap();
                let controls: Vec<char> = told.chars().filter(|c| c.is_control()).collect();
                let expected = match ring {
                    Ring::Off => vec![],
                    Ring::Bell => vec!['\x07'],
                    Ring::Osc9 | Ring::Osc777 => vec!['\x1b'; 2],
                    Ring::Osc99 => vec!['\x1b'; 4],
                };
                assert_eq!(controls, expected, "{told:?}");
            }
        }
        let line = |text| clean::line(text);
        let told = |ring: Ring| String::from_utf8(ring.sequence(&line("4;bob in #dev"), &line("a;b"), false)).unwrap();
        assert_eq!(told(Ring::Osc9), "\x1b]9;4,bob in #dev: a;b\x1b\\");
        assert_eq!(told(Ring::Osc777), "\x1b]777;notify;4,bob in #dev;a;b\x1b\\");
        let long = "x".repeat(9_000);
        assert!(Ring::Osc99.sequence(&line(&long), &line(&long), true).len() < 600);
    }

    #[test]
    fn through_tmux_it_is_passed_on_and_the_bell_is_tmux_s_own() {
        let told = Ring::Osc9.sequence(&clean::line("bob"), &clean::line("hi"), true);
        assert_eq!(told, b"\x1bPtmux;\x1b\x1b]9;bob: hi\x1b\x1b\\\x1b\\");
        assert_eq!(Ring::Bell.sequence(&clean::line("bob"), &clean::line("hi"), true), b"\x07");
    }
}
