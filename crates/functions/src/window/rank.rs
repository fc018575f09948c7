//! `row_number`, `rank`, `dense_rank`, `percent_rank`, `cume_dist`, `ntile`: the place of a row in its partition.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::functions_window::cume_dist::cume_dist_udwf;
use datafusion::functions_window::ntile::ntile_udwf;
use datafusion::functions_window::rank::{dense_rank_udwf, percent_rank_udwf, rank_udwf};
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::{Expr, WindowUDF, cast, lit};
use firesteel_base::{SparkResult, SparkType};

use super::offset::not_foldable;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, WindowFunction};

pub(super) const ROW_NUMBER: Function =
    Function::window("row_number", |call| Ok(place(call, row_number_udwf()))).since("2.0.0").arity(0..=0);
pub(super) const RANK: Function =
    Function::window("rank", |call| Ok(place(call, rank_udwf()))).since("2.0.0").prints(|_| "RANK()".to_owned());
pub(super) const DENSE_RANK: Function = Function::window("dense_rank", |call| Ok(place(call, dense_rank_udwf())))
    .since("2.0.0")
    .prints(|_| "DENSE_RANK()".to_owned());
pub(super) const PERCENT_RANK: Function = Function::window("percent_rank", |call| Ok(share(call, percent_rank_udwf())))
    .since("2.0.0")
    .prints(|_| "PERCENT_RANK()".to_owned());
pub(super) const CUME_DIST: Function =
    Function::window("cume_dist", |call| Ok(share(call, cume_dist_udwf()))).since("2.0.0").arity(0..=0);
pub(super) const NTILE: Function = Function::window("ntile", ntile)
    .since("2.0.0")
    .arity(0..=1)
    .prints(|arguments| format!("ntile({})", arguments.first().map_or("1", String::as_str)));

/// A number that the engine counts as 64 bits, and Spark as 32.
fn place(call: &Call<'_>, udwf: Arc<WindowUDF>) -> WindowFunction {
    WindowFunction {
        arguments: call.data_types(),
        data_type: SparkType::Integer,
        nullable: false,
        udwf,
        before: Some(no_arguments),
        after: Some(Arc::new(|place, _| Ok(cast(place, DataType::Int32)))),
        needs_order: true,
    }
}

fn share(call: &Call<'_>, udwf: Arc<WindowUDF>) -> WindowFunction {
    WindowFunction {
        arguments: call.data_types(),
        data_type: SparkType::Double,
        nullable: false,
        udwf,
        before: Some(no_arguments),
        after: None,
        needs_order: true,
    }
}

/// What `rank` is called with says nothing beside the order.
fn no_arguments(_arguments: Vec<Expr>) -> SparkResult<Vec<Expr>> {
    Ok(vec![])
}

fn ntile(call: &Call<'_>) -> SparkResult<WindowFunction> {
    if let Some(buckets) = call.arguments.first() {
        if !buckets.is_foldable {
            return Err(not_foldable(call, 0, "buckets", &buckets.sql()));
        }
        if buckets.data_type != SparkType::Integer {
            return Err(call.unexpected_input_type(0, &Expected::INT));
        }
        if let Some(ScalarValue::Int32(value)) = &buckets.constant
            && value.is_none_or(|value| value < 1)
        {
            return Err(call
                .mismatch("VALUE_OUT_OF_RANGE")
                .param("exprName", "buckets")
                .param("valueRange", "(0, 2147483647]")
                .param("currentValue", value.map_or("null".to_owned(), |value| value.to_string())));
        }
    }
    let mut bound = place(call, ntile_udwf());
    bound.before = Some(|arguments| Ok(if arguments.is_empty() { vec![lit(1_i64)] } else { arguments }));
    Ok(bound)
}
