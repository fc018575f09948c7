//! Texts within texts under a collation: `contains`, `instr`, `replace`, `trim` and their like.
//!
//! A text is searched by its characters' lower case, but what is found begins and ends between whole characters of the
//! original: `İ`, whose lower case is two characters, is never found by half.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use arrow::datatypes::Int32Type;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF};
use firesteel_base::collation::{Collation, Comparison};
use firesteel_base::{SparkError, SparkResult};
use unicode_segmentation::UnicodeSegmentation;

use super::key::Keys;
use super::unicode::{self, Comparer};
use crate::kernel::{KernelCall, kernel_udf, kernels};
use crate::string::arguments::{Texts, int};

/// `İ`, the one character whose lower case is two.
const DOTTED: char = '\u{130}';
const DOT_ABOVE: char = '\u{307}';

/// A character's lower case as `UTF8_LCASE` compares it: the final sigma is a sigma.
fn lower(character: char) -> char {
    match character {
        'ς' => 'σ',
        character if character.is_ascii() => character.to_ascii_lowercase(),
        character => {
            let mut lower = character.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(only), None) => only,
                _ => character,
            }
        }
    }
}

/// The characters of a text in lower case, with the byte at which each one's original ends: none inside of one.
fn lower_characters(text: &str) -> impl Iterator<Item = (char, Option<usize>)> {
    text.char_indices().flat_map(|(start, character)| {
        let end = start + character.len_utf8();
        match character {
            DOTTED => [Some(('i', None)), Some((DOT_ABOVE, Some(end)))],
            character => [Some((lower(character), Some(end))), None],
        }
        .into_iter()
        .flatten()
    })
}

/// The text in lower case, character by character.
pub(super) fn lowercase(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    Cow::Owned(lower_characters(text).map(|(character, _)| character).collect())
}

/// The bytes of `text` that match all of the lower-case `pattern` at its beginning.
fn match_length(text: &str, pattern: &str) -> Option<usize> {
    let mut end = Some(0);
    let mut characters = lower_characters(text);
    for wanted in pattern.chars() {
        let (character, next) = characters.next()?;
        if character != wanted {
            return None;
        }
        end = next;
    }
    end
}

/// Where the lower-case `pattern` is found at or behind byte `from`: its first byte, and the one behind it.
fn find(text: &str, pattern: &str, from: usize) -> Option<(usize, usize)> {
    let rest = text.get(from..)?;
    let mut starts = rest.char_indices().map(|(index, _)| index).chain(std::iter::once(rest.len()));
    starts.find_map(|start| {
        let length = match_length(rest.get(start..)?, pattern)?;
        Some((from + start, from + start + length))
    })
}

/// As [`find`], the last one that ends at or before byte `until`.
fn find_last(text: &str, pattern: &str, until: usize) -> Option<(usize, usize)> {
    let head = text.get(..until)?;
    let starts = head.char_indices().map(|(index, _)| index).chain(std::iter::once(head.len()));
    let starts: Vec<usize> = starts.collect();
    starts.into_iter().rev().find_map(|start| {
        let length = match_length(head.get(start..)?, pattern)?;
        Some((start, start + length))
    })
}

/// A collation with the searches it makes.
#[derive(Clone, Copy)]
struct Search {
    collation: Collation,
    keys: Keys,
}

impl Search {
    fn of(call: &KernelCall<'_>) -> SparkResult<Self> {
        let name = call.arguments.len().checked_sub(1).and_then(|last| call.scalar(last));
        let name = name.and_then(|name| name.try_as_str().flatten()).unwrap_or_default();
        let collation = Collation::parse(name)?;
        Ok(Self { collation, keys: Keys::of(collation)? })
    }

    fn is_lowercase(self) -> bool {
        self.collation.comparison == Comparison::Lowercase
    }

