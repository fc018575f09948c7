//! The tables that some golden cases read, as temporary views.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use firesteel_service::Session;

use crate::process::{Outcome, Process};

const TENK_COLUMNS: &str = "unique1 INT, unique2 INT, two INT, four INT, ten INT, twenty INT, hundred INT, \
    thousand INT, twothousand INT, fivethous INT, tenthous INT, odd INT, even INT, stringu1 STRING, stringu2 STRING, \
    string4 STRING";

/// Creates those tables whose names stand in the file.
pub fn create(process: &Process, session: &Arc<Session>, directory: &Path, file: &str) {
    let words = file.to_lowercase();
    for (name, sql) in definitions(directory) {
        if !words.contains(name) {
            continue;
        }
        // A table that cannot be made shows in the steps that read it.
        let _: Outcome = process.run(session, &sql, Duration::from_secs(30));
    }
}

fn definitions(directory: &Path) -> Vec<(&'static str, String)> {
    vec![
        ("testdata", view("testdata", "SELECT CAST(id AS INT) AS key, CAST(id AS STRING) AS value FROM range(1, 101)")),
        (
            "arraydata",
            view(
                "arraydata",
                "SELECT * FROM VALUES (array(1, 2, 3), array(array(1, 2, 3))), (array(2, 3, 4), array(array(2, 3, 4))) \
                 AS t(arraycol, nestedarraycol)",
            ),
        ),
        (
            "mapdata",
            view(
                "mapdata",
                "SELECT * FROM VALUES (map(1, 'a1', 2, 'b1', 3, 'c1', 4, 'd1', 5, 'e1')), \
                 (map(1, 'a2', 2, 'b2', 3, 'c2', 4, 'd2')), (map(1, 'a3', 2, 'b3', 3, 'c3')), (map(1, 'a4', 2, 'b4')), \
                 (map(1, 'a5')) AS t(mapcol)",
            ),
        ),
        ("aggtest", file(directory, "aggtest", "agg.data", "a INT, b FLOAT")),
        ("onek", file(directory, "onek", "onek.data", TENK_COLUMNS)),
        ("tenk1", file(directory, "tenk1", "tenk.data", TENK_COLUMNS)),
    ]
}

fn view(name: &str, query: &str) -> String {
    format!("CREATE TEMPORARY VIEW {name} AS {query}")
}

/// A view of a file with tabs between the columns.
fn file(directory: &Path, name: &str, file: &str, columns: &str) -> String {
    let path = directory.join("tables").join(file);
    let names: Vec<String> = columns
        .split(", ")
        .enumerate()
        .filter_map(|(index, column)| {
            let (name, data_type) = column.split_once(' ')?;
            Some(format!("CAST(split_part(value, '\\t', {}) AS {data_type}) AS {name}", index + 1))
        })
        .collect();
    format!("CREATE TEMPORARY VIEW {name} AS SELECT {} FROM text.`{}`", names.join(", "), path.display())
}
