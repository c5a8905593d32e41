//! The checker against histories made by hand: a good one, and one broken in each way there is.

use super::{Cut, Dump, Line, Marker, Row, Rule, What, check, format, parse};

fn line(t: u64, device: &str, what: What) -> Line {
    Line { t, device: device.to_owned(), what }
}

fn start(account: &str) -> What {
    What::Start { account: account.to_owned() }
}

fn send(key: &str) -> What {
    What::Send { room: 1, key: key.to_owned(), digest: digest(key) }
}

fn ack(key: &str, seq: u64) -> What {
    What::Ack { room: 1, key: key.to_owned(), seq }
}

fn show(key: &str, seq: u64) -> What {
    What::Show { room: 1, seq, key: key.to_owned(), digest: digest(key) }
}

fn mark(seq: u64) -> What {
    What::Mark { room: 1, seq }
}

fn row(seq: u64, key: &str) -> Row {
    Row { room: 1, seq, key: key.to_owned(), digest: digest(key) }
}

fn digest(key: &str) -> u64 {
    key.bytes().map(u64::from).sum()
}

/// Two devices of ann's and one of ben's; ann sends `a` and `b`, ben sends `c` when he has seen `a`, and the phone is started
/// again in between.
fn good() -> (Vec<Line>, Dump) {
    let lines = vec![
        line(0, "desk", start("ann")),
        line(0, "phone", start("ann")),
        line(0, "ben", start("ben")),
        line(1, "desk", What::Conn),
        line(2, "desk", send("a")),
        line(3, "desk", send("b")),
        line(4, "desk", ack("a", 2)),
        line(5, "desk", show("", 1)),
        line(5, "desk", show("a", 2)),
        line(5, "phone", show("a", 2)),
        line(6, "ben", show("a", 2)),
        line(7, "ben", send("c")),
        line(8, "desk", What::Disc),
        line(8, "ben", ack("c", 3)),
        line(9, "desk", show("c", 3)),
        line(9, "ben", show("c", 3)),
        line(9, "phone", mark(2)),
        line(10, "phone", start("ann")),
        line(10, "phone", What::Resume { room: 1, after: 2 }),
        line(10, "phone", mark(2)),
        line(11, "phone", show("c", 3)),
        line(12, "desk", ack("b", 4)),
        line(12, "desk", show("b", 4)),
        line(12, "ben", show("b", 4)),
        line(12, "phone", show("b", 4)),
        line(13, "phone", mark(4)),
        line(13, "desk", mark(4)),
    ];
    let log = vec![row(1, ""), row(2, "a"), row(3, "c"), row(4, "b")];
    let marks = vec![Marker { account: "ann".to_owned(), room: 1, seq: 4 }];
    (lines, Dump { log, marks, cuts: Vec::new() })
}

/// The rules a history breaks, each once.
fn broken(change: impl FnOnce(&mut Vec<Line>, &mut Dump)) -> Vec<Rule> {
    let (mut lines, mut dump) = good();
    change(&mut lines, &mut dump);
    let mut rules: Vec<Rule> = check(&lines, &dump, true).into_iter().map(|violation| violation.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

fn find<'a>(lines: &'a mut [Line], device: &str, what: &What) -> &'a mut Line {
    lines.iter_mut().find(|line| line.device == device && line.what == *what).unwrap()
}

#[test]
fn a_good_history_breaks_nothing() {
    let (lines, dump) = good();
    assert_eq!(check(&lines, &dump, true), []);
}