    /// What is looked for.
    fn pattern(self, text: &str) -> Cow<'_, str> {
        if self.is_lowercase() { lowercase(text) } else { Cow::Borrowed(text) }
    }

    /// Without the blanks at the end, if the collation takes no notice of them.
    fn without_blanks(self, text: &str) -> &str {
        if self.collation.trims { text.trim_end_matches(' ') } else { text }
    }

    fn find(self, text: &str, pattern: &str, from: usize) -> Option<(usize, usize)> {
        if let Some(unicode) = self.keys.unicode {
            return unicode.find(text, pattern, from);
        }
        if self.is_lowercase() {
            return find(text, pattern, from);
        }
        text.get(from..)?.find(pattern).map(|start| (from + start, from + start + pattern.len()))
    }

    fn find_last(self, text: &str, pattern: &str, until: usize) -> Option<(usize, usize)> {
        if let Some(unicode) = self.keys.unicode {
            return unicode.find_last(text, pattern, until);
        }
        if self.is_lowercase() {
            return find_last(text, pattern, until);
        }
        text.get(..until)?.rfind(pattern).map(|start| (start, start + pattern.len()))
    }

    fn starts_with(self, text: &str, part: &str) -> bool {
        if let Some(unicode) = self.keys.unicode {
            return unicode.starts_with(text, part);
        }
        let pattern = self.pattern(part);
        if self.is_lowercase() { match_length(text, &pattern).is_some() } else { text.starts_with(&*pattern) }
    }

    fn ends_with(self, text: &str, part: &str) -> bool {
        if let Some(unicode) = self.keys.unicode {
            return unicode.ends_with(text, part);
        }
        let pattern = self.pattern(part);
        if !self.is_lowercase() {
            return text.ends_with(&*pattern);
        }
        let mut starts = text.char_indices().map(|(index, _)| index).chain(std::iter::once(text.len()));
        starts.any(|start| text.get(start..).is_some_and(|rest| match_length(rest, &pattern) == Some(rest.len())))
    }

    /// The position in characters, from 1, of the part at or behind `start` characters; 0 if it is not there.
    fn position(self, text: &str, part: &str, start: usize) -> i32 {
        if part.is_empty() {
            return 1;
        }
        let from = text.char_indices().nth(start).map_or(text.len(), |(index, _)| index);
        match self.find(text, &self.pattern(part), from) {
            Some((found, _)) => int(text.get(..found).unwrap_or("").chars().count() + 1),
            None => 0,
        }
    }

    fn replace(self, text: &str, part: &str, replacement: &str) -> String {
        let pattern = self.pattern(part);
        if pattern.is_empty() {
            return text.to_owned();
        }
        let mut result = String::with_capacity(text.len());
        let mut from = 0;
        while let Some((start, end)) = self.find(text, &pattern, from) {
            result.push_str(text.get(from..start).unwrap_or(""));
            result.push_str(replacement);
            from = end;
        }
        result.push_str(text.get(from..).unwrap_or(""));
        result
    }

    fn parts(self, text: &str, delimiter: &str) -> Vec<String> {
        let pattern = self.pattern(delimiter);
        let mut parts = Vec::new();
        let mut from = 0;
        if !pattern.is_empty() {
            while let Some((start, end)) = self.find(text, &pattern, from) {
                parts.push(text.get(from..start).unwrap_or("").to_owned());
                from = end;
            }
        }
        parts.push(text.get(from..).unwrap_or("").to_owned());
        parts
    }

    fn part(self, text: &str, delimiter: &str, number: i64) -> String {
        let parts = self.parts(text, delimiter);
        let index = usize::try_from(number.unsigned_abs() - 1).unwrap_or(usize::MAX);
        let index = if number > 0 { Some(index) } else { parts.len().checked_sub(index.saturating_add(1)) };
        index.and_then(|index| parts.get(index)).cloned().unwrap_or_default()
    }

    fn up_to_delimiter(self, text: &str, delimiter: &str, count: i64) -> String {
        let pattern = self.pattern(delimiter);
        if pattern.is_empty() || count == 0 {
            return String::new();
        }
        let times = count.unsigned_abs();
        let mut found = None;
        let mut place = if count > 0 { 0 } else { text.len() };
        for _ in 0..times {
            found = if count > 0 { self.find(text, &pattern, place) } else { self.find_last(text, &pattern, place) };
            let Some((start, end)) = found else { return text.to_owned() };
            // Occurrences may overlap.
            place = if count > 0 {
                start + text.get(start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
            } else {
                text.get(..end).and_then(|head| head.char_indices().next_back()).map_or(0, |(index, _)| index)
            };
        }
        let Some((start, end)) = found else { return text.to_owned() };
        text.get(if count > 0 { 0..start } else { end..text.len() }).unwrap_or("").to_owned()
    }

    fn place_in_set(self, text: &str, set: &str) -> i32 {
        if text.contains(',') {
            return 0;
        }
        let wanted = self.keys.key(text);
        set.split(',').position(|element| self.keys.key(element) == wanted).map_or(0, |place| int(place + 1))
    }

    /// Each character by its lower case; the first mention counts.
    fn translate(self, text: &str, matching: &str, replacing: &str) -> String {
        if let Some(unicode) = self.keys.unicode {
            return translated(unicode, text, matching, replacing);
        }
        let fold = |character: char| match character {
            character if self.is_lowercase() && character != DOTTED => lower(character),
            character => character,
        };
        let mut dictionary: Vec<(char, Option<char>)> = Vec::new();
        let mut replacements = replacing.chars();
        for character in matching.chars().map(fold) {
            let replacement = replacements.next();
            if !dictionary.iter().any(|(known, _)| *known == character) {
                dictionary.push((character, replacement));
            }
        }
        let replaced = |character: char| dictionary.iter().find(|(known, _)| *known == character).map(|(_, to)| *to);
        let mut result = String::with_capacity(text.len());
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if self.is_lowercase()
                && fold(character) == 'i'
                && characters.peek() == Some(&DOT_ABOVE)
                && let Some(replacement) = replaced(DOTTED)
            {
                characters.next();
                result.extend(replacement);
                continue;
            }
            match replaced(fold(character)) {
                Some(replacement) => result.extend(replacement),
                None => result.push(character),
            }
        }
        result
    }

    /// Words as Unicode parts them, each with a great first letter.
    fn titled(text: &str) -> String {
        let mut result = String::with_capacity(text.len());
        for word in text.split_word_bounds() {
            let mut characters = word.chars();
            if let Some(first) = characters.next() {
                result.extend(first.to_uppercase());
                result.push_str(&characters.as_str().to_lowercase());
            }
        }
        result
    }

    fn trim(self, text: &str, characters: &str, at_start: bool, at_end: bool) -> String {
        if let Some(unicode) = self.keys.unicode {
            return self.trimmed(unicode, text, characters, at_start, at_end);
        }
        let set = self.pattern(characters);
        let is_trimmed = |character: char| {
            if !self.is_lowercase() {
                return set.contains(character);
            }
            if character == DOTTED {
                return set.contains("i\u{307}");
            }
            set.contains(lower(character))
        };
        let mut trimmed = text;
        if at_start {
            trimmed = trimmed.trim_start_matches(is_trimmed);
        }
        if at_end {
            // Blanks that the collation takes no notice of hide nothing from being trimmed, and stay.
            let body =
                if self.collation.trims && !characters.contains(' ') { trimmed.trim_end_matches(' ') } else { trimmed };
            let blanks = trimmed.get(body.len()..).unwrap_or("");
            return format!("{}{blanks}", body.trim_end_matches(is_trimmed));
        }
        trimmed.to_owned()
    }
}

