//! Collations: their names, and what a name says.
//!
//! A name is read in any case and with its suffixes in any order; the canonical name is the one that types carry. How
//! texts are compared under a collation is the business of the functions.

use std::sync::Arc;

use crate::error::{SparkError, SparkResult};
use crate::types::SparkType;

/// The collation that says nothing: texts are compared by their bytes.
pub const UTF8_BINARY: &str = "UTF8_BINARY";
/// What stands in the place of a name where operands of different collations met.
pub const INDETERMINATE: &str = "null";

/// The locales whose rules a collation may follow, in the order of their names.
pub const LOCALES: &[&str] = &[
    "af",
    "am",
    "ar",
    "ar_SAU",
    "as",
    "az",
    "be",
    "bg",
    "blo",
    "bn",
    "bo",
    "br",
    "bs",
    "bs_Cyrl",
    "ca",
    "ceb",
    "chr",
    "cs",
    "cy",
    "da",
    "de",
    "de_AUT",
    "dsb",
    "dz",
    "ee",
    "el",
    "en",
    "en_USA",
    "eo",
    "es",
    "et",
    "fa",
    "fa_AFG",
    "ff",
    "ff_Adlm",
    "fi",
    "fil",
    "fo",
    "fr",
    "fr_CAN",
    "fy",
    "ga",
    "gl",
    "gu",
    "ha",
    "haw",
    "he",
    "he_ISR",
    "hi",
    "hr",
    "hsb",
    "hu",
    "hy",
    "id",
    "id_IDN",
    "ig",
    "is",
    "it",
    "ja",
    "ka",
    "kk",
    "kk_Arab",
    "kl",
    "km",
    "kn",
    "ko",
    "kok",
    "ku",
    "ky",
    "lb",
    "lij",
    "lkt",
    "ln",
    "lo",
    "lt",
    "lv",
    "mk",
    "ml",
    "mn",
    "mr",
    "ms",
    "mt",
    "my",
    "nb",
    "nb_NOR",
    "ne",
    "nl",
    "nn",
    "no",
    "nso",
    "om",
    "or",
    "pa",
    "pa_Guru",
    "pa_Guru_IND",
    "pl",
    "ps",
    "pt",
    "ro",
    "ru",
    "sa",
    "se",
    "si",
    "sk",
    "sl",
    "smn",
    "sq",
    "sr",
    "sr_Cyrl",
    "sr_Cyrl_BIH",
    "sr_Cyrl_MNE",
    "sr_Cyrl_SRB",
    "sr_Latn",
    "sr_Latn_BIH",
    "sr_Latn_SRB",
    "st",
    "sv",
    "sw",
    "ta",
    "te",
    "th",
    "tk",
    "tn",
    "to",
    "tr",
    "ug",
    "uk",
    "ur",
    "uz",
    "vi",
    "wae",
    "wo",
    "xh",
    "yi",
    "yo",
    "zh",
    "zh_Hans",
    "zh_Hans_CHN",
    "zh_Hans_SGP",
    "zh_Hant",
    "zh_Hant_HKG",
    "zh_Hant_MAC",
    "zh_Hant_TWN",
    "zu",
];

/// How texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// By their bytes.
    Binary,
    /// By their characters' lower case.
    Lowercase,
    /// By Unicode's collation algorithm, with a locale's rules if one is named.
    Unicode { locale: Option<&'static str>, ignores_case: bool, ignores_accents: bool },
}

/// What a collation's name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Collation {
    pub comparison: Comparison,
    /// Blanks at the end do not count.
    pub trims: bool,
}

impl Collation {
    /// The collation of this name; `COLLATION_INVALID_NAME` if there is none.
    pub fn parse(name: &str) -> SparkResult<Self> {
        let upper = name.to_uppercase();
        let bytes = [("UTF8_BINARY", Comparison::Binary), ("UTF8_LCASE", Comparison::Lowercase)];
        for (known, comparison) in bytes {
            match upper.strip_prefix(known) {
                Some("") => return Ok(Self { comparison, trims: false }),
                Some("_RTRIM") => return Ok(Self { comparison, trims: true }),
                _ => {}
            }
        }
        Self::unicode(&upper).ok_or_else(|| {
            SparkError::new("COLLATION_INVALID_NAME").param("proposals", proposals(&upper)).param("collationName", name)
        })
    }

