//! Arguments of text functions as rows see them, constants included, and builders of their results.
//!
//! A constant stays one value; a column is read in whichever of Arrow's layouts it comes.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, BinaryViewArray, BooleanArray, BooleanBuilder, Int32Array,
    Int64Array, LargeBinaryArray, LargeStringArray, PrimitiveBuilder, StringArray, StringBuilder, StringViewArray,
};
use arrow::compute::cast;
use arrow::datatypes::{ArrowPrimitiveType, DataType};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult};

use crate::kernel::budget::Budget;
use crate::kernel::{KernelCall, from_arrow, from_engine};

/// An argument of type text.
pub(crate) enum Texts {
    Constant(Option<String>),
    Small(StringArray),
    Large(LargeStringArray),
    View(StringViewArray),
}

impl Texts {
    pub fn get(&self, row: usize) -> Option<&str> {
        match self {
            Self::Constant(text) => text.as_deref(),
            Self::Small(texts) => texts.is_valid(row).then(|| texts.value(row)),
            Self::Large(texts) => texts.is_valid(row).then(|| texts.value(row)),
            Self::View(texts) => texts.is_valid(row).then(|| texts.value(row)),
        }
    }

    /// The constant, if it is one and not NULL.
    pub fn constant(&self) -> Option<&str> {
        match self {
            Self::Constant(text) => text.as_deref(),
            Self::Small(_) | Self::Large(_) | Self::View(_) => None,
        }
    }

    pub fn of_array(array: &ArrayRef) -> SparkResult<Self> {
        Ok(match array.data_type() {
            DataType::Utf8 => Self::Small(array.as_string::<i32>().clone()),
            DataType::LargeUtf8 => Self::Large(array.as_string::<i64>().clone()),
            DataType::Utf8View => Self::View(array.as_string_view().clone()),
            _ => Self::Small(cast(array, &DataType::Utf8).map_err(from_arrow)?.as_string::<i32>().clone()),
        })
    }
}

/// An argument of type binary; text is taken as its bytes.
pub(crate) enum Bytes {
    Constant(Option<Vec<u8>>),
    Small(BinaryArray),
    Large(LargeBinaryArray),
    View(BinaryViewArray),
    Text(Texts),
}

impl Bytes {
    pub fn get(&self, row: usize) -> Option<&[u8]> {
        match self {
            Self::Constant(bytes) => bytes.as_deref(),
            Self::Small(bytes) => bytes.is_valid(row).then(|| bytes.value(row)),
            Self::Large(bytes) => bytes.is_valid(row).then(|| bytes.value(row)),
            Self::View(bytes) => bytes.is_valid(row).then(|| bytes.value(row)),
            Self::Text(texts) => texts.get(row).map(str::as_bytes),
        }
    }

    pub fn of_array(array: &ArrayRef) -> SparkResult<Self> {
        Ok(match array.data_type() {
            DataType::Binary => Self::Small(array.as_binary::<i32>().clone()),
            DataType::LargeBinary => Self::Large(array.as_binary::<i64>().clone()),
            DataType::BinaryView => Self::View(array.as_binary_view().clone()),
            DataType::FixedSizeBinary(_) | DataType::Null => {
                Self::Small(cast(array, &DataType::Binary).map_err(from_arrow)?.as_binary::<i32>().clone())
            }
            _ => Self::Text(Texts::of_array(array)?),
        })
    }
}

/// An argument of an integral type.
pub(crate) enum Integers {
    Constant(Option<i64>),
    Int(Int32Array),
    Long(Int64Array),
}

impl Integers {
    pub fn get(&self, row: usize) -> Option<i64> {
        match self {
            Self::Constant(value) => *value,
            Self::Int(values) => values.is_valid(row).then(|| i64::from(values.value(row))),
            Self::Long(values) => values.is_valid(row).then(|| values.value(row)),
        }
    }
}

