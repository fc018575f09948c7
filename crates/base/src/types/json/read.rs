//! Reading types from Spark's JSON. Strict as Spark is: unknown names and unexpected keys are refused.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::{DayTimeField, SparkField, SparkSchema, SparkType, UserDefinedType, YearMonthField};
use super::COLLATIONS;
use crate::error::{ErrorKind, SparkError, SparkResult};
use crate::spatial_reference::{check_geography, of_name};

/// Digits that a decimal can have.
const MAX_DECIMAL_PRECISION: u32 = 38;
/// Digits behind the second that a time of day can have.
const MAX_TIME_PRECISION: u8 = 6;

impl SparkType {
    /// Reads the JSON form of a type.
    pub fn from_json(text: &str) -> SparkResult<Self> {
        let value: Value = serde_json::from_str(text).map_err(|error| invalid(text).caused_by(error))?;
        read(&value)
    }
}

impl SparkSchema {
    /// Reads the JSON form of a struct.
    pub fn from_json(text: &str) -> SparkResult<Self> {
        match SparkType::from_json(text)? {
            SparkType::Struct(schema) => Ok(schema),
            _ => Err(SparkError::new("INVALID_SCHEMA.NON_STRUCT_TYPE")
                .param("inputSchema", format!("\"{text}\""))
                .param("dataType", SparkType::from_json(text)?.sql())),
        }
    }
}

fn invalid(text: &str) -> SparkError {
    SparkError::new("INVALID_JSON_DATA_TYPE").param("invalidType", text).with_kind(ErrorKind::IllegalArgument)
}

fn invalid_value(value: &Value) -> SparkError {
    match value {
        Value::String(text) => invalid(text),
        _ => invalid(&value.to_string()),
    }
}

fn read(value: &Value) -> SparkResult<SparkType> {
    match value {
        Value::String(name) => read_name(name),
        Value::Object(object) => {
            let complex = match object.get("type").and_then(Value::as_str) {
                Some("array") => read_array(object)?,
                Some("map") => read_map(object)?,
                Some("struct") => read_struct(object)?,
                Some("udt") => read_user_defined(object)?,
                _ => None,
            };
            complex.ok_or_else(|| invalid_value(value))
        }
        _ => Err(invalid_value(value)),
    }
}

fn read_array(object: &Map<String, Value>) -> SparkResult<Option<SparkType>> {
    let (Some(element), Some(Value::Bool(contains_null)), 3) =
        (object.get("elementType"), object.get("containsNull"), object.len())
    else {
        return Ok(None);
    };
    Ok(Some(SparkType::array(read(element)?, *contains_null)))
}

fn read_map(object: &Map<String, Value>) -> SparkResult<Option<SparkType>> {
    let (Some(key), Some(value), Some(Value::Bool(value_contains_null)), 4) =
        (object.get("keyType"), object.get("valueType"), object.get("valueContainsNull"), object.len())
    else {
        return Ok(None);
    };
    Ok(Some(SparkType::map(read(key)?, read(value)?, *value_contains_null)))
}

fn read_struct(object: &Map<String, Value>) -> SparkResult<Option<SparkType>> {
    let (Some(Value::Array(fields)), 2) = (object.get("fields"), object.len()) else { return Ok(None) };
    let fields = fields.iter().map(read_field).collect::<SparkResult<Vec<_>>>()?;
    Ok(Some(SparkType::Struct(SparkSchema::new(fields))))
}

fn read_field(value: &Value) -> SparkResult<SparkField> {
    let field = value.as_object().ok_or_else(|| invalid_value(value))?;
    field_of(field)?.ok_or_else(|| invalid_value(value))
}

/// The field of an object with a name, a type, and optionally its nullability and metadata: nothing else.
fn field_of(object: &Map<String, Value>) -> SparkResult<Option<SparkField>> {
    let (Some(name), Some(data_type)) = (object.get("name").and_then(Value::as_str), object.get("type")) else {
        return Ok(None);
    };
    let nullable = match object.get("nullable") {
        None => true,
        Some(Value::Bool(nullable)) => *nullable,
        Some(_) => return Ok(None),
    };
    let mut metadata = match object.get("metadata") {
        None => Map::new(),
        Some(Value::Object(metadata)) => metadata.clone(),
        Some(_) => return Ok(None),
    };
    let known = ["name", "type", "nullable", "metadata"];
    if object.keys().any(|key| !known.contains(&key.as_str())) {
        return Ok(None);
    }
    let data_type = read(data_type)?;
    let data_type = match metadata.shift_remove(COLLATIONS) {
        Some(Value::Object(collations)) => with_collations(&data_type, name, &collations),
        _ => data_type,
    };
    Ok(Some(SparkField::new(name, data_type, nullable).with_metadata(&metadata)))
}

/// Puts the collations that a field's metadata names into the strings below that field.
fn with_collations(data_type: &SparkType, path: &str, collations: &Map<String, Value>) -> SparkType {
    match data_type {
        SparkType::String { collation: None } => {
            let named = collations.get(path).and_then(Value::as_str);
            let name = named.map(|named| named.split_once('.').map_or(named, |(_, name)| name));
            name.map_or(SparkType::STRING, SparkType::collated)
        }
        SparkType::Array { element, contains_null } => {
            SparkType::array(with_collations(element, &format!("{path}.element"), collations), *contains_null)
        }
        SparkType::Map { key, value, value_contains_null } => SparkType::map(
            with_collations(key, &format!("{path}.key"), collations),
            with_collations(value, &format!("{path}.value"), collations),
            *value_contains_null,
        ),
        _ => data_type.clone(),
    }
}

