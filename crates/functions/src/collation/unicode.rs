//! Texts under Unicode's collation algorithm, with CLDR's rules for locales.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{LazyLock, Mutex, PoisonError};

use firesteel_base::{SparkError, SparkResult};
use icu_collator::options::{CaseLevel, CollatorOptions, Strength};
use icu_collator::{CollatorBorrowed, CollatorPreferences};
use icu_locale_core::Locale;
use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// How texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Rules {
    locale: Option<&'static str>,
    ignores_case: bool,
    ignores_accents: bool,
}

/// What compares texts by rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparer {
    collator: &'static CollatorBorrowed<'static>,
    /// Compares base letters alone.
    letters: &'static CollatorBorrowed<'static>,
    pub locale: Option<&'static str>,
}

/// Every comparer that was asked for; there are no more than rules.
static KNOWN: LazyLock<Mutex<HashMap<Rules, Comparer>>> = LazyLock::new(Mutex::default);

impl Comparer {
    pub fn of(locale: Option<&'static str>, ignores_case: bool, ignores_accents: bool) -> SparkResult<Self> {
        let rules = Rules { locale, ignores_case, ignores_accents };
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(comparer) = known.get(&rules) {
            return Ok(*comparer);
        }
        let comparer = Self {
            collator: collator(rules)?,
            letters: collator(Rules { ignores_case: true, ignores_accents: true, ..rules })?,
            locale,
        };
        known.insert(rules, comparer);
        Ok(comparer)
    }

    /// A text whose bytes compare as the collation compares what it is the key of.
    pub fn key(self, text: &str) -> String {
        sort_key(self.collator, text).into_iter().map(char::from).collect()
    }

    pub fn equal(self, left: &str, right: &str) -> bool {
        self.collator.compare(left, right) == Ordering::Equal
    }

    /// Where `pattern` is found at or behind byte `from`: its first byte, and the one behind it. A match begins and ends
    /// between whole characters as readers see them.
    pub fn find(self, text: &str, pattern: &str, from: usize) -> Option<(usize, usize)> {
        let wanted = sort_key(self.letters, pattern);
        let mut edges = Edges::of(text, from);
        while edges.get(0).is_some() {
            if let Some(found) = self.match_at(text, pattern, &wanted, &mut edges) {
                return Some(found);
            }
            edges.known.pop_front();
        }
        None
    }

    /// As [`Self::find`], the last one that ends at or before byte `until`.
    pub fn find_last(self, text: &str, pattern: &str, until: usize) -> Option<(usize, usize)> {
        let text = text.get(..until)?;
        let wanted = sort_key(self.letters, pattern);
        let edges: Vec<usize> = edges(text, 0).collect();
        edges.into_iter().rev().find_map(|start| self.match_at(text, pattern, &wanted, &mut Edges::of(text, start)))
    }

    pub fn starts_with(self, text: &str, pattern: &str) -> bool {
        self.match_at(text, pattern, &sort_key(self.letters, pattern), &mut Edges::of(text, 0)).is_some()
    }

    pub fn ends_with(self, text: &str, pattern: &str) -> bool {
        edges(text, 0).any(|start| text.get(start..).is_some_and(|rest| self.equal(rest, pattern)))
    }

    /// The shortest match from the first of the edges to another.
    fn match_at(self, text: &str, pattern: &str, wanted: &[u8], edges: &mut Edges<'_>) -> Option<(usize, usize)> {
        // Letters that together are one: what such a part begins with need not be what the whole begins with.
        const JOINED_MAX: usize = 4;
        let start = edges.get(0)?;
        if pattern.is_empty() {
            return Some((start, start));
        }
        let mut strangers = 0;
        for place in 1.. {
            let end = edges.get(place)?;
            let part = text.get(start..end)?;
            if self.equal(part, pattern) {
                return Some((start, end));
            }
            if !wanted.starts_with(&sort_key(self.letters, part)) {
                strangers += 1;
                if strangers >= JOINED_MAX {
                    return None;
                }
            }
        }
        None
    }
}

/// Where characters begin and end, found as far as they are looked at.
struct Edges<'t> {
    rest: Box<dyn Iterator<Item = usize> + 't>,
    known: VecDeque<usize>,
}

impl<'t> Edges<'t> {
    /// Those at or behind byte `from`.
    fn of(text: &'t str, from: usize) -> Self {
        Self { rest: Box::new(edges(text, from)), known: VecDeque::new() }
    }

    fn get(&mut self, place: usize) -> Option<usize> {
        while self.known.len() <= place {
            self.known.push_back(self.rest.next()?);
        }
        self.known.get(place).copied()
    }
}

fn sort_key(collator: &CollatorBorrowed<'_>, text: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(text.len() * 2);
    let written: Result<(), Infallible> = collator.write_sort_key_to(text, &mut key);
    match written {
        Ok(()) => key,
    }
}

/// Where the characters of a text, as readers see them, begin, and its end, from byte `from` on.
fn edges(text: &str, from: usize) -> impl Iterator<Item = usize> {
    let is_edge = GraphemeCursor::new(from, text.len(), true).is_boundary(text, 0).unwrap_or(true);
    let rest = text.get(from..).unwrap_or("");
    let begins = rest.grapheme_indices(true).skip(usize::from(!is_edge)).flat_map(move |(index, cluster)| {
        let within = (cluster == "\r\n").then_some(from + index + 1);
        std::iter::once(from + index).chain(within)
    });
    begins.chain(std::iter::once(text.len()))
}

