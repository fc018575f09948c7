//! The options of `from_json`, `to_json` and `schema_of_json`: a map of constants.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::tree::Dialect;
use crate::call::Call;
use crate::coercion::quoted_type;
use crate::kernel::from_arrow;

/// Options by their names in lower case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options(BTreeMap<String, String>);

/// Options of Spark that are known and not built: refused rather than passed over.
const REFUSED: &[&str] = &["locale", "charset", "pretty", "writenonasciicharacterasunicode", "timezone"];

impl Options {
    /// The options at `index`, if there are any.
    pub(crate) fn of_call(call: &Call<'_>, index: usize) -> SparkResult<Self> {
        let Some(argument) = call.arguments.get(index) else { return Ok(Self::default()) };
        let is_text = |data_type: &SparkType| data_type.is_string();
        match &argument.data_type {
            SparkType::Map { key, value, .. } if is_text(key) && is_text(value) => {}
            SparkType::Map { .. } => {
                return Err(SparkError::new("INVALID_OPTIONS.NON_STRING_TYPE")
                    .param("mapType", quoted_type(&argument.data_type)));
            }
            _ => return Err(SparkError::new("INVALID_OPTIONS.NON_MAP_FUNCTION")),
        }
        let Some(ScalarValue::Map(map)) = &argument.constant else {
            return Err(SparkError::new("INVALID_OPTIONS.NON_MAP_FUNCTION"));
        };
        let text = |array| cast(array, &DataType::Utf8).map_err(from_arrow);
        let (keys, values) = (text(map.keys())?, text(map.values())?);
        let (keys, values) = (keys.as_string::<i32>(), values.as_string::<i32>());
        let mut options = BTreeMap::new();
        for index in 0..keys.len() {
            let name = keys.value(index).to_lowercase();
            if REFUSED.contains(&name.as_str()) {
                return Err(SparkError::unsupported(format!("the JSON option {}", keys.value(index))));
            }
            options.insert(name, if values.is_null(index) { String::new() } else { values.value(index).to_owned() });
        }
        Ok(Self(options))
    }

    /// As a constant for a kernel.
    pub(crate) fn to_expr(&self) -> Expr {
        let pairs: serde_json::Map<String, serde_json::Value> =
            self.0.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        lit(serde_json::Value::Object(pairs).to_string())
    }

    /// From such a constant.
    pub(crate) fn from_text(text: &str) -> Self {
        let pairs: BTreeMap<String, String> = match serde_json::from_str(text) {
            Ok(serde_json::Value::Object(pairs)) => {
                pairs.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned())).collect()
            }
            Ok(_) | Err(_) => BTreeMap::new(),
        };
        Self(pairs)
    }

    /// Given the name in lower case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, |value| value.eq_ignore_ascii_case("true"))
    }

    pub(super) fn dialect(&self) -> Dialect {
        Dialect {
            single_quotes: self.flag("allowsinglequotes", true),
            unquoted_names: self.flag("allowunquotedfieldnames", false),
            comments: self.flag("allowcomments", false),
            leading_zeros: self.flag("allownumericleadingzeros", false),
            non_numeric: self.flag("allownonnumericnumbers", true),
            escapes_anything: self.flag("allowbackslashescapinganycharacter", false),
            control_characters: self.flag("allowunquotedcontrolchars", false),
        }
    }
}
