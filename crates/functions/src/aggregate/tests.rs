//! That gathering for many groups, in parts and group by group, gives the same as gathering each group at once.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, StringArray};
use arrow::datatypes::{Field, FieldRef, Schema};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{AggregateUDF, EmitTo};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Literal, col};
use firesteel_base::SparkType;

use crate::call::{Argument, BindContext, Call};
use crate::function::Bind;
use crate::registry;

fn context() -> BindContext {
    BindContext {
        ansi: true,
        time_zone: "UTC".to_owned(),
        timestamp_is_ntz: false,
        decimal_precision_loss: true,
        kernel_options: crate::kernel::KernelOptions::default(),
        query_time: 0,
        user: String::new(),
        current_catalog: String::new(),
        current_database: String::new(),
        parse_schema: firesteel_base::SparkType::from_json,
    }
}

/// The function of a call with columns of these types.
fn udaf(name: &str, types: &[SparkType]) -> Arc<AggregateUDF> {
    let printer = || "x".to_owned();
    let context = context();
    let function = registry::find(name).unwrap();
    let argument = |data_type: &SparkType| Argument {
        data_type: data_type.clone(),
        nullable: true,
        constant: None,
        is_literal: false,
        is_foldable: false,
        printer: &printer,
    };
    let call = Call {
        function,
        called_as: name,
        arguments: types.iter().map(argument).collect(),
        context: &context,
        is_distinct: false,
        ignore_nulls: None,
        is_windowed: false,
        printer: &printer,
    };
    match function.bind {
        Bind::Aggregate(bind) => bind(&call).unwrap().udaf,
        _ => panic!("{name} is no aggregate"),
    }
}

struct Prepared {
    udaf: Arc<AggregateUDF>,
    schema: Schema,
    fields: Vec<FieldRef>,
    expressions: Vec<Arc<dyn PhysicalExpr>>,
    result: FieldRef,
}

impl Prepared {
    fn new(udaf: Arc<AggregateUDF>, columns: &[ArrayRef], constants: &[ScalarValue]) -> Self {
        let name = |index: usize| format!("c{index}");
        let mut fields: Vec<FieldRef> = columns
            .iter()
            .enumerate()
            .map(|(index, column)| Arc::new(Field::new(name(index), column.data_type().clone(), true)))
            .collect();
        let schema = Schema::new(fields.clone());
        let mut expressions: Vec<Arc<dyn PhysicalExpr>> =
            (0..columns.len()).map(|index| col(&name(index), &schema).unwrap()).collect();
        for constant in constants {
            fields.push(Arc::new(Field::new("constant", constant.data_type(), true)));
            expressions.push(Arc::new(Literal::new(constant.clone())));
        }
        let result = udaf.return_field(&fields).unwrap();
        Self { udaf, schema, fields, expressions, result }
    }

    fn args(&self) -> AccumulatorArgs<'_> {
        AccumulatorArgs {
            return_field: Arc::clone(&self.result),
            schema: &self.schema,
            ignore_nulls: false,
            order_bys: &[],
            is_reversed: false,
            name: "test",
            is_distinct: false,
            exprs: &self.expressions,
            expr_fields: &self.fields,
        }
    }
}

fn slices(columns: &[ArrayRef], start: usize, length: usize) -> Vec<ArrayRef> {
    columns.iter().map(|column| column.slice(start, length)).collect()
}

/// Rows belong to three groups in turn; the last row is filtered out.
fn check(udaf: Arc<AggregateUDF>, columns: &[ArrayRef], constants: &[ScalarValue]) {
    let prepared = Prepared::new(udaf, columns, constants);
    let rows = columns[0].len();
    let constant_columns = constants.iter().map(|constant| constant.to_array_of_size(rows).unwrap());
    let columns: Vec<ArrayRef> = columns.iter().cloned().chain(constant_columns).collect();
    let groups: Vec<usize> = (0..rows).map(|row| row % 3).collect();
    let filter: BooleanArray = (0..rows).map(|row| Some(row + 1 < rows)).collect();
    let expected: Vec<ScalarValue> = (0..3)
        .map(|group| {
            let mut accumulator = prepared.udaf.accumulator(prepared.args()).unwrap();
            for row in (0..rows - 1).filter(|row| row % 3 == group) {
                accumulator.update_batch(&slices(&columns, row, 1)).unwrap();
            }
            accumulator.evaluate().unwrap()
        })
        .collect();

    let new = || prepared.udaf.create_groups_accumulator(prepared.args()).unwrap();
    let value = |array: &ArrayRef, row: usize| ScalarValue::try_from_array(array, row).unwrap();

    let mut whole = new();
    whole.update_batch(&columns, &groups, Some(&filter), 3).unwrap();
    let first = whole.evaluate(EmitTo::First(1)).unwrap();
    let rest = whole.evaluate(EmitTo::All).unwrap();
    let emitted = [value(&first, 0), value(&rest, 0), value(&rest, 1)];
    assert_eq!(emitted.as_slice(), expected.as_slice(), "{} in one go", prepared.udaf.name());

    let (mut left, mut right, mut merged) = (new(), new(), new());
    let half = rows / 2;
    left.update_batch(&slices(&columns, 0, half), &groups[..half], None, 3).unwrap();
    right
        .update_batch(&slices(&columns, half, rows - half), &groups[half..], Some(&filter.slice(half, rows - half)), 3)
        .unwrap();
    merged.merge_batch(&left.state(EmitTo::All).unwrap(), &[0, 1, 2], 3).unwrap();
    merged.merge_batch(&right.state(EmitTo::All).unwrap(), &[0, 1, 2], 3).unwrap();
    let result = merged.evaluate(EmitTo::All).unwrap();
    let of_parts: Vec<ScalarValue> = (0..3).map(|group| value(&result, group)).collect();
    assert_eq!(of_parts, expected, "{} in parts", prepared.udaf.name());

    let mut from_rows = new();
    let states = new().convert_to_state(&columns, Some(&filter)).unwrap();
    from_rows.merge_batch(&states, &groups, 3).unwrap();
    let result = from_rows.evaluate(EmitTo::All).unwrap();
    let of_rows: Vec<ScalarValue> = (0..3).map(|group| value(&result, group)).collect();
    assert_eq!(of_rows, expected, "{} row by row", prepared.udaf.name());
}

