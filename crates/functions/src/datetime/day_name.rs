//! `dayname` and `monthname`: three letters.

use arrow::array::Array;
use arrow::datatypes::Date32Type;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkResult, SparkType};

use crate::cast::datetime::civil_from_days;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::rows::primitive;
use crate::kernel::{KernelCall, kernels};

pub(super) const DAYNAME: Function =
    Function::scalar("dayname", |call| Scalar::coercing(call, &[Expected::DATE], SparkType::STRING, DayName))
        .arity(1..=1)
        .since("4.0.0");
pub(super) const MONTHNAME: Function =
    Function::scalar("monthname", |call| Scalar::coercing(call, &[Expected::DATE], SparkType::STRING, MonthName))
        .arity(1..=1)
        .since("4.0.0");

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

kernels! {
    DayName = "spark_dayname" => |call| names(call, |days| DAYS.get(days.rem_euclid(7) as usize));
    MonthName = "spark_monthname" => |call| names(call, |days| MONTHS.get(civil_from_days(days).1 as usize - 1));
}

fn names(call: &KernelCall<'_>, name: fn(i64) -> Option<&'static &'static str>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let dates = primitive::<Date32Type>(arrays, 0)?;
        call.build_text(dates.len(), |row, out| {
            if dates.is_valid(row) {
                out.push_str(name(i64::from(dates.value(row))).copied().unwrap_or_default());
            }
            Ok(dates.is_valid(row))
        })
    })
}
