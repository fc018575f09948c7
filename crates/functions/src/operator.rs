//! The group `operator`: arithmetic, comparison, logic and bits, known by their symbols.
//!
//! Where DataFusion's operator gives Spark's result it is used as it is, so that the optimiser knows what it sees. Kernels
//! stand where Spark raises an error, or where dates and intervals follow the session's calendar.

pub(crate) mod arithmetic;
mod bitwise;
pub(crate) mod comparison;
pub(crate) mod datetime;
mod decimal;
pub(crate) mod error;
mod integral;
mod interval;
mod logical;
mod time_shift;
mod unary;
mod unchecked_decimal;

#[cfg(test)]
mod tests;

pub use comparison::{in_list, with_one_zero};

use crate::function::Function;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &arithmetic::ADD,
    &arithmetic::SUBTRACT,
    &arithmetic::MULTIPLY,
    &arithmetic::DIVIDE,
    &arithmetic::REMAINDER,
    &arithmetic::MOD,
    &arithmetic::INTEGRAL_DIVIDE,
    &arithmetic::TRY_ADD,
    &arithmetic::TRY_SUBTRACT,
    &arithmetic::TRY_MULTIPLY,
    &arithmetic::TRY_DIVIDE,
    &arithmetic::TRY_MOD,
    &bitwise::AND,
    &bitwise::OR,
    &bitwise::XOR,
    &bitwise::NOT,
    &bitwise::SHIFT_LEFT,
    &bitwise::SHIFT_RIGHT,
    &bitwise::SHIFT_RIGHT_UNSIGNED,
    &bitwise::SHIFTLEFT,
    &bitwise::SHIFTRIGHT,
    &bitwise::SHIFTRIGHTUNSIGNED,
    &comparison::EQUAL,
    &comparison::EQUAL_NULL_SAFE,
    &comparison::LESS,
    &comparison::LESS_OR_EQUAL,
    &comparison::GREATER,
    &comparison::GREATER_OR_EQUAL,
    &comparison::BETWEEN,
    &logical::AND,
    &logical::OR,
    &logical::NOT,
    &unary::NEGATIVE,
    &unary::POSITIVE,
];

/// `(a + b)`, or `(- a)`.
fn infix(symbol: &str, arguments: &[String]) -> String {
    match arguments {
        [left, right] => format!("({left} {symbol} {right})"),
        [operand] => format!("({symbol} {operand})"),
        other => format!("`{symbol}`({})", other.join(", ")),
    }
}
