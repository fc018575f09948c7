//! Writes: what files hold (recorded from Apache Spark 4.2.1), how they are named, and that a write is all or nothing.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray, Float32Array,
    Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, IntervalYearMonthArray, StringArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use firesteel_base::{SparkError, SparkField, SparkSchema, SparkType};
use firesteel_storage::{SaveMode, WriteRequest};
use support::{Fixture, data_of, files_of, schema, settings, stream};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap()
}

fn strings() -> RecordBatch {
    let values = vec![
        Some("a,b"),
        Some("q\"q"),
        Some(""),
        None,
        Some(" lead"),
        Some("trail "),
        Some("nl\nx"),
        Some("cr\rx"),
        Some("back\\slash"),
        Some("#c"),
        Some("\"full\""),
        Some("\t"),
        Some("é"),
        Some("x\\"),
        Some("a\\\"b"),
        Some("a\\,b"),
    ];
    let ones = Int32Array::from(vec![1; values.len()]);
    batch(vec![("s", Arc::new(StringArray::from(values))), ("i", Arc::new(ones))])
}

async fn written(format: &str, options: &[(&str, &str)], schema: &SparkSchema, batch: RecordBatch) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out");
    Fixture::new()
        .write(format, &path, SaveMode::ErrorIfExists, options, &[], schema, vec![vec![batch]])
        .await
        .unwrap();
    data_of(&path)
}

#[tokio::test]
async fn csv_text_is_sparks() {
    let schema = schema("s string, i int");
    let check = async |options: &[(&str, &str)], expected: &str| {
        assert_eq!(written("csv", options, &schema, strings()).await, expected, "{options:?}");
    };
    check(&[], "\"a,b\",1\n\"q\\\"q\",1\n\"\",1\n,1\nlead,1\ntrail,1\n\"nl\nx\",1\n\"cr\rx\",1\nback\\slash,1\n\"#c\",1\n\"\\\"full\\\"\",1\n\"\",1\né,1\nx\\,1\n\"a\\\\\\\"b\",1\n\"a\\\\,b\",1\n").await;
    check(&[("quoteAll", "true"), ("header", "true")], "\"s\",\"i\"\n\"a,b\",\"1\"\n\"q\\\"q\",\"1\"\n\"\",\"1\"\n\"\",\"1\"\n\"lead\",\"1\"\n\"trail\",\"1\"\n\"nl\nx\",\"1\"\n\"cr\rx\",\"1\"\n\"back\\\\slash\",\"1\"\n\"#c\",\"1\"\n\"\\\"full\\\"\",\"1\"\n\"\",\"1\"\n\"é\",\"1\"\n\"x\\\\\",\"1\"\n\"a\\\\\\\"b\",\"1\"\n\"a\\\\,b\",\"1\"\n").await;
    check(&[("escapeQuotes", "false")], "\"a,b\",1\nq\"q,1\n\"\",1\n,1\nlead,1\ntrail,1\n\"nl\nx\",1\n\"cr\rx\",1\nback\\slash,1\n\"#c\",1\n\"\\\"full\\\"\",1\n\"\",1\né,1\nx\\,1\na\\\"b,1\n\"a\\\\,b\",1\n").await;
    check(&[("nullValue", "N"), ("emptyValue", "E")], "\"a,b\",1\n\"q\\\"q\",1\nE,1\nN,1\nlead,1\ntrail,1\n\"nl\nx\",1\n\"cr\rx\",1\nback\\slash,1\n\"#c\",1\n\"\\\"full\\\"\",1\nE,1\né,1\nx\\,1\n\"a\\\\\\\"b\",1\n\"a\\\\,b\",1\n").await;
    check(&[("quote", "'"), ("sep", ";")], "a,b;1\nq\"q;1\n\"\";1\n;1\nlead;1\ntrail;1\n'nl\nx';1\n'cr\rx';1\nback\\slash;1\n'#c';1\n\"full\";1\n\"\";1\né;1\nx\\;1\na\\\"b;1\na\\,b;1\n").await;
    check(&[("escape", "\"")], "\"a,b\",1\n\"q\"\"q\",1\n\"\",1\n,1\nlead,1\ntrail,1\n\"nl\nx\",1\n\"cr\rx\",1\nback\\slash,1\n\"#c\",1\n\"\"\"full\"\"\",1\n\"\",1\né,1\nx\\,1\n\"a\\\"\"b\",1\n\"a\\,b\",1\n").await;
    check(&[("lineSep", "\r\n"), ("header", "true")], "s,i\r\n\"a,b\",1\r\n\"q\\\"q\",1\r\n\"\",1\r\n,1\r\nlead,1\r\ntrail,1\r\n\"nl\r\nx\",1\r\n\"cr\rx\",1\r\nback\\slash,1\r\n\"#c\",1\r\n\"\\\"full\\\"\",1\r\n\"\",1\r\né,1\r\nx\\,1\r\n\"a\\\\\\\"b\",1\r\n\"a\\\\,b\",1\r\n").await;
}

