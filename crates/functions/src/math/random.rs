//! `rand`, `randn`, `uniform`, `randstr`: pseudo-random values, with Spark's own generator.
//!
//! A seeded function gives the numbers that Spark gives in its first partition, in the order of the rows. That takes
//! a state beside the arguments, which lives in the function object: each binding makes its own.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use arrow::array::{ArrayRef, Float64Array, StringArray};
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, cast, lit,
};
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::{Expected, quoted, quoted_type, wider_type};
use crate::function::{Function, Scalar};

pub(super) const RAND: Function = Function::scalar("rand", |call| number(call, Kind::Uniform))
    .aliases(&["random"])
    .since("1.5.0")
    .arity(0..=1)
    .nondeterministic();
pub(super) const RANDN: Function =
    Function::scalar("randn", |call| number(call, Kind::Normal)).since("1.5.0").arity(0..=1).nondeterministic();
pub(super) const UNIFORM: Function =
    Function::scalar("uniform", uniform).since("4.0.0").arity(2..=3).nondeterministic();
pub(super) const RANDSTR: Function =
    Function::scalar("randstr", randstr).since("4.0.0").arity(1..=2).nondeterministic();

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// A double from 0 to 1.
    Uniform,
    /// A double of the standard normal distribution.
    Normal,
    /// A text of that many letters and digits.
    Text(usize),
}

/// Draws as Spark's `XORShiftRandom` does.
pub struct Generator {
    state: i64,
    /// Normal numbers come in pairs.
    next_normal: Option<f64>,
}

impl Generator {
    pub fn new(seed: i64) -> Self {
        let bytes = seed.to_be_bytes();
        let low = murmur3(bytes, 0x3c07_4a61);
        let high = murmur3(bytes, low);
        Self { state: (u64::from(high) << 32 | u64::from(low)).cast_signed(), next_normal: None }
    }

    fn bits(&mut self, count: u32) -> i64 {
        let mut next = self.state ^ (self.state << 21);
        next ^= (next.cast_unsigned() >> 35).cast_signed();
        next ^= next << 4;
        self.state = next;
        next & ((1 << count) - 1)
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits fit into a double")]
    pub fn uniform(&mut self) -> f64 {
        let high = self.bits(26) << 27;
        (high + self.bits(27)) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// By the polar method.
    fn normal(&mut self) -> f64 {
        if let Some(normal) = self.next_normal.take() {
            return normal;
        }
        loop {
            let x = 2.0 * self.uniform() - 1.0;
            let y = 2.0 * self.uniform() - 1.0;
            let square = x * x + y * y;
            if square < 1.0 && square != 0.0 {
                let factor = (-2.0 * super::strict::log(square) / square).sqrt();
                self.next_normal = Some(y * factor);
                return x * factor;
            }
        }
    }

    /// Letters and digits, each of a number below 62.
    #[expect(clippy::cast_possible_truncation, reason = "the number's 32 bits are wanted")]
    fn text(&mut self, length: usize) -> String {
        let letter = |number: i64| {
            let number = u8::try_from(number).unwrap_or(0);
            char::from(match number {
                0..=9 => b'0' + number,
                10..=35 => b'a' + (number - 10),
                _ => b'A' + (number - 36),
            })
        };
        // A remainder without its sign, of a number with one.
        let mut next = || (i64::from(self.bits(32) as i32) % 62).abs();
        (0..length).map(|_| letter(next())).collect()
    }
}

/// Murmur 3 of eight bytes.
fn murmur3(bytes: [u8; 8], seed: u32) -> u32 {
    let mut hash = seed;
    for chunk in bytes.as_chunks::<4>().0 {
        let word = u32::from_le_bytes(*chunk).wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
        hash = (hash ^ word).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    hash ^= 8;
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85eb_ca6b);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

/// The function object: what it draws, from which seed, and how far it came.
struct Random {
    kind: Kind,
    seed: i64,
    generator: Mutex<Generator>,
}

impl fmt::Debug for Random {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Random({:?}, {})", self.kind, self.seed)
    }
}

impl PartialEq for Random {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Random {}

impl Hash for Random {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.kind, self.seed).hash(state);
    }
}

impl ScalarUDFImpl for Random {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Uniform => "spark_rand",
            Kind::Normal => "spark_randn",
            Kind::Text(_) => "spark_randstr",
        }
    }

    fn signature(&self) -> &Signature {
        static SIGNATURE: LazyLock<Signature> = LazyLock::new(|| Signature::nullary(Volatility::Volatile));
        &SIGNATURE
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(match self.kind {
            Kind::Uniform | Kind::Normal => DataType::Float64,
            Kind::Text(_) => DataType::Utf8,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut generator = self.generator.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = 0..args.number_rows;
        let array: ArrayRef = match self.kind {
            Kind::Uniform => Arc::new(rows.map(|_| Some(generator.uniform())).collect::<Float64Array>()),
            Kind::Normal => Arc::new(rows.map(|_| Some(generator.normal())).collect::<Float64Array>()),
            Kind::Text(length) => Arc::new(rows.map(|_| Some(generator.text(length))).collect::<StringArray>()),
        };
        Ok(ColumnarValue::Array(array))
    }
}

fn drawn(kind: Kind, seed: i64) -> Expr {
    let generator = Mutex::new(Generator::new(seed));
    ScalarUDF::new_from_impl(Random { kind, seed, generator }).call(vec![])
}

/// A seed for a call without one.
pub(crate) fn any_seed() -> i64 {
    static COUNTER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let mut hasher = std::hash::DefaultHasher::new();
    (SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos()), count).hash(&mut hasher);
    hasher.finish().cast_signed()
}

