//! Time as the core knows it: an argument. Wall-clock stamps become days and minutes of the person's own zone here.

use std::time::Duration;

use chat_proto::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The present, as whoever drives the core read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The wall clock, for display.
    pub wall: Timestamp,
    /// Since the program began; what timers are set by.
    pub mono: Duration,
}

/// The time zone stamps are shown in.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone the system is set to.
    #[must_use]
    pub fn system() -> Self {
        Self(TimeZone::system())
    }

    /// The day a stamp falls on; a stamp outside jiff's calendar falls on its first day.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> Date {
        self.civil(at).date()
    }

    /// `17:02`.
    #[must_use]
    pub fn minute(&self, at: Timestamp) -> String {
        let time = self.civil(at).time();
        format!("{:02}:{:02}", time.hour(), time.minute())
    }

    fn civil(&self, at: Timestamp) -> jiff::civil::DateTime {
        let stamp = jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::MIN);
        self.0.to_datetime(stamp)
    }
}

/// `Fri 20 Nov 2026`.
#[must_use]
pub fn day_title(day: Date) -> String {
    day.strftime("%a %-d %b %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_shown_as_its_day_and_minute() {
        let at = Timestamp(1_795_190_520_000_000);
        assert_eq!(day_title(Zone::UTC.day(at)), "Fri 20 Nov 2026");
        assert_eq!(Zone::UTC.minute(at), "16:02");
    }

    #[test]
    fn a_stamp_beyond_the_calendar_is_shown_as_something() {
        assert_eq!(Zone::UTC.minute(Timestamp(i64::MAX)).len(), 5);
    }
}
