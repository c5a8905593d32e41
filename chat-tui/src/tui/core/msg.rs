//! What the core is told.

use chat_proto::reply::Page;
use chat_proto::{Anchor, Event, Reply, RoomId};

use super::effect::Tag;
use super::pointer::{Gesture, Spot};
use super::prefs::Prefs;
use crate::client::ClientEvent;
use crate::client::cache::CachedState;
use crate::tui::term::key::Key;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// A key.
    Key(Key),
    /// Text pasted in one piece.
    Paste(String),
    /// The mouse did something there.
    Point(Gesture, Spot),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// The terminal has the person's attention, or no more.
    Focus(bool),
    /// What an earlier run knew: the first frame waits for nothing else.
    Remembered(CachedState),
    /// News of the session.
    Net(ClientEvent),
    /// The answer to a request, or why there is none, for people.
    Answer(Tag, Result<Reply, String>),
    /// The page of a fetch, or why there is none, for people.
    Page(RoomId, Anchor, Result<Page, String>),
    /// What the cache has instead of the page of a fetch, for want of a connection; nothing if it has nothing.
    Cached(RoomId, Anchor, Vec<Event>),
    /// What was written, as it came out of the person's editor.
    Edited(String),
    /// What the person set is this from now on.
    Prefs(Box<Prefs>),
    /// A word to the person, and whether something went wrong.
    Notice(String, bool),
    /// A text for the person: its title and lines.
    Show(String, Vec<String>),
    /// Time passed to where [`Model::next_timer`](super::Model::next_timer) asked to be told.
    Tick,
}
