//! Markup in messages: which bytes of a text are bold, code, a quote, a link. Nothing is taken away or put in.
//!
//! A small part of Markdown: `**bold**`, `*italic*`, `_italic_`, `~~struck~~`, `` `code` ``, fenced code, `> quotes`, `- bullets`,
//! `# headings`, and links written out. Emphasis holds within a line and between words only, so that `2*3*4`,
//! `snake_case_name` and `__init__` are what they are. The signs stay where they were written, as what is copied is.

mod code;
mod inline;
mod link;

use std::ops::Range;

pub use link::{LINK_BYTES_MAX, SCHEMES, links, target};

/// What a piece of text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    #[default]
    Plain,
    /// A sign that makes something else of what is beside it.
    Sign,
    /// Code within a line, or a fenced line.
    Code,
    /// A keyword in fenced code.
    Keyword,
    /// A string in fenced code.
    Literal,
    /// A number in fenced code.
    Number,
    /// A comment in fenced code.
    Comment,
    /// What somebody else said.
    Quote,
    /// A heading.
    Heading,
    /// A link, from its scheme to its end; two never touch.
    Link,
}

/// How a piece of text is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// What it is.
    pub kind: Kind,
    /// Said loudly.
    pub bold: bool,
    /// Stressed.
    pub italic: bool,
    /// Taken back.
    pub struck: bool,
}

/// A piece of text that isn't just words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Which bytes.
    pub range: Range<usize>,
    /// How they are meant.
    pub look: Look,
}

/// What is marked in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// In order, none overlapping, plain words left out.
    pub spans: Vec<Span>,
    /// Lines of fenced code, as ranges of bytes without their ends, in order: rows of them are cut where they are full.
    pub kept: Vec<Range<usize>>,
}

impl Marked {
    /// The same in a text with so many bytes before it.
    #[must_use]
    pub fn behind(mut self, bytes: usize) -> Self {
        let ranges = self.spans.iter_mut().map(|span| &mut span.range).chain(&mut self.kept);
        ranges.for_each(|range| *range = range.start + bytes..range.end + bytes);
        self
    }
}

/// Reads a clean text of any number of lines.
#[must_use]
pub fn read(text: &str) -> Marked {
    if !text.contains(['*', '_', '~', '`', '>', '#', '-', '+', ':']) {
        return Marked::default();
    }
    let mut looks = Looks { of: vec![Look::default(); text.len()] };
    let mut kept = Vec::new();
    let mut fence: Option<Fence<'_>> = None;
    let mut start = 0;
    for line in text.split('\n') {
        let range = start..start + line.len();
        start = range.end + 1;
        match (fence.take(), ticks(line)) {
            (Some(open), Some("")) => {
                looks.set(range.clone(), Kind::Sign);
                code::highlight(text, open.body..range.start, open.language, &mut looks);
            }
            (Some(open), _) => {
                kept.push(range.clone());
                fence = Some(open);
            }
            (None, Some(language)) => {
                looks.set(range.clone(), Kind::Sign);
                fence = Some(Fence { body: start.min(text.len()), language });
            }
            (None, None) => self::line(text, range, &mut looks),
        }
    }
    if let Some(open) = fence {
        code::highlight(text, open.body..text.len(), open.language, &mut looks);
    }
    Marked { spans: looks.spans(text), kept }
}

/// Fenced code that is not yet closed.
struct Fence<'a> {
    /// Where its first line begins.
    body: usize,
    language: &'a str,
}

/// The word behind the signs that open or close fenced code, if a line is nothing else.
fn ticks(line: &str) -> Option<&str> {
    let rest = line.trim_matches(' ').strip_prefix("```")?;
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '#' | '.' | '-');
    rest.chars().all(word).then_some(rest)
}

/// A line outside of fenced code.
fn line(text: &str, range: Range<usize>, looks: &mut Looks) {
    let line = &text[range.clone()];
    let indent = line.len() - line.trim_start_matches(' ').len();
    let (words, at) = (&line[indent..], range.start + indent);
    let mut from = at;
    if words == ">" || words.starts_with("> ") {
        looks.set(range.clone(), Kind::Quote);
        looks.set(at..at + 1, Kind::Sign);
        from = at + 1;
    } else if let Some(signs) = heading(words) {
        looks.set(range.clone(), Kind::Heading);
        looks.set(at..at + signs, Kind::Sign);
        from = at + signs;
    } else if let Some(rest) = words.strip_prefix(['-', '*', '+']).filter(|rest| rest.starts_with(' ')) {
        from = range.end - rest.len();
        looks.set(at..from, Kind::Sign);
    }
    inline::read(text, from..range.end, looks);
}

/// How many signs make a line a heading.
fn heading(line: &str) -> Option<usize> {
    let signs = line.len() - line.trim_start_matches('#').len();
    let rest = line[signs..].strip_prefix(' ')?;
    ((1..=HEADING_SIGNS_MAX).contains(&signs) && !rest.trim().is_empty()).then_some(signs)
}

const HEADING_SIGNS_MAX: usize = 6;

/// How each byte is meant.
pub(super) struct Looks {
    of: Vec<Look>,
}

impl Looks {
    fn set(&mut self, range: Range<usize>, kind: Kind) {
        self.change(range, |look| look.kind = kind);
    }

    fn change(&mut self, range: Range<usize>, change: impl FnMut(&mut Look)) {
        self.of.get_mut(range).into_iter().flatten().for_each(change);
    }

    fn spans(&self, text: &str) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for (at, c) in text.char_indices() {
            let (look, end) = (self.of[at], at + c.len_utf8());
            match spans.last_mut().filter(|span| span.look == look) {
                Some(span) => span.range.end = end,
                None => spans.push(Span { range: at..end, look }),
            }
        }
        spans.retain(|span| span.look != Look::default());
        spans
    }
}

#[cfg(test)]
mod tests;
