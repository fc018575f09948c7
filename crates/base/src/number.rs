//! Floating-point numbers as Spark spells them: the shortest digits that read back, laid out as on the JVM.

/// `1.0`, `1.0E20`, `NaN`, `-Infinity`.
pub fn java_double(value: f64) -> String {
    spell(value.is_nan(), value.is_infinite(), value.is_sign_negative(), value == 0.0, || format!("{:e}", value.abs()))
}

/// `1.0`, `1.0E20`, `NaN`, `-Infinity`.
pub fn java_float(value: f32) -> String {
    spell(value.is_nan(), value.is_infinite(), value.is_sign_negative(), value == 0.0, || format!("{:e}", value.abs()))
}

fn spell(nan: bool, infinite: bool, negative: bool, zero: bool, scientific: impl Fn() -> String) -> String {
    if nan {
        return "NaN".to_owned();
    }
    let sign = if negative { "-" } else { "" };
    if infinite {
        return format!("{sign}Infinity");
    }
    if zero {
        return format!("{sign}0.0");
    }
    let scientific = scientific();
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("{sign}{}", lay_out(&digits, exponent))
}

/// Digits with one of them before the point, times ten to the exponent: plain from 10⁻³ below 10⁷, else with `E`.
fn lay_out(digits: &str, exponent: i32) -> String {
    let or_zero = |text: &str| if text.is_empty() { "0".to_owned() } else { text.to_owned() };
    match exponent {
        0..=6 => {
            let whole = usize::try_from(exponent).unwrap_or(0) + 1;
            let padded = format!("{digits:0<whole$}");
            let (before, behind) = padded.split_at(whole);
            format!("{before}.{}", or_zero(behind))
        }
        -3..=-1 => {
            let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
            format!("0.{}{digits}", "0".repeat(zeros))
        }
        _ => {
            let (before, behind) = digits.split_at(1);
            format!("{before}.{}E{exponent}", or_zero(behind))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{java_double, java_float};

    #[test]
    fn layout_switches_at_the_jvms_bounds() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (123456.75, "123456.75"),
            (9999999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (1.5e20, "1.5E20"),
            (-12.5, "-12.5"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(java_double(value), expected);
        }
        assert_eq!(java_float(0.1), "0.1");
        assert_eq!(java_float(3.4e38), "3.4E38");
    }
}