    /// `UNICODE` or a locale, with what case, accents and blanks at the end mean, each at most once.
    fn unicode(upper: &str) -> Option<Self> {
        let parts: Vec<&str> = upper.split('_').collect();
        let (locale, rest) = (1..=parts.len().min(3)).rev().find_map(|count| {
            let (named, rest) = parts.split_at_checked(count)?;
            let named = named.join("_");
            if named == "UNICODE" {
                return Some((None, rest));
            }
            let locale = LOCALES.iter().copied().find(|locale| locale.eq_ignore_ascii_case(&named))?;
            Some((Some(locale), rest))
        })?;
        let (mut case, mut accents, mut trims) = (None, None, None);
        for suffix in rest {
            let (place, value) = match *suffix {
                "CI" => (&mut case, true),
                "CS" => (&mut case, false),
                "AI" => (&mut accents, true),
                "AS" => (&mut accents, false),
                "RTRIM" => (&mut trims, true),
                _ => return None,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        let comparison = Comparison::Unicode {
            locale,
            ignores_case: case.unwrap_or(false),
            ignores_accents: accents.unwrap_or(false),
        };
        Some(Self { comparison, trims: trims.unwrap_or(false) })
    }

    /// The canonical name.
    pub fn name(self) -> String {
        let mut name = match self.comparison {
            Comparison::Binary => UTF8_BINARY.to_owned(),
            Comparison::Lowercase => "UTF8_LCASE".to_owned(),
            Comparison::Unicode { locale, ignores_case, ignores_accents } => {
                let base = locale.unwrap_or("UNICODE");
                let case = if ignores_case { "_CI" } else { "" };
                let accents = if ignores_accents { "_AI" } else { "" };
                format!("{base}{case}{accents}")
            }
        };
        if self.trims {
            name.push_str("_RTRIM");
        }
        name
    }

    /// The name of the collation that a name, possibly qualified by `SYSTEM.BUILTIN`, means.
    pub fn canonical(parts: &[String]) -> SparkResult<Arc<str>> {
        let name = parts.last().map(String::as_str).unwrap_or_default();
        Ok(Self::parse(name)?.name().into())
    }

    /// Whether texts that are equal are the same bytes.
    pub fn is_binary(self) -> bool {
        self.comparison == Comparison::Binary && !self.trims
    }
}

/// The known names that are closest to one that is not: those that share the most, at most three.
fn proposals(upper: &str) -> String {
    let base = upper.split('_').next().unwrap_or(upper);
    let distance = |name: &str| crate::suggestion::levenshtein_distance(&name.to_uppercase(), base);
    let known = ["UNICODE", UTF8_BINARY, "UTF8_LCASE"].into_iter().chain(LOCALES.iter().copied());
    let mut ranked: Vec<(usize, &str)> = known.map(|name| (distance(name), name)).collect();
    ranked.sort_by_key(|(distance, _)| *distance);
    ranked.into_iter().take(3).map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}

impl SparkType {
    /// Text in a collation of this canonical name.
    pub fn collated(name: &str) -> Self {
        Self::String { collation: Some(name.into()) }
    }

    /// The collation of a text's type: that of the text itself, or of the texts in an array.
    pub fn collation(&self) -> Option<&str> {
        match self {
            Self::String { collation } => Some(collation.as_deref().unwrap_or(UTF8_BINARY)),
            Self::Array { element, .. } => element.collation(),
            _ => None,
        }
    }

    /// Whether a text somewhere inside compares otherwise than by its bytes.
    pub fn is_collated(&self) -> bool {
        match self {
            Self::String { collation } => collation.as_deref().is_some_and(|name| name != UTF8_BINARY),
            Self::Array { element, .. } => element.is_collated(),
            Self::Map { key, value, .. } => key.is_collated() || value.is_collated(),
            Self::Struct(schema) => schema.iter().any(|field| field.data_type.is_collated()),
            _ => false,
        }
    }

    /// Whether a text inside has no collation, as operands of different ones gave it.
    pub fn is_indeterminate(&self) -> bool {
        self.collation() == Some(INDETERMINATE)
    }

    /// The same type with its text in another collation.
    #[must_use]
    pub fn with_collation_of(&self, text: &Self) -> Self {
        match self {
            Self::String { .. } => text.clone(),
            Self::Array { element, contains_null } => Self::array(element.with_collation_of(text), *contains_null),
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Collation;

    #[test]
    fn names_become_canonical() {
        let cases = [
            ("utf8_binary", "UTF8_BINARY"),
            ("Utf8_Lcase_rtrim", "UTF8_LCASE_RTRIM"),
            ("unicode", "UNICODE"),
            ("unicode_ai_ci", "UNICODE_CI_AI"),
            ("UNICODE_RTRIM_CS_AS", "UNICODE_RTRIM"),
            ("EN_usa", "en_USA"),
            ("de_ci_ai", "de_CI_AI"),
            ("SR_CYRL_ci", "sr_Cyrl_CI"),
        ];
        for (name, canonical) in cases {
            assert_eq!(Collation::parse(name).unwrap().name(), canonical);
        }
        for name in ["", "UTF8", "UTF8_BINARY_CI", "UNICODE_", "UNICODE_CI_CS", "UNICODEX", "UTF8_LCASERTRIM"] {
            assert_eq!(Collation::parse(name).unwrap_err().condition(), "COLLATION_INVALID_NAME", "{name}");
        }
    }
}
