"""Data that the client sends and takes: rows, pandas and Arrow in both directions."""

import datetime
import decimal

from pyspark.sql import Row
from pyspark.sql import types as T

from recorded import Ordered, case


@case
def tuples_with_names(spark):
    return spark.createDataFrame([(1, "a"), (2, None)], ["id", "name"])


@case
def tuples_with_ddl(spark):
    return spark.createDataFrame([(1, "a")], "id INT NOT NULL, name STRING")


@case
def rows(spark):
    return spark.createDataFrame([Row(id=1, name="a"), Row(id=2, name="b")])


@case
def dictionaries(spark):
    return spark.createDataFrame([{"a": 1, "b": "x"}, {"a": 2}])


@case
def with_schema(spark):
    schema = T.StructType([
        T.StructField("b", T.BooleanType()), T.StructField("i", T.IntegerType(), False),
        T.StructField("d", T.DecimalType(10, 2)), T.StructField("day", T.DateType()),
        T.StructField("ts", T.TimestampType()), T.StructField("ntz", T.TimestampNTZType()),
        T.StructField("bin", T.BinaryType()), T.StructField("xs", T.ArrayType(T.IntegerType())),
        T.StructField("m", T.MapType(T.StringType(), T.DoubleType())),
        T.StructField("s", T.StructType([T.StructField("x", T.LongType())])),
    ])
    values = [
        (True, 1, decimal.Decimal("1.50"), datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1, 12),
         datetime.datetime(2020, 1, 1, 12), b"\x00\xff", [1, None], {"k": 1.5}, (7,)),
        (None, 2, None, None, None, None, None, None, None, None),
    ]
    return spark.createDataFrame(values, schema)


@case
def values_of_one_type(spark):
    return spark.createDataFrame([1, 2, 3], "int")


@case
def empty_with_schema(spark):
    return spark.createDataFrame([], "a INT, b STRING")


@case
def empty_without_schema(spark):
    return spark.createDataFrame([]).schema


@case
def wrong_value(spark):
    return spark.createDataFrame([("x",)], "a INT").collect()


@case
def null_where_not_allowed(spark):
    return spark.createDataFrame([(None,)], "a INT NOT NULL").collect()


@case
def nested_rows(spark):
    return spark.createDataFrame([Row(a=Row(b=1, c=["x"]), d={"k": Row(e=1.5)})])


@case
def interval_values(spark):
    return spark.createDataFrame([(datetime.timedelta(days=1, seconds=5),)], ["i"])


@case
def from_pandas(spark):
    import pandas

    frame = pandas.DataFrame({"i": [1, 2], "f": [1.5, None], "s": ["a", None], "t": pandas.to_datetime(["2020-01-01", None])})
    return spark.createDataFrame(frame)


@case
def from_pandas_with_schema(spark):
    import pandas

    return spark.createDataFrame(pandas.DataFrame({"a": [1, 2]}), "a DOUBLE")


@case(since="4.0")
def from_arrow(spark):
    import pyarrow

    table = pyarrow.table({"a": pyarrow.array([1, None], pyarrow.int32()), "xs": [["x"], []]})
    return spark.createDataFrame(table)


@case
def to_pandas(spark):
    return spark.sql(
        "SELECT * FROM VALUES (1, 'a', 1.5D, true), (2, NULL, NULL, false) AS t(i, s, d, b) ORDER BY i"
    ).toPandas()


@case
def to_pandas_types(spark):
    return spark.sql(
        "SELECT 1Y AS i8, 2S AS i16, 3L AS i64, 1.5F AS f, 1.25 AS dec, DATE '2020-01-01' AS day, "
        "TIMESTAMP '2020-01-01 00:00:00' AS ts, X'01' AS bin, array(1, 2) AS xs"
    ).toPandas()


@case
def to_pandas_empty(spark):
    return spark.sql("SELECT 1 AS a, 'x' AS b WHERE false").toPandas()


@case
def to_pandas_duplicate_names(spark):
    return [str(name) for name in spark.sql("SELECT 1 AS a, 2 AS a").toPandas().columns]


@case(since="4.0")
def to_arrow(spark):
    return spark.sql("SELECT 1 AS a, 'x' AS b, array(1.5) AS xs, TIMESTAMP '2020-01-01 00:00:00' AS t").toArrow()


@case
def round_trip(spark):
    frame = spark.createDataFrame([(i, str(i)) for i in range(1000)], ["id", "text"])
    return [frame.count(), frame.where("id = 999"), Ordered(frame.orderBy("id").limit(2))]


@case
def join_local_with_local(spark):
    left = spark.createDataFrame([(1, "a"), (2, "b")], ["id", "x"])
    right = spark.createDataFrame([(2, "p"), (3, "q")], ["id", "y"])
    return left.join(right, "id", "full")


@case
def large_local_relation(spark):
    text = "x" * 1000
    frame = spark.createDataFrame([(i, text) for i in range(20000)], ["id", "text"])
    return [frame.count(), frame.selectExpr("sum(id) AS s", "max(length(text)) AS l")]


@case
def special_floats(spark):
    return spark.createDataFrame([(float("nan"),), (float("inf"),), (-0.0,)], ["d"])


@case
def unicode_text(spark):
    return spark.createDataFrame([("héllo", "日本", "🙂")], ["a", "b", "c"]).selectExpr("length(a)", "upper(a)", "reverse(c || b)")