impl KernelCall<'_> {
    pub(crate) fn texts(&self, index: usize) -> SparkResult<Texts> {
        match self.argument(index)? {
            ColumnarValue::Scalar(value) => match value {
                ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text) => {
                    Ok(Texts::Constant(text.clone()))
                }
                value if value.is_null() => Ok(Texts::Constant(None)),
                other => Err(SparkError::internal(format!("a kernel met {} instead of text", other.data_type()))),
            },
            ColumnarValue::Array(array) => Texts::of_array(array),
        }
    }

    pub(crate) fn bytes(&self, index: usize) -> SparkResult<Bytes> {
        match self.argument(index)? {
            ColumnarValue::Scalar(value) => match value {
                ScalarValue::Binary(bytes)
                | ScalarValue::LargeBinary(bytes)
                | ScalarValue::BinaryView(bytes)
                | ScalarValue::FixedSizeBinary(_, bytes) => Ok(Bytes::Constant(bytes.clone())),
                _ => Ok(Bytes::Text(self.texts(index)?)),
            },
            ColumnarValue::Array(array) => Bytes::of_array(array),
        }
    }

    pub(crate) fn integers(&self, index: usize) -> SparkResult<Integers> {
        match self.argument(index)? {
            ColumnarValue::Scalar(value) => match value.cast_to(&DataType::Int64).map_err(from_engine)? {
                ScalarValue::Int64(value) => Ok(Integers::Constant(value)),
                _ => Ok(Integers::Constant(None)),
            },
            ColumnarValue::Array(array) => match array.data_type() {
                DataType::Int32 => Ok(Integers::Int(array.as_primitive().clone())),
                DataType::Int64 => Ok(Integers::Long(array.as_primitive().clone())),
                _ => Ok(Integers::Long(cast(array, &DataType::Int64).map_err(from_arrow)?.as_primitive().clone())),
            },
        }
    }

    /// Whether the argument at `index` was given.
    pub(crate) fn has(&self, index: usize) -> bool {
        index < self.arguments.len()
    }

    fn is_constant(&self) -> bool {
        self.arguments.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)))
    }

    /// How many rows are to be computed: one if all arguments are constants.
    pub(crate) fn rows_to_compute(&self) -> usize {
        if self.is_constant() { 1 } else { self.rows }
    }

    /// The result of [`Self::rows_to_compute`] rows.
    pub(crate) fn result(&self, array: ArrayRef) -> SparkResult<ColumnarValue> {
        if self.is_constant() && array.len() == 1 {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0).map_err(from_engine)?));
        }
        Ok(ColumnarValue::Array(array))
    }

    /// A text for each row.
    pub(crate) fn make_texts<T: AsRef<str>>(
        &self,
        mut make: impl FnMut(usize) -> SparkResult<Option<T>>,
    ) -> SparkResult<ColumnarValue> {
        let rows = self.rows_to_compute();
        let mut builder = StringBuilder::with_capacity(rows, rows * 16);
        let mut budget = Budget::of(rows);
        for row in 0..rows {
            let text = make(row)?;
            budget.take(row, text.as_ref().map_or(0, |text| text.as_ref().len()))?;
            builder.append_option(text);
        }
        self.result(Arc::new(builder.finish()))
    }

    /// Bytes for each row: text, if that is what the call returns.
    pub(crate) fn make_bytes<T: AsRef<[u8]>>(
        &self,
        mut make: impl FnMut(usize) -> SparkResult<Option<T>>,
    ) -> SparkResult<ColumnarValue> {
        let rows = self.rows_to_compute();
        let mut builder = BinaryBuilder::with_capacity(rows, rows * 16);
        let mut budget = Budget::of(rows);
        for row in 0..rows {
            let bytes = make(row)?;
            budget.take(row, bytes.as_ref().map_or(0, |bytes| bytes.as_ref().len()))?;
            builder.append_option(bytes);
        }
        self.result(Arc::new(builder.finish()))
    }

    /// A number for each row.
    pub(crate) fn make_numbers<T: ArrowPrimitiveType>(
        &self,
        mut make: impl FnMut(usize) -> SparkResult<Option<T::Native>>,
    ) -> SparkResult<ColumnarValue> {
        let rows = self.rows_to_compute();
        let mut builder = PrimitiveBuilder::<T>::with_capacity(rows);
        for row in 0..rows {
            builder.append_option(make(row)?);
        }
        self.result(Arc::new(builder.finish().with_data_type(self.return_type.clone())))
    }

    /// A truth value for each row.
    pub(crate) fn make_booleans(
        &self,
        mut make: impl FnMut(usize) -> SparkResult<Option<bool>>,
    ) -> SparkResult<ColumnarValue> {
        let rows = self.rows_to_compute();
        let mut builder = BooleanBuilder::with_capacity(rows);
        for row in 0..rows {
            builder.append_option(make(row)?);
        }
        let array: BooleanArray = builder.finish();
        self.result(Arc::new(array))
    }
}

/// A number of characters or bytes as Spark's 32 bits; longer texts do not exist.
pub(crate) fn int(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}
