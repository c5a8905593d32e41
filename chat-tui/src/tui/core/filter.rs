//! Filters: patterns of messages that are not shown, only counted.

use chat_proto::{AccountId, Event};

use super::matcher::Matcher;
use super::prefs::stands_out;

/// Filters there are at most.
pub const FILTERS_MAX: usize = 64;

/// Bytes of a message that are compared with filters, its author's name among them.
const COMPARED_BYTES_MAX: usize = 2_048;

/// One filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// What it is called.
    pub name: String,
    /// What it hides, as the person wrote it.
    pub pattern: String,
    matcher: Matcher,
}

impl Filter {
    /// Hides messages in whose `name: text` the pattern is: words, or a regular expression between slashes.
    ///
    /// # Errors
    /// What is wrong with the pattern, for people.
    pub fn new(name: &str, pattern: &str) -> Result<Self, String> {
        let matcher = Matcher::written(pattern).map_err(|why| format!("the filter {name}: {why}"))?;
        Ok(Self { name: name.to_owned(), pattern: pattern.to_owned(), matcher })
    }
}

/// The filters in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// In the order they are asked; the first that hides a message is named.
    pub list: Vec<Filter>,
    /// Words of the person's own, in lower case: what has one of them is never hidden.
    pub highlight: Vec<String>,
}

impl Filters {
    /// The filter that hides a message with these words, if any: never one of one's own, or one that is meant for oneself.
    #[must_use]
    pub fn hides(&self, event: &Event, words: &str, me: AccountId) -> Option<&Filter> {
        let message = event.body.message().filter(|_| !self.list.is_empty() && event.by != me)?;
        if message.mentions.contains(&me) || message.visible_to().is_some() || stands_out(&self.highlight, words) {
            return None;
        }
        let mut line = format!("{}: {words}", message.name);
        line.truncate(line.floor_char_boundary(COMPARED_BYTES_MAX));
        self.list.iter().find(|filter| filter.matcher.find(&line).is_some())
    }
}
