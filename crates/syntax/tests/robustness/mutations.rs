//! The statements of the recorded tests with pieces changed by dice: each gives a plan or an error, soon.
//!
//! `FIRESTEEL_FUZZ_SECONDS` makes it go on for longer, `FIRESTEEL_FUZZ_SEED` makes the dice fall otherwise.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::{Duration, Instant};

use crate::parse_all;

/// Numbers that look random and are the same in each run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }

    fn choice<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// The statements of the `.slt` files below `directory`.
fn statements(directory: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            statements(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "slt") {
            let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
            for record in text.split("\n\n") {
                let lines = record.lines().skip_while(|line| line.starts_with('#') || line.is_empty());
                let lines: Vec<_> = lines.skip(1).take_while(|line| *line != "----").collect();
                if !lines.is_empty() {
                    found.push(lines.join("\n"));
                }
            }
        }
    }
}

/// Texts that mean something to the parser, or that no statement holds.
pub(crate) const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    ",",
    ";",
    ".",
    "'",
    "\"",
    "`",
    "/*",
    "*/",
    "--",
    "\\",
    "$$",
    "::",
    "->",
    "=>",
    "|>",
    "?",
    ":x",
    "{",
    "}",
    "0",
    "1e999",
    "0x",
    "9223372036854775808",
    "1.5BD",
    "NULL",
    "SELECT",
    "FROM",
    "WHERE",
    "WITH",
    "AS",
    "NOT",
    "CASE",
    "END",
    "BETWEEN",
    "INTERVAL",
    "OVER (",
    "GROUP BY",
    "LATERAL",
    "IDENTIFIER(",
    "r'",
    "X'",
    "STRUCT<",
    "\u{0}",
    "é",
    "😀",
    "\u{2028}",
    "\n",
    "((((((((((((((((",
    "- - - - - - ",
    "*",
    "1e",
    ":",
    "IDENTIFIER('",
    "OVER",
];

/// The place of a character of the text, or its end.
fn place(dice: &mut Dice, text: &str) -> usize {
    let at = dice.below(text.len() + 1);
    (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

fn changed(dice: &mut Dice, text: &str, other: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..=dice.below(4) {
        let (one, two) = (place(dice, &text), place(dice, &text));
        let (start, end) = (one.min(two), one.max(two).min(one.min(two) + 40));
        let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        match dice.below(6) {
            0 => text.replace_range(start..end, ""),
            1 => text.insert_str(start, dice.choice(PIECES)),
            2 => text.replace_range(start..end, dice.choice(PIECES)),
            3 => {
                let piece = text[start..end].to_owned();
                text.insert_str(start, &piece.repeat(1 + dice.below(30)));
            }
            4 => {
                let from = place(dice, other);
                text.insert_str(start, &other[from..]);
            }
            _ => text.truncate(end),
        }
        if text.len() > 20_000 {
            break;
        }
    }
    text
}

#[test]
fn changed_statements_are_parsed_or_refused_soon() {
    let mut corpus = Vec::new();
    // Of the checkout in which the test runs, which need not be the one in which it was compiled.
    statements(&std::env::current_dir().unwrap().join("../../tests/sql"), &mut corpus);
    assert!(corpus.len() > 500, "{}", corpus.len());
    let mut dice = Dice(number("FIRESTEEL_FUZZ_SEED", 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let end = Instant::now() + Duration::from_secs(number("FIRESTEEL_FUZZ_SECONDS", 3));
    let (mut parsed, mut refused) = (0_u64, 0_u64);
    while Instant::now() < end {
        let text = corpus[dice.below(corpus.len())].clone();
        let other = corpus[dice.below(corpus.len())].clone();
        let text = changed(&mut dice, &text, &other);
        let started = Instant::now();
        match parse_all(&text) {
            true => parsed += 1,
            false => refused += 1,
        }
        assert!(started.elapsed() < Duration::from_secs(5), "{text}");
    }
    println!("{parsed} parsed, {refused} refused");
    assert!(parsed > 0 && refused > 0);
}
