//! What a process has used, as `/proc` tells it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    /// Time on a CPU.
    pub(crate) cpu: Duration,
    /// How often a thread of it went to sleep, and so how often one woke up.
    pub(crate) sleeps: u64,
}

impl Used {
    /// What all threads of a process have used.
    pub(crate) fn by(pid: u32) -> anyhow::Result<Self> {
        let mut used = Self::default();
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            let task = task?.path();
            let schedule = fs::read_to_string(task.join("schedstat"))?;
            let nanos = schedule.split(' ').next().unwrap_or_default().parse()?;
            used.cpu += Duration::from_nanos(nanos);
            used.sleeps += field(&task.join("status"), "voluntary_ctxt_switches:")?;
        }
        Ok(used)
    }

    /// What was used since.
    pub(crate) fn since(self, before: Self) -> Self {
        Self { cpu: self.cpu.saturating_sub(before.cpu), sleeps: self.sleeps.saturating_sub(before.sleeps) }
    }
}

/// The memory of a process, MB: all that is resident, and what it shares with nobody.
pub(crate) fn memory(pid: u32) -> anyhow::Result<(f64, f64)> {
    let rollup = Path::new("/proc").join(pid.to_string()).join("smaps_rollup");
    let resident = field(&rollup, "Rss:")?;
    let own = field(&rollup, "Private_Clean:")? + field(&rollup, "Private_Dirty:")?;
    Ok((resident as f64 / 1024.0, own as f64 / 1024.0))
}

fn field(file: &Path, name: &str) -> anyhow::Result<u64> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("{name} is told"))?;
    Ok(line.split_whitespace().next().unwrap_or_default().parse()?)
}
