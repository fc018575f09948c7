//! `levenshtein`, `soundex`: how alike texts are.

use arrow::datatypes::Int32Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::arguments::int;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall};

pub(super) const LEVENSHTEIN: Function = Function::scalar("levenshtein", levenshtein).since("1.5.0").arity(2..=3);
pub(super) const SOUNDEX: Function = Function::scalar("soundex", soundex).since("1.5.0").arity(1..=1);

fn levenshtein(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING, Expected::INT])?;
    Ok(Scalar::kernel(call, SparkType::Integer, Levenshtein).casting(types))
}

fn soundex(call: &Call<'_>) -> SparkResult<Scalar> {
    Ok(Scalar::kernel(call, SparkType::STRING, Soundex).casting(call.implicit_cast(&[Expected::STRING])?))
}

/// The least number of insertions, deletions and exchanges of characters; -1 beyond the threshold.
#[derive(Debug, Default, Clone, Copy)]
struct Levenshtein;

impl Kernel for Levenshtein {
    const NAME: &'static str = "spark_levenshtein";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (lefts, rights) = (call.texts(0)?, call.texts(1)?);
        let thresholds = if call.has(2) { Some(call.integers(2)?) } else { None };
        call.make_numbers::<Int32Type>(|row| {
            let threshold = thresholds.as_ref().map_or(Some(i64::MAX), |thresholds| thresholds.get(row));
            let (Some(left), Some(right), Some(threshold)) = (lefts.get(row), rights.get(row), threshold) else {
                return Ok(None);
            };
            let distance = int(distance(left, right));
            Ok(Some(if i64::from(distance) > threshold { -1 } else { distance }))
        })
    }
}

fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut costs: Vec<usize> = (0..=right.len()).collect();
    for (row, from) in left.chars().enumerate() {
        let mut diagonal = row;
        let mut before = row + 1;
        for (cost, to) in costs.iter_mut().skip(1).zip(&right) {
            let exchanged = diagonal + usize::from(from != *to);
            diagonal = *cost;
            before = exchanged.min(*cost + 1).min(before + 1);
            *cost = before;
        }
        if let Some(first) = costs.first_mut() {
            *first = row + 1;
        }
    }
    costs.last().copied().unwrap_or(0)
}

/// A letter and three digits for how an English word sounds; a text that begins with anything else stays as it is.
#[derive(Debug, Default, Clone, Copy)]
struct Soundex;

/// The digit of each letter from A to Z: `0` for vowels, `7` for letters that do not part equal sounds.
const SOUNDS: &[u8; 26] = b"01230127022455012623017202";

fn sound(letter: u8) -> Option<u8> {
    SOUNDS.get(usize::from(letter.checked_sub(b'A')?)).copied()
}

impl Kernel for Soundex {
    const NAME: &'static str = "spark_soundex";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        call.make_texts(|row| Ok(texts.get(row).map(soundex_of)))
    }
}

fn soundex_of(text: &str) -> String {
    let mut letters = text.bytes().map(|letter| letter.to_ascii_uppercase());
    let Some((first, mut last)) = letters.next().and_then(|first| Some((first, sound(first)?))) else {
        return text.to_owned();
    };
    let mut code = vec![first];
    for letter in letters {
        let Some(digit) = sound(letter) else {
            last = b'0';
            continue;
        };
        if digit == b'7' {
            continue;
        }
        if digit != b'0' && digit != last {
            code.push(digit);
            if code.len() == 4 {
                break;
            }
        }
        last = digit;
    }
    code.resize(4, b'0');
    code.into_iter().map(char::from).collect()
}
