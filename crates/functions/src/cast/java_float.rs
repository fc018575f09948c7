//! The digits that Java 17 prints of a floating-point number.
//!
//! They are not always the shortest ones: whole numbers beyond the precision of the type keep digits that are certain
//! as a whole number, and where the interval of numbers that read back ends exactly on a short one, a longer one is taken.
//! Very large and very small numbers, for which 128 bits do not suffice, get the shortest digits.

/// Decimal digits, and the power of ten of the first.
pub(super) struct Digits {
    pub digits: Vec<u8>,
    pub exponent: i32,
}

/// The digits of a positive, finite double.
pub(super) fn of_double(value: f64) -> Digits {
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    let normal = Binary::new(fraction, exponent, 52, 1023);
    normal.digits().unwrap_or_else(|| shortest(&format!("{value:e}"), || format!("{value:.1e}")))
}

/// The digits of a positive, finite float.
pub(super) fn of_float(value: f32) -> Digits {
    let bits = value.to_bits();
    let fraction = u64::from(bits & ((1 << 23) - 1));
    let exponent = i32::try_from(bits >> 23 & 0xff).unwrap_or(0);
    let mut normal = Binary::new(fraction, exponent, 23, 127);
    normal.fraction <<= 52 - 23;
    normal.digits().unwrap_or_else(|| shortest(&format!("{value:e}"), || format!("{value:.1e}")))
}

/// From Rust's shortest digits; of one digit Java makes two, the nearest two.
fn shortest(scientific: &str, two_digits: impl FnOnce() -> String) -> Digits {
    let text = if scientific.contains('.') { scientific.to_owned() } else { two_digits() };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    Digits { digits, exponent: exponent.parse().unwrap_or(0) }.trimmed()
}

impl Digits {
    fn trimmed(mut self) -> Self {
        while self.digits.len() > 1 && self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        self
    }

    /// Adds one to the last digit.
    fn round_up(&mut self) {
        for digit in self.digits.iter_mut().rev() {
            if *digit < 9 {
                *digit += 1;
                return;
            }
            *digit = 0;
        }
        if let Some(first) = self.digits.first_mut() {
            *first = 1;
        }
        self.exponent += 1;
    }
}

/// 1.fraction times two to the exponent, the leading bit of the fraction at bit 52.
#[derive(Clone, Copy)]
struct Binary {
    fraction: u64,
    exponent: i32,
    /// Bits that the type keeps of the number.
    significant: i32,
}

/// The numerators over which digits are drawn: the number is `value / unit`, and `margin / unit` is how far off it may be.
struct Ratio {
    value: u128,
    unit: u128,
    margin: u128,
    /// Java computes in 64 bits, and then a digit that would end exactly on the margin is not the last.
    is_small: bool,
}

impl Binary {
    fn new(fraction: u64, exponent: i32, width: i32, bias: i32) -> Self {
        if exponent == 0 {
            // Subnormal: the leading bit is moved up.
            let length = 64 - i32::try_from(fraction.leading_zeros()).unwrap_or(0);
            let shift = width + 1 - length;
            return Self {
                fraction: fraction << shift.unsigned_abs(),
                exponent: 1 - shift - bias,
                significant: length,
            };
        }
        Self { fraction: fraction | 1 << width, exponent: exponent - bias, significant: width + 1 }
    }

    /// `None` where the numbers grow beyond 128 bits.
    fn digits(self) -> Option<Digits> {
        let tail = i32::try_from(self.fraction.trailing_zeros()).ok()?;
        let length = 53 - tail;
        let behind_point = (length - self.exponent - 1).max(0);
        if behind_point == 0 && (0..=62).contains(&self.exponent) {
            return Some(self.whole());
        }
        let exponent = self.estimated_exponent();
        let ratio = self.ratio(exponent, tail, length, behind_point)?;
        draw(ratio, exponent)
    }

    /// A whole number of at most 63 bits: digits that the type cannot tell apart are rounded off.
    fn whole(self) -> Digits {
        let value = if self.exponent >= 52 {
            self.fraction << (self.exponent - 52).unsigned_abs()
        } else {
            self.fraction >> (52 - self.exponent).unsigned_abs()
        };
        let uncertain = self.exponent - self.significant - 1;
        let dropped = if uncertain > 1 { (f64::from(uncertain) * std::f64::consts::LOG10_2) as u32 } else { 0 };
        let power = 10_u64.pow(dropped);
        let rounded = value / power + u64::from(dropped > 0 && value % power >= power / 2);
        let digits: Vec<u8> = rounded.to_string().bytes().map(|digit| digit - b'0').collect();
        let exponent = i32::try_from(digits.len()).unwrap_or(0) - 1 + dropped.cast_signed();
        Digits { digits, exponent }.trimmed()
    }