/// The seed at `index`: a constant number, NULL for 0.
fn seed(call: &Call<'_>, index: usize) -> SparkResult<i64> {
    let Some(seed) = call.arguments.get(index) else { return Ok(any_seed()) };
    if !seed.is_foldable {
        return Err(SparkError::new("SEED_EXPRESSION_IS_UNFOLDABLE")
            .param("seedExpr", quoted(&seed.sql()))
            .param("exprWithSeed", quoted(&call.sql())));
    }
    let is_seed = matches!(seed.data_type, SparkType::Integer | SparkType::Long | SparkType::Null);
    if !is_seed {
        let expected = Expected::one_of([Expected::INT, Expected::LONG]);
        return Err(call.unexpected_input_type(index, &expected));
    }
    match seed.constant.as_ref().and_then(|seed| seed.cast_to(&DataType::Int64).ok()) {
        Some(ScalarValue::Int64(seed)) => Ok(seed.unwrap_or(0)),
        _ => Err(SparkError::unsupported("a seed that is computed")),
    }
}

fn number(call: &Call<'_>, kind: Kind) -> SparkResult<Scalar> {
    let seed = seed(call, 0)?;
    Ok(Scalar::expr(call, SparkType::Double, move |_| Ok(drawn(kind, seed))).nullable(false))
}

fn not_foldable(call: &Call<'_>, index: usize, name: &str, kind: &str) -> SparkResult<()> {
    let argument = call.argument(index)?;
    if argument.is_foldable {
        return Ok(());
    }
    Err(call
        .mismatch("NON_FOLDABLE_INPUT")
        .param("inputName", format!("`{name}`"))
        .param("inputType", kind)
        .param("inputExpr", quoted(&argument.sql())))
}

/// A number between two bounds, of their common type.
fn uniform(call: &Call<'_>) -> SparkResult<Scalar> {
    not_foldable(call, 0, "min", "integer or floating-point")?;
    not_foldable(call, 1, "max", "integer or floating-point")?;
    let types = call.implicit_cast(&[Expected::Numeric, Expected::Numeric])?;
    let seed = seed(call, 2)?;
    let (low, high) = (call.data_type(0)?, call.data_type(1)?);
    if *low == SparkType::Null || *high == SparkType::Null {
        let result = if *low == SparkType::Null { high.clone() } else { low.clone() };
        let null = ScalarValue::try_from(&result.to_arrow()).map_err(crate::kernel::from_engine)?;
        return Ok(Scalar::expr(call, result, move |_| Ok(lit(null.clone()))).nullable(true));
    }
    let result = match (low, high) {
        (SparkType::Float, SparkType::Double) | (SparkType::Double, SparkType::Float) => SparkType::Double,
        (SparkType::Float, _) | (_, SparkType::Float)
            if !matches!((low, high), (SparkType::Decimal { .. }, _) | (_, SparkType::Decimal { .. })) =>
        {
            SparkType::Float
        }
        (low, high) if low.is_integral() && matches!(high, SparkType::Decimal { .. }) => high.clone(),
        (low, high) if high.is_integral() && matches!(low, SparkType::Decimal { .. }) => low.clone(),
        (low, high) => wider_type(low, high, call.ansi()).unwrap_or(SparkType::Double),
    };
    let data_type = result.to_arrow();
    let bound = Scalar::expr(call, result, move |arguments| {
        let mut bounds = arguments.into_iter().map(|bound| cast(bound, DataType::Float64));
        let (Some(low), Some(high)) = (bounds.next(), bounds.next()) else {
            return Err(SparkError::internal("uniform was bound without its bounds"));
        };
        let value = low.clone() + (high - low) * drawn(Kind::Uniform, seed);
        Ok(cast(value, data_type.clone()))
    });
    let mut casting = types;
    casting.truncate(call.len());
    Ok(bound.casting(casting).nullable(false))
}

fn randstr(call: &Call<'_>) -> SparkResult<Scalar> {
    not_foldable(call, 0, "length", &quoted_type(&SparkType::Integer).replace("INT", "INT or SMALLINT"))?;
    let types = call.implicit_cast(&[Expected::INT])?;
    let seed = seed(call, 1)?;
    let length = call.argument(0)?.constant.as_ref().and_then(|length| length.cast_to(&DataType::Int64).ok());
    let length = match length {
        Some(ScalarValue::Int64(Some(length))) => length,
        _ => return Err(call.mismatch("UNEXPECTED_NULL").param("exprName", "length")),
    };
    let length = usize::try_from(length).map_err(|_| {
        call.mismatch("VALUE_OUT_OF_RANGE")
            .param("exprName", "length")
            .param("valueRange", "[0, 2147483647]")
            .param("currentValue", length.to_string())
    })?;
    let bound = Scalar::expr(call, SparkType::STRING, move |_| Ok(drawn(Kind::Text(length), seed)));
    Ok(bound.casting(types).nullable(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_spark_s_numbers() {
        let mut generator = Generator::new(0);
        assert_eq!(generator.uniform(), 0.760_495_375_828_591_5);
        assert_eq!(generator.uniform(), 0.523_419_425_688_557_1);
        assert_eq!(Generator::new(42).uniform(), 0.619_189_370_225_301);
        assert_eq!(Generator::new(0).normal(), 1.603_499_160_927_843_3);
        assert_eq!(Generator::new(0).text(5), "ceV0P");
    }
}