fn collator(rules: Rules) -> SparkResult<&'static CollatorBorrowed<'static>> {
    let mut options = CollatorOptions::default();
    (options.strength, options.case_level) = match (rules.ignores_case, rules.ignores_accents) {
        (false, false) => (Some(Strength::Tertiary), Some(CaseLevel::Off)),
        (true, false) => (Some(Strength::Secondary), Some(CaseLevel::Off)),
        (false, true) => (Some(Strength::Primary), Some(CaseLevel::On)),
        (true, true) => (Some(Strength::Primary), Some(CaseLevel::Off)),
    };
    let fault = |error: String| SparkError::internal(format!("no rules to compare texts of {rules:?}: {error}"));
    let preferences = match rules.locale {
        None => CollatorPreferences::default(),
        Some(name) => CollatorPreferences::from(&locale(name).ok_or_else(|| fault(name.to_owned()))?),
    };
    let collator = CollatorBorrowed::try_new(preferences, options).map_err(|error| fault(error.to_string()))?;
    // There are as many as rules, and they live as long as the process.
    Ok(Box::leak(Box::new(collator)))
}

/// The locale that a collation names; its countries have three letters.
fn locale(name: &str) -> Option<Locale> {
    const COUNTRIES: &[(&str, &str)] = &[
        ("AFG", "AF"),
        ("AUT", "AT"),
        ("BIH", "BA"),
        ("CAN", "CA"),
        ("CHN", "CN"),
        ("HKG", "HK"),
        ("IDN", "ID"),
        ("IND", "IN"),
        ("ISR", "IL"),
        ("MAC", "MO"),
        ("MNE", "ME"),
        ("NOR", "NO"),
        ("SAU", "SA"),
        ("SGP", "SG"),
        ("SRB", "RS"),
        ("TWN", "TW"),
        ("USA", "US"),
    ];
    let parts: Vec<&str> = name
        .split('_')
        .map(|part| COUNTRIES.iter().find(|(long, _)| *long == part).map_or(part, |(_, short)| *short))
        .collect();
    parts.join("-").parse().ok()
}

/// The text in great letters, as the locale writes them.
pub(super) fn uppercase(locale: Option<&str>, text: &str) -> String {
    if is_turkic(locale) { text.replace('i', "\u{130}").to_uppercase() } else { text.to_uppercase() }
}

/// The text in small letters, as the locale writes them.
pub(super) fn lowercase(locale: Option<&str>, text: &str) -> String {
    if is_turkic(locale) {
        // A dot above that follows is the letter's own.
        text.replace("I\u{307}", "i").replace('I', "\u{131}").replace('\u{130}', "i").to_lowercase()
    } else {
        text.to_lowercase()
    }
}

fn is_turkic(locale: Option<&str>) -> bool {
    locale.is_some_and(|locale| matches!(language(locale), "tr" | "az"))
}

/// Whether the locale writes great letters by rules of its own that are not built.
pub(super) fn has_own_case(locale: &str) -> bool {
    matches!(language(locale), "el" | "hy" | "lt")
}

fn language(locale: &str) -> &str {
    locale.split('_').next().unwrap_or(locale)
}

#[cfg(test)]
mod tests {
    use firesteel_base::collation::LOCALES;

    use super::Comparer;

    #[test]
    fn texts_compare_as_their_keys() {
        let plain = Comparer::of(None, false, false).unwrap();
        let ordered = ["", " ", "_", "1", "a", "A", "á", "Á", "ä", "æ", "b", "ss", "ß", "z", "あ", "ア", "い", "中"];
        for pair in ordered.windows(2) {
            assert!(plain.key(pair[0]) < plain.key(pair[1]), "{pair:?}");
        }
        assert_eq!(plain.key("é"), plain.key("e\u{301}"));
        let accents = Comparer::of(None, false, true).unwrap();
        assert_eq!(accents.key("a"), accents.key("á"));
        assert_ne!(accents.key("a"), accents.key("A"));
        let swedish = Comparer::of(Some("sv"), false, false).unwrap();
        assert!(swedish.key("z") < swedish.key("ä"));
        for locale in LOCALES {
            assert!(Comparer::of(Some(locale), true, false).unwrap().equal("b", "B"), "{locale}");
        }
    }

    #[test]
    fn texts_are_found_between_characters() {
        let loose = Comparer::of(None, true, true).unwrap();
        assert_eq!(loose.find("Straße", "SS", 0), Some((4, 6)));
        assert_eq!(loose.find("xa\u{301}x", "A", 0), Some((1, 4)));
        assert_eq!(loose.find_last("aBab", "B", 3), Some((1, 2)));
        assert!(loose.ends_with("straße", "SSE") && loose.starts_with("ÁB", "a"));
        let plain = Comparer::of(None, false, false).unwrap();
        assert_eq!(plain.find("a\u{301}", "a", 0), None);
        let czech = Comparer::of(Some("cs"), true, false).unwrap();
        assert_eq!(czech.find("xCHx", "ch", 0), Some((1, 3)));
    }
}
