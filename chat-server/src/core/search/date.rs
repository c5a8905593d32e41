//! Days and spans of time as people write them; days are those of UTC.

use std::ops::Range;

use chat_proto::Timestamp;

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

/// A time somebody named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A day: where it begins.
    Day(Timestamp),
    /// A moment, so long ago.
    Ago(Timestamp),
}

impl When {
    /// Reads `2026-11-20`, `today`, `yesterday`, or how long ago: `12h`, `7d`, `2w`. Nothing for anything else.
    #[must_use]
    pub fn parse(text: &str, now: Timestamp) -> Option<Self> {
        let today = now.0.div_euclid(DAY_US);
        match text {
            "today" => Some(Self::day(today)),
            "yesterday" => Some(Self::day(today - 1)),
            _ => {
                ago(text).map(|us| Self::Ago(Timestamp(now.0.saturating_sub(us)))).or_else(|| date(text).map(Self::day))
            }
        }
    }

    fn day(number: i64) -> Self {
        Self::Day(Timestamp(number.saturating_mul(DAY_US)))
    }

    /// The whole of it: a day, or an empty span at a moment.
    #[must_use]
    pub fn span(self) -> Range<Timestamp> {
        match self {
            Self::Day(Timestamp(begin)) => Timestamp(begin)..Timestamp(begin.saturating_add(DAY_US)),
            Self::Ago(at) => at..at,
        }
    }
}

/// A number with its unit, microseconds.
fn ago(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit_us = match unit {
        "h" => HOUR_US,
        "d" => DAY_US,
        "w" => 7 * DAY_US,
        _ => return None,
    };
    digits(number)?.checked_mul(unit_us)
}

/// The days from 1970-01-01 to a date of the Gregorian calendar.
fn date(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let (year, month, day) = (digits(year)?, digits(month)?, digits(day)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days_in_month).contains(&day) {
        return None;
    }
    // A year begins in March, so that the day that may be missing is its last one.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year;
    Some(days - 719_468)
}

fn digits(text: &str) -> Option<i64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1970-1-2", 1),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2024-03-01", 19_783),
            ("2026-11-20", 20_777),
            ("0001-01-01", -719_162),
        ] {
            assert_eq!(date(text), Some(days), "{text}");
        }
        for text in
            ["2025-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-11", "26-11-20", "x-y-z"]
        {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn a_span_begins_so_long_ago_or_where_the_day_does() {
        let now = Timestamp(20_777 * DAY_US + 5 * HOUR_US);
        assert_eq!(When::parse("2h", now), Some(When::Ago(Timestamp(now.0 - 2 * HOUR_US))));
        assert_eq!(When::parse("1w", now), Some(When::Ago(Timestamp(now.0 - 7 * DAY_US))));
        assert_eq!(When::parse("today", now), Some(When::Day(Timestamp(20_777 * DAY_US))));
        assert_eq!(When::parse("yesterday", now).unwrap().span().end, Timestamp(20_777 * DAY_US));
        for text in ["", "d", "7", "7x", "-7d", "7 d", "é", "99999999999999999999d", "9223372036854775807w"] {
            assert_eq!(When::parse(text, now), None, "{text}");
        }
    }
}
