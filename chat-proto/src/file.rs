//! Files: how their bytes go up and come down, what a message says of the one it carries, and names that are safe on any disk.

use std::fmt;

use thiserror::Error;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::codec::{Decode, Encode};
use crate::id::{FileHash, RoomId, Seq};
use crate::limits::{FILE_NAME_BYTES_MAX, MEDIA_TYPE_BYTES_MAX};

/// A message carries a file: whoever may read the message may fetch it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Attached {
    /// What it is called; see [`FileName`].
    pub name: String,
    /// What it is, in its sender's words; see [`MediaType`].
    pub media_type: String,
    /// How long it is, bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub hash: FileHash,
}

/// Take the bytes of a file, to be carried by a message into a room. Asked alone on a short stream; answered with
/// [`UploadFrom`], then come the bytes, and then a second answer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Upload {
    /// The room it is meant for: whoever may write there may send it.
    pub room: RoomId,
    /// What it is.
    pub media_type: String,
    /// How long it is, bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub hash: FileHash,
}

/// Give the bytes of the file a message carries. Asked alone on a short stream; answered with [`FileFrom`], and then come the
/// bytes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Download {
    /// Which room.
    pub room: RoomId,
    /// Which message.
    pub seq: Seq,
    /// From which byte on.
    pub offset: u64,
}

/// From where on the bytes of a file are to be sent: those before are there already, from the same account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct UploadFrom {
    /// The first byte that is wanted; the file's size if none is.
    pub offset: u64,
}

/// The bytes of a file follow.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FileFrom {
    /// The file, as its message says.
    pub file: Attached,
    /// The first byte that follows; the rest of the file comes to the stream's end.
    pub offset: u64,
}

/// Which rule a file's name breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileNameError {
    /// Nothing there.
    #[error("a file needs a name")]
    Empty,
    /// More than [`FILE_NAME_BYTES_MAX`] bytes.
    #[error("{0} bytes long; a file's name has at most {FILE_NAME_BYTES_MAX}")]
    TooLong(usize),
    /// A character that separates paths, means something to a system, or can't be seen.
    #[error("U+{:04X} is not allowed in a file's name", u32::from(*.0))]
    Character(char),
    /// It begins with a dot or a space, or ends in one.
    #[error("a file's name neither begins nor ends with a dot or a space")]
    Edge,
    /// Not in Unicode normalization form C.
    #[error("not in Unicode normalization form C")]
    NotNfc,
    /// A device's name on some system, such as `CON` or `nul.txt`.
    #[error("some systems take that name for a device")]
    Device,
}

