//! A cast's types and mode as a short text, the constant that the cast kernel is told them by.
//!
//! Arrow's types do not tell all: which fields an interval has, or how many digits a time shows. The text is written and read by
//! the same version of the program only.

use firesteel_base::types::{DayTimeField, YearMonthField};
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use super::CastMode;

/// Mode, source and target.
pub(super) fn encode(from: &SparkType, to: &SparkType, mode: CastMode) -> String {
    let mut code = String::new();
    code.push(match mode {
        CastMode::Ansi => 'a',
        CastMode::Legacy => 'l',
        CastMode::Try => 't',
    });
    encode_type(from, &mut code);
    encode_type(to, &mut code);
    code
}

/// The inverse of [`encode`].
pub(super) fn decode(code: &str) -> SparkResult<(SparkType, SparkType, CastMode)> {
    let mut reader = Reader { rest: code };
    let decoded = (|| {
        let mode = match reader.letter()? {
            'a' => CastMode::Ansi,
            'l' => CastMode::Legacy,
            't' => CastMode::Try,
            _ => return None,
        };
        Some((reader.data_type()?, reader.data_type()?, mode))
    })();
    decoded.ok_or_else(|| SparkError::internal("a cast was called without its types"))
}

fn encode_type(data_type: &SparkType, code: &mut String) {
    use SparkType as T;
    let plain = match data_type {
        T::Null => "n",
        T::Boolean => "b",
        T::Byte => "1",
        T::Short => "2",
        T::Integer => "4",
        T::Long => "8",
        T::Float => "f",
        T::Double => "d",
        T::String { .. } | T::Char(_) | T::Varchar(_) => "s",
        T::Binary => "x",
        T::Date => "t",
        T::Timestamp => "T",
        T::TimestampNtz => "N",
        T::CalendarInterval => "I",
        T::Variant => "v",
        T::Geometry { srid } => return code.push_str(&format!("G{};", srid.unwrap_or(ANY_SYSTEM))),
        T::Geography { srid } => return code.push_str(&format!("H{};", srid.unwrap_or(ANY_SYSTEM))),
        T::UserDefined(udt) => return encode_type(&udt.sql_type, code),
        T::Decimal { precision, scale } => return code.push_str(&format!("D{precision},{scale};")),
        T::Time { precision } => return code.push_str(&format!("M{precision};")),
        T::YearMonthInterval { start, end } => {
            return code.push_str(&format!("Y{},{};", *start as u8, *end as u8));
        }
        T::DayTimeInterval { start, end } => return code.push_str(&format!("Z{},{};", *start as u8, *end as u8)),
        T::Array { element, contains_null } => {
            code.push_str(if *contains_null { "A?" } else { "A!" });
            return encode_type(element, code);
        }
        T::Map { key, value, value_contains_null } => {
            code.push_str(if *value_contains_null { "P?" } else { "P!" });
            encode_type(key, code);
            return encode_type(value, code);
        }
        T::Struct(fields) => {
            code.push_str(&format!("S{};", fields.len()));
            for field in fields.iter() {
                code.push_str(if field.nullable { "?" } else { "!" });
                code.push_str(&format!("{};{}", field.name.len(), field.name));
                encode_type(&field.data_type, code);
            }
            return;
        }
    };
    code.push_str(plain);
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn letter(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.rest = self.rest.get(letter.len_utf8()..)?;
        Some(letter)
    }

    fn nullable(&mut self) -> Option<bool> {
        Some(self.letter()? == '?')
    }

    /// A number and the sign that ends it.
    fn number(&mut self) -> Option<i64> {
        let end = self.rest.find([',', ';'])?;
        let number = self.rest.get(..end)?.parse().ok()?;
        self.rest = self.rest.get(end + 1..)?;
        Some(number)
    }

    fn data_type(&mut self) -> Option<SparkType> {
        use SparkType as T;
        Some(match self.letter()? {
            'n' => T::Null,
            'b' => T::Boolean,
            '1' => T::Byte,
            '2' => T::Short,
            '4' => T::Integer,
            '8' => T::Long,
            'f' => T::Float,
            'd' => T::Double,
            's' => T::STRING,
            'x' => T::Binary,
            't' => T::Date,
            'T' => T::Timestamp,
            'N' => T::TimestampNtz,
            'I' => T::CalendarInterval,
            'v' => T::Variant,
            'G' => T::Geometry { srid: system(self.number()?)? },
            'H' => T::Geography { srid: system(self.number()?)? },
            'D' => T::decimal(u8::try_from(self.number()?).ok()?, i8::try_from(self.number()?).ok()?),
            'M' => T::Time { precision: u8::try_from(self.number()?).ok()? },
            'Y' => T::YearMonthInterval { start: year_month(self.number()?)?, end: year_month(self.number()?)? },
            'Z' => T::DayTimeInterval { start: day_time(self.number()?)?, end: day_time(self.number()?)? },
            'A' => {
                let contains_null = self.nullable()?;
                T::array(self.data_type()?, contains_null)
            }
            'P' => {
                let contains_null = self.nullable()?;
                T::map(self.data_type()?, self.data_type()?, contains_null)
            }
            'S' => {
                let count = self.number()?;
                let fields: Option<Vec<_>> = (0..count).map(|_| self.field()).collect();
                T::Struct(SparkSchema::new(fields?))
            }
            _ => return None,
        })
    }

    fn field(&mut self) -> Option<SparkField> {
        let nullable = self.nullable()?;
        let length = usize::try_from(self.number()?).ok()?;
        let name = self.rest.get(..length)?.to_owned();
        self.rest = self.rest.get(length..)?;
        Some(SparkField::new(name, self.data_type()?, nullable))
    }
}

/// Stands for any spatial reference system.
const ANY_SYSTEM: i32 = -1;

fn system(number: i64) -> Option<Option<i32>> {
    let number = i32::try_from(number).ok()?;
    Some((number != ANY_SYSTEM).then_some(number))
}

fn year_month(number: i64) -> Option<YearMonthField> {
    match number {
        0 => Some(YearMonthField::Year),
        1 => Some(YearMonthField::Month),
        _ => None,
    }
}

fn day_time(number: i64) -> Option<DayTimeField> {
    match number {
        0 => Some(DayTimeField::Day),
        1 => Some(DayTimeField::Hour),
        2 => Some(DayTimeField::Minute),
        3 => Some(DayTimeField::Second),
        _ => None,
    }
}
