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

/// How times are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// `17:02`.
    #[default]
    Hours24,
    /// ` 5:02p`.
    Hours12,
}

impl Clock {
    /// Columns of every time.
    #[must_use]
    pub fn columns(self) -> u16 {
        match self {
            Self::Hours24 => 5,
            Self::Hours12 => 6,
        }
    }
}

/// The time zone stamps are shown in, and how.
#[derive(Clone, Debug)]
pub struct Zone {
    zone: TimeZone,
    /// How times are written.
    pub clock: Clock,
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self { zone: TimeZone::UTC, clock: Clock::Hours24 };

    /// The zone the system is set to.
    #[must_use]
    pub fn system() -> Self {
        Self { zone: TimeZone::system(), clock: Clock::default() }
    }

    /// The day a stamp falls on; a stamp outside jiff's calendar falls on its first day.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> Date {
        self.civil(at).date()
    }

    /// The minute of a stamp, in as many columns as every other.
    #[must_use]
    pub fn minute(&self, at: Timestamp) -> String {
        let time = self.civil(at).time();
        let (hour, minute) = (time.hour(), time.minute());
        match self.clock {
            Clock::Hours24 => format!("{hour:02}:{minute:02}"),
            Clock::Hours12 => {
                let half = if hour < 12 { 'a' } else { 'p' };
                format!("{:2}:{minute:02}{half}", (hour + 11) % 12 + 1)
            }
        }
    }

    fn civil(&self, at: Timestamp) -> jiff::civil::DateTime {
        let stamp = jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::MIN);
        self.zone.to_datetime(stamp)
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
    fn twelve_hours_go_round_twice_a_day() {
        let zone = Zone { clock: Clock::Hours12, ..Zone::UTC };
        let at = |hour: i64| zone.minute(Timestamp(hour * 3_600_000_000));
        assert_eq!([at(0), at(9), at(12), at(23)], ["12:00a", " 9:00a", "12:00p", "11:00p"]);
        assert_eq!(at(0).len(), usize::from(zone.clock.columns()));
    }

    #[test]
    fn a_stamp_beyond_the_calendar_is_shown_as_something() {
        assert_eq!(Zone::UTC.minute(Timestamp(i64::MAX)).len(), 5);
    }
}
