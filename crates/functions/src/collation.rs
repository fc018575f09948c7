//! Texts under collations: keys that compare as the texts do, and the functions that look into collated texts.
//!
//! The engine knows bytes only. So where a collated text is compared, grouped, joined or sorted by, its *key* stands in
//! its place: a text again, whose bytes compare as the collation compares the texts. Functions that search in texts
//! have kernels of their own ([`search`]). What neither holds for is refused by name: nothing is compared by its bytes
//! where it should not be.

mod key;
mod rules;
mod search;
mod unicode;

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, Expr, lit};
use firesteel_base::collation::{Collation, Comparison};
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::{Expected, quoted};
use crate::function::{Build, Function, Scalar};
use crate::kernel::{kernel_call, kernel_udf};

pub use rules::{coerced_together, keeps_indeterminate, refuses_accent_only, refuses_unicode, result_source};

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[&COLLATE, &COLLATION];

const COLLATE: Function = Function::scalar("collate", collate).since("4.0.0").arity(2..=2);
const COLLATION: Function = Function::scalar("collation", collation).since("4.0.0").arity(1..=1);

/// `collate(text, 'name')`: the same text under another collation.
fn collate(call: &Call<'_>) -> SparkResult<Scalar> {
    let mut types = call.expect(&[Expected::STRING, Expected::STRING])?;
    let name = call.argument(1)?;
    if !name.is_foldable {
        return Err(call
            .mismatch("NON_FOLDABLE_INPUT")
            .param("inputName", "`collationName`")
            .param("inputType", "\"STRING\"")
            .param("inputExpr", quoted(&name.sql())));
    }
    let name = name.constant.as_ref().and_then(|value| value.try_as_str().flatten().map(str::to_owned));
    let Some(name) = name else {
        return Err(SparkError::new("UNEXPECTED_INPUT_TYPE")
            .param("functionName", "`collate`")
            .param("paramIndex", "first")
            .param("inputSql", quoted("NULL"))
            .param("inputType", "\"VOID\"")
            .param("requiredType", "\"STRING\""));
    };
    let parts: Vec<String> = name.split('.').map(str::to_owned).collect();
    let result = SparkType::String { collation: Some(Collation::canonical(&parts)?) };
    if let Some(first) = types.first_mut() {
        *first = first.with_collation_of(&result);
    }
    let bound = Scalar::kernel(call, result, key::Collated);
    let nullable = call.argument(0)?.nullable;
    Ok(bound.casting(types).nullable(nullable))
}

/// `collation(text)`: the full name of the text's collation.
fn collation(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING])?;
    let name = types.first().and_then(SparkType::collation).unwrap_or_default();
    let name = format!("SYSTEM.BUILTIN.{name}");
    Ok(Scalar::expr(call, SparkType::STRING, move |_| Ok(lit(name.clone()))).casting(types).nullable(false))
}

/// The key of a value of this type; the value itself where it compares by its bytes.
pub fn key_expr(value: Expr, data_type: &SparkType) -> SparkResult<Expr> {
    if !data_type.is_collated() {
        return Ok(value);
    }
    let name = match data_type {
        SparkType::String { .. } | SparkType::Array { .. } => data_type.collation(),
        _ => None,
    };
    let Some(name) = name else {
        return Err(SparkError::unsupported(format!("comparing values of type {}", data_type.sql())));
    };
    Collation::parse(name)?;
    kernel_call(kernel_udf(key::CollationKey), vec![value, lit(name)], data_type, -1)
}

