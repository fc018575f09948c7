"""What a user at a notebook waits for: small queries, many small steps, large transfers."""

import statistics
import time


def select_one(spark):
    spark.sql("SELECT 1").collect()


def small_range(spark):
    spark.range(1000).collect()


def chained_columns(spark):
    from pyspark.sql.functions import col

    frame = spark.range(10)
    for number in range(100):
        frame = frame.withColumn(f"c{number}", col("id") + number)
    frame.collect()


def ten_million_rows(spark):
    assert spark.range(10_000_000).toArrow().num_rows == 10_000_000


def upload_million_rows(spark):
    assert spark.createDataFrame(million_rows()).count() == 1_000_000


_ROWS = []


def million_rows():
    """One pandas frame of a million rows and three columns, made once."""
    if not _ROWS:
        import numpy
        import pandas

        ids = numpy.arange(1_000_000)
        _ROWS.append(pandas.DataFrame({"id": ids, "value": ids * 0.5, "text": [f"row {n}" for n in ids]}))
    return _ROWS[0]


# Name, action, how often it runs for each engine.
ACTIONS = [
    ("`SELECT 1`, collect", select_one, 50),
    ("`range(1000)`, collect", small_range, 30),
    ("100 chained `withColumn`, collect", chained_columns, 5),
    ("10 million rows, `toArrow`", ten_million_rows, 5),
    ("upload of 1 million rows, count", upload_million_rows, 5),
]


def measure(engines, progress) -> dict:
    """Median seconds by action and engine; engines take turns. `None` where one refuses."""
    million_rows()
    results = {}
    for name, action, times in ACTIONS:
        samples = {engine.name: [] for engine in engines}
        failed = set()
        for turn in range(times + 1):
            for engine in engines[turn % len(engines):] + engines[:turn % len(engines)]:
                if engine.name in failed:
                    continue
                started = time.perf_counter()
                try:
                    action(engine.spark)
                except Exception as error:
                    progress(f"{engine.name} fails at {name}: {str(error)[:200]}")
                    failed.add(engine.name)
                    continue
                # The first turn warms up.
                if turn > 0:
                    samples[engine.name].append(time.perf_counter() - started)
        results[name] = {
            engine.name: statistics.median(samples[engine.name]) if engine.name not in failed else None
            for engine in engines
        }
        progress(f"{name}: {results[name]}")
    return results
