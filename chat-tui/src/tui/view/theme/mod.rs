//! What things look like: roles, not colours, wherever something is drawn.

mod read;

use std::collections::BTreeMap;

use chat_proto::AccountId;
use ratatui::style::{Color, Modifier, Style};

use crate::tui::core::markup::{Kind, Look};
use crate::tui::term::caps::{Colors, Ground, Symbols};

pub use read::{BUILT_IN, DEFAULT};

/// Declares the roles, once for the struct and once for their names.
macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident,)*) => {
        /// The style of every role, and the signs to draw with.
        #[derive(Clone, Debug)]
        pub struct Theme {
            $($(#[$doc])* pub $role: Style,)*
            nicks: Vec<Color>,
            symbols: Symbols,
            colors: Colors,
            borders: bool,
        }

        /// The names of the roles; in a theme they are written with `-` for `_`.
        pub const ROLES: &[&str] = &[$(stringify!($role)),*];

        impl Theme {
            fn of(roles: &BTreeMap<String, Style>, nicks: Vec<Color>, symbols: Symbols, colors: Colors) -> Self {
                let role = |name: &str| roles.get(name).copied().unwrap_or_default();
                Self { $($role: role(stringify!($role)),)* nicks, symbols, colors, borders: true }
            }

            /// The styles of all roles, in the order of [`ROLES`].
            #[must_use]
            pub fn styles(&self) -> Vec<Style> {
                vec![$(self.$role),*]
            }
        }
    };
}

roles! {
    /// Ordinary text.
    text,
    /// What matters less.
    dim,
    /// What begins or is chosen.
    strong,
    /// A mention of oneself.
    mention,
    /// Something unread.
    unread,
    /// Oneself.
    own,
    /// What the room itself says.
    system,
    /// Something went wrong.
    error,
    /// The line between read and new.
    ruler,
    /// The room being looked at, the candidate chosen.
    selection,
    /// Signs of markup.
    sign,
    /// Code.
    code,
    /// A keyword in code.
    keyword,
    /// A string in code.
    literal,
    /// A number in code.
    number,
    /// A comment in code.
    comment,
    /// What somebody else said.
    quote,
    /// A heading in a message.
    heading,
    /// A link.
    link,
    /// Lines between panes.
    border,
    /// The line a day begins with.
    day,
    /// When something was said.
    time,
    /// The name of the room being looked at.
    room,
    /// What it is about.
    topic,
    /// The connection, and how many are here.
    connection,
    /// The numbers of rooms.
    index,
    /// Rooms with something new, below the messages.
    activity,
    /// Who is writing.
    typing,
    /// A word to the person.
    notice,
    /// What stands before the line being written.
    prompt,
    /// The line being written.
    input,
    /// The line above it.
    rule,
    /// The same while the keys go elsewhere.
    rule_idle,
    /// A key that can be pressed.
    key,
    /// What it does.
    hint,
    /// The sign of somebody who is there.
    online,
    /// The sign of somebody who is away.
    away,
    /// The sign of somebody who isn't there, and his name.
    offline,
    /// An own message on its way.
    pending,
    /// One that was refused.
    failed,
}

/// What is to be drawn with.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// The theme's name.
    pub name: &'a str,
    /// A person's own themes, by name.
    pub own: &'a BTreeMap<String, String>,
    /// What the terminal shows.
    pub colors: Colors,
    /// Which signs it shows.
    pub symbols: Symbols,
    /// What the terminal's ground is, if it is known and a theme that is made for the other one gives way to its pair.
    pub ground: Option<Ground>,
}

/// The signs that are not the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A horizontal line.
    Across,
    /// A vertical line.
    Down,
    /// Somebody who is there.
    Online,
    /// Somebody who is there but away.
    Away,
    /// Somebody who isn't there.
    Offline,
    /// A message that was refused.
    Failed,
    /// A line of joins and parts.
    Quiet,
    /// Something more below.
    More,
    /// An open list.
    Open,
    /// Something that is begun and not sent.
    Draft,
}

impl Theme {
    /// The built-in theme: the person's own sixteen colours, or none at all.
    #[must_use]
    pub fn new(colors: Colors, symbols: Symbols) -> Self {
        Self::load(&Wanted { name: DEFAULT, own: &BTreeMap::new(), colors, symbols, ground: None }).0
    }

