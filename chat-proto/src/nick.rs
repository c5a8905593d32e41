//! What people are called beside their names. Names belong to keys; a nick is words to be shown, and never stands for anybody: rights,
//! bans, lists and mentions are of accounts.

use crate::codec::{Decode, Encode};
use crate::id::AccountId;

/// Among whom a nick is unique. It never looks like the name of another account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub enum NickPolicy {
    /// Among all accounts of the server.
    #[default]
    Server,
    /// Among the members of each room one is in; conversations don't count.
    Room,
    /// Among nobody: it is shown with `#` and the account's number, which no name has in it.
    Free,
}

/// Be called something, or only by one's name. It follows the account to all its devices.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SetNick {
    /// What, by the rules of a [`UserName`](crate::UserName); empty for none.
    pub nick: String,
}

/// What are these accounts called?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct GetNicks {
    /// Which, at most [`LIST_PAGE_MAX`](crate::limits::LIST_PAGE_MAX).
    pub accounts: Vec<AccountId>,
}

/// What an account is called.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Nick {
    /// Which.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// What it is called, ready to be shown.
    pub nick: String,
}

/// Those of some accounts that are called something.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Nicks {
    /// Among whom nicks are unique here.
    pub policy: NickPolicy,
    /// The accounts, by number.
    pub nicks: Vec<Nick>,
}

/// Somebody one shares a room with, or oneself on another connection, is called something else.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NickChanged {
    /// Who.
    pub account: AccountId,
    /// His name.
    pub name: String,
    /// What he is called, ready to be shown; empty for none any more.
    pub nick: String,
}

/// The payload of what the author is called.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NickSet {
    /// What; empty for none any more.
    pub nick: String,
    /// Among whom it was unique.
    pub policy: NickPolicy,
}
