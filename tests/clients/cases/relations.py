"""Relations of the DataFrame API: what each method gives, with names, types and nullability."""

from pyspark.sql import Row
from pyspark.sql import functions as F
from pyspark.sql.functions import col, lit

from recorded import Ordered, case


def people(spark):
    return spark.sql(
        "SELECT * FROM VALUES (1, 'ann', 30, 'x'), (2, 'bob', 25, 'y'), (3, 'cid', NULL, 'x'), (4, NULL, 40, NULL) "
        "AS people(id, name, age, team)"
    )


def teams(spark):
    return spark.sql("SELECT * FROM VALUES ('x', 'red'), ('y', 'blue'), ('z', 'green') AS teams(team, colour)")


@case
def select_names(spark):
    return people(spark).select("name", "age")


@case
def select_expressions(spark):
    return people(spark).select(col("id") + 1, (col("age") * 2).alias("twice"), lit("c"), "*")


@case
def select_expr(spark):
    return people(spark).selectExpr("id", "upper(name) AS shout", "age > 26")


@case
def filter_column(spark):
    return people(spark).filter((col("age") > 26) & (col("team") == "x"))


@case
def where_text(spark):
    return people(spark).where("age IS NULL OR name LIKE 'b%'")


@case
def sort_several(spark):
    return Ordered(people(spark).sort(col("team").desc_nulls_last(), "id"))


@case
def order_by_descending(spark):
    return Ordered(people(spark).orderBy("age", ascending=False))


@case
def sort_by_hidden_column(spark):
    return Ordered(people(spark).select("name").orderBy(col("age").desc()))


@case
def sort_within_partitions(spark):
    return Ordered(people(spark).coalesce(1).sortWithinPartitions("age"))


@case
def limit_rows(spark):
    return Ordered(people(spark).orderBy("id").limit(2))


@case(since="4.0")
def offset_rows(spark):
    return Ordered(people(spark).orderBy("id").offset(2))


@case
def tail_rows(spark):
    return spark.range(10).orderBy("id").tail(3)


@case
def take_first_head(spark):
    frame = spark.range(5).orderBy("id")
    return [frame.take(2), frame.first(), frame.head(), frame.head(2), spark.range(0).first()]


@case
def count_rows(spark):
    return [people(spark).count(), spark.range(0).count(), people(spark).isEmpty(), spark.range(0).isEmpty()]


@case
def join_on_name(spark):
    return people(spark).join(teams(spark), "team")


@case
def join_on_names_outer(spark):
    return people(spark).join(teams(spark), ["team"], "outer")


@case
def join_on_condition(spark):
    left, right = people(spark), teams(spark)
    return left.join(right, left.team == right.team, "left").select(left.id, right.colour)


@case
def join_semi_anti(spark):
    left, right = people(spark), teams(spark)
    return [left.join(right, "team", "left_semi"), left.join(right, "team", "left_anti")]


@case
def join_cross(spark):
    return spark.range(2).crossJoin(spark.range(2).withColumnRenamed("id", "other"))


@case
def join_without_condition(spark):
    return spark.range(2).join(teams(spark)).count()


@case
def join_unknown_type(spark):
    return people(spark).join(teams(spark), "team", "sideways").schema


@case
def self_join_by_alias(spark):
    frame = people(spark)
    a, b = frame.alias("a"), frame.alias("b")
    return a.join(b, col("a.id") == col("b.id") + 1).select("a.name", col("b.name").alias("next"))


@case
def self_join_by_frame(spark):
    frame = people(spark)
    older = frame.select(col("id"), (col("age") + 10).alias("later"))
    return frame.join(older, frame["id"] == older["id"]).select(frame["id"], older["later"])


@case
def self_join_ambiguous(spark):
    frame = people(spark)
    return frame.join(frame, frame["id"] == frame["id"]).select(frame["id"]).schema


@case
def column_of_other_frame(spark):
    return spark.range(2).select(spark.range(3)["id"]).schema


@case
def column_of_earlier_frame(spark):
    frame = people(spark)
    return frame.where(frame["age"] > 26).select(frame["name"]).orderBy(frame["name"])


