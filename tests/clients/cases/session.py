"""The session: SQL with arguments, views, settings, analysis, tags, interrupting."""

from recorded import Ordered, case


@case
def version(spark):
    return spark.version


@case
def sql_named_arguments(spark):
    return spark.sql("SELECT :a + 1 AS x, :b AS y", args={"a": 5, "b": "text"})


@case
def sql_positional_arguments(spark):
    return spark.sql("SELECT ? AS x, ? AS y", args=[1.5, None])


@case
def sql_arguments_of_types(spark):
    import datetime
    import decimal

    return spark.sql(
        "SELECT :i AS i, :f AS f, :s AS s, :b AS b, :d AS d, :t AS t, :dec AS dec, :bin AS bin",
        args={"i": 1, "f": 1.5, "s": "x", "b": True, "d": datetime.date(2020, 1, 1),
              "t": datetime.datetime(2020, 1, 1, 12), "dec": decimal.Decimal("1.25"), "bin": b"\x01"},
    )


@case(since="4.0")
def sql_argument_columns(spark):
    from pyspark.sql import functions as F

    return spark.sql("SELECT :xs AS xs, :m AS m", args={"xs": F.array(F.lit(1), F.lit(2)), "m": F.lit("x")})


@case
def sql_argument_missing(spark):
    return spark.sql("SELECT :a, :b", args={"a": 1}).collect()


@case
def sql_frame_argument(spark):
    return spark.sql("SELECT id * 2 AS x FROM {frame} WHERE id > 1", frame=spark.range(4))


@case
def temporary_view(spark):
    spark.range(3).createOrReplaceTempView("numbers")
    return [spark.table("numbers"), spark.sql("SELECT max(id) AS m FROM numbers")]


@case
def view_exists_already(spark):
    spark.range(1).createTempView("once")
    spark.range(1).createTempView("once")


@case
def view_replaced(spark):
    spark.range(1).createOrReplaceTempView("v")
    spark.range(2).createOrReplaceTempView("v")
    return spark.table("v").count()


@case
def view_dropped(spark):
    spark.range(1).createTempView("v")
    dropped = [spark.catalog.dropTempView("v"), spark.catalog.dropTempView("v")]
    return [dropped, spark.catalog.tableExists("v")]


@case
def global_view(spark):
    spark.range(2).createOrReplaceGlobalTempView("everywhere")
    count = spark.table("global_temp.everywhere").count()
    return [count, spark.catalog.dropGlobalTempView("everywhere")]


@case
def view_is_of_one_session(spark):
    spark.range(1).createTempView("mine")
    return spark.catalog.tableExists("mine")


@case
def table_missing(spark):
    return spark.table("missing").schema


@case
def list_temporary_views(spark):
    spark.range(1).createTempView("listed")
    return [[table.name, table.tableType, table.isTemporary] for table in spark.catalog.listTables()
            if table.name == "listed"]


@case
def current_catalog_and_database(spark):
    return [spark.catalog.currentCatalog(), spark.catalog.currentDatabase(), spark.catalog.databaseExists("default")]


@case
def functions_exist(spark):
    return [spark.catalog.functionExists("upper"), spark.catalog.functionExists("no_such_function")]


@case
def conf_get_and_set(spark):
    spark.conf.set("spark.sql.shuffle.partitions", "7")
    spark.conf.set("my.own.key", "value")
    return [spark.conf.get("spark.sql.shuffle.partitions"), spark.conf.get("my.own.key")]


@case
def conf_defaults(spark):
    keys = ["spark.sql.ansi.enabled", "spark.sql.shuffle.partitions", "spark.sql.caseSensitive",
            "spark.sql.sources.default", "spark.sql.execution.arrow.maxRecordsPerBatch",
            "spark.sql.session.localRelationCacheThreshold", "spark.sql.autoBroadcastJoinThreshold",
            "spark.sql.files.maxPartitionBytes", "spark.sql.timestampType", "spark.sql.repl.eagerEval.maxNumRows"]
    return {key: spark.conf.get(key) for key in keys}


@case
def conf_missing(spark):
    return spark.conf.get("no.such.key")


@case
def conf_missing_with_default(spark):
    return [spark.conf.get("no.such.key", "fallback"), spark.conf.get("no.such.key", None)]


@case
def conf_unset(spark):
    spark.conf.set("spark.sql.shuffle.partitions", "7")
    spark.conf.unset("spark.sql.shuffle.partitions")
    return spark.conf.get("spark.sql.shuffle.partitions")


