"""Cached queries and checkpoints keep their rows, wherever the plan stands in later queries."""

import time

import pytest
from pyspark import StorageLevel
from pyspark.errors import AnalysisException
from pyspark.sql import functions as F
from recorded import older_than

# The first has none. The others ask for them in the session that was used last, whosever the frame is.
OF_ITS_SESSION = pytest.mark.skipif(older_than("4.2"), reason="the client's checkpoints are of one session only")

NONE = StorageLevel(False, False, False, False, 1)


def written(spark, path, rows):
    spark.range(rows).write.mode("overwrite").parquet(str(path))
    return spark.read.parquet(str(path))


def test_cached_rows_are_read_and_not_computed_again(spark, tmp_path):
    numbers = written(spark, tmp_path / "n", 10).select("id", F.rand(7).alias("r")).cache()
    assert numbers.storageLevel == StorageLevel(True, True, False, True, 1) and numbers.is_cached
    first = sorted(numbers.collect())
    # Somebody else changes the files, which changes nothing.
    written(spark, tmp_path / "other", 3)
    for file in (tmp_path / "n").glob("*.parquet"):
        file.unlink()
    for file in (tmp_path / "other").glob("*.parquet"):
        file.rename(tmp_path / "n" / file.name)
    doubled = numbers.join(numbers.select(F.col("id").alias("other")), F.col("id") == F.col("other"))
    assert doubled.count() == 10
    assert sorted(numbers.collect()) == first
    numbers.createOrReplaceTempView("numbers_view")
    assert spark.sql("SELECT count(*) FROM numbers_view WHERE id > 4").collect()[0][0] == 5
    numbers.unpersist()
    assert numbers.storageLevel == NONE and not numbers.is_cached
    assert numbers.count() == 3


def test_the_same_plan_is_cached_whoever_wrote_it(spark):
    one, other = spark.range(10).filter("id > 1"), spark.range(10).filter("id > 1")
    one.persist(StorageLevel.DISK_ONLY)
    assert other.storageLevel == StorageLevel.DISK_ONLY
    assert one.persist(StorageLevel.MEMORY_ONLY).storageLevel == StorageLevel.DISK_ONLY
    assert other.count() == 8 and one.alias("x").storageLevel == StorageLevel.DISK_ONLY
    assert spark.range(11).filter("id > 1").storageLevel == NONE
    other.unpersist()
    assert one.storageLevel == NONE


def test_names_mean_the_same_on_cached_rows(spark):
    left = spark.range(3).withColumn("a", F.lit(1))
    right = spark.range(2).withColumn("b", F.lit(2))
    joined = left.join(right, "id").cache()
    assert joined.count() == 2
    assert sorted(joined.select(left["id"], right["b"]).collect()) == [(0, 2), (1, 2)]
    aliased = left.alias("x").cache()
    assert aliased.select("x.a").count() == 3
    assert left.select("id").cache().orderBy(left["a"]).count() == 3


@OF_ITS_SESSION
def test_checkpoints_forget_their_plan(spark, tmp_path):
    numbers = written(spark, tmp_path / "n", 10)
    kept = numbers.localCheckpoint()
    lazy = numbers.localCheckpoint(eager=False)
    reliable = numbers.checkpoint()
    assert lazy.count() == 10
    for file in (tmp_path / "n").iterdir():
        file.unlink()
    assert kept.count() == 10 and lazy.count() == 10 and reliable.filter("id < 5").count() == 5
    assert kept.storageLevel == NONE
    assert kept.alias("k").localCheckpoint().select("k.id").columns == ["id"]
    with pytest.raises(AnalysisException) as error:
        kept.select(numbers["id"]).collect()
    assert error.value.getCondition() == "CANNOT_RESOLVE_DATAFRAME_COLUMN"


def test_tables_are_cached_by_name(spark):
    spark.range(5).createOrReplaceTempView("v")
    assert spark.sql("CACHE TABLE v").collect() == []
    assert spark.catalog.isCached("v") and spark.table("v").is_cached and spark.range(5).is_cached
    spark.sql("UNCACHE TABLE v")
    assert not spark.catalog.isCached("v")
    spark.sql("UNCACHE TABLE IF EXISTS nope")
    for statement in ("CACHE TABLE nope", "UNCACHE TABLE nope"):
        with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
            spark.sql(statement)
    spark.sql("CACHE LAZY TABLE w OPTIONS ('storageLevel' 'DISK_ONLY') AS SELECT 1 AS a")
    assert spark.table("w").storageLevel == StorageLevel.DISK_ONLY
    assert spark.table("w").collect() == [(1,)]
    spark.catalog.cacheTable("v")
    spark.catalog.clearCache()
    assert not spark.catalog.isCached("v") and not spark.catalog.isCached("w")


def test_a_view_that_goes_takes_its_rows_along(spark):
    spark.range(7).createOrReplaceTempView("gone")
    spark.catalog.cacheTable("gone")
    assert spark.range(7).is_cached
    spark.catalog.dropTempView("gone")
    assert not spark.range(7).is_cached
    spark.range(8).createOrReplaceTempView("replaced")
    spark.catalog.cacheTable("replaced")
    spark.range(9).createOrReplaceTempView("replaced")
    assert not spark.catalog.isCached("replaced") and not spark.range(8).is_cached


def test_written_files_are_cached_anew(spark, tmp_path):
    numbers = written(spark, tmp_path / "n", 10).cache()
    assert numbers.count() == 10
    spark.range(5).write.mode("append").parquet(str(tmp_path / "n"))
    assert numbers.is_cached and numbers.count() == 15


@OF_ITS_SESSION
def test_rounds_of_a_loop_take_the_same_time(spark):
    edges = spark.range(20_000).select((F.col("id") % 997).alias("a"), (F.col("id") % 1009).alias("b")).localCheckpoint()
    seconds = []
    for _ in range(8):
        start = time.monotonic()
        joined = edges.join(edges.select(F.col("a").alias("c"), F.col("b").alias("d")), F.col("b") == F.col("c"))
        edges = edges.union(joined.select("a", "d")).distinct().limit(20_000).localCheckpoint()
        seconds.append(time.monotonic() - start)
    assert max(seconds[4:]) < 3 * max(seconds[1:4]) + 0.2, seconds
