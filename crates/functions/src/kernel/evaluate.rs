//! Evaluates calls of scalar functions by name: what tests of functions check their answers with.

use arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::create_physical_expr;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::{from_engine, kernel_call};
use crate::call::{Argument, BindContext, Call};
use crate::cast::{CastMode, cast_array, cast_expr};
use crate::function::{Bind, Build};
use crate::registry;

const ZONE: &str = "America/Los_Angeles";

/// A constant of a type, from its text; `None` is NULL.
pub(crate) fn constant(data_type: &SparkType, text: Option<&str>) -> (SparkType, ScalarValue) {
    let text: ArrayRef = std::sync::Arc::new(arrow::array::StringArray::from(vec![text]));
    let value = cast_array(&text, &SparkType::STRING, data_type, CastMode::Ansi, ZONE).unwrap();
    (data_type.clone(), ScalarValue::try_from_array(&value, 0).unwrap())
}

/// Text.
pub(crate) fn text(value: &str) -> (SparkType, ScalarValue) {
    (SparkType::STRING, ScalarValue::Utf8(Some(value.to_owned())))
}

/// A number of type `INT`.
pub(crate) fn int(value: i32) -> (SparkType, ScalarValue) {
    (SparkType::Integer, ScalarValue::Int32(Some(value)))
}

/// The text of what a call in ANSI mode gives, `NULL`, or the condition of its error. The session's zone is
/// America/Los_Angeles.
pub(crate) fn answer(name: &str, arguments: &[(SparkType, ScalarValue)]) -> String {
    match evaluate(name, arguments) {
        Ok((data_type, value)) => shown(&data_type, &value),
        Err(error) => error.condition().to_owned(),
    }
}

/// As [`answer`], to go on with.
pub(crate) fn value(name: &str, arguments: &[(SparkType, ScalarValue)]) -> (SparkType, ScalarValue) {
    evaluate(name, arguments).unwrap()
}

fn shown(data_type: &SparkType, value: &ScalarValue) -> String {
    if value.is_null() {
        return "NULL".to_owned();
    }
    let texts = cast_array(&value.to_array().unwrap(), data_type, &SparkType::STRING, CastMode::Ansi, ZONE).unwrap();
    texts.as_string::<i32>().value(0).to_owned()
}

fn evaluate(name: &str, arguments: &[(SparkType, ScalarValue)]) -> SparkResult<(SparkType, ScalarValue)> {
    let function = registry::find(name).unwrap();
    let Bind::Scalar(bind) = function.bind else { panic!("{name} is no scalar function") };
    let context = BindContext {
        ansi: true,
        time_zone: ZONE.to_owned(),
        timestamp_is_ntz: false,
        decimal_precision_loss: true,
        kernel_options: crate::kernel::KernelOptions::default(),
        query_time: 0,
        user: String::new(),
        current_catalog: String::new(),
        current_database: String::new(),
        parse_schema: SparkType::from_json,
    };
    let printer = || "argument".to_owned();
    let call = Call {
        function,
        called_as: name,
        arguments: arguments
            .iter()
            .map(|(data_type, value)| Argument {
                data_type: data_type.clone(),
                nullable: value.is_null(),
                constant: Some(value.clone()),
                is_literal: true,
                is_foldable: true,
                printer: &printer,
            })
            .collect(),
        context: &context,
        is_distinct: false,
        ignore_nulls: None,
        is_windowed: false,
        printer: &printer,
    };
    let bound = bind(&call)?;
    let inputs: SparkResult<Vec<Expr>> = arguments
        .iter()
        .zip(&bound.arguments)
        .map(|((from, value), to)| cast_expr(Expr::Literal(value.clone(), None), from, to, CastMode::Ansi, -1))
        .collect();
    let expression = match &bound.build {
        Build::Udf(udf) => udf.call(inputs?),
        Build::Kernel(udf) => kernel_call(std::sync::Arc::clone(udf), inputs?, &bound.data_type, -1)?,
        Build::Expr(build) => build(inputs?)?,
    };
    let mut config = ConfigOptions::new();
    config.execution.enable_ansi_mode = true;
    config.execution.time_zone = Some(ZONE.to_owned());
    let mut props = ExecutionProps::new();
    props.config_options = Some(std::sync::Arc::new(config));
    let schema = std::sync::Arc::new(Schema::empty());
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let batch = RecordBatch::try_new_with_options(schema, Vec::new(), &options).unwrap();
    let planning = PhysicalPlanningContext::default();
    let physical = create_physical_expr(&expression, &DFSchema::empty(), &props, &planning).map_err(from_engine)?;
    let result = physical.evaluate(&batch).and_then(|value| value.into_array(1)).map_err(from_engine)?;
    if *result.data_type() != bound.data_type.to_arrow() && !bound.data_type.is_string() {
        return Err(SparkError::internal(format!("{name} gave {}", result.data_type())));
    }
    let value = ScalarValue::try_from_array(&result, 0).map_err(from_engine)?;
    Ok((bound.data_type, value))
}
