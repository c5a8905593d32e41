//! Files as people read of them: how long they are, and one line for each.

use chat_proto::{Attached, Message};

use crate::clean;

/// How many bytes, as people read it: `412 KB`, with 1024 bytes in each.
#[must_use]
pub fn size(bytes: u64) -> String {
    let (mut whole, mut rest, mut unit) = (bytes, 0, 0);
    while whole >= 1024 && unit + 1 < UNITS.len() {
        (rest, whole, unit) = (whole % 1024, whole / 1024, unit + 1);
    }
    let tenth = rest * 10 / 1024;
    if unit > 0 && whole < 10 && tenth > 0 {
        format!("{whole}.{tenth} {}", UNITS[unit])
    } else {
        format!("{whole} {}", UNITS[unit])
    }
}

/// The file a message carries, clean, on one line: `file: flame.svg 412 KB`.
#[must_use]
pub fn line(file: &Attached) -> String {
    format!("file: {} {}", clean::line(&file.name), size(file.size))
}

/// The words of a message and what file it carries, as one text: `the profile [file: flame.svg 412 KB]`.
#[must_use]
pub fn words(message: Message<'_>) -> String {
    match message.file() {
        Some(file) if is_caption(file, message.text) => format!("{} [{}]", message.text, line(file)),
        Some(file) => line(file),
        None => message.text.to_owned(),
    }
}

/// Whether the words of a message are a caption, and not the name of its file in place of one.
#[must_use]
pub fn is_caption(file: &Attached, words: &str) -> bool {
    words != file.name
}

const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];

#[cfg(test)]
mod tests {
    use chat_proto::FileHash;

    use super::*;

    #[test]
    fn sizes_are_short_and_no_name_breaks_its_line() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1 KB"),
            (1_536, "1.5 KB"),
            (421_888, "412 KB"),
            (5_242_880, "5 MB"),
            (1 << 40, "1 TB"),
            (u64::MAX, "16777215 TB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
        let (name, media_type) = ("a\u{1b}[31m\nb".to_owned(), "x/y".to_owned());
        let file = Attached { name, media_type, size: 1, hash: FileHash([0; 32]) };
        assert_eq!(line(&file), "file: a␛[31m␊b 1 B");
    }
}
