//! What people are told of a server, and of each other.

use chat_proto::Delivery;
use chat_proto::delivery::Greeting;

use super::text;

pub(super) fn deliveries() -> Vec<Delivery> {
    vec![Greeting { name: text("Example Chat"), motd: text("Be kind.\nBackups on Sunday.") }.into()]
}
