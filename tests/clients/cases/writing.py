"""Writing to a path: formats, the four save modes, partitions, options."""

import os

from recorded import case


def numbers(spark):
    return spark.sql("SELECT * FROM VALUES (1, 'a'), (2, NULL), (3, 'c') AS t(id, name)")


def files(path):
    """What was written: extensions of the data files, and names of everything else."""
    names = []
    for root, directories, found in os.walk(path):
        # Unfinished work of a failed task: Spark may still be clearing it away.
        directories[:] = [name for name in directories if name != "_temporary"]
        for name in found:
            relative = os.path.relpath(os.path.join(root, name), path)
            part = os.path.basename(relative)
            if part.startswith("part-"):
                suffix = part[part.index("."):]
                relative = os.path.join(os.path.dirname(relative), f"part{suffix}")
            if not part.startswith("."):
                names.append(relative)
    return sorted(set(names))


@case
def parquet_round_trip(spark, directory):
    path = os.path.join(directory, "out")
    numbers(spark).write.parquet(path)
    return spark.read.parquet(path)


@case
def parquet_files(spark, directory):
    path = os.path.join(directory, "out")
    numbers(spark).coalesce(1).write.parquet(path)
    return files(path)


@case
def save_default_format(spark, directory):
    path = os.path.join(directory, "out")
    numbers(spark).write.save(path)
    return spark.read.parquet(path)


@case
def mode_error(spark, directory):
    path = os.path.join(directory, "out")
    numbers(spark).write.parquet(path)
    numbers(spark).write.mode("error").parquet(path)


@case
def mode_append(spark, directory):
    path = os.path.join(directory, "out")
    numbers(spark).write.parquet(path)
    numbers(spark).write.mode("append").parquet(path)
    return spark.read.parquet(path)


@case
def mode_overwrite(spark, directory):
    path = os.path.join(directory, "out")
    numbers(spark).write.parquet(path)
    spark.range(2).write.mode("overwrite").parquet(path)
    return spark.read.parquet(path)


@case
def mode_ignore(spark, directory):
    path = os.path.join(directory, "out")
    spark.range(1).write.parquet(path)
    spark.range(5).write.mode("ignore").parquet(path)
    return spark.read.parquet(path)


@case
def mode_unknown(spark, directory):
    numbers(spark).write.mode("nonsense").parquet(os.path.join(directory, "out"))


@case
def csv_round_trip(spark, directory):
    path = os.path.join(directory, "out")
    numbers(spark).write.csv(path, header=True)
    return spark.read.csv(path, header=True)


@case
def csv_text(spark, directory):
    path = os.path.join(directory, "out")
    frame = spark.sql("SELECT 1 AS a, 'x,y' AS b, '\"q\"' AS c, CAST(NULL AS STRING) AS d, DATE '2020-01-01' AS e, '' AS f, 1.50 AS g")
    frame.coalesce(1).write.csv(path, header=True)
    return spark.read.text(path)


@case
def csv_options(spark, directory):
    path = os.path.join(directory, "out")
    numbers(spark).orderBy("id").coalesce(1).write.csv(path, sep="|", nullValue="NULL", quoteAll=True)
    return spark.read.text(path)


@case
def csv_nested_refused(spark, directory):
    spark.sql("SELECT array(1) AS xs").write.csv(os.path.join(directory, "out"))


@case
def json_round_trip(spark, directory):
    path = os.path.join(directory, "out")
    spark.sql("SELECT 1 AS a, array(1, 2) AS xs, named_struct('x', 'y') AS s, NULL AS n").write.json(path)
    return spark.read.json(path)


@case
def json_text(spark, directory):
    path = os.path.join(directory, "out")
    query = "SELECT 1 AS a, map('k', 1.5D) AS m, TIMESTAMP '2020-01-01 10:00:00' AS t, CAST(NULL AS INT) AS n, 'é' AS u"
    spark.sql(query).write.json(path)
    return spark.read.text(path)


@case
def text_round_trip(spark, directory):
    path = os.path.join(directory, "out")
    spark.sql("SELECT * FROM VALUES ('one'), ('two') AS t(value)").write.text(path)
    return spark.read.text(path)


@case
def partitioned(spark, directory):
    path = os.path.join(directory, "out")
    spark.sql("SELECT * FROM VALUES (1, 'a'), (2, 'b'), (3, 'a'), (4, NULL) AS t(v, k)").write.partitionBy("k").parquet(path)
    return {"files": files(path), "rows": spark.read.parquet(path)}


@case
def partitioned_csv_by_two(spark, directory):
    path = os.path.join(directory, "out")
    frame = spark.sql("SELECT * FROM VALUES (1, 2020, 'x/y'), (2, 2021, 'z') AS t(v, year, k)")
    frame.coalesce(1).write.partitionBy("year", "k").csv(path)
    return files(path)


@case
def partition_column_unknown(spark, directory):
    numbers(spark).write.partitionBy("missing").parquet(os.path.join(directory, "out"))


@case
def compressed(spark, directory):
    path = os.path.join(directory, "out")
    numbers(spark).coalesce(1).write.option("compression", "gzip").json(path)
    return files(path)


@case
def failed_write_leaves_nothing(spark, directory):
    path = os.path.join(directory, "out")
    try:
        spark.sql("SELECT 1 / (id - 5) AS x FROM range(10)").write.parquet(path)
    except Exception as error:
        return {"failed": type(error).__name__, "files": files(path)}


@case
def empty_result(spark, directory):
    path = os.path.join(directory, "out")
    numbers(spark).where("false").write.parquet(path)
    return spark.read.parquet(path)


@case
def all_types_round_trip(spark, directory):
    path = os.path.join(directory, "out")
    spark.sql(
        "SELECT true AS b, 1Y AS i8, 2S AS i16, 3 AS i32, 4L AS i64, 1.5F AS f, 2.5D AS d, 1.25 AS dec, 's' AS s, "
        "X'01' AS bin, DATE '2020-01-01' AS day, TIMESTAMP '2020-01-01 00:00:00' AS ts, "
        "TIMESTAMP_NTZ '2020-01-01 00:00:00' AS ntz, array(1, NULL) AS xs, map('a', 1) AS m, struct(1 AS x) AS st"
    ).write.parquet(path)
    return spark.read.parquet(path)