impl Search {
    /// As [`Self::trim`], by Unicode's rules.
    fn trimmed(self, unicode: Comparer, text: &str, characters: &str, at_start: bool, at_end: bool) -> String {
        let set: Vec<&str> = characters.graphemes(true).collect();
        let is_trimmed = |cluster: &str| set.iter().any(|wanted| unicode.equal(cluster, wanted));
        let blanks = if at_end && self.collation.trims && !characters.contains(' ') {
            text.len() - text.trim_end_matches(' ').len()
        } else {
            0
        };
        let (body, blanks) = text.split_at_checked(text.len() - blanks).unwrap_or((text, ""));
        let mut clusters: VecDeque<&str> = body.graphemes(true).collect();
        while at_start && clusters.front().is_some_and(|cluster| is_trimmed(cluster)) {
            clusters.pop_front();
        }
        while at_end && clusters.back().is_some_and(|cluster| is_trimmed(cluster)) {
            clusters.pop_back();
        }
        clusters.into_iter().chain([blanks]).collect()
    }
}

/// Each character, as readers see them, replaced by Unicode's rules; the first mention counts.
fn translated(unicode: Comparer, text: &str, matching: &str, replacing: &str) -> String {
    let mut replacements = replacing.chars();
    let dictionary: Vec<(&str, Option<char>)> =
        matching.graphemes(true).map(|wanted| (wanted, replacements.next())).collect();
    let mut result = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        match dictionary.iter().find(|(wanted, _)| unicode.equal(cluster, wanted)) {
            Some((_, replacement)) => result.extend(*replacement),
            None => result.push_str(cluster),
        }
    }
    result
}

