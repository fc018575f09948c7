//! Queries that must spill to end, and end.

use std::time::Duration;

use firesteel_engine::EngineConfig;
use firesteel_testkit::{Mode, Outcome, Process};

/// Attempts: whether two tasks spill at once is a matter of timing.
const ATTEMPTS: usize = 6;

/// A healthy run takes less than a second.
const LIMIT: Duration = Duration::from_secs(20);

/// Aggregations whose exchanges spill from several tasks at once. Readers of such an exchange used to wait for the older
/// of two open files while the batch they needed lay in the newer one: apache/datafusion#24883.
#[test]
fn exchanges_that_spill_do_not_wait_for_themselves() {
    let queries = [
        "SELECT g, count(DISTINCT trace) AS n FROM traces GROUP BY g",
        "SELECT g, trace, count(*), max(payload) FROM traces GROUP BY g, trace",
        "SELECT a.g, count(*), max(b.payload) FROM traces a JOIN traces b ON a.trace = b.trace GROUP BY a.g",
    ];
    let view = "CREATE TEMPORARY VIEW traces AS SELECT id % 1000 AS g, concat('trace-', id % 20000) AS trace,
        concat('payload-', id, repeat('x', 100)) AS payload FROM range(0, 40000, 1, 4)";
    let config =
        EngineConfig { memory_bytes: 700_000, batch_size: 64, target_partitions: 2, ..Mode::Spill.engine_config() };
    for attempt in 0..ATTEMPTS {
        let process = Process::with(config.clone()).unwrap();
        let session = process.session().unwrap();
        assert!(matches!(process.run(&session, view, LIMIT), Outcome::Result { .. }));
        for query in queries {
            let outcome = process.run(&session, query, LIMIT);
            // Too little memory is an answer; waiting for ever is none.
            let ends = matches!(&outcome, Outcome::Result { .. })
                || matches!(&outcome, Outcome::Error(error) if error.condition() == "MEMORY_LIMIT_EXCEEDED");
            assert!(ends, "attempt {attempt}: {query}: {}", describe(&outcome));
        }
        process.end();
    }
}

fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Result { batches, .. } => format!("{} batches", batches.len()),
        Outcome::Error(error) => error.to_string(),
        Outcome::Panic => "a panic".to_owned(),
        Outcome::TimeOut => "no end".to_owned(),
    }
}
