use proptest::prelude::*;

use super::*;

fn typed(text: &str) -> Composer {
    let mut composer = Composer::default();
    composer.insert(text);
    composer
}

#[test]
fn killed_text_comes_back_whole_and_older_kills_after_it() {
    let mut ring = KillRing::default();
    let mut composer = typed("one two three");
    composer.kill(Span::BlankBack, &mut ring);
    composer.kill(Span::BlankBack, &mut ring);
    assert_eq!(composer.text(), "one ");
    composer.go(Span::LineStart);
    composer.kill(Span::LineEnd, &mut ring);
    composer.yank(&mut ring);
    assert_eq!(composer.text(), "one ");
    composer.yank_pop(&mut ring);
    assert_eq!(composer.text(), "two three");
}

#[test]
fn an_undo_goes_back_a_word_and_a_redo_forth_again() {
    let mut composer = Composer::default();
    for c in "ab cd".chars() {
        composer.insert(c.encode_utf8(&mut [0; 4]));
    }
    composer.undo();
    assert_eq!(composer.text(), "ab");
    composer.undo();
    assert_eq!(composer.text(), "");
    composer.redo();
    composer.redo();
    assert_eq!((composer.text(), composer.cursor()), ("ab cd", 5));
}

#[test]
fn history_returns_to_what_was_being_written() {
    let mut composer = typed("first");
    composer.take();
    composer.insert("second");
    composer.take();
    composer.insert("dra");
    composer.older();
    composer.older();
    composer.older();
    assert_eq!(composer.text(), "first");
    composer.newer();
    composer.newer();
    assert_eq!(composer.text(), "dra");
}

#[test]
fn transposing_at_the_end_swaps_the_last_two_clusters() {
    let mut composer = typed("a❤️b");
    composer.transpose();
    assert_eq!(composer.text(), "ab❤️");
}

#[test]
fn a_paste_keeps_lines_and_loses_control_characters() {
    assert_eq!(typed("a\r\nb\u{1b}[31m\rc\td").text(), "a\nb[31m\nc\td");
}

#[test]
fn what_is_over_the_limit_is_left_out_and_told() {
    let mut composer = Composer::default();
    assert!(!composer.insert(&"é".repeat(POST_BYTES_MAX)));
    assert_eq!(composer.text().len(), POST_BYTES_MAX);
    assert!(!composer.insert("x"));
}

#[test]
fn vertical_moves_keep_the_column_they_started_from() {
    let mut composer = typed("abcdef\nx\nabcdef");
    assert!(composer.go_row(false, 20));
    assert_eq!(composer.cursor(), 8);
    assert!(composer.go_row(false, 20));
    assert_eq!(composer.cursor(), 6);
    assert!(!composer.go_row(false, 20));
}

#[test]
fn tab_goes_through_what_fits_and_back_to_what_was_typed() {
    let names = |wanted: Wanted<'_>| match wanted {
        Wanted::Name { typed: "a", .. } => vec!["anna: ".to_owned(), "alan: ".to_owned()],
        Wanted::Name { .. } | Wanted::Command(_) | Wanted::Argument { .. } | Wanted::Emoji(_) | Wanted::Room(_) => {
            Vec::new()
        }
    };
    let mut composer = typed("a");
    let mut seen = Vec::new();
    for _ in 0..4 {
        complete(&mut composer, false, names);
        seen.push(composer.text().to_owned());
    }
    assert_eq!(seen, ["anna: ", "alan: ", "a", "anna: "]);
}

#[derive(Clone, Debug)]
enum Op {
    Insert(String),
    Go(Span),
    Delete(Span),
}

/// The same on a list of clusters, for the spans that need no idea of a word.
struct Naive {
    left: String,
    right: String,
}

impl Naive {
    fn apply(&mut self, op: &Op) {
        match op {
            Op::Insert(text) => {
                self.left.push_str(text);
                let whole = [self.left.as_str(), &self.right].concat();
                let mut at = 0;
                for grapheme in whole.graphemes(true) {
                    if at >= self.left.len() {
                        break;
                    }
                    at += grapheme.len();
                }
                self.split(&whole, at);
            }
            Op::Go(span) => {
                let whole = [self.left.as_str(), &self.right].concat();
                let at = self.target(*span);
                self.split(&whole, at);
            }
            Op::Delete(span) => {
                let whole = [self.left.as_str(), &self.right].concat();
                let (a, b) = (self.target(*span).min(self.left.len()), self.target(*span).max(self.left.len()));
                let rest = [&whole[..a], &whole[b..]].concat();
                let edge = rest.grapheme_indices(true).map(|(i, _)| i).chain([rest.len()]).find(|i| *i >= a);
                self.split(&rest, edge.unwrap());
            }
        }
    }