/// The kernel of a function for collated texts: it takes the collation's name behind the function's arguments.
pub(super) fn kernel(function: &str) -> Option<Arc<ScalarUDF>> {
    Some(match function {
        "contains" => kernel_udf(CollatedContains),
        "startswith" => kernel_udf(CollatedStartsWith),
        "endswith" => kernel_udf(CollatedEndsWith),
        "instr" => kernel_udf(CollatedInstr),
        "locate" | "position" => kernel_udf(CollatedLocate),
        "replace" => kernel_udf(CollatedReplace),
        "translate" => kernel_udf(CollatedTranslate),
        "substring_index" => kernel_udf(CollatedSubstringIndex),
        "split_part" => kernel_udf(CollatedSplitPart),
        "find_in_set" => kernel_udf(CollatedFindInSet),
        "trim" => kernel_udf(CollatedTrim),
        "ltrim" => kernel_udf(CollatedTrimLeading),
        "rtrim" => kernel_udf(CollatedTrimTrailing),
        "btrim" => kernel_udf(CollatedTrimBoth),
        "initcap" => kernel_udf(CollatedInitcap),
        "upper" => kernel_udf(CollatedUpper),
        "lower" => kernel_udf(CollatedLower),
        _ => return None,
    })
}

kernels! {
    CollatedContains = "spark_collated_contains" => |call| test(call, |search, text, part| {
        search.find(text, &search.pattern(part), 0).is_some()
    });
    CollatedStartsWith = "spark_collated_startswith" => |call| test(call, Search::starts_with);
    CollatedEndsWith = "spark_collated_endswith" => |call| test(call, Search::ends_with);
    CollatedInstr = "spark_collated_instr" => instr;
    CollatedLocate = "spark_collated_locate" => locate;
    CollatedReplace = "spark_collated_replace" => replace;
    CollatedTranslate = "spark_collated_translate" => translate;
    CollatedSubstringIndex = "spark_collated_substring_index" => |call| counted(call, Search::up_to_delimiter);
    CollatedSplitPart = "spark_collated_split_part" => split_part;
    CollatedFindInSet = "spark_collated_find_in_set" => find_in_set;
    CollatedTrim = "spark_collated_trim" => |call| trim(call, true, true, true);
    CollatedTrimLeading = "spark_collated_ltrim" => |call| trim(call, true, true, false);
    CollatedTrimTrailing = "spark_collated_rtrim" => |call| trim(call, true, false, true);
    CollatedInitcap = "spark_collated_initcap" => initcap;
    CollatedUpper = "spark_collated_upper" => |call| cased(call, unicode::uppercase);
    CollatedLower = "spark_collated_lower" => |call| cased(call, unicode::lowercase);
    CollatedTrimBoth = "spark_collated_btrim" => |call| trim(call, false, true, true);
}

/// The user's arguments, without the collation's name.
fn given(call: &KernelCall<'_>) -> usize {
    call.arguments.len().saturating_sub(1)
}

fn test(call: &KernelCall<'_>, holds: impl Fn(Search, &str, &str) -> bool) -> SparkResult<ColumnarValue> {
    let (search, texts, parts) = (Search::of(call)?, call.texts(0)?, call.texts(1)?);
    call.make_booleans(|row| {
        let both = texts.get(row).zip(parts.get(row));
        Ok(both.map(|(text, part)| holds(search, search.without_blanks(text), search.without_blanks(part))))
    })
}

fn instr(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let (search, texts, parts) = (Search::of(call)?, call.texts(0)?, call.texts(1)?);
    call.make_numbers::<Int32Type>(|row| {
        let both = texts.get(row).zip(parts.get(row));
        Ok(both.map(|(text, part)| search.position(search.without_blanks(text), search.without_blanks(part), 0)))
    })
}

fn locate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let (search, parts, texts) = (Search::of(call)?, call.texts(0)?, call.texts(1)?);
    let starts = if given(call) > 2 { Some(call.integers(2)?) } else { None };
    call.make_numbers::<Int32Type>(|row| {
        let start = starts.as_ref().map_or(Some(1), |starts| starts.get(row));
        let Some(start) = start else { return Ok(Some(0)) };
        let (Some(part), Some(text)) = (parts.get(row), texts.get(row)) else { return Ok(None) };
        let (text, part) = (search.without_blanks(text), search.without_blanks(part));
        Ok(Some(usize::try_from(start - 1).map_or(0, |start| search.position(text, part, start))))
    })
}

