//! Elementary functions for which Java's strict library has another algorithm than `libm`: the ones of Sun's library.

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
    root = f64::from_bits((high(root).to_bits() >> 32) + 1 << 32);
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
    if magnitude < 0.5 * std::f64::consts::LN_2 {
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
