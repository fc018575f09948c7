//! Functions that are known and not built: refused by name, so that nobody mistakes them for misspelt.

use firesteel_base::{SparkError, SparkResult};

use crate::call::Call;
use crate::function::{Function, Scalar};

pub(super) const INPUT_FILE_BLOCK_LENGTH: Function =
    refused("input_file_block_length").arity(0..=0).nondeterministic().since("2.2.0");
pub(super) const INPUT_FILE_BLOCK_START: Function =
    refused("input_file_block_start").arity(0..=0).nondeterministic().since("2.2.0");
pub(super) const INPUT_FILE_NAME: Function = refused("input_file_name").arity(0..=0).nondeterministic().since("1.5.0");
pub(super) const JAVA_METHOD: Function =
    refused("java_method").aliases(&["reflect"]).at_least(2).nondeterministic().since("2.0.0");
pub(super) const TRY_REFLECT: Function = refused("try_reflect").at_least(2).nondeterministic().since("4.0.0");
/// A kernel does not know which partition it works on.
pub(super) const MONOTONICALLY_INCREASING_ID: Function =
    refused("monotonically_increasing_id").arity(0..=0).nondeterministic().since("1.4.0");
pub(super) const SPARK_PARTITION_ID: Function = refused("spark_partition_id")
    .arity(0..=0)
    .prints(|_| "SPARK_PARTITION_ID()".to_owned())
    .nondeterministic()
    .since("1.4.0");

const fn refused(name: &'static str) -> Function {
    Function::scalar(name, refuse)
}

fn refuse(call: &Call<'_>) -> SparkResult<Scalar> {
    Err(SparkError::unsupported(format!("the function {}", call.called_as)))
}
