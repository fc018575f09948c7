//! Reads of text formats, compared with what Apache Spark answered (`data/record.py`).
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod support;

use datafusion::arrow::array::AsArray;
use datafusion::physical_plan::ExecutionPlanProperties;
use firesteel_base::SparkType;
use serde_json::Value;
use support::{Fixture, schema};

/// A case of `data/reads.txt` and its answer.
struct Case<'a> {
    format: String,
    text: String,
    options: Vec<(String, String)>,
    schema: Option<String>,
    written_in: Option<String>,
    /// The schema and the rows, or the error.
    answer: Vec<&'a str>,
}

fn cases(file: &str) -> Vec<Case<'_>> {
    file.split("\n\n")
        .map(|block| {
            let mut lines = block.lines();
            let case: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
            let text = |place: usize| case[place].as_str().map(str::to_owned);
            let options = case[2].as_object().into_iter().flatten();
            Case {
                format: text(0).unwrap(),
                text: text(1).unwrap(),
                options: options.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
                schema: text(3),
                written_in: text(4),
                answer: lines.collect(),
            }
        })
        .collect()
}

fn encoded(text: &str, encoding: Option<&str>) -> Vec<u8> {
    match encoding {
        None => text.as_bytes().to_vec(),
        Some("latin1") => text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect(),
        Some("utf-16") => std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
        Some(other) => panic!("encoding {other}"),
    }
}

async fn answer(fixture: &Fixture, case: &Case<'_>) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(format!("f.{}", case.format));
    std::fs::write(&path, encoded(&case.text, case.written_in.as_deref())).unwrap();
    let options: Vec<(&str, &str)> = case.options.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let given = case.schema.as_deref().map(schema);
    let answer = async {
        let source = fixture.open_with(&case.format, &path, &options, given).await?;
        let mut lines = vec![SparkType::Struct(source.schema.clone()).simple_string()];
        lines.extend(fixture.rows(&source).await?);
        Ok::<_, firesteel_base::SparkError>(lines)
    };
    answer.await.unwrap_or_else(|error| vec![format!("error {}", error.condition())])
}

#[tokio::test]
async fn answers_are_sparks() {
    let fixture = Fixture::new();
    let mut failures = Vec::new();
    for case in cases(include_str!("data/reads.txt")) {
        let found = answer(&fixture, &case).await;
        if found != case.answer {
            let Case { format, text, options, schema, answer, .. } = case;
            failures
                .push(format!("{format} {text:?} {options:?} {schema:?}\n found    {found:?}\n expected {answer:?}"));
        }
    }
    assert!(failures.is_empty(), "{} cases differ:\n{}", failures.len(), failures.join("\n"));
}

/// Parts of a file that workers read on their own make up the same rows.
#[tokio::test]
async fn large_files_are_read_in_parts() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large.csv");
    let mut text = String::from("id,name\n");
    for id in 0..300_000 {
        text.push_str(&format!("{id},\"name {id}\"\n"));
    }
    std::fs::write(&path, text).unwrap();
    let fixture = Fixture::new();
    let source = fixture.open("csv", &path, &[("header", "true"), ("inferSchema", "true")]).await.unwrap();
    assert_eq!(SparkType::Struct(source.schema.clone()).simple_string(), "struct<id:int,name:string>");
    let plan = fixture.context.read_table(source.provider).unwrap().create_physical_plan().await.unwrap();
    let partitions = plan.output_partitioning().partition_count();
    let batches = datafusion::physical_plan::collect(plan, fixture.context.task_ctx()).await.unwrap();
    let ids = batches.iter().flat_map(|batch| {
        let ids = batch.column(0).as_primitive::<datafusion::arrow::datatypes::Int32Type>();
        ids.values().to_vec()
    });
    assert_eq!(ids.map(i64::from).sum::<i64>(), 299_999 * 300_000 / 2);
    assert!(partitions > 1, "read by {partitions} worker");
}

