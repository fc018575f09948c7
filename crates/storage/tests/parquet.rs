//! Parquet: files that Apache Spark 4.2.1 wrote, schemas given and merged, columns that changed their type, partition
//! directories, statistics, and that what is written reads back.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, AsArray, Date32Array, Float32Array, Float64Array, Int32Array, Int64Array, StringArray,
    TimestampMillisecondArray, UInt16Array, UInt64Array,
};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::common::stats::Precision;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::prelude::{col, lit};
use firesteel_base::SparkType;
use firesteel_storage::{OpenedSource, SaveMode};
use support::{Fixture, schema};

fn write_file(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn type_of(source: &OpenedSource) -> String {
    SparkType::Struct(source.schema.clone()).simple_string()
}

const SPARK_TYPE: &str = "struct<a:int,v:string,t:timestamp,n:timestamp_ntz,d:date,i:interval day,\
    y:interval year to month,de:decimal(2,1),de2:decimal(18,1),de3:decimal(23,1),ar:array<int>,m:map<string,int>,\
    s:struct<X:int,y:array<struct<z:string>>>,b:binary,by:tinyint,sh:smallint,str:string,ts0:timestamp>";
const SPARK_ROW: &str = r#"{"a":1,"v":"x","t":"2020-01-01 00:00:00.123456","n":"2020-01-01 00:00:00.000000","d":"1000-01-01","i":"INTERVAL '1' DAY","y":"INTERVAL '1-2' YEAR TO MONTH","de":1.5,"de2":12345678901234567.5,"de3":1234567890123456789012.5,"ar":[1,null],"m":{"a":1},"s":{"X":1,"y":[{"z":"q"}]},"b":"/w==","by":1,"sh":2,"str":null,"ts0":"0001-01-01 00:00:00.000000"}"#;

#[tokio::test]
async fn a_file_of_spark_reads_as_in_spark_and_writes_back() {
    let fixture = Fixture::new();
    let path = std::env::current_dir().unwrap().join("tests/data/spark.parquet");
    let source = fixture.open("parquet", &path, &[]).await.unwrap();
    assert_eq!(type_of(&source), SPARK_TYPE);
    assert_eq!(fixture.rows(&source).await.unwrap(), [SPARK_ROW]);
    assert_eq!(source.files, [format!("file://{}", path.display())]);

    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy");
    let batches = fixture.batches(&source).await.unwrap();
    fixture.write("parquet", &copy, SaveMode::ErrorIfExists, &[], &[], &source.schema, vec![batches]).await.unwrap();
    let again = fixture.open("parquet", &copy, &[]).await.unwrap();
    assert_eq!(again.schema, source.schema);
    assert_eq!(fixture.rows(&again).await.unwrap(), [SPARK_ROW]);
}

/// What Spark answers when a column of a file is read as another type.
#[tokio::test]
async fn columns_of_another_type() {
    let directory = tempfile::tempdir().unwrap();
    let fixture = Fixture::new();
    let files: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(Int32Array::from(vec![1, 100_000]))),
        ("l", Arc::new(Int64Array::from(vec![1, 1_099_511_627_776]))),
        ("f", Arc::new(Float32Array::from(vec![1.5]))),
        ("db", Arc::new(Float64Array::from(vec![1.5]))),
        ("s", Arc::new(StringArray::from(vec!["a"]))),
        ("d", Arc::new(Date32Array::from(vec![18_262]))),
        ("u16", Arc::new(UInt16Array::from(vec![1]))),
        ("u64", Arc::new(UInt64Array::from(vec![1 << 63]))),
        ("ms", Arc::new(TimestampMillisecondArray::from(vec![1]))),
        ("msz", Arc::new(TimestampMillisecondArray::from(vec![1]).with_timezone("UTC"))),
    ];
    for (name, column) in files {
        write_file(&directory.path().join(format!("{name}.parquet")), vec![("c", column)]);
    }
    let read = async |name: &str, ddl: Option<&str>| {
        let path = directory.path().join(format!("{name}.parquet"));
        let source = fixture.open_with("parquet", &path, &[], ddl.map(schema)).await?;
        Ok::<_, firesteel_base::SparkError>((type_of(&source), fixture.rows(&source).await?.join("")))
    };
    let fits = [
        ("u16", None, "struct<c:int>", r#"{"c":1}"#),
        ("u64", None, "struct<c:decimal(20,0)>", r#"{"c":9223372036854775808}"#),
        ("ms", None, "struct<c:timestamp_ntz>", r#"{"c":"1970-01-01 00:00:00.001000"}"#),
        ("msz", None, "struct<c:timestamp>", r#"{"c":"1969-12-31 16:00:00.001000"}"#),
        ("i", Some("c long"), "struct<c:bigint>", r#"{"c":1}{"c":100000}"#),
        ("i", Some("C int"), "struct<C:int>", r#"{"C":1}{"C":100000}"#),
        ("i", Some("x int"), "struct<x:int>", r#"{"x":null}{"x":null}"#),
        ("i", Some("c short"), "struct<c:smallint>", r#"{"c":1}{"c":-31072}"#),
        ("i", Some("c tinyint"), "struct<c:tinyint>", r#"{"c":1}{"c":-96}"#),
        ("i", Some("c double"), "struct<c:double>", r#"{"c":1.0}{"c":100000.0}"#),
        ("i", Some("c decimal(12,2)"), "struct<c:decimal(12,2)>", r#"{"c":1.00}{"c":100000.00}"#),
        ("l", Some("c decimal(20,0)"), "struct<c:decimal(20,0)>", r#"{"c":1}{"c":1099511627776}"#),
        ("f", Some("c double"), "struct<c:double>", r#"{"c":1.5}"#),
        ("d", Some("c timestamp_ntz"), "struct<c:timestamp_ntz>", r#"{"c":"2020-01-01 00:00:00.000000"}"#),
        ("ms", Some("c timestamp"), "struct<c:timestamp>", r#"{"c":"1969-12-31 16:00:00.001000"}"#),
        ("msz", Some("c timestamp_ntz"), "struct<c:timestamp_ntz>", r#"{"c":"1970-01-01 00:00:00.001000"}"#),
        ("s", Some("c binary"), "struct<c:binary>", r#"{"c":"YQ=="}"#),
    ];
    for (name, ddl, data_type, rows) in fits {
        assert_eq!(read(name, ddl).await.unwrap(), (data_type.to_owned(), rows.to_owned()), "{name} as {ddl:?}");
    }
    let refused = [
        ("i", "c string", "string", "INT32"),
        ("i", "c timestamp", "timestamp", "INT32"),
        ("i", "c float", "float", "INT32"),
        ("i", "c decimal(9,0)", "decimal(9,0)", "INT32"),
        ("i", "c array<int>", "array<int>", "INT32"),
        ("l", "c int", "int", "INT64"),
        ("l", "c double", "double", "INT64"),
        ("l", "c timestamp", "timestamp", "INT64"),
        ("db", "c float", "float", "DOUBLE"),
        ("s", "c int", "int", "BINARY"),
        ("d", "c timestamp", "timestamp", "INT32"),
        ("u64", "c decimal(25,0)", "decimal(25,0)", "INT64"),
    ];
    for (name, ddl, expected, actual) in refused {
        let error = read(name, Some(ddl)).await.unwrap_err();
        assert_eq!(error.condition(), "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH", "{name} as {ddl}: {error}");
        assert_eq!(error.parameters()["expectedType"], expected);
        assert_eq!(error.parameters()["actualType"], actual);
        assert_eq!(error.parameters()["column"], "[c]");
        assert!(error.parameters()["path"].ends_with(&format!("/{name}.parquet")));
    }
}

#[tokio::test]
async fn schemas_of_several_files() {
    let directory = tempfile::tempdir().unwrap();
    let fixture = Fixture::new();
    let table = directory.path().join("m");
    write_file(
        &table.join("1.parquet"),
        vec![("a", Arc::new(Int32Array::from(vec![1]))), ("b", Arc::new(StringArray::from(vec!["x"])))],
    );
    write_file(
        &table.join("2.parquet"),
        vec![("A", Arc::new(Int32Array::from(vec![2]))), ("c", Arc::new(Float64Array::from(vec![1.5])))],
    );
    std::fs::write(table.join("_SUCCESS"), "").unwrap();
    std::fs::write(table.join(".hidden.parquet"), "x").unwrap();
    let sorted = async |options: &[(&str, &str)]| {
        let source = fixture.open("parquet", &table, options).await.unwrap();
        let mut rows = fixture.rows(&source).await.unwrap();
        rows.sort();
        (type_of(&source), rows.join(""))
    };
    let (data_type, rows) = sorted(&[]).await;
    assert_eq!(data_type, "struct<a:int,b:string>");
    assert_eq!(rows, r#"{"a":1,"b":"x"}{"a":2,"b":null}"#);
    let (data_type, rows) = sorted(&[("mergeSchema", "true")]).await;
    assert_eq!(data_type, "struct<a:int,b:string,c:double>");
    assert_eq!(rows, r#"{"a":1,"b":"x","c":null}{"a":2,"b":null,"c":1.5}"#);

    write_file(&table.join("3.parquet"), vec![("a", Arc::new(StringArray::from(vec!["x"])))]);
    let error = fixture.open("parquet", &table, &[("mergeSchema", "true")]).await.unwrap_err();
    assert_eq!(error.condition(), "CANNOT_MERGE_SCHEMAS");
}

#[tokio::test]
async fn opening_fails_in_sparks_words() {
    let directory = tempfile::tempdir().unwrap();
    let fixture = Fixture::new();
    let check = async |format: &str, name: &str, expected: &str| {
        let error = fixture.open(format, &directory.path().join(name), &[]).await.unwrap_err();
        assert_eq!(error.condition(), expected, "{format} {name}: {error}");
    };
    std::fs::create_dir(directory.path().join("empty")).unwrap();
    std::fs::write(directory.path().join("bad.parquet"), "hello world, this is no parquet").unwrap();
    write_file(
        &directory.path().join("twice.parquet"),
        vec![("a", Arc::new(Int32Array::from(vec![1]))), ("A", Arc::new(Int32Array::from(vec![2])))],
    );
    check("parquet", "none", "PATH_NOT_FOUND").await;
    check("parquet", "none*", "PATH_NOT_FOUND").await;
    check("parquet", "empty", "UNABLE_TO_INFER_SCHEMA").await;
    check("csv", "empty", "UNABLE_TO_INFER_SCHEMA").await;
    check("json", "empty", "UNABLE_TO_INFER_SCHEMA").await;
    check("parquet", "bad.parquet", "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER").await;
    check("parquet", "twice.parquet", "COLUMN_ALREADY_EXISTS").await;
    check("orc", "empty", "NOT_IMPLEMENTED").await;
    check("nonsense", "empty", "DATA_SOURCE_NOT_FOUND").await;
}

#[tokio::test]
async fn partition_directories_prune_and_override() {
    let directory = tempfile::tempdir().unwrap();
    let fixture = Fixture::new();
    for p in 1..=3 {
        let path = directory.path().join(format!("p={p}/q=x%2Fy/f.parquet"));
        let column = |value| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
        write_file(&path, vec![("a", column(p)), ("p", column(7)), ("b", column(2))]);
    }
    let source = fixture.open("parquet", directory.path(), &[]).await.unwrap();
    // The column in both keeps its place in the file and takes its value from the directory.
    assert_eq!(type_of(&source), "struct<a:bigint,p:int,b:bigint,q:string>");
    let frame = fixture.context.read_table(Arc::clone(&source.provider)).unwrap();
    let frame = frame.filter(col("p").gt_eq(lit(2_i32))).unwrap().select(vec![col("q"), col("a"), col("p")]).unwrap();
    let plan = frame.clone().create_physical_plan().await.unwrap();
    let shown = datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string();
    assert!(!shown.contains("p=1") && shown.contains("p=3"), "{shown}");
    let mut rows: Vec<(String, i64, i32)> = frame
        .collect()
        .await
        .unwrap()
        .iter()
        .flat_map(|batch| {
            let (q, a, p) = (batch.column(0), batch.column(1), batch.column(2));
            let q = datafusion::arrow::compute::cast(q, &DataType::Utf8).unwrap();
            (0..batch.num_rows())
                .map(|row| {
                    let p = p.as_primitive::<datafusion::arrow::datatypes::Int32Type>().value(row);
                    (q.as_string::<i32>().value(row).to_owned(), a.as_primitive::<Int64Type>().value(row), p)
                })
                .collect::<Vec<_>>()
        })
        .collect();
    rows.sort();
    assert_eq!(rows, [("x/y".to_owned(), 2, 2), ("x/y".to_owned(), 3, 3)]);
    // A directory below the table shows its partition columns only from the base path on.
    let one = fixture.open("parquet", &directory.path().join("p=1"), &[]).await.unwrap();
    assert_eq!(type_of(&one), "struct<a:bigint,p:bigint,b:bigint,q:string>");
    let base = directory.path().display().to_string();
    let one = fixture.open("parquet", &directory.path().join("p=1"), &[("basePath", &base)]).await.unwrap();
    assert_eq!(type_of(&one), "struct<a:bigint,p:int,b:bigint,q:string>");
    let glob = directory.path().join("p={1,2}");
    let refused = fixture.open("parquet", &glob, &[]).await.unwrap_err();
    assert_eq!(refused.condition(), "CONFLICTING_DIRECTORY_STRUCTURES");
    let globbed = fixture.open("parquet", &glob, &[("basePath", &base)]).await.unwrap();
    assert_eq!(globbed.files.len(), 2);
    let given = fixture.open_with("parquet", directory.path(), &[], Some(schema("p string, b bigint"))).await.unwrap();
    assert_eq!(type_of(&given), "struct<b:bigint,p:string,q:string>");
    let refused = fixture.open_with("parquet", directory.path(), &[], Some(schema("b bigint, q date"))).await;
    assert_eq!(refused.unwrap_err().condition(), "INVALID_PARTITION_VALUE");
}

#[tokio::test]
async fn statistics_are_those_of_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let fixture = Fixture::new();
    for (name, values) in [("1", vec![1, 5]), ("2", vec![3, 9])] {
        let column = Arc::new(Int64Array::from(values));
        write_file(&directory.path().join(format!("{name}.parquet")), vec![("a", column.clone()), ("B", column)]);
    }
    let source = fixture.open_with("parquet", directory.path(), &[], Some(schema("a bigint, b bigint"))).await.unwrap();
    let frame = fixture.context.read_table(source.provider).unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    let statistics = StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new()).unwrap();
    assert_eq!(statistics.num_rows, Precision::Exact(4));
    let bound = |value: i64| Precision::Exact(ScalarValue::Int64(Some(value)));
    assert_eq!(statistics.column_statistics[0].min_value, bound(1));
    assert_eq!(statistics.column_statistics[0].max_value, bound(9));
    // Found under another case: no statistics rather than wrong ones.
    assert_eq!(statistics.column_statistics[1].min_value, Precision::Absent);
    assert_ne!(statistics.column_statistics[1].null_count, Precision::Exact(4));
}
