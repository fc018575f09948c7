//! `sentences`: the words of a text's sentences, as Java parts texts.

use std::sync::Arc;

use arrow::array::{ListBuilder, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function =
    Function::scalar("sentences", bind).since("2.0.0").arity(1..=3).prints(|arguments| {
        let mut shown = arguments.to_vec();
        shown.resize(3, String::new());
        format!("sentences({})", shown.join(", "))
    });

kernels! {
    Sentences = "spark_sentences" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[const { Expected::STRING }; 3])?;
    let words = SparkType::array(SparkType::STRING, false);
    Ok(Scalar::kernel(call, SparkType::array(words, false), Sentences).casting(types).nullable(true))
}

/// What a character is to the parting of texts into words, as Java does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Letter,
    Digit,
    Kanji,
    Katakana,
    Hiragana,
    /// Belongs to what is before it.
    Mark,
    Other,
}

fn kind(character: char) -> Kind {
    match u32::from(character) {
        0x0300..=0x036f | 0x00ad | 0x200c..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => Kind::Mark,
        0x3005 | 0x4e00..=0x9fa5 | 0xf900..=0xfa2d => Kind::Kanji,
        0x30a1..=0x30fe => Kind::Katakana,
        0x3041..=0x3094 | 0x3099..=0x309e => Kind::Hiragana,
        _ if character.is_numeric() => Kind::Digit,
        _ if character.is_alphabetic() => Kind::Letter,
        _ => Kind::Other,
    }
}

/// Whether the character joins two letters to one word.
fn joins_letters(character: char) -> bool {
    matches!(character, '\'' | '"' | '.' | '-' | '_' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2027}' | '\u{203f}')
}

fn joins_digits(character: char) -> bool {
    matches!(character, '\'' | '"' | '.' | ',' | '\u{66b}')
}

fn is_before_number(character: char) -> bool {
    matches!(character, '#' | '.' | '$' | '£' | '¤' | '¥' | '\u{20a0}'..='\u{20cf}')
}

fn is_behind_number(character: char) -> bool {
    matches!(character, '%' | '¢' | '\u{66a}' | '‰' | '‱')
}

/// The bytes of the word, or of what stands between words, at the beginning of a text that is not empty.
fn word_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    let Some((_, first)) = characters.next() else { return 0 };
    let starts_number = |rest: &str| rest.chars().next().is_some_and(|next| kind(next) == Kind::Digit);
    let first_length = first.len_utf8();
    let mut last = match kind(first) {
        run @ (Kind::Kanji | Kind::Katakana | Kind::Hiragana) => {
            return text.find(|next| kind(next) != run && kind(next) != Kind::Mark).unwrap_or(text.len());
        }
        found @ (Kind::Letter | Kind::Digit) => found,
        _ if is_before_number(first) && starts_number(text.get(first_length..).unwrap_or("")) => Kind::Digit,
        _ => return first_length,
    };
    while let Some((index, character)) = characters.next() {
        match kind(character) {
            Kind::Mark => {}
            found @ (Kind::Letter | Kind::Digit) => last = found,
            Kind::Kanji | Kind::Katakana | Kind::Hiragana => return index,
            Kind::Other => {
                let next = characters.peek().map(|(_, next)| kind(*next));
                let joins = (last == Kind::Letter && next == Some(Kind::Letter) && joins_letters(character))
                    || (last == Kind::Digit && next == Some(Kind::Digit) && joins_digits(character));
                if !joins {
                    let behind = last == Kind::Digit && is_behind_number(character);
                    return if behind { index + character.len_utf8() } else { index };
                }
            }
        }
    }
    text.len()
}

fn ends_sentence(character: char) -> bool {
    matches!(character, '!' | '?' | '\u{3002}' | '\u{ff01}' | '\u{ff1f}')
}

fn is_period(character: char) -> bool {
    matches!(character, '.' | '\u{ff0e}')
}

