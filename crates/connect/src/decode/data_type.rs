//! The protocol's types to Spark's.

use std::sync::Arc;

use firesteel_base::SparkResult;
use firesteel_base::spatial_reference::{check_geography, check_geometry};
use firesteel_base::types::{DayTimeField, SparkField, SparkSchema, SparkType, UserDefinedType, YearMonthField};
use firesteel_syntax::{ParserOptions, parse_data_type};
use spark_connect_proto as proto;
use spark_connect_proto::data_type::{self as message, Kind};

use super::invalid;

/// The type of a message; text in it is read with `options`.
pub(crate) fn data_type(data_type: &proto::DataType, options: &ParserOptions) -> SparkResult<SparkType> {
    let kind = data_type.kind.as_ref().ok_or_else(|| unsupported("KIND_NOT_SET"))?;
    stacker::maybe_grow(64 << 10, 1 << 20, || of_kind(kind, options))
}

fn unsupported(kind: &str) -> firesteel_base::SparkError {
    invalid::plan("DATA_TYPE_UNSUPPORTED_PROTO_TO_CATALYST").param("kindCase", kind)
}

fn boxed(inner: Option<&proto::DataType>, options: &ParserOptions) -> SparkResult<SparkType> {
    inner.map_or_else(|| Err(unsupported("KIND_NOT_SET")), |inner| data_type(inner, options))
}

fn of_kind(kind: &Kind, options: &ParserOptions) -> SparkResult<SparkType> {
    Ok(match kind {
        Kind::Null(_) => SparkType::Null,
        Kind::Binary(_) => SparkType::Binary,
        Kind::Boolean(_) => SparkType::Boolean,
        Kind::Byte(_) => SparkType::Byte,
        Kind::Short(_) => SparkType::Short,
        Kind::Integer(_) => SparkType::Integer,
        Kind::Long(_) => SparkType::Long,
        Kind::Float(_) => SparkType::Float,
        Kind::Double(_) => SparkType::Double,
        Kind::Decimal(decimal) => {
            let precision = decimal.precision.map_or(Ok(10), u8::try_from);
            let scale = decimal.scale.map_or(Ok(0), i8::try_from);
            match (precision, scale) {
                (Ok(precision @ 0..=38), Ok(scale @ -38..=38)) => SparkType::decimal(precision, scale),
                _ => return Err(unsupported("DECIMAL")),
            }
        }
        Kind::String(string) => match string.collation.as_str() {
            "" | "UTF8_BINARY" => SparkType::STRING,
            collation => SparkType::String { collation: Some(Arc::from(collation)) },
        },
        Kind::Char(char) => SparkType::Char(length(char.length)?),
        Kind::VarChar(varchar) => SparkType::Varchar(length(varchar.length)?),
        Kind::Date(_) => SparkType::Date,
        Kind::Timestamp(_) => SparkType::Timestamp,
        Kind::TimestampNtz(_) => SparkType::TimestampNtz,
        Kind::Time(time) => match time.precision.map_or(Ok(6), u8::try_from) {
            Ok(precision @ 0..=6) => SparkType::Time { precision },
            _ => return Err(unsupported("TIME")),
        },
        Kind::CalendarInterval(_) => SparkType::CalendarInterval,
        Kind::YearMonthInterval(interval) => year_month(interval)?,
        Kind::DayTimeInterval(interval) => day_time(interval)?,
        Kind::Array(array) => SparkType::array(boxed(array.element_type.as_deref(), options)?, array.contains_null),
        Kind::Struct(structure) => SparkType::Struct(schema(structure, options)?),
        Kind::Map(map) => SparkType::map(
            boxed(map.key_type.as_deref(), options)?,
            boxed(map.value_type.as_deref(), options)?,
            map.value_contains_null,
        ),
        Kind::Variant(_) => SparkType::Variant,
        Kind::Udt(udt) => user_defined(udt, options)?,
        Kind::Unparsed(unparsed) => parse_data_type(&unparsed.data_type_string, options)?,
        Kind::Geometry(geometry) => {
            let srid = system(geometry.srid);
            srid.map_or(Ok(()), check_geometry)?;
            SparkType::Geometry { srid }
        }
        Kind::Geography(geography) => {
            let srid = system(geography.srid);
            srid.map_or(Ok(()), check_geography)?;
            SparkType::Geography { srid }
        }
        Kind::TimestampNtzNanos(_) => return Err(unsupported("TIMESTAMP_NTZ_NANOS")),
        Kind::TimestampLtzNanos(_) => return Err(unsupported("TIMESTAMP_LTZ_NANOS")),
    })
}