fn longs() -> ArrayRef {
    Arc::new(Int64Array::from(vec![Some(1), None, Some(3), Some(4), None, Some(6), Some(9), None, Some(9), Some(7)]))
}

/// Halves, so that sums are exact in any order.
fn doubles() -> ArrayRef {
    let values = [Some(1.5), None, Some(2.5), Some(4.0), None, Some(8.0), Some(16.0), Some(3.5), Some(1.0), Some(7.0)];
    Arc::new(Float64Array::from(values.to_vec()))
}

fn texts() -> ArrayRef {
    Arc::new(StringArray::from(vec![
        Some("a"),
        None,
        Some("c"),
        Some("d"),
        None,
        Some("c"),
        Some("g"),
        Some("h"),
        Some("c"),
        Some("j"),
    ]))
}

#[test]
fn groups_are_as_single_ones() {
    for name in [
        "sum",
        "try_sum",
        "bit_and",
        "bit_or",
        "bit_xor",
        "first",
        "last",
        "any_value",
        "collect_list",
        "collect_set",
        "mode",
    ] {
        check(udaf(name, &[SparkType::Long]), &[longs()], &[]);
    }
    for name in ["sum", "avg", "max", "min", "product", "first", "last", "collect_list"] {
        check(udaf(name, &[SparkType::Double]), &[doubles()], &[]);
    }
    for name in ["first", "last", "collect_list", "collect_set", "mode"] {
        check(udaf(name, &[SparkType::STRING]), &[texts()], &[]);
    }
    for name in ["max_by", "min_by"] {
        check(udaf(name, &[SparkType::STRING, SparkType::Double]), &[texts(), doubles()], &[]);
    }
    let percentage = ScalarValue::Float64(Some(0.5));
    check(udaf("median", &[SparkType::Double]), &[doubles()], &[percentage, ScalarValue::Boolean(Some(false))]);
    check(udaf("approx_count_distinct", &[SparkType::Long]), &[longs()], &[]);
}

#[test]
fn decimals_are_summed_and_averaged() {
    let values = Decimal128Array::from(vec![
        Some(1234),
        None,
        Some(5),
        Some(-7),
        None,
        Some(6),
        Some(90),
        Some(8),
        Some(9),
        Some(7),
    ]);
    let values: ArrayRef = Arc::new(values.with_precision_and_scale(10, 2).unwrap());
    for name in ["sum", "try_sum", "avg", "try_avg"] {
        check(udaf(name, &[SparkType::decimal(10, 2)]), &[Arc::clone(&values)], &[]);
    }
}

#[test]
fn sums_that_do_not_fit_are_errors() {
    let values: ArrayRef = Arc::new(Int64Array::from(vec![i64::MAX, 1]));
    let sum = |name: &str| {
        let prepared = Prepared::new(udaf(name, &[SparkType::Long]), &[Arc::clone(&values)], &[]);
        let mut accumulator = prepared.udaf.accumulator(prepared.args()).unwrap();
        accumulator.update_batch(&[Arc::clone(&values)]).and_then(|()| accumulator.evaluate())
    };
    assert!(sum("sum").unwrap_err().to_string().contains("ARITHMETIC_OVERFLOW"));
    assert_eq!(sum("try_sum").unwrap(), ScalarValue::Int64(None));
}

#[test]
fn a_frame_that_moves_is_aggregated_anew() {
    let prepared = Prepared::new(udaf("sum", &[SparkType::Double]), &[doubles()], &[]);
    let mut accumulator = prepared.udaf.create_sliding_accumulator(prepared.args()).unwrap();
    accumulator.update_batch(&[doubles()]).unwrap();
    accumulator.retract_batch(&[doubles().slice(0, 3)]).unwrap();
    assert_eq!(accumulator.evaluate().unwrap(), ScalarValue::Float64(Some(39.5)));
}
