//! Elementary functions for which Java's strict library has another algorithm than `libm`: the ones of Sun's library.

use std::f64::consts::LN_2;

/// ln 2 in two parts, the first of which has few bits.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// Coefficients of the series of ln((2 + f) / (2 - f)).
const LOG_SERIES: [f64; 7] = [
    0.666_666_666_666_673_5,
    0.399_999_999_994_094_2,
    0.285_714_287_436_623_9,
    0.222_221_984_321_497_84,
    0.181_835_721_616_180_5,
    0.153_138_376_992_093_73,
    0.147_981_986_051_165_86,
];

/// The upper half of a number's bits.
fn upper_word(x: f64) -> i64 {
    (x.to_bits() >> 32).cast_signed()
}

/// The number with another upper half.
fn with_upper_word(x: f64, word: i64) -> f64 {
    f64::from_bits(word.cast_unsigned() << 32 | x.to_bits() & 0xFFFF_FFFF)
}

/// The natural logarithm.
#[expect(clippy::cast_precision_loss, reason = "exponents are small")]
pub(super) fn log(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x < 0.0 || !x.is_finite() {
        return if x == f64::INFINITY { x } else { f64::NAN };
    }
    let (x, mut exponent) = if x < f64::MIN_POSITIVE { (x * 18_014_398_509_481_984.0, -54) } else { (x, 0) };
    let word = upper_word(x);
    exponent += (word >> 20) - 1023;
    let mantissa = word & 0xF_FFFF;
    let above_root = (mantissa + 0x9_5F64) & 0x10_0000;
    let f = with_upper_word(x, mantissa | (above_root ^ 0x3FF0_0000)) - 1.0;
    exponent += above_root >> 20;
    let k = exponent as f64;
    if (0xF_FFFF & (2 + mantissa)) < 3 {
        let rest = f * f * (0.5 - 0.333_333_333_333_333_3 * f);
        return match (f == 0.0, exponent == 0) {
            (true, true) => 0.0,
            (true, false) => k * LN_2_HIGH + k * LN_2_LOW,
            (false, true) => f - rest,
            (false, false) => k * LN_2_HIGH - ((rest - k * LN_2_LOW) - f),
        };
    }
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let [c1, c2, c3, c4, c5, c6, c7] = LOG_SERIES;
    let rest = z * (c1 + w * (c3 + w * (c5 + w * c7))) + w * (c2 + w * (c4 + w * c6));
    let in_the_middle = ((mantissa - 0x6_147A) | (0x6_B851 - mantissa)) > 0;
    if in_the_middle {
        let half_square = 0.5 * f * f;
        return if exponent == 0 {
            f - (half_square - s * (half_square + rest))
        } else {
            k * LN_2_HIGH - ((half_square - (s * (half_square + rest) + k * LN_2_LOW)) - f)
        };
    }
    if exponent == 0 { f - s * (f - rest) } else { k * LN_2_HIGH - ((s * (f - rest) - k * LN_2_LOW) - f) }
}

/// The logarithm to base 10, by that of the mantissa.
#[expect(clippy::cast_precision_loss, reason = "exponents are small")]
pub(super) fn log10(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x < 0.0 || !x.is_finite() {
        return if x == f64::INFINITY { x } else { f64::NAN };
    }
    let (x, mut exponent) = if x < f64::MIN_POSITIVE { (x * 18_014_398_509_481_984.0, -54) } else { (x, 0) };
    let word = upper_word(x);
    exponent += (word >> 20) - 1023;
    let is_negative = i64::from(exponent < 0);
    let mantissa = with_upper_word(x, (word & 0xF_FFFF) | ((0x3FF - is_negative) << 20));
    let y = (exponent + is_negative) as f64;
    let z = y * 3.694_239_077_158_931e-13 + std::f64::consts::LOG10_E * log(mantissa);
    z + y * 0.301_029_995_663_611_77
}

pub(super) fn asinh(x: f64) -> f64 {
    let magnitude = x.abs();
    if !x.is_finite() || magnitude < 1.0 / 268_435_456.0 {
        return x;
    }
    let result = if magnitude > 268_435_456.0 {
        log(magnitude) + LN_2
    } else if magnitude > 2.0 {
        log(2.0 * magnitude + 1.0 / ((x * x + 1.0).sqrt() + magnitude))
    } else {
        let square = x * x;
        libm::log1p(magnitude + square / (1.0 + (1.0 + square).sqrt()))
    };
    result.copysign(x)
}

pub(super) fn acosh(x: f64) -> f64 {
    if x < 1.0 || x.is_nan() {
        return f64::NAN;
    }
    if x >= 268_435_456.0 {
        return log(x) + LN_2;
    }
    if x > 2.0 {
        return log(2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt()));
    }
    let t = x - 1.0;
    libm::log1p(t + (2.0 * t + t * t).sqrt())
}

