"""Aggregation by the DataFrame API."""

from pyspark.sql import functions as F
from pyspark.sql.functions import col

from recorded import case


def sales(spark):
    return spark.sql(
        "SELECT * FROM VALUES ('a', 2020, 1, 1.5D), ('a', 2021, 2, NULL), ('b', 2020, 3, 2.5D), (NULL, 2021, NULL, 4.0D) "
        "AS sales(k, year, n, d)"
    )


@case
def group_count(spark):
    return sales(spark).groupBy("k").count()


@case
def group_several(spark):
    return sales(spark).groupBy("k", "year").agg(F.sum("n").alias("s"))


@case
def group_by_expression(spark):
    return sales(spark).groupBy(F.upper("k"), (col("year") % 2).alias("odd")).agg(F.max("d"))


@case
def shorthand_methods(spark):
    grouped = sales(spark).groupBy("k")
    return [grouped.sum(), grouped.avg("n"), grouped.max("n", "d"), grouped.min(), grouped.mean("d")]


@case
def aggregate_dictionary(spark):
    return sales(spark).groupBy("k").agg({"n": "sum", "*": "count"})


@case
def global_aggregate(spark):
    return sales(spark).agg(F.count("*"), F.sum("n"), F.avg("d"), F.min("k"), F.countDistinct("year"))


@case
def aggregate_of_nothing(spark):
    return sales(spark).where("false").agg(F.count("*").alias("c"), F.sum("n").alias("s"))


@case
def rollup_rows(spark):
    return sales(spark).rollup("k", "year").agg(F.sum("n").alias("s"), F.grouping_id().alias("g"))


@case
def cube_rows(spark):
    return sales(spark).cube("k", "year").count()


@case(since="4.0")
def grouping_sets_rows(spark):
    return sales(spark).groupingSets([["k"], ["year"], []], "k", "year").agg(F.sum("n").alias("s"))


@case
def pivot_values(spark):
    return sales(spark).groupBy("k").pivot("year", [2020, 2021]).sum("n")


@case
def pivot_inferred(spark):
    return sales(spark).groupBy("k").pivot("year").agg(F.sum("n").alias("s"), F.max("d").alias("d"))


@case
def pivot_star_refused(spark):
    return sales(spark).groupBy("k").pivot("year").agg(F.count("*")).schema


@case
def collect_functions(spark):
    return sales(spark).where("k = 'a'").groupBy("k").agg(
        F.sort_array(F.collect_list("n")).alias("l"), F.sort_array(F.collect_set("year")).alias("s"),
        F.first("k").alias("f"), F.last("k").alias("z"),
    )


@case
def statistics(spark):
    return sales(spark).agg(
        F.stddev("n"), F.variance("n"), F.skewness("n"), F.kurtosis("n"), F.round(F.corr("n", "year"), 9).alias("corr(n, year)"),
        F.percentile_approx("n", 0.5),
    )


@case
def having_filter(spark):
    return sales(spark).groupBy("k").agg(F.sum("n").alias("s")).where("s > 2")


@case
def aggregate_in_select(spark):
    return sales(spark).select(F.sum("n") + 1, F.max("d"))


@case
def mixed_select_refused(spark):
    return sales(spark).select("k", F.sum("n")).schema


@case
def group_by_unknown(spark):
    return sales(spark).groupBy("missing").count().schema


@case
def distinct_aggregates(spark):
    return sales(spark).agg(F.sum_distinct("year"), F.count_distinct("k", "year"), F.approx_count_distinct("k"))


@case
def max_by_min_by(spark):
    return sales(spark).groupBy("year").agg(F.max_by("k", "n"), F.min_by("k", "n"))


@case
def pivot_of_expression(spark):
    return sales(spark).groupBy("k").pivot("year").agg((F.sum("n") + F.count("d")).alias("x"))


@case
def pivot_inferred_with_null(spark):
    return sales(spark).groupBy("year").pivot("k").count()
