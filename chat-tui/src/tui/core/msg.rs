//! What the core is told.

use chat_proto::reply::Page;
use chat_proto::{Anchor, Event, Reply};

use super::effect::Tag;
use super::picture::Picture;
use super::pointer::{Gesture, Spot};
use super::prefs::Prefs;
use super::server::{RoomKey, ServerId};
use crate::client::Progress;
use crate::client::cache::CachedState;
use crate::client::{ClientEvent, Question};
use crate::tui::term::key::Key;

/// What came of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// As the person wrote it.
    pub line: String,
    /// Where what it printed is to be said.
    pub say: Option<RoomKey>,
    /// What it printed.
    pub output: String,
    /// What went otherwise than well, for people: it failed, took too long, or printed too much.
    pub wrong: Option<String>,
}

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
    /// What an earlier run knew of a server: the first frame waits for nothing else.
    Remembered(ServerId, CachedState),
    /// News of a session.
    Net(ServerId, ClientEvent),
    /// The answer to a request, or why there is none, for people.
    Answer(ServerId, Tag, Result<Reply, String>),
    /// The page of a fetch, or why there is none, for people.
    Page(RoomKey, Anchor, Result<Page, String>),
    /// What the cache has instead of the page of a fetch, for want of a connection; nothing if it has nothing.
    Cached(RoomKey, Anchor, Vec<Event>),
    /// A file is so far on its way.
    Moving(u64, Progress),
    /// A picture is there to be looked at: what it is called, and it, or why there is none.
    Picture(u64, Result<(String, Picture), String>),
    /// A file is there, or will not be: in words.
    Moved(u64, Result<String, String>),
    /// A further server is to be connected to, as the person wrote it.
    Connect(String),
    /// A server shows a key that nobody vouches for.
    Unknown(ServerId, Question),
    /// What was written, as it came out of the person's editor.
    Edited(String),
    /// A program that was run has ended.
    Ran(Ran),
    /// What the person set is this from now on.
    Prefs(Box<Prefs>),
    /// A word to the person, and whether something went wrong.
    Notice(String, bool),
    /// A text for the person: its title and lines.
    Show(String, Vec<String>),
    /// Time passed to where [`Model::next_timer`](super::Model::next_timer) asked to be told.
    Tick,
}
