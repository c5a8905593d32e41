use proptest::prelude::*;

use super::*;
use crate::bot::play::script::{Action, Condition, Verdict};
use crate::bot::play::value::Segment;

fn steps(text: &str) -> Vec<Step> {
    read("t.chat", text).unwrap_or_else(|error| panic!("{error}"))
}

fn wrong(text: &str) -> String {
    read("t.chat", text).unwrap_err().to_string()
}

/// The scenario of the design, to the letter.
const SMOKE: &str = r##"# smoke.chat
set timeout 3s
actor alice as "alice-${run}"          # each actor = own connection
actor bob   as "bob-${run}" devices 2  # two connections of one user
alice: create #t-${run}
bob:   join #t-${run}
alice: send "hello ${n}"  -> m1        # binds seq/id of the ack
bob:   expect message from alice /hello (?<n>\d+)/ within 500ms
bob:   react $m1 "+1"
alice: expect react on $m1 by bob
bob[2]: expect read #t-${run} >= $m1.seq        # read marker follows the user's devices
bob:   disconnect hard ; wait 200ms ; alice: send "while away"
bob:   reconnect ; expect message /while away/ replay
alice: assert members #t-${run} == 2
repeat 1000 parallel 50 { alice: send "load ${i}" }
expect latency p99 < 20ms                       # measured send→deliver histogram
not bob: expect error within 1s
exit 0
"##;

#[test]
fn the_scenario_of_the_design_is_read() {
    let steps = steps(SMOKE);
    assert_eq!(steps.len(), 20);
    let What::Do(who, Action::Expect(expectation)) = &steps[14].what else { panic!("{:?}", steps[14]) };
    assert_eq!((who.name.as_str(), who.device, expectation.event.as_str()), ("bob", 1, "message"));
    assert_eq!(expectation.conditions.len(), 2);
    assert!(matches!(&steps[16].what, What::Repeat { body, .. } if body.len() == 1));
    assert!(matches!(&steps[18].what, What::Do(_, Action::Expect(never)) if never.never));
}

#[test]
fn what_is_done_and_what_is_to_come_of_it_are_told_apart() {
    let read = steps("alice: kick #r bob \"go\" for=10m -> no refused forbidden /owner/\nb: send \"x\" -> any");
    let What::Do(_, Action::Ask(ask, outcome)) = &read[0].what else { panic!("{read:?}") };
    assert_eq!((ask.arguments.len(), ask.named.len()), (3, 1));
    assert_eq!(outcome.bind.as_deref(), Some("no"));
    assert!(matches!(outcome.verdict, Verdict::Refused(Some(_), Some(_))));
    let What::Do(_, Action::Ask(_, outcome)) = &read[1].what else { panic!("{read:?}") };
    assert_eq!((outcome.bind.as_deref(), &outcome.verdict), (None, &Verdict::Any));
}

