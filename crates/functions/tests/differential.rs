//! TEMPORARY: compares functions with recorded answers; reads the file named by FIRESTEEL_CASES.
#![allow(clippy::all, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::prelude::{SessionConfig, SessionContext};
use firesteel_base::SparkType;
use firesteel_functions::call::{Argument, BindContext, Call};
use firesteel_functions::cast::{CastMode, cast_expr};
use firesteel_functions::function::{Bind, Build};
use firesteel_functions::kernel::{from_engine, kernel_call};
use firesteel_functions::registry;

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn table(hex: &str) -> RecordBatch {
    let bytes = unhex(hex);
    let reader = arrow::ipc::reader::StreamReader::try_new(std::io::Cursor::new(bytes), None).unwrap();
    let schema = reader.schema();
    let batches: Vec<_> = reader.map(|b| b.unwrap()).collect();
    arrow::compute::concat_batches(&schema, &batches).unwrap()
}

fn context(ansi: bool) -> BindContext {
    BindContext {
        ansi,
        time_zone: "America/Los_Angeles".into(),
        timestamp_is_ntz: false,
        decimal_precision_loss: true,
        kernel_options: firesteel_functions::kernel::KernelOptions::default(),
        query_time: 0,
        user: "u".into(),
        current_catalog: "spark_catalog".into(),
        current_database: "default".into(),
        parse_schema: firesteel_base::SparkType::from_json,
    }
}

fn session(ansi: bool, partitions: usize) -> SessionContext {
    let mut config = SessionConfig::new().with_target_partitions(partitions);
    config.options_mut().execution.enable_ansi_mode = ansi;
    config.options_mut().execution.time_zone = Some("America/Los_Angeles".into());
    SessionContext::new_with_config(config)
}

fn normalize(array: &ArrayRef) -> ArrayRef {
    let to = SparkType::from_arrow(array.data_type()).map(|t| t.to_arrow());
    match to {
        Some(to) if to != *array.data_type() => arrow::compute::cast(array, &to).unwrap_or_else(|_| array.clone()),
        _ => array.clone(),
    }
}

fn show(array: &ArrayRef, row: usize) -> String {
    use arrow::array::AsArray;
    let array = normalize(array);
    if array.is_null(row) {
        return "NULL".into();
    }
    match array.data_type() {
        DataType::Float64 => {
            let v = array.as_primitive::<arrow::datatypes::Float64Type>().value(row);
            if v.is_nan() { "NaN".into() } else { format!("{v:?}") }
        }
        DataType::Float32 => {
            let v = array.as_primitive::<arrow::datatypes::Float32Type>().value(row);
            if v.is_nan() { "NaN".into() } else { format!("{v:?}") }
        }
        DataType::Utf8 => format!("{:?}", array.as_string::<i32>().value(row)),
        DataType::List(_) => {
            let list = array.as_list::<i32>().value(row);
            let parts: Vec<String> = (0..list.len()).map(|i| show(&list, i)).collect();
            format!("[{}]", parts.join(", "))
        }
        _ => arrow::util::display::array_value_to_string(&array, row).unwrap(),
    }
}

struct Outcome {
    errors: Vec<String>,
}

fn argument<'a>(
    t: SparkType,
    nullable: bool,
    constant: Option<ScalarValue>,
    printer: &'a dyn Fn() -> String,
) -> Argument<'a> {
    let is_foldable = constant.is_some();
    Argument { data_type: t, nullable, constant, is_foldable, is_literal: is_foldable, printer }
}

fn same_type(a: &DataType, b: &DataType) -> bool {
    SparkType::from_arrow(a).map(|t| format!("{t:?}")) == SparkType::from_arrow(b).map(|t| format!("{t:?}"))
}

