//! The group `math`: functions of numbers.

mod absolute;
mod double;
mod double_pair;
pub(crate) mod hex;
mod integer;
mod random;
mod round;
mod strict;

use crate::function::Function;

pub use random::Generator;
pub(crate) use random::any_seed;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &absolute::ABS,
    &absolute::PMOD,
    &double::ACOS,
    &double::ACOSH,
    &double::ASIN,
    &double::ASINH,
    &double::ATAN,
    &double::ATANH,
    &double::CBRT,
    &double::COS,
    &double::COSH,
    &double::COT,
    &double::CSC,
    &double::DEGREES,
    &double::E,
    &double::EXP,
    &double::EXPM1,
    &double::LN,
    &double::LOG10,
    &double::LOG1P,
    &double::LOG2,
    &double::PI,
    &double::RADIANS,
    &double::RINT,
    &double::SEC,
    &double::SIGN,
    &double::SIGNUM,
    &double::SIN,
    &double::SINH,
    &double::SQRT,
    &double::TAN,
    &double::TANH,
    &double_pair::ATAN2,
    &double_pair::HYPOT,
    &double_pair::LOG,
    &double_pair::POW,
    &double_pair::POWER,
    &hex::BIN,
    &hex::CONV,
    &hex::HEX,
    &hex::UNHEX,
    &integer::BIT_COUNT,
    &integer::BIT_GET,
    &integer::FACTORIAL,
    &integer::WIDTH_BUCKET,
    &random::RAND,
    &random::RANDN,
    &random::RANDSTR,
    &random::UNIFORM,
    &round::BROUND,
    &round::CEIL,
    &round::CEILING,
    &round::FLOOR,
    &round::ROUND,
];
