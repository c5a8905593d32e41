//! Text of others, made safe to print or draw: the only way from the wire to a terminal.
//!
//! Whoever draws, prints, notifies or sets a title takes [`Clean`], which only [`line()`] and [`text()`] make. In it there is no
//! control character (C0, DEL, C1) but the line feed of [`text()`], nothing that reorders text, nothing invisible that could
//! hide or join words, and no cluster that grows without bound. What is taken away visibly leaves a sign in its place:
//! a control picture (`␛`) or `�`.
//!
//! Never: a byte below 0x20 other than `\n`, whatever came in.

use std::borrow::Cow;
use std::fmt;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

/// Text that a terminal shows and does not obey. Cleaning it again changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Clean<'a>(Cow<'a, str>);

impl<'a> Clean<'a> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, given away.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0.into_owned()
    }

    /// The text, given away, borrowed if it was clean from the start.
    #[must_use]
    pub fn into_cow(self) -> Cow<'a, str> {
        self.0
    }

    /// The same text, kept independently of where it came from.
    #[must_use]
    pub fn into_owned(self) -> Clean<'static> {
        Clean(Cow::Owned(self.0.into_owned()))
    }

    /// Nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Clean<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Clean<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Cleans a text for one row: a line feed becomes `␊`, a tab spaces up to the next multiple of [`TAB_COLUMNS`].
#[must_use]
pub fn line(foreign: &str) -> Clean<'_> {
    clean(foreign, Lines::One)
}

/// Cleans a text of several lines: line feeds stay, a carriage return before one is dropped, tabs as in [`line()`].
#[must_use]
pub fn text(foreign: &str) -> Clean<'_> {
    clean(foreign, Lines::Many)
}

/// Whether a line feed is part of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

fn clean(foreign: &str, lines: Lines) -> Clean<'_> {
    let plain = |b: u8| (0x20..0x7f).contains(&b) || (b == b'\n' && lines == Lines::Many);
    let Some(first) = foreign.bytes().position(|b| !plain(b)) else {
        return Clean(Cow::Borrowed(foreign));
    };
    // The character before the first doubtful one may be the base of a mark, so the scrubber sees it.
    let mut scrubber = Scrubber::after(&foreign[..first.saturating_sub(1)], foreign.len());
    let mut rest = foreign[first.saturating_sub(1)..].chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        match c {
            '\n' if lines == Lines::Many => scrubber.line_feed(),
            '\r' if lines == Lines::Many && next == Some('\n') => {}
            c => scrubber.push(c, next),
        }
    }
    if scrubber.out == foreign { Clean(Cow::Borrowed(foreign)) } else { Clean(Cow::Owned(scrubber.out)) }
}

/// What becomes of a character on its own, before its neighbours are looked at.
enum Fate {
    Keep,
    Drop,
    Show(char),
}

fn fate(c: char) -> Fate {
    match c {
        '\0'..='\u{1f}' => Fate::Show(char::from_u32(u32::from(c) + CONTROL_PICTURES).unwrap_or(REPLACEMENT)),
        '\u{7f}' => Fate::Show('␡'),
        '\u{80}'..='\u{9f}' => Fate::Show(REPLACEMENT),
        // What reorders: marks, embeddings, overrides, isolates, and the deprecated format characters after them.
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => {
            Fate::Show(REPLACEMENT)
        }
        '\u{2028}' | '\u{2029}' => Fate::Show('␤'),
        // Interlinear annotation hides text between its marks; the fillers are letters nobody sees.
        '\u{fff9}'..='\u{fffb}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => Fate::Show(REPLACEMENT),
        c if u32::from(c) & 0xfffe == 0xfffe => Fate::Show(REPLACEMENT),
        // Invisible: soft hyphen, grapheme joiner, zero-width space, joiners of words and of formulas, byte order mark,
        // variation selectors but VS16, tags.
        '\u{ad}' | '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{feff}' => {
            Fate::Drop
        }
        '\u{fe00}'..='\u{fe0e}' | '\u{e0000}'..='\u{e0fff}' => Fate::Drop,
        _ => Fate::Keep,
    }
}

/// Builds the clean text, remembering what the next character would attach to.
struct Scrubber {
    out: String,
    /// The last character with a width, if one stands in this line.
    base: Option<char>,
    /// Zero-width characters since the base.
    marks: usize,
    /// Emoji joined into the cluster so far.
    joins: usize,
    /// The column, for tabs.
    column: usize,
}

