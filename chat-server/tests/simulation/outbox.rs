//! What a mutant of the client does to the outbox on its disk while no process of it lives.

use std::fs;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};

use super::mutant::Mutant;

/// Changes every outbox file of a profile as a mutant would. The records are as the client writes them: a length, a kind
/// followed by a key and more, and a checksum.
pub fn mutate(profile: &Path, mutant: Mutant) {
    for entry in fs::read_dir(profile).unwrap().map(|entry| entry.unwrap()) {
        if !entry.file_name().to_string_lossy().starts_with("outbox-") {
            continue;
        }
        let mut records = split(&fs::read(entry.path()).unwrap());
        if mutant == Mutant::NewKeys {
            records.iter_mut().for_each(|record| record[1] ^= 0xff);
        } else if mutant == Mutant::OutboxReversed {
            // What came in stands before what became of it.
            let (mut added, rest): (Vec<_>, Vec<_>) = records.into_iter().partition(|record| record[0] == ADDED);
            added.reverse();
            records = added.into_iter().chain(rest).collect();
        } else {
            assert_eq!(mutant, Mutant::OutboxLost, "a mutant that changes no outbox");
            records.clear();
        }
        fs::write(entry.path(), join(&records)).unwrap();
    }
}

/// The records that are whole.
fn split(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    while let Some((len, rest)) = bytes.split_first_chunk::<4>() {
        let len = usize::try_from(u32::from_le_bytes(*len)).unwrap();
        let Some(body) = rest.get(..len) else { break };
        records.push(body.to_vec());
        bytes = rest.get(len + CHECKSUM_BYTES..).unwrap_or_default();
    }
    records
}

fn join(records: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        bytes.extend(u32::try_from(record.len()).unwrap().to_le_bytes());
        bytes.extend(record);
        bytes.extend(&digest(&SHA256, record).as_ref()[..CHECKSUM_BYTES]);
    }
    bytes
}

/// The kind of a record of a message that came in.
const ADDED: u8 = 1;

const CHECKSUM_BYTES: usize = 8;