/// The spatial reference system; -1 is any.
fn system(srid: i32) -> Option<i32> {
    (srid != -1).then_some(srid)
}

fn length(length: i32) -> SparkResult<u32> {
    u32::try_from(length).map_err(|_| unsupported("CHAR"))
}

fn year_month(interval: &message::YearMonthInterval) -> SparkResult<SparkType> {
    let field = |field: i32| match field {
        0 => Ok(YearMonthField::Year),
        1 => Ok(YearMonthField::Month),
        _ => Err(unsupported("YEAR_MONTH_INTERVAL")),
    };
    let start = interval.start_field.map(field).transpose()?;
    let end = interval.end_field.map(field).transpose()?;
    Ok(match (start, end) {
        (None, _) => SparkType::YEAR_MONTH,
        (Some(start), None) => SparkType::YearMonthInterval { start, end: start },
        (Some(start), Some(end)) => SparkType::YearMonthInterval { start, end },
    })
}

fn day_time(interval: &message::DayTimeInterval) -> SparkResult<SparkType> {
    let field = |field: i32| match field {
        0 => Ok(DayTimeField::Day),
        1 => Ok(DayTimeField::Hour),
        2 => Ok(DayTimeField::Minute),
        3 => Ok(DayTimeField::Second),
        _ => Err(unsupported("DAY_TIME_INTERVAL")),
    };
    let start = interval.start_field.map(field).transpose()?;
    let end = interval.end_field.map(field).transpose()?;
    Ok(match (start, end) {
        (None, _) => SparkType::DAY_TIME,
        (Some(start), None) => SparkType::DayTimeInterval { start, end: start },
        (Some(start), Some(end)) => SparkType::DayTimeInterval { start, end },
    })
}

fn schema(structure: &message::Struct, options: &ParserOptions) -> SparkResult<SparkSchema> {
    let field = |field: &message::StructField| {
        let mut decoded = SparkField::new(&field.name, boxed(field.data_type.as_ref(), options)?, field.nullable);
        decoded.metadata = field.metadata.as_deref().filter(|json| !matches!(*json, "" | "{}")).map(Arc::from);
        Ok(decoded)
    };
    let fields: SparkResult<Vec<SparkField>> = structure.fields.iter().map(field).collect();
    Ok(SparkSchema::new(fields?))
}

fn user_defined(udt: &message::Udt, options: &ParserOptions) -> SparkResult<SparkType> {
    if udt.r#type != "udt" {
        return Err(invalid::plan("UDT_TYPE_FIELD_INVALID").param("udtType", &udt.r#type));
    }
    let is_python = udt.python_class.is_some() && udt.serialized_python_class.is_some();
    let Some(sql_type) = udt.sql_type.as_deref().filter(|_| is_python || udt.jvm_class.is_some()) else {
        return Err(invalid::plan("PYTHON_UDT_MISSING_FIELDS"));
    };
    Ok(SparkType::UserDefined(Arc::new(UserDefinedType {
        jvm_class: udt.jvm_class.clone(),
        python_class: udt.python_class.clone(),
        serialized_python_class: udt.serialized_python_class.clone(),
        sql_type: data_type(sql_type, options)?,
    })))
}
