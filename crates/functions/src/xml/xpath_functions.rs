//! `xpath` and its kin: what an XPath expression finds in XML text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListBuilder, StringBuilder};
use arrow::datatypes::{Float32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::tree::{Document, Kind};
use super::xpath::{Expression, Value, evaluate, parse};
use crate::call::Call;
use crate::coercion::{Expected, quoted};
use crate::function::{Function, Scalar};
use crate::kernel::nested::conform;
use crate::kernel::rows::text;
use crate::kernel::{Kernel, KernelCall, kernels};

macro_rules! xpath_functions {
    ($($constant:ident = $name:literal, $kernel:ident, $data_type:expr;)+) => {$(
        pub(super) const $constant: Function =
            Function::scalar($name, |call| bind(call, $data_type, $kernel)).arity(2..=2).since("2.0.0");
    )+};
}

xpath_functions! {
    XPATH = "xpath", Nodes, SparkType::array(SparkType::STRING, true);
    XPATH_BOOLEAN = "xpath_boolean", Truth, SparkType::Boolean;
    XPATH_FLOAT = "xpath_float", Float, SparkType::Float;
    XPATH_INT = "xpath_int", Int, SparkType::Integer;
    XPATH_LONG = "xpath_long", Long, SparkType::Long;
    XPATH_SHORT = "xpath_short", Short, SparkType::Short;
    XPATH_STRING = "xpath_string", Text, SparkType::STRING;
}
pub(super) const XPATH_DOUBLE: Function =
    Function::scalar("xpath_double", |call| bind(call, SparkType::Double, Double))
        .aliases(&["xpath_number"])
        .prints_alias()
        .arity(2..=2)
        .since("2.0.0");

fn bind<K: Kernel>(call: &Call<'_>, data_type: SparkType, kernel: K) -> SparkResult<Scalar> {
    let path = call.argument(1)?;
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING])?;
    if !path.is_foldable {
        return Err(call
            .mismatch("NON_FOLDABLE_INPUT")
            .param("inputName", "`path`")
            .param("inputType", "\"STRING\"")
            .param("inputExpr", quoted(&path.sql())));
    }
    Ok(Scalar::kernel(call, data_type, kernel).casting(types).nullable(true))
}

kernels! {
    Nodes = "spark_xpath" => |call| each(call, |call, found| {
        let mut lists = ListBuilder::new(StringBuilder::new());
        for row in found {
            match row {
                Some((document, Value::Nodes(nodes))) => {
                    for node in nodes {
                        // Elements have no value of their own.
                        match document.node(*node).map(|node| &node.kind) {
                            Some(Kind::Text(text) | Kind::Attribute(_, text) | Kind::Comment(text)) => {
                                lists.values().append_value(text);
                            }
                            _ => lists.values().append_null(),
                        }
                    }
                    lists.append(true);
                }
                Some(_) => return Err(fault("Invalid XML document: not a list of nodes")),
                None => lists.append_null(),
            }
        }
        let lists: ArrayRef = Arc::new(lists.finish());
        conform(&lists, call.return_type)
    });
    Truth = "spark_xpath_boolean" => |call| each(call, |_, found| {
        let truths: arrow::array::BooleanArray =
            found.iter().map(|row| row.as_ref().map(|(_, value)| value.boolean())).collect();
        Ok(Arc::new(truths))
    });
    Text = "spark_xpath_string" => |call| each(call, |_, found| {
        let texts: arrow::array::StringArray =
            found.iter().map(|row| row.as_ref().map(|(document, value)| value.text(document))).collect();
        Ok(Arc::new(texts))
    });
    Double = "spark_xpath_double" => |call| numbers::<Float64Type>(call, |number| number);
    Float = "spark_xpath_float" => |call| numbers::<Float32Type>(call, |number| number as f32);
    Long = "spark_xpath_long" => |call| numbers::<Int64Type>(call, |number| number as i64);
    Int = "spark_xpath_int" => |call| numbers::<Int32Type>(call, |number| number as i32);
    Short = "spark_xpath_short" => |call| numbers::<Int16Type>(call, |number| number as i32 as i16);
}

fn numbers<T: arrow::array::ArrowPrimitiveType>(
    call: &KernelCall<'_>,
    convert: fn(f64) -> T::Native,
) -> SparkResult<ColumnarValue> {
    each(call, |_, found| {
        let numbers: arrow::array::PrimitiveArray<T> =
            found.iter().map(|row| row.as_ref().map(|(document, value)| convert(value.number(document)))).collect();
        Ok(Arc::new(numbers))
    })
}

type Found = Vec<Option<(Document, Value)>>;

/// What the path finds in each row; nothing in NULL and in empty text.
fn each(
    call: &KernelCall<'_>,
    collect: impl Fn(&KernelCall<'_>, &Found) -> SparkResult<ArrayRef>,
) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (documents, paths) = (text(arrays, 0)?, text(arrays, 1)?);
        let mut known: Option<(String, Expression)> = None;
        let mut found = Vec::with_capacity(documents.len());
        for row in 0..documents.len() {
            if documents.is_null(row)
                || paths.is_null(row)
                || documents.value(row).is_empty()
                || paths.value(row).is_empty()
            {
                found.push(None);
                continue;
            }
            let path = paths.value(row);
            if known.as_ref().is_none_or(|(own, _)| own != path) {
                let parsed = parse(path).ok_or_else(|| fault(&format!("Invalid XPath '{path}'")))?;
                known = Some((path.to_owned(), parsed));
            }
            let Some((_, expression)) = &known else { continue };
            let document = Document::parse(documents.value(row))
                .ok_or_else(|| fault(&format!("Error loading expression '{path}'")))?;
            let value = evaluate(expression, &document)
                .ok_or_else(|| fault(&format!("Invalid XML document: {}", documents.value(row))))?;
            found.push(Some((document, value)));
        }
        collect(call, &found)
    })
}

fn fault(message: &str) -> SparkError {
    SparkError::unnamed(ErrorKind::JavaRuntime, message)
}
