"""What `show`, `printSchema`, `explain` and notebooks print."""

import contextlib
import io

from recorded import case


def printed(action):
    """What the action prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        action()
    return output.getvalue()


def wide(spark):
    return spark.sql(
        "SELECT * FROM VALUES (1, 'short', 1.50, true), (-22, 'a text that is longer than twenty characters', NULL, false),"
        " (NULL, 'tab\\tand\\nline', 0.25, NULL), (4, '日本', 3.00, true) AS t(id, text, price, flag)"
    )


@case
def show_default(spark):
    return printed(lambda: wide(spark).show())


@case
def show_rows(spark):
    return printed(lambda: spark.range(30).show(3))


@case
def show_more_than_default(spark):
    return printed(lambda: spark.range(25).show())


@case
def show_not_truncated(spark):
    return printed(lambda: wide(spark).show(truncate=False))


@case
def show_truncated(spark):
    return printed(lambda: wide(spark).show(truncate=5))


@case
def show_vertical(spark):
    return printed(lambda: wide(spark).show(2, vertical=True))


@case
def show_empty(spark):
    return printed(lambda: [spark.range(0).show(), spark.sql("SELECT 1 AS a WHERE false").show(vertical=True)])


@case
def show_nested(spark):
    return printed(lambda: spark.sql(
        "SELECT array(1, NULL) AS xs, map('a', 1) AS m, named_struct('x', 1, 'y', 'z') AS s, X'0AFF' AS b, "
        "DATE '2020-01-01' AS d, TIMESTAMP '2020-01-01 00:00:00.5' AS t, INTERVAL '1' DAY AS i, 1e10D AS e, 1.0F AS f"
    ).show(truncate=False))


@case
def show_no_columns(spark):
    return printed(lambda: spark.range(2).select().show())


@case
def html_form(spark):
    spark.conf.set("spark.sql.repl.eagerEval.enabled", "true")
    return wide(spark)._repr_html_()


@case
def text_form(spark):
    return repr(spark.range(1))


@case
def eager_text_form(spark):
    spark.conf.set("spark.sql.repl.eagerEval.enabled", "true")
    return repr(spark.range(2))


@case
def print_schema(spark):
    frame = spark.sql(
        "SELECT 1 AS a, array(named_struct('x', 1)) AS xs, map('k', array(1.5)) AS m, named_struct('p', DATE '2020-01-01') AS s"
    )
    return printed(frame.printSchema)


@case
def print_schema_level(spark):
    frame = spark.sql("SELECT named_struct('p', named_struct('q', 1)) AS s")
    return printed(lambda: frame.printSchema(1))


@case
def explain_runs(spark):
    text = printed(lambda: wide(spark).where("id > 1").explain())
    return text.startswith("== Physical Plan ==")


@case
def explain_modes(spark):
    frame = spark.range(3).where("id > 1")
    return [len(printed(lambda mode=mode: frame.explain(mode=mode))) > 20
            for mode in ("simple", "extended", "codegen", "cost", "formatted")]


@case
def explain_extended_sections(spark):
    text = printed(lambda: spark.range(3).explain(True))
    return [line for line in text.splitlines() if line.startswith("==")]


@case
def explain_wrong_query(spark):
    spark.sql("SELECT missing").explain()