@case
def conf_is_modifiable(spark):
    keys = ["spark.sql.shuffle.partitions", "spark.sql.warehouse.dir", "spark.executor.memory", "no.such.key"]
    return [spark.conf.isModifiable(key) for key in keys]


@case
def conf_static(spark):
    spark.conf.set("spark.sql.warehouse.dir", "/tmp")


@case
def conf_wrong_type(spark):
    spark.conf.set("spark.sql.shuffle.partitions", "many")


@case
def conf_wrong_value(spark):
    spark.conf.set("spark.sql.session.timeZone", "Nowhere/Land")


@case(since="4.0")
def conf_get_all(spark):
    spark.conf.set("my.own.key", "value")
    return spark.conf.getAll.get("my.own.key")


@case
def conf_ansi_off(spark):
    spark.conf.set("spark.sql.ansi.enabled", "false")
    return spark.sql("SELECT 1 / 0 AS a, CAST('x' AS INT) AS b, 2147483647 + 1 AS c")


@case
def conf_time_zone(spark):
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    return spark.sql("SELECT CAST(TIMESTAMP '2020-01-01 00:00:00 UTC' AS STRING) AS t, current_timezone() AS z")


@case
def conf_case_sensitive(spark):
    spark.conf.set("spark.sql.caseSensitive", "true")
    return spark.sql("SELECT a, A FROM (SELECT 1 AS a, 2 AS A)")


@case
def set_statement(spark):
    spark.sql("SET spark.sql.shuffle.partitions = 9")
    return [spark.sql("SET spark.sql.shuffle.partitions"), spark.conf.get("spark.sql.shuffle.partitions")]


@case
def schema_of_ddl(spark):
    from pyspark.sql.types import StructType

    return StructType.fromDDL("a INT NOT NULL, b ARRAY<STRING> COMMENT 'text', c STRUCT<x: DECIMAL(10, 2)>")


@case
def same_semantics(spark):
    a, b, c = spark.range(3), spark.range(3), spark.range(4)
    return [a.sameSemantics(b), a.sameSemantics(c), a.semanticHash() == b.semanticHash()]


@case
def is_local_and_streaming(spark):
    return [spark.range(3).isStreaming, spark.createDataFrame([(1,)], ["a"]).isLocal(), spark.range(3).isLocal()]


@case
def tags(spark):
    spark.addTag("one")
    spark.addTag("two")
    spark.removeTag("one")
    tags = sorted(spark.getTags())
    spark.clearTags()
    return [tags, sorted(spark.getTags())]


@case
def tag_refused(spark):
    spark.addTag("a,b")


@case
def interrupt_nothing(spark):
    return [spark.interruptAll(), spark.interruptTag("none"), spark.interruptOperation("00000000-0000-0000-0000-000000000000")]


@case
def interrupt_running(spark):
    import threading
    import time

    outcome = []

    def work():
        try:
            spark.sql("SELECT sum(a.id * b.id % 7) FROM range(1000000) a JOIN range(1000000) b ON a.id > b.id").collect()
            outcome.append("finished")
        except Exception as error:
            get_condition = getattr(error, "getCondition", None) or getattr(error, "getErrorClass", lambda: None)
            outcome.append(get_condition() or type(error).__name__)

    thread = threading.Thread(target=work)
    thread.start()
    deadline = time.monotonic() + 20
    interrupted = []
    while not interrupted and time.monotonic() < deadline:
        interrupted = spark.interruptAll()
        threading.Event().wait(0.05)
    thread.join(30)
    return [len(interrupted), outcome]


@case
def commands_run_once_and_at_once(spark):
    frame = spark.sql("CREATE TEMPORARY VIEW made AS SELECT 1 AS a")
    return [frame, spark.table("made")]


@case
def show_commands(spark):
    spark.sql("CREATE TEMPORARY VIEW v AS SELECT 1 AS a, 'x' AS b")
    return [spark.sql("SHOW COLUMNS IN v"), spark.sql("DESCRIBE v"), spark.sql("DESCRIBE QUERY SELECT 1 AS one")]


@case
def large_result_in_order(spark):
    rows = spark.range(200000).collect()
    return [len(rows), rows[0], rows[-1], sum(row.id for row in rows)]


@case
def many_columns_chain(spark):
    from pyspark.sql.functions import col

    frame = spark.range(1)
    for number in range(50):
        frame = frame.withColumn(f"c{number}", col("id") + number)
    return [len(frame.columns), frame.first()[-1]]


@case
def same_frame_many_times(spark):
    frame = spark.range(5).where("id > 2")
    return [frame.count(), frame.count(), Ordered(frame.orderBy("id"))]
