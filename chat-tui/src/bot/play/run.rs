//! A scenario being played.

mod act;
mod cast;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, try_join_all};
use futures_util::{FutureExt, TryStreamExt, stream};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use self::cast::Cast;
use super::latency::Latency;
use super::report::{Played, Section, Trouble};
use super::script::{Claim, Step, What};
use super::source::Place;
use super::value::{Comparison, Operand, Scope, compare, shown};
use super::{Backstage, EVENTS_TOLD};
use crate::bot::Exit;
use crate::client::{Environment, Settings};

/// One run of one scenario.
pub(super) struct Run {
    /// What every session is told, but for name and data.
    pub(super) settings: Settings,
    pub(super) environment: Environment,
    /// Whoever can do something to the server.
    pub(super) backstage: Option<Arc<dyn Backstage>>,
    cast: Cast,
    latency: Arc<Latency>,
    /// Where `random` stands.
    random: Mutex<u64>,
    sections: Mutex<Vec<(String, Instant, Option<Duration>)>>,
}

/// What is known at a step.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) scope: Scope,
    /// How long an answer or event is waited for.
    pub(super) patience: Duration,
}

/// Why a run goes no further.
enum Ended {
    /// It said `exit 0`.
    Done,
    Failed(Place, String, Exit),
}

impl Run {
    pub(super) fn new(
        settings: Settings,
        environment: Environment,
        backstage: Option<Arc<dyn Backstage>>,
        seed: u64,
    ) -> Self {
        Self {
            settings,
            environment,
            backstage,
            cast: Cast::default(),
            latency: Arc::default(),
            random: Mutex::new(seed),
            sections: Mutex::default(),
        }
    }

    /// Plays the steps, with what is known at the first one.
    pub(super) async fn play(&self, name: &str, number: u32, steps: &[Step], mut frame: Frame) -> Played {
        self.begin_section(name.to_owned());
        let ended = self.block(steps, &mut frame).await;
        let trouble = match ended {
            Ok(()) | Err(Ended::Done) => None,
            Err(Ended::Failed(place, message, exit)) => {
                Some(Trouble { place, message, exit, heard: self.cast.heard(EVENTS_TOLD) })
            }
        };
        self.end_section();
        self.cast.close().await;
        let sections = std::mem::take(&mut *lock(&self.sections));
        let section =
            |(name, _, took): (String, Instant, Option<Duration>)| Section { name, took: took.unwrap_or_default() };
        let mut sections: Vec<Section> = sections.into_iter().map(section).collect();
        let begun = sections.len();
        if begun > 1 {
            // What stands before the first section is a case of its own only if it is all there is, or failed.
            sections.remove(0);
        }
        let skipped = if trouble.is_some() { named(steps).into_iter().skip(begun - 1).collect() } else { Vec::new() };
        Played { name: name.to_owned(), number, sections, skipped, trouble }
    }

    fn begin_section(&self, name: String) {
        lock(&self.sections).push((name, Instant::now(), None));
    }

    fn end_section(&self) {
        if let Some((_, began, took)) = lock(&self.sections).last_mut() {
            *took = Some(began.elapsed());
        }
    }

