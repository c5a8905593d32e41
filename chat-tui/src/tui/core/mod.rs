//! What the screen knows and decides, without a screen: keys, news and time go in, effects come out.
//!
//! [`update()`] takes one message; [`settle`] looks once, after a batch of them, at what the place being read calls for.
//!
//! Never: IO, a clock, a task, ratatui. Time comes with each message, and what is wanted of the world is an [`Effect`].

mod call;
pub mod card;
mod chord;
pub mod command;
pub mod composer;
mod draft;
mod effect;
mod emoji;
mod filter;
mod find;
mod form;
mod frames;
mod fuzzy;
pub mod geometry;
mod ghost;
pub mod heard;
pub mod identity;
pub mod keymap;
pub mod layouts;
pub mod markup;
mod matcher;
mod members;
mod model;
mod msg;
pub mod picker;
pub mod picture;
pub mod pointer;
mod prefs;
mod reading;
mod reverse;
mod room_state;
mod rooms;
pub mod secret;
mod server;
mod shown;
pub mod time;
pub mod timeline;
mod trail;
pub mod transfers;
mod typing;
mod update;
pub mod windows;

pub use call::{CALL_EVERY, Call};
pub use chord::WhichKey;
pub use draft::DRAFT_AFTER;
pub use effect::{Change, Effect, Effects, Errand, Export, Tag};
pub use filter::{FILTERS_MAX, Filter, Filters};
pub use find::{ASK_AFTER, Find, Reach, Source, Thread};
pub use ghost::ghost;
pub use matcher::Matcher;
pub use members::{MemberGroup, member_groups};
pub use model::{Model, Notice, Overlay, Scrolled};
pub use msg::{Msg, Ran};
pub use prefs::Prefs;
pub use reverse::Reverse;
pub use room_state::{Intent, RoomState};
pub use rooms::{ListRow, Order, RoomLine, first_room_row, hotlist, room_lines, room_list};
pub use server::{Link, RoomKey, SERVERS_MAX, Server, ServerId};
pub use update::{input, last_words, settle, update};
