//! What the client was told to do: plain data. Flags beat variables of the environment beat the file beat the defaults.
//!
//! Every setting is one entry of [`SETTINGS`]: its key, what it takes, its default, its meaning. The file, the environment,
//! `/set`, the schema and `docs/client-configuration.md` all follow from that table. What is wrong is a [`Problem`] with its
//! place; the rest holds all the same, because a chat that does not open for a typing error helps nobody.

mod choice;
mod edit;
mod file;
mod load;
mod read;
mod schema;
mod setting;
mod table;
mod value;

use std::fmt;
use std::path::PathBuf;

pub use choice::{Clock, ColorDepth, KeyPreset, Notice, RoomOrder, Shown, SymbolSet, UnknownChoice};
pub use edit::{EditError, Remember, bind, initial, name, remember, set, unset, write};
pub use file::read;
pub use load::{Loaded, Sources, default_path, load, system};
pub use schema::schema;
pub use setting::{Setting, find};
pub use table::SETTINGS;
pub use value::{Kind, Value};

/// The section of layouts.
pub const LAYOUTS: &str = "layouts";

/// The section of filters.
pub const FILTERS: &str = "filters";

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The name on the server.
    pub name: Option<String>,
    /// The server that is connected to without being named, as [`ServerAddress`](crate::client::ServerAddress) reads it.
    pub server: Option<String>,
    /// Rooms to be in; the first is opened.
    pub rooms: Vec<String>,
    /// Further servers to be connected to, as [`Beside`](crate::client::Beside) reads them.
    pub servers: Vec<String>,
    /// A PEM file of certificate authorities trusted besides the system's.
    pub ca: Option<PathBuf>,
    /// The directory of keys, outboxes and caches.
    pub data: Option<PathBuf>,
    /// Where files are put that are fetched.
    pub downloads: Option<PathBuf>,
    /// Whether messages are kept on this machine.
    pub cache: bool,
    /// Whether nothing is told to the server but what is asked of it.
    pub explore: bool,
    /// Whether programs may be run from within.
    pub exec: bool,
    /// Whether programs may drive the screen.
    pub ctl: bool,
    /// Whether others are told while something is being written.
    pub typing: bool,
    /// Lines pasted in one piece that are sent without a question; 0 for any number.
    pub paste_lines: u64,
    /// Words that stand out like one's own name.
    pub highlight: Vec<String>,
    /// The program that opens links, and what it is told before the link; none for the system's own.
    pub browser: Vec<String>,
    /// The theme, by its name or the file of one.
    pub theme: String,
    /// Whether lines are printed one after the other instead of a screen.
    pub linear: bool,
    /// How the person is told of a message he isn't looking at.
    pub notify: Notice,
    /// The program that tells him instead of the terminal, with its arguments.
    pub notify_command: Vec<String>,
    /// How the screen looks.
    pub ui: Ui,
    /// Which key does what.
    pub keys: Keys,
    /// Divisions of the screen that are kept.
    pub layouts: Vec<Named>,
    /// Messages that are not shown, in order.
    pub filters: Vec<Named>,
}

/// How the screen looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ui {
    /// The characters frames and signs are drawn with.
    pub symbols: SymbolSet,
    /// How many colours are used.
    pub colors: ColorDepth,
    /// Whether lines part the panes.
    pub borders: bool,
    /// Whether a line of keys is shown at the bottom; `Auto`: in the first week.
    pub hints: Shown,
    /// Columns of a message's text at most.
    pub max_width: u64,
    /// Whether the rooms are shown; `Auto`: by the width.
    pub rooms: Shown,
    /// In which order they are listed.
    pub order: RoomOrder,
    /// Whether the members are shown; `Auto`: by the width.
    pub members: Shown,
    /// How times are written.
    pub clock: Clock,
    /// Whether the mouse points here, rather than selecting text in the terminal.
    pub mouse: bool,
    /// Whether links can be clicked on in terminals that know them.
    pub links: bool,
    /// The division of the screen to begin with, by its name.
    pub layout: Option<String>,
}

/// Which key does what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// What to begin from.
    pub preset: KeyPreset,
    /// What the person changed of it, in order.
    pub bindings: Vec<Binding>,
}

/// A binding of the person's own, not yet looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Where it holds.
    pub context: String,
    /// The keys, parted by spaces.
    pub keys: String,
    /// The action's name; empty unbinds the keys.
    pub action: String,
    /// Where it is written.
    pub place: String,
}

/// A text of the person's own under a name, not yet looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The text.
    pub text: String,
    /// Where it is written.
    pub place: String,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    place: String,
    what: String,
}

impl Problem {
    /// Something wrong at a place.
    #[must_use]
    pub fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl Default for Config {
    fn default() -> Self {
        let ui = Ui {
            symbols: SymbolSet::Auto,
            colors: ColorDepth::Auto,
            borders: true,
            hints: Shown::Auto,
            max_width: 100,
            rooms: Shown::Auto,
            order: RoomOrder::Name,
            members: Shown::Auto,
            clock: Clock::Hours24,
            mouse: true,
            links: true,
            layout: None,
        };
        Self {
            name: None,
            server: None,
            rooms: Vec::new(),
            servers: Vec::new(),
            ca: None,
            data: None,
            downloads: None,
            cache: true,
            explore: false,
            exec: false,
            ctl: true,
            typing: true,
            paste_lines: 5,
            highlight: Vec::new(),
            browser: Vec::new(),
            theme: "ansi".to_owned(),
            linear: false,
            notify: Notice::Auto,
            notify_command: Vec::new(),
            ui,
            keys: Keys::default(),
            layouts: Vec::new(),
            filters: Vec::new(),
        }
    }
}
