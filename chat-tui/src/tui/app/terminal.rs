//! What the terminal says: keys, the mouse, its size, its ground, signals.

use ratatui::layout::Size;
use tokio::time::timeout;

use super::{ANSWER_GRACE, ANSWERED_WITHIN, App, Ended, RunError};
use crate::tui::core::pointer::Gesture;
use crate::tui::core::{Change, Msg};
use crate::tui::term::guard::Tty;
use crate::tui::term::input::{Mouse, TermEvent};

impl App {
    /// Waits a moment for an answer of the terminal that is on its way: after the end it would be typed into the shell.
    pub(super) async fn outlive_answer(&mut self) {
        if !self.awaits_ground || self.began.elapsed() > ANSWERED_WITHIN {
            return;
        }
        let answer = async {
            while let Some(event) = self.input.recv().await {
                if matches!(event, TermEvent::Ground(_) | TermEvent::Closed) {
                    return;
                }
            }
        };
        let _ = timeout(ANSWER_GRACE, answer).await;
    }

    pub(super) fn term(&mut self, event: TermEvent) -> Result<(), RunError> {
        match event {
            TermEvent::Key(key) => self.tell(Msg::Key(key)),
            TermEvent::Paste(text) => self.tell(Msg::Paste(text)),
            TermEvent::Resize { width, height } => self.resize(Size::new(width.max(1), height.max(1)))?,
            TermEvent::Focus(focused) => {
                // Who comes back may come from an editor.
                self.looked = self.looked.filter(|_| !focused);
                self.tell(Msg::Focus(focused));
            }
            TermEvent::Reload => self.configure(&Change::Reload)?,
            TermEvent::Ground(ground) => {
                self.awaits_ground = false;
                self.effects.dirty |= self.front.stand_on(ground);
            }
            TermEvent::Mouse(mouse) => self.point(mouse),
            TermEvent::Suspend => self.suspended = true,
            TermEvent::Resumed => {
                self.front.guard().resume()?;
                self.redraw()?;
            }
            TermEvent::Terminate | TermEvent::Interrupt | TermEvent::Closed => self.ended = Some(Ended::Left),
        }
        Ok(())
    }

    pub(super) fn point(&mut self, mouse: Mouse) {
        let (gesture, x, y) = match mouse {
            Mouse::Click { x, y } => (Gesture::Click, x, y),
            Mouse::WheelUp { x, y } => (Gesture::WheelUp, x, y),
            Mouse::WheelDown { x, y } => (Gesture::WheelDown, x, y),
        };
        if let Some(spot) = self.front.spot(x, y) {
            self.tell(Msg::Point(gesture, spot));
        }
    }

    pub(super) fn resize(&mut self, size: Size) -> Result<(), RunError> {
        let (columns, rows) = self.front.resize(size)?;
        self.tell(Msg::Resize(columns, rows));
        Ok(())
    }

    pub(super) fn redraw(&mut self) -> Result<(), RunError> {
        self.resize(Tty.size()?)?;
        self.front.invalidate();
        Ok(())
    }
}
