//! What a scenario is when it has been read.

use std::time::Duration;

use super::source::Place;
use super::value::{Comparison, Operand, Segment, Template};

/// One step, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) place: Place,
    pub(super) what: What,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// A test case begins.
    Section(Template),
    Let(String, Operand),
    /// A whole number between two, both included.
    Random(String, Operand, Operand),
    Timeout(Duration),
    Actor(Actor),
    Wait(Duration),
    /// The run ends here; true if all is well.
    Exit(bool),
    Repeat {
        times: Operand,
        parallel: Operand,
        body: Vec<Step>,
    },
    /// Steps side by side.
    Parallel(Vec<Step>),
    Assert(Claim),
    /// So many of a hundred messages were delivered in less time.
    Latency {
        percent: f64,
        comparison: Comparison,
        limit: Duration,
    },
    /// Something is done to the server, by whoever plays the scenario.
    Server(Vec<Template>),
    Do(Who, Action),
}

/// Somebody, as he is introduced.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Actor {
    pub(super) name: String,
    /// His name at the server.
    pub(super) account: Template,
    /// Connections.
    pub(super) devices: usize,
    pub(super) options: Vec<(String, Option<Operand>)>,
    pub(super) outcome: Outcome,
}

impl Actor {
    /// Whether an option was given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(option, _)| option == name)
    }
}

/// Somebody and which of his connections, from 1 on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) name: String,
    pub(super) device: usize,
}

/// What somebody does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// Asks the server.
    Ask(Ask, Outcome),
    /// Asks until a field of the answer is so; without a field, the one that is usually meant.
    Assert(Ask, Template, Comparison, Operand, Option<Duration>),
    Expect(Expectation),
    Disconnect {
        /// Without a goodbye: nothing leaves and nothing arrives any more.
        hard: bool,
    },
    Reconnect(Outcome),
    /// Takes another local address.
    Rebind,
    /// What came so far is of no matter to what is expected next.
    Forget,
}

/// A request: an op of `bot jsonl` and its fields.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ask {
    pub(super) op: String,
    pub(super) arguments: Vec<Operand>,
    pub(super) named: Vec<(String, Operand)>,
}

/// What is to come of something.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Outcome {
    /// The name the answer gets.
    pub(super) bind: Option<String>,
    pub(super) verdict: Verdict,
}

/// How an answer is to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Verdict {
    /// Done.
    #[default]
    Done,
    /// Refused, with this code if one is named, and words that fit.
    Refused(Option<Template>, Option<Template>),
    /// Either.
    Any,
}

/// An event that is to come, or must not.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expectation {
    /// It must not come.
    pub(super) never: bool,
    /// The very next event of this kind in the room is the one.
    pub(super) next: bool,
    /// The kind, as `ev` has it.
    pub(super) event: String,
    pub(super) conditions: Vec<Condition>,
    pub(super) within: Option<Duration>,
    pub(super) bind: Option<String>,
}

/// What is to be true of an event.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    /// Whose it is.
    By(Operand),
    Field(Vec<Segment>, Comparison, Operand),
    /// Its words fit a pattern; what the pattern names is bound.
    Words(Template),
}

/// Two values and how they compare.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claim {
    pub(super) left: Operand,
    pub(super) comparison: Comparison,
    pub(super) right: Operand,
}