/// One row of every scalar type.
fn scalars() -> (SparkSchema, RecordBatch) {
    let columns: Vec<(&str, SparkType, ArrayRef)> = vec![
        ("a", SparkType::Byte, Arc::new(Int8Array::from(vec![1]))),
        ("b", SparkType::Short, Arc::new(Int16Array::from(vec![2]))),
        ("d", SparkType::Long, Arc::new(Int64Array::from(vec![4]))),
        ("e", SparkType::Float, Arc::new(Float32Array::from(vec![1.5]))),
        ("f", SparkType::Double, Arc::new(Float64Array::from(vec![1e10]))),
        ("g", SparkType::Double, Arc::new(Float64Array::from(vec![f64::NAN]))),
        ("g3", SparkType::Float, Arc::new(Float32Array::from(vec![f32::NEG_INFINITY]))),
        (
            "h",
            SparkType::decimal(3, 2),
            Arc::new(Decimal128Array::from(vec![150]).with_precision_and_scale(3, 2).unwrap()),
        ),
        ("i", SparkType::Boolean, Arc::new(BooleanArray::from(vec![true]))),
        ("j", SparkType::Date, Arc::new(Date32Array::from(vec![18_263]))),
        (
            "k",
            SparkType::Timestamp,
            Arc::new(TimestampMicrosecondArray::from(vec![1_577_963_045_123_456]).with_timezone("UTC")),
        ),
        ("l", SparkType::TimestampNtz, Arc::new(TimestampMicrosecondArray::from(vec![1_577_934_245_100_000]))),
        ("m", SparkType::Binary, Arc::new(BinaryArray::from(vec![b"ab".as_slice()]))),
        ("n", SparkType::DAY_TIME, Arc::new(DurationMicrosecondArray::from(vec![93_784_500_000]))),
        ("o", SparkType::YEAR_MONTH, Arc::new(IntervalYearMonthArray::from(vec![14]))),
        ("p", SparkType::Integer, Arc::new(Int32Array::from(vec![None]))),
        ("v", SparkType::Date, Arc::new(Date32Array::from(vec![-719_162]))),
    ];
    let fields: Vec<SparkField> =
        columns.iter().map(|(name, data_type, _)| SparkField::new(*name, data_type.clone(), true)).collect();
    (SparkSchema::new(fields), batch(columns.into_iter().map(|(name, _, column)| (name, column)).collect()))
}