fn scalar_case(case: &serde_json::Value) -> Outcome {
    let mut errors = vec![];
    let name = case["function"].as_str().unwrap();
    let ansi = case["ansi"].as_bool().unwrap_or(true);
    let args = table(case["args"].as_str().unwrap());
    let nullables: Vec<bool> = case["nullable"].as_array().unwrap().iter().map(|v| v.as_bool().unwrap()).collect();
    let Some(function) = registry::find(name) else {
        return Outcome { errors: vec![format!("unknown function {name}")] };
    };
    let Bind::Scalar(bind) = function.bind else { return Outcome { errors: vec!["not scalar".into()] } };
    let n = args.num_columns() - 1; // last is a dummy
    if n < function.least_arguments || n > function.most_arguments {
        errors.push(format!("arity {n} refused"));
        return Outcome { errors };
    }
    let columns: Vec<ArrayRef> = (0..n).map(|i| normalize(args.column(i))).collect();
    let types: Vec<SparkType> = (0..n).map(|i| SparkType::from_arrow(args.column(i).data_type()).unwrap()).collect();
    let sqls: Vec<String> = case["sqls"].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect();
    let ctx = context(ansi);
    let expected_error = case["error"].as_str();
    for mode in ["constant", "column", "mixed"] {
        let printers: Vec<Box<dyn Fn() -> String>> = sqls
            .iter()
            .map(|s| {
                let s = s.clone();
                Box::new(move || s.clone()) as Box<dyn Fn() -> String>
            })
            .collect();
        let constant = |i: usize| mode == "constant" || (mode == "mixed" && i > 0);
        if mode == "mixed" && n < 2 {
            continue;
        }
        let arguments: Vec<Argument> = (0..n)
            .map(|i| {
                let value = ScalarValue::try_from_array(&columns[i], 0).unwrap();
                argument(types[i].clone(), nullables[i], constant(i).then_some(value), &*printers[i])
            })
            .collect();
        let printer = || format!("{name}({})", sqls.join(", "));
        let call = Call {
            function,
            called_as: name,
            arguments,
            context: &ctx,
            is_distinct: false,
            ignore_nulls: None,
            is_windowed: false,
            printer: &printer,
        };
        let result = (|| {
            let bound = bind(&call)?;
            if mode == "constant" && expected_error.is_none() {
                let expected = table(case["result"].as_str().unwrap());
                let et = expected.schema().field(0).data_type().clone();
                if !same_type(&et, &bound.data_type.to_arrow()) {
                    errors.push(format!("type {:?} expected {:?}", bound.data_type, SparkType::from_arrow(&et)));
                }
                let en = case["result_nullable"].as_bool().unwrap();
                if en != bound.nullable {
                    errors.push(format!("nullable {} expected {en}", bound.nullable));
                }
                let printed: String = match (bound.sql, function.sql) {
                    (Some(f), _) => f(&sqls),
                    (_, Some(f)) => f(&sqls),
                    _ => format!("{}({})", if function.prints_alias { name } else { function.name }, sqls.join(", ")),
                };
                let ep = case["printed"].as_str().unwrap();
                if printed != ep {
                    errors.push(format!("printed {printed} expected {ep}"));
                }
            }
            let exprs: Result<Vec<Expr>, _> = (0..n)
                .map(|i| {
                    let e = if constant(i) {
                        Expr::Literal(ScalarValue::try_from_array(&columns[i], 0).unwrap(), None)
                    } else {
                        col(format!("c{i}"))
                    };
                    cast_expr(
                        e,
                        &types[i],
                        &bound.arguments[i],
                        if ansi { CastMode::Ansi } else { CastMode::Legacy },
                        -1,
                    )
                })
                .collect();
            let exprs = exprs?;
            let expr = match &bound.build {
                Build::Udf(u) => u.call(exprs),
                Build::Kernel(u) => kernel_call(u.clone(), exprs, &bound.data_type, -1)?,
                Build::Expr(f) => f(exprs)?,
            };
            let fields: Vec<Field> =
                (0..n).map(|i| Field::new(format!("c{i}"), columns[i].data_type().clone(), true)).collect();
            let schema = Arc::new(Schema::new(fields));
            let index = arrow::array::UInt32Array::from(vec![0, 0, 0]);
            let cols: Vec<ArrayRef> = columns.iter().map(|c| arrow::compute::take(c, &index, None).unwrap()).collect();
            let batch = RecordBatch::try_new_with_options(
                schema.clone(),
                cols,
                &arrow::array::RecordBatchOptions::new().with_row_count(Some(3)),
            )
            .unwrap();
            let session = session(ansi, 1);
            let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let _ = DFSchema::empty();
            let value = rt.block_on(async {
                let df = session
                    .read_batch(batch)
                    .map_err(from_engine)?
                    .select(vec![expr.alias("r")])
                    .map_err(from_engine)?;
                let batches = df.collect().await.map_err(from_engine)?;
                Ok::<_, firesteel_base::SparkError>(batches[0].column(0).clone())
            })?;
            Ok::<_, firesteel_base::SparkError>(value)
        })();
        match (result, expected_error) {
            (Ok(value), None) => {
                let expected = table(case["result"].as_str().unwrap());
                let e = show(expected.column(0), 0);
                let wanted_row = if mode == "constant" { 0 } else { 2 };
                let g = show(&value, wanted_row);
                if e != g {
                    errors.push(format!("{mode}: {g} expected {e}"));
                }
            }
            (Ok(value), Some(error)) => errors.push(format!("{mode}: {} expected error {error}", show(&value, 0))),
            (Err(e), None) => {
                if mode == "constant" || !e.condition().contains("FOLDABLE") {
                    errors.push(format!("{mode}: {e}"))
                }
            }
            (Err(e), Some(error)) => {
                if e.condition() != error && !e.condition().contains("FOLDABLE") {
                    errors.push(format!("{mode}: error {e} expected {error}"));
                } else if mode == "constant" {
                    if let Some(params) = case["params"].as_object() {
                        for (k, v) in params {
                            let v = v.as_str().unwrap_or("");
                            if e.parameters().get(k).map(String::as_str) != Some(v) {
                                errors.push(format!("param {k} = {:?} expected {v:?}", e.parameters().get(k)));
                            }
                        }
                    }
                }
            }
        }
    }
    Outcome { errors }
}

