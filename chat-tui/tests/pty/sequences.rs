//! What a program may write to a terminal: everything it wrote is taken apart and held against a list.

/// One thing written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Printable characters.
    Text(String),
    /// A control character.
    Control(char),
    /// A control sequence: what stands between `ESC [` and its end, with its end.
    Csi(String),
    /// An operating system command: what stands between `ESC ]` and its end.
    Osc(String),
    /// Anything else that begins with an escape, or does not end.
    Other(String),
}

/// Takes bytes apart as a terminal would.
pub(crate) fn pieces(raw: &[u8]) -> Vec<Piece> {
    let text = std::str::from_utf8(raw).expect("only UTF-8 is written");
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if !c.is_control() {
            let end = rest.find(char::is_control).unwrap_or(rest.len());
            pieces.push(Piece::Text(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if let Some(after) = rest.strip_prefix("\x1b[") {
            let Some(end) = after.find(|c| ('\x40'..='\x7e').contains(&c)) else {
                pieces.push(Piece::Other(rest.to_owned()));
                break;
            };
            pieces.push(Piece::Csi(after[..=end].to_owned()));
            rest = &after[end + 1..];
        } else if let Some(after) = rest.strip_prefix("\x1b]") {
            let Some(end) = after.find(['\x07', '\x1b']) else {
                pieces.push(Piece::Other(rest.to_owned()));
                break;
            };
            pieces.push(Piece::Osc(after[..end].to_owned()));
            rest = after[end..].strip_prefix("\x1b\\").unwrap_or(&after[end + 1..]);
        } else if c == '\x1b' {
            let end = 1 + rest.chars().nth(1).map_or(0, char::len_utf8);
            pieces.push(Piece::Other(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            pieces.push(Piece::Control(c));
            rest = &rest[c.len_utf8()..];
        }
    }
    pieces
}

/// Whether a control sequence is one that frames are made of.
pub(crate) fn is_frame_sequence(csi: &str) -> bool {
    let (body, end) = csi.split_at(csi.len() - 1);
    let numbers = |max: usize| body.split(';').count() <= max && body.bytes().all(|b| b.is_ascii_digit() || b == b';');
    match end {
        "H" => numbers(2),
        "G" => numbers(1),
        "m" => numbers(16),
        _ => matches!(csi, "2J" | "?25h" | "?25l" | "?2026h" | "?2026l"),
    }
}

/// Whether an operating system command is one that frames are made of: the end of a link, or the begin of one that leads to
/// the web, to a mailbox or to a room, in printable ASCII.
pub(crate) fn is_frame_command(osc: &str) -> bool {
    let Some(link) = osc.strip_prefix("8;") else { return false };
    let Some((name, target)) = link.split_once(';') else { return false };
    let named = name.strip_prefix("id=").is_some_and(|id| id.bytes().all(|b| b.is_ascii_hexdigit()));
    let known = ["https://", "http://", "mailto:", "chat://"]
        .iter()
        .any(|scheme| target.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)));
    link == ";" || (named && known && target.bytes().all(|b| b.is_ascii_graphic()))
}

/// Whether a piece is on the list of what the whole program may write on its screen.
pub(crate) fn is_allowed(piece: &Piece) -> bool {
    match piece {
        Piece::Text(_) => true,
        Piece::Control(_) | Piece::Other(_) => false,
        Piece::Csi(csi) => is_frame_sequence(csi) || SETUP.contains(&csi.as_str()),
        Piece::Osc(osc) if is_frame_command(osc) || osc == "11;?" => true,
        Piece::Osc(osc) => osc.strip_prefix("2;").is_some_and(|title| !title.contains(char::is_control)),
    }
}

/// Panics at the first thing written that is not on the list.
pub(crate) fn assert_only_allowed_sequences(raw: &[u8]) {
    for piece in pieces(raw) {
        assert!(is_allowed(&piece), "{piece:?} was written to the terminal");
    }
}

/// What is written on the way in and out: alternate screen, autowrap, bracketed paste, focus and mouse reports, the kitty
/// keyboard protocol, modifyOtherKeys, and the stack of titles.
const SETUP: [&str; 22] = [
    "?2031h", "?2031l", "?1049h", "?1049l", "?7h", "?7l", "?2004h", "?2004l", "?1004h", "?1004l", "?1000h", "?1000l",
    "?1002h", "?1002l", "?1006h", "?1006l", "=5;1u", "=0;1u", ">4;2m", ">4m", "22;2t", "23;2t",
];
