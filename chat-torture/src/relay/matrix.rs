//! All cells there are, in an order that stays, and what is hoped for in each.

use std::time::Duration;

use super::cell::{Cell, Figures};
use super::{Cut, Weather};

const MS: Duration = Duration::from_millis(1);

/// Every cell.
#[must_use]
pub fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for loss in LOSSES {
        for round_trip in ROUND_TRIPS_MS {
            for rate in RATES {
                let is_rough = loss > 0.0;
                let twice = if is_rough { TWICE } else { 0.0 };
                let jitter = if is_rough { (MS * round_trip / 10).max(MS) } else { Duration::ZERO };
                let round_trip = MS * round_trip;
                cells.push(plain(Weather { loss, twice, round_trip, jitter, rate, ..Weather::CLEAR }));
            }
        }
    }
    let usual = Weather { loss: 1.0, twice: TWICE, round_trip: MS * 50, jitter: MS * 5, ..Weather::CLEAR };
    for mtu in MTUS {
        cells.push(Cell { shrinks: true, ..plain(Weather { mtu: Some(mtu), ..usual }) });
    }
    for loss in [0.0, 10.0] {
        cells.push(plain(Weather { loss, rebind: Some(MS * 10_000), ..usual }));
    }
    for time in CUTS_MS {
        for cut in [Cut::Both, Cut::Up, Cut::Down] {
            cells.push(Cell { cut: Some((cut, MS * time)), ..plain(usual) });
        }
    }
    cells
}

fn plain(weather: Weather) -> Cell {
    Cell { weather, cut: None, shrinks: false }
}

impl Cell {
    /// Goals the figures miss, beside the promises, which hold everywhere.
    #[must_use]
    pub fn missed(&self, figures: &Figures) -> Vec<String> {
        let mut missed = Vec::new();
        let Weather { loss, round_trip, rate, .. } = self.weather;
        let is_fair = loss <= 30.0 && round_trip <= MS * 200 && rate.is_none() && self.cut.is_none();
        if is_fair && figures.p99 >= P99_MAX {
            missed.push(format!("p99 {:.1} s", figures.p99.as_secs_f64()));
        }
        let should_hold = self.cut.is_none_or(|(_, time)| time <= HOLDS);
        if should_hold && figures.broken > 0 {
            missed.push(format!("{} broken", figures.broken));
        }
        if figures.healed > HEALED_MAX {
            missed.push(format!("healed after {:.1} s", figures.healed.as_secs_f64()));
        }
        missed
    }
}

const LOSSES: [f64; 7] = [0.0, 1.0, 5.0, 10.0, 20.0, 30.0, 50.0];
const ROUND_TRIPS_MS: [u32; 4] = [0, 50, 200, 600];
const RATES: [Option<u64>; 3] = [Some(64_000), Some(1_000_000), None];
const MTUS: [usize; 3] = [1_200, 1_280, 1_400];
const CUTS_MS: [u32; 9] = [100, 500, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000];

/// Datagrams that arrive twice wherever some are lost, of a hundred.
const TWICE: f64 = 1.0;

/// From saying to showing, at 30 % loss and a round trip of 200 ms.
const P99_MAX: Duration = Duration::from_secs(3);

/// A cut no connection should break over.
const HOLDS: Duration = Duration::from_secs(5);

/// When everybody should be complete after the sky cleared.
const HEALED_MAX: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_cells_as_were_said_and_none_twice() {
        let cells = cells();
        assert_eq!(cells.len(), 84 + 3 + 2 + 27);
        let names: std::collections::BTreeSet<String> = cells.iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), cells.len());
    }

    #[test]
    fn goals_that_are_missed_are_told() {
        let figures = Figures { p99: MS * 3_000, broken: 2, healed: MS * 2_001, ..Figures::default() };
        let fair = plain(Weather { loss: 30.0, round_trip: MS * 200, ..Weather::CLEAR });
        assert_eq!(fair.missed(&figures), ["p99 3.0 s", "2 broken", "healed after 2.0 s"]);
        assert!(fair.missed(&Figures::default()).is_empty());
        let cut = Cell { cut: Some((Cut::Both, MS * 60_000)), ..fair };
        assert_eq!(cut.missed(&figures), ["healed after 2.0 s"]);
    }
}
