//! Keys of collated texts: texts whose bytes compare as the collation compares what they are keys of.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use datafusion::scalar::ScalarValue;
use firesteel_base::SparkResult;
use firesteel_base::collation::{Collation, Comparison};

use super::search::lowercase;
use super::unicode::Comparer;
use crate::kernel::{Kernel, KernelCall, from_arrow, from_engine};
use crate::string::arguments::Texts;

/// A collation with what makes its keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    pub collation: Collation,
    /// What compares texts where Unicode's rules do.
    pub unicode: Option<Comparer>,
}

impl Keys {
    pub fn of(collation: Collation) -> SparkResult<Self> {
        let unicode = match collation.comparison {
            Comparison::Binary | Comparison::Lowercase => None,
            Comparison::Unicode { locale, ignores_case, ignores_accents } => {
                Some(Comparer::of(locale, ignores_case, ignores_accents)?)
            }
        };
        Ok(Self { collation, unicode })
    }

    /// The key of a text.
    pub fn key(self, text: &str) -> Cow<'_, str> {
        let text = if self.collation.trims { text.trim_end_matches(' ') } else { text };
        match (self.unicode, self.collation.comparison) {
            (Some(unicode), _) => Cow::Owned(unicode.key(text)),
            (None, Comparison::Lowercase) => lowercase(text),
            (None, _) => Cow::Borrowed(text),
        }
    }
}

/// A text as it is: an expression of its own, so that nothing takes it for the text under its former collation.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Collated;

impl Kernel for Collated {
    const NAME: &'static str = "spark_collate";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        call.argument(0)?.cast_to(call.return_type, None).map_err(from_engine)
    }
}

/// The keys of texts, or of the texts in arrays; the last argument names the collation.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct CollationKey;

impl Kernel for CollationKey {
    const NAME: &'static str = "spark_collation_key";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let name = call.scalar(1).and_then(|name| name.try_as_str().flatten()).unwrap_or_default();
        let collation = Keys::of(Collation::parse(name)?)?;
        match call.argument(0)? {
            ColumnarValue::Scalar(value) => {
                let keys = keys(&value.to_array().map_err(from_engine)?, collation)?;
                let key = ScalarValue::try_from_array(&keys, 0).map_err(from_engine)?;
                Ok(ColumnarValue::Scalar(key))
            }
            ColumnarValue::Array(values) => Ok(ColumnarValue::Array(keys(values, collation)?)),
        }
    }
}

fn keys(values: &ArrayRef, collation: Keys) -> SparkResult<ArrayRef> {
    if let DataType::List(field) = values.data_type() {
        let lists = values.as_list::<i32>();
        let inner = keys(lists.values(), collation)?;
        let list = ListArray::try_new(Arc::clone(field), lists.offsets().clone(), inner, lists.nulls().cloned());
        return Ok(Arc::new(list.map_err(from_arrow)?));
    }
    let texts = Texts::of_array(values)?;
    let mut builder = StringBuilder::with_capacity(values.len(), values.len() * 16);
    for row in 0..values.len() {
        builder.append_option(texts.get(row).map(|text| collation.key(text)));
    }
    Ok(Arc::new(builder.finish()))
}