fn aggregate_case(case: &serde_json::Value) -> Outcome {
    use datafusion::logical_expr::expr::{
        AggregateFunction, AggregateFunctionParams, WindowFunction, WindowFunctionDefinition,
    };
    let mut errors = vec![];
    let name = case["function"].as_str().unwrap();
    let ansi = case["ansi"].as_bool().unwrap_or(true);
    let data = table(case["data"].as_str().unwrap());
    let Some(function) = registry::find(name) else {
        return Outcome { errors: vec![format!("unknown function {name}")] };
    };
    let Bind::Aggregate(bind) = function.bind else { return Outcome { errors: vec!["not aggregate".into()] } };
    let ctx = context(ansi);
    // args: list of {"column": i} or {"literal": hex table}
    let specs = case["arg_specs"].as_array().unwrap();
    let sqls: Vec<String> = case["sqls"].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect();
    let printers: Vec<Box<dyn Fn() -> String>> = sqls
        .iter()
        .map(|s| {
            let s = s.clone();
            Box::new(move || s.clone()) as Box<dyn Fn() -> String>
        })
        .collect();
    let mut arguments = vec![];
    let mut exprs = vec![];
    let mut types = vec![];
    let columns: Vec<ArrayRef> = (0..data.num_columns()).map(|i| normalize(data.column(i))).collect();
    for (i, spec) in specs.iter().enumerate() {
        if let Some(c) = spec["column"].as_u64() {
            let c = c as usize;
            let t = SparkType::from_arrow(data.column(c).data_type()).unwrap();
            types.push(t.clone());
            arguments.push(argument(t, spec["nullable"].as_bool().unwrap(), None, &*printers[i]));
            exprs.push(col(format!("c{c}")));
        } else {
            let l = table(spec["literal"].as_str().unwrap());
            let a = normalize(l.column(0));
            let t = SparkType::from_arrow(a.data_type()).unwrap();
            types.push(t.clone());
            let v = ScalarValue::try_from_array(&a, 0).unwrap();
            arguments.push(argument(t, spec["nullable"].as_bool().unwrap(), Some(v.clone()), &*printers[i]));
            exprs.push(Expr::Literal(v, None));
        }
    }
    let distinct = case["distinct"].as_bool().unwrap_or(false);
    let printer = || format!("{name}({})", sqls.join(", "));
    let call = Call {
        function,
        called_as: name,
        arguments,
        context: &ctx,
        is_distinct: distinct,
        ignore_nulls: None,
        is_windowed: false,
        printer: &printer,
    };
    let expected_error = case["error"].as_str();
    let bound = match bind(&call) {
        Ok(b) => b,
        Err(e) => {
            if expected_error != Some(e.condition()) {
                errors.push(format!("bind: {e} expected {expected_error:?}"));
            }
            return Outcome { errors };
        }
    };
    if expected_error.is_none() {
        let expected = table(case["result"].as_str().unwrap());
        let et = expected.schema().field(0).data_type().clone();
        if !same_type(&et, &bound.data_type.to_arrow()) {
            errors.push(format!("type {:?} expected {:?}", bound.data_type, SparkType::from_arrow(&et)));
        }
        let en = case["result_nullable"].as_bool().unwrap();
        if en != bound.nullable {
            errors.push(format!("nullable {} expected {en}", bound.nullable));
        }
        let d = if distinct { "DISTINCT " } else { "" };
        let printed: String = match function.sql {
            Some(f) => f(&sqls),
            _ => format!("{}({d}{})", if function.prints_alias { name } else { function.name }, sqls.join(", ")),
        };
        let ep = case["printed"].as_str().unwrap();
        if printed != ep && !distinct {
            errors.push(format!("printed {printed} expected {ep}"));
        }
    }
    let rt = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut exprs: Vec<Expr> = exprs
        .into_iter()
        .enumerate()
        .map(|(i, e)| {
            cast_expr(e, &types[i], &bound.arguments[i], if ansi { CastMode::Ansi } else { CastMode::Legacy }, -1)
                .unwrap()
        })
        .collect();
    if let Some(before) = bound.before {
        exprs = before(exprs).unwrap();
    }
    for mode in ["single", "partial", "grouped", "window", "sliding"] {
        if mode == "window" || mode == "sliding" {
            if distinct {
                continue;
            }
        }
        if mode == "sliding" && case["no_sliding"].as_bool().unwrap_or(false) {
            continue;
        }
        let result: Result<Option<ArrayRef>, firesteel_base::SparkError> = rt.block_on(async {
            let session = session(ansi, if mode == "single" { 1 } else { 2 });
            let mut fields: Vec<Field> =
                (0..columns.len()).map(|i| Field::new(format!("c{i}"), columns[i].data_type().clone(), true)).collect();
            fields.push(Field::new("k", DataType::Int32, false));
            fields.push(Field::new("o", DataType::Int32, false));
            let n = data.num_rows();
            let mut cols = columns.clone();
            cols.push(Arc::new(arrow::array::Int32Array::from(vec![1; n])));
            cols.push(Arc::new(arrow::array::Int32Array::from_iter_values(0..n as i32)));
            let schema = Arc::new(Schema::new(fields));
            let batch = RecordBatch::try_new(schema.clone(), cols).unwrap();
            let half = n / 2;
            let parts = if mode == "partial" || mode == "grouped" {
                vec![vec![batch.slice(0, half)], vec![batch.slice(half, n - half)]]
            } else {
                vec![vec![batch]]
            };
            let mem = datafusion::datasource::MemTable::try_new(schema, parts).unwrap();
            let df = session.read_table(Arc::new(mem)).unwrap();
            let run = async {
                if mode == "window" || mode == "sliding" {
                    use datafusion::logical_expr::{ExprFunctionExt, WindowFrame, WindowFrameBound, WindowFrameUnits};
                    let mut w = Expr::WindowFunction(Box::new(WindowFunction::new(
                        WindowFunctionDefinition::AggregateUDF(bound.udaf.clone()),
                        exprs.clone(),
                    )));
                    let frame = if mode == "window" {
                        WindowFrame::new_bounds(
                            WindowFrameUnits::Rows,
                            WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
                            WindowFrameBound::CurrentRow,
                        )
                    } else {
                        WindowFrame::new_bounds(
                            WindowFrameUnits::Rows,
                            WindowFrameBound::Preceding(ScalarValue::UInt64(Some(1000))),
                            WindowFrameBound::CurrentRow,
                        )
                    };
                    w = w.order_by(vec![col("o").sort(true, true)]).window_frame(frame).build()?;
                    if n == 0 {
                        return Ok(None);
                    }
                    let df = df.window(vec![w.alias("w")])?;
                    let e = match &bound.after {
                        Some(f) => f(col("w")).unwrap(),
                        None => col("w"),
                    };
                    let batches = df
                        .select(vec![e.alias("r"), col("o")])?
                        .sort(vec![col("o").sort(true, true)])?
                        .collect()
                        .await?;
                    let b = arrow::compute::concat_batches(&batches[0].schema(), &batches)?;
                    return Ok(Some(b.column(0).slice(n - 1, 1)));
                }
                let a = Expr::AggregateFunction(AggregateFunction {
                    func: bound.udaf.clone(),
                    params: AggregateFunctionParams {
                        args: exprs.clone(),
                        distinct,
                        filter: None,
                        order_by: vec![],
                        null_treatment: None,
                    },
                });
                let group = if mode == "grouped" { vec![col("k")] } else { vec![] };
                let df = df.aggregate(group, vec![a.alias("w")])?;
                let e = match &bound.after {
                    Some(f) => f(col("w")).unwrap(),
                    None => col("w"),
                };
                let batches = df.select(vec![e.alias("r")])?.collect().await?;
                let batches: Vec<_> = batches.into_iter().filter(|b| b.num_rows() > 0).collect();
                if batches.is_empty() {
                    return Ok(None);
                }
                Ok::<_, datafusion::common::DataFusionError>(Some(batches[0].column(0).clone()))
            };
            run.await.map_err(from_engine)
        });
        match (result, expected_error) {
            (Ok(None), _) => {}
            (Ok(Some(value)), None) => {
                let expected = table(case["result"].as_str().unwrap());
                let (e, g) = (show(expected.column(0), 0), show(&value, 0));
                if e != g {
                    errors.push(format!("{mode}: {g} expected {e}"));
                }
                let to = bound.data_type.to_arrow();
                if *value.data_type() != to {
                    errors.push(format!("{mode}: array {} bound {to}", value.data_type()));
                }
            }
            (Ok(Some(value)), Some(error)) => {
                errors.push(format!("{mode}: {} expected error {error}", show(&value, 0)))
            }
            (Err(e), None) => errors.push(format!("{mode}: {e}")),
            (Err(e), Some(error)) => {
                if e.condition() != error {
                    errors.push(format!("{mode}: error {e} expected {error}"));
                }
            }
        }
    }
    let _ = lit(1);
    Outcome { errors }
}

#[test]
fn differential() {
    let Ok(path) = std::env::var("FIRESTEEL_CASES") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let (mut passed, mut failed) = (0, 0);
    for line in text.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            if case["kind"] == "aggregate" { aggregate_case(&case) } else { scalar_case(&case) }
        }))
        .unwrap_or_else(|_| Outcome { errors: vec!["PANIC".into()] });
        if outcome.errors.is_empty() {
            passed += 1;
        } else {
            failed += 1;
            println!("FAIL {}", case["sql"].as_str().unwrap());
            for e in outcome.errors.iter().take(6) {
                println!("     {}", e.chars().take(400).collect::<String>());
            }
        }
    }
    println!("passed {passed} failed {failed}");
}
