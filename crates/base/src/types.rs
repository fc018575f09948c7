//! Spark's data types: what plans, functions and clients speak of. Arrow's types are only their carriers.

mod arrow;
mod json;
mod spelling;
mod tree;

use std::sync::Arc;

pub use spelling::MAX_TO_STRING_FIELDS;

/// A data type of Spark 4.2.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SparkType {
    /// The type of `NULL`; spelled `void`.
    Null,
    Boolean,
    /// 8 bits.
    Byte,
    /// 16 bits.
    Short,
    /// 32 bits.
    Integer,
    /// 64 bits.
    Long,
    Float,
    Double,
    /// `precision` 1..=38 digits, `scale` 0..=precision of them behind the point (Spark also knows negative scales).
    Decimal {
        precision: u8,
        scale: i8,
    },
    /// Text; `collation` is `None` for `UTF8_BINARY`.
    String {
        collation: Option<Arc<str>>,
    },
    /// Fixed length, padded with blanks.
    Char(u32),
    /// Bounded length.
    Varchar(u32),
    Binary,
    /// Days since 1970-01-01 in the proleptic Gregorian calendar.
    Date,
    /// Microseconds since 1970-01-01T00:00Z; shown in the session's time zone.
    Timestamp,
    /// Microseconds of a wall clock.
    TimestampNtz,
    /// Time of day, with 0..=6 digits behind the second.
    Time {
        precision: u8,
    },
    YearMonthInterval {
        start: YearMonthField,
        end: YearMonthField,
    },
    DayTimeInterval {
        start: DayTimeField,
        end: DayTimeField,
    },
    /// A shape in the plane of a spatial reference system; `None` if each value says which.
    Geometry {
        srid: Option<i32>,
    },
    /// A shape on the earth.
    Geography {
        srid: Option<i32>,
    },
    /// Months, days and microseconds: `interval`.
    CalendarInterval,
    Array {
        element: Arc<SparkType>,
        contains_null: bool,
    },
    Map {
        key: Arc<SparkType>,
        value: Arc<SparkType>,
        value_contains_null: bool,
    },
    Struct(SparkSchema),
    Variant,
    /// A user-defined type of the client: kept as its description, stored as `sql_type`.
    UserDefined(Arc<UserDefinedType>),
}

/// Unit of a year-month interval's boundary, largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum YearMonthField {
    Year,
    Month,
}

/// Unit of a day-time interval's boundary, largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DayTimeField {
    Day,
    Hour,
    Minute,
    Second,
}

/// A user-defined type, as the client describes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserDefinedType {
    pub jvm_class: Option<String>,
    pub python_class: Option<String>,
    pub serialized_python_class: Option<String>,
    pub sql_type: SparkType,
}

/// A named, typed column of a struct or of a result.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SparkField {
    pub name: String,
    pub data_type: SparkType,
    pub nullable: bool,
    /// JSON object text, as the client gave it; `None` when empty.
    pub metadata: Option<Arc<str>>,
}

/// The fields of a struct, or the columns of a relation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SparkSchema {
    pub fields: Arc<[SparkField]>,
}

impl SparkField {
    pub fn new(name: impl Into<String>, data_type: SparkType, nullable: bool) -> Self {
        Self { name: name.into(), data_type, nullable, metadata: None }
    }
}

impl SparkSchema {
    pub fn new(fields: impl Into<Arc<[SparkField]>>) -> Self {
        Self { fields: fields.into() }
    }

    pub fn len(&self) -> usize {
        self.fields.len()
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, SparkField> {
        self.fields.iter()
    }
}

impl SparkType {
    /// Text in the default collation.
    pub const STRING: Self = Self::String { collation: None };
    /// `DECIMAL`, which is `DECIMAL(10,0)`.
    pub const DECIMAL_DEFAULT: Self = Self::Decimal { precision: 10, scale: 0 };
    pub const YEAR_MONTH: Self = Self::YearMonthInterval { start: YearMonthField::Year, end: YearMonthField::Month };
    pub const DAY_TIME: Self = Self::DayTimeInterval { start: DayTimeField::Day, end: DayTimeField::Second };

    pub fn decimal(precision: u8, scale: i8) -> Self {
        Self::Decimal { precision, scale }
    }

    pub fn array(element: Self, contains_null: bool) -> Self {
        Self::Array { element: Arc::new(element), contains_null }
    }

    pub fn map(key: Self, value: Self, value_contains_null: bool) -> Self {
        Self::Map { key: Arc::new(key), value: Arc::new(value), value_contains_null }
    }

    pub fn is_integral(&self) -> bool {
        matches!(self, Self::Byte | Self::Short | Self::Integer | Self::Long)
    }

    pub fn is_numeric(&self) -> bool {
        self.is_integral() || matches!(self, Self::Float | Self::Double | Self::Decimal { .. })
    }

    /// String, char or varchar.
    pub fn is_string(&self) -> bool {
        matches!(self, Self::String { .. } | Self::Char(_) | Self::Varchar(_))
    }

    /// Date or either timestamp.
    pub fn is_datetime(&self) -> bool {
        matches!(self, Self::Date | Self::Timestamp | Self::TimestampNtz)
    }

    /// Year-month, day-time or calendar interval.
    pub fn is_interval(&self) -> bool {
        matches!(self, Self::YearMonthInterval { .. } | Self::DayTimeInterval { .. } | Self::CalendarInterval)
    }

    /// Collections, structs, variants and shapes: values that have no text of their own.
    pub fn is_nested(&self) -> bool {
        matches!(
            self,
            Self::Array { .. }
                | Self::Map { .. }
                | Self::Struct(_)
                | Self::Variant
                | Self::Geometry { .. }
                | Self::Geography { .. }
        )
    }

    /// The decimal type that holds every value of an integral type, as Spark's `DecimalType.forType` does.
    pub fn integral_as_decimal(&self) -> Option<(u8, i8)> {
        match self {
            Self::Byte => Some((3, 0)),
            Self::Short => Some((5, 0)),
            Self::Integer => Some((10, 0)),
            Self::Long => Some((20, 0)),
            Self::Decimal { precision, scale } => Some((*precision, *scale)),
            _ => None,
        }
    }
}
