//! `to_json`: JSON text of a struct, array or map.

use std::fmt::Write;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Date32Type, Float32Type, Float64Type, Time64NanosecondType, TimestampMicrosecondType};
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::base64;
use super::options::Options;
use super::write::{write_number, write_text};
use crate::call::Call;
use crate::cast::number::write_float;
use crate::cast::text::{TextWriter, utf8};
use crate::cast::{Zone, datetime};
use crate::coercion::quoted_type;
use crate::datetime::PatternWriter;
use crate::function::{Function, Scalar};
use crate::kernel::nested::range;
use crate::kernel::rows::{at, text};
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(in crate::collection) const FUNCTION: Function = Function::scalar("to_json", bind)
    .arity(1..=2)
    .prints(|arguments| format!("to_json({})", arguments.first().map_or("", String::as_str)))
    .since("2.2.0");

kernels! {
    /// Of a value, its type as JSON, and the options.
    ToJson = "spark_to_json" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let data_type = call.data_type(0)?.clone();
    let is_known = matches!(
        data_type,
        SparkType::Struct(_) | SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Variant | SparkType::Null
    );
    if !is_known {
        return Err(call.mismatch("INVALID_JSON_SCHEMA").param("schema", quoted_type(&data_type)));
    }
    check(&data_type)?;
    let options = Options::of_call(call, 1)?;
    let build = move |mut arguments: Vec<Expr>| {
        arguments.truncate(1);
        arguments.push(lit(data_type.json()));
        arguments.push(options.to_expr());
        kernel_call(kernel_udf(ToJson), arguments, &SparkType::STRING, -1)
    };
    Ok(Scalar::expr(call, SparkType::STRING, build).nullable(true))
}

/// Types that have no JSON text are refused.
fn check(data_type: &SparkType) -> SparkResult<()> {
    match data_type {
        SparkType::Array { element, .. } => check(element),
        SparkType::Map { value, .. } => check(value),
        SparkType::Struct(fields) => fields.iter().try_for_each(|field| check(&field.data_type)),
        SparkType::UserDefined(_) => Err(SparkError::unsupported(format!("to_json of {}", quoted_type(data_type)))),
        _ => Ok(()),
    }
}

/// How values are written.
struct Formats {
    datetimes: DatetimeFormats,
    ignores_null_fields: bool,
}

/// How dates and timestamps are written.
pub(crate) struct DatetimeFormats {
    zone: Zone,
    zone_name: String,
    dates: Option<PatternWriter>,
    timestamps: Option<PatternWriter>,
    ntz_timestamps: Option<PatternWriter>,
    times: Option<PatternWriter>,
}

impl DatetimeFormats {
    pub(crate) fn new(options: &Options, zone: &str) -> SparkResult<Self> {
        let pattern = |name: &str| options.get(name).map(PatternWriter::new).transpose();
        Ok(Self {
            zone: Zone::parse(zone)?,
            zone_name: zone.to_owned(),
            dates: pattern("dateformat")?,
            timestamps: pattern("timestampformat")?,
            ntz_timestamps: pattern("timestampntzformat")?,
            times: pattern("timeformat")?,
        })
    }

