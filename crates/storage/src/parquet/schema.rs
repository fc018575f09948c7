//! Parquet's types as Spark reads them.

use datafusion::parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as PhysicalType};
use datafusion::parquet::schema::types::Type;
use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

/// What a type is marked as, whether by the old marks or the new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    None,
    Text,
    Json,
    Bson,
    Enum,
    Date,
    Integer { bits: i8, signed: bool },
    Decimal { precision: i32, scale: i32 },
    Time { unit: Unit, utc: bool },
    Timestamp { unit: Unit, utc: bool },
    Uuid,
    Float16,
    Interval,
    List,
    Map,
    Variant,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Millis,
    Micros,
    Nanos,
}

impl From<&TimeUnit> for Unit {
    fn from(unit: &TimeUnit) -> Self {
        match unit {
            TimeUnit::MILLIS => Self::Millis,
            TimeUnit::MICROS => Self::Micros,
            TimeUnit::NANOS => Self::Nanos,
        }
    }
}

impl Mark {
    fn of(parquet: &Type) -> Self {
        let info = parquet.get_basic_info();
        match info.logical_type_ref() {
            Some(logical) => Self::of_logical(logical),
            None => Self::of_converted(info.converted_type(), parquet),
        }
    }

    fn of_logical(logical: &LogicalType) -> Self {
        match logical {
            LogicalType::String => Self::Text,
            LogicalType::Json => Self::Json,
            LogicalType::Bson => Self::Bson,
            LogicalType::Enum => Self::Enum,
            LogicalType::Date => Self::Date,
            LogicalType::Integer(integer) => Self::Integer { bits: integer.bit_width, signed: integer.is_signed },
            LogicalType::Decimal(decimal) => Self::Decimal { precision: decimal.precision, scale: decimal.scale },
            LogicalType::Time(time) => Self::Time { unit: (&time.unit).into(), utc: time.is_adjusted_to_u_t_c },
            LogicalType::Timestamp(timestamp) => {
                Self::Timestamp { unit: (&timestamp.unit).into(), utc: timestamp.is_adjusted_to_u_t_c }
            }
            LogicalType::Uuid => Self::Uuid,
            LogicalType::Float16 => Self::Float16,
            LogicalType::List => Self::List,
            LogicalType::Map => Self::Map,
            LogicalType::Variant(_) => Self::Variant,
            LogicalType::Unknown => Self::None,
            _ => Self::Other,
        }
    }

    fn of_converted(converted: ConvertedType, parquet: &Type) -> Self {
        let integer = |bits, signed| Self::Integer { bits, signed };
        match converted {
            ConvertedType::NONE => Self::None,
            ConvertedType::UTF8 => Self::Text,
            ConvertedType::JSON => Self::Json,
            ConvertedType::BSON => Self::Bson,
            ConvertedType::ENUM => Self::Enum,
            ConvertedType::DATE => Self::Date,
            ConvertedType::INT_8 => integer(8, true),
            ConvertedType::INT_16 => integer(16, true),
            ConvertedType::INT_32 => integer(32, true),
            ConvertedType::INT_64 => integer(64, true),
            ConvertedType::UINT_8 => integer(8, false),
            ConvertedType::UINT_16 => integer(16, false),
            ConvertedType::UINT_32 => integer(32, false),
            ConvertedType::UINT_64 => integer(64, false),
            ConvertedType::DECIMAL => match parquet {
                Type::PrimitiveType { precision, scale, .. } => Self::Decimal { precision: *precision, scale: *scale },
                Type::GroupType { .. } => Self::Other,
            },
            ConvertedType::TIME_MILLIS => Self::Time { unit: Unit::Millis, utc: true },
            ConvertedType::TIME_MICROS => Self::Time { unit: Unit::Micros, utc: true },
            ConvertedType::TIMESTAMP_MILLIS => Self::Timestamp { unit: Unit::Millis, utc: true },
            ConvertedType::TIMESTAMP_MICROS => Self::Timestamp { unit: Unit::Micros, utc: true },
            ConvertedType::INTERVAL => Self::Interval,
            ConvertedType::LIST => Self::List,
            ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE => Self::Map,
        }
    }

