"""Apache Spark behind standard input and output: one JSON request a line, one JSON answer a line.

Requests: {"sql": text} and {"reset": true}. A result comes as the lines of Spark's SQL shell, with a line for the
schema that tells types and nullability; an error as its condition and SQLSTATE.
"""

import json
import os
import re
import shutil
import sys
import tempfile

TIME_ZONE = "America/Los_Angeles"

# The answers own the standard output; whatever else is printed goes to standard error.
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

from py4j.protocol import Py4JJavaError  # noqa: E402
from pyspark.errors import PySparkException  # noqa: E402
from pyspark.errors.exceptions.captured import convert_exception  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql import types as T  # noqa: E402

INTEGERS = (T.ByteType, T.ShortType, T.IntegerType, T.LongType)
NUMBERS = (T.FloatType, T.DoubleType, T.DecimalType)


def start(directory):
    """A local session with little memory that leaves nothing outside the directory."""
    return (
        SparkSession.builder.master("local[1]")
        .config("spark.driver.memory", "2g")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "OFF")
        .config("spark.sql.warehouse.dir", f"{directory}/warehouse")
        .config("spark.sql.session.timeZone", TIME_ZONE)
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )


def type_text(kind):
    """The type as the corpus spells it: Spark's simple string, with `not null` for whatever cannot be null."""
    if isinstance(kind, T.ArrayType):
        return f"array<{type_text(kind.elementType)}{'' if kind.containsNull else ' not null'}>"
    if isinstance(kind, T.MapType):
        value = f"{type_text(kind.valueType)}{'' if kind.valueContainsNull else ' not null'}"
        return f"map<{type_text(kind.keyType)}, {value}>"
    if isinstance(kind, T.StructType):
        return f"struct<{', '.join(field_text(field) for field in kind.fields)}>"
    return kind.simpleString()


def field_text(field):
    return f"{field.name}: {type_text(field.dataType)}{'' if field.nullable else ' not null'}"


def escaped(text):
    """One line, never an empty one."""
    line = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return line if line.strip() else f"(blank){line}"


def letter(kind):
    return "I" if isinstance(kind, INTEGERS) else "R" if isinstance(kind, NUMBERS) else "T"


def is_sorted(plan):
    """Whether the order of the rows is part of the answer: nothing but narrow steps stands above a sort."""
    if plan.nodeName() == "Sort":
        return True
    if plan.nodeName() == "WithCTE":
        return is_sorted(plan.plan())
    narrow = ("Project", "Filter", "GlobalLimit", "LocalLimit", "Offset", "SubqueryAlias", "View")
    return plan.nodeName() in narrow and is_sorted(plan.children().apply(0))


def run(spark, sql):
    frame = spark.sql(sql)
    execution = frame._jdf.queryExecution()
    hive_result = spark._jvm.org.apache.spark.sql.execution.HiveResult
    lines = hive_result.hiveResultString(execution.executedPlan())
    rows = [escaped(lines.apply(index)) for index in range(lines.size())]
    schema = frame.schema
    return {
        "types": "".join(letter(field.dataType) for field in schema.fields),
        "schema": escaped("# " + ", ".join(field_text(field) for field in schema.fields)),
        "rows": rows,
        "ordered": is_sorted(execution.analyzed()),
    }


def answer(spark, sql):
    try:
        return run(spark, sql)
    except Py4JJavaError as error:
        return described(convert_exception(error.java_exception))
    except PySparkException as error:
        return described(error)


def described(error):
    condition = error.getCondition()
    if condition:
        return {"error": condition, "sqlState": error.getSqlState() or ""}
    # Errors of some classes reach Python as text only.
    told = re.search(r"\[([A-Z0-9_.]+)\] .*?SQLSTATE: (\w{5})", str(error), re.DOTALL)
    if told:
        return {"error": told[1], "sqlState": told[2]}
    return {"fault": str(error)[:2000]}


def reset(spark):
    """A session without views and settings, in an empty catalog."""
    fresh = spark.newSession()
    fresh.conf.set("spark.sql.session.timeZone", TIME_ZONE)
    for table in fresh.catalog.listTables():
        fresh.sql(f"DROP {'VIEW' if table.tableType == 'VIEW' else 'TABLE'} IF EXISTS `{table.name}`")
    return fresh


def main():
    directory = tempfile.mkdtemp(prefix="oracle-")
    os.chdir(directory)
    first = start(directory)
    send({"version": first.version})
    spark = first
    for line in sys.stdin:
        request = json.loads(line)
        if request.get("reset"):
            spark = reset(first)
            send({})
        else:
            send(answer(spark, request["sql"]))
    first.stop()
    shutil.rmtree(directory, ignore_errors=True)


def send(value):
    answers.write(json.dumps(value) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
