//! `shuffle`: an array in random order.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult};

use super::typing::element_type;
use crate::call::Call;
use crate::coercion::quoted;
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Picker, RowBuilder, element_field, lists, range};
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function = Function::scalar("shuffle", bind)
    .arity(1..=2)
    .prints(|arguments| format!("shuffle({})", arguments.first().map_or("", String::as_str)))
    .nondeterministic()
    .since("2.4.0");

kernels! {
    Shuffle = "spark_shuffle" Volatile => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    element_type(call, 0)?;
    let mut types = vec![call.data_type(0)?.clone()];
    if let Some(seed) = call.arguments.get(1) {
        if !seed.data_type.is_integral() || seed.constant.is_none() {
            return Err(SparkError::new("INVALID_PARAMETER_VALUE.LONG")
                .param("functionName", "`shuffle`")
                .param("parameter", "`seed`")
                .param("invalidValue", quoted(&seed.sql())));
        }
        types.push(firesteel_base::SparkType::Long);
    }
    let nullable = call.argument(0)?.nullable;
    Ok(Scalar::kernel(call, call.data_type(0)?.clone(), Shuffle).casting(types).nullable(nullable))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let seed = match call.arguments.get(1) {
        Some(seed) => {
            let seed = seed.to_array(1).map_err(crate::kernel::from_engine)?;
            seed.as_primitive_opt::<Int64Type>().map_or(0, |seed| seed.value(0))
        }
        None => chrono::Utc::now().timestamp_nanos_opt().unwrap_or(0),
    };
    let mut random = Random(seed as u64);
    call.with_arrays(|arrays| {
        let array = lists(arrays, 0)?;
        let mut values = Picker::new(&[array.values()], element_field(call.return_type)?.data_type())?;
        let mut rows = RowBuilder::new(array.len());
        for row in 0..array.len() {
            if array.is_null(row) {
                rows.end_null(values.len())?;
                continue;
            }
            let mut order: Vec<usize> = range(array.offsets(), row).collect();
            for last in (1..order.len()).rev() {
                order.swap(last, (random.next() % (last as u64 + 1)) as usize);
            }
            for index in order {
                values.pick(0, index);
            }
            rows.end(values.len())?;
        }
        rows.into_lists(&values.finish()?, call.return_type)
    })
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
