//! Ways to break a promise, to show that the checker notices.

/// What is broken, and the rest of the world with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Keys are not kept: after a restart of the server a repeated message is a new one.
    NoDedup,
    /// Writes are acknowledged at once and kept a moment later.
    AckBeforeCommit,
    /// Writes are kept where the power does not reach them, and flushed once in a while: what a database does that does not
    /// flush its log with every commit.
    NoFlush,
    /// Readers see events before they are kept; their authors are answered afterwards.
    BroadcastBeforeCommit,
    /// A server that was restarted has forgotten its newest numbers and gives them again.
    SeqReuse,
    /// A read marker that was stored comes back smaller.
    MarkerRegress,
    /// Two messages that stand beside each other in what is read have changed places.
    NeighboursSwapped,
    /// Words that are read are not those that were kept.
    OtherWords,
    /// What is read lacks a message.
    LeftOut,
    /// A server that was restarted does not know whom it had put out.
    BanForgotten,
    /// A client that was restarted goes on one event too early or too late.
    ResumeOffByOne,
    /// A client that was restarted sends what was not acknowledged under new keys.
    NewKeys,
    /// A client that was restarted sends what was not acknowledged the other way round.
    OutboxReversed,
    /// A client that was restarted has forgotten what it was to send.
    OutboxLost,
    /// A client that came back reads everything twice.
    DoubleSubscribe,
    /// A reader hears of an event only when there is another one behind it.
    LostWakeup,
}
