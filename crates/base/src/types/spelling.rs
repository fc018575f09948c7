//! How Spark spells its types: the simple string of plans, the catalog's full string, SQL, and the bare type name.

use std::fmt::Write;

use super::{DayTimeField, SparkField, SparkSchema, SparkType, UserDefinedType, YearMonthField};
use crate::error::quoting::single_quoted;
use crate::identifier::quote_if_needed;

/// Fields of a struct that [`SparkType::simple_string`] shows: the default of `spark.sql.debug.maxToStringFields`.
pub const MAX_TO_STRING_FIELDS: usize = 25;

impl YearMonthField {
    /// `year` or `month`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
        }
    }
}

impl DayTimeField {
    /// `day`, `hour`, `minute` or `second`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
        }
    }
}

fn system(srid: Option<i32>) -> String {
    srid.map_or_else(|| "any".to_owned(), |srid| srid.to_string())
}

fn interval_name(start: &str, end: &str) -> String {
    if start == end { format!("interval {start}") } else { format!("interval {start} to {end}") }
}

impl SparkType {
    /// The short spelling (`bigint`, `array<int>`), with wide structs cut after the default number of fields.
    pub fn simple_string(&self) -> String {
        self.simple_string_with(MAX_TO_STRING_FIELDS)
    }

    /// The short spelling, with structs cut after `max_fields` fields.
    pub fn simple_string_with(&self, max_fields: usize) -> String {
        match self {
            Self::Array { element, .. } => format!("array<{}>", element.simple_string_with(max_fields)),
            Self::Map { key, value, .. } => {
                format!("map<{},{}>", key.simple_string_with(max_fields), value.simple_string_with(max_fields))
            }
            Self::Struct(schema) => schema.simple_string_with(max_fields),
            Self::UserDefined(udt) => udt.type_name(),
            _ => self.atomic_simple_string(),
        }
    }

    /// The short spelling without cuts: what catalogs store. User-defined types appear as what they are stored as.
    pub fn catalog_string(&self) -> String {
        match self {
            Self::Array { element, .. } => format!("array<{}>", element.catalog_string()),
            Self::Map { key, value, .. } => format!("map<{},{}>", key.catalog_string(), value.catalog_string()),
            Self::Struct(schema) => schema.catalog_string(),
            Self::UserDefined(udt) => udt.sql_type.catalog_string(),
            _ => self.atomic_simple_string(),
        }
    }

    /// The spelling that Spark's SQL parser reads back: `BIGINT`, `STRUCT<a: INT NOT NULL>`.
    pub fn sql(&self) -> String {
        match self {
            Self::Array { element, .. } => format!("ARRAY<{}>", element.sql()),
            Self::Map { key, value, .. } => format!("MAP<{}, {}>", key.sql(), value.sql()),
            Self::Struct(schema) => {
                let fields: Vec<_> = schema.iter().map(SparkField::sql).collect();
                format!("STRUCT<{}>", fields.join(", "))
            }
            Self::UserDefined(udt) => udt.sql_type.sql(),
            _ => self.atomic_simple_string().to_uppercase(),
        }
    }

    /// The name in trees and JSON: `long`, `array`, `decimal(10,2)`.
    pub fn type_name(&self) -> String {
        match self {
            Self::Byte => "byte".to_owned(),
            Self::Short => "short".to_owned(),
            Self::Integer => "integer".to_owned(),
            Self::Long => "long".to_owned(),
            Self::Array { .. } => "array".to_owned(),
            Self::Map { .. } => "map".to_owned(),
            Self::Struct(_) => "struct".to_owned(),
            Self::UserDefined(udt) => udt.type_name(),
            _ => self.atomic_simple_string(),
        }
    }

    /// Spark's guess of a value's size in bytes, as its statistics use it.
    pub fn default_size(&self) -> u64 {
        match self {
            Self::Null | Self::Boolean | Self::Byte => 1,
            Self::Short => 2,
            Self::Integer | Self::Float | Self::Date | Self::YearMonthInterval { .. } => 4,
            Self::Long
            | Self::Double
            | Self::Timestamp
            | Self::TimestampNtz
            | Self::Time { .. }
            | Self::DayTimeInterval { .. } => 8,
            Self::Decimal { precision, .. } => {
                if *precision <= 18 {
                    8
                } else {
                    16
                }
            }
            Self::String { .. } => 20,
            Self::Char(length) | Self::Varchar(length) => u64::from(*length),
            Self::Binary => 100,
            Self::CalendarInterval => 16,
            Self::Variant | Self::Geometry { .. } | Self::Geography { .. } => 2048,
            Self::Array { element, .. } => element.default_size(),
            Self::Map { key, value, .. } => key.default_size().saturating_add(value.default_size()),
            Self::Struct(schema) => {
                schema.iter().fold(0, |sum: u64, field| sum.saturating_add(field.data_type.default_size()))
            }
            Self::UserDefined(udt) => udt.sql_type.default_size(),
        }
    }

