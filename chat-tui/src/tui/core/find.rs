//! Looking for messages: what for, and where.

use std::time::Duration;

use chat_proto::{Event, Seq};

use super::keymap::{Action, Context};
use super::matcher::Matcher;
use super::model::Model;
use super::server::RoomKey;

/// The server is asked when nothing was typed for so long.
pub const ASK_AFTER: Duration = Duration::from_millis(300);

/// Where it is looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// In what is loaded of the room being looked at.
    #[default]
    Loaded,
    /// In the whole of that room, by the server.
    Room,
    /// In every room, by the server.
    Server,
}

impl Reach {
    /// The next wider one, and behind the widest the first.
    #[must_use]
    pub(super) fn next(self) -> Self {
        match self {
            Self::Loaded => Self::Room,
            Self::Room => Self::Server,
            Self::Server => Self::Loaded,
        }
    }
}

/// How far the server is with what was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Asking {
    /// Nothing was asked.
    #[default]
    No,
    /// It is asked then.
    Due(Duration),
    /// It was asked.
    Asked,
    /// It answered.
    Answered {
        /// Whether there are older ones.
        more: bool,
        /// How many of the newest events it could not find yet.
        behind: u64,
    },
    /// It did not; why.
    Refused(String),
}

/// What is looked for, beside the words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Find {
    /// Where.
    pub reach: Reach,
    /// Whether the words are a regular expression, where the screen looks itself.
    pub regex: bool,
    /// Whether a capital letter is another one.
    pub case: bool,
    /// What of a message is looked for: none while nothing was typed, an error if that is no pattern.
    pub(super) matcher: Option<Result<Matcher, String>>,
    pub(super) asking: Asking,
    /// Which of the questions is the last one.
    pub(super) question: u64,
}

impl Find {
    /// When the server is to be asked.
    #[must_use]
    pub(super) fn due(&self) -> Option<Duration> {
        if let Asking::Due(at) = self.asking { Some(at) } else { None }
    }

    /// Which bytes of a line of the list are what was looked for, where the screen looked itself.
    #[must_use]
    pub fn marked(&self, line: &str) -> Option<std::ops::Range<usize>> {
        let Some(Ok(matcher)) = &self.matcher else { return None };
        // Names have no colon, and are not what is looked for.
        let from = line.find(": ").map_or(0, |at| at + 2);
        let found = matcher.find(&line[from..]).filter(|_| self.reach == Reach::Loaded)?;
        Some(found.start + from..found.end + from)
    }
}

/// What a list in front is made of, where it follows what happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Messages that are looked for.
    Find(Find),
    /// A message and everything that answers it.
    Thread(Thread),
}

/// A thread in front.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    pub(super) key: RoomKey,
    /// The message it began with, as far as that is known.
    pub(super) root: Seq,
    /// The page around this message was asked for.
    pub(super) wanted: Option<Seq>,
    /// Answers in the room that the server told, with their words, oldest first.
    pub(super) others: Vec<(Event, String)>,
}

impl Model {
    /// What keys do in the list in front, for its last line.
    #[must_use]
    pub fn front_keys(&self) -> String {
        let Some(picker) = &self.picker else { return String::new() };
        let key = |action| self.prefs.keys.shown(Context::FRONT, action).unwrap_or_default();
        match &picker.source {
            Some(Source::Find(find)) => {
                let wider = match find.reach.next() {
                    Reach::Loaded => "here",
                    Reach::Room => "this room",
                    Reach::Server => "all rooms",
                };
                let (regex, case) = (key(Action::FindRegex), key(Action::FindCase));
                format!("Enter goes there  Tab {wider}  {regex} regex  {case} case")
            }
            Some(Source::Thread(_)) => "Enter goes there  r answers the first  Esc closes".to_owned(),
            None if picker.numbered => "1-9 or Enter chooses  Esc closes".to_owned(),
            None => "Enter chooses  Esc closes".to_owned(),
        }
    }

    /// Whether a message is chosen, alone or among several.
    #[must_use]
    pub fn is_chosen(&self, message: Seq) -> bool {
        let Some(selected) = self.selected else { return false };
        let end = self.reading.range.unwrap_or(selected);
        (selected.min(end)..=selected.max(end)).contains(&message)
    }
}
