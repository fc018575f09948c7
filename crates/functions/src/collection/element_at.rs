//! `element_at` and `try_element_at`: an array's element by its place counted from 1, or a map's value by its key.

use arrow::array::Array;
use arrow::datatypes::Int32Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::extract_value::MapValue;
use super::map_entries::key_type;
use super::typing::tightest;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Picker, lists, range};
use crate::kernel::rows::primitive;
use crate::kernel::{KernelCall, kernels};

pub(super) const ELEMENT_AT: Function =
    Function::scalar("element_at", |call| bind(call, false)).arity(2..=2).since("2.4.0");
pub(super) const TRY_ELEMENT_AT: Function =
    Function::scalar("try_element_at", |call| bind(call, true)).arity(2..=2).since("3.5.0");

kernels! {
    ElementAt = "spark_element_at" => |call| element_at(call, call.ansi());
    TryElementAt = "spark_try_element_at" => |call| element_at(call, false);
}

fn bind(call: &Call<'_>, is_try: bool) -> SparkResult<Scalar> {
    match call.data_type(0)? {
        SparkType::Array { element, contains_null } => {
            if !matches!(call.data_type(1)?, SparkType::Byte | SparkType::Short | SparkType::Integer) {
                return Err(call.unexpected_input_type(1, &Expected::INT));
            }
            let types = vec![call.data_type(0)?.clone(), SparkType::Integer];
            let element = element.as_ref().clone();
            let nullable = is_try || !call.ansi() || *contains_null || call.any_nullable();
            let scalar = if is_try {
                Scalar::kernel(call, element, TryElementAt)
            } else {
                Scalar::kernel(call, element, ElementAt)
            };
            Ok(scalar.casting(types).nullable(nullable))
        }
        SparkType::Map { value, value_contains_null, .. } => {
            let key = key_type(call, tightest)?;
            let value = value.as_ref().clone();
            let types = vec![SparkType::map(key.clone(), value.clone(), *value_contains_null), key];
            Ok(Scalar::kernel(call, value, MapValue).casting(types).nullable(true))
        }
        _ => Err(call.unexpected_input_type(0, &Expected::one_of([Expected::AnyArray, Expected::AnyMap]))),
    }
}

fn element_at(call: &KernelCall<'_>, fails: bool) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (array, places) = (lists(arrays, 0)?, primitive::<Int32Type>(arrays, 1)?);
        let mut values = Picker::new(&[array.values()], call.return_type)?;
        for row in 0..array.len() {
            if array.is_null(row) || places.is_null(row) {
                values.pick_null();
                continue;
            }
            let elements = range(array.offsets(), row);
            let (place, length) = (i64::from(places.value(row)), elements.len() as i64);
            let offset = match place {
                0 => return Err(SparkError::new("INVALID_INDEX_OF_ZERO")),
                1.. => place - 1,
                _ => length + place,
            };
            if (0..length).contains(&offset) {
                values.pick(0, elements.start + offset as usize);
            } else if fails {
                return Err(SparkError::new("INVALID_ARRAY_INDEX_IN_ELEMENT_AT")
                    .param("indexValue", place.to_string())
                    .param("arraySize", length.to_string()));
            } else {
                values.pick_null();
            }
        }
        values.finish()
    })
}
