//! What somebody looks for.

use chat_proto::Timestamp;
use chat_proto::limits::SEARCH_TERMS_MAX;
use chat_server::core::search::query::{What, parse};
use chat_server::core::search::words;

/// When it is asked.
const NOW: Timestamp = Timestamp(1_795_000_000_000_000);

/// Every text is a query with something in it, or a reject that says what to write.
pub fn query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let found = words(&text);
    for word in &found {
        assert!(!word.is_empty());
        // What was folded is found again under what it was folded to.
        assert_eq!(words(word).concat(), words(&words(word).concat()).concat(), "{word:?}");
    }
    let query = match parse(&text, NOW) {
        Ok(query) => query,
        Err(reject) => return assert!(!reject.message.is_empty()),
    };
    assert!(query.terms.len() <= SEARCH_TERMS_MAX);
    let limited = query.since > Timestamp(i64::MIN) || query.until < Timestamp(i64::MAX);
    assert!(limited || !query.terms.is_empty(), "{text:?} looks for nothing");
    for term in &query.terms {
        let What::Words(run) = &term.what else { continue };
        assert!(!run.is_empty() && run.iter().all(|word| !word.is_empty()));
    }
}
