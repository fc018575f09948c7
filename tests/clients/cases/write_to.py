"""`writeTo` and `saveAsTable`: what tables of the session catalog take."""

from recorded import case


def outcome(action):
    """What a call ends with: nothing, or a condition with its parameters."""
    try:
        return action()
    except Exception as error:
        parameters = error.getMessageParameters() or {}
        return [error.getCondition(), [[key, parameters[key]] for key in sorted(parameters)]]


def rows(spark):
    return spark.sql("SELECT 2 AS a, 'y' AS b")


class Tables:
    """Tables of the case's own."""

    def __init__(self, spark, *names):
        self.spark, self.names = spark, names

    def __enter__(self):
        self.drop()
        return self

    def __exit__(self, *exception):
        self.drop()

    def drop(self):
        for name in self.names:
            self.spark.sql(f"DROP TABLE IF EXISTS {name}")


@case
def creates(spark):
    from pyspark.sql import functions as F

    with Tables(spark, "w_new", "w_json"):
        made = [
            outcome(lambda: rows(spark).writeTo("w_new").create()),
            outcome(lambda: rows(spark).writeTo("w_new").create()),
            outcome(lambda: rows(spark).writeTo("w_json").using("json").tableProperty("p", "q").partitionedBy(F.col("a")).create()),
        ]
        kept = [list(row) for name in ("w_new", "w_json") for row in spark.table(name).collect()]
        return [made, kept, spark.table("w_json").columns]


@case
def refuses_rows(spark):
    with Tables(spark, "w_old"):
        spark.sql("CREATE TABLE w_old(a INT, b STRING) USING parquet")
        spark.sql("SELECT 1 AS a").createOrReplaceTempView("w_view")
        return [
            outcome(lambda: rows(spark).writeTo("w_old").append()),
            outcome(lambda: rows(spark).writeTo("w_old").overwritePartitions()),
            outcome(lambda: rows(spark).writeTo("w_old").overwrite(spark.table("w_old").a == 1)),
            outcome(lambda: rows(spark).writeTo("w_old").replace()),
            outcome(lambda: rows(spark).writeTo("w_old").createOrReplace()),
            outcome(lambda: rows(spark).writeTo("w_view").append()),
            outcome(lambda: rows(spark).writeTo("w_nosuch").append()),
            spark.table("w_old").count(),
        ]


@case
def partition_transforms(spark):
    from pyspark.sql import functions as F

    with Tables(spark, "w_years", "w_buckets"):
        return [
            outcome(lambda: rows(spark).writeTo("w_years").partitionedBy(F.years("a")).create()),
            outcome(lambda: rows(spark).writeTo("w_buckets").partitionedBy(F.bucket(3, "a")).create()),
        ]


@case
def overwritten_table(spark):
    with Tables(spark, "w_saved"):
        rows(spark).write.saveAsTable("w_saved")
        spark.sql("SELECT 1L AS z, 'p' AS p UNION ALL SELECT 2, 'q'").write.mode("overwrite").partitionBy("p").saveAsTable("w_saved")
        return [list(row) for row in spark.table("w_saved").orderBy("z").collect()]
