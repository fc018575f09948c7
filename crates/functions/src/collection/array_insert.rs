//! `array_insert`: an array with an element put at a place, counted from 1 or from -1 backwards.

use arrow::array::Array;
use arrow::datatypes::Int32Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::typing::{array_and_value, tightest};
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Picker, RowBuilder, element_field, lists, range};
use crate::kernel::rows::{at, primitive};
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function = Function::scalar("array_insert", bind).arity(3..=3).since("3.4.0");

kernels! {
    ArrayInsert = "spark_array_insert" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let (element, _) = array_and_value(call, 2, tightest)?;
    match call.data_type(1)? {
        SparkType::Byte | SparkType::Short | SparkType::Integer => {}
        _ => return Err(call.unexpected_input_type(1, &Expected::INT)),
    }
    // A place behind the end leaves NULLs between.
    let array = SparkType::array(element.clone(), true);
    let types = vec![array.clone(), SparkType::Integer, element];
    let nullable = call.argument(0)?.nullable || call.argument(1)?.nullable;
    Ok(Scalar::kernel(call, array, ArrayInsert).casting(types).nullable(nullable))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (array, places, added) = (lists(arrays, 0)?, primitive::<Int32Type>(arrays, 1)?, at(arrays, 2)?);
        let mut values = Picker::new(&[array.values(), added], element_field(call.return_type)?.data_type())?;
        let mut rows = RowBuilder::new(array.len());
        for row in 0..array.len() {
            if array.is_null(row) || places.is_null(row) {
                rows.end_null(values.len())?;
                continue;
            }
            let elements = range(array.offsets(), row);
            insert(&mut values, row, elements, i64::from(places.value(row)))?;
            rows.end(values.len())?;
        }
        rows.into_lists(&values.finish()?, call.return_type)
    })
}

fn insert(values: &mut Picker, row: usize, elements: std::ops::Range<usize>, place: i64) -> SparkResult<()> {
    let length = elements.len() as i64;
    match place {
        0 => Err(SparkError::new("INVALID_INDEX_OF_ZERO")),
        1.. => {
            for offset in 0..length.max(place - 1) {
                if offset == place - 1 {
                    values.pick(1, row);
                }
                if offset < length { values.pick(0, elements.start + offset as usize) } else { values.pick_null() }
            }
            if place > length {
                values.pick(1, row);
            }
            Ok(())
        }
        place if -place > length + 1 => {
            values.pick(1, row);
            for _ in length + 1..-place {
                values.pick_null();
            }
            for index in elements {
                values.pick(0, index);
            }
            Ok(())
        }
        place => {
            let before = length + place + 1;
            for offset in 0..length {
                if offset == before {
                    values.pick(1, row);
                }
                values.pick(0, elements.start + offset as usize);
            }
            if before >= length {
                values.pick(1, row);
            }
            Ok(())
        }
    }
}
