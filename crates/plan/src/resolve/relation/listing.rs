//! Table functions that list what the server knows: `collations()` and `sql_keywords()`.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow::datatypes::Schema;
use datafusion::datasource::MemTable;
use firesteel_base::collation::{Collation, Comparison, LOCALES};
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_functions::kernel::{from_arrow, from_engine};
use firesteel_syntax::ir::relation::TableFunction;
use firesteel_syntax::parser::keyword_spellings;

use crate::resolved::Resolved;
use crate::resolver::Resolver;

/// The version of ICU whose rules Spark follows.
const ICU_VERSION: &str = "78.3.0.0";

impl Resolver<'_> {
    /// The rows of such a function; `None` if the name is none of theirs.
    pub fn listing_function(&self, name: &str, call: &TableFunction) -> SparkResult<Option<Resolved>> {
        if !matches!(name, "collations" | "sql_keywords") {
            return Ok(None);
        }
        if !call.arguments.is_empty() {
            return Err(SparkError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
                .param("functionName", format!("`{name}`"))
                .param("expectedNum", "0")
                .param("actualNum", call.arguments.len().to_string())
                .param("docroot", "https://spark.apache.org/docs/latest"));
        }
        let listed = if name == "collations" { self.collations()? } else { self.keywords()? };
        Ok(Some(listed))
    }

    fn listed(&self, columns: Vec<(SparkField, ArrayRef)>) -> SparkResult<Resolved> {
        let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let schema = SparkSchema::new(fields);
        let batch =
            RecordBatch::try_new(Arc::new(Schema::new(schema.to_arrow_fields("UTC"))), arrays).map_err(from_arrow)?;
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(from_engine)?;
        self.scan(Arc::new(table), &schema, &[])
    }

    fn keywords(&self) -> SparkResult<Resolved> {
        let enforced = self.context.parser.ansi && self.context.parser.enforce_reserved_keywords;
        // Words that only stand for others are not listed.
        let mut keywords: Vec<_> =
            keyword_spellings().filter(|(word, _)| !matches!(*word, "RLIKE" | "TEMPORARY")).collect();
        keywords.sort_unstable();
        let words: StringArray = keywords.iter().map(|(word, _)| Some(*word)).collect();
        let reserved: BooleanArray = keywords.iter().map(|(_, is_reserved)| Some(*is_reserved && enforced)).collect();
        self.listed(vec![
            (SparkField::new("keyword", SparkType::STRING, false), Arc::new(words)),
            (SparkField::new("reserved", SparkType::Boolean, false), Arc::new(reserved)),
        ])
    }

    fn collations(&self) -> SparkResult<Resolved> {
        let mut named =
            ["UTF8_BINARY", "UTF8_LCASE", "UTF8_BINARY_RTRIM", "UTF8_LCASE_RTRIM"].map(str::to_owned).to_vec();
        let suffixes = ["", "_AI", "_AI_RTRIM", "_CI", "_CI_AI", "_CI_AI_RTRIM", "_CI_RTRIM", "_RTRIM"];
        let bases = std::iter::once("UNICODE").chain(LOCALES.iter().copied());
        let mut unicode: Vec<String> =
            bases.flat_map(|base| suffixes.iter().map(move |suffix| format!("{base}{suffix}"))).collect();
        unicode.sort_unstable();
        named.extend(unicode);
        let known: SparkResult<Vec<(String, Collation)>> =
            named.into_iter().map(|name| Collation::parse(&name).map(|collation| (name, collation))).collect();
        let known = known?;
        let column = |name: &str, nullable: bool, value: &dyn Fn(&str, Collation) -> Option<String>| {
            let values: StringArray = known.iter().map(|(name, collation)| value(name, *collation)).collect();
            (SparkField::new(name, SparkType::STRING, nullable), Arc::new(values) as ArrayRef)
        };
        let sensitivity =
            |ignores: bool, what: &str| Some(format!("{what}_{}", if ignores { "INSENSITIVE" } else { "SENSITIVE" }));
        self.listed(vec![
            column("CATALOG", false, &|_, _| Some("SYSTEM".to_owned())),
            column("SCHEMA", false, &|_, _| Some("BUILTIN".to_owned())),
            column("NAME", false, &|name, _| Some(name.to_owned())),
            column("LANGUAGE", true, &|_, collation| language(collation).map(str::to_owned)),
            column("COUNTRY", true, &|_, collation| country(collation).map(str::to_owned)),
            column("ACCENT_SENSITIVITY", false, &|_, collation| match collation.comparison {
                Comparison::Unicode { ignores_accents, .. } => sensitivity(ignores_accents, "ACCENT"),
                Comparison::Binary | Comparison::Lowercase => sensitivity(false, "ACCENT"),
            }),
            column("CASE_SENSITIVITY", false, &|_, collation| match collation.comparison {
                Comparison::Unicode { ignores_case, .. } => sensitivity(ignores_case, "CASE"),
                comparison => sensitivity(comparison == Comparison::Lowercase, "CASE"),
            }),
            column("PAD_ATTRIBUTE", false, &|_, collation| {
                Some(if collation.trims { "RTRIM" } else { "NO_PAD" }.to_owned())
            }),
            column("ICU_VERSION", true, &|_, collation| {
                matches!(collation.comparison, Comparison::Unicode { .. }).then(|| ICU_VERSION.to_owned())
            }),
        ])
    }
}