    /// Writes dates or timestamps that are not NULL, without quotes.
    pub(crate) fn writer<'a>(&'a self, array: &'a ArrayRef, data_type: &SparkType) -> Writer<'a> {
        if *data_type == SparkType::Date {
            let values = array.as_primitive::<Date32Type>();
            return Box::new(move |row, out| match &self.dates {
                Some(pattern) => {
                    let micros = i64::from(values.value(row)) * datetime::MICROS_PER_DAY;
                    pattern.write(micros, &Zone::UTC, "UTC", out)
                }
                None => {
                    datetime::write_date(i64::from(values.value(row)), out);
                    Ok(())
                }
            });
        }
        if let SparkType::Time { .. } = data_type {
            let values = array.as_primitive::<Time64NanosecondType>();
            return Box::new(move |row, out| match &self.times {
                Some(pattern) => pattern.write(values.value(row) / 1000, &Zone::UTC, "UTC", out),
                None => {
                    datetime::write_time(values.value(row) / 1000, out);
                    Ok(())
                }
            });
        }
        let values = array.as_primitive::<TimestampMicrosecondType>();
        let with_zone = *data_type == SparkType::Timestamp;
        Box::new(move |row, out| {
            let micros = values.value(row);
            let (zone, name, pattern) = if with_zone {
                (&self.zone, self.zone_name.as_str(), &self.timestamps)
            } else {
                (&Zone::UTC, "UTC", &self.ntz_timestamps)
            };
            match pattern {
                Some(pattern) => pattern.write(micros, zone, name, out)?,
                None => write_iso(micros, zone, with_zone, out),
            }
            Ok(())
        })
    }
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let values = at(arrays, 0)?;
        let (types, options) = (text(arrays, 1)?, text(arrays, 2)?);
        let first = |texts: &arrow::array::StringViewArray| {
            if texts.is_empty() { String::new() } else { texts.value(0).to_owned() }
        };
        if values.is_empty() {
            return call.build_text(0, |_, _| Ok(false));
        }
        let data_type = SparkType::from_json(&first(&types))?;
        let options = Options::from_text(&first(&options));
        let formats = Formats {
            datetimes: DatetimeFormats::new(&options, call.time_zone())?,
            ignores_null_fields: options.flag("ignorenullfields", true),
        };
        let write = writer(values, &data_type, &formats)?;
        let is_null = crate::kernel::nested::Nulls::of(values);
        call.build_text(values.len(), |row, out| {
            if is_null.is_null(row) {
                return Ok(false);
            }
            write(row, out)?;
            Ok(true)
        })
    })
}

pub(crate) type Writer<'a> = Box<dyn Fn(usize, &mut String) -> SparkResult<()> + 'a>;

/// Writes a value that is not NULL.
fn writer<'a>(array: &'a ArrayRef, data_type: &'a SparkType, formats: &'a Formats) -> SparkResult<Writer<'a>> {
    Ok(match data_type {
        SparkType::Null => Box::new(|_, out| {
            out.push_str("null");
            Ok(())
        }),
        SparkType::Boolean => {
            let values = array.as_boolean();
            Box::new(move |row, out| {
                out.push_str(if values.value(row) { "true" } else { "false" });
                Ok(())
            })
        }
        SparkType::Float => {
            let values = array.as_primitive::<Float32Type>();
            Box::new(move |row, out| {
                let value = values.value(row);
                if value.is_finite() {
                    write_float(value, out)
                } else {
                    write_number(f64::from(value), out)
                }
                Ok(())
            })
        }
        SparkType::Double => {
            let values = array.as_primitive::<Float64Type>();
            Box::new(move |row, out| {
                write_number(values.value(row), out);
                Ok(())
            })
        }
        SparkType::String { .. } | SparkType::Char(_) | SparkType::Varchar(_) => {
            let values = utf8(array)?;
            Box::new(move |row, out| {
                write_text(values.value(row), out);
                Ok(())
            })
        }
        SparkType::Binary => {
            let values = crate::cast::text::binary(array)?;
            Box::new(move |row, out| {
                out.push('"');
                base64::encode(values.value(row), out);
                out.push('"');
                Ok(())
            })
        }
        SparkType::Date | SparkType::Timestamp | SparkType::TimestampNtz | SparkType::Time { .. } => {
            let write = formats.datetimes.writer(array, data_type);
            Box::new(move |row, out| {
                out.push('"');
                write(row, out)?;
                out.push('"');
                Ok(())
            })
        }
        SparkType::Variant => {
            Box::new(move |row, out| crate::variant::json_of(array, row, &formats.datetimes.zone, out))
        }
        SparkType::Array { element, .. } => array_writer(array, element, formats)?,
        SparkType::Map { key, value, .. } => map_writer(array, key, value, formats)?,
        SparkType::Struct(_) => struct_writer(array, data_type, formats)?,
        number if number.is_numeric() => {
            let writer = TextWriter::new(array, number, &formats.datetimes.zone)?;
            Box::new(move |row, out| {
                writer.write(row, out);
                Ok(())
            })
        }
        other => {
            let writer = TextWriter::new(array, other, &formats.datetimes.zone)?;
            Box::new(move |row, out| {
                let mut text = String::new();
                writer.write(row, &mut text);
                write_text(&text, out);
                Ok(())
            })
        }
    })
}

