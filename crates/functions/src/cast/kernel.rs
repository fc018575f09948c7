//! The kernel of all casts that are not DataFusion's own.

use datafusion::logical_expr::ColumnarValue;
use datafusion::scalar::ScalarValue;
use firesteel_base::{SparkError, SparkResult};

use super::convert::Conversion;
use super::{Zone, code};
use crate::kernel::{Kernel, KernelCall};

/// Arguments: the value, and the constant of [`code`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SparkCast;

impl Kernel for SparkCast {
    const NAME: &'static str = "spark_cast";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let Some(ScalarValue::Utf8(Some(specification))) = call.scalar(1) else {
            return Err(SparkError::internal("a cast was called without its types"));
        };
        let (from, to, mode) = code::decode(specification)?;
        let zone = Zone::parse(call.time_zone())?;
        call.with_arrays(|arrays| {
            let array = arrays.first().ok_or_else(|| SparkError::internal("a cast was called without a value"))?;
            Conversion { from: &from, to: &to, mode, zone: &zone }.apply(array)
        })
    }
}