#[test]
fn a_history_survives_being_written_to_a_file() {
    let (lines, dump) = good();
    let text = format(&lines);
    assert_eq!(text.lines().count(), lines.len());
    assert_eq!(parse(&text).unwrap(), lines);
    assert_eq!(serde_json::from_str::<Dump>(&serde_json::to_string(&dump).unwrap()).unwrap(), dump);
    assert!(parse("{\"t\":1}").unwrap_err().starts_with("line 1: "));
    assert!(text.contains(r#"{"t":4,"device":"desk","what":"ack","room":1,"key":"a","seq":2}"#), "{text}");
}

#[test]
fn an_acknowledged_message_that_is_not_in_the_log_is_found() {
    let rules = broken(|lines, dump| {
        dump.log.retain(|row| row.key != "b");
        dump.marks[0].seq = 3;
        lines.retain(|line| line.what != show("b", 4));
        find(lines, "desk", &mark(4)).what = mark(3);
        find(lines, "phone", &mark(4)).what = mark(3);
    });
    assert_eq!(rules, [Rule::Acked]);
}

#[test]
fn a_message_at_another_place_than_was_acknowledged_is_found() {
    assert_eq!(broken(|lines, _| find(lines, "ben", &ack("c", 3)).what = ack("c", 2)), [Rule::Acked]);
}

#[test]
fn a_message_in_other_words_than_were_sent_is_found() {
    let changed = What::Send { room: 1, key: "a".to_owned(), digest: 7 };
    assert_eq!(broken(|lines, _| find(lines, "desk", &send("a")).what = changed), [Rule::Acked]);
}

#[test]
fn a_second_copy_is_found_whether_or_not_it_was_acknowledged() {
    let twice = |lines: &mut Vec<Line>, dump: &mut Dump| {
        dump.log.push(row(5, "c"));
        for device in ["desk", "ben", "phone"] {
            lines.push(line(14, device, show("c", 5)));
        }
    };
    assert_eq!(broken(twice), [Rule::OneCopy]);
    let rules = broken(|lines, dump| {
        twice(lines, dump);
        lines.retain(|line| line.what != ack("c", 3));
    });
    assert_eq!(rules, [Rule::UnackedOnce]);
}

#[test]
fn a_second_copy_under_another_key_is_found_by_its_words() {
    let twice = |lines: &mut Vec<Line>, dump: &mut Dump| {
        dump.log.push(Row { key: "other".to_owned(), ..row(5, "c") });
        for device in ["desk", "ben", "phone"] {
            let key = "other".to_owned();
            lines.push(line(14, device, What::Show { room: 1, seq: 5, key, digest: digest("c") }));
        }
    };
    assert_eq!(broken(twice), [Rule::OneCopy]);
    // Whoever says it twice is there twice.
    let said = |lines: &mut Vec<Line>, dump: &mut Dump| {
        twice(lines, dump);
        lines.push(line(13, "ben", What::Send { room: 1, key: "other".to_owned(), digest: digest("c") }));
    };
    assert_eq!(broken(said), []);
}

#[test]
fn what_comes_from_or_goes_to_somebody_who_was_put_out_is_found() {
    let cut = |after| {
        broken(|lines, dump| {
            lines.retain(|line| line.device != "ben" || line.what != show("b", 4));
            dump.cuts.push(Cut { account: "ben".to_owned(), room: 1, after });
        })
    };
    // He need not see more than he saw, but wrote and saw what is at 3.
    assert_eq!(cut(3), []);
    assert_eq!(cut(2), [Rule::CutOff]);
    assert_eq!(broken(|_, dump| dump.cuts.push(Cut { account: "ben".to_owned(), room: 1, after: 3 })), [Rule::CutOff]);
}

#[test]
fn a_hole_in_the_log_is_found() {
    let rules = broken(|lines, dump| {
        dump.log[3].seq = 5;
        for line in lines {
            if line.what == show("b", 4) {
                line.what = show("b", 5);
            } else if line.what == ack("b", 4) {
                line.what = ack("b", 5);
            }
        }
    });
    assert_eq!(rules, [Rule::Dense, Rule::Shown]);
}

#[test]
fn a_screen_with_a_gap_a_repetition_or_something_else_is_found() {
    assert_eq!(
        broken(|lines, _| lines.retain(|line| line.device != "ben" || line.what != show("c", 3))),
        [Rule::Shown]
    );
    assert_eq!(broken(|lines, _| lines.push(line(14, "ben", show("b", 4)))), [Rule::Shown]);
    assert_eq!(broken(|lines, _| find(lines, "ben", &show("c", 3)).what = show("b", 3)), [Rule::Shown]);
    assert_eq!(broken(|lines, _| lines.push(line(14, "ben", show("d", 5)))), [Rule::Shown]);
}

#[test]
fn a_screen_that_never_became_complete_is_found_only_where_the_run_came_to_rest() {
    let (mut lines, dump) = good();
    lines.retain(|line| line.device != "ben" || line.what != show("b", 4));
    assert_eq!(check(&lines, &dump, true).len(), 1);
    assert_eq!(check(&lines, &dump, false), []);
}

#[test]
fn going_on_at_the_wrong_place_after_a_restart_is_found() {
    let resume = What::Resume { room: 1, after: 2 };
    let early = What::Resume { room: 1, after: 1 };
    let late = What::Resume { room: 1, after: 3 };
    assert_eq!(broken(|lines, _| find(lines, "phone", &resume).what = early), [Rule::Shown]);
    assert_eq!(broken(|lines, _| find(lines, "phone", &resume).what = late), [Rule::Shown]);
}

#[test]
fn a_message_placed_before_one_acknowledged_earlier_is_found() {
    let sent_at = |t| {
        broken(|lines, _| {
            find(lines, "ben", &send("c")).t = t;
            find(lines, "ben", &ack("c", 3)).t = t;
        })
    };
    assert_eq!(sent_at(13), [Rule::RealTime]);
    // At the same moment neither is earlier.
    assert_eq!(sent_at(12), []);
}

#[test]
fn messages_of_one_device_in_another_order_are_found() {
    let rules = broken(|lines, _| {
        find(lines, "desk", &send("a")).what = What::Conn;
        lines.insert(6, line(3, "desk", send("a")));
    });
    assert_eq!(rules, [Rule::SenderOrder]);
}

#[test]
fn a_marker_that_goes_back_or_differs_at_the_end_is_found() {
    assert_eq!(broken(|lines, _| lines.insert(21, line(11, "phone", mark(5)))), [Rule::Marker]);
    // A process that was killed may not have written down what it was told last.
    assert_eq!(broken(|lines, _| find(lines, "phone", &mark(2)).what = mark(3)), []);
    assert_eq!(broken(|lines, _| find(lines, "desk", &mark(4)).what = mark(3)), [Rule::Marker]);
    assert_eq!(broken(|_, dump| dump.marks[0].seq = 3), [Rule::Marker]);
}

#[test]
fn a_refused_message_that_was_stored_is_found() {
    let refused = What::Err { room: 1, key: "c".to_owned() };
    assert_eq!(broken(|lines, _| find(lines, "ben", &ack("c", 3)).what = refused), [Rule::Refused]);
}

#[test]
fn a_message_that_a_client_took_in_and_that_never_arrived_is_found() {
    let queued = |key: &str| What::Queued { room: 1, key: key.to_owned() };
    let refused = What::Err { room: 1, key: "d".to_owned() };
    assert_eq!(broken(|lines, _| lines.push(line(13, "ben", queued("b")))), []);
    assert_eq!(broken(|lines, _| lines.push(line(13, "ben", queued("d")))), [Rule::Queued]);
    assert_eq!(broken(|lines, _| lines.extend([line(13, "ben", queued("d")), line(13, "ben", refused)])), []);
}

#[test]
fn the_time_a_check_takes_grows_with_the_history_and_not_with_its_square() {
    let (mut lines, mut dump) = (vec![line(0, "d", start("ann"))], Dump::default());
    for seq in 1..=50_000 {
        let key = seq.to_string();
        lines.extend([line(seq, "d", send(&key)), line(seq, "d", ack(&key, seq)), line(seq, "d", show(&key, seq))]);
        dump.log.push(row(seq, &key));
    }
    let begun = std::time::Instant::now();
    assert_eq!(check(&lines, &dump, true), []);
    // A square would be 22 thousand million steps.
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
}
