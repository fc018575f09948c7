"""Errors as programs see them: class, condition, SQLSTATE, parameters and query context."""

from pyspark.sql import functions as F
from pyspark.sql.functions import col

from recorded import case


def frame(spark):
    return spark.sql("SELECT * FROM VALUES (1, 'a'), (0, 'b') AS t(amount, label)")


@case
def unknown_column(spark):
    return spark.sql("SELECT amonut FROM VALUES (1, 2) AS t(amount, label)").schema


@case
def unknown_column_of_frame(spark):
    return frame(spark).select("amonut").schema


@case
def unknown_column_of_attribute(spark):
    return frame(spark).select(col("amount") + col("lable")).schema


@case
def unknown_column_without_suggestion(spark):
    return spark.sql("SELECT missing").schema


@case
def unknown_field(spark):
    return spark.sql("SELECT s.b FROM (SELECT named_struct('a', 1) AS s)").schema


@case
def unknown_table(spark):
    return spark.sql("SELECT *\nFROM no_such_table").schema


@case
def unknown_table_by_name(spark):
    return spark.table("a.b.c").schema


@case
def unknown_function(spark):
    return spark.sql("SELECT 1, no_such_function(2)").schema


@case
def unknown_function_by_call(spark):
    return frame(spark).select(F.call_function("no_such_function", col("amount"))).schema


@case
def syntax_error(spark):
    return spark.sql("SELECT 1 FROM WHERE").schema


@case
def syntax_error_at_end(spark):
    return spark.sql("SELECT (1 + 2").schema


@case
def syntax_error_in_expression(spark):
    return frame(spark).selectExpr("amount +").schema


@case
def type_mismatch(spark):
    return spark.sql("SELECT array(1) + 1").schema


@case
def type_mismatch_of_frame(spark):
    return frame(spark).select(~col("amount")).schema


@case
def type_mismatch_of_function(spark):
    return frame(spark).select(F.explode("amount")).schema


@case
def filter_not_boolean(spark):
    return frame(spark).where(col("amount")).schema


@case
def wrong_number_of_arguments(spark):
    return spark.sql("SELECT upper('a', 'b')").schema


@case
def division_by_zero(spark):
    return spark.sql("SELECT 1 / amount AS x\nFROM VALUES (1), (0) AS t(amount)").collect()


@case
def division_by_zero_of_frame(spark):
    return frame(spark).select(F.lit(1) / col("amount")).collect()


@case
def bad_cast(spark):
    return spark.sql("SELECT CAST(label AS INT) FROM VALUES ('x') AS t(label)").collect()


@case
def bad_cast_of_frame(spark):
    return frame(spark).select(col("label").cast("int")).collect()


@case
def integer_overflow(spark):
    return spark.sql("SELECT a + 1 FROM VALUES (2147483647) AS t(a)").collect()


@case
def long_overflow_of_frame(spark):
    return spark.range(1).select(F.lit(9223372036854775807) + F.lit(1)).collect()


@case
def decimal_overflow(spark):
    return spark.sql("SELECT CAST(a AS DECIMAL(3, 1)) FROM VALUES (12345.6) AS t(a)").collect()


@case
def ambiguous_reference(spark):
    return spark.sql("SELECT a FROM (SELECT 1 AS a) x JOIN (SELECT 2 AS a) y").schema


@case
def ambiguous_column_of_frame(spark):
    left, right = frame(spark), frame(spark)
    return left.join(right, left.amount == right.amount).select("label").schema


@case
def array_index(spark):
    return spark.sql("SELECT array(1, 2)[5]").collect()


@case
def raised(spark):
    return spark.sql("SELECT raise_error('told so')").collect()


@case
def asserted(spark):
    return spark.sql("SELECT assert_true(1 = 2, 'never')").collect()


@case
def missing_group_by(spark):
    return spark.sql("SELECT amount, count(*) FROM VALUES (1) AS t(amount)").schema


@case
def misplaced_aggregate(spark):
    return frame(spark).where(F.sum("amount") > 1).schema


@case
def misplaced_generator(spark):
    return frame(spark).where(F.explode(F.array("amount")) > 1).schema


@case
def union_of_different_widths(spark):
    return spark.sql("SELECT 1 UNION SELECT 1, 2").schema


@case
def subquery_of_two_rows(spark):
    return spark.sql("SELECT (SELECT a FROM VALUES (1), (2) AS t(a))").collect()


@case
def bad_literal(spark):
    return spark.sql("SELECT DATE 'yesteryear'").schema


@case
def special_dates(spark):
    return spark.sql("SELECT DATE 'epoch' AS e, datediff(DATE 'tomorrow', DATE 'yesterday') AS d")


@case
def number_too_large(spark):
    return spark.sql("SELECT 300Y").schema


@case
def bad_date(spark):
    return spark.sql("SELECT to_date(a, 'yyyy-MM-dd') FROM VALUES ('2020-13-45') AS t(a)").collect()


@case
def position_out_of_range(spark):
    return spark.sql("SELECT a FROM VALUES (1) AS t(a) ORDER BY 2").schema


@case
def unknown_type(spark):
    return frame(spark).select(col("amount").cast("no_such_type")).schema


@case
def bad_ddl(spark):
    from pyspark.sql.types import StructType

    return StructType.fromDDL("a b c")


@case
def unsupported_statement(spark):
    return spark.sql("ALTER SYSTEM SET x = 1").collect()


@case
def message_of_an_error(spark):
    try:
        spark.sql("SELECT 1 / 0").collect()
    except Exception as error:
        return str(error).split("\n\nJVM stacktrace")[0].split("\n\nServer stacktrace")[0].strip()


@case
def error_in_the_middle_of_a_stream(spark):
    return spark.sql("SELECT 1 / (id - 150000) FROM range(200000)").collect()


@case
def session_goes_on_after_an_error(spark):
    try:
        spark.sql("SELECT 1 / 0").collect()
    except Exception:
        return spark.range(3).count()
