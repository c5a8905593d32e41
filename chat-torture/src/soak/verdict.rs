//! What people counted, held against the log a server was left with.

use std::collections::BTreeMap;
use std::path::Path;

use chat_proto::{Event, EventBody, RoomId, Seq};

use super::Sample;
use super::person::{Record, mark};
use crate::dump;

/// Whether everybody heard everything, once and in order, and everything acknowledged is where it was said to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Messages people had an acknowledgement of.
    pub acked: usize,
    /// Messages in the log.
    pub stored: usize,
    /// Events that came to people.
    pub heard: u64,
    /// What was wrong.
    pub wrong: Vec<String>,
}

/// A room's log: what the events up to each place add up to, beginning with nothing.
type Sums = Vec<u64>;

fn sums(events: &[Event]) -> Sums {
    let mut sums = vec![0];
    sums.extend(events.iter().scan(0_u64, |sum, event| {
        *sum = sum.wrapping_add(mark(event.seq, event.key));
        Some(*sum)
    }));
    sums
}

/// Between two places, the first one exclusive.
fn between(sums: &Sums, before: Seq, last: Seq) -> Option<u64> {
    let at = |seq: Seq| usize::try_from(seq.0).ok().and_then(|at| sums.get(at)).copied();
    Some(at(last)?.wrapping_sub(at(before)?))
}

/// Judges.
pub(super) async fn judge(records: &[Record], data: &Path) -> anyhow::Result<Verdict> {
    let mut rooms: BTreeMap<RoomId, Sums> = BTreeMap::new();
    let mut verdict = Verdict::default();
    dump::each_room(data, |room, events| {
        verdict.stored += events.iter().filter(|event| matches!(event.body, EventBody::Posted(_))).count();
        let is_dense = events.iter().zip(1..).all(|(event, seq)| event.seq.0 == seq);
        verdict.wrong.extend((!is_dense).then(|| format!("room {room}: there are gaps in the log")));
        rooms.insert(room, sums(&events));
    })
    .await?;
    compare(records, &rooms, &mut verdict);
    Ok(verdict)
}

fn compare(records: &[Record], rooms: &BTreeMap<RoomId, Sums>, verdict: &mut Verdict) {
    let nothing = Sums::new();
    for (nth, record) in records.iter().enumerate() {
        let Record { room, before, last, sum, acked, wrong } = record;
        verdict.wrong.extend(wrong.iter().cloned());
        let log = rooms.get(room).unwrap_or(&nothing);
        verdict.heard += last.0.saturating_sub(before.0);
        if log.len() as u64 != last.0 + 1 {
            verdict.wrong.push(format!("person {nth} heard up to {last} of {} in room {room}", log.len().max(1) - 1));
        }
        if between(log, *before, *last) != Some(*sum) {
            verdict.wrong.push(format!("person {nth} heard something else than room {room} holds up to {last}"));
        }
        verdict.acked += acked.len();
        for (seq, mark) in acked {
            if between(log, seq.prev(), *seq) != Some(*mark) {
                verdict.wrong.push(format!("what person {nth} was told is at {seq} of room {room} is not there"));
            }
        }
    }
    if verdict.stored != verdict.acked {
        let Verdict { stored, acked, .. } = verdict;
        let wrong = format!("{acked} messages were said and acknowledged, and {stored} are stored");
        verdict.wrong.push(wrong);
    }
}

/// How much memory grew, in megabytes an hour, by the line that fits best once a quarter of the time was over; none of fewer than
/// three looks.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "kilobytes of one process")]
pub fn slope_per_hour(samples: &[Sample]) -> Option<f64> {
    let end = samples.last()?.at;
    let points: Vec<(f64, f64)> = samples
        .iter()
        .filter(|sample| sample.at >= end / 4)
        .filter_map(|sample| Some((sample.at.as_secs_f64() / 3_600.0, sample.kilobytes? as f64 / 1_024.0)))
        .collect();
    let count = points.len() as f64;
    let (mean_x, mean_y) =
        (points.iter().map(|(x, _)| x).sum::<f64>() / count, points.iter().map(|(_, y)| y).sum::<f64>() / count);
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let rise: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    (points.len() >= 3 && spread > 0.0).then(|| rise / spread)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chat_proto::MessageKey;

    use super::*;

    fn key(nth: u8) -> MessageKey {
        MessageKey([nth; 16])
    }

    /// A room of a join and three messages, and somebody who said the second of them and heard all from the first on.
    fn good() -> (Record, BTreeMap<RoomId, Sums>) {
        let marks: Vec<u64> = (1..=4).map(|nth| mark(Seq(nth.into()), key(nth))).collect();
        let log = marks.iter().scan(0_u64, |sum, mark| {
            *sum = sum.wrapping_add(*mark);
            Some(*sum)
        });
        let log: Sums = std::iter::once(0).chain(log).collect();
        let record = Record {
            room: RoomId(1),
            before: Seq(1),
            last: Seq(4),
            sum: marks[1..].iter().fold(0, |sum, mark| sum.wrapping_add(*mark)),
            acked: vec![(Seq(3), marks[2])],
            wrong: Vec::new(),
        };
        (record, BTreeMap::from([(RoomId(1), log)]))
    }

    fn wrong(change: impl FnOnce(&mut Record)) -> usize {
        let (mut record, rooms) = good();
        change(&mut record);
        let mut verdict = Verdict { stored: 1, ..Verdict::default() };
        compare(&[record], &rooms, &mut verdict);
        verdict.wrong.len()
    }

    #[test]
    fn what_was_missed_changed_or_acknowledged_wrongly_is_found() {
        assert_eq!(wrong(|_| {}), 0);
        assert_eq!(wrong(|record| record.sum ^= 1), 1);
        assert_eq!(wrong(|record| record.last = Seq(3)), 2);
        assert_eq!(wrong(|record| record.acked[0].0 = Seq(2)), 1);
        assert_eq!(wrong(|record| record.acked.clear()), 1, "a message is stored twice, or nobody was told");
        assert_eq!(wrong(|record| record.wrong.push("3 behind 1".to_owned())), 1);
    }

    #[test]
    fn the_slope_is_that_of_the_best_line_after_a_quarter_of_the_time() {
        let sample = |minute: u32, kilobytes| Sample {
            at: Duration::from_secs(60) * minute,
            kilobytes: Some(kilobytes),
            descriptors: None,
            online: 0,
        };
        let steady: Vec<Sample> =
            (0..=60).map(|minute| sample(minute, 50_000 + if minute < 10 { 9_000 } else { 0 })).collect();
        assert!(slope_per_hour(&steady).unwrap().abs() < 0.01);
        let grows: Vec<Sample> = (0..=60).map(|minute| sample(minute, 50_000 + u64::from(minute) * 1_024)).collect();
        assert!((slope_per_hour(&grows).unwrap() - 60.0).abs() < 0.01);
        assert_eq!(slope_per_hour(&grows[..2]), None);
    }
}