#[tokio::test]
async fn scalars_are_spelled_as_spark_does() {
    let (schema, batch) = scalars();
    assert_eq!(
        written("csv", &[], &schema, batch.clone()).await,
        "1,2,4,1.5,1.0E10,NaN,-Infinity,1.50,true,2020-01-02,2020-01-02T03:04:05.123-08:00,2020-01-02T03:04:05.100,\
         [61 62],INTERVAL '1 02:03:04.5' DAY TO SECOND,INTERVAL '1-2' YEAR TO MONTH,,0001-01-01\n"
    );
    assert_eq!(
        written("json", &[], &schema, batch.clone()).await,
        "{\"a\":1,\"b\":2,\"d\":4,\"e\":1.5,\"f\":1.0E10,\"g\":\"NaN\",\"g3\":\"-Infinity\",\"h\":1.50,\"i\":true,\
         \"j\":\"2020-01-02\",\"k\":\"2020-01-02T03:04:05.123-08:00\",\"l\":\"2020-01-02T03:04:05.100\",\"m\":\"YWI=\",\
         \"n\":\"INTERVAL '1 02:03:04.5' DAY TO SECOND\",\"o\":\"INTERVAL '1-2' YEAR TO MONTH\",\"v\":\"0001-01-01\"}\n"
    );
    let patterns = [("dateFormat", "dd.MM.yyyy"), ("timestampFormat", "yyyy/MM/dd HH:mm:ss")];
    let text = written("csv", &patterns, &schema, batch).await;
    assert!(text.contains("02.01.2020,2020/01/02 03:04:05,2020-01-02T03:04:05.100"), "{text}");
}

#[tokio::test]
async fn json_text_is_sparks() {
    let schema = schema("s string, i int");
    assert_eq!(
        written("json", &[], &schema, strings()).await,
        "{\"s\":\"a,b\",\"i\":1}\n{\"s\":\"q\\\"q\",\"i\":1}\n{\"s\":\"\",\"i\":1}\n{\"i\":1}\n{\"s\":\" lead\",\"i\":1}\n{\"s\":\"trail \",\"i\":1}\n{\"s\":\"nl\\nx\",\"i\":1}\n{\"s\":\"cr\\rx\",\"i\":1}\n{\"s\":\"back\\\\slash\",\"i\":1}\n{\"s\":\"#c\",\"i\":1}\n{\"s\":\"\\\"full\\\"\",\"i\":1}\n{\"s\":\"\\t\",\"i\":1}\n{\"s\":\"é\",\"i\":1}\n{\"s\":\"x\\\\\",\"i\":1}\n{\"s\":\"a\\\\\\\"b\",\"i\":1}\n{\"s\":\"a\\\\,b\",\"i\":1}\n"
    );
}

fn numbers(values: Vec<i64>) -> RecordBatch {
    batch(vec![("id", Arc::new(Int64Array::from(values)))])
}

#[tokio::test]
async fn files_are_named_as_spark_names_them() {
    let directory = tempfile::tempdir().unwrap();
    let fixture = Fixture::new();
    let ids = schema("id bigint");
    let names = async |format: &str, options: &[(&str, &str)], partitions: Vec<Vec<RecordBatch>>| {
        let path = directory.path().join("named");
        fixture.write(format, &path, SaveMode::Overwrite, options, &[], &ids, partitions).await.unwrap();
        let unique = |name: &String| match name.rsplit_once("-c0") {
            Some((head, tail)) => format!("{}-c0{tail}", &head[..head.len() - 37]),
            None => name.clone(),
        };
        files_of(&path).iter().map(unique).collect::<Vec<_>>()
    };
    // The first worker keeps the schema even without rows; other workers without rows leave nothing.
    let parts = vec![vec![], vec![numbers(vec![1])], vec![], vec![numbers(vec![2])]];
    let expected = [
        "_SUCCESS",
        "part-00000-c000.snappy.parquet",
        "part-00001-c000.snappy.parquet",
        "part-00003-c000.snappy.parquet",
    ];
    assert_eq!(names("parquet", &[], parts).await, expected);
    let one = || vec![vec![numbers(vec![1, 2, 3])]];
    for (codec, extension) in [
        ("none", ".parquet"),
        ("gzip", ".gz.parquet"),
        ("zstd", ".zstd.parquet"),
        ("lz4", ".lz4hadoop.parquet"),
        ("lz4_raw", ".lz4raw.parquet"),
    ] {
        let found = names("parquet", &[("compression", codec)], one()).await;
        assert_eq!(found, ["_SUCCESS".to_owned(), format!("part-00000-c000{extension}")]);
    }
    assert_eq!(names("csv", &[("compression", "GZIP")], one()).await[1], "part-00000-c000.csv.gz");
    assert_eq!(names("json", &[("maxRecordsPerFile", "2")], one()).await.len(), 3);
    let path = directory.path().join("x");
    let refused = fixture.write("csv", &path, SaveMode::Append, &[("compression", "zstd")], &[], &ids, one()).await;
    assert_eq!(refused.unwrap_err().condition(), "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION");
}

