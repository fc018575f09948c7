//! `shuffle`: an array in random order, the order that Spark's generator gives for the seed.
//!
//! The orders follow each other through the rows, which takes a state beside the arguments: it lives in the function
//! object, and each binding makes its own.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use firesteel_base::{SparkError, SparkResult};

use super::mersenne_twister::MersenneTwister;
use super::typing::element_type;
use crate::aggregate::raise;
use crate::call::Call;
use crate::coercion::quoted;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Picker, RowBuilder, element_field, lists, range};

pub(super) const FUNCTION: Function = Function::scalar("shuffle", bind)
    .arity(1..=2)
    .prints(|arguments| format!("shuffle({})", arguments.first().map_or("", String::as_str)))
    .nondeterministic()
    .since("2.4.0");

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    element_type(call, 0)?;
    let seed = match call.arguments.get(1) {
        None => crate::math::any_seed(),
        Some(seed) => {
            let constant = seed.constant.as_ref().filter(|_| seed.data_type.is_integral());
            match constant.and_then(|seed| seed.cast_to(&DataType::Int64).ok()) {
                Some(ScalarValue::Int64(seed)) => seed.unwrap_or(0),
                _ => {
                    return Err(SparkError::new("INVALID_PARAMETER_VALUE.LONG")
                        .param("functionName", "`shuffle`")
                        .param("parameter", "`seed`")
                        .param("invalidValue", quoted(&seed.sql())));
                }
            }
        }
    };
    let data_type = call.data_type(0)?.clone();
    let nullable = call.argument(0)?.nullable;
    let shuffled = Scalar::expr(call, data_type, move |mut arguments| {
        arguments.truncate(1);
        let random = Mutex::new(MersenneTwister::new(seed));
        Ok(ScalarUDF::new_from_impl(Shuffle { seed, random }).call(arguments))
    });
    Ok(shuffled.nullable(nullable))
}

/// The function object: from which seed it draws, and how far it came.
struct Shuffle {
    seed: i64,
    random: Mutex<MersenneTwister>,
}

impl fmt::Debug for Shuffle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Shuffle({})", self.seed)
    }
}

impl PartialEq for Shuffle {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Shuffle {}

impl Hash for Shuffle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.seed.hash(state);
    }
}

impl ScalarUDFImpl for Shuffle {
    fn name(&self) -> &str {
        "spark_shuffle"
    }

    fn signature(&self) -> &Signature {
        static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature::any(1, Volatility::Volatile));
        &SIGNATURE
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        Ok(arg_types.first().cloned().unwrap_or(DataType::Null))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let array = args.args.first().map(|array| array.to_array(args.number_rows)).transpose()?;
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let return_type = args.return_field.data_type();
        let array = array.map(|array| shuffled(&array, return_type, &mut random)).transpose().map_err(raise)?;
        array.map(ColumnarValue::Array).ok_or_else(|| raise(SparkError::internal("shuffle without an array")))
    }
}

fn shuffled(array: &ArrayRef, return_type: &DataType, random: &mut MersenneTwister) -> SparkResult<ArrayRef> {
    let array = lists(&[Arc::clone(array)], 0)?;
    let mut values = Picker::new(&[array.values()], element_field(return_type)?.data_type())?;
    let mut rows = RowBuilder::new(array.len());
    for row in 0..array.len() {
        if array.is_null(row) {
            rows.end_null(values.len())?;
            continue;
        }
        // Each element takes a drawn place among those before it, whose element goes to the end.
        let mut order: Vec<usize> = Vec::new();
        for index in range(array.offsets(), row) {
            let place = random.below(order.len() + 1);
            match order.get_mut(place) {
                Some(taken) => {
                    let moved = std::mem::replace(taken, index);
                    order.push(moved);
                }
                None => order.push(index),
            }
        }
        for index in order {
            values.pick(0, index);
        }
        rows.end(values.len())?;
    }
    rows.into_lists(&values.finish()?, return_type)
}
