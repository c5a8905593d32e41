//! The clipboard of the terminal, wherever that is (OSC 52).

use super::base64::base64;
use super::tmux::passed;

/// Bytes copied at once; terminals take no more than about this.
pub const COPY_BYTES_MAX: usize = 64 * 1024;

/// What puts a text on the clipboard; none if it is too long, rather than half of it. Control characters that are no part of a
/// text are left out, since whoever pastes it may run it.
///
/// A tmux is told twice: it keeps the text for itself and its terminal if `set-clipboard` is on, and passes it on if
/// `allow-passthrough` is.
#[must_use]
pub fn copy(text: &str, tmux: bool) -> Option<Vec<u8>> {
    if text.len() > COPY_BYTES_MAX {
        return None;
    }
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let sequence = format!("\x1b]52;c;{}\x1b\\", base64(text.as_bytes())).into_bytes();
    let mut all = if tmux { sequence.clone() } else { Vec::new() };
    all.extend(passed(sequence, tmux));
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_copied_whole_or_not_at_all() {
        assert_eq!(copy("hi", false).unwrap(), b"\x1b]52;c;aGk=\x1b\\");
        assert_eq!(copy("h\x1b\x07\u{9c}i", false), copy("hi", false));
        assert_ne!(copy("h\n\ti", false), copy("hi", false));
        let within = copy("a", true).unwrap();
        assert_eq!(within, b"\x1b]52;c;YQ==\x1b\\\x1bPtmux;\x1b\x1b]52;c;YQ==\x1b\x1b\\\x1b\\");
        assert!(copy(&"x".repeat(COPY_BYTES_MAX), false).is_some());
        assert_eq!(copy(&"x".repeat(COPY_BYTES_MAX + 1), false), None);
    }
}