#[tokio::test]
async fn save_modes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t");
    let fixture = Fixture::new();
    let ids = schema("id bigint");
    let write =
        async |mode, value| fixture.write("json", &path, mode, &[], &[], &ids, vec![vec![numbers(vec![value])]]).await;
    write(SaveMode::Ignore, 1).await.unwrap();
    write(SaveMode::Ignore, 2).await.unwrap();
    let refused = write(SaveMode::ErrorIfExists, 3).await.unwrap_err();
    assert_eq!(refused.condition(), "PATH_ALREADY_EXISTS");
    assert_eq!(refused.parameters()["outputPath"], format!("file:{}", path.display()));
    assert_eq!(data_of(&path), "{\"id\":1}\n");
    write(SaveMode::Append, 4).await.unwrap();
    assert_eq!(data_of(&path).len(), "{\"id\":1}\n{\"id\":4}\n".len());
    write(SaveMode::Overwrite, 5).await.unwrap();
    assert_eq!(data_of(&path), "{\"id\":5}\n");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn partition_directories() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t");
    let fixture = Fixture::new();
    let table = schema("x int, S string, t timestamp");
    let rows = batch(vec![
        ("x", Arc::new(Int32Array::from(vec![1, 2, 3, 4]))),
        ("S", Arc::new(StringArray::from(vec![Some("a b/c"), None, Some(""), Some("a b/c")]))),
        (
            "t",
            Arc::new(
                TimestampMicrosecondArray::from(vec![
                    Some(1_577_869_323_500_000),
                    None,
                    None,
                    Some(1_577_869_323_500_000),
                ])
                .with_timezone("UTC"),
            ),
        ),
    ]);
    fixture.write("json", &path, SaveMode::Append, &[], &["s", "T"], &table, vec![vec![rows]]).await.unwrap();
    let directories: Vec<String> = files_of(&path)
        .iter()
        .filter_map(|file| file.rsplit_once('/').map(|(directory, _)| directory.to_owned()))
        .collect();
    assert_eq!(
        directories,
        ["S=__HIVE_DEFAULT_PARTITION__/t=__HIVE_DEFAULT_PARTITION__", "S=a b%2Fc/t=2020-01-01 01%3A02%3A03.5"]
    );
    let source = fixture.open("json", &path, &[]).await.unwrap();
    assert_eq!(SparkType::Struct(source.schema.clone()).simple_string(), "struct<x:bigint,S:string,t:timestamp>");
    let mut rows = fixture.rows(&source).await.unwrap();
    rows.sort();
    assert_eq!(
        rows,
        [
            "{\"x\":1,\"S\":\"a b/c\",\"t\":\"2020-01-01 01:02:03.500000\"}",
            "{\"x\":2,\"S\":null,\"t\":null}",
            "{\"x\":3,\"S\":null,\"t\":null}",
            "{\"x\":4,\"S\":\"a b/c\",\"t\":\"2020-01-01 01:02:03.500000\"}"
        ]
    );
    // Dynamic overwriting replaces only what it writes.
    let more = batch(vec![
        ("x", Arc::new(Int32Array::from(vec![9]))),
        ("S", Arc::new(StringArray::from(vec![None::<&str>]))),
        ("t", Arc::new(TimestampMicrosecondArray::from(vec![None]).with_timezone("UTC"))),
    ]);
    let dynamic = [("partitionOverwriteMode", "dynamic")];
    fixture.write("json", &path, SaveMode::Overwrite, &dynamic, &["s", "T"], &table, vec![vec![more]]).await.unwrap();
    assert_eq!(data_of(&path), "{\"x\":9}\n{\"x\":1}\n{\"x\":4}\n");
}

