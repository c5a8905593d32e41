//! Markup within a line: code first, then links, then what is bold, italic or struck.

use std::ops::Range;

use super::link::link_at;
use super::{Kind, Looks};

/// Signs of emphasis in a line that wait for their other end; further ones are words.
const OPEN_MAX: usize = 64;

/// Signs that may begin something.
struct Open {
    sign: char,
    count: usize,
    at: usize,
}

/// Reads part of one line.
pub(super) fn read(text: &str, range: Range<usize>, looks: &mut Looks) {
    let mut open: Vec<Open> = Vec::new();
    let mut at = range.start;
    while let Some(c) = text[at..range.end].chars().next() {
        if c == '`' {
            at = code(text, at..range.end, looks);
        } else if let Some(end) = link_at(text, at).filter(|end| *end <= range.end) {
            looks.set(at..end, Kind::Link);
            at = end;
        } else if matches!(c, '*' | '_' | '~') {
            at = signs(text, at..range.end, range.start, c, &mut open, looks);
        } else {
            at += c.len_utf8();
        }
    }
}

/// Code between two equal runs of backticks. Returns where to read on.
fn code(text: &str, rest: Range<usize>, looks: &mut Looks) -> usize {
    let run = |from: usize| text[from..rest.end].bytes().take_while(|b| *b == b'`').count();
    let count = run(rest.start);
    let from = rest.start + count;
    let mut at = from;
    while let Some(found) = text[at..rest.end].find('`') {
        let close = at + found;
        let closing = run(close);
        if closing == count && close > from {
            looks.set(from..close, Kind::Code);
            looks.set(rest.start..from, Kind::Sign);
            looks.set(close..close + count, Kind::Sign);
            return close + count;
        }
        at = close + closing;
    }
    from
}

/// A run of emphasis signs: ends what it can, else begins something. Returns where to read on.
fn signs(text: &str, rest: Range<usize>, start: usize, sign: char, open: &mut Vec<Open>, looks: &mut Looks) -> usize {
    let run = text[rest.clone()].chars().take_while(|c| *c == sign).count();
    let end = rest.start + run;
    let (before, after) = (text[start..rest.start].chars().next_back(), text[end..rest.end].chars().next());
    let fits = match sign {
        '*' => run <= 3,
        '_' => run == 1,
        _ => run == 2,
    };
    if !fits {
        return end;
    }
    let mut at = rest.start;
    if before.is_some_and(|c| !c.is_whitespace()) && after.is_none_or(is_behind) {
        while let Some(found) = open.iter().rposition(|o| o.sign == sign && o.count <= end - at) {
            let Open { count, at: opened, .. } = open.remove(found);
            open.truncate(found);
            emphasize(sign, count, opened..at + count, looks);
            at += count;
        }
    }
    if at == rest.start && before.is_none_or(is_before) && after.is_some_and(is_begun) && open.len() < OPEN_MAX {
        open.push(Open { sign, count: run, at: rest.start });
    }
    end
}

fn emphasize(sign: char, count: usize, range: Range<usize>, looks: &mut Looks) {
    let (first, last) = (range.start..range.start + count, range.end - count..range.end);
    looks.change(first.end..last.start, |look| {
        look.bold |= sign == '*' && count > 1;
        look.italic |= sign == '_' || (sign == '*' && count != 2);
        look.struck |= sign == '~';
    });
    looks.set(first, Kind::Sign);
    looks.set(last, Kind::Sign);
}

/// Whether emphasis may begin behind this character.
fn is_before(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | '[' | '{' | '"' | '\'' | '*' | '_' | '~' | '>' | '—' | '–' | '„' | '“' | '«')
}

/// Whether emphasis may end before this character.
fn is_behind(c: char) -> bool {
    let ends = matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']' | '}' | '"' | '\'' | '*' | '_' | '~' | '…');
    c.is_whitespace() || ends || matches!(c, '—' | '–' | '“' | '”' | '»')
}

/// Whether emphasis may begin with this character.
fn is_begun(c: char) -> bool {
    let begins = matches!(c, '"' | '\'' | '(' | '[' | '{' | '<' | '`' | '@' | '#' | '$' | '&' | '*' | '_' | '~');
    c.is_alphanumeric() || !c.is_ascii() || begins
}
