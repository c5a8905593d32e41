//! What there is to be said of one setting.

use super::Config;

/// What a value looks like in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// A whole number.
    Number,
}

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the file, a dot between section and name.
    pub key: &'static str,
    /// What its value looks like in the file.
    pub shape: Shape,
    /// Its default, as it is written; what is in brackets depends on the machine.
    pub default: &'static str,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// Puts a written value into the configuration, or says what is wrong with it.
    pub read: fn(&mut Config, &str) -> Result<(), String>,
    /// The value as it is written in the file; `None` where there is none.
    pub show: fn(&Config) -> Option<String>,
}

impl Setting {
    /// Its name in the environment.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("CHAT_{}", self.key.replace('.', "_").to_uppercase())
    }
}
