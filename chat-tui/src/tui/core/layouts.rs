//! Layouts as people write them: `#general |60 (#dev / @bob); #ops`.
//!
//! `;` parts tabs, `|` two windows side by side, `/` two windows one below the other, and a number behind a sign is what the first
//! of the two gets, in hundredths. Parentheses group, and without them signs bind from left to right. A window is `#room`,
//! `@person`, or `-` for none; `#room@server` where there are several servers, and `"#a room"` where a name has a blank in it.

use super::windows::{Node, Split, Window, Windows};

/// Bytes of a layout.
pub const LAYOUT_BYTES_MAX: usize = 2_048;

/// How deep parentheses go.
const DEPTH_MAX: usize = 16;

/// Reads a layout; its rooms are found later.
///
/// # Errors
/// What is wrong with it, for people.
pub fn read(text: &str) -> Result<Windows, String> {
    if text.len() > LAYOUT_BYTES_MAX {
        return Err(format!("a layout has at most {LAYOUT_BYTES_MAX} bytes"));
    }
    let mut reader = Reader { rest: text, depth: 0 };
    let mut roots = vec![reader.part()?];
    while reader.sign(';') {
        roots.push(reader.part()?);
    }
    if !reader.rest.is_empty() {
        return Err(format!("nothing was expected at {:?}", reader.rest));
    }
    Windows::of(roots).ok_or_else(|| "these are more windows or tabs than there may be".to_owned())
}

/// Writes a layout down; `name` is what a window is called.
pub(super) fn write(windows: &Windows, name: impl Fn(&Window) -> String) -> String {
    let tabs: Vec<String> = windows.roots().map(|root| part(root, &name, false)).collect();
    tabs.join("; ")
}

fn part(node: &Node, name: &impl Fn(&Window) -> String, inner: bool) -> String {
    match node {
        Node::Leaf(window) => quoted(&name(window)),
        Node::Pair { split, share, parts } => {
            let sign = match split {
                Split::Beside => '|',
                Split::Below => '/',
            };
            let share = if *share == 50 { String::new() } else { share.to_string() };
            let text = format!("{} {sign}{share} {}", part(&parts.0, name, false), part(&parts.1, name, true));
            if inner { format!("({text})") } else { text }
        }
    }
}

fn quoted(name: &str) -> String {
    if name.contains(|c: char| c.is_whitespace() || "|/();\"".contains(c)) {
        format!("\"{}\"", name.replace('"', ""))
    } else {
        name.to_owned()
    }
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl Reader<'_> {
    fn sign(&mut self, sign: char) -> bool {
        self.rest = self.rest.trim_start();
        let behind = self.rest.strip_prefix(sign);
        self.rest = behind.unwrap_or(self.rest).trim_start();
        behind.is_some()
    }

    /// Windows that signs join.
    fn part(&mut self) -> Result<Node, String> {
        let mut node = self.single()?;
        loop {
            let split = match self.rest.trim_start().chars().next() {
                Some('|') => Split::Beside,
                Some('/') => Split::Below,
                Some(_) | None => {
                    self.rest = self.rest.trim_start();
                    return Ok(node);
                }
            };
            self.rest = &self.rest.trim_start()[1..];
            let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
            let (share, behind) = self.rest.split_at(digits);
            let share = if share.is_empty() {
                50
            } else {
                let number = share.parse().ok().filter(|share| (10..=90).contains(share));
                number.ok_or_else(|| format!("{share} is no share; one is from 10 to 90"))?
            };
            self.rest = behind;
            node = Node::pair(split, share, node, self.single()?);
        }
    }

    fn single(&mut self) -> Result<Node, String> {
        if self.sign('(') {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err("these are too many parentheses".to_owned());
            }
            let node = self.part()?;
            self.depth -= 1;
            return if self.sign(')') { Ok(node) } else { Err("a parenthesis is not closed".to_owned()) };
        }
        let name = if let Some(rest) = self.rest.strip_prefix('"') {
            let (name, behind) = rest.split_once('"').ok_or("a name is not closed with \"")?;
            self.rest = behind;
            name
        } else {
            let end = self.rest.find(|c: char| c.is_whitespace() || "|/();".contains(c)).unwrap_or(self.rest.len());
            let (name, behind) = self.rest.split_at(end);
            self.rest = behind;
            name
        };
        match name.chars().next() {
            Some('#' | '@') if name.len() > 1 => Ok(Node::Leaf(Window::Awaited(name.to_owned()))),
            Some('-') if name.len() == 1 => Ok(Node::Leaf(Window::Nothing)),
            Some(_) => Err(format!("{name:?} is no window; write #room, @person or -")),
            None => Err("a window is missing; write #room, @person or -".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(window: &Window) -> String {
        match window {
            Window::Awaited(name) => name.clone(),
            Window::Nothing | Window::Room(_) => "-".to_owned(),
        }
    }

    #[test]
    fn what_is_written_reads_as_what_it_was() {
        for text in [
            "#general",
            "-",
            "#a | #b",
            "#a / #b |60 @bob",
            "#general |60 (#dev / @bob); #ops@lab.local; -",
            "#a | (#b |30 (#c / #d))",
            "\"#a room\" / @b,c",
        ] {
            let windows = read(text).unwrap();
            let written = write(&windows, name);
            assert_eq!(written, text);
            assert_eq!(read(&written).unwrap(), windows);
        }
        assert_eq!(write(&read("  #a|#b/#c ;#d").unwrap(), name), "#a | #b / #c; #d");
    }

    #[test]
    fn what_is_wrong_is_told_and_nothing_panics() {
        let wrong = [
            ("", "is missing"),
            ("#a |", "is missing"),
            ("#a |5 #b", "from 10 to 90"),
            ("#a |99999999 #b", "from 10 to 90"),
            ("(#a", "not closed"),
            ("\"#a", "not closed"),
            ("#a)", "nothing was expected"),
            ("general", "no window"),
            ("#", "no window"),
        ];
        for (text, why) in wrong {
            let told = read(text).unwrap_err();
            assert!(told.contains(why), "{text:?}: {told}");
        }
        assert!(read(&"(".repeat(1_000)).is_err());
        assert!(read(&"#a;".repeat(100)).is_err());
        assert!(read(&["#a"; 40].join("|")).is_err());
        assert!(read(&"#é|".repeat(1_000)).is_err());
    }
}
