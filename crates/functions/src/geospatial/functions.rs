//! `st_geomfromwkb`, `st_geogfromwkb`, `st_asbinary`, `st_srid` and `st_setsrid`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, Int32Array, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::spatial_reference::{check_geography, check_geometry};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::wkb::{ByteOrder, read};
use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{DefaultValue, Function, Parameter, Scalar};
use crate::kernel::nested::conform;
use crate::kernel::rows::{at, bytes, text};
use crate::kernel::{KernelCall, from_arrow, kernel_call, kernel_udf, kernels};

pub(super) const ST_GEOMFROMWKB: Function = Function::scalar("st_geomfromwkb", geom_from_wkb)
    .named(&[Parameter::required("wkb"), Parameter::optional("srid", DefaultValue::Int(0))])
    .arity(1..=2)
    .since("4.1.0");
pub(super) const ST_GEOGFROMWKB: Function =
    Function::scalar("st_geogfromwkb", geog_from_wkb).arity(1..=1).since("4.1.0");
pub(super) const ST_ASBINARY: Function = Function::scalar("st_asbinary", as_binary)
    .named(&[Parameter::required("geo"), Parameter::optional("endianness", DefaultValue::Text("NDR"))])
    .arity(1..=2)
    .since("4.1.0");
pub(super) const ST_SRID: Function = Function::scalar("st_srid", srid_of).arity(1..=1).since("4.1.0");
pub(super) const ST_SETSRID: Function = Function::scalar("st_setsrid", set_srid).arity(2..=2).since("4.1.0");

kernels! {
    /// Of bytes and the number of the reference system.
    FromWkb = "spark_st_geomfromwkb" => |call| from_wkb(call, false);
    GeographyFromWkb = "spark_st_geogfromwkb" => |call| from_wkb(call, true);
    AsBinary = "spark_st_asbinary" => written;
    Srid = "spark_st_srid" => |call| call.with_arrays(|arrays| {
        let (srids, _, nulls) = parts(at(arrays, 0)?)?;
        Ok(Arc::new(Int32Array::new(srids.values().clone(), nulls)))
    });
    /// Of a geometry and the number of its new reference system.
    SetSrid = "spark_st_setsrid" => |call| with_srid(call, check_geometry);
    SetGeographySrid = "spark_st_setsrid_of_geography" => |call| with_srid(call, check_geography);
    /// A geometry as a geography, or the other way round.
    Reinterpreted = "spark_cast_geospatial" => reinterpreted;
}

/// The reference system that a constant names; `None` if it is known only row by row, or NULL.
fn constant_srid(call: &Call<'_>, index: usize, check: fn(i32) -> SparkResult<()>) -> SparkResult<Option<i32>> {
    let constant = call.argument(index)?.constant.as_ref().and_then(|value| value.cast_to(&DataType::Int32).ok());
    let Some(ScalarValue::Int32(Some(srid))) = constant else { return Ok(None) };
    check(srid)?;
    Ok(Some(srid))
}

fn geom_from_wkb(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::Binary, Expected::INT])?;
    let srid = constant_srid(call, 1, check_geometry)?;
    let nullable = call.any_nullable_as(&types);
    Ok(Scalar::kernel(call, SparkType::Geometry { srid }, FromWkb).casting(types).nullable(nullable))
}

fn geog_from_wkb(call: &Call<'_>) -> SparkResult<Scalar> {
    const WGS_84: i32 = 4326;
    let types = call.implicit_cast(&[Expected::Binary])?;
    let data_type = SparkType::Geography { srid: Some(WGS_84) };
    let result = data_type.clone();
    let build = move |mut arguments: Vec<Expr>| {
        arguments.push(lit(WGS_84));
        kernel_call(kernel_udf(GeographyFromWkb), arguments, &result, -1)
    };
    let nullable = call.any_nullable_as(&types);
    Ok(Scalar::expr(call, data_type, build).casting(types).nullable(nullable))
}

/// The types of the arguments, of which the first is a geometry or a geography.
fn geospatial(call: &Call<'_>, others: &[Expected]) -> SparkResult<Vec<SparkType>> {
    let first = call.data_type(0)?.clone();
    if !matches!(first, SparkType::Geometry { .. } | SparkType::Geography { .. } | SparkType::Null) {
        return Err(call
            .unexpected_input_type(0, &Expected::AnyType)
            .param("requiredType", "(\"GEOGRAPHY\" or \"GEOMETRY\")"));
    }
    let expected: Vec<_> = std::iter::once(Expected::AnyType).chain(others.iter().cloned()).collect();
    let mut types = call.implicit_cast(&expected)?;
    if first == SparkType::Null
        && let Some(untyped) = types.first_mut()
    {
        *untyped = SparkType::Geometry { srid: None };
    }
    Ok(types)
}

fn as_binary(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = geospatial(call, &[Expected::STRING])?;
    let nullable = call.any_nullable_as(&types);
    Ok(Scalar::kernel(call, SparkType::Binary, AsBinary).casting(types).nullable(nullable))
}

fn srid_of(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = geospatial(call, &[])?;
    let nullable = call.any_nullable();
    Ok(Scalar::kernel(call, SparkType::Integer, Srid).casting(types).nullable(nullable))
}