#[tokio::test]
async fn writes_are_refused_in_sparks_words() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t");
    let fixture = Fixture::new();
    let check = async |format: &str, schema: &SparkSchema, partition_by: &[&str], expected: &str| {
        let result = fixture.write(format, &path, SaveMode::Append, &[], partition_by, schema, vec![]).await;
        assert_eq!(result.unwrap_err().condition(), expected);
        assert!(!path.exists());
    };
    check("parquet", &schema("id bigint"), &["id"], "ALL_PARTITION_COLUMNS_NOT_ALLOWED").await;
    check("parquet", &schema("id bigint"), &["zz"], "_LEGACY_ERROR_TEMP_1155").await;
    check("parquet", &schema("id bigint, a array<int>"), &["a"], "INVALID_PARTITION_COLUMN_DATA_TYPE").await;
    check("parquet", &schema("id bigint, ID bigint"), &[], "COLUMN_ALREADY_EXISTS").await;
    check("csv", &schema("a array<int>"), &[], "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE").await;
    check("text", &schema("id bigint"), &[], "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE").await;
    check("text", &schema("a string, b string"), &[], "_LEGACY_ERROR_TEMP_1290").await;
    check("json", &SparkSchema::default(), &[], "EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE").await;
    check("foo", &schema("id bigint"), &[], "DATA_SOURCE_NOT_FOUND").await;
}

/// A stream that fails after its first batch.
fn failing(schema: &SparkSchema) -> datafusion::physical_plan::SendableRecordBatchStream {
    let arrow = Arc::new(datafusion::arrow::datatypes::Schema::new(schema.to_arrow_fields("UTC")));
    let error = DataFusionError::External(Box::new(SparkError::new("DIVIDE_BY_ZERO").param("config", "x")));
    let items = vec![Ok(numbers(vec![1])), Err(error)];
    Box::pin(RecordBatchStreamAdapter::new(arrow, futures::stream::iter(items)))
}

#[tokio::test]
async fn a_write_that_fails_or_is_given_up_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t");
    let fixture = Fixture::new();
    let ids = schema("id bigint");
    fixture.write("json", &path, SaveMode::Append, &[], &[], &ids, vec![vec![numbers(vec![7])]]).await.unwrap();
    for mode in [SaveMode::Append, SaveMode::Overwrite] {
        let request = WriteRequest {
            format: "json".to_owned(),
            path: path.display().to_string(),
            mode,
            options: vec![],
            partition_by: vec![],
            replaced_partition: None,
        };
        let input = vec![failing(&ids), stream(&ids, vec![numbers(vec![2])])];
        let error = fixture.storage.write(&request, &ids, input, &settings()).await.unwrap_err();
        assert_eq!(error.condition(), "DIVIDE_BY_ZERO");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);

        let arrow = Arc::new(datafusion::arrow::datatypes::Schema::new(ids.to_arrow_fields("UTC")));
        let endless = futures::stream::iter(vec![Ok(numbers(vec![1]))]);
        let endless = futures::StreamExt::chain(endless, futures::stream::pending());
        let input: Vec<datafusion::physical_plan::SendableRecordBatchStream> =
            vec![Box::pin(RecordBatchStreamAdapter::new(arrow, endless))];
        let given_up = settings();
        let write = fixture.storage.write(&request, &ids, input, &given_up);
        assert!(tokio::time::timeout(std::time::Duration::from_millis(200), write).await.is_err());

        assert_eq!(data_of(&path), "{\"id\":7}\n");
        // A worker that was busy when its write was given up removes its file as soon as it notices.
        let entries = || std::fs::read_dir(directory.path()).unwrap().count();
        for _ in 0..500 {
            if entries() == 1 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(entries(), 1);
    }
}
