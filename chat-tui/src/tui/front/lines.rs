//! Lines one after the other, with the line being written below them: for screen readers, and for terminals that cannot place
//! text.
//!
//! Never: an escape sequence but bracketed paste, or a frame; what was printed stays as it is.

use std::io::{self, Write};

use ratatui::layout::Size;

use super::Front;
use super::prompt::PromptLine;
use crate::clean;
use crate::tui::core::heard::Heard;
use crate::tui::core::picker::Picker;
use crate::tui::core::pointer::Spot;
use crate::tui::core::{Call, Effect, Model, Msg};
use crate::tui::look::Looks;
use crate::tui::term::caps::Ground;
use crate::tui::term::guard::{Guard, Tty};
use crate::tui::term::notifier::Notifier;
use crate::tui::term::ring::Ring;

/// Rows the model reckons with: so few that it always follows the newest message.
const ROWS: u16 = 3;

/// Lines one after the other.
#[derive(Debug)]
pub(in crate::tui) struct Lines {
    heard: Heard,
    prompt: PromptLine,
    /// Something else was printed where the line was.
    elsewhere: bool,
    columns: u16,
    rings: bool,
    notifier: Notifier,
    guard: Guard,
}

impl Lines {
    /// Takes the terminal's keys over, and nothing else of it. `pastes` asks for pasted text in one piece.
    pub(in crate::tui) fn enter(looks: &Looks, pastes: bool) -> io::Result<Self> {
        let guard = Guard::enter_plain(pastes)?;
        let columns = Tty.size()?.width;
        Ok(Self {
            heard: Heard::default(),
            prompt: PromptLine::default(),
            elsewhere: false,
            columns,
            rings: looks.ring() != Ring::Off,
            notifier: Notifier::new(looks.notify_command.clone()),
            guard,
        })
    }
}

impl Front for Lines {
    fn guard(&self) -> &Guard {
        &self.guard
    }

    fn resize(&mut self, size: Size) -> io::Result<(u16, u16)> {
        self.columns = size.width;
        Ok((size.width, ROWS))
    }

    fn invalidate(&mut self) {
        self.elsewhere = true;
    }

    fn draw(&mut self, model: &Model) -> io::Result<()> {
        let mut bytes = Vec::new();
        if std::mem::take(&mut self.elsewhere) {
            bytes.extend_from_slice(b"\r\n");
            self.prompt = PromptLine::default();
        }
        let news = self.heard.news(model);
        if !news.is_empty() {
            self.prompt.clear(&mut bytes);
        }
        for line in news {
            bytes.extend_from_slice(clean::text(&line).as_str().replace('\n', "\r\n").as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        if let Some(Picker { title, typed, .. }) = &model.picker {
            self.prompt.show(&format!("{title}> "), typed, typed.len(), self.columns, &mut bytes);
        } else {
            let composer = model.composer();
            self.prompt.show(&model.prompt(), composer.text(), composer.cursor(), self.columns, &mut bytes);
        }
        if bytes.is_empty() { Ok(()) } else { Tty.write_all(&bytes) }
    }

    fn shown(&mut self, model: &Model) -> Option<Msg> {
        Heard::behind(model)
    }

    fn carry_out(&mut self, effect: &Effect) -> io::Result<()> {
        let Effect::Call(Call { title, text }) = effect else { return Ok(()) };
        if !self.rings || self.notifier.is_there() && self.notifier.tell(&clean::line(title), &clean::line(text)) {
            return Ok(());
        }
        Tty.write_all(b"\x07")
    }

    fn spot(&self, _: u16, _: u16) -> Option<Spot> {
        None
    }

    fn look(&mut self, looks: Looks) -> io::Result<Vec<String>> {
        self.rings = looks.ring() != Ring::Off;
        self.notifier = Notifier::new(looks.notify_command);
        Ok(Vec::new())
    }

    fn stand_on(&mut self, _: Ground) -> bool {
        false
    }
}
