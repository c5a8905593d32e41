//! What a file is, by its name.

use chat_proto::{FileName, MediaType};

/// The media type of a file by the extension of its name; that of any bytes for what is not known.
#[must_use]
pub fn media_type(name: &FileName) -> MediaType {
    let extension = name.extension().unwrap_or_default().to_ascii_lowercase();
    let known = KNOWN.iter().find(|(_, extensions)| extensions.split(' ').any(|known| known == extension));
    let written = known.map_or(ANY, |(written, _)| written);
    MediaType::parse(written).or_else(|_| MediaType::parse(ANY)).unwrap_or_else(|_| unreachable!("{ANY} has the form"))
}

const ANY: &str = "application/octet-stream";

/// Media types and the extensions of their files.
const KNOWN: [(&str, &str); 44] = [
    ("application/gzip", "gz tgz"),
    ("application/java-archive", "jar"),
    ("application/json", "json map"),
    ("application/msword", "doc"),
    ("application/pdf", "pdf"),
    ("application/rtf", "rtf"),
    ("application/toml", "toml"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.ms-powerpoint", "ppt"),
    ("application/vnd.oasis.opendocument.presentation", "odp"),
    ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
    ("application/vnd.oasis.opendocument.text", "odt"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/wasm", "wasm"),
    ("application/x-7z-compressed", "7z"),
    ("application/x-bzip2", "bz2"),
    ("application/x-tar", "tar"),
    ("application/x-xz", "xz"),
    ("application/xml", "xml"),
    ("application/yaml", "yaml yml"),
    ("application/zip", "zip"),
    ("application/zstd", "zst"),
    ("audio/flac", "flac"),
    ("audio/mpeg", "mp3"),
    ("audio/ogg", "ogg oga opus"),
    ("audio/wav", "wav"),
    ("image/avif", "avif"),
    ("image/bmp", "bmp"),
    ("image/gif", "gif"),
    ("image/jpeg", "jpg jpeg"),
    ("image/png", "png"),
    ("image/svg+xml", "svg"),
    ("image/tiff", "tif tiff"),
    ("image/webp", "webp"),
    ("text/css", "css"),
    ("text/csv", "csv"),
    ("text/html", "html htm"),
    ("text/javascript", "js mjs"),
    ("text/markdown", "md"),
    ("text/plain", "txt text log conf cfg ini diff patch rs c h cpp hpp go py rb sh pl java kt ts lua sql"),
    ("video/mp4", "mp4 m4v"),
    ("video/webm", "webm"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_extension_says_what_a_file_is_and_every_entry_has_the_form() {
        for (name, expected) in [
            ("flame.svg", "image/svg+xml"),
            ("PHOTO.JPG", "image/jpeg"),
            ("a.tar.gz", "application/gzip"),
            ("a.unknown", ANY),
            ("svg", ANY),
        ] {
            assert_eq!(media_type(&FileName::parse(name).unwrap()).as_str(), expected, "{name}");
        }
        for (written, _) in KNOWN {
            assert!(MediaType::parse(written).is_ok(), "{written}");
        }
    }
}
