//! Apache Spark's own Rust client against this server: what its users do daily, compared with what the client got from
//! Spark.
//!
//! `FIRESTEEL_RECORD_FROM=sc://…` takes the answers from that server and writes them down.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]
#![expect(clippy::result_large_err, reason = "the error is the client's own")]

#[path = "../client/mod.rs"]
mod client;

use std::collections::BTreeMap;
use std::path::Path;

use firesteel_connect::ServerOptions;
use firesteel_service::Limits;
use spark_connect::column::{col, lit, lit_string};
use spark_connect::dataframe::DataFrame;
use spark_connect::functions as f;
use spark_connect::plan::JoinType;
use spark_connect::row::{Row, Value};
use spark_connect::types::DataType;
use spark_connect::window::WindowSpec;
use spark_connect::{Column, Expression, Result, SortOrder, SparkSession};

type Case = (&'static str, fn(&SparkSession) -> Result<String>);

const CASES: &[Case] = &[
    ("range", |spark| told(&spark.range_full(2, 11, 3, Some(2))?)),
    ("sql", |spark| told(&people(spark)?.order_by(each([col("id").asc()])))),
    ("types", |spark| {
        told(&spark.sql(
            "SELECT 1Y AS a, 2S AS b, 3L AS c, 1.5F AS d, 2.5D AS e, 12.340BD AS f, X'00FF' AS g, DATE'2024-02-29' AS h, \
             TIMESTAMP'2024-02-29 12:34:56.789Z' AS i, TIMESTAMP_NTZ'2024-02-29 12:34:56' AS j, array(1, NULL) AS k, \
             map('x', 1) AS l, named_struct('y', 'z') AS m, true AS n, CAST(NULL AS STRING) AS o",
        )?)
    }),
    ("select and filter", |spark| {
        let frame = people(spark)?.filter(col("age").gt(lit(30)));
        told(&frame.select(vec![col("name"), (col("age") + lit(1)).alias("next")]).order_by(each([col("name").asc()])))
    }),
    ("group", |spark| {
        let grouped = people(spark)?.group_by(vec![col("team")]);
        let sums = each([f::sum(col("age")).alias("ages"), f::count(lit(1)).alias("n")]);
        told(&grouped.agg(sums).order_by(each([col("team").asc()])))
    }),
    ("join", |spark| {
        let teams = spark.sql("SELECT * FROM VALUES ('red', 10), ('blue', 20) AS t(team, points)")?;
        told(&people(spark)?.join_using(&teams, vec!["team"], JoinType::LeftOuter).order_by(each([col("id").asc()])))
    }),
    ("window", |spark| {
        let eldest = SortOrder::desc_nulls_last(col("age").expression().clone());
        let by_team = WindowSpec::new().partition_by(each([col("team")])).order_by(vec![eldest]);
        let ranked = people(spark)?.with_column("rank", f::rank().over(by_team));
        told(&ranked.order_by(each([col("id").asc()])))
    }),
    ("rows of the client", |spark| {
        let names = || vec!["a".to_owned(), "b".to_owned()];
        let rows = vec![
            Row::new(names(), vec![Value::Integer(1), Value::String("x".to_owned())]),
            Row::new(names(), vec![Value::Null, Value::String("é".to_owned())]),
        ];
        told(&spark.create_dataframe(rows, DataType::from_ddl("a INT, b STRING")?)?)
    }),
    ("set operations", |spark| {
        let (some, more) = (spark.range(5)?, spark.range_full(3, 8, 1, None)?);
        let united = some.union(&more).distinct().order_by(each([col("id").asc()]));
        let counts = [some.intersect(&more).count()?, some.subtract(&more).count()?];
        Ok(format!("{} {counts:?}", told(&united)?))
    }),
    ("missing values", |spark| {
        let frame = spark.sql("SELECT * FROM VALUES (1, NULL), (NULL, 'b'), (3, 'c') AS t(a, b)")?;
        Ok(format!("{} {}", frame.dropna(None, None, None).count()?, told(&frame.fillna(0, None))?))
    }),
    ("views and the catalog", |spark| {
        people(spark)?.create_or_replace_temp_view("crowd")?;
        let count = spark.table("crowd")?.count()?;
        let exists = spark.catalog().table_exists("crowd")?;
        let dropped = spark.catalog().drop_temp_view("crowd")?;
        Ok(format!("{count} {exists} {dropped} {}", spark.catalog().table_exists("crowd")?))
    }),
    ("configuration", |spark| {
        spark.conf().set("spark.sql.shuffle.partitions", "7")?;
        let set = spark.conf().get("spark.sql.shuffle.partitions")?;
        spark.conf().unset("spark.sql.shuffle.partitions")?;
        Ok(format!("{set:?} {:?}", spark.conf().get("spark.sql.shuffle.partitions")?))
    }),
    ("many rows by an iterator", |spark| {
        let mut sum = 0;
        for row in spark.range(100_000)?.to_local_iterator(true)? {
            if let Some(Value::Long(id)) = row?.get(0) {
                sum += id;
            }
        }
        Ok(sum.to_string())
    }),
    ("a cached frame", |spark| {
        let frame = spark.range(10)?.cache()?;
        let (count, is_cached) = (frame.count()?, frame.is_cached()?);
        Ok(format!("{count} {is_cached} {}", frame.unpersist(true)?.is_cached()?))
    }),
    ("an unknown column", |spark| told(&people(spark)?.select(vec![col("nmae")]))),
    ("an unknown table", |spark| told(&spark.table("nowhere")?)),
    ("a syntax error", |spark| told(&spark.sql("SELECT 1 +")?)),
    ("a division by zero", |spark| told(&spark.range(3)?.select(vec![lit(1) / col("id")]))),
    ("a wrong cast", |spark| told(&spark.range(1)?.select(vec![lit_string("abc").cast(DataType::Integer)]))),
];

#[test]
fn the_official_client_gets_what_spark_gives() {
    let path = Path::new("tests/rust_client/expected.json");
    let remote = std::env::var("FIRESTEEL_RECORD_FROM");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let address = match &remote {
        Ok(remote) => remote.clone(),
        Err(_) => {
            let (_, address) = runtime.block_on(client::start_with(Limits::default(), ServerOptions::default()));
            format!("sc://{address}")
        }
    };
    let session = SparkSession::builder().remote(&address).get_or_create().unwrap();
    session.conf().set("spark.sql.session.timeZone", "UTC").unwrap();
    let outcomes: BTreeMap<&str, String> =
        CASES.iter().map(|(name, case)| (*name, case(&session).unwrap_or_else(|error| failure(&error)))).collect();
    session.stop().unwrap();
    if remote.is_ok() {
        let text = serde_json::to_string_pretty(&outcomes).unwrap();
        std::fs::write(path, text + "\n").unwrap();
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap();
    let expected: BTreeMap<String, String> = serde_json::from_str(&expected).unwrap();
    assert_eq!(outcomes.len(), expected.len());
    for (name, outcome) in outcomes {
        assert_eq!(Some(&outcome), expected.get(name), "{name}");
    }
}

fn people(spark: &SparkSession) -> Result<DataFrame> {
    spark.sql(
        "SELECT * FROM VALUES (1, 'Ann', 31, 'red'), (2, 'Ben', 29, 'blue'), (3, 'Cleo', 45, 'red'), (4, 'Dan', 31, NULL) \
         AS t(id, name, age, team)",
    )
}

fn each<const N: usize>(columns: [Column; N]) -> Vec<Expression> {
    columns.iter().map(|column| column.expression().clone()).collect()
}

/// The frame's schema and rows.
fn told(frame: &DataFrame) -> Result<String> {
    let schema = frame.schema()?;
    Ok(format!("{schema:?} {:?}", frame.collect()?))
}

/// The condition with its state.
fn failure(error: &spark_connect::SparkError) -> String {
    format!("{:?} {} {:?}", error.kind, error.error_class, error.sql_state)
}