@case
def duplicate_names(spark):
    return spark.range(1).select("id", col("id").alias("id"), lit(1).alias("ID"))


@case
def duplicate_names_ambiguous(spark):
    return spark.range(1).select("id", col("id").alias("id")).select("id").schema


@case
def case_insensitive_names(spark):
    return people(spark).select("NAME", col("Age"))


@case
def columns_and_types(spark):
    frame = people(spark)
    return [frame.columns, [list(pair) for pair in frame.dtypes]]


@case
def union_by_position(spark):
    return people(spark).select("id", "name").union(teams(spark).select(lit(9), "colour"))


@case
def union_by_name(spark):
    return spark.sql("SELECT 1 AS a, 'x' AS b").unionByName(spark.sql("SELECT 'y' AS b, 2 AS a"))


@case
def union_by_name_missing(spark):
    return spark.sql("SELECT 1 AS a").unionByName(spark.sql("SELECT 2 AS b"), allowMissingColumns=True)


@case
def union_by_name_refused(spark):
    return spark.sql("SELECT 1 AS a").unionByName(spark.sql("SELECT 2 AS b")).schema


@case
def intersect_and_except(spark):
    a, b = spark.sql("VALUES (1), (2), (2), (3)"), spark.sql("VALUES (2), (2), (4)")
    return [a.intersect(b), a.intersectAll(b), a.subtract(b), a.exceptAll(b)]


@case
def distinct_rows(spark):
    return people(spark).select("team").distinct()


@case
def drop_duplicates(spark):
    return [people(spark).dropDuplicates(["team"]).select("team"), people(spark).select("team").dropDuplicates()]


@case
def with_column(spark):
    return people(spark).withColumn("next", col("age") + 1).withColumn("age", lit(0))


@case
def with_columns(spark):
    return people(spark).withColumns({"a": col("id") * 2, "NAME": F.upper("name")})


@case
def with_column_renamed(spark):
    return people(spark).withColumnRenamed("name", "who").withColumnRenamed("missing", "x")


@case
def with_columns_renamed(spark):
    return people(spark).withColumnsRenamed({"id": "key", "team": "crew"})


@case
def drop_columns(spark):
    frame = people(spark)
    return [frame.drop("age", "missing"), frame.drop(frame.team), frame.drop(col("NAME"))]


@case
def to_df(spark):
    return people(spark).select("id", "name").toDF("a", "b")


@case
def to_df_wrong_number(spark):
    return people(spark).toDF("a").schema


@case
def to_schema(spark):
    from pyspark.sql.types import LongType, StringType, StructField, StructType

    schema = StructType([StructField("name", StringType()), StructField("id", LongType())])
    return people(spark).to(schema)


@case
def col_regex(spark):
    return people(spark).select(people(spark).colRegex("`(id|a.*)`"))


@case
def alias_of_frame(spark):
    return people(spark).alias("p").select("p.id", col("p.name"))


@case
def range_forms(spark):
    return [spark.range(3), spark.range(2, 8, 3), spark.range(5, 0, -2), spark.range(0, 10, 1, 3)]


@case
def repartition_forms(spark):
    frame = spark.range(10)
    return [
        frame.repartition(3).count(),
        frame.repartition(3, "id").count(),
        frame.repartition("id").count(),
        frame.repartitionByRange(2, "id").count(),
        frame.coalesce(1).count(),
    ]


@case
def partition_ids(spark):
    return spark.range(0, 4, 1, 2).select("id", F.spark_partition_id().alias("p"))


@case
def sample_fractions(spark):
    frame = spark.range(100)
    return [frame.sample(1.0).count(), frame.sample(0.0).count(), 0 < frame.sample(0.5, seed=1).count() < 100]


@case
def random_split(spark):
    return sum(part.count() for part in spark.range(100).randomSplit([0.3, 0.7], seed=1))


@case
def na_functions(spark):
    frame = people(spark)
    return [
        frame.na.drop(),
        frame.na.drop(subset=["name"]),
        frame.na.drop(how="all"),
        frame.na.drop(thresh=4),
        frame.na.fill(0),
        frame.na.fill({"name": "?", "age": -1}),
        frame.na.replace("x", "w"),
        frame.na.replace({"ann": "ANN"}, subset=["name"]),
    ]