#[test]
fn what_is_wrong_is_said_with_line_and_column() {
    let cases = [
        ("dance", "t.chat:1:1: \"dance\" begins no step"),
        ("\n  alice: send \"x", "t.chat:2:15: this text has no \""),
        ("alice: expect message /x", "t.chat:1:23: this pattern has no /"),
        ("alice: send \"${x\"", "t.chat:1:14: this ${ has no }"),
        ("alice: send \"\\q\"", "t.chat:1:14: behind \\ comes"),
        ("alice: state set='{}", "t.chat:1:18: this JSON has no '"),
        ("alice: state set='{x}'", "t.chat:1:18: '{x}' is no JSON"),
        ("set timeout 3", "t.chat:1:13: here comes a time"),
        ("repeat 3 { alice: ping", "t.chat:1:23: a { is never closed"),
        ("repeat 3", "t.chat:1:9: here comes a block"),
        ("}", "t.chat:1:1: a step begins with a word"),
        ("let 1 = 2", "t.chat:1:5: here comes the name of a variable"),
        ("let a 2", "t.chat:1:7: `let NAME = VALUE`"),
        ("actor wait", "t.chat:1:11: wait is a word of the language"),
        ("actor a devices 0", "t.chat:1:18: devices are 1 to 64"),
        ("actor a loud", "t.chat:1:13: there is no option loud"),
        ("alice[x]: ping", "t.chat:1:1: \"alice[x]\" names nobody"),
        ("alice: ping ping { }", "t.chat:1:18: here comes an argument"),
        ("alice: assert members #r", "t.chat:1:25: here comes one of =="),
        ("alice: assert members #r .a..b == 1", "t.chat:1:26: \"a..b\" is no field"),
        ("expect latency 99 < 1s", "t.chat:1:19: here comes a percentile"),
        ("expect latency p99 > 1s", "t.chat:1:22: a latency is expected to be <"),
        ("not bob: send \"x\"", "t.chat:1:10: behind `not NAME:` comes `expect`"),
        ("repeat 2 { section \"a\" }", "t.chat:1:12: a section begins outside of blocks"),
        ("include \"nowhere.chat\"", "t.chat:1:1: nowhere.chat: No such file"),
        ("exit 3", "t.chat:1:7: `exit 0` ends"),
        ("server", "t.chat:1:7: say what is done"),
        ("wait 1s wait 1s", "t.chat:1:9: the step ends here"),
    ];
    for (text, expected) in cases {
        let said = wrong(text);
        assert!(said.starts_with(expected), "{text}\n{said}");
    }
    assert!(wrong("wait 1s\nalice: ping -> 1").ends_with("\n    alice: ping -> 1"));
    assert!(wrong(&"repeat 2 {".repeat(100)).contains("deep in each other"));
}

#[test]
fn before_a_sign_every_word_is_a_field() {
    let read = steps("a: expect favourite on=true\na: expect react on $m");
    let conditions = |step: &Step| {
        let What::Do(_, Action::Expect(expectation)) = &step.what else { panic!("{step:?}") };
        expectation.conditions.clone()
    };
    let field = |name: &str| vec![Segment::Field(name.to_owned())];
    assert!(matches!(&conditions(&read[0])[0], Condition::Field(path, ..) if *path == field("on")));
    assert!(matches!(&conditions(&read[1])[0], Condition::Field(path, ..) if *path == field("target")));
}

#[test]
fn a_room_is_no_comment() {
    assert_eq!(steps("a: join #room # a comment\n#\n## more\n#!x").len(), 1);
}

#[test]
fn files_that_include_each_other_come_to_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let (own, other) = (folder.path().join("own.chat"), folder.path().join("other.chat"));
    std::fs::write(&other, "wait 1ms").unwrap();
    std::fs::write(&own, "include \"other.chat\"\nwait 2ms").unwrap();
    let included = load(&own).unwrap();
    assert_eq!(included.len(), 2);
    assert!(included[0].place.path().ends_with("other.chat"));
    std::fs::write(&other, "include \"own.chat\"").unwrap();
    assert!(load(&own).unwrap_err().to_string().contains("include each other at most"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(
        text in any::<String>(),
        likely in r#"((actor|alice:|bob\[2\]:|expect|not|repeat 3|\{|\}|;|->|"|/|\$\{|\$a\.b|#r|==|=|\\|\[|\]|x|5s|let|set timeout|\n| ){0,3}[ ]?){0,12}"#,
    ) {
        let _ = read("t.chat", &text);
        let _ = read("t.chat", &likely);
    }

    #[test]
    fn a_changed_scenario_makes_it_not_panic(at in 0..SMOKE.len(), with in any::<char>()) {
        let at = (0..=at).rev().find(|at| SMOKE.is_char_boundary(*at)).unwrap_or(0);
        let text = format!("{}{with}{}", &SMOKE[..at], &SMOKE[at..]);
        let _ = read("t.chat", &text);
        let _ = read("t.chat", &SMOKE[..at]);
    }
}