/// Whether the character may stand between what ends a sentence and the blanks behind it.
fn closes(character: char) -> bool {
    matches!(
        character,
        ')' | ']' | '}' | '"' | '\'' | '»' | '\u{2019}' | '\u{201d}' | '\u{203a}' | '\u{300d}' | '\u{300f}'
    )
}

/// Whether the character tells nothing of what begins with it.
fn leads(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2026}')
}

/// The bytes of the sentence at the beginning of a text, with the blanks behind it.
fn sentence_length(text: &str) -> usize {
    let mut from = 0;
    while let Some(rest) = text.get(from..) {
        let Some(found) = rest.find(|character| ends_sentence(character) || is_period(character)) else { break };
        let at = text.get(from + found..).unwrap_or("");
        let closing =
            at.find(|next: char| !(ends_sentence(next) || is_period(next) || closes(next))).unwrap_or(at.len());
        let (mark, behind) = at.split_at_checked(closing).unwrap_or((at, ""));
        let blanks = behind.len() - behind.trim_start().len();
        let end = from + found + closing + blanks;
        let starts_anew = || {
            let next = behind.trim_start_matches(|next: char| next.is_whitespace() || leads(next)).chars().next();
            let goes_on =
                |next: char| next.is_lowercase() || next.is_numeric() || ends_sentence(next) || is_period(next);
            blanks > 0 && next.is_some_and(|next| !goes_on(next))
        };
        if mark.starts_with(ends_sentence) || starts_anew() {
            return end;
        }
        from = end;
    }
    text.len()
}

/// The first of the pieces that `length` takes off a text, and the rest.
fn take<'t>(rest: &mut &'t str, length: impl Fn(&str) -> usize) -> Option<&'t str> {
    if rest.is_empty() {
        return None;
    }
    let (piece, behind) = rest.split_at_checked(length(rest)).unwrap_or((rest, ""));
    *rest = behind;
    Some(piece)
}

/// Languages whose words dictionaries part.
fn needs_dictionary(character: char) -> bool {
    matches!(u32::from(character), 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0xaa60..=0xaa7f)
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let texts = call.texts(0)?;
    let (DataType::List(outer), rows) = (call.return_type, call.rows_to_compute()) else {
        return Err(SparkError::internal("sentences are no array"));
    };
    let DataType::List(inner) = outer.data_type() else {
        return Err(SparkError::internal("the words of a sentence are no array"));
    };
    let words = ListBuilder::new(StringBuilder::new()).with_field(Arc::clone(inner));
    let mut sentences = ListBuilder::new(words).with_field(Arc::clone(outer));
    for row in 0..rows {
        let Some(text) = texts.get(row) else {
            sentences.append_null();
            continue;
        };
        if text.contains(needs_dictionary) {
            return Err(SparkError::unsupported("sentences of a language whose words a dictionary parts"));
        }
        let mut rest = text;
        while let Some(mut sentence) = take(&mut rest, sentence_length) {
            let words = sentences.values();
            while let Some(word) = take(&mut sentence, word_length) {
                if word.starts_with(char::is_alphanumeric) {
                    words.values().append_value(word);
                }
            }
            words.append(true);
        }
        sentences.append(true);
    }
    call.result(Arc::new(sentences.finish()))
}

#[cfg(test)]
mod tests {
    use super::{sentence_length, take, word_length};

    fn pieces(mut text: &str, length: fn(&str) -> usize) -> Vec<&str> {
        std::iter::from_fn(|| take(&mut text, length)).collect()
    }

    #[test]
    fn texts_are_parted_as_java_parts_them() {
        let sentences = pieces("No. 5 is. a. \"Quote. B\" end.C next?! yes... no. Ok", sentence_length);
        assert_eq!(sentences, ["No. 5 is. a. ", "\"Quote. ", "B\" end.C next?! ", "yes... no. ", "Ok"]);
        let words = pieces("ab-cd x.y 1,000.5% $3 a_b カタひら漢字1", word_length);
        let blank = " ";
        assert_eq!(
            words,
            ["ab-cd", blank, "x.y", blank, "1,000.5%", blank, "$3", blank, "a_b", blank, "カタ", "ひら", "漢字", "1"]
        );
    }
}
