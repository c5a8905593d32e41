//! The same on a session that somebody else runs, such as a screen: a program hears what he hears and asks beside him. Nothing
//! of his is ended with it.

use tokio::sync::mpsc;

use super::input::Input;
use super::listen::Bot;
use super::near::options;
use super::outlet::{Heard, Outlet};
use super::signals::Reins;
use crate::bot::Failure;
use crate::bot::door::Door;

/// A program beside the owner of a session.
pub(in crate::bot) struct Beside(Bot);

impl Beside {
    /// A program that hears from here on what comes through the door, and whose lines go into `lines`.
    pub(in crate::bot) fn new(door: Door, server: String, echo: bool, lines: mpsc::Sender<Heard>) -> Self {
        let mut bot = Bot::new(door, options(echo), server, Vec::new(), None, Outlet::Near(lines), Reins::default());
        bot.aside = true;
        Self(bot)
    }

    /// Serves until there are no more requests and all are answered.
    pub(in crate::bot) async fn serve(&mut self, requests: mpsc::Receiver<Input>) -> Result<(), Failure> {
        self.0.ready().await;
        self.0.serve(requests).await
    }
}