fn locale(collation: Collation) -> Option<&'static str> {
    match collation.comparison {
        Comparison::Unicode { locale, .. } => locale,
        Comparison::Binary | Comparison::Lowercase => None,
    }
}

fn language(collation: Collation) -> Option<&'static str> {
    let code = locale(collation)?.split('_').next()?;
    LANGUAGES.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

fn country(collation: Collation) -> Option<&'static str> {
    let code = locale(collation)?.rsplit('_').next()?;
    COUNTRIES.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

/// The names of the locales' countries.
const COUNTRIES: &[(&str, &str)] = &[
    ("AFG", "Afghanistan"),
    ("AUT", "Austria"),
    ("BIH", "Bosnia & Herzegovina"),
    ("CAN", "Canada"),
    ("CHN", "China"),
    ("HKG", "Hong Kong SAR China"),
    ("IDN", "Indonesia"),
    ("IND", "India"),
    ("ISR", "Israel"),
    ("MAC", "Macao SAR China"),
    ("MNE", "Montenegro"),
    ("NOR", "Norway"),
    ("SAU", "Saudi Arabia"),
    ("SGP", "Singapore"),
    ("SRB", "Serbia"),
    ("TWN", "Taiwan"),
    ("USA", "United States"),
];

/// The names of the locales' languages.
const LANGUAGES: &[(&str, &str)] = &[
    ("af", "Afrikaans"),
    ("am", "Amharic"),
    ("ar", "Arabic"),
    ("as", "Assamese"),
    ("az", "Azerbaijani"),
    ("be", "Belarusian"),
    ("bg", "Bulgarian"),
    ("blo", "Anii"),
    ("bn", "Bangla"),
    ("bo", "Tibetan"),
    ("br", "Breton"),
    ("bs", "Bosnian"),
    ("ca", "Catalan"),
    ("ceb", "Cebuano"),
    ("chr", "Cherokee"),
    ("cs", "Czech"),
    ("cy", "Welsh"),
    ("da", "Danish"),
    ("de", "German"),
    ("dsb", "Lower Sorbian"),
    ("dz", "Dzongkha"),
    ("ee", "Ewe"),
    ("el", "Greek"),
    ("en", "English"),
    ("eo", "Esperanto"),
    ("es", "Spanish"),
    ("et", "Estonian"),
    ("fa", "Persian"),
    ("ff", "Fula"),
    ("fi", "Finnish"),
    ("fil", "Filipino"),
    ("fo", "Faroese"),
    ("fr", "French"),
    ("fy", "Western Frisian"),
    ("ga", "Irish"),
    ("gl", "Galician"),
    ("gu", "Gujarati"),
    ("ha", "Hausa"),
    ("haw", "Hawaiian"),
    ("he", "Hebrew"),
    ("hi", "Hindi"),
    ("hr", "Croatian"),
    ("hsb", "Upper Sorbian"),
    ("hu", "Hungarian"),
    ("hy", "Armenian"),
    ("id", "Indonesian"),
    ("ig", "Igbo"),
    ("is", "Icelandic"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("ka", "Georgian"),
    ("kk", "Kazakh"),
    ("kl", "Kalaallisut"),
    ("km", "Khmer"),
    ("kn", "Kannada"),
    ("ko", "Korean"),
    ("kok", "Konkani"),
    ("ku", "Kurdish"),
    ("ky", "Kyrgyz"),
    ("lb", "Luxembourgish"),
    ("lij", "Ligurian"),
    ("lkt", "Lakota"),
    ("ln", "Lingala"),
    ("lo", "Lao"),
    ("lt", "Lithuanian"),
    ("lv", "Latvian"),
    ("mk", "Macedonian"),
    ("ml", "Malayalam"),
    ("mn", "Mongolian"),
    ("mr", "Marathi"),
    ("ms", "Malay"),
    ("mt", "Maltese"),
    ("my", "Burmese"),
    ("nb", "Norwegian Bokmål"),
    ("ne", "Nepali"),
    ("nl", "Dutch"),
    ("nn", "Norwegian Nynorsk"),
    ("no", "Norwegian"),
    ("nso", "Northern Sotho"),
    ("om", "Oromo"),
    ("or", "Odia"),
    ("pa", "Punjabi"),
    ("pl", "Polish"),
    ("ps", "Pashto"),
    ("pt", "Portuguese"),
    ("ro", "Romanian"),
    ("ru", "Russian"),
    ("sa", "Sanskrit"),
    ("se", "Northern Sami"),
    ("si", "Sinhala"),
    ("sk", "Slovak"),
    ("sl", "Slovenian"),
    ("smn", "Inari Sami"),
    ("sq", "Albanian"),
    ("sr", "Serbian"),
    ("st", "Southern Sotho"),
    ("sv", "Swedish"),
    ("sw", "Swahili"),
    ("ta", "Tamil"),
    ("te", "Telugu"),
    ("th", "Thai"),
    ("tk", "Turkmen"),
    ("tn", "Tswana"),
    ("to", "Tongan"),
    ("tr", "Turkish"),
    ("ug", "Uyghur"),
    ("uk", "Ukrainian"),
    ("ur", "Urdu"),
    ("uz", "Uzbek"),
    ("vi", "Vietnamese"),
    ("wae", "Walser"),
    ("wo", "Wolof"),
    ("xh", "Xhosa"),
    ("yi", "Yiddish"),
    ("yo", "Yoruba"),
    ("zh", "Chinese"),
    ("zu", "Zulu"),
];
