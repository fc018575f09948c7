//! Precision and scale of decimal results.

use firesteel_base::SparkType;

/// Most digits of a decimal.
const MAX_PRECISION: i32 = 38;
/// Digits behind the point that a result keeps at least, when something has to go.
const MINIMUM_ADJUSTED_SCALE: i32 = 6;

/// The decimal type that holds the values of a number type, as Spark chooses it; `None` for anything else.
pub fn decimal_for(data_type: &SparkType) -> Option<(u8, i8)> {
    match data_type {
        SparkType::Float => Some((14, 7)),
        SparkType::Double => Some((30, 15)),
        other => other.integral_as_decimal(),
    }
}

/// Whether every value of the number type `narrow` is one of the decimal type `wide`.
pub fn is_wider_decimal(wide: &SparkType, narrow: &SparkType) -> bool {
    let SparkType::Decimal { precision, scale } = wide else { return false };
    let Some((other_precision, other_scale)) = narrow.integral_as_decimal() else { return false };
    let digits = i32::from(*precision) - i32::from(*scale);
    digits >= i32::from(other_precision) - i32::from(other_scale) && *scale >= other_scale
}

fn decimal(precision: i32, scale: i32) -> SparkType {
    let precision = u8::try_from(precision.clamp(1, MAX_PRECISION)).unwrap_or(38);
    let scale = i8::try_from(scale.min(MAX_PRECISION)).unwrap_or(38);
    SparkType::Decimal { precision, scale }
}

/// Cuts precision and scale at 38, each by itself.
pub fn bounded_decimal(precision: i32, scale: i32) -> SparkType {
    decimal(precision.min(MAX_PRECISION), scale.min(MAX_PRECISION))
}

/// Makes a result fit into 38 digits by giving up digits behind the point, but at most down to 6.
pub fn adjusted_decimal(precision: i32, scale: i32) -> SparkType {
    if precision <= MAX_PRECISION {
        return decimal(precision, scale);
    }
    if scale < 0 {
        return decimal(MAX_PRECISION, scale);
    }
    let digits = precision - scale;
    let adjusted = (MAX_PRECISION - digits).max(scale.min(MINIMUM_ADJUSTED_SCALE));
    decimal(MAX_PRECISION, adjusted)
}

/// The decimal type for values of two others. Digits before the point are kept where not all fit.
pub fn wider_decimal(precision: u8, scale: i8, other_precision: u8, other_scale: i8) -> SparkType {
    let common_scale = i32::from(scale.max(other_scale));
    let digits = (i32::from(precision) - i32::from(scale)).max(i32::from(other_precision) - i32::from(other_scale));
    if digits + common_scale <= MAX_PRECISION {
        return decimal(digits + common_scale, common_scale);
    }
    decimal(MAX_PRECISION, (common_scale - (digits + common_scale - MAX_PRECISION)).max(0))
}