/// Spark sees only those faults of a record that the columns of a query have.
#[tokio::test]
async fn projections_see_less() {
    let directory = tempfile::tempdir().unwrap();
    let csv = directory.path().join("a.csv");
    std::fs::write(&csv, "1,2,3\n4\nx,5,6\n7,8,9,10\n").unwrap();
    let json = directory.path().join("a.json");
    std::fs::write(&json, "{\"a\":1,\"b\":2}\nbad\n{\"a\":\"x\",\"b\":3}\n").unwrap();
    let fixture = Fixture::new();
    let rows = async |format: &str, ddl: &str, options: &[(&str, &str)], columns: &[&str]| {
        let path = if format == "csv" { &csv } else { &json };
        let source = fixture.open_with(format, path, options, Some(schema(ddl))).await.unwrap();
        let frame = fixture.context.read_table(source.provider).unwrap().select_columns(columns).unwrap();
        let batches = frame.collect().await.unwrap();
        let format = datafusion::arrow::util::display::FormatOptions::default().with_null("-");
        batches
            .iter()
            .flat_map(|batch| {
                let columns: Vec<_> = batch
                    .columns()
                    .iter()
                    .map(|column| {
                        datafusion::arrow::util::display::ArrayFormatter::try_new(column.as_ref(), &format).unwrap()
                    })
                    .collect();
                (0..batch.num_rows())
                    .map(|row| columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join("|"))
                    .collect::<Vec<_>>()
            })
            .collect::<Vec<_>>()
    };
    let ddl = "a int, b int, c int";
    let corrupt = "a int, b int, c int, _corrupt_record string";
    assert_eq!(rows("csv", corrupt, &[], &["b", "_corrupt_record"]).await, ["2|-", "-|-", "5|-", "8|-"]);
    assert_eq!(rows("csv", corrupt, &[], &["a", "_corrupt_record"]).await, ["1|-", "4|-", "-|x,5,6", "7|-"]);
    let drop = [("mode", "DROPMALFORMED")];
    assert_eq!(rows("csv", ddl, &drop, &["b"]).await, ["2", "-", "5", "8"]);
    assert_eq!(rows("csv", ddl, &drop, &["b", "a", "c"]).await, ["2|1|3"]);
    assert_eq!(rows("csv", ddl, &[("mode", "FAILFAST")], &["b"]).await, ["2", "-", "5", "8"]);
    assert_eq!(rows("csv", ddl, &[("mode", "DROPMALFORMED"), ("multiLine", "true")], &["b"]).await, ["2", "5"]);
    let corrupt = "a int, b int, _corrupt_record string";
    assert_eq!(rows("json", corrupt, &[], &["b", "_corrupt_record"]).await, ["2|-", "-|bad", "3|-"]);
    assert_eq!(rows("json", corrupt, &drop, &["b"]).await, ["2", "3"]);
}

#[tokio::test]
async fn files_that_do_not_count() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    for name in ["_x.csv", ".y.csv", "z/_h/a.csv", "z/b.csv", "z/_p=1/c.csv", "z/x._COPYING_"] {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "1\n").unwrap();
    }
    std::fs::write(root.join("z/empty.csv"), "").unwrap();
    let fixture = Fixture::new();
    let unreadable = fixture.open("csv", &root.join("_x.csv"), &[]).await.unwrap_err();
    assert_eq!(unreadable.condition(), "UNABLE_TO_INFER_SCHEMA");
    let source = fixture.open("csv", &root.join("z"), &[]).await.unwrap();
    assert_eq!(SparkType::Struct(source.schema.clone()).simple_string(), "struct<_c0:string,_p:int>");
    assert_eq!(fixture.rows(&source).await.unwrap().len(), 2);
    assert_eq!(fixture.rows(&fixture.open("csv", &root.join("z/_h"), &[]).await.unwrap()).await.unwrap().len(), 1);
    let old = [("modifiedBefore", "2000-01-01T00:00:00")];
    assert_eq!(fixture.open("text", root, &old).await.unwrap().files.len(), 0);
    let lookup = [("recursiveFileLookup", "true"), ("pathGlobFilter", "{b,c}.csv")];
    let source = fixture.open("csv", root, &lookup).await.unwrap();
    assert_eq!((source.files.len(), source.schema.len()), (2, 1));
    let refused = fixture.open("csv", root, &[("ignoreCorruptFiles", "true")]).await.unwrap_err();
    assert_eq!(refused.condition(), "NOT_IMPLEMENTED");
    let bytes = fixture.open("binaryFile", &root.join("z/b.csv"), &[]).await.unwrap();
    let batches = fixture.batches(&bytes).await.unwrap();
    assert_eq!(batches[0].column(3).as_binary::<i32>().value(0), b"1\n");
}
