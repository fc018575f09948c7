//! `array(…)`: an array of its arguments.

use arrow::array::ArrayRef;
use firesteel_base::{SparkResult, SparkType};

use crate::call::Call;
use crate::function::{Function, Scalar};
use crate::kernel::kernels;
use crate::kernel::nested::{Picker, RowBuilder, element_field};

pub(super) const FUNCTION: Function = Function::scalar("array", bind).since("1.1.0");

kernels! {
    MakeArray = "spark_array" => |call| {
        // Without arguments there is nothing that says how many rows there are but the call itself.
        let rows = if call.arguments.is_empty() { Some(call.rows) } else { None };
        call.with_arrays(|arrays| {
            let rows = rows.unwrap_or_else(|| arrays.first().map_or(0, |array| array.len()));
            let sources: Vec<&ArrayRef> = arrays.iter().collect();
            let mut values = Picker::new(&sources, element_field(call.return_type)?.data_type())?;
            let mut lists = RowBuilder::new(rows);
            for row in 0..rows {
                for source in 0..sources.len() {
                    values.pick(source, row);
                }
                lists.end(values.len())?;
            }
            lists.into_lists(&values.finish()?, call.return_type)
        })
    };
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let element = if call.is_empty() { SparkType::Null } else { call.same_type()? };
    let types = vec![element.clone(); call.len()];
    let contains_null = call.any_nullable_as(&types);
    Ok(Scalar::kernel(call, SparkType::array(element, contains_null), MakeArray).casting(types).nullable(false))
}
