//! How much the server lets happen while it is attacked: one table of levels and wishes.

use std::time::Duration;

use chat_proto::{DefenceLevel, Reject, RejectCode, Retry};

use super::{AccountKind, ServerRank};

/// Who wants something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    /// What his account is.
    pub kind: AccountKind,
    /// What he may do to the server.
    pub rank: ServerRank,
    /// How long ago his account was made.
    pub age: Duration,
}

/// What he wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To make an account, from where a known account has logged in or not, by invitation or not.
    Register {
        /// Whether one has.
        known_network: bool,
        /// Whether somebody invited him.
        invited: bool,
    },
    /// To come in, while another connection of his is there or was a moment ago, or not.
    Enter {
        /// Whether one is.
        is_there: bool,
    },
    /// To begin a room or a conversation.
    Begin,
    /// To write in a room.
    Write {
        /// Whether he is a member of it.
        is_member: bool,
    },
}

/// How many times as much a request that others see costs.
#[must_use]
pub fn price(level: DefenceLevel) -> u32 {
    match level {
        DefenceLevel::Normal => 1,
        DefenceLevel::Raised => 2,
        DefenceLevel::High | DefenceLevel::Closed => 4,
    }
}

/// Whether a wish is granted.
///
/// # Errors
/// [`RejectCode::UnderDefence`] with what is let happen, and when to try again.
pub fn allow(level: DefenceLevel, asker: &Asker, wish: Wish) -> Result<(), Reject> {
    if asker.rank >= ServerRank::Owner {
        return Ok(());
    }
    let raised = level >= DefenceLevel::Raised;
    let high = level >= DefenceLevel::High;
    let closed = level >= DefenceLevel::Closed;
    // Who was in waits for the door by himself; who is new or can do something about it is told at once.
    let (later, change) = (Retry::Later, Retry::AfterChange);
    let (refused, what, retry, wait) = match wish {
        Wish::Register { .. } if high => (true, "nobody new is let in", change, AGAIN),
        Wish::Register { known_network, invited } => {
            let unknown = raised && !known_network && !invited;
            (unknown, "nobody new is let in from where nobody is known, but by an invitation", change, AGAIN)
        }
        Wish::Enter { .. } if high && asker.kind == AccountKind::Guest => {
            (true, "guests are not let in", change, AGAIN)
        }
        Wish::Enter { is_there } => {
            (closed && !is_there, "only its owners and who is there already are let in", later, AGAIN)
        }
        Wish::Begin => {
            let left = NEW_FOR.saturating_sub(asker.age);
            (raised && !left.is_zero(), "who is new begins no rooms and no conversations", later, left)
        }
        Wish::Write { is_member } => (high && !is_member, "only members of a room write in it", change, AGAIN),
    };
    if !refused {
        return Ok(());
    }
    let message = format!("this server defends itself (level {}): {what}; try again in {}", level.name(), spoken(wait));
    let retry_after_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
    Err(Reject { retry, retry_after_ms, ..Reject::new(RejectCode::UnderDefence, message) })
}

fn spoken(wait: Duration) -> String {
    let minutes = wait.as_secs().div_ceil(60);
    match minutes {
        0..120 => format!("{minutes} min"),
        _ => format!("{} h", minutes.div_ceil(60)),
    }
}

/// How long an account is new.
pub const NEW_FOR: Duration = Duration::from_secs(24 * 3_600);

/// When it makes sense to try again what only another level grants.
const AGAIN: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    const USER: Asker = Asker { kind: AccountKind::User, rank: ServerRank::None, age: NEW_FOR };

    #[test]
    fn the_whole_table() {
        let new = Asker { age: Duration::from_secs(3_600), ..USER };
        let guest = Asker { kind: AccountKind::Guest, ..USER };
        let register = |known_network, invited| Wish::Register { known_network, invited };
        let enter = |is_there| Wish::Enter { is_there };
        let write = |is_member| Wish::Write { is_member };
        // From which level on it is refused; 4 is never.
        for (asker, wish, from) in [
            (new, register(false, false), 1),
            (new, register(true, false), 2),
            (new, register(false, true), 2),
            (guest, enter(false), 2),
            (guest, enter(true), 2),
            (USER, enter(false), 3),
            (USER, enter(true), 4),
            (new, Wish::Begin, 1),
            (USER, Wish::Begin, 4),
            (USER, write(false), 2),
            (USER, write(true), 4),
            (guest, write(true), 4),
        ] {
            for (number, level) in DefenceLevel::ALL.into_iter().enumerate() {
                let outcome = allow(level, &asker, wish);
                assert_eq!(outcome.is_err(), number >= from, "{level:?} {asker:?} {wish:?}");
                let Err(reject) = outcome else { continue };
                assert_eq!((reject.code, reject.retry_after_ms > 0), (RejectCode::UnderDefence, true));
                assert!(reject.message.contains(level.name()) && reject.message.contains("again in"), "{reject}");
                let owner = Asker { rank: ServerRank::Owner, ..asker };
                assert_eq!(allow(level, &owner, wish), Ok(()), "owners may always: {level:?} {wish:?}");
            }
        }
    }

    #[test]
    fn who_is_new_is_told_when_he_is_no_more_and_prices_only_grow() {
        let asker = Asker { age: Duration::from_secs(23 * 3_600), ..USER };
        let reject = allow(DefenceLevel::Raised, &asker, Wish::Begin).unwrap_err();
        assert_eq!((reject.retry, reject.retry_after_ms), (Retry::Later, 3_600_000));
        assert!(reject.message.ends_with("in 60 min"), "{reject}");
        assert!(DefenceLevel::ALL.windows(2).all(|pair| price(pair[0]) <= price(pair[1])));
    }
}