/// A bound call as it is under the collations of its arguments, whose types these are: its result's collation, and what
/// computes it.
pub fn collated(function: &Function, types: &[SparkType], mut bound: Scalar) -> SparkResult<Scalar> {
    if let Some(source) = result_source(function.name, types.len()).and_then(|index| types.get(index))
        && source.collation().is_some()
    {
        bound.data_type = with_leaf_collation(&bound.data_type, source);
    }
    let Some(name) = types.iter().find(|data_type| data_type.is_collated()).and_then(|found| leaf(found)) else {
        return Ok(bound);
    };
    match rules::rule(function.name) {
        rules::Rule::Indifferent => Ok(bound),
        // The pattern goes by the collation of the text; what escapes in it stays as it is.
        rules::Rule::Keyed if function.name == "like" => {
            let text = types.first().cloned().unwrap_or(SparkType::STRING);
            Ok(keyed(bound, &[text.clone(), text, SparkType::STRING]))
        }
        rules::Rule::Keyed => Ok(keyed(bound, types)),
        rules::Rule::Searched => {
            let collation = Collation::parse(name)?;
            if !searches(function.name, collation) {
                return Ok(bound);
            }
            if let Comparison::Unicode { locale: Some(locale), .. } = collation.comparison
                && matches!(function.name, "upper" | "lower" | "initcap")
                && unicode::has_own_case(locale)
            {
                return Err(unsupported(function, name));
            }
            let Some(kernel) = search::kernel(function.name) else { return Err(unsupported(function, name)) };
            let (name, data_type) = (collation.name(), bound.data_type.clone());
            bound.build = Build::Expr(Arc::new(move |mut arguments: Vec<Expr>| {
                arguments.push(lit(name.clone()));
                kernel_call(kernel.clone(), arguments, &data_type, -1)
            }));
            Ok(bound)
        }
        rules::Rule::Refused => Err(unsupported(function, name)),
    }
}

/// Whether the function needs to know the collation: letters are great and small by locales only.
fn searches(function: &str, collation: Collation) -> bool {
    match function {
        "upper" | "lower" => matches!(collation.comparison, Comparison::Unicode { locale: Some(_), .. }),
        "initcap" => collation.comparison != Comparison::Binary,
        _ => true,
    }
}

/// Refuses aggregates that would compare collated texts by their bytes.
pub fn check_aggregate(function: &Function, types: &[SparkType], is_distinct: bool) -> SparkResult<()> {
    let Some(name) = types.iter().find(|data_type| data_type.is_collated()).and_then(|found| leaf(found)) else {
        return Ok(());
    };
    let compares_nothing = matches!(
        function.name,
        "first" | "last" | "any_value" | "collect_list" | "array_agg" | "listagg" | "string_agg"
    );
    let compares_keys = matches!(function.name, "count" | "max" | "min" | "max_by" | "min_by");
    if compares_keys || aggregates_keys(function.name) || (compares_nothing && !is_distinct) {
        return Ok(());
    }
    Err(unsupported(function, name))
}

/// Whether the aggregate only asks which values are the same, and shows none of them: it is given the texts' keys.
pub fn aggregates_keys(function: &str) -> bool {
    matches!(
        function,
        "approx_count_distinct"
            | "hll_sketch_agg"
            | "theta_sketch_agg"
            | "tuple_sketch_agg_double"
            | "tuple_sketch_agg_integer"
    )
}

/// The function in the place of `max` or `min` that takes texts and their keys.
pub fn extremum(function: &str) -> Option<Arc<AggregateUDF>> {
    match function {
        "max" => Some(crate::aggregate::extremum_by_key(true)),
        "min" => Some(crate::aggregate::extremum_by_key(false)),
        _ => None,
    }
}

fn unsupported(function: &Function, collation: &str) -> SparkError {
    SparkError::unsupported(format!("{} of texts with the collation {collation}", function.name))
}

/// The collation of a text somewhere in the type.
fn leaf(data_type: &SparkType) -> Option<&str> {
    match data_type {
        SparkType::Map { key, value, .. } => leaf(key).or_else(|| leaf(value)),
        SparkType::Struct(schema) => schema.iter().find_map(|field| leaf(&field.data_type)),
        other => other.collation(),
    }
}

/// The result's type with its texts in the collation of the source.
fn with_leaf_collation(result: &SparkType, source: &SparkType) -> SparkType {
    let mut text = source;
    while let SparkType::Array { element, .. } = text {
        text = element;
    }
    result.with_collation_of(text)
}

/// The call on its arguments' keys.
fn keyed(mut bound: Scalar, types: &[SparkType]) -> Scalar {
    let (build, types, data_type) = (bound.build, types.to_vec(), bound.data_type.clone());
    bound.build = Build::Expr(Arc::new(move |arguments: Vec<Expr>| {
        let keys: SparkResult<Vec<_>> =
            arguments.into_iter().zip(&types).map(|(argument, data_type)| key_expr(argument, data_type)).collect();
        match &build {
            Build::Udf(udf) => Ok(udf.call(keys?)),
            Build::Kernel(udf) => kernel_call(udf.clone(), keys?, &data_type, -1),
            Build::Expr(build) => build(keys?),
        }
    }));
    bound
}