@case
def describe_and_summary(spark):
    frame = spark.sql("SELECT * FROM VALUES (1, 'a', 1.5D), (2, 'b', NULL) AS t(i, s, d)")
    return [Ordered(frame.describe()), Ordered(frame.summary("count", "min", "max", "50%"))]


@case
def statistics_functions(spark):
    frame = spark.sql("SELECT * FROM VALUES (1, 2.0D), (2, 4.0D), (3, 7.0D) AS t(a, b)")
    return [frame.stat.corr("a", "b"), frame.stat.cov("a", "b"), frame.approxQuantile("a", [0.5], 0.0)]


@case
def crosstab(spark):
    return spark.sql("SELECT * FROM VALUES ('a', 1), ('a', 2), ('b', 1) AS t(k, v)").crosstab("k", "v")


@case
def unpivot(spark):
    frame = spark.sql("SELECT 1 AS id, 10 AS a, 20 AS b")
    return frame.unpivot("id", ["a", "b"], "variable", "value")


@case(since="4.0")
def transpose(spark):
    return spark.sql("SELECT 'k' AS key, 1 AS a, 2 AS b").transpose()


@case
def transform_method(spark):
    return spark.range(2).transform(lambda frame: frame.withColumn("x", col("id") + 1))


@case
def hints(spark):
    return people(spark).join(teams(spark).hint("broadcast"), "team").count()


@case
def rows_and_structs(spark):
    frame = people(spark).select(F.struct("id", "name").alias("s"))
    return [frame, frame.select("s.id"), frame.select("s.*"), frame.select(col("s").getField("name"))]


@case
def arrays_and_maps(spark):
    frame = spark.sql("SELECT array(1, 2) AS xs, map('a', 1) AS m")
    return frame.select(col("xs")[0], col("m")["a"], col("xs").getItem(1), F.size("xs"))


@case
def explode_column(spark):
    return spark.sql("SELECT 1 AS id, array('a', 'b') AS xs").select("id", F.explode("xs").alias("x"))


@case
def higher_order(spark):
    frame = spark.sql("SELECT array(1, 2, 3) AS xs")
    return frame.select(
        F.transform("xs", lambda x: x + 1).alias("t"),
        F.filter("xs", lambda x: x > 1).alias("f"),
        F.aggregate("xs", lit(0), lambda a, x: a + x).alias("a"),
    )


@case
def window_functions(spark):
    from pyspark.sql import Window

    window = Window.partitionBy("team").orderBy("id")
    return people(spark).select(
        "id",
        F.row_number().over(window).alias("n"),
        F.lag("name").over(window).alias("before"),
        F.sum("age").over(window.rowsBetween(Window.unboundedPreceding, Window.currentRow)).alias("total"),
    )


@case
def when_otherwise(spark):
    return people(spark).select(F.when(col("age") > 35, "old").when(col("age") > 26, "mid").otherwise("?").alias("a"))


@case
def column_methods(spark):
    name, age = col("name"), col("age")
    return people(spark).select(
        name.like("a%").alias("like"), name.rlike("^b").alias("rlike"), name.startswith("c").alias("starts"),
        name.contains("o").alias("contains"), name.substr(1, 2).alias("substr"), age.isin(25, 30).alias("isin"),
        age.between(20, 30).alias("between"), age.isNull().alias("null"), age.cast("string").alias("cast"),
        age.eqNullSafe(None).alias("safe"), (-age).alias("minus"), (~(age > 30)).alias("not"),
        (age % 7).alias("mod"), (2 ** col("id")).alias("pow"),
    )


@case
def casts_by_type(spark):
    from pyspark.sql.types import DecimalType

    return spark.range(1).select(col("id").cast("int"), col("id").cast(DecimalType(10, 2)), col("id").astype("double"))


@case
def same_rows_twice(spark):
    frame = people(spark)
    return frame.union(frame).groupBy("id").count()


