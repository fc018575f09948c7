//! Spark's types to Arrow's and back: the carriers inside the engine, and those that clients receive.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields, IntervalUnit, TimeUnit};

use super::{SparkField, SparkSchema, SparkType};

impl SparkType {
    /// The Arrow type that carries this type inside the engine.
    ///
    /// Timestamps are in UTC whatever the session's zone. Strings may also arrive as `Utf8View` or `LargeUtf8`
    /// from files; kernels take all three.
    pub fn to_arrow(&self) -> DataType {
        self.to_arrow_with_zone("UTC")
    }

    /// The Arrow type that clients receive: as inside, with timestamps labelled with the session's zone.
    pub fn to_arrow_with_zone(&self, zone: &str) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Boolean => DataType::Boolean,
            Self::Byte => DataType::Int8,
            Self::Short => DataType::Int16,
            Self::Integer => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale),
            Self::String { .. } | Self::Char(_) | Self::Varchar(_) => DataType::Utf8,
            Self::Binary => DataType::Binary,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some(zone.into())),
            Self::TimestampNtz => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Time { .. } => DataType::Time64(TimeUnit::Nanosecond),
            Self::YearMonthInterval { .. } => DataType::Interval(IntervalUnit::YearMonth),
            Self::DayTimeInterval { .. } => DataType::Duration(TimeUnit::Microsecond),
            Self::CalendarInterval => DataType::Interval(IntervalUnit::MonthDayNano),
            Self::Array { element, contains_null } => {
                DataType::List(Arc::new(Field::new("element", element.to_arrow_with_zone(zone), *contains_null)))
            }
            Self::Map { key, value, value_contains_null } => {
                let entries = Fields::from(vec![
                    Field::new("key", key.to_arrow_with_zone(zone), false),
                    Field::new("value", value.to_arrow_with_zone(zone), *value_contains_null),
                ]);
                DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false)
            }
            Self::Struct(schema) => DataType::Struct(schema.to_arrow_fields(zone)),
            Self::Variant => DataType::Struct(Fields::from(vec![
                Field::new("value", DataType::Binary, false),
                Field::new("metadata", DataType::Binary, false),
            ])),
            Self::Geometry { .. } | Self::Geography { .. } => DataType::Struct(Fields::from(vec![
                Field::new("srid", DataType::Int32, false),
                Field::new("wkb", DataType::Binary, false),
            ])),
            Self::UserDefined(udt) => udt.sql_type.to_arrow_with_zone(zone),
        }
    }

    /// The Spark type of an Arrow type, as Spark reads Arrow and Parquet data; `None` where Spark has none.
    pub fn from_arrow(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean,
            DataType::Int8 => Self::Byte,
            DataType::Int16 | DataType::UInt8 => Self::Short,
            DataType::Int32 | DataType::UInt16 => Self::Integer,
            DataType::Int64 | DataType::UInt32 => Self::Long,
            DataType::UInt64 => Self::decimal(20, 0),
            DataType::Float16 | DataType::Float32 => Self::Float,
            DataType::Float64 => Self::Double,
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale) => Self::decimal(*precision, *scale),
            DataType::Decimal256(precision, scale) if *precision <= 38 => Self::decimal(*precision, *scale),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::STRING,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                Self::Binary
            }
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Timestamp(_, Some(_)) => Self::Timestamp,
            DataType::Timestamp(_, None) => Self::TimestampNtz,
            DataType::Time32(_) | DataType::Time64(_) => Self::Time { precision: 6 },
            DataType::Interval(IntervalUnit::YearMonth) => Self::YEAR_MONTH,
            DataType::Interval(IntervalUnit::MonthDayNano) => Self::CalendarInterval,
            DataType::Duration(_) => Self::DAY_TIME,
            DataType::List(field)
            | DataType::LargeList(field)
            | DataType::ListView(field)
            | DataType::LargeListView(field)
            | DataType::FixedSizeList(field, _) => {
                Self::array(Self::from_arrow(field.data_type())?, field.is_nullable())
            }
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(fields) => match fields.as_ref() {
                    [key, value] => Self::map(
                        Self::from_arrow(key.data_type())?,
                        Self::from_arrow(value.data_type())?,
                        value.is_nullable(),
                    ),
                    _ => return None,
                },
                _ => return None,
            },
            DataType::Struct(fields) => Self::Struct(SparkSchema::from_arrow_fields(fields)?),
            DataType::Dictionary(_, value) => Self::from_arrow(value)?,
            DataType::RunEndEncoded(_, values) => Self::from_arrow(values.data_type())?,
            _ => return None,
        })
    }
}

impl SparkSchema {
    /// Arrow fields under the same names, with timestamps labelled with `zone`.
    pub fn to_arrow_fields(&self, zone: &str) -> Fields {
        self.iter().map(|field| field.to_arrow(zone)).collect()
    }

    /// The Spark columns of Arrow fields; `None` where one has no Spark type.
    pub fn from_arrow_fields(fields: &Fields) -> Option<Self> {
        let fields: Option<Vec<_>> = fields.iter().map(|field| SparkField::from_arrow(field)).collect();
        Some(Self::new(fields?))
    }
}

impl SparkField {
    /// The Arrow field under the same name.
    pub fn to_arrow(&self, zone: &str) -> FieldRef {
        Arc::new(Field::new(&self.name, self.data_type.to_arrow_with_zone(zone), self.nullable))
    }

    /// The Spark column of an Arrow field; `None` where it has no Spark type.
    pub fn from_arrow(field: &Field) -> Option<Self> {
        Some(Self::new(field.name(), SparkType::from_arrow(field.data_type())?, field.is_nullable()))
    }
}