fn replace(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let (search, texts, parts) = (Search::of(call)?, call.texts(0)?, call.texts(1)?);
    let replacements = if given(call) > 2 { call.texts(2)? } else { Texts::Constant(Some(String::new())) };
    call.make_texts(|row| {
        let arguments = (texts.get(row), parts.get(row), replacements.get(row));
        let (Some(text), Some(part), Some(replacement)) = arguments else { return Ok(None) };
        Ok(Some(search.replace(search.without_blanks(text), search.without_blanks(part), replacement)))
    })
}

fn translate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let search = Search::of(call)?;
    let (texts, matchings, replacings) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
    call.make_texts(|row| {
        let arguments = (texts.get(row), matchings.get(row), replacings.get(row));
        let (Some(text), Some(matching), Some(replacing)) = arguments else { return Ok(None) };
        Ok(Some(search.translate(text, matching, replacing)))
    })
}

fn counted(call: &KernelCall<'_>, compute: impl Fn(Search, &str, &str, i64) -> String) -> SparkResult<ColumnarValue> {
    let (search, texts, parts, numbers) = (Search::of(call)?, call.texts(0)?, call.texts(1)?, call.integers(2)?);
    call.make_texts(|row| {
        let arguments = (texts.get(row), parts.get(row), numbers.get(row));
        let (Some(text), Some(part), Some(number)) = arguments else { return Ok(None) };
        Ok(Some(compute(search, text, search.without_blanks(part), number)))
    })
}

fn split_part(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let (texts, parts, numbers) = (call.texts(0)?, call.texts(1)?, call.integers(2)?);
    for row in 0..call.rows_to_compute() {
        if numbers.get(row) == Some(0) && texts.get(row).is_some() && parts.get(row).is_some() {
            return Err(SparkError::new("INVALID_INDEX_OF_ZERO"));
        }
    }
    counted(
        call,
        |search, text, delimiter, number| {
            if number == 0 { String::new() } else { search.part(text, delimiter, number) }
        },
    )
}

fn find_in_set(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let (search, texts, sets) = (Search::of(call)?, call.texts(0)?, call.texts(1)?);
    call.make_numbers::<Int32Type>(|row| {
        Ok(texts.get(row).zip(sets.get(row)).map(|(text, set)| search.place_in_set(text, set)))
    })
}

fn trim(call: &KernelCall<'_>, is_first: bool, at_start: bool, at_end: bool) -> SparkResult<ColumnarValue> {
    let search = Search::of(call)?;
    let (texts, characters) = match (given(call), is_first) {
        (2, true) => (call.texts(1)?, call.texts(0)?),
        (2, false) => (call.texts(0)?, call.texts(1)?),
        _ => (call.texts(0)?, Texts::Constant(Some(" ".to_owned()))),
    };
    call.make_texts(|row| {
        let both = texts.get(row).zip(characters.get(row));
        Ok(both.map(|(text, characters)| search.trim(text, characters, at_start, at_end)))
    })
}

/// Under the collation of bytes only blanks part words; there the plain function serves.
fn initcap(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let texts = call.texts(0)?;
    call.make_texts(|row| Ok(texts.get(row).map(Search::titled)))
}

/// Letters as a locale writes them.
fn cased(call: &KernelCall<'_>, write: impl Fn(Option<&str>, &str) -> String) -> SparkResult<ColumnarValue> {
    let (search, texts) = (Search::of(call)?, call.texts(0)?);
    let locale = search.keys.unicode.and_then(|unicode| unicode.locale);
    call.make_texts(|row| Ok(texts.get(row).map(|text| write(locale, text))))
}

#[cfg(test)]
mod tests {
    use super::{find, find_last, lowercase, match_length};

    #[test]
    fn matches_end_between_characters() {
        assert_eq!(lowercase("AİΣς"), "ai\u{307}σσ");
        assert_eq!(match_length("İo", "i"), None);
        assert_eq!(match_length("İo", "i\u{307}"), Some(2));
        assert_eq!(match_length("İo", "i\u{307}o"), Some(3));
        assert_eq!(find("aBcABC", "abc", 1), Some((3, 6)));
        assert_eq!(find_last("aBcABC", "abc", 5), Some((0, 3)));
    }
}