/// The number without the lower half of its bits.
fn high(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & 0xFFFF_FFFF_0000_0000)
}

/// A first guess by a third of the exponent, one step of third order, and one of Newton's.
pub(super) fn cbrt(x: f64) -> f64 {
    let magnitude = x.abs();
    if magnitude == 0.0 || !x.is_finite() {
        return x;
    }
    let guess = |x: f64, bias: u64| f64::from_bits((((x.to_bits() >> 32) / 3) + bias) << 32);
    let mut root = if magnitude < f64::MIN_POSITIVE {
        guess(magnitude * 18_014_398_509_481_984.0, 696_219_795)
    } else {
        guess(magnitude, 715_094_163)
    };
    let error = 19.0 / 35.0 + root * root / magnitude * root;
    root *= 5.0 / 14.0 + 45.0 / 28.0 / (error + 99.0 / 70.0 + -864.0 / 1225.0 / error);
    // Twenty bits, so that the square is exact, and a little too much.
    root = f64::from_bits(((high(root).to_bits() >> 32) + 1) << 32);
    let quotient = magnitude / (root * root);
    root += root * ((quotient - root) / (root + root + quotient));
    root.copysign(x)
}

pub(super) fn sinh(x: f64) -> f64 {
    let magnitude = x.abs();
    let half = 0.5_f64.copysign(x);
    if !x.is_finite() || magnitude < 1.0 / 268_435_456.0 {
        return x;
    }
    if magnitude < 22.0 {
        let t = libm::expm1(magnitude);
        return if magnitude < 1.0 { half * (2.0 * t - t * t / (t + 1.0)) } else { half * (t + t / (t + 1.0)) };
    }
    exp_times(magnitude, half)
}

pub(super) fn cosh(x: f64) -> f64 {
    let magnitude = x.abs();
    if x.is_nan() {
        return x;
    }
    if magnitude < 0.5 * LN_2 {
        let t = libm::expm1(magnitude);
        let w = 1.0 + t;
        return if magnitude < 1.0 / 36_028_797_018_963_968.0 { w } else { 1.0 + (t * t) / (w + w) };
    }
    if magnitude < 22.0 {
        let t = libm::exp(magnitude);
        return 0.5 * t + 0.5 / t;
    }
    exp_times(magnitude, 0.5)
}

/// A multiple of the exponential, which itself may be too large.
fn exp_times(x: f64, factor: f64) -> f64 {
    if x < 709.782_712_893_384 {
        return factor * libm::exp(x);
    }
    let root = libm::exp(0.5 * x);
    factor * root * root
}

pub(super) fn tanh(x: f64) -> f64 {
    let magnitude = x.abs();
    if x.is_nan() || magnitude < 1.0 / 36_028_797_018_963_968.0 {
        return x;
    }
    let result = if magnitude >= 22.0 {
        1.0
    } else if magnitude >= 1.0 {
        1.0 - 2.0 / (libm::expm1(2.0 * magnitude) + 2.0)
    } else {
        let t = libm::expm1(-2.0 * magnitude);
        -t / (t + 2.0)
    };
    result.copysign(x)
}

/// The root of a sum of squares, of which one is split into two exact parts.
pub(super) fn hypot(x: f64, y: f64) -> f64 {
    if x.is_infinite() || y.is_infinite() {
        return f64::INFINITY;
    }
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    let (mut a, mut b) = if x.abs() > y.abs() { (x.abs(), y.abs()) } else { (y.abs(), x.abs()) };
    if b == 0.0 || a / b > 1_152_921_504_606_846_976.0 {
        return a + b;
    }
    let mut scale = 1.0;
    let (large, small) = (2.0_f64.powi(500), 2.0_f64.powi(-500));
    if a > large {
        (a, b, scale) = (a * 2.0_f64.powi(-600), b * 2.0_f64.powi(-600), 2.0_f64.powi(600));
    } else if b < small {
        (a, b, scale) = (a * 2.0_f64.powi(600), b * 2.0_f64.powi(600), 2.0_f64.powi(-600));
    }
    let difference = a - b;
    let root = if difference > b {
        let upper = high(a);
        let lower = a - upper;
        (upper * upper - (b * -b - lower * (a + upper))).sqrt()
    } else {
        let double = a + a;
        let (upper_b, upper) = (high(b), high(double));
        let (lower_b, lower) = (b - upper_b, double - upper);
        (upper * upper_b - (difference * -difference - (upper * lower_b + lower * b))).sqrt()
    };
    root * scale
}