    /// The mark in Spark's messages.
    fn spelling(self) -> String {
        let unit_name = |unit| match unit {
            Unit::Millis => "MILLIS",
            Unit::Micros => "MICROS",
            Unit::Nanos => "NANOS",
        };
        match self {
            Self::None | Self::Other => String::new(),
            Self::Text => "STRING".to_owned(),
            Self::Json => "JSON".to_owned(),
            Self::Bson => "BSON".to_owned(),
            Self::Enum => "ENUM".to_owned(),
            Self::Date => "DATE".to_owned(),
            Self::Integer { bits, signed } => format!("INTEGER({bits},{signed})"),
            Self::Decimal { precision, scale } => format!("DECIMAL({precision},{scale})"),
            Self::Time { unit, utc } => format!("TIME({},{utc})", unit_name(unit)),
            Self::Timestamp { unit, utc } => format!("TIMESTAMP({},{utc})", unit_name(unit)),
            Self::Uuid => "UUID".to_owned(),
            Self::Float16 => "FLOAT16".to_owned(),
            Self::Interval => "INTERVAL".to_owned(),
            Self::List => "LIST".to_owned(),
            Self::Map => "MAP".to_owned(),
            Self::Variant => "VARIANT".to_owned(),
        }
    }
}

/// The columns of a file. Everything may be NULL, as Spark treats files.
pub(super) fn spark_schema(root: &Type, binary_as_string: bool) -> SparkResult<SparkSchema> {
    let fields = root.get_fields().iter().map(|field| spark_field(field, binary_as_string));
    Ok(SparkSchema::new(fields.collect::<SparkResult<Vec<_>>>()?))
}

fn spark_field(parquet: &Type, binary_as_string: bool) -> SparkResult<SparkField> {
    let mut data_type = spark_type(parquet, binary_as_string)?;
    let info = parquet.get_basic_info();
    if info.has_repetition() && info.repetition() == Repetition::REPEATED {
        data_type = SparkType::array(data_type, true);
    }
    Ok(SparkField::new(parquet.name(), data_type, true))
}

/// The type of one value, whatever its repetition.
fn spark_type(parquet: &Type, binary_as_string: bool) -> SparkResult<SparkType> {
    let mark = Mark::of(parquet);
    match parquet {
        Type::PrimitiveType { physical_type, .. } => primitive(*physical_type, mark, binary_as_string),
        Type::GroupType { fields, .. } => match mark {
            Mark::List => list(parquet, binary_as_string),
            Mark::Map => map(parquet, binary_as_string),
            Mark::Variant => Ok(SparkType::Variant),
            Mark::None => {
                let fields = fields.iter().map(|field| spark_field(field, binary_as_string));
                Ok(SparkType::Struct(SparkSchema::new(fields.collect::<SparkResult<Vec<_>>>()?)))
            }
            _ => Err(SparkError::new("PARQUET_TYPE_NOT_RECOGNIZED").param("field", parquet.name())),
        },
    }
}