    fn target(&self, span: Span) -> usize {
        let left: Vec<&str> = self.left.graphemes(true).collect();
        let back = |count: usize| left[..left.len() - count].concat().len();
        match span {
            Span::Back => back(left.len().min(1)),
            Span::On => self.left.len() + self.right.graphemes(true).next().map_or(0, str::len),
            Span::LineStart => back(left.iter().rev().take_while(|g| **g != "\n").count()),
            Span::LineEnd => {
                self.left.len() + self.right.graphemes(true).take_while(|g| *g != "\n").map(str::len).sum::<usize>()
            }
            Span::WordBack | Span::WordOn | Span::BlankBack => unreachable!(),
        }
    }

    fn split(&mut self, whole: &str, at: usize) {
        (self.left, self.right) = (whole[..at].to_owned(), whole[at..].to_owned());
    }
}

fn op() -> impl Strategy<Value = Op> {
    let simple = prop_oneof![Just(Span::Back), Just(Span::On), Just(Span::LineStart), Just(Span::LineEnd)].boxed();
    prop_oneof![
        3 => "[ab é日❤️\u{301}🇩🇪\n]{1,4}".prop_map(Op::Insert),
        2 => simple.clone().prop_map(Op::Go),
        2 => simple.prop_map(Op::Delete),
    ]
}

proptest! {
    #[test]
    fn editing_agrees_with_a_naive_list_of_clusters(ops in prop::collection::vec(op(), 0..40)) {
        let mut composer = Composer::default();
        let mut naive = Naive { left: String::new(), right: String::new() };
        for op in &ops {
            match op {
                Op::Insert(text) => { composer.insert(text); }
                Op::Go(span) => composer.go(*span),
                Op::Delete(span) => composer.delete(*span),
            }
            naive.apply(op);
            prop_assert_eq!((&composer.text()[..composer.cursor()], &composer.text()[composer.cursor()..]),
                (naive.left.as_str(), naive.right.as_str()), "after {:?}", op);
        }
    }

    #[test]
    fn every_key_leaves_the_cursor_on_an_edge(text in "[ab é日❤️\u{301}🇩🇪\n\t]{0,30}", keys in prop::collection::vec(0..14_u8, 0..30)) {
        let mut ring = KillRing::default();
        let mut composer = typed(&text);
        for key in keys {
            match key {
                0 => composer.go(Span::WordBack),
                1 => composer.go(Span::WordOn),
                2 => composer.kill(Span::BlankBack, &mut ring),
                3 => composer.kill(Span::WordOn, &mut ring),
                4 => composer.kill(Span::WordBack, &mut ring),
                5 => composer.yank(&mut ring),
                6 => composer.yank_pop(&mut ring),
                7 => composer.transpose(),
                8 => composer.undo(),
                9 => composer.redo(),
                10 => { composer.go_row(true, 7); }
                11 => { composer.go_row(false, 7); }
                12 => composer.go(Span::Back),
                _ => composer.delete(Span::On),
            }
            let edges: Vec<usize> = composer.edges().collect();
            prop_assert!(edges.contains(&composer.cursor()), "key {}: {:?} {}", key, composer.text(), composer.cursor());
        }
    }

    #[test]
    fn rows_are_the_whole_text_and_give_every_cursor_a_cell(text in "[ab é日❤️\n\t]{0,40}", columns in 4_u16..12) {
        let rows = Rows::of(&text, columns);
        prop_assert_eq!(rows.ranges().iter().map(|row| &text[row.clone()]).collect::<String>(), text.as_str());
        for (at, _) in text.grapheme_indices(true).chain([(text.len(), "")]) {
            let (row, column) = rows.position(&text, at);
            prop_assert!(row < rows.count());
            prop_assert!(column < columns + 4, "column {column}");
        }
    }
}

#[test]
fn another_history_is_gone_through_and_left_by_an_edit() {
    let mut sent = History::default();
    ["one", "two"].iter().for_each(|line| sent.push(line));
    let mut composer = typed("draft");
    composer.browse(&mut sent, false);
    composer.browse(&mut sent, false);
    assert_eq!(composer.text(), "one");
    composer.browse(&mut sent, true);
    composer.browse(&mut sent, true);
    assert_eq!(composer.text(), "draft");
    composer.browse(&mut sent, false);
    composer.insert("!");
    composer.browse(&mut sent, false);
    composer.browse(&mut sent, true);
    assert_eq!(composer.text(), "two!", "an edit began a line of its own");
    assert_eq!(sent.find("O", 2), Some((1, "two")));
    assert_eq!(sent.find("o", 1), Some((0, "one")));
    assert_eq!(sent.find("x", 2), None);
}