fn read_user_defined(object: &Map<String, Value>) -> SparkResult<Option<SparkType>> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    let Some(sql_type) = object.get("sqlType") else { return Ok(None) };
    let udt = UserDefinedType {
        jvm_class: text("class"),
        python_class: text("pyClass"),
        serialized_python_class: text("serializedClass"),
        sql_type: read(sql_type)?,
    };
    // A type is known by its JVM class, or by its Python class together with that class's pickle.
    let python_only = udt.python_class.is_some() && udt.serialized_python_class.is_some();
    if udt.jvm_class.is_none() && !python_only {
        return Ok(None);
    }
    Ok(Some(SparkType::UserDefined(Arc::new(udt))))
}

fn read_name(name: &str) -> SparkResult<SparkType> {
    Ok(match name {
        "null" | "void" => SparkType::Null,
        "boolean" => SparkType::Boolean,
        "byte" => SparkType::Byte,
        "short" => SparkType::Short,
        "integer" => SparkType::Integer,
        "long" => SparkType::Long,
        "float" => SparkType::Float,
        "double" => SparkType::Double,
        "decimal" => SparkType::DECIMAL_DEFAULT,
        "string" => SparkType::STRING,
        "binary" => SparkType::Binary,
        "date" => SparkType::Date,
        "timestamp" | "timestamp_ltz" => SparkType::Timestamp,
        "timestamp_ntz" => SparkType::TimestampNtz,
        "interval" => SparkType::CalendarInterval,
        "variant" => SparkType::Variant,
        _ => return read_parametric_name(name)?.ok_or_else(|| invalid(name)),
    })
}

fn read_parametric_name(name: &str) -> SparkResult<Option<SparkType>> {
    if let Some(collation) = name.strip_prefix("string collate ") {
        return Ok(Some(SparkType::collated(collation)));
    }
    if let Some(fields) = name.strip_prefix("interval ") {
        return Ok(read_interval(fields));
    }
    if name.starts_with("geometry") || name.starts_with("geography") {
        return read_geospatial(name).map(Some);
    }
    let Some((head, arguments)) = name.strip_suffix(')').and_then(|name| name.split_once('(')) else {
        return Ok(None);
    };
    let arguments: Option<Vec<i64>> = arguments.split(',').map(|part| part.trim().parse().ok()).collect();
    Ok(match (head, arguments.as_deref()) {
        ("decimal", Some([precision, scale])) => Some(read_decimal(*precision, *scale)?),
        ("char", Some([length])) => u32::try_from(*length).ok().map(SparkType::Char),
        ("varchar", Some([length])) => u32::try_from(*length).ok().map(SparkType::Varchar),
        ("time", Some([precision])) => u8::try_from(*precision)
            .ok()
            .filter(|precision| *precision <= MAX_TIME_PRECISION)
            .map(|precision| SparkType::Time { precision }),
        _ => None,
    })
}

/// `geometry(OGC:CRS84)`, `geography(OGC:CRS84, SPHERICAL)`
fn read_geospatial(name: &str) -> SparkResult<SparkType> {
    const DEFAULT: &str = "OGC:CRS84";
    let (kind, arguments) = name.split_once('(').unwrap_or((name, DEFAULT));
    let mut arguments = arguments.trim_end_matches(')').split(',').map(str::trim);
    let (system, algorithm) = (arguments.next().unwrap_or(DEFAULT), arguments.next());
    if let Some(algorithm) = algorithm
        && !algorithm.eq_ignore_ascii_case("SPHERICAL")
    {
        return Err(SparkError::new("ST_INVALID_ALGORITHM_VALUE").param("alg", algorithm));
    }
    let srid = of_name(system).ok_or_else(|| SparkError::new("ST_INVALID_CRS_VALUE").param("crs", system))?;
    match kind {
        "geometry" => Ok(SparkType::Geometry { srid }),
        _ => {
            srid.map_or(Ok(()), check_geography)?;
            Ok(SparkType::Geography { srid })
        }
    }
}

fn read_decimal(precision: i64, scale: i64) -> SparkResult<SparkType> {
    if scale < 0 {
        return Err(SparkError::new("NEGATIVE_SCALE_DISALLOWED")
            .param("scale", format!("'{scale}'"))
            .param("sqlConf", "\"spark.sql.legacy.allowNegativeScaleOfDecimal\""));
    }
    if scale > precision {
        return Err(SparkError::new("_LEGACY_ERROR_TEMP_1228")
            .param("scale", scale.to_string())
            .param("precision", precision.to_string())
            .with_kind(ErrorKind::Analysis));
    }
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(precision), Ok(scale)) if u32::from(precision) <= MAX_DECIMAL_PRECISION => {
            Ok(SparkType::decimal(precision, scale))
        }
        _ => Err(SparkError::new("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION")
            .param("precision", precision.to_string())
            .param("maxPrecision", MAX_DECIMAL_PRECISION.to_string())),
    }
}

fn read_interval(fields: &str) -> Option<SparkType> {
    let year_month = [YearMonthField::Year, YearMonthField::Month];
    let day_time = [DayTimeField::Day, DayTimeField::Hour, DayTimeField::Minute, DayTimeField::Second];
    let (start, end) = match fields.split_once(" to ") {
        Some((start, end)) if start != end => (start, end),
        Some(_) => return None,
        None => (fields, fields),
    };
    let year_month = |name: &str| year_month.into_iter().find(|field| field.name() == name);
    let day_time = |name: &str| day_time.into_iter().find(|field| field.name() == name);
    if let (Some(start), Some(end)) = (year_month(start), year_month(end)) {
        return (start <= end).then_some(SparkType::YearMonthInterval { start, end });
    }
    let (start, end) = (day_time(start)?, day_time(end)?);
    (start <= end).then_some(SparkType::DayTimeInterval { start, end })
}
