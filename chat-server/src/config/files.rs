//! Settings of files that messages carry: which are taken, and how much of them is kept.

use std::fmt;

use chat_proto::MediaType;

use super::choice::TakeFiles;
use super::entry::{Setting, Shape};
use super::value::{number, some_quoted, word};

/// What is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// Whether files are taken. What was sent before can be fetched either way.
    pub enabled: TakeFiles,
    /// Bytes one file may have: 1 to [`FILE_BYTES_MAX`].
    pub bytes_per_file: u64,
    /// Bytes kept for one account, what it is sending included: 1 to [`FILES_BYTES_MAX`].
    pub bytes_per_account: u64,
    /// Bytes kept for all accounts: 1 to [`FILES_BYTES_MAX`].
    pub bytes_total: u64,
    /// The media types that are taken, at most [`MEDIA_TYPES_MAX`]; all where it is empty.
    pub media_types: Vec<MediaPattern>,
    /// Files one connection may send and fetch at once: 1 to [`AT_ONCE_MAX`].
    pub at_once: usize,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            enabled: TakeFiles::On,
            bytes_per_file: 100 * MIB,
            bytes_per_account: 1_024 * MIB,
            bytes_total: 10 * 1_024 * MIB,
            media_types: Vec::new(),
            at_once: 4,
        }
    }
}

impl Files {
    /// Whether a media type is taken.
    #[must_use]
    pub fn takes(&self, media_type: &MediaType) -> bool {
        self.media_types.is_empty() || self.media_types.iter().any(|pattern| pattern.matches(media_type))
    }

    /// The media types that are taken, as they are written.
    #[must_use]
    pub fn written_types(&self) -> String {
        let all: Vec<String> = self.media_types.iter().map(ToString::to_string).collect();
        all.join(", ")
    }
}

/// A media type, or all of one sort, such as `image/*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaPattern {
    /// One media type as an example of the sort.
    example: MediaType,
    /// Whether all of its sort are meant.
    all: bool,
}

impl MediaPattern {
    /// Reads one as it is written.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (example, all) = match text.strip_suffix("/*") {
            Some(sort) => (format!("{sort}/any"), true),
            None => (text.to_owned(), false),
        };
        let wrong = |error| {
            format!("{text:?} is no media type such as image/png, and no sort of them such as image/*: {error}")
        };
        Ok(Self { example: MediaType::parse(&example).map_err(wrong)?, all })
    }

    /// Whether a media type is meant.
    #[must_use]
    pub fn matches(&self, media_type: &MediaType) -> bool {
        let sort = |it: &MediaType| it.as_str().split('/').next().map(str::to_owned);
        if self.all { sort(&self.example) == sort(media_type) } else { self.example == *media_type }
    }
}

impl fmt::Display for MediaPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.example.as_str().split_once('/') {
            Some((sort, _)) if self.all => write!(f, "{sort}/*"),
            Some(_) | None => self.example.fmt(f),
        }
    }
}

/// Patterns with commas between; none in an empty text.
fn patterns(text: &str) -> Result<Vec<MediaPattern>, String> {
    let patterns = text.split(',').map(str::trim).filter(|pattern| !pattern.is_empty());
    let patterns = patterns.map(MediaPattern::parse).collect::<Result<Vec<_>, _>>()?;
    if patterns.len() > MEDIA_TYPES_MAX {
        return Err(format!("{} media types; at most {MEDIA_TYPES_MAX} can be named", patterns.len()));
    }
    Ok(patterns)
}

pub(super) const ENABLED: Setting = Setting {
    key: "files.enabled",
    shape: Shape::Text,
    default: "on",
    meaning: "Whether people may send files: on or off; what was sent before is kept and can be fetched either way.",
    read: |config, text| word(text).map(|enabled| config.files.enabled = enabled),
    show: |config| some_quoted(&config.files.enabled.to_string()),
};

pub(super) const BYTES_PER_FILE: Setting = Setting {
    key: "files.bytes_per_file",
    shape: Shape::Number,
    default: "104857600",
    meaning: "Bytes one file may have, 1 to 1099511627776 (1 TiB); a longer one is refused before it is sent.",
    read: |config, text| number(text, 1..=FILE_BYTES_MAX).map(|bytes| config.files.bytes_per_file = bytes),
    show: |config| Some(config.files.bytes_per_file.to_string()),
};

pub(super) const BYTES_PER_ACCOUNT: Setting = Setting {
    key: "files.bytes_per_account",
    shape: Shape::Number,
    default: "1073741824",
    meaning: "Bytes of files kept for one account, what it is sending included, 1 to 1125899906842624 (1 PiB); messages that are removed make room.",
    read: |config, text| number(text, 1..=FILES_BYTES_MAX).map(|bytes| config.files.bytes_per_account = bytes),
    show: |config| Some(config.files.bytes_per_account.to_string()),
};

pub(super) const BYTES_TOTAL: Setting = Setting {
    key: "files.bytes_total",
    shape: Shape::Number,
    default: "10737418240",
    meaning: "Bytes of files kept for all accounts together, 1 to 1125899906842624 (1 PiB); a file counts for each account that sent it.",
    read: |config, text| number(text, 1..=FILES_BYTES_MAX).map(|bytes| config.files.bytes_total = bytes),
    show: |config| Some(config.files.bytes_total.to_string()),
};

pub(super) const MEDIA_TYPES: Setting = Setting {
    key: "files.media_types",
    shape: Shape::Text,
    default: "(all)",
    meaning: "The media types that are taken, such as image/*, text/plain: at most 64, with commas between. They are what senders say; nobody looks inside.",
    read: |config, text| patterns(text).map(|patterns| config.files.media_types = patterns),
    show: |config| some_quoted(&config.files.written_types()),
};

pub(super) const AT_ONCE: Setting = Setting {
    key: "files.at_once",
    shape: Shape::Number,
    default: "4",
    meaning: "Files one connection may send and fetch at once, 1 to 6; one more is told to wait.",
    read: |config, text| number(text, 1..=AT_ONCE_MAX).map(|count| config.files.at_once = count),
    show: |config| Some(config.files.at_once.to_string()),
};

const MIB: u64 = 1_024 * 1_024;

/// The longest file a server may be allowed to take, bytes: 1 TiB.
pub const FILE_BYTES_MAX: u64 = 1_024 * 1_024 * MIB;

/// The most bytes of files a server may be allowed to keep: 1 PiB.
pub const FILES_BYTES_MAX: u64 = 1_024 * FILE_BYTES_MAX;

/// The most media types that can be named.
pub const MEDIA_TYPES_MAX: usize = 64;

/// The most files a connection may be allowed to send and fetch at once, so that streams are left for other things.
pub const AT_ONCE_MAX: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_one_media_type_or_all_of_a_sort() {
        let files = Files { media_types: patterns("image/*, text/plain,").unwrap(), ..Files::default() };
        for (media_type, taken) in
            [("image/png", true), ("text/plain", true), ("text/html", false), ("imagex/png", false)]
        {
            assert_eq!(files.takes(&MediaType::parse(media_type).unwrap()), taken, "{media_type}");
        }
        assert_eq!(files.written_types(), "image/*, text/plain");
        assert!(Files::default().takes(&MediaType::parse("x/y").unwrap()));
        for bad in ["*/*", "image", "*", "image/**", "Image/*"] {
            assert!(patterns(bad).is_err(), "{bad}");
        }
        assert!(patterns(&"a/b,".repeat(MEDIA_TYPES_MAX + 1)).is_err());
    }
}
