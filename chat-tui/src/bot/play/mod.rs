//! Scenarios: files in which several actors, each a real session, act and expect. `docs/scenarios.md` is the language.

mod cable;
mod device;
mod latency;
mod lex;
mod log;
mod parse;
mod positional;
mod report;
mod run;
mod script;
mod source;
mod value;

use std::fmt;
use std::fs::DirBuilder;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};

use self::run::{Frame, Run, mixed};
use self::script::Step;
use self::value::Scope;
use crate::client::{Environment, Random, Settings};

pub use report::{Played, Report, Section, Trouble};
pub use source::{Place, ScriptError};

/// A scenario that was read and is the language.
#[derive(Clone, Debug)]
pub struct Scenario {
    name: String,
    steps: Vec<Step>,
}

impl Scenario {
    /// Reads a file, and those it includes.
    ///
    /// # Errors
    /// The first thing that is wrong, with file, line and column.
    pub fn load(path: &Path) -> Result<Self, ScriptError> {
        Ok(Self { name: path.display().to_string(), steps: parse::load(path)? })
    }

    /// Reads a text; what it includes is looked for beside `name`.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn read(name: &str, text: &str) -> Result<Self, ScriptError> {
        Ok(Self { name: name.to_owned(), steps: parse::read(name, text)? })
    }
}

/// Whoever can do something to the server a scenario is played against. `server restart` and the like come here.
pub trait Backstage: Send + Sync {
    /// Does what the words say.
    fn server<'a>(&'a self, words: &'a [String]) -> BoxFuture<'a, Result<(), String>>;
}

/// How scenarios are played.
pub struct Play {
    /// The server, whom to trust, and the directory every actor has a directory in; the name is not used.
    pub settings: Settings,
    /// Clock, randomness and files.
    pub environment: Environment,
    /// Decides `${run}` and `random`: the same seed makes the same names.
    pub seed: u64,
    /// How often each scenario is played.
    pub repeat: u32,
    /// How many runs go on at once.
    pub parallel: usize,
    /// How long an answer or event is waited for, unless the scenario says otherwise.
    pub timeout: Duration,
    /// Variables to begin with.
    pub variables: Vec<(String, String)>,
    /// Whoever can do something to the server.
    pub backstage: Option<Arc<dyn Backstage>>,
}

impl fmt::Debug for Play {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Play").field("settings", &self.settings).field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl Play {
    /// Plays scenarios, and tells each run as it ends.
    pub async fn play(&self, scenarios: &[Scenario], mut told: impl FnMut(&Played)) -> Report {
        let mut runs = Vec::new();
        for (index, scenario) in scenarios.iter().enumerate() {
            runs.extend((1..=self.repeat).map(|number| (index, number, scenario)));
        }
        let runs = runs.into_iter().map(|(index, number, scenario)| self.run(index, number, scenario));
        let mut played = stream::iter(runs).buffered(self.parallel.max(1));
        let mut report = Report::default();
        while let Some(run) = played.next().await {
            told(&run);
            report.runs.push(run);
        }
        report
    }

    async fn run(&self, index: usize, number: u32, scenario: &Scenario) -> Played {
        let seed = mixed(self.seed ^ mixed((index as u64) << 32 | u64::from(number)));
        let name = format!("{:08x}", seed & 0xffff_ffff);
        let mut settings = self.settings.clone();
        settings.data = settings.data.join(&name);
        let mut scope: Scope =
            self.variables.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        scope.insert("run".to_owned(), name.into());
        scope.insert("n".to_owned(), number.into());
        scope.insert("server".to_owned(), self.settings.server.authority().into());
        let run = Run::new(settings, self.environment.clone(), self.backstage.clone(), seed);
        run.play(&scenario.name, number, &scenario.steps, Frame { scope, patience: self.timeout }).await
    }
}

/// A directory for the time of playing; it goes when this goes.
#[derive(Debug)]
pub struct Dressing(PathBuf);

impl Dressing {
    /// A new directory, for its owner only.
    ///
    /// # Errors
    /// What the system said.
    pub fn new(random: &Random) -> io::Result<Self> {
        let name = u64::from_le_bytes(random.bytes()?);
        let path = std::env::temp_dir().join(format!("chat-play-{name:016x}"));
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Dressing {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean up: it is in its directory for that.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Events of each connection that a failure tells.
const EVENTS_TOLD: usize = 20;
