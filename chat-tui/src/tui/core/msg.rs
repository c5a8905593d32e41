//! What the core is told.

use chat_proto::reply::Page;
use chat_proto::{Anchor, Reply, RoomId};

use super::effect::Tag;
use crate::client::view::AccountView;
use crate::client::{ClientEvent, Outgoing};
use crate::tui::term::key::Key;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// A key.
    Key(Key),
    /// Text pasted in one piece.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// The terminal has the person's attention, or no more.
    Focus(bool),
    /// What an earlier run knew: first paint waits for nothing else.
    Remembered(AccountView, Vec<Page>),
    /// News of the session.
    Net(ClientEvent),
    /// Messages the outbox kept.
    Outbox(Vec<Outgoing>),
    /// The answer to a request, or why there is none, for people.
    Answer(Tag, Result<Reply, String>),
    /// The page of a fetch, or why there is none, for people.
    Page(RoomId, Anchor, Result<Page, String>),
    /// Time passed to where [`Model::next_timer`](super::Model::next_timer) asked to be told.
    Tick,
}
