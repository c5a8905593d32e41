//! The server's own events in words, for its owners. No secret is in them, hashed or not.

use chat_proto::{EventBody, ServerFact};

/// What an event says was done, behind the name of who did it.
#[must_use]
pub fn line(body: &EventBody) -> String {
    match body.server_fact() {
        Some(ServerFact::ClaimOffered(_)) => "made a new code for the first owner".to_owned(),
        Some(ServerFact::OwnerClaimed(_)) => "became the server's first owner".to_owned(),
        None => format!("did something this version of the server does not know (kind {})", body.kind()),
    }
}
