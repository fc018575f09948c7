"""A first look at Firesteel from unmodified PySpark: real data, one SQL query, one DataFrame program.

Usage: quickstart.py [REMOTE]     (REMOTE: sc://127.0.0.1:15002 unless given)

It generates a small TPC-H data set (scale factor 0.01, about 3 MB of Parquet, once), reads the files through the
server and prints what comes back. Nothing here is particular to Firesteel: the same file runs on Apache Spark.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql import functions as F  # noqa: E402

from tpch_data import TABLES, generate  # noqa: E402

# Who the best customers of each market segment are, straight from SQL.
BEST_CUSTOMERS = """
WITH spending AS (
    SELECT c_mktsegment AS segment, c_name AS customer, sum(o_totalprice) AS spent
    FROM customer JOIN orders ON o_custkey = c_custkey
    WHERE year(o_orderdate) = 1997
    GROUP BY c_mktsegment, c_name
)
SELECT segment, customer, spent, rank() OVER (PARTITION BY segment ORDER BY spent DESC) AS place
FROM spending
QUALIFY place <= 2
ORDER BY segment, place
"""


def main() -> None:
    remote = sys.argv[1] if len(sys.argv) > 1 else "sc://127.0.0.1:15002"
    data = generate(0.01)
    spark = SparkSession.builder.remote(remote).getOrCreate()
    print(f"Connected to Spark {spark.version} at {remote}")

    for table in TABLES:
        spark.read.parquet(str(data / f"{table}.parquet")).createOrReplaceTempView(table)
    rows = {table: spark.table(table).count() for table in TABLES}
    print("TPC-H tables: " + ", ".join(f"{table} {count:,}" for table, count in rows.items()))

    print("\nSQL: the two best customers of each market segment in 1997")
    timed(lambda: spark.sql(BEST_CUSTOMERS).show())

    print("DataFrame API: what was shipped and returned, by mode of transport")
    lineitem = spark.table("lineitem")
    revenue = F.col("l_extendedprice") * (1 - F.col("l_discount"))
    by_mode = (
        lineitem.where(F.col("l_shipdate") >= F.lit("1998-01-01").cast("date"))
        .groupBy("l_shipmode")
        .agg(
            F.count("*").alias("items"),
            F.round(F.sum(revenue), 2).alias("revenue"),
            F.round(F.avg(F.datediff("l_receiptdate", "l_shipdate")), 2).alias("days_on_the_way"),
        )
        .orderBy(F.desc("revenue"))
    )
    timed(by_mode.show)

    print("And as pandas:")
    print(by_mode.limit(3).toPandas().to_string(index=False))
    spark.stop()


def timed(action) -> None:
    """Runs the action and says how long it took."""
    started = time.perf_counter()
    action()
    print(f"({(time.perf_counter() - started) * 1000:.0f} ms)\n")


if __name__ == "__main__":
    main()