fn primitive(physical: PhysicalType, mark: Mark, binary_as_string: bool) -> SparkResult<SparkType> {
    let illegal = || Err(illegal_type(physical, mark));
    match (physical, mark) {
        (PhysicalType::BOOLEAN, _) => Ok(SparkType::Boolean),
        (PhysicalType::FLOAT, _) => Ok(SparkType::Float),
        (PhysicalType::DOUBLE, _) => Ok(SparkType::Double),
        (PhysicalType::INT96, _) => Ok(SparkType::Timestamp),
        (
            PhysicalType::INT32 | PhysicalType::INT64 | PhysicalType::BYTE_ARRAY | PhysicalType::FIXED_LEN_BYTE_ARRAY,
            Mark::Decimal { precision, scale },
        ) => decimal(precision, scale),
        (PhysicalType::INT32, mark) => match mark {
            Mark::None | Mark::Integer { bits: 32, signed: true } | Mark::Integer { bits: 16, signed: false } => {
                Ok(SparkType::Integer)
            }
            Mark::Integer { bits: 8, signed: true } => Ok(SparkType::Byte),
            Mark::Integer { bits: 16, signed: true } | Mark::Integer { bits: 8, signed: false } => Ok(SparkType::Short),
            Mark::Integer { bits: 32, signed: false } => Ok(SparkType::Long),
            Mark::Date => Ok(SparkType::Date),
            _ => illegal(),
        },
        (PhysicalType::INT64, mark) => match mark {
            Mark::None | Mark::Integer { bits: 64, signed: true } => Ok(SparkType::Long),
            Mark::Integer { bits: 64, signed: false } => Ok(SparkType::decimal(20, 0)),
            Mark::Timestamp { unit: Unit::Millis | Unit::Micros, utc: true } => Ok(SparkType::Timestamp),
            Mark::Timestamp { unit: Unit::Millis | Unit::Micros, utc: false } => Ok(SparkType::TimestampNtz),
            Mark::Time { unit: Unit::Micros, utc: false } => Err(SparkError::new("UNSUPPORTED_TIME_TYPE")),
            _ => illegal(),
        },
        (PhysicalType::BYTE_ARRAY, mark) => match mark {
            Mark::Text | Mark::Enum | Mark::Json => Ok(SparkType::STRING),
            Mark::None if binary_as_string => Ok(SparkType::STRING),
            Mark::None | Mark::Bson => Ok(SparkType::Binary),
            _ => illegal(),
        },
        (PhysicalType::FIXED_LEN_BYTE_ARRAY, mark) => match mark {
            Mark::None => Ok(SparkType::Binary),
            _ => illegal(),
        },
    }
}

fn decimal(precision: i32, scale: i32) -> SparkResult<SparkType> {
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(precision), Ok(scale)) if precision <= 38 => Ok(SparkType::decimal(precision, scale)),
        _ => Err(SparkError::new("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION")
            .param("precision", precision.to_string())
            .param("maxPrecision", "38")
            .with_kind(ErrorKind::Arithmetic)),
    }
}

fn illegal_type(physical: PhysicalType, mark: Mark) -> SparkError {
    let physical = match physical {
        PhysicalType::BYTE_ARRAY => "BINARY".to_owned(),
        other => other.to_string(),
    };
    let mark = mark.spelling();
    let parquet_type = if mark.is_empty() { physical } else { format!("{physical} ({mark})") };
    SparkError::new("PARQUET_TYPE_ILLEGAL").param("parquetType", parquet_type)
}

/// A group marked as a list: of three levels, or of two as older writers made them.
fn list(parquet: &Type, binary_as_string: bool) -> SparkResult<SparkType> {
    let not_a_list = || SparkError::new("PARQUET_TYPE_NOT_RECOGNIZED").param("field", parquet.name());
    let [repeated] = parquet.get_fields() else { return Err(not_a_list()) };
    let is_element = match repeated.as_ref() {
        Type::PrimitiveType { .. } => true,
        Type::GroupType { fields, .. } => {
            fields.len() > 1 || repeated.name() == "array" || repeated.name() == format!("{}_tuple", parquet.name())
        }
    };
    let element = if is_element {
        spark_type(repeated, binary_as_string)?
    } else {
        let [element] = repeated.get_fields() else { return Err(not_a_list()) };
        spark_field(element, binary_as_string)?.data_type
    };
    Ok(SparkType::array(element, true))
}

fn map(parquet: &Type, binary_as_string: bool) -> SparkResult<SparkType> {
    let [entries] = parquet.get_fields() else {
        return Err(SparkError::new("PARQUET_TYPE_NOT_RECOGNIZED").param("field", parquet.name()));
    };
    match entries.as_ref() {
        Type::GroupType { fields, .. } => match fields.as_slice() {
            [key, value] => Ok(SparkType::map(
                spark_field(key, binary_as_string)?.data_type,
                spark_field(value, binary_as_string)?.data_type,
                true,
            )),
            _ => Err(SparkError::new("PARQUET_TYPE_NOT_RECOGNIZED").param("field", parquet.name())),
        },
        Type::PrimitiveType { .. } => {
            Err(SparkError::new("PARQUET_TYPE_NOT_RECOGNIZED").param("field", parquet.name()))
        }
    }
}
