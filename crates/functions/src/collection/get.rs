//! `get`: the element of an array at a place counted from 0; NULL beyond its ends.

use arrow::array::Array;
use arrow::datatypes::Int32Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use super::typing::element_type;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Picker, lists, range};
use crate::kernel::rows::primitive;
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function = Function::scalar("get", bind).arity(2..=2).since("3.4.0");

kernels! {
    Get = "spark_get" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let (element, _) = element_type(call, 0)?;
    let mut types = call.implicit_cast(&[Expected::AnyArray, Expected::INT])?;
    if let Some(index) = types.get_mut(1) {
        *index = SparkType::Integer;
    }
    Ok(Scalar::kernel(call, element, Get).casting(types).nullable(true))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (array, places) = (lists(arrays, 0)?, primitive::<Int32Type>(arrays, 1)?);
        let mut values = Picker::new(&[array.values()], call.return_type)?;
        for row in 0..array.len() {
            let elements = range(array.offsets(), row);
            let place = if places.is_valid(row) { usize::try_from(places.value(row)).ok() } else { None };
            match place.filter(|place| array.is_valid(row) && *place < elements.len()) {
                Some(place) => values.pick(0, elements.start + place),
                None => values.pick_null(),
            }
        }
        values.finish()
    })
}
