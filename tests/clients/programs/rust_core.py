"""What users of PySpark over the Rust client (pyspark-client-rust) do: a line `name<TAB>outcome` for each case. Run by
test_other_clients.py.
"""

import re
import sys

from pyspark.sql import SparkSession, functions as F
from pyspark.sql.window import Window

CONDITION = re.compile(r"\[([A-Z_.]{6,})\]")
spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")
people = spark.sql(
    "SELECT * FROM VALUES (1, 'Ann', 31, 'red'), (2, 'Ben', 29, 'blue'), (3, 'Cleo', 45, 'red'), (4, 'Dan', 31, NULL) "
    "AS t(id, name, age, team)"
)


def group():
    return people.groupBy("team").agg(F.sum("age").alias("ages"), F.count(F.lit(1)).alias("n")).orderBy("team")


def join():
    teams = spark.sql("SELECT * FROM VALUES ('red', 10), ('blue', 20) AS t(team, points)")
    return people.join(teams, "team", "left").orderBy("id")


def window():
    by_team = Window.partitionBy("team").orderBy(F.col("age").desc())
    return people.withColumn("rank", F.rank().over(by_team)).orderBy("id")


CASES = {
    "version": lambda: spark.version,
    "range": lambda: spark.range(2, 11, 3),
    "select and filter": lambda: people.filter(F.col("age") > 30).select("name", (F.col("age") + 1).alias("b")).orderBy("b"),
    "group": group,
    "join": join,
    "window": window,
    "count": lambda: spark.range(100_000).filter("id % 3 = 0").count(),
    "pandas": lambda: spark.sql("SELECT 1 AS a, 'x' AS b").toPandas().to_dict(),
    "unknown column": lambda: people.select("nmae"),
    "unknown table": lambda: spark.table("nowhere"),
    "division by zero": lambda: spark.range(2).select(F.lit(1) / F.col("id")),
}


def outcome(case):
    try:
        answer = case()
        if hasattr(answer, "collect"):
            return f"{answer.columns} {[tuple(row) for row in answer.collect()]}"
        return str(answer)
    except Exception as error:
        # The client keeps the condition in the message alone.
        return f"{type(error).__name__} {CONDITION.search(str(error))[1]}"


for name, case in CASES.items():
    print(f"{name}\t{outcome(case)}")
spark.stop()
