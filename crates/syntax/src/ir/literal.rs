//! Constant values with their Spark types.

use std::sync::Arc;

use firesteel_base::types::{DayTimeField, SparkType, YearMonthField};

/// A constant. Numbers keep the exact type that their spelling or the client gave them.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `NULL`, with the type a client may have given it ([`SparkType::Null`] otherwise).
    Null(SparkType),
    Boolean(bool),
    Byte(i8),
    Short(i16),
    Integer(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    /// `unscaled × 10^-scale`, with `precision` digits (at most 38).
    Decimal {
        unscaled: i128,
        precision: u8,
        scale: i8,
    },
    String(Arc<str>),
    Binary(Arc<[u8]>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since the epoch, UTC.
    Timestamp(i64),
    /// Microseconds of a wall clock.
    TimestampNtz(i64),
    /// Nanoseconds since midnight.
    Time {
        nanoseconds: i64,
        precision: u8,
    },
    /// Text of a typed datetime literal (`DATE '…'`, `TIMESTAMP '…'`, …) whose value depends on the session's zone
    /// or on the time of the query: the resolver turns it into a value.
    Datetime {
        kind: DatetimeKind,
        text: Arc<str>,
    },
    YearMonthInterval {
        months: i32,
        start: YearMonthField,
        end: YearMonthField,
    },
    DayTimeInterval {
        microseconds: i64,
        start: DayTimeField,
        end: DayTimeField,
    },
    CalendarInterval {
        months: i32,
        days: i32,
        microseconds: i64,
    },
    Array {
        element: SparkType,
        values: Vec<Literal>,
    },
    Map {
        key: SparkType,
        value: SparkType,
        keys: Vec<Literal>,
        values: Vec<Literal>,
    },
    Struct {
        fields: SparkType,
        values: Vec<Literal>,
    },
}

/// Which typed datetime literal a text stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatetimeKind {
    Date,
    /// `TIMESTAMP`: which of the two types it gives depends on the text and on `spark.sql.timestampType`.
    Timestamp,
    TimestampLtz,
    TimestampNtz,
    Time,
}
