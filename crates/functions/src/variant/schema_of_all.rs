//! `schema_of_variant_agg`: what a group's variants have in common. The different schemas of the values are collected as
//! texts, few however many rows there are, and merged at the end.

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::logical_expr::Expr;
use firesteel_base::{SparkError, SparkResult, SparkType};
use serde_json::{Map, Value as Json};

use super::json::value_at;
use super::schema::{Schema, merge, schema_of};
use crate::aggregate::collect_distinct_udaf;
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Aggregate, Function};
use crate::kernel::nested::{lists, range};
use crate::kernel::rows::at;
use crate::kernel::{from_arrow, kernel_call, kernel_udf, kernels};

pub(super) const SCHEMA_OF_VARIANT_AGG: Function =
    Function::aggregate("schema_of_variant_agg", bind).arity(1..=1).since("4.0.0");

kernels! {
    /// The schema of a variant, to be read again.
    EncodedSchema = "spark_encoded_schema_of_variant" => |call| call.with_arrays(|arrays| {
        let values = at(arrays, 0)?;
        call.build_text(values.len(), |row, out| {
            if values.is_null(row) {
                return Ok(false);
            }
            out.push_str(&encode(&schema_of(&value_at(values, row)?)).to_string());
            Ok(true)
        })
    });
    /// The merged schema of those in a list.
    MergedSchema = "spark_merged_schema_of_variants" => |call| call.with_arrays(|arrays| {
        let lists = lists(arrays, 0)?;
        let texts = cast(lists.values(), &DataType::Utf8).map_err(from_arrow)?;
        let texts = texts.as_string::<i32>();
        call.build_text(lists.len(), |row, out| {
            let mut merged = Schema::Void;
            if lists.is_valid(row) {
                for index in range(lists.offsets(), row) {
                    let json: Json = serde_json::from_str(texts.value(index)).map_err(unreadable)?;
                    merged = merge(merged, decode(&json)?);
                }
            }
            merged.write(out);
            Ok(true)
        })
    });
}

fn bind(call: &Call<'_>) -> SparkResult<Aggregate> {
    match call.data_type(0)? {
        SparkType::Variant | SparkType::Null => {}
        _ => return Err(call.unexpected_input_type(0, &Expected::Exactly(SparkType::Variant))),
    }
    let before =
        |arguments: Vec<Expr>| Ok(vec![kernel_call(kernel_udf(EncodedSchema), arguments, &SparkType::STRING, -1)?]);
    let after = |schemas: Expr| kernel_call(kernel_udf(MergedSchema), vec![schemas], &SparkType::STRING, -1);
    Ok(Aggregate::new(call, SparkType::STRING, false, collect_distinct_udaf())
        .casting(vec![SparkType::Variant])
        .before(before)
        .after(after))
}

fn unreadable(error: serde_json::Error) -> SparkError {
    SparkError::internal(format!("a variant's schema cannot be read again: {error}"))
}

fn encode(schema: &Schema) -> Json {
    match schema {
        Schema::Void => Json::Null,
        Schema::Variant => Json::Bool(true),
        Schema::Plain(data_type) => Json::String(data_type.json()),
        Schema::Array(element) => Json::Array(vec![encode(element)]),
        Schema::Object(fields) => {
            Json::Object(fields.iter().map(|(name, field)| (name.clone(), encode(field))).collect::<Map<_, _>>())
        }
    }
}

fn decode(json: &Json) -> SparkResult<Schema> {
    Ok(match json {
        Json::Null => Schema::Void,
        Json::String(data_type) => Schema::Plain(SparkType::from_json(data_type)?),
        Json::Array(elements) => Schema::Array(Box::new(match elements.first() {
            Some(element) => decode(element)?,
            None => Schema::Void,
        })),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(name, field)| Ok((name.clone(), decode(field)?)));
            Schema::Object(fields.collect::<SparkResult<_>>()?)
        }
        Json::Bool(_) | Json::Number(_) => Schema::Variant,
    })
}