/// `yyyy-MM-dd'T'HH:mm:ss.SSS` and the offset.
fn write_iso(micros: i64, zone: &Zone, with_zone: bool, out: &mut String) {
    let local = zone.to_local(micros);
    datetime::write_date(local.div_euclid(datetime::MICROS_PER_DAY), out);
    let of_day = local.rem_euclid(datetime::MICROS_PER_DAY);
    let seconds = of_day / 1_000_000;
    // Writing to a String cannot fail.
    let _ =
        write!(out, "T{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, of_day / 1000 % 1000);
    if !with_zone {
        return;
    }
    let offset = zone.offset_at(micros);
    if offset == 0 {
        out.push('Z');
        return;
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let offset = offset.unsigned_abs();
    let _ = write!(out, "{sign}{:02}:{:02}", offset / 3600, offset / 60 % 60);
}

fn array_writer<'a>(array: &'a ArrayRef, element: &'a SparkType, formats: &'a Formats) -> SparkResult<Writer<'a>> {
    let list = array.as_list::<i32>();
    let write = writer(list.values(), element, formats)?;
    let nulls = crate::kernel::nested::Nulls::of(list.values());
    Ok(Box::new(move |row, out| {
        out.push('[');
        for (place, index) in range(list.offsets(), row).enumerate() {
            if place > 0 {
                out.push(',');
            }
            if nulls.is_null(index) { out.push_str("null") } else { write(index, out)? }
        }
        out.push(']');
        Ok(())
    }))
}

fn map_writer<'a>(
    array: &'a ArrayRef,
    key: &'a SparkType,
    value: &'a SparkType,
    formats: &'a Formats,
) -> SparkResult<Writer<'a>> {
    let map = array.as_map();
    let write_key = TextWriter::new(map.keys(), key, &formats.datetimes.zone)?;
    let write = writer(map.values(), value, formats)?;
    let nulls = crate::kernel::nested::Nulls::of(map.values());
    Ok(Box::new(move |row, out| {
        out.push('{');
        for (place, index) in range(map.offsets(), row).enumerate() {
            if place > 0 {
                out.push(',');
            }
            let mut name = String::new();
            write_key.write(index, &mut name);
            write_text(&name, out);
            out.push(':');
            if nulls.is_null(index) { out.push_str("null") } else { write(index, out)? }
        }
        out.push('}');
        Ok(())
    }))
}

fn struct_writer<'a>(array: &'a ArrayRef, data_type: &'a SparkType, formats: &'a Formats) -> SparkResult<Writer<'a>> {
    let SparkType::Struct(fields) = data_type else {
        return Err(SparkError::internal("a struct of another type"));
    };
    let structs = array.as_struct();
    let mut columns = Vec::with_capacity(fields.len());
    for (field, column) in fields.iter().zip(structs.columns()) {
        let write = writer(column, &field.data_type, formats)?;
        columns.push((field.name.as_str(), crate::kernel::nested::Nulls::of(column), write));
    }
    Ok(Box::new(move |row, out| {
        out.push('{');
        let mut is_first = true;
        for (name, nulls, write) in &columns {
            let is_null = nulls.is_null(row);
            if is_null && formats.ignores_null_fields {
                continue;
            }
            if !is_first {
                out.push(',');
            }
            is_first = false;
            write_text(name, out);
            out.push(':');
            if is_null { out.push_str("null") } else { write(row, out)? }
        }
        out.push('}');
        Ok(())
    }))
}
