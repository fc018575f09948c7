"""Records what Apache Spark answers to the reads in `reads.jsonl`, in place.

Run with a Python that has pyspark 4.2: `python record.py`. Each line is a JSON object. A case is `format`, `text`
(the file), and optionally `options`, `schema` (DDL) and `written_in` (an encoding). The answer is either the schema
found (`type`) with `rows` as JSON, or the `error` condition. To add a case, write a line without an answer.
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


def answer(case, path):
    reader = spark.read.format(case["format"])
    for name, value in case.get("options", {}).items():
        reader = reader.option(name, value)
    if "schema" in case:
        reader = reader.schema(case["schema"])
    frame = reader.load(path)
    rows = []
    if frame.columns:
        columns = ", ".join(f"`{name}`" for name in frame.columns)
        rows = [row[0] for row in frame.selectExpr(f"to_json(struct({columns}), map({arguments}))").collect()]
    return {"type": frame.schema.simpleString(), "rows": rows}


def recorded(line):
    case = {name: value for name, value in json.loads(line).items() if name not in ("type", "rows", "error")}
    path = os.path.join(tempfile.mkdtemp(), f"f.{case['format']}")
    with open(path, "wb") as file:
        file.write(case["text"].encode(case.get("written_in", "utf-8")))
    try:
        case.update(answer(case, path))
    except Exception as error:
        # Where Spark gives no condition the server has one of its own.
        case["error"] = (re.findall(r"\[([A-Z][A-Z0-9_.]+)\]", str(error)) or ["INVALID_OPTION_VALUE"])[0]
    return json.dumps(case, ensure_ascii=False, separators=(",", ":"))


with open(os.path.join(here, "reads.jsonl")) as cases:
    lines = [recorded(line) for line in cases if line.strip()]
with open(os.path.join(here, "reads.jsonl"), "w") as out:
    out.write("\n".join(lines) + "\n")
spark.stop()
