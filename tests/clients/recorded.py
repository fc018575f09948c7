"""Cases whose outcome is recorded from Apache Spark, and the form in which outcomes are stored and compared.

A case is a function of a session (and of an empty directory, where it takes a second argument) that returns a value:
a DataFrame, text, numbers, nested lists and dictionaries, a pandas or Arrow table. Its outcome, or the error it ends
with, is turned into JSON with types kept: that JSON is what `record_clients.py` stores and what the tests compare.
"""

import atexit
import datetime
import decimal
import gc
import importlib
import inspect
import json
import math
import pkgutil
import re
from pathlib import Path

import pyspark
from pyspark.errors import PySparkException
from pyspark.sql import Row, SparkSession

EXPECTED = Path(__file__).resolve().parent / "expected"
TIME_ZONE = "America/Los_Angeles"
CLIENT_VERSION = ".".join(pyspark.__version__.split(".")[:2])
REFERENCE_VERSION = "4.2"


def older_than(version) -> bool:
    """Whether the running client is older than this version."""
    return tuple(map(int, CLIENT_VERSION.split("."))) < tuple(map(int, version.split(".")))


def new_session(remote):
    """A new session of the server, in the time zone in which expectations are recorded."""
    session = SparkSession.builder.remote(remote).create()
    if older_than("4.2") and not older_than("4.0"):
        # For what is said late all the same.
        from pyspark.sql.connect.client.retries import DefaultPolicy

        session.client.set_retry_policies([DefaultPolicy(max_retries=3, initial_backoff=50)])
    session.conf.set("spark.sql.session.timeZone", TIME_ZONE)
    return session


# Sessions of clients that must not be collected; see `end_session`.
_KEPT = []


def session_with_views(remote, generator):
    """A session with views of the generator's tables at scale factor 0.01."""
    session = new_session(remote)
    data = generator.generate(0.01)
    for table in generator.TABLES:
        session.read.parquet(str(data / f"{table}.parquet")).createOrReplaceTempView(table)
    return session


def end_session(session):
    """Closes the session, where the client can.

    PySpark before 4.2 shares one pool of threads among all sessions. Closing or collecting one of them closes the pool
    of the others, and waits for itself for ever in 3.5. So those clients' sessions are kept to the end of the process.
    What they would then tell a server that is gone is for users of machine learning.
    """
    for farewell in ("_cleanup_ml", "_cleanup_ml_cache"):
        if hasattr(session.client, farewell):
            atexit.unregister(getattr(session.client, farewell))
    if older_than("4.2"):
        _KEPT.append(session)
    else:
        session.stop()


def await_releases():
    """Lets clients say what they have to before their server stops; they would go on trying for ten minutes."""
    if older_than("4.2") and not older_than("4.0"):
        from pyspark.sql.connect.client.reattach import ExecutePlanResponseReattachableIterator

        gc.collect()
        ExecutePlanResponseReattachableIterator.shutdown()


class Case:
    """A named function and the condition under which it applies."""

    def __init__(self, function, module, since):
        self.function = function
        self.module = module
        self.name = function.__name__
        self.since = since

    def applies(self) -> bool:
        """Whether the running client has what the case uses."""
        return not older_than(self.since)

    def outcome(self, spark, directory) -> dict:
        """What the case gives, as JSON; paths below the directory are masked."""
        arguments = [spark, str(directory)][: len(inspect.signature(self.function).parameters)]
        try:
            result = {"value": describe(self.function(*arguments))}
        except PySparkException as error:
            result = {"error": describe_error(error)}
        except (TypeError, ValueError, AttributeError) as error:
            # Refused by the client itself.
            result = {"error": {"class": type(error).__name__}}
        return masked(result, str(directory))


def masked(value, directory):
    """The value with the directory's name, and numbers of attributes, replaced wherever they stand in a text."""
    if isinstance(value, str):
        for prefix in ("file://", "file:", ""):
            value = value.replace(f"{prefix}{directory}", "<directory>")
        return re.sub(r"#\d+", "#x", value)
    if isinstance(value, list):
        return [masked(item, directory) for item in value]
    if isinstance(value, dict):
        return {masked(key, directory): masked(item, directory) for key, item in value.items()}
    return value


class Ordered:
    """Marks a DataFrame whose order of rows is part of the answer."""

    def __init__(self, frame):
        self.frame = frame


