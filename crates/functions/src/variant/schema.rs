//! What is in a variant, as `schema_of_variant` tells it.

use std::fmt::Write;

use firesteel_base::SparkType;

use super::binary::Value;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Schema {
    Void,
    Plain(SparkType),
    Array(Box<Schema>),
    /// In the order of the names.
    Object(Vec<(String, Schema)>),
    /// Values that have no type in common.
    Variant,
}

pub(super) fn schema_of(value: &Value) -> Schema {
    match value {
        Value::Null => Schema::Void,
        Value::Boolean(_) => Schema::Plain(SparkType::Boolean),
        Value::Long(_) => Schema::Plain(SparkType::Long),
        Value::Double(_) => Schema::Plain(SparkType::Double),
        Value::Float(_) => Schema::Plain(SparkType::Float),
        Value::Decimal(unscaled, scale) => {
            let digits = unscaled.unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
            let precision = u8::try_from(digits).unwrap_or(38).max(*scale);
            Schema::Plain(SparkType::decimal(precision, i8::try_from(*scale).unwrap_or(0)))
        }
        Value::Date(_) => Schema::Plain(SparkType::Date),
        Value::Timestamp(_) => Schema::Plain(SparkType::Timestamp),
        Value::TimestampNtz(_) => Schema::Plain(SparkType::TimestampNtz),
        Value::Binary(_) => Schema::Plain(SparkType::Binary),
        Value::Text(_) | Value::Uuid(_) => Schema::Plain(SparkType::STRING),
        Value::Array(items) => {
            let element = items.iter().fold(Schema::Void, |merged, item| merge(merged, schema_of(item)));
            Schema::Array(Box::new(element))
        }
        Value::Object(fields) => {
            Schema::Object(fields.iter().map(|(name, value)| (name.clone(), schema_of(value))).collect())
        }
    }
}

/// What values of both have in common.
pub(super) fn merge(left: Schema, right: Schema) -> Schema {
    use SparkType::{Decimal, Double, Float, Long};
    match (left, right) {
        (left, right) if left == right => left,
        (Schema::Void, other) | (other, Schema::Void) => other,
        (Schema::Array(left), Schema::Array(right)) => Schema::Array(Box::new(merge(*left, *right))),
        (Schema::Object(mut fields), Schema::Object(others)) => {
            for (name, other) in others {
                match fields.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, own)) => *own = merge(std::mem::replace(own, Schema::Void), other),
                    None => fields.push((name, other)),
                }
            }
            fields.sort_by(|(left, _), (right, _)| left.cmp(right));
            Schema::Object(fields)
        }
        (Schema::Plain(left), Schema::Plain(right)) => match (left, right) {
            (Long | Float | Decimal { .. }, Double) | (Double, Long | Float | Decimal { .. }) => Schema::Plain(Double),
            (Float, Long | Decimal { .. }) | (Long | Decimal { .. }, Float) => Schema::Plain(Double),
            (Long, Decimal { precision, scale }) | (Decimal { precision, scale }, Long) => {
                wider((20, 0), (precision, scale))
            }
            (Decimal { precision, scale }, Decimal { precision: other, scale: other_scale }) => {
                wider((precision, scale), (other, other_scale))
            }
            _ => Schema::Variant,
        },
        _ => Schema::Variant,
    }
}

fn wider((precision, scale): (u8, i8), (other, other_scale): (u8, i8)) -> Schema {
    let common = scale.max(other_scale);
    let whole = (i32::from(precision) - i32::from(scale)).max(i32::from(other) - i32::from(other_scale));
    match u8::try_from(whole + i32::from(common)) {
        Ok(precision) if precision <= 38 => Schema::Plain(SparkType::decimal(precision, common)),
        Ok(_) | Err(_) => Schema::Plain(SparkType::Double),
    }
}

impl Schema {
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Void => out.push_str("VOID"),
            Self::Variant => out.push_str("VARIANT"),
            Self::Plain(data_type) => out.push_str(&data_type.sql()),
            Self::Array(element) => {
                out.push_str("ARRAY<");
                element.write(out);
                out.push('>');
            }
            Self::Object(fields) => {
                out.push_str("OBJECT<");
                for (index, (name, field)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                    let is_plain =
                        is_plain && !name.is_empty() && !name.starts_with(|first: char| first.is_ascii_digit());
                    // Writing to a String cannot fail.
                    let _ = match is_plain {
                        true => write!(out, "{name}: "),
                        false => write!(out, "`{}`: ", name.replace('`', "``")),
                    };
                    field.write(out);
                }
                out.push('>');
            }
        }
    }
}
