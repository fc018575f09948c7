"""SQL scripts through a client: results, parameters, and errors with their places."""

from recorded import case


@case
def last_query(spark):
    return spark.sql("BEGIN SELECT 1 AS a; SELECT 2 AS b, 'x' AS c; END")


@case
def no_query(spark):
    return spark.sql("BEGIN DECLARE x INT; SET x = 1; END")


@case
def no_rows(spark):
    return spark.sql("BEGIN SELECT id FROM range(0); END")


@case
def label_at_the_top(spark):
    return spark.sql("lbl: BEGIN SELECT 1; END lbl")


@case
def analysis_error(spark):
    return spark.sql("BEGIN\n  SELECT 1;\n  SELECT * FROM nosuch;\nEND")


@case
def execution_error(spark):
    return spark.sql("BEGIN\n  SELECT 1;\n  SELECT 1 / 0;\nEND")


@case
def no_boolean(spark):
    return spark.sql("BEGIN\n  DECLARE x INT;\n\n  IF 5 THEN\n    SELECT 1;\n  END IF;\nEND")


@case
def unknown_label(spark):
    return spark.sql("BEGIN\n  l: BEGIN\n    LEAVE\n      z;\n  END;\nEND")


@case
def late_declaration(spark):
    return spark.sql("BEGIN\n  SELECT 1;\n  DECLARE x INT;\nEND")


@case
def two_handlers(spark):
    return spark.sql(
        "BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION SELECT 1; DECLARE EXIT HANDLER FOR SQLEXCEPTION SELECT 2; END"
    )


@case
def cursor(spark):
    return spark.sql("BEGIN DECLARE c CURSOR FOR SELECT 1; END")


@case
def named_parameters(spark):
    return spark.sql(
        "BEGIN DECLARE x INT DEFAULT :a; IF :b > 1 THEN SET x = x + :b; END IF; SELECT x + :a AS y; END",
        args={"a": 10, "b": 2},
    )


@case
def positional_parameters(spark):
    return spark.sql("BEGIN SELECT ? + 1 AS y; END", args=[1])


@case
def as_a_dataframe(spark):
    rows = spark.sql("BEGIN DECLARE n INT DEFAULT 3; SELECT id FROM range(10) WHERE id < n; END")
    return rows.selectExpr("id * 2 AS d").orderBy("d")


@case
def changes_stay(spark):
    spark.sql("BEGIN CREATE OR REPLACE TEMPORARY VIEW scripted AS SELECT 7 AS a; END")
    return spark.table("scripted")
