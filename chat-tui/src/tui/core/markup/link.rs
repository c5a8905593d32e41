//! Links written out in a text.

use std::fmt::Write as _;
use std::ops::Range;

/// What a link begins with, in any case.
pub const SCHEMES: [&str; 4] = ["https://", "http://", "mailto:", "chat://"];

/// Bytes of a link; a longer one is only words.
pub const LINK_BYTES_MAX: usize = 2_048;

/// The links of a text, as ranges of bytes, in order.
pub fn links(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut next = 0;
    text.char_indices().filter_map(move |(at, _)| {
        let end = (at >= next).then(|| link_at(text, at)).flatten()?;
        next = end;
        Some(at..end)
    })
}

/// A link as other programs are told it: what is not printable ASCII as its bytes in hexadecimal. None for what is no link.
#[must_use]
pub fn target(text: &str) -> Option<String> {
    let known = |scheme: &str| text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme));
    SCHEMES.into_iter().find(|scheme| known(scheme))?;
    let mut target = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() {
            target.push(char::from(byte));
        } else {
            let _ = write!(target, "%{byte:02X}");
        }
    }
    (target.len() <= LINK_BYTES_MAX).then_some(target)
}

/// Where the link that begins at a byte ends, if one does.
pub(super) fn link_at(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    if !rest.starts_with(['h', 'H', 'm', 'M', 'c', 'C']) || text[..at].ends_with(char::is_alphanumeric) {
        return None;
    }
    let begins = |scheme: &str| rest.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme));
    let scheme = SCHEMES.into_iter().find(|scheme| begins(scheme))?.len();
    // Where nothing can come of it the rest isn't looked at, so that no text takes long.
    if !rest[scheme..].starts_with(|c: char| c.is_alphanumeric() || c == '[') {
        return None;
    }
    let within = |(at, c): &(usize, char)| *at <= LINK_BYTES_MAX && belongs(*c);
    let end = rest.char_indices().take_while(within).last().map_or(0, |(at, c)| at + c.len_utf8());
    let end = trimmed(&rest[..end]);
    (scheme < end && end <= LINK_BYTES_MAX).then_some(at + end)
}

/// Whether a character can be part of a link; a sign that stands for what was cleaned away cannot.
fn belongs(c: char) -> bool {
    !c.is_whitespace()
        && !matches!(c, '<' | '>' | '"' | '`' | '\u{2400}'..='\u{243f}' | '\u{fffd}' | '、' | '。' | '」')
}

/// Without what ends the sentence rather than the link: punctuation, and brackets that weren't opened in it.
fn trimmed(link: &str) -> usize {
    let mut link = link;
    loop {
        let before = link.len();
        link = link.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_', '~', '|']);
        for (open, close) in [('(', ')'), ('[', ']'), ('{', '}')] {
            let count = |bracket: char| link.matches(bracket).count();
            if link.ends_with(close) && count(close) > count(open) {
                link = &link[..link.len() - 1];
            }
        }
        if link.len() == before {
            return before;
        }
    }
}
