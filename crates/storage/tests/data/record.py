"""Records what Apache Spark answers to the reads in `reads.txt`, in place.

Run with a Python that has pyspark 4.2: `python record.py`. A case begins with a JSON array: format, text of the file,
options, schema (DDL), encoding; what is missing at the end is empty. Below it stands the answer: the schema found and
the rows as JSON, or `error` and the condition. A blank line ends the case. To add one, write its first line.
"""
import json, os, re, tempfile
from pyspark.sql import SparkSession

here = os.path.dirname(os.path.abspath(__file__))
spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
         .config("spark.driver.memory", "2g").config("spark.sql.session.timeZone", "America/Los_Angeles").getOrCreate())
spark.sparkContext.setLogLevel("OFF")
forms = {"ignoreNullFields": "false", "timestampFormat": "yyyy-MM-dd HH:mm:ss.SSSSSS",
         "timestampNTZFormat": "yyyy-MM-dd HH:mm:ss.SSSSSS"}
arguments = ", ".join(f"'{k}', '{v}'" for k, v in forms.items())


def answer(path, kind, text, options=None, schema=None, written_in="utf-8"):
    with open(path, "wb") as file:
        file.write(text.encode(written_in))
    reader = spark.read.format(kind).options(**(options or {}))
    frame = (reader.schema(schema) if schema else reader).load(path)
    rows = []
    if frame.columns:
        columns = ", ".join(f"`{name}`" for name in frame.columns)
        rows = [row[0] for row in frame.selectExpr(f"to_json(struct({columns}), map({arguments}))").collect()]
    return [frame.schema.simpleString(), *rows]


def recorded(line):
    case = json.loads(line)
    path = os.path.join(tempfile.mkdtemp(), f"f.{case[0]}")
    try:
        lines = answer(path, *case)
    except Exception as error:
        # Where Spark gives no condition the server has one of its own.
        lines = ["error " + (re.findall(r"\[([A-Z][A-Z0-9_.]+)\]", str(error)) or ["INVALID_OPTION_VALUE"])[0]]
    return "\n".join([line, *lines]) + "\n"


file = os.path.join(here, "reads.txt")
with open(file) as cases:
    blocks = cases.read().split("\n\n")
with open(file, "w") as out:
    out.write("\n".join(recorded(block.strip("\n").split("\n")[0]) for block in blocks if block.strip()))
spark.stop()