fn set_srid(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = geospatial(call, &[Expected::INT])?;
    let nullable = call.any_nullable_as(&types);
    let scalar = if matches!(types.first(), Some(SparkType::Geography { .. })) {
        let srid = constant_srid(call, 1, check_geography)?;
        Scalar::kernel(call, SparkType::Geography { srid }, SetGeographySrid)
    } else {
        let srid = constant_srid(call, 1, check_geometry)?;
        Scalar::kernel(call, SparkType::Geometry { srid }, SetSrid)
    };
    Ok(scalar.casting(types).nullable(nullable))
}

/// A value of one geospatial type as one of another, if that is another kind.
pub(crate) fn cast(expr: Expr, from: &SparkType, to: &SparkType, origin: i32) -> SparkResult<Expr> {
    let becomes_geography = matches!((from, to), (SparkType::Geometry { .. }, SparkType::Geography { .. }));
    kernel_call(kernel_udf(Reinterpreted), vec![expr, lit(becomes_geography)], to, origin)
}

/// The two parts of geospatial values, and which of them are NULL.
fn parts(array: &ArrayRef) -> SparkResult<(Int32Array, BinaryArray, Option<NullBuffer>)> {
    let fault = || SparkError::internal("a geospatial value is not of two parts");
    let structs = array.as_struct_opt().ok_or_else(fault)?;
    let [srids, values] = structs.columns() else { return Err(fault()) };
    let srids = srids.as_primitive_opt::<Int32Type>().ok_or_else(fault)?.clone();
    let values = crate::cast::text::binary(values)?;
    Ok((srids, values.clone(), structs.nulls().cloned()))
}

/// A value as text: its reference system, if it has one, and its well-known text.
pub fn write_text(array: &dyn Array, row: usize, out: &mut String) -> SparkResult<()> {
    let (srids, values, _) = parts(&array.slice(row, 1))?;
    if srids.value(0) != 0 {
        out.push_str(&format!("SRID={};", srids.value(0)));
    }
    read(values.value(0), false)?.write_text(out);
    Ok(())
}

fn geospatial_array(
    srids: Int32Array,
    values: ArrayRef,
    nulls: Option<NullBuffer>,
    data_type: &DataType,
) -> SparkResult<ArrayRef> {
    let DataType::Struct(fields) = data_type else {
        return Err(SparkError::internal("a geospatial type is no struct"));
    };
    let columns: SparkResult<Vec<ArrayRef>> = fields
        .iter()
        .zip([Arc::new(srids) as ArrayRef, values])
        .map(|(field, column)| conform(&column, field.data_type()))
        .collect();
    let length = columns.as_ref().map_or(0, |columns| columns.first().map_or(0, |column| column.len()));
    let structs = StructArray::try_new_with_length(fields.clone(), columns?, nulls, length);
    Ok(Arc::new(structs.map_err(from_arrow)?))
}

fn from_wkb(call: &KernelCall<'_>, is_geographic: bool) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (values, srids) = (bytes(arrays, 0)?, at(arrays, 1)?.as_primitive::<Int32Type>());
        let mut written = BinaryBuilder::new();
        let mut numbers = Vec::with_capacity(values.len());
        let mut valid = Vec::with_capacity(values.len());
        let mut buffer = Vec::new();
        for row in 0..values.len() {
            buffer.clear();
            let is_valid = values.is_valid(row) && srids.is_valid(row);
            if is_valid {
                if !is_geographic {
                    check_geometry(srids.value(row))?;
                }
                read(values.value(row), is_geographic)?.write(ByteOrder::Little, &mut buffer);
            }
            written.append_value(&buffer);
            numbers.push(if is_valid { srids.value(row) } else { 0 });
            valid.push(is_valid);
        }
        let nulls = Some(NullBuffer::from(valid)).filter(|nulls| nulls.null_count() > 0);
        geospatial_array(Int32Array::from(numbers), Arc::new(written.finish()), nulls, call.return_type)
    })
}

fn written(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (_, values, nulls) = parts(at(arrays, 0)?)?;
        let orders = text(arrays, 1)?;
        let mut written = BinaryBuilder::new();
        let mut buffer = Vec::new();
        for row in 0..values.len() {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) || orders.is_null(row) {
                written.append_null();
                continue;
            }
            match orders.value(row).to_uppercase().as_str() {
                "NDR" => written.append_value(values.value(row)),
                "XDR" => {
                    buffer.clear();
                    read(values.value(row), false)?.write(ByteOrder::Big, &mut buffer);
                    written.append_value(&buffer);
                }
                _ => return Err(SparkError::new("ST_INVALID_ENDIANNESS_VALUE").param("endianness", orders.value(row))),
            }
        }
        Ok(Arc::new(written.finish()))
    })
}

fn with_srid(call: &KernelCall<'_>, check: fn(i32) -> SparkResult<()>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (_, values, nulls) = parts(at(arrays, 0)?)?;
        let srids = at(arrays, 1)?.as_primitive::<Int32Type>();
        let nulls = NullBuffer::union(nulls.as_ref(), srids.nulls());
        let mut numbers = Vec::with_capacity(srids.len());
        for row in 0..srids.len() {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            if !is_null {
                check(srids.value(row))?;
            }
            numbers.push(if is_null { 0 } else { srids.value(row) });
        }
        geospatial_array(Int32Array::from(numbers), Arc::new(values), nulls, call.return_type)
    })
}

fn reinterpreted(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let (srids, values, nulls) = parts(at(arrays, 0)?)?;
        let becomes_geography = at(arrays, 1)?.as_boolean();
        for row in 0..values.len() {
            let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            if !is_null && becomes_geography.value(row) {
                read(values.value(row), true)?;
            }
        }
        geospatial_array(srids, Arc::new(values), nulls, call.return_type)
    })
}