    fn block<'a>(&'a self, steps: &'a [Step], frame: &'a mut Frame) -> BoxFuture<'a, Result<(), Ended>> {
        async move {
            for step in steps {
                self.step(step, frame).await?;
            }
            Ok(())
        }
        .boxed()
    }

    async fn step(&self, step: &Step, frame: &mut Frame) -> Result<(), Ended> {
        let here = |message: String| Ended::Failed(step.place.clone(), message, Exit::Failed);
        match &step.what {
            What::Section(name) => {
                self.end_section();
                self.begin_section(name.text(&frame.scope).map_err(here)?);
            }
            What::Let(name, value) => {
                let value = value.whole(&frame.scope).map_err(here)?;
                frame.scope.insert(name.clone(), value);
            }
            What::Random(name, least, most) => {
                let number = self.random(least, most, frame).map_err(here)?;
                frame.scope.insert(name.clone(), number.into());
            }
            What::Timeout(patience) => frame.patience = *patience,
            What::Wait(time) => sleep(*time).await,
            What::Exit(true) => return Err(Ended::Done),
            What::Exit(false) => return Err(here("the scenario says that this is wrong".to_owned())),
            What::Repeat { times, parallel, body } => {
                let times = count(times, frame, REPEAT_MAX).map_err(here)?;
                let parallel = count(parallel, frame, PARALLEL_MAX).map_err(here)?.max(1);
                self.repeat(times, parallel, body, frame).await?;
            }
            What::Parallel(body) => self.parallel(body, frame).await?,
            What::Assert(claim) => holds(claim, &frame.scope).map_err(here)?,
            What::Latency { percent, comparison, limit } => {
                self.is_fast(*percent, *comparison, *limit).map_err(here)?;
            }
            What::Server(words) => {
                let words: Result<Vec<String>, String> = words.iter().map(|word| word.text(&frame.scope)).collect();
                let backstage = self.backstage.as_ref().ok_or_else(|| here(NO_BACKSTAGE.to_owned()))?;
                backstage.server(&words.map_err(here)?).await.map_err(here)?;
            }
            What::Actor(actor) => self
                .introduce(actor, frame)
                .await
                .map_err(|(message, exit)| Ended::Failed(step.place.clone(), message, exit))?,
            What::Do(who, action) => self.act(who, action, frame).await.map_err(here)?,
        }
        Ok(())
    }

    async fn repeat(&self, times: u64, parallel: u64, body: &[Step], frame: &Frame) -> Result<(), Ended> {
        let rounds = (1..=times).map(|round| {
            let mut frame = frame.clone();
            frame.scope.insert("i".to_owned(), round.into());
            async move { self.block(body, &mut frame).await }
        });
        let parallel = usize::try_from(parallel).unwrap_or(usize::MAX);
        stream::iter(rounds.map(Ok)).try_for_each_concurrent(parallel, |round| round).await
    }

    /// Every step at once; what they bind is known behind them.
    async fn parallel(&self, body: &[Step], frame: &mut Frame) -> Result<(), Ended> {
        let branches: Vec<_> = body.iter().map(|step| self.branch(step, frame.clone())).collect();
        let scopes = try_join_all(branches).await?;
        let before = frame.scope.clone();
        for (name, value) in scopes.into_iter().flatten() {
            if before.get(&name) != Some(&value) {
                frame.scope.insert(name, value);
            }
        }
        Ok(())
    }

    fn branch<'a>(&'a self, step: &'a Step, mut frame: Frame) -> BoxFuture<'a, Result<Scope, Ended>> {
        async move {
            self.block(std::slice::from_ref(step), &mut frame).await?;
            Ok(frame.scope)
        }
        .boxed()
    }

    fn random(&self, least: &Operand, most: &Operand, frame: &Frame) -> Result<u64, String> {
        let (least, most) = (count(least, frame, u64::MAX)?, count(most, frame, u64::MAX)?);
        if least > most {
            return Err(format!("there is no number from {least} to {most}"));
        }
        let mut state = lock(&self.random);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        Ok(least + mixed(*state) % (most - least).saturating_add(1))
    }

    fn is_fast(&self, percent: f64, comparison: Comparison, limit: Duration) -> Result<(), String> {
        let (taken, deliveries) =
            self.latency.percentile(percent).ok_or("no message that was sent here was delivered here")?;
        let is_so = if comparison == Comparison::Less { taken < limit } else { taken <= limit };
        if is_so {
            return Ok(());
        }
        Err(format!("expected p{percent} {comparison} {limit:?}; it is {taken:?} of {deliveries} deliveries"))
    }
}

/// The sections of a scenario.
fn named(steps: &[Step]) -> Vec<String> {
    let name = |step: &Step| {
        let What::Section(name) = &step.what else { return None };
        Some(name.plain().unwrap_or("section").to_owned())
    };
    steps.iter().filter_map(name).collect()
}

fn count(operand: &Operand, frame: &Frame, most: u64) -> Result<u64, String> {
    let value = shown(&operand.value(&frame.scope)?);
    let number = value.parse::<u64>().ok().filter(|number| *number <= most);
    number.ok_or_else(|| format!("{value:?} is not a number from 0 to {most}"))
}

fn holds(claim: &Claim, scope: &Scope) -> Result<(), String> {
    let (left, right) = (claim.left.whole(scope)?, claim.right.value(scope)?);
    if compare(&left, claim.comparison, &right)? {
        return Ok(());
    }
    Err(unequal(&left, claim.comparison, &right))
}

fn unequal(left: &Value, comparison: Comparison, right: &Value) -> String {
    format!("expected {comparison} {}; it is {}", crate::bot::line::json(right), crate::bot::line::json(left))
}

/// The bits of a number well mixed (SplitMix64).
pub(super) fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Rounds of one `repeat`.
const REPEAT_MAX: u64 = 1_000_000;

/// Rounds of one `repeat` at once.
const PARALLEL_MAX: u64 = 10_000;

const NO_BACKSTAGE: &str = "`server` is for whoever plays against a server of his own; this one is somebody else's";
