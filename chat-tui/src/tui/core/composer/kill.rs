//! What was killed, to be put back: one ring for all rooms.

use std::collections::VecDeque;

/// Killed texts kept.
const KILLS_MAX: usize = 32;

/// Killed texts, the newest at the front.
#[derive(Clone, Debug, Default)]
pub struct KillRing(VecDeque<String>);

impl KillRing {
    /// Keeps a killed text; with `again` it joins the newest one, before it if it stood before it.
    pub fn kill(&mut self, text: String, back: bool, again: bool) {
        match self.0.front_mut().filter(|_| again) {
            Some(newest) if back => newest.insert_str(0, &text),
            Some(newest) => newest.push_str(&text),
            None => {
                self.0.push_front(text);
                self.0.truncate(KILLS_MAX);
            }
        }
    }

    /// The newest.
    #[must_use]
    pub fn newest(&self) -> Option<String> {
        self.0.front().cloned()
    }

    /// Makes the next older one the newest, and the newest the oldest.
    pub fn rotate(&mut self) -> Option<String> {
        let newest = self.0.pop_front()?;
        self.0.push_back(newest);
        self.newest()
    }
}
