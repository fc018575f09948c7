"""`spark.catalog` as clients of 4.2 have it: databases, tables and views made, listed, described and dropped."""

from recorded import case


def answer_or_condition(action):
    """What a call returns, or the condition with which it ends."""
    try:
        return action()
    except Exception as error:
        return error.getCondition()


class Database:
    """A database of the case's own, which goes with all that is in it."""

    def __init__(self, spark, name):
        self.catalog, self.name = spark.catalog, name

    def __enter__(self):
        self.catalog.dropDatabase(self.name, ifExists=True, cascade=True)
        self.catalog.createDatabase(self.name)
        self.catalog.setCurrentDatabase(self.name)
        return self.catalog

    def __exit__(self, *exception):
        self.catalog.setCurrentDatabase("default")
        self.catalog.dropDatabase(self.name, cascade=True)


@case(since="4.2")
def databases_are_made_and_dropped(spark):
    catalog = spark.catalog
    made = [
        catalog.createDatabase("catalog_made", properties={"owner_team": "data", "comment": "of a test"}),
        catalog.databaseExists("catalog_made"),
        answer_or_condition(lambda: catalog.createDatabase("catalog_made")),
        catalog.createDatabase("catalog_made", ifNotExists=True),
    ]
    described = spark.sql("DESCRIBE DATABASE EXTENDED catalog_made").collect()
    described = [list(row) for row in described if row[0] in ("Comment", "Properties")]
    spark.range(1).write.saveAsTable("catalog_made.t")
    dropped = [
        answer_or_condition(lambda: catalog.dropDatabase("catalog_made")),
        catalog.dropDatabase("catalog_made", cascade=True),
        catalog.databaseExists("catalog_made"),
        answer_or_condition(lambda: catalog.dropDatabase("catalog_made")),
        catalog.dropDatabase("catalog_made", ifExists=True),
    ]
    return [made, described, dropped]


@case(since="4.2")
def tables_and_views_are_dropped(spark):
    with Database(spark, "catalog_dropped") as catalog:
        spark.range(1).write.saveAsTable("t")
        spark.sql("CREATE VIEW v AS SELECT * FROM t")
        return [
            answer_or_condition(lambda: catalog.dropTable("v")),
            answer_or_condition(lambda: catalog.dropView("t")),
            catalog.tableExists("v"),
            catalog.dropTable("t", purge=True),
            catalog.tableExists("t"),
            answer_or_condition(lambda: catalog.dropTable("t")),
            catalog.dropTable("t", ifExists=True),
            answer_or_condition(lambda: catalog.dropView("v")),
            answer_or_condition(lambda: catalog.dropView("v")),
            catalog.dropView("v", ifExists=True),
        ]


@case(since="4.2")
def partitions_are_listed(spark):
    with Database(spark, "catalog_partitions") as catalog:
        spark.sql("CREATE TABLE t (a INT, b STRING, c INT) USING parquet PARTITIONED BY (b, c)")
        spark.sql("INSERT INTO t VALUES (1, 'x', 1), (2, 'y/z', 2), (3, NULL, 3)")
        spark.range(1).write.saveAsTable("plain")
        return [
            sorted(partition.partition for partition in catalog.listPartitions("t")),
            answer_or_condition(lambda: catalog.listPartitions("plain")),
            answer_or_condition(lambda: catalog.listPartitions("nowhere")),
        ]


@case(since="4.2")
def views_are_listed(spark):
    with Database(spark, "catalog_views") as catalog:
        spark.range(1).write.saveAsTable("t")
        spark.sql("CREATE VIEW one COMMENT 'the first' AS SELECT * FROM t")
        spark.sql("CREATE VIEW other AS SELECT * FROM t")
        spark.range(1).createOrReplaceTempView("catalog_session_view")
        listed = [
            catalog.listViews(),
            catalog.listViews("catalog_views"),
            catalog.listViews(pattern="on*"),
            answer_or_condition(lambda: catalog.listViews("nowhere")),
        ]
        catalog.dropTempView("catalog_session_view")
        return [[list(view) for view in views] if isinstance(views, list) else views for views in listed]


@case(since="4.2")
def properties_are_told(spark):
    with Database(spark, "catalog_properties") as catalog:
        spark.sql("CREATE TABLE t (a INT) USING parquet TBLPROPERTIES ('k' = 'v', 'a.b' = 'c')")
        spark.range(1).write.saveAsTable("plain")
        return [
            catalog.getTableProperties("t"),
            catalog.getTableProperties("plain"),
            answer_or_condition(lambda: catalog.getTableProperties("nowhere")),
        ]


@case(since="4.2")
def statements_that_make_tables_are_told(spark):
    with Database(spark, "catalog_statements") as catalog:
        spark.sql("CREATE TABLE t (a INT COMMENT 'first', b STRING) USING parquet PARTITIONED BY (b) COMMENT 'of a test'")
        return [
            catalog.getCreateTableString("t"),
            answer_or_condition(lambda: catalog.getCreateTableString("t", asSerde=True)),
            answer_or_condition(lambda: catalog.getCreateTableString("nowhere")),
        ]


@case(since="4.2")
def tables_are_emptied_and_analyzed(spark):
    with Database(spark, "catalog_analyzed") as catalog:
        spark.range(10).write.saveAsTable("t")

        def statistics():
            rows = spark.sql("DESCRIBE EXTENDED t").collect()
            return [row[1].split(",")[-1].strip() for row in rows if row[0] == "Statistics"]

        return [
            catalog.analyzeTable("t"),
            statistics(),
            catalog.truncateTable("t"),
            spark.table("t").count(),
            answer_or_condition(lambda: catalog.truncateTable("nowhere")),
            answer_or_condition(lambda: catalog.analyzeTable("nowhere", noScan=True)),
        ]
