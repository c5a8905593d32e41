//! What the person set, brought to the model and to the screen, at the start and whenever it changes.

use tokio::time::Instant;

use super::{App, RunError};
use crate::client::Settings;
use crate::config::{Loaded, Problem, Sources};
use crate::tui::core::{Change, Msg};
use crate::tui::live::Outcome;

/// What the screen begins with.
#[derive(Debug)]
pub struct Start {
    /// Of the session.
    pub settings: Settings,
    /// Rooms to be in, without `#`; the first is opened.
    pub rooms: Vec<String>,
    /// Further servers, as people write them.
    pub servers: Vec<String>,
    /// Where the person's own settings come from.
    pub sources: Sources,
    /// What was read there.
    pub loaded: Loaded,
}

/// The least time between two looks at the file.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(2);

impl App {
    /// Goes by what the configuration says now. What is wrong with it is told.
    pub(super) fn apply(&mut self) -> Result<(), RunError> {
        let (prefs, looks, mut problems) = self.live.in_force();
        let theme = format!("the theme {}", looks.theme);
        problems.extend(self.front.look(looks)?.into_iter().map(|what| Problem::new(&theme, what)));
        self.tell(Msg::Prefs(Box::new(prefs)));
        if let Some(told) = told(&problems) {
            self.tell(Msg::Notice(told, true));
        }
        Ok(())
    }

    /// Reads the file again if it changed, unless it was looked at just now.
    pub(super) fn look_for_changes(&mut self) -> Result<(), RunError> {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY) {
            return Ok(());
        }
        self.looked = Some(Instant::now());
        if !self.live.is_stale() {
            return Ok(());
        }
        self.configure(&Change::Reload)
    }

    /// Does what a command about the configuration says.
    pub(super) fn configure(&mut self, change: &Change) -> Result<(), RunError> {
        match self.live.run(change) {
            Ok(Outcome::Changed(what)) => {
                self.tell(Msg::Notice(what, false));
                self.apply()?;
            }
            Ok(Outcome::Shown(title, lines)) => self.tell(Msg::Show(title, lines)),
            Err(why) => self.tell(Msg::Notice(why, true)),
        }
        Ok(())
    }
}

/// What is wrong, in a line.
fn told(problems: &[Problem]) -> Option<String> {
    match problems {
        [] => None,
        [one] => Some(one.to_string()),
        [first, rest @ ..] => Some(format!("{first} ({} more: chat-tui config check)", rest.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_one_line_however_much_it_is() {
        let problem = |n: u8| Problem::new(format!("c.toml:{n}:1"), "no");
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[problem(1)]).unwrap(), "c.toml:1:1: no");
        assert_eq!(told(&[problem(1), problem(2)]).unwrap(), "c.toml:1:1: no (1 more: chat-tui config check)");
    }
}
