//! Rows through a program: what `TRANSFORM … USING 'program'` runs.
//!
//! It is no registered function: only the resolver calls it, where the server's configuration lets programs run.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use arrow::array::{Array, AsArray, ListBuilder, StringArray, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::logical_expr::{ColumnarValue, Expr, Volatility, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};
use firesteel_functions::kernel::{Kernel, KernelCall, from_arrow, kernel_call, kernel_udf};

/// What a program may write to its standard error before it is cut off in the message of a failure.
const MESSAGE_BYTES: usize = 4 << 10;
/// What a program may write in all.
const OUTPUT_BYTES: u64 = 1 << 30;

#[derive(Clone, Copy, Debug, Default)]
struct RunScript;

impl Kernel for RunScript {
    const NAME: &'static str = "spark_run_script";
    const VOLATILITY: Volatility = Volatility::Volatile;

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        run_script(call)
    }
}

/// The lines that a program writes when it is given `lines`, an array of texts.
pub fn run_script_expr(lines: Expr, script: &str) -> SparkResult<Expr> {
    kernel_call(kernel_udf(RunScript), vec![lines, lit(script)], &SparkType::array(SparkType::STRING, false), -1)
}

fn run_script(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let script = call.scalar(1).and_then(|script| script.try_as_str().flatten()).unwrap_or_default().to_owned();
    call.with_arrays(|arrays| {
        let lists = arrays.first().ok_or_else(|| SparkError::internal("a program without input"))?;
        let lists = arrow::compute::cast(lists, call.return_type).map_err(from_arrow)?;
        let lists = lists.as_list::<i32>();
        let field = match call.return_type {
            DataType::List(field) => Arc::clone(field),
            other => return Err(SparkError::internal(format!("a program yields {other}"))),
        };
        let mut builder = ListBuilder::new(StringBuilder::new()).with_field(field);
        for row in 0..lists.len() {
            if lists.is_valid(row) {
                let input = lists.value(row);
                for line in run(&script, input.as_string::<i32>())?.lines() {
                    builder.values().append_value(line);
                }
            }
            builder.append(true);
        }
        Ok(Arc::new(builder.finish()))
    })
}

/// Runs the program once: its input is written by a thread of its own, so that neither side waits for the other.
fn run(script: &str, lines: &StringArray) -> SparkResult<String> {
    let failed =
        |what: &str, error: std::io::Error| SparkError::internal(format!("{what} of TRANSFORM")).caused_by(error);
    let mut child = Command::new("/bin/bash")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed("the program", error))?;
    let mut input = String::new();
    for line in lines {
        input.push_str(line.unwrap_or_default());
        input.push('\n');
    }
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut output, mut message) = (String::new(), Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that reads no further ends its input early.
            if let Some(mut stdin) = stdin {
                let _ = stdin.write_all(input.as_bytes());
            }
        });
        scope.spawn(|| {
            if let Some(stderr) = stderr {
                let _ = stderr.take(MESSAGE_BYTES as u64).read_to_end(&mut message);
            }
        });
        match stdout {
            Some(stdout) => stdout.take(OUTPUT_BYTES).read_to_string(&mut output).map(drop),
            None => Ok(()),
        }
    })
    .map_err(|error| failed("the output", error))?;
    let status = child.wait().map_err(|error| failed("the program", error))?;
    if status.success() {
        return Ok(output);
    }
    let message = String::from_utf8_lossy(&message).into_owned();
    Err(SparkError::internal(format!("the program of TRANSFORM ended with {status}: {message}")))
}
