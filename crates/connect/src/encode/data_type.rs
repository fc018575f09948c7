//! Spark's types as the protocol's messages.

use firesteel_base::types::{DayTimeField, SparkField, SparkSchema, SparkType, YearMonthField};
use spark_connect_proto as proto;
use spark_connect_proto::data_type::{self as message, Kind};

/// A schema as a struct type.
pub(crate) fn schema(schema: &SparkSchema) -> proto::DataType {
    of(Kind::Struct(structure(schema)))
}

/// A type.
pub(crate) fn data_type(data_type: &SparkType) -> proto::DataType {
    of(kind(data_type))
}

fn of(kind: Kind) -> proto::DataType {
    proto::DataType { kind: Some(kind) }
}

fn kind(data_type: &SparkType) -> Kind {
    match data_type {
        SparkType::Null => Kind::Null(message::Null::default()),
        SparkType::Boolean => Kind::Boolean(message::Boolean::default()),
        SparkType::Byte => Kind::Byte(message::Byte::default()),
        SparkType::Short => Kind::Short(message::Short::default()),
        SparkType::Integer => Kind::Integer(message::Integer::default()),
        SparkType::Long => Kind::Long(message::Long::default()),
        SparkType::Float => Kind::Float(message::Float::default()),
        SparkType::Double => Kind::Double(message::Double::default()),
        SparkType::Decimal { precision, scale } => Kind::Decimal(message::Decimal {
            scale: Some(i32::from(*scale)),
            precision: Some(i32::from(*precision)),
            type_variation_reference: 0,
        }),
        SparkType::String { collation } => Kind::String(message::String {
            type_variation_reference: 0,
            collation: collation.as_deref().unwrap_or_default().to_owned(),
        }),
        SparkType::Char(length) => {
            Kind::Char(message::Char { length: length_of(*length), type_variation_reference: 0 })
        }
        SparkType::Varchar(length) => {
            Kind::VarChar(message::VarChar { length: length_of(*length), type_variation_reference: 0 })
        }
        SparkType::Binary => Kind::Binary(message::Binary::default()),
        SparkType::Date => Kind::Date(message::Date::default()),
        SparkType::Timestamp => Kind::Timestamp(message::Timestamp::default()),
        SparkType::TimestampNtz => Kind::TimestampNtz(message::TimestampNtz::default()),
        SparkType::Time { precision } => {
            Kind::Time(message::Time { precision: Some(i32::from(*precision)), type_variation_reference: 0 })
        }
        SparkType::YearMonthInterval { start, end } => Kind::YearMonthInterval(message::YearMonthInterval {
            start_field: Some(year_month_field(*start)),
            end_field: Some(year_month_field(*end)),
            type_variation_reference: 0,
        }),
        SparkType::DayTimeInterval { start, end } => Kind::DayTimeInterval(message::DayTimeInterval {
            start_field: Some(day_time_field(*start)),
            end_field: Some(day_time_field(*end)),
            type_variation_reference: 0,
        }),
        SparkType::CalendarInterval => Kind::CalendarInterval(message::CalendarInterval::default()),
        SparkType::Array { element, contains_null } => Kind::Array(Box::new(message::Array {
            element_type: Some(Box::new(self::data_type(element))),
            contains_null: *contains_null,
            type_variation_reference: 0,
        })),
        SparkType::Map { key, value, value_contains_null } => Kind::Map(Box::new(message::Map {
            key_type: Some(Box::new(self::data_type(key))),
            value_type: Some(Box::new(self::data_type(value))),
            value_contains_null: *value_contains_null,
            type_variation_reference: 0,
        })),
        SparkType::Struct(schema) => Kind::Struct(structure(schema)),
        SparkType::Variant => Kind::Variant(message::Variant::default()),
        SparkType::Geometry { srid } => Kind::Geometry(geometry(*srid)),
        SparkType::Geography { srid } => Kind::Geography(geography(*srid)),
        SparkType::UserDefined(udt) => Kind::Udt(Box::new(message::Udt {
            r#type: "udt".to_owned(),
            jvm_class: udt.jvm_class.clone(),
            python_class: udt.python_class.clone(),
            serialized_python_class: udt.serialized_python_class.clone(),
            sql_type: Some(Box::new(self::data_type(&udt.sql_type))),
        })),
    }
}

fn geometry(srid: Option<i32>) -> message::Geometry {
    message::Geometry { srid: system(srid), type_variation_reference: 0 }
}

fn geography(srid: Option<i32>) -> message::Geography {
    message::Geography { srid: system(srid), type_variation_reference: 0 }
}

/// The number of a spatial reference system; -1 is any.
fn system(srid: Option<i32>) -> i32 {
    srid.unwrap_or(-1)
}

fn structure(schema: &SparkSchema) -> message::Struct {
    message::Struct { fields: schema.iter().map(field).collect(), type_variation_reference: 0 }
}

fn field(field: &SparkField) -> message::StructField {
    message::StructField {
        name: field.name.clone(),
        data_type: Some(data_type(&field.data_type)),
        nullable: field.nullable,
        metadata: field.metadata.as_deref().map(str::to_owned),
    }
}

fn length_of(length: u32) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

fn year_month_field(field: YearMonthField) -> i32 {
    match field {
        YearMonthField::Year => 0,
        YearMonthField::Month => 1,
    }
}

fn day_time_field(field: DayTimeField) -> i32 {
    match field {
        DayTimeField::Day => 0,
        DayTimeField::Hour => 1,
        DayTimeField::Minute => 2,
        DayTimeField::Second => 3,
    }
}