    /// A theme by its name, and what is wrong with it, for people: what is wrong is left out.
    #[must_use]
    pub fn load(wanted: &Wanted<'_>) -> (Self, Vec<String>) {
        let mut wrong = Vec::new();
        // What other themes tell by colour would be told by nothing.
        let name = if wanted.colors == Colors::None { MONO } else { wanted.name };
        let mut written = read::read(name, wanted.own, &mut wrong);
        // The sixteen colours of a terminal suit its ground already.
        let suits = name == DEFAULT && wanted.colors == Colors::Ansi16;
        let other = wanted.ground.is_some() && written.ground.is_some() && written.ground != wanted.ground && !suits;
        if let Some(pair) = written.pair.take().filter(|_| other) {
            written = read::read(&pair, wanted.own, &mut wrong);
        }
        wrong.extend(written.roles.keys().filter(|name| !ROLES.contains(&name.as_str())).map(|name| {
            format!("the theme has no {}; there are {}", name.replace('_', "-"), ROLES.join(", ").replace('_', "-"))
        }));
        let read::Written { roles, nicks, .. } = written;
        (Self::of(&roles, nicks, wanted.symbols, wanted.colors), wrong)
    }

    /// Whether there are colours.
    #[must_use]
    pub fn has_colors(&self) -> bool {
        self.colors != Colors::None
    }

    /// The same with or without lines that part one thing from another.
    #[must_use]
    pub fn with_borders(self, borders: bool) -> Self {
        Self { borders, ..self }
    }

    /// The style of somebody's name: by the account, so that another spelling is no other person.
    #[must_use]
    pub fn nick(&self, account: AccountId) -> Style {
        let spread = account.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let count = u64::try_from(self.nicks.len()).unwrap_or(1).max(1);
        let index = usize::try_from(spread % count).unwrap_or(0);
        self.nicks.get(index).map_or(self.text, |colour| self.text.fg(*colour))
    }

    /// What is laid over ordinary text for a marked piece of it.
    #[must_use]
    pub fn look(&self, look: Look) -> Style {
        let style = match look.kind {
            Kind::Plain => Style::new(),
            Kind::Sign => self.sign,
            Kind::Code => self.code,
            Kind::Keyword => self.keyword,
            Kind::Literal => self.literal,
            Kind::Number => self.number,
            Kind::Comment => self.comment,
            Kind::Quote => self.quote,
            Kind::Heading => self.heading,
            Kind::Link => self.link,
        };
        let also = [(look.bold, Modifier::BOLD), (look.italic, Modifier::ITALIC), (look.struck, Modifier::CROSSED_OUT)];
        also.into_iter().filter(|(on, _)| *on).fold(style, |style, (_, modifier)| style.add_modifier(modifier))
    }

    /// How a sign is drawn.
    #[must_use]
    pub fn sign(&self, sign: Sign) -> &'static str {
        let (unicode, ascii) = match sign {
            Sign::Across => ("─", "-"),
            Sign::Down => ("│", "|"),
            Sign::Online => ("●", "*"),
            Sign::Away => ("◐", "-"),
            Sign::Offline => ("○", "."),
            Sign::Failed => ("✗", "x"),
            Sign::Quiet => ("·", "-"),
            Sign::More => ("↓", "v"),
            Sign::Open => ("▾", "-"),
            Sign::Draft => ("✎", "~"),
        };
        match (self.symbols, sign) {
            (_, Sign::Across | Sign::Down) if !self.borders => " ",
            (Symbols::Unicode, _) => unicode,
            (Symbols::Ascii, _) => ascii,
        }
    }

    /// Whether only ASCII can be shown.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.symbols == Symbols::Ascii
    }

    /// The same words without what an ASCII terminal can't show.
    #[must_use]
    pub fn words<'a>(&self, unicode: &'a str, ascii: &'a str) -> &'a str {
        match self.symbols {
            Symbols::Unicode => unicode,
            Symbols::Ascii => ascii,
        }
    }
}

/// The theme that has no colours.
const MONO: &str = "mono";

#[cfg(test)]
mod tests;