    /// The short spelling of a type that holds no other type; of others only the outer name.
    fn atomic_simple_string(&self) -> String {
        let name = match self {
            Self::Null => "void",
            Self::Boolean => "boolean",
            Self::Byte => "tinyint",
            Self::Short => "smallint",
            Self::Integer => "int",
            Self::Long => "bigint",
            Self::Float => "float",
            Self::Double => "double",
            Self::Decimal { precision, scale } => return format!("decimal({precision},{scale})"),
            Self::String { collation: None } => "string",
            Self::String { collation: Some(collation) } => return format!("string collate {collation}"),
            Self::Char(length) => return format!("char({length})"),
            Self::Varchar(length) => return format!("varchar({length})"),
            Self::Binary => "binary",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::TimestampNtz => "timestamp_ntz",
            Self::Time { precision } => return format!("time({precision})"),
            Self::YearMonthInterval { start, end } => return interval_name(start.name(), end.name()),
            Self::DayTimeInterval { start, end } => return interval_name(start.name(), end.name()),
            Self::CalendarInterval => "interval",
            Self::Variant => "variant",
            Self::Geometry { srid } => return format!("geometry({})", system(*srid)),
            Self::Geography { srid } => return format!("geography({})", system(*srid)),
            Self::Array { .. } => "array",
            Self::Map { .. } => "map",
            Self::Struct(_) => "struct",
            Self::UserDefined(udt) => return udt.type_name(),
        };
        name.to_owned()
    }
}

impl UserDefinedType {
    /// `pythonuserdefined`, or the JVM class's own name in lower case without the endings `Type` and `UDT`.
    pub fn type_name(&self) -> String {
        let Some(class) = &self.jvm_class else { return "pythonuserdefined".to_owned() };
        let name = class.rsplit(['.', '$']).find(|part| !part.is_empty()).unwrap_or(class);
        let name = name.strip_suffix("Type").unwrap_or(name);
        name.strip_suffix("UDT").unwrap_or(name).to_lowercase()
    }
}

impl SparkField {
    /// The field inside a struct's SQL: `a: INT NOT NULL COMMENT 'x'`.
    pub fn sql(&self) -> String {
        let mut text = format!("{}: {}", quote_if_needed(&self.name), self.data_type.sql());
        self.write_not_null(&mut text);
        self.write_comment(&mut text);
        text
    }

    /// The field as a column definition: `a INT NOT NULL DEFAULT 5 COMMENT 'x'`.
    pub fn to_ddl(&self) -> String {
        let mut text = format!("{} {}", quote_if_needed(&self.name), self.data_type.sql());
        self.write_not_null(&mut text);
        if let Some(default) = self.metadata_string("CURRENT_DEFAULT") {
            // Writing to a String cannot fail, here and below.
            let _ = write!(text, " DEFAULT {default}");
        }
        self.write_comment(&mut text);
        text
    }

    fn write_not_null(&self, text: &mut String) {
        if !self.nullable {
            text.push_str(" NOT NULL");
        }
    }

    fn write_comment(&self, text: &mut String) {
        if let Some(comment) = self.comment() {
            let _ = write!(text, " COMMENT {}", single_quoted(&comment));
        }
    }
}

impl SparkSchema {
    /// `struct<a:int,b:string>`, cut after the default number of fields.
    pub fn simple_string(&self) -> String {
        self.simple_string_with(MAX_TO_STRING_FIELDS)
    }

    /// `struct<a:int,... 3 more fields>`, cut after `max_fields` fields.
    pub fn simple_string_with(&self, max_fields: usize) -> String {
        let mut parts: Vec<_> = self
            .iter()
            .take(max_fields)
            .map(|field| format!("{}:{}", field.name, field.data_type.simple_string_with(max_fields)))
            .collect();
        if self.len() > max_fields {
            parts.push(format!("... {} more fields", self.len() - max_fields));
        }
        format!("struct<{}>", parts.join(","))
    }

    /// `struct<a:int,b:string>` in full.
    pub fn catalog_string(&self) -> String {
        let parts: Vec<_> =
            self.iter().map(|field| format!("{}:{}", field.name, field.data_type.catalog_string())).collect();
        format!("struct<{}>", parts.join(","))
    }

    /// The column definitions, separated by commas.
    pub fn to_ddl(&self) -> String {
        let parts: Vec<_> = self.iter().map(SparkField::to_ddl).collect();
        parts.join(",")
    }
}
