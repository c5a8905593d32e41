//! What the person sees and touches: a screen, or lines one after the other.

mod lines;
mod prompt;
mod screen;

use std::fmt::Debug;
use std::io;

use super::core::pointer::Spot;
use super::core::{Effect, Model, Msg};
use super::look::Looks;
use super::term::caps::Ground;
use super::term::guard::Guard;
use ratatui::layout::Size;

pub(super) use lines::Lines;
pub(super) use screen::Full;

/// One way to show the model.
pub(super) trait Front: Debug {
    /// The terminal, as far as it is taken over.
    fn guard(&self) -> &Guard;

    /// The terminal has this size. Returns the columns and rows the model is to reckon with.
    fn resize(&mut self, size: Size) -> io::Result<(u16, u16)>;

    /// Something else was written to the terminal: everything is drawn anew.
    fn invalidate(&mut self);

    /// Shows what changed.
    fn draw(&mut self, model: &Model) -> io::Result<()>;

    /// What the model is to be told now that it was shown.
    fn shown(&mut self, model: &Model) -> Option<Msg>;

    /// Carries out an effect on the terminal, if it is one.
    fn carry_out(&mut self, effect: &Effect) -> io::Result<()>;

    /// What is at a cell.
    fn spot(&self, x: u16, y: u16) -> Option<Spot>;

    /// Looks like this from now on; drawn anew. Returns what is wrong with it, for people.
    fn look(&mut self, looks: Looks) -> io::Result<Vec<String>>;

    /// The terminal's ground is this. True if something looks different since.
    fn stand_on(&mut self, ground: Ground) -> bool;
}
