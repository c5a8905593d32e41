//! The whole screen: panes, colours, links, the mouse.

use std::io::{self, Write};

use ratatui::layout::Size;

use super::Front;
use crate::clean;
use crate::tui::core::pointer::Spot;
use crate::tui::core::{Call, Effect, Model, Msg};
use crate::tui::look::Looks;
use crate::tui::term::caps::{Caps, Ground};
use crate::tui::term::copy::copy;
use crate::tui::term::guard::{Guard, Tty};
use crate::tui::term::links::Links;
use crate::tui::term::notifier::Notifier;
use crate::tui::term::ring::Ring;
use crate::tui::term::screen::Screen;
use crate::tui::term::title::title;
use crate::tui::view::{Drawn, Hits, ViewCache, draw};

/// The whole screen.
#[derive(Debug)]
pub(in crate::tui) struct Full {
    cache: ViewCache,
    /// What the terminal seems to be able to, and what the person made of it.
    found: Caps,
    caps: Caps,
    ground: Option<Ground>,
    looks: Looks,
    ring: Ring,
    notifier: Notifier,
    /// What the last frame showed where.
    hits: Hits,
    screen: Screen<Tty>,
    guard: Guard,
}

impl Full {
    /// Takes the terminal over.
    pub(in crate::tui) fn enter(found: Caps, looks: Looks) -> io::Result<Self> {
        let caps = looks.caps(found);
        let guard = Guard::enter(caps, looks.mouse)?;
        Ok(Self {
            cache: ViewCache::new(looks.theme(caps, None).0),
            found,
            caps,
            ground: None,
            ring: looks.ring(),
            notifier: Notifier::new(looks.notify_command.clone()),
            looks,
            hits: Hits::default(),
            screen: Screen::new(Tty, Tty.size()?, caps.colors)?,
            guard,
        })
    }
}

impl Front for Full {
    fn guard(&self) -> &Guard {
        &self.guard
    }

    fn resize(&mut self, size: Size) -> io::Result<(u16, u16)> {
        self.screen.resize(size)?;
        Ok((size.width, size.height))
    }

    fn invalidate(&mut self) {
        self.screen.invalidate();
    }

    fn draw(&mut self, model: &Model) -> io::Result<()> {
        let Self { cache, screen, looks, caps, hits, .. } = self;
        let shows_links = looks.links && caps.commands;
        screen.draw_linked(|frame| {
            let Drawn { links, hits: shown } = draw(model, cache, frame);
            *hits = shown;
            if shows_links { links } else { Links::default() }
        })
    }

    fn shown(&mut self, _: &Model) -> Option<Msg> {
        None
    }

    fn carry_out(&mut self, effect: &Effect) -> io::Result<()> {
        if let Effect::Title(text) = effect {
            Tty.write_all(&title(&clean::line(text)))?;
        } else if let Effect::Call(Call { title, text }) = effect {
            let (title, text) = (&clean::line(title), &clean::line(text));
            // A program that cannot be started is no reason to miss a message.
            if self.ring != Ring::Off && self.notifier.is_there() && self.notifier.tell(title, text) {
                return Ok(());
            }
            Tty.write_all(&self.ring.sequence(title, text, self.caps.tmux))?;
        } else if let Effect::Copy(text) = effect
            && self.caps.commands
            && let Some(sequence) = copy(text, self.caps.tmux)
        {
            Tty.write_all(&sequence)?;
        } else if let Effect::Mouse(on) = effect {
            self.guard.set_mouse(*on)?;
        }
        Ok(())
    }

    fn spot(&self, x: u16, y: u16) -> Option<Spot> {
        self.hits.at(x, y)
    }

    fn look(&mut self, looks: Looks) -> io::Result<Vec<String>> {
        let caps = looks.caps(self.found);
        if caps.colors != self.caps.colors {
            self.screen = Screen::new(Tty, Tty.size()?, caps.colors)?;
        }
        let (theme, wrong) = looks.theme(caps, self.ground);
        self.cache.theme = theme;
        if looks.notify_command != self.looks.notify_command {
            self.notifier = Notifier::new(looks.notify_command.clone());
        }
        (self.caps, self.ring, self.looks) = (caps, looks.ring(), looks);
        Ok(wrong)
    }

    fn stand_on(&mut self, ground: Ground) -> bool {
        self.ground = Some(ground);
        self.cache.theme = self.looks.theme(self.caps, self.ground).0;
        true
    }
}