@case
def observe_rows(spark):
    from pyspark.sql import Observation

    observation = Observation("o")
    spark.range(5).observe(observation, F.count(lit(1)).alias("n"), F.max("id").alias("m")).collect()
    return observation.get


@case
def local_iterator(spark):
    return list(spark.range(3).orderBy("id").toLocalIterator())


@case
def row_objects(spark):
    row = people(spark).orderBy("id").first()
    return [row.id, row["name"], row[2], row.asDict(), isinstance(row, Row)]


@case
def union_in_order(spark):
    return Ordered(spark.range(3).union(spark.range(5, 8)).union(spark.range(9, 12)).limit(7))


@case
def filter_in_order(spark):
    rows = [row.id for row in spark.range(0, 50000, 1, 1).where("id % 3 = 0").collect()]
    return [len(rows), rows == sorted(rows)]


@case
def sampled_rows(spark):
    frame = spark.range(0, 60, 1, 1)
    parts = frame.randomSplit([0.3, 0.7], seed=5)
    return [
        Ordered(frame.sample(0.3, 7)),
        Ordered(frame.sample(True, 0.4, 7)),
        Ordered(frame.sampleBy(col("id") % 3, {0: 0.5, 1: 0.2}, 3)),
        *[Ordered(part) for part in parts],
    ]


@case
def approximate_quantiles(spark):
    frame = spark.range(0, 1000, 1, 1).select(col("id"), (col("id") % 17).cast("double").alias("d"))
    shares = [0.1, 0.25, 0.5, 0.77, 0.9]
    return [
        frame.approxQuantile("id", shares, 0.1),
        frame.approxQuantile(["id", "d"], shares, 0.01),
        frame.limit(0).approxQuantile("id", shares, 0.1),
        frame.agg(F.percentile_approx("id", shares, 10)),
    ]


@case
def statistics_without_pairs(spark):
    frame = spark.sql("SELECT * FROM VALUES (1, 2.0D), (2, NULL), (3, 5.0D) AS t(a, b)").coalesce(1)
    return [frame.cov("a", "b"), frame.corr("a", "b"), frame.limit(0).cov("a", "b"), frame.limit(1).corr("a", "b")]


@case
def statistics_of_text_refused(spark):
    return people(spark).stat.cov("id", "name")


@case
def summary_of_all(spark):
    frame = spark.sql("SELECT * FROM VALUES (1, '7', DATE '2020-01-01'), (2, 'b', NULL) AS t(i, s, d)").coalesce(1)
    return [Ordered(frame.summary()), Ordered(frame.select("d").describe())]


@case
def summary_unknown_statistic(spark):
    return people(spark).summary("nope").schema


@case
def crosstab_of_nulls(spark):
    return people(spark).crosstab("team", "age")


@case(since="4.0")
def transpose_forms(spark):
    frame = people(spark).select("age", "id")
    return [frame.transpose("id"), frame.limit(0).transpose(), frame.select("age").transpose()]


@case(since="4.0")
def transpose_without_common_type(spark):
    return people(spark).select("id", "name", "age").transpose().schema


@case
def observe_nothing(spark):
    from pyspark.sql import Observation

    observation = Observation("nothing")
    spark.range(0).observe(observation, F.count(lit(1)).alias("n"), F.max("id").alias("m")).collect()
    return observation.get


@case
def observe_by_command(spark, directory):
    from pyspark.sql import Observation

    observation = Observation("written")
    metrics = [F.count(lit(1)).alias("n"), (F.sum("id") / 2).alias("half"), F.struct(F.min("id")).alias("s")]
    spark.range(100).observe(observation, *metrics).where("id < 3").write.parquet(f"{directory}/out")
    return [observation.get["n"], observation.get["half"]]


@case
def drop_duplicates_keeps_columns(spark):
    frame = people(spark).coalesce(1).orderBy("id")
    return frame.dropDuplicates(["team"]).select(frame["team"], "id").where(frame["id"] > 0).count()


@case
def names_as_written(spark):
    return people(spark).groupBy("TEAM").agg(F.max("Age")).orderBy("Team")
