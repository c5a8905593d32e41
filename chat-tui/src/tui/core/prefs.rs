//! What the person set for the screen, as far as the core goes by it.

use super::keymap::Keymap;

/// What the person set for the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefs {
    /// Which key does what.
    pub keys: Keymap,
}
