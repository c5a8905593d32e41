//! What things look like: roles, not colours, wherever something is drawn.

use chat_proto::AccountId;
use ratatui::style::{Color, Modifier, Style};

use crate::tui::core::markup::{Kind, Look};
use crate::tui::term::caps::{Colors, Symbols};

/// The style of every role, and the signs to draw with.
#[derive(Clone, Debug)]
pub struct Theme {
    /// Ordinary text.
    pub text: Style,
    /// What matters less: times, rules, old news.
    pub dim: Style,
    /// What begins or is chosen: room name, headings.
    pub strong: Style,
    /// A mention of oneself.
    pub mention: Style,
    /// Something unread.
    pub unread: Style,
    /// Oneself.
    pub own: Style,
    /// What the room itself says.
    pub system: Style,
    /// Something went wrong.
    pub error: Style,
    /// The line between read and new.
    pub ruler: Style,
    /// The room being looked at, the candidate chosen.
    pub selection: Style,
    /// Signs of markup.
    pub sign: Style,
    /// Code.
    pub code: Style,
    /// A keyword in code.
    pub keyword: Style,
    /// A string in code.
    pub literal: Style,
    /// A number in code.
    pub number: Style,
    /// A comment in code.
    pub comment: Style,
    /// What somebody else said.
    pub quote: Style,
    /// A heading in a message.
    pub heading: Style,
    /// A link.
    pub link: Style,
    nicks: &'static [Color],
    symbols: Symbols,
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
}

impl Theme {
    /// The built-in theme: the person's own sixteen colours, or none at all.
    #[must_use]
    pub fn new(colors: Colors, symbols: Symbols) -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let dim = plain.add_modifier(Modifier::DIM);
        let colour = |style: Style, colour: Color| match colors {
            Colors::None => style,
            Colors::Ansi16 | Colors::Ansi256 | Colors::True => style.fg(colour),
        };
        Self {
            text: plain,
            dim,
            strong: bold,
            mention: colour(bold, Color::LightRed),
            unread: colour(bold, Color::Yellow),
            own: bold,
            system: colour(dim, Color::Cyan),
            error: colour(bold, Color::Red),
            ruler: colour(plain, Color::Red),
            selection: plain.add_modifier(Modifier::REVERSED),
            sign: dim,
            code: colour(plain, Color::Cyan),
            keyword: colour(plain, Color::Magenta),
            literal: colour(plain, Color::Green),
            number: colour(plain, Color::Yellow),
            comment: dim,
            quote: colour(plain, Color::Green),
            heading: bold,
            link: colour(plain.add_modifier(Modifier::UNDERLINED), Color::Blue),
            nicks: match colors {
                Colors::None => &[],
                Colors::Ansi16 | Colors::Ansi256 | Colors::True => &NICKS,
            },
            symbols,
        }
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
        };
        match self.symbols {
            Symbols::Unicode => unicode,
            Symbols::Ascii => ascii,
        }
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

/// Colours of names; without those of oneself, mentions and errors.
const NICKS: [Color; 10] = [
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_no_role_sets_one() {
        let theme = Theme::new(Colors::None, Symbols::Unicode);
        let roles = [theme.text, theme.dim, theme.strong, theme.mention, theme.unread, theme.own, theme.system];
        for style in roles.into_iter().chain([theme.error, theme.ruler, theme.selection, theme.nick(AccountId(7))]) {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn a_name_keeps_its_colour_and_many_names_have_all_of_them() {
        let theme = Theme::new(Colors::Ansi16, Symbols::Unicode);
        let used: std::collections::BTreeSet<String> =
            (1..200).map(|id| format!("{:?}", theme.nick(AccountId(id)).fg)).collect();
        assert_eq!(used.len(), NICKS.len());
    }
}