    /// The power of ten of the first digit, or one more.
    fn estimated_exponent(self) -> i32 {
        let mantissa = f64::from_bits(1023 << 52 | (self.fraction & ((1 << 52) - 1)));
        let logarithm =
            (mantissa - 1.5) * 0.289_529_654 + 0.176_091_259 + f64::from(self.exponent) * std::f64::consts::LOG10_2;
        logarithm.floor() as i32
    }

    fn ratio(self, exponent: i32, tail: i32, length: i32, behind_point: i32) -> Option<Ratio> {
        let value_fives = (-exponent).max(0);
        let unit_fives = exponent.max(0);
        let mut value_twos = value_fives + behind_point + self.exponent;
        let mut unit_twos = unit_fives + behind_point;
        let mut margin_twos = value_twos - self.significant;
        value_twos -= length - 1;
        let common = value_twos.min(unit_twos);
        value_twos -= common;
        unit_twos -= common;
        margin_twos -= common;
        // Below a power of two numbers lie twice as close.
        if length == 1 {
            margin_twos -= 1;
        }
        if margin_twos < 0 {
            value_twos -= margin_twos;
            unit_twos -= margin_twos;
            margin_twos = 0;
        }
        let value_bits = length + value_twos + bits_of_five(value_fives);
        let unit_bits = unit_twos + 1 + bits_of_five(unit_fives + 1);
        if value_bits > 120 || unit_bits > 120 || margin_twos + bits_of_five(value_fives) > 120 {
            return None;
        }
        let scaled = |number: u128, fives: i32, twos: i32| {
            let power = 5_u128.checked_pow(u32::try_from(fives).ok()?)?;
            number.checked_mul(power)?.checked_mul(1_u128.checked_shl(u32::try_from(twos).ok()?)?)
        };
        Some(Ratio {
            value: scaled(u128::from(self.fraction >> tail.unsigned_abs()), value_fives, value_twos)?,
            unit: scaled(1, unit_fives, unit_twos)?,
            margin: scaled(1, value_fives, margin_twos)?,
            is_small: value_bits < 64 && unit_bits < 64,
        })
    }
}

/// Bits of a power of five, as Java counts them: by table where it has one, else three for each factor.
fn bits_of_five(exponent: i32) -> i32 {
    match exponent {
        0 => 0,
        1..=26 => (f64::from(exponent) * std::f64::consts::LOG2_10 - f64::from(exponent)) as i32 + 1,
        more => more * 3,
    }
}

/// Draws digits until what is left is within the margin.
fn draw(ratio: Ratio, estimated: i32) -> Option<Digits> {
    let Ratio { mut value, unit, mut margin, is_small } = ratio;
    let ten_units = unit.checked_mul(10)?;
    let mut result = Digits { digits: Vec::with_capacity(18), exponent: estimated };
    let mut is_first = true;
    loop {
        let digit = u8::try_from(value / unit).ok()?;
        value = (value % unit).checked_mul(10)?;
        // A margin beyond 128 bits is beyond everything else too.
        margin = margin.saturating_mul(10);
        let with_margin = value.saturating_add(margin);
        let mut low = value < margin;
        let mut high = if is_small { with_margin > ten_units } else { with_margin >= ten_units };
        if is_first && digit == 0 && !high {
            result.exponent -= 1;
        } else {
            result.digits.push(digit);
        }
        // Java wants a second digit where it writes an exponent.
        if is_first && !(-3..8).contains(&result.exponent) {
            low = false;
            high = false;
        }
        is_first = false;
        if low || high {
            let twice = value.checked_mul(2)?;
            let rounds_up = match (low, high) {
                (true, true) if twice == ten_units => result.digits.last().is_some_and(|digit| digit % 2 == 1),
                (true, true) => twice > ten_units,
                (_, high) => high,
            };
            if rounds_up {
                result.round_up();
            }
            return Some(result.trimmed());
        }
        if result.digits.len() > 20 {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::number::{double_text, float_text};

    /// Bits and text of doubles and floats, recorded from Java 17.
    const RECORDED: &str = include_str!("../../testdata/java_floats.tsv");

    #[test]
    fn digits_are_java_s() {
        let mut wrong = Vec::new();
        for line in RECORDED.lines() {
            let columns: Vec<_> = line.split('\t').collect();
            let double = f64::from_bits(columns[0].parse().unwrap());
            let float = f32::from_bits(columns[2].parse().unwrap());
            if double_text(double) != columns[1] {
                wrong.push(format!("{} instead of {}", double_text(double), columns[1]));
            }
            if float_text(float) != columns[3] {
                wrong.push(format!("{} instead of {} (float)", float_text(float), columns[3]));
            }
        }
        assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    }
}