def describe(value):
    """The value as JSON that keeps types apart."""
    if isinstance(value, Ordered):
        return describe_frame(value.frame, ordered=True)
    if value is None or isinstance(value, (bool, str)):
        return value
    if hasattr(value, "_plan") and hasattr(value, "collect"):
        return describe_frame(value, ordered=False)
    if type(value).__module__.startswith(("pandas", "pyarrow")):
        return describe_table(value)
    for kind, name, form in SCALARS:
        if isinstance(value, kind):
            return {name: form(value)}
    if isinstance(value, Row):
        return {"row": [[name, describe(item)] for name, item in zip(value.__fields__, value)]}
    if type(value).__module__ == "numpy":
        return describe(value.item())
    if isinstance(value, dict):
        return {"map": [[describe(key), describe(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return [describe(item) for item in value]
    if hasattr(value, "jsonValue"):
        return {"type": value.jsonValue()}
    return {"repr": repr(value)}


def describe_float(value) -> str:
    """Shortest text that reads back to the same number."""
    return "NaN" if math.isnan(value) else repr(float(value))


SCALARS = [
    (int, "int", int),
    (float, "float", describe_float),
    (decimal.Decimal, "decimal", str),
    (datetime.datetime, "datetime", str),
    (datetime.date, "date", str),
    (datetime.time, "time", str),
    (datetime.timedelta, "timedelta", str),
    ((bytes, bytearray), "bytes", lambda value: bytes(value).hex()),
]


def describe_frame(frame, ordered) -> dict:
    """Schema with types and nullability, and the rows; as a multiset unless their order counts."""
    schema = frame.schema.jsonValue()["fields"]
    for field in schema:
        # A note of Spark's analyser to itself, which reaches the client by accident.
        field["metadata"].pop("__autoGeneratedAlias", None)
    rows = [[describe(item) for item in row] for row in frame.collect()]
    if not ordered:
        rows.sort(key=lambda row: json.dumps(row, sort_keys=True))
    return {"schema": schema, "rows": rows}


def describe_table(value):
    """A pandas or Arrow object: names and types of its columns, and its rows."""
    if type(value).__module__.startswith("pyarrow"):
        if hasattr(value, "schema"):
            columns = [[field.name, str(field.type), field.nullable] for field in value.schema]
            return {"arrow": columns, "rows": [[describe(item) for item in row.values()] for row in value.to_pylist()]}
        return {"repr": repr(value)}
    import pandas

    if isinstance(value, pandas.DataFrame):
        columns = [[str(name), str(kind)] for name, kind in value.dtypes.items()]
        rows = [[describe_pandas_item(item) for item in row] for row in value.itertuples(index=False, name=None)]
        return {"pandas": columns, "rows": rows}
    if isinstance(value, pandas.Timestamp):
        return {"datetime": str(value)}
    return {"repr": repr(value)}


def describe_pandas_item(item):
    """As `describe`, with numpy's arrays and scalars as Python's."""
    if hasattr(item, "tolist"):
        item = item.tolist()
    return describe(item)


def told(error, question):
    """The error's answer to a question that not every client knows."""
    method = getattr(error, question, None)
    return method() if method else None


def describe_error(error) -> dict:
    """What a program can ask an error of Spark for."""
    described = {
        "class": type(error).__name__,
        "condition": told(error, "getCondition") or told(error, "getErrorClass"),
        "sqlState": told(error, "getSqlState"),
        "parameters": told(error, "getMessageParameters"),
    }
    if hasattr(error, "getQueryContext"):
        described["contexts"] = [describe_context(context) for context in error.getQueryContext() or []]
    return described


def describe_context(context) -> dict:
    """Where in the SQL text, or by which method of the DataFrame API, the error arose."""
    kind = getattr(context.contextType(), "name", str(context.contextType()))
    if kind == "DataFrame":
        return {"kind": kind, "fragment": context.fragment()}
    return {
        "kind": kind,
        "fragment": context.fragment(),
        "start": context.startIndex(),
        "stop": context.stopIndex(),
        "objectType": context.objectType(),
        "objectName": context.objectName(),
    }


def all_cases() -> list:
    """Every case of the modules in `cases`, in the order of module and text."""
    import cases

    found = []
    for module in sorted(module.name for module in pkgutil.iter_modules(cases.__path__)):
        functions = vars(importlib.import_module(f"cases.{module}")).values()
        found += [Case(function, module, function.since) for function in functions if hasattr(function, "since")]
    return [case for case in found if case.applies()]


def case(function=None, *, since="3.5"):
    """Marks a function as a case; `since` is the first client that has what it uses."""
    def mark(marked):
        marked.since = since
        return marked

    return mark(function) if function else mark


def expected_of(module) -> dict:
    """The recorded outcomes of a module, as the running client sees them."""
    outcomes = json.loads((EXPECTED / f"{module}.json").read_text())
    differing = EXPECTED / f"{module}-{CLIENT_VERSION}.json"
    if CLIENT_VERSION != REFERENCE_VERSION and differing.exists():
        outcomes.update(json.loads(differing.read_text()))
    return outcomes
