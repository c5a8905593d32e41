//! What a program writes to a bot's standard input.

use chat_tui::bot::contract::contract;
use chat_tui::bot::jsonl::understood;
use serde_json::Value;

/// The longest answer to a line that is not understood, bytes: what is told of an error, each character written out, and an id.
const REFUSAL_BYTES_MAX: usize = 16 * 1_024;

/// The bytes are a line: a request that the contract has, or an answer that says what is wrong with it.
pub fn jsonl(line: &[u8]) {
    match understood(line) {
        Ok(name) => {
            let op = contract().ops.iter().find(|op| op.name == name);
            assert!(op.is_some(), "{name:?} is in no contract");
            let request: Value = serde_json::from_slice(line).expect("what was understood is JSON");
            let again = request.to_string();
            assert_eq!(understood(again.as_bytes()), Ok(name), "{again}");
        }
        Err(answer) => {
            assert!(answer.len() <= REFUSAL_BYTES_MAX, "{} bytes", answer.len());
            assert!(!answer.contains('\n'), "an answer is a line");
            let answer: Value = serde_json::from_str(&answer).expect("an answer is JSON");
            assert_eq!(answer["ok"], Value::Bool(false), "{answer}");
            assert!(answer["error"].as_str().is_some_and(|error| !error.is_empty()), "{answer}");
            let request = serde_json::from_slice::<Value>(line).unwrap_or_default();
            assert!(answer["re"].is_null() || answer["re"] == request["id"], "{answer}");
        }
    }
}
