//! What the terminal can do, from its environment and without asking it anything.

use std::ffi::OsString;
use std::io::IsTerminal;

use thiserror::Error;

/// How many colours to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// None: `NO_COLOR` is set, or the terminal has none. Bold, reverse and the like stay.
    None,
    /// The sixteen of the person's palette.
    Ansi16,
    /// 256.
    Ansi256,
    /// 24 bits.
    True,
}

/// What is behind the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Something dark.
    Dark,
    /// Something light.
    Light,
}

impl Ground {
    /// What a colour is.
    #[must_use]
    pub fn of(r: u8, g: u8, b: u8) -> Self {
        // The weights of the channels in what an eye sees, in thousandths.
        let light = 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b);
        if light > 127_500 { Self::Light } else { Self::Dark }
    }
}

/// Which characters to draw frames, bullets and signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbols {
    /// Any.
    Unicode,
    /// ASCII: the locale is not UTF-8.
    Ascii,
}

/// What the terminal can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// How many colours it shows.
    pub colors: Colors,
    /// Which characters it shows.
    pub symbols: Symbols,
    /// It obeys, or at least ignores, a request for unambiguous keys.
    pub keys: bool,
    /// It obeys, or at least swallows, operating system commands: links, the clipboard, notifications, questions of colour.
    pub commands: bool,
    /// It is a tmux: what it needs differs in places.
    pub tmux: bool,
}

/// Why there can be no screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoScreen {
    /// Input or output is a file or a pipe.
    #[error("standard input and output are not both a terminal; `chat-tui tail` prints a room line by line")]
    NotATerminal,
    /// `TERM` is `dumb` or missing.
    #[error(
        "this terminal cannot place text (TERM is `dumb` or not set); `chat-tui connect --linear` prints line by line"
    )]
    Dumb,
}

impl Caps {
    /// A terminal that prints and does nothing else.
    pub const DUMB: Self =
        Self { colors: Colors::None, symbols: Symbols::Unicode, keys: false, commands: false, tmux: false };

    /// Looks at the environment and the standard streams of this process.
    ///
    /// # Errors
    /// Why a screen cannot be drawn there.
    pub fn detect() -> Result<Self, NoScreen> {
        if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
            return Err(NoScreen::NotATerminal);
        }
        Self::from_environment(|name| std::env::var_os(name))
    }

    /// The same for a terminal with this environment.
    ///
    /// # Errors
    /// As [`Caps::detect`], but never that it is none.
    pub fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, NoScreen> {
        let variable = |name: &str| {
            let value = variable(name).unwrap_or_default();
            value.to_str().unwrap_or_default().to_owned()
        };
        let term = variable("TERM");
        if term.is_empty() || term == "dumb" {
            return Err(NoScreen::Dumb);
        }
        // The first of these that is set decides, as for every program of the system.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(variable).into_iter().find(|v| !v.is_empty());
        let locale = locale.unwrap_or_default().to_ascii_lowercase().replace('-', "");
        // Without any locale, as in a bare container, terminals speak UTF-8 nowadays all the same.
        let utf8 = locale.is_empty() || locale.contains("utf8");
        let symbols = if utf8 && term != "linux" { Symbols::Unicode } else { Symbols::Ascii };
        let color_term = variable("COLORTERM");
        let colors = if !variable("NO_COLOR").is_empty() || term.ends_with("-m") || term.starts_with("vt") {
            Colors::None
        } else if color_term == "truecolor" || color_term == "24bit" || term.ends_with("-direct") {
            Colors::True
        } else if term.contains("256color") || TRUE_BY_NAME.iter().any(|name| term.contains(name)) {
            Colors::Ansi256
        } else {
            Colors::Ansi16
        };
        let keys = term != "linux" && !term.starts_with("vt");
        // These take some apart as text.
        let commands = keys && !term.starts_with("cons") && !term.starts_with("ansi");
        Ok(Self { colors, symbols, keys, commands, tmux: !variable("TMUX").is_empty() })
    }
}

/// Terminals that have at least 256 colours and a name that does not say so.
const TRUE_BY_NAME: [&str; 4] = ["kitty", "ghostty", "alacritty", "foot"];

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(environment: &[(&str, &str)]) -> Result<Caps, NoScreen> {
        Caps::from_environment(|name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn colours_follow_term_and_colorterm_and_no_color_wins() {
        for (environment, colors) in [
            (vec![("TERM", "xterm")], Colors::Ansi16),
            (vec![("TERM", "xterm-256color")], Colors::Ansi256),
            (vec![("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Colors::True),
            (vec![("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")], Colors::None),
            (vec![("TERM", "xterm"), ("NO_COLOR", "")], Colors::Ansi16),
            (vec![("TERM", "vt220")], Colors::None),
            (vec![("TERM", "xterm-kitty")], Colors::Ansi256),
        ] {
            assert_eq!(caps(&environment).unwrap().colors, colors, "{environment:?}");
        }
    }

    #[test]
    fn a_locale_that_is_not_utf8_gets_ascii_symbols() {
        let symbols = |name, value| caps(&[("TERM", "xterm"), (name, value)]).unwrap().symbols;
        assert_eq!(symbols("LANG", "en_US.UTF-8"), Symbols::Unicode);
        assert_eq!(symbols("LC_ALL", "C.utf8"), Symbols::Unicode);
        assert_eq!(symbols("LANG", "C"), Symbols::Ascii);
        assert_eq!(symbols("LANG", "de_DE.ISO-8859-1"), Symbols::Ascii);
        assert_eq!(
            caps(&[("TERM", "xterm"), ("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]).unwrap().symbols,
            Symbols::Ascii
        );
    }

    #[test]
    fn a_dumb_terminal_can_have_lines() {
        for environment in [vec![], vec![("TERM", "dumb")]] {
            assert!(caps(&environment).unwrap_err().to_string().contains("--linear"));
        }
    }
}
