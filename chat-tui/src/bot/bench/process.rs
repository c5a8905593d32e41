//! What a process on this machine has used: its processor time and its memory, as Linux tells them.

use std::fs;
use std::time::Duration;

use crate::bot::{Exit, Failure};

/// A process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process(u32);

/// What it has used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Used {
    /// Processor time, of itself and the system for it.
    pub(super) time: Duration,
    /// Memory it occupies.
    pub(super) kilobytes: u64,
}

impl Process {
    /// A process that is there.
    pub(super) fn find(id: u32) -> Result<Self, Failure> {
        let process = Self(id);
        process.look().map(|_| process)
    }

    /// What it has used so far.
    pub(super) fn look(&self) -> Result<Used, Failure> {
        let id = self.0;
        let read = |file: &str| fs::read_to_string(format!("/proc/{id}/{file}")).ok();
        let used = read("stat").zip(read("status")).and_then(|(stat, status)| used(&stat, &status));
        used.ok_or_else(|| {
            let why = format!(
                "nothing is known of process {id}; --pid takes that of the server, on this machine and on Linux"
            );
            Failure::new(Exit::Usage, why)
        })
    }
}

/// Reads `/proc/PID/stat` and `/proc/PID/status`, see proc(5).
fn used(stat: &str, status: &str) -> Option<Used> {
    // The name, which may hold anything, stands in parentheses.
    let (_, behind) = stat.rsplit_once(')')?;
    let field = |nth: usize| behind.split_whitespace().nth(nth)?.parse::<u64>().ok();
    let ticks = field(11)? + field(12)?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes = resident.split_whitespace().next()?.parse().ok()?;
    Some(Used { time: Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND), kilobytes })
}

/// The unit of processor times there, the same on all Linux systems of today.
const TICKS_PER_SECOND: u64 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_blanks_moves_no_field() {
        let stat = "42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1 0";
        let read = used(stat, "Name:\tx\nVmRSS:\t  2048 kB\n").unwrap();
        assert_eq!((read.time, read.kilobytes), (Duration::from_secs(2), 2048));
        assert!(used("42 (x) S", "VmRSS: 1 kB").is_none());
    }

    #[test]
    fn this_process_is_there_and_none_is_told() {
        assert!(
            Process::find(std::process::id()).is_ok_and(|own| own.look().unwrap().kilobytes > 0)
                || !cfg!(target_os = "linux")
        );
        assert!(Process::find(u32::MAX).is_err());
    }
}