impl Scrubber {
    fn after(clean: &str, capacity: usize) -> Self {
        let mut out = String::with_capacity(capacity + 16);
        out.push_str(clean);
        let line = clean.rsplit('\n').next().unwrap_or_default();
        Self { out, base: line.chars().last(), marks: 0, joins: 0, column: line.len() }
    }

    fn line_feed(&mut self) {
        self.out.push('\n');
        self.base = None;
        self.column = 0;
        (self.marks, self.joins) = (0, 0);
    }

    fn push(&mut self, c: char, next: Option<char>) {
        match c {
            '\t' => (0..TAB_COLUMNS - self.column % TAB_COLUMNS).for_each(|_| self.base(' ')),
            ZWJ => {
                let cluster = self.out.graphemes(true).next_back().filter(|_| self.base.is_some());
                let joins = cluster.zip(next).is_some_and(|(cluster, next)| joins_emoji(cluster, next));
                if joins && self.joins < JOINS_MAX && !self.out.ends_with(ZWJ) {
                    self.out.push(ZWJ);
                    self.joins += 1;
                }
            }
            ZWNJ => {
                // Parts letters that would join, as Persian needs; between others it only hides.
                let letter = |c: char| !c.is_ascii() && c.is_alphabetic() && c.width() != Some(0);
                let follows = next.is_some_and(|c| letter(c) && matches!(fate(c), Fate::Keep));
                if follows && self.out.ends_with(letter) {
                    self.mark(ZWNJ);
                }
            }
            VS16 => {
                let bare = self.marks == 0 && self.out.chars().next_back() == self.base;
                let keycap = next == Some(KEYCAP) && matches!(self.base, Some('0'..='9' | '#' | '*'));
                if bare && (keycap || self.base.is_some_and(is_pictograph)) {
                    self.mark(VS16);
                }
            }
            c => match fate(c) {
                Fate::Keep if c.width() == Some(0) => self.combining(c),
                Fate::Keep => self.base(c),
                Fate::Show(sign) => self.base(sign),
                Fate::Drop => {}
            },
        }
    }

    fn combining(&mut self, c: char) {
        // What neither stands on its own nor attaches to a base (a conjoining vowel after a Latin letter) shows nothing.
        let mut pair = [0; 8];
        let start = '◌'.encode_utf8(&mut pair).len();
        let end = start + c.encode_utf8(&mut pair[start..]).len();
        let attaches = std::str::from_utf8(&pair[..end]).is_ok_and(|pair| pair.graphemes(true).count() == 1);
        let vowel = matches!(c, '\u{1161}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7ff}')
            && self
                .base
                .is_some_and(|base| matches!(base, '\u{1100}'..='\u{115e}' | '\u{a960}'..='\u{a97c}' | '가'..='힣'));
        if !(attaches || vowel) || self.marks >= MARKS_MAX {
            return;
        }
        if self.base.is_none() {
            self.base('◌');
        }
        self.mark(c);
    }

    fn mark(&mut self, c: char) {
        self.out.push(c);
        self.marks += 1;
    }

    fn base(&mut self, c: char) {
        if !self.out.ends_with(ZWJ) {
            self.joins = 0;
        }
        self.out.push(c);
        self.base = Some(c);
        self.marks = 0;
        self.column += c.width().unwrap_or(0);
    }
}

/// Whether a zero-width joiner between the two makes one emoji of them (rule GB11 of UAX 29).
fn joins_emoji(cluster: &str, next: char) -> bool {
    if cluster.is_ascii() || next.is_ascii() || next.width() == Some(0) || is_skin_tone(next) {
        return false;
    }
    format!("{cluster}{ZWJ}{next}").graphemes(true).count() == 1
}

fn is_pictograph(c: char) -> bool {
    joins_emoji(c.encode_utf8(&mut [0; 4]), c)
}

fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// Columns between tab stops.
pub const TAB_COLUMNS: usize = 4;
/// Zero-width characters on one base; more are dropped.
pub const MARKS_MAX: usize = 8;
/// Joiners in one emoji; after that the next emoji stands on its own.
pub const JOINS_MAX: usize = 7;

const CONTROL_PICTURES: u32 = 0x2400;
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;
const ZWJ: char = '\u{200d}';
const ZWNJ: char = '\u{200c}';
const VS16: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';