/// The name of a file: one that any system keeps as it is, in whatever directory it is put, and never outside of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// Checks a name that came from outside.
    ///
    /// # Errors
    /// Which rule it breaks.
    pub fn parse(name: &str) -> Result<Self, FileNameError> {
        if name.is_empty() {
            return Err(FileNameError::Empty);
        }
        if name.len() > FILE_NAME_BYTES_MAX {
            return Err(FileNameError::TooLong(name.len()));
        }
        if let Some(bad) = name.chars().find(|c| !is_plain(*c)) {
            return Err(FileNameError::Character(bad));
        }
        if name.starts_with(is_edge) || name.ends_with(is_edge) {
            return Err(FileNameError::Edge);
        }
        if !is_nfc(name) {
            return Err(FileNameError::NotNfc);
        }
        if is_device(name) {
            return Err(FileNameError::Device);
        }
        Ok(Self(name.to_owned()))
    }

    /// The nearest possible name to that of a path: its last part, with `_` for what is not allowed.
    #[must_use]
    pub fn of_path(path: &str) -> Self {
        let last = path.rsplit(['/', '\\']).next().unwrap_or_default();
        let plain: String = last.nfc().map(|c| if is_plain(c) { c } else { '_' }).collect();
        let name = plain.trim_matches(is_edge);
        let name = shortened(if name.is_empty() { "file" } else { name });
        let name = if is_device(&name) { format!("_{name}") } else { name };
        Self::parse(&name).unwrap_or_else(|_| Self("file".to_owned()))
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is behind the last dot, if anything is before it.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        self.0.rsplit_once('.').map(|(_, extension)| extension)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Cut to the length allowed with room for a character before it, its extension kept where that is a short one.
fn shortened(name: &str) -> String {
    let max = FILE_NAME_BYTES_MAX - 1;
    if name.len() <= max {
        return name.to_owned();
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let (stem, end) = match extension.len() {
        1..=EXTENSION_BYTES_MAX => (&name[..name.len() - extension.len() - 1], format!(".{extension}")),
        _ => (name, String::new()),
    };
    let stem = &stem[..stem.floor_char_boundary(max - end.len())];
    format!("{}{end}", stem.trim_end_matches(is_edge))
}

/// Whether a character can stand in a name: it is seen, changes nothing around it, and means nothing to a system.
fn is_plain(c: char) -> bool {
    let unseen = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}' | '\u{e0000}'..='\u{e0fff}');
    let system = matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    !(c.is_control() || unseen || system || c.is_whitespace() && c != ' ')
}

fn is_edge(c: char) -> bool {
    matches!(c, '.' | ' ')
}

/// Whether some system takes a name for a device, whatever its extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |prefix: &str| {
        let mut rest = stem.strip_prefix(prefix).unwrap_or_default().chars();
        matches!((rest.next(), rest.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") || numbered("COM") || numbered("LPT")
}

/// Not the form of a media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a media type looks like image/png: two words of lower-case letters, digits and ! # $ & ^ _ . + -")]
pub struct MediaTypeError;

/// What a file is, in the form of a media type (RFC 6838, 4.2) without parameters, in lower case. Nobody checks that it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType(String);

impl MediaType {
    /// Checks one that came from outside.
    ///
    /// # Errors
    /// It has not that form, or more than [`MEDIA_TYPE_BYTES_MAX`] bytes.
    pub fn parse(text: &str) -> Result<Self, MediaTypeError> {
        let is_word = |word: &str| {
            let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            word.starts_with(letter) && word.chars().all(|c| letter(c) || "!#$&^_.+-".contains(c))
        };
        let has_form = text.split_once('/').is_some_and(|(kind, subtype)| is_word(kind) && is_word(subtype));
        if has_form && text.len() <= MEDIA_TYPE_BYTES_MAX { Ok(Self(text.to_owned())) } else { Err(MediaTypeError) }
    }

    /// The media type itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An extension that is kept when a name is cut, bytes.
const EXTENSION_BYTES_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_refused_and_made_harmless() {
        for (name, error, nearest) in [
            ("", FileNameError::Empty, "file"),
            (".", FileNameError::Edge, "file"),
            ("..", FileNameError::Edge, "file"),
            ("../../x", FileNameError::Character('/'), "x"),
            ("/etc/passwd", FileNameError::Character('/'), "passwd"),
            ("C:\\x.txt", FileNameError::Character(':'), "x.txt"),
            ("a/", FileNameError::Character('/'), "file"),
            ("a\0b", FileNameError::Character('\0'), "a_b"),
            ("a\u{1b}[2J", FileNameError::Character('\u{1b}'), "a_[2J"),
            ("a\u{202e}gpj.exe", FileNameError::Character('\u{202e}'), "a_gpj.exe"),
            ("a\u{200b}b", FileNameError::Character('\u{200b}'), "a_b"),
            ("a\u{e0041}b", FileNameError::Character('\u{e0041}'), "a_b"),
            (".bashrc", FileNameError::Edge, "bashrc"),
            ("a.", FileNameError::Edge, "a"),
            ("a ", FileNameError::Edge, "a"),
            ("CON", FileNameError::Device, "_CON"),
            ("nul.txt", FileNameError::Device, "_nul.txt"),
            ("Com1", FileNameError::Device, "_Com1"),
            ("e\u{301}.txt", FileNameError::NotNfc, "\u{e9}.txt"),
        ] {
            assert_eq!(FileName::parse(name), Err(error), "{name:?}");
            assert_eq!(FileName::of_path(name).as_str(), nearest, "{name:?}");
        }
        let long = format!("{}.svg", "é".repeat(300));
        assert_eq!(FileName::parse(&long), Err(FileNameError::TooLong(604)));
        let short = FileName::of_path(&long);
        assert!(short.as_str().ends_with("é.svg") && short.as_str().len() <= FILE_NAME_BYTES_MAX, "{short}");
        assert_eq!(FileName::parse(short.as_str()), Ok(short));
    }

    #[test]
    fn names_people_use_stay_as_they_are() {
        for name in ["flame.svg", "Über uns (2).tar.gz", "日本語.txt", "a, b & c's.pdf", "x", "console.log", "👍.png"]
        {
            assert_eq!(FileName::parse(name).map(|name| name.0), Ok(name.to_owned()));
            assert_eq!(FileName::of_path(&format!("/home/me/{name}")).as_str(), name);
        }
        assert_eq!(FileName::of_path("a.tar.GZ").extension(), Some("GZ"));
        assert_eq!(FileName::of_path("a").extension(), None);
    }

    #[test]
    fn a_media_type_has_a_form() {
        for good in ["image/png", "application/vnd.oasis.opendocument.text", "image/svg+xml", "x-a/b"] {
            assert_eq!(MediaType::parse(good).map(|it| it.0), Ok(good.to_owned()));
        }
        let long = format!("a/{}", "b".repeat(MEDIA_TYPE_BYTES_MAX));
        for bad in ["", "image", "image/", "/png", "a/b/c", "Image/png", "image/*", "a/b; c=d", "a/\u{1b}", &long] {
            assert_eq!(MediaType::parse(bad), Err(MediaTypeError), "{bad:?}");
        }
    }
}
