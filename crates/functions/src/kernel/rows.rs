//! Kernels that compute one value from the values of a row: the loop, the NULLs and the types are handled here.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryViewArray, PrimitiveArray, PrimitiveBuilder, StringBuilder,
    StringViewArray,
};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult};

use super::{KernelCall, from_arrow};

/// The array at `index` as one of primitive values.
pub(crate) fn primitive<T: ArrowPrimitiveType>(arrays: &[ArrayRef], index: usize) -> SparkResult<&PrimitiveArray<T>> {
    let array = at(arrays, index)?;
    array.as_primitive_opt::<T>().ok_or_else(|| {
        SparkError::internal(format!("a kernel met an array of type {} instead of {}", array.data_type(), T::DATA_TYPE))
    })
}

/// The array at `index`.
pub(crate) fn at(arrays: &[ArrayRef], index: usize) -> SparkResult<&ArrayRef> {
    arrays.get(index).ok_or_else(|| SparkError::internal("a kernel was called with too few arguments"))
}

/// The array at `index` as text, whatever carries it.
pub(crate) fn text(arrays: &[ArrayRef], index: usize) -> SparkResult<StringViewArray> {
    let array = cast(at(arrays, index)?, &DataType::Utf8View).map_err(from_arrow)?;
    Ok(array.as_string_view().clone())
}

/// The array at `index` as bytes, whatever carries them; text is its UTF-8.
pub(crate) fn bytes(arrays: &[ArrayRef], index: usize) -> SparkResult<BinaryViewArray> {
    let array = cast(at(arrays, index)?, &DataType::BinaryView).map_err(from_arrow)?;
    Ok(array.as_binary_view().clone())
}

impl KernelCall<'_> {
    /// Applies `compute` to each value that is not NULL; it cannot fail.
    pub(crate) fn unary<A: ArrowPrimitiveType, R: ArrowPrimitiveType>(
        &self,
        compute: impl Fn(A::Native) -> R::Native,
    ) -> SparkResult<ColumnarValue> {
        self.with_arrays(|arrays| {
            let result: PrimitiveArray<R> = primitive::<A>(arrays, 0)?.unary(&compute);
            Ok(Arc::new(result.with_data_type(self.return_type.clone())))
        })
    }

    /// Applies `compute` to each value that is not NULL.
    pub(crate) fn map<A: ArrowPrimitiveType, R: ArrowPrimitiveType>(
        &self,
        compute: impl Fn(A::Native) -> SparkResult<Option<R::Native>>,
    ) -> SparkResult<ColumnarValue> {
        self.with_arrays(|arrays| {
            let values = primitive::<A>(arrays, 0)?;
            self.build::<R>(values.len(), |row| match values.is_valid(row) {
                true => compute(values.value(row)),
                false => Ok(None),
            })
        })
    }

    /// Applies `compute` to each pair of values that are not NULL.
    pub(crate) fn map_2<A: ArrowPrimitiveType, B: ArrowPrimitiveType, R: ArrowPrimitiveType>(
        &self,
        compute: impl Fn(A::Native, B::Native) -> SparkResult<Option<R::Native>>,
    ) -> SparkResult<ColumnarValue> {
        self.with_arrays(|arrays| {
            let (left, right) = (primitive::<A>(arrays, 0)?, primitive::<B>(arrays, 1)?);
            self.build::<R>(left.len(), |row| match left.is_valid(row) && right.is_valid(row) {
                true => compute(left.value(row), right.value(row)),
                false => Ok(None),
            })
        })
    }

    /// An array of the result's type with a value for each row.
    pub(crate) fn build<R: ArrowPrimitiveType>(
        &self,
        rows: usize,
        compute: impl Fn(usize) -> SparkResult<Option<R::Native>>,
    ) -> SparkResult<ArrayRef> {
        let mut result = PrimitiveBuilder::<R>::with_capacity(rows).with_data_type(self.return_type.clone());
        for row in 0..rows {
            result.append_option(compute(row)?);
        }
        Ok(Arc::new(result.finish()))
    }

    /// An array of texts: `write` appends a row's text and says whether there is one.
    pub(crate) fn build_text(
        &self,
        rows: usize,
        mut write: impl FnMut(usize, &mut String) -> SparkResult<bool>,
    ) -> SparkResult<ArrayRef> {
        let mut result = StringBuilder::with_capacity(rows, rows * 8);
        let mut buffer = String::new();
        for row in 0..rows {
            buffer.clear();
            match write(row, &mut buffer)? {
                true => result.append_value(&buffer),
                false => result.append_null(),
            }
        }
        let result: ArrayRef = Arc::new(result.finish());
        cast(&result, self.return_type).map_err(from_arrow)
    }
}

/// Whether every array has a value at `row`.
pub(crate) fn all_valid(arrays: &[ArrayRef], row: usize) -> bool {
    arrays.iter().all(|array| array.is_valid(row))
}
