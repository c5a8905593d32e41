//! Whether somebody uses the screen for the first week: then a line of keys helps more than it takes.

use std::fs;
use std::path::Path;

use chat_proto::Timestamp;

/// The file that remembers the first start, in the directory of keys: microseconds since 1970.
const FILE: &str = "first-start";

const WEEK_MICROS: i64 = 7 * 24 * 3_600 * 1_000_000;

/// Whether the first start was within a week; the first one is remembered. What can't be read or written counts as the first.
#[must_use]
pub fn in_first_week(data: &Path, now: Timestamp) -> bool {
    let file = data.join(FILE);
    let first = fs::read_to_string(&file).ok().and_then(|text| text.trim().parse::<i64>().ok());
    let Some(first) = first else {
        let written = fs::create_dir_all(data).and_then(|()| fs::write(&file, format!("{}\n", now.0)));
        if let Err(error) = written {
            tracing::debug!(%error, "the first start is not remembered");
        }
        return true;
    };
    now.0.saturating_sub(first) < WEEK_MICROS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_week_begins_with_the_first_start_and_ends() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let start = 1_795_175_400_000_000;
        assert!(in_first_week(&data, Timestamp(start)));
        assert!(in_first_week(&data, Timestamp(start + WEEK_MICROS - 1)));
        assert!(!in_first_week(&data, Timestamp(start + WEEK_MICROS)));
        fs::write(data.join(FILE), "what").unwrap();
        assert!(in_first_week(&data, Timestamp(start)));
    }
}
