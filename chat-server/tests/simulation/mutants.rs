//! Mutants: a simulated world that breaks a promise on purpose must be caught, or the seeds prove nothing.

use std::collections::BTreeSet;

use super::checker::Rule;
use super::mutant::Mutant;
use super::run::{Storm, run};
use super::seeds::say;

/// Runs seeds of a mutant until enough were caught breaking one of the promises it breaks, and fails if they are not. With
/// `CHAT_SIM_MUTANT_SEEDS` that many are run, to see how many are caught.
fn must_be_caught(mutant: Mutant, promises: &[Rule]) {
    let asked: Option<u64> = std::env::var("CHAT_SIM_MUTANT_SEEDS").ok().and_then(|value| value.parse().ok());
    let (mut caught, mut ran) = (0, 0);
    let mut broken = BTreeSet::new();
    for seed in 1..=asked.unwrap_or(SEEDS) {
        let outcome = run(seed, Storm::ALL, Some(mutant));
        ran += 1;
        caught += u32::from(promises.iter().any(|rule| outcome.broken.contains(rule)));
        broken.extend(outcome.broken);
        if asked.is_none() && caught >= CAUGHT {
            break;
        }
    }
    say(&format!("{mutant:?}: caught in {caught} of {ran} seeds, by {broken:?}"));
    assert!(caught >= CAUGHT, "{mutant:?} was caught in {caught} of {ran} seeds");
}

#[test]
fn a_server_that_forgets_keys_is_caught() {
    must_be_caught(Mutant::NoDedup, &[Rule::OneCopy, Rule::UnackedOnce]);
}

#[test]
fn a_server_that_acknowledges_before_it_commits_is_caught() {
    must_be_caught(Mutant::AckBeforeCommit, &[Rule::Acked]);
}

#[test]
fn a_server_that_shows_what_is_not_committed_is_caught() {
    must_be_caught(Mutant::BroadcastBeforeCommit, &[Rule::Shown]);
}

#[test]
fn a_client_that_goes_on_one_event_off_is_caught() {
    must_be_caught(Mutant::ResumeOffByOne, &[Rule::Shown]);
}

#[test]
fn a_server_that_gives_numbers_again_after_a_restart_is_caught() {
    must_be_caught(Mutant::SeqReuse, &[Rule::Acked, Rule::Shown]);
}

#[test]
fn a_read_marker_that_goes_back_is_caught() {
    must_be_caught(Mutant::MarkerRegress, &[Rule::Marker]);
}

#[test]
fn a_disk_that_does_not_flush_is_caught() {
    must_be_caught(Mutant::NoFlush, &[Rule::Acked]);
}

#[test]
fn messages_that_change_places_in_what_is_read_are_caught() {
    must_be_caught(Mutant::NeighboursSwapped, &[Rule::Shown]);
}

#[test]
fn words_that_are_not_those_that_were_kept_are_caught() {
    must_be_caught(Mutant::OtherWords, &[Rule::Shown]);
}

#[test]
fn a_page_that_lacks_a_message_is_caught() {
    must_be_caught(Mutant::LeftOut, &[Rule::Shown]);
}

#[test]
fn a_message_behind_the_ban_of_its_author_is_caught() {
    must_be_caught(Mutant::BanForgotten, &[Rule::CutOff]);
}

#[test]
fn a_client_that_sends_again_under_a_new_key_is_caught() {
    must_be_caught(Mutant::NewKeys, &[Rule::OneCopy, Rule::Queued]);
}

#[test]
fn a_client_that_sends_again_in_another_order_is_caught() {
    must_be_caught(Mutant::OutboxReversed, &[Rule::SenderOrder]);
}

#[test]
fn a_client_that_forgets_what_it_was_to_send_is_caught() {
    must_be_caught(Mutant::OutboxLost, &[Rule::Queued]);
}

#[test]
fn a_reader_that_gets_an_event_twice_is_caught() {
    must_be_caught(Mutant::DoubleSubscribe, &[Rule::Shown]);
}

#[test]
fn a_reader_that_is_not_woken_for_the_newest_event_is_caught() {
    must_be_caught(Mutant::LostWakeup, &[Rule::Shown]);
}

/// Seeds a mutant has to show itself in: fewer than a quick round of good seeds.
const SEEDS: u64 = 25;

/// Seeds in which it must be caught.
const CAUGHT: u32 = 2;
