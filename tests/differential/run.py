"""`make differential`: random queries on Firesteel and on Apache Spark through the same PySpark; answers must be equal.

Compared are schema with nullability, rows with their order, and for errors condition, SQLSTATE and parameters. What
differs is written to a file, one query a line, with both answers. Two errors that differ are counted apart: where
several values of a query raise one, Firesteel, which computes whole columns, may meet another first.
"""

import argparse
import json
import logging
import os
import sys
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "clients"), str(Path(__file__).resolve().parent)]

os.environ["TZ"] = "America/Los_Angeles"
time.tzset()

from firesteel_server import Server  # noqa: E402
from generator import TABLE, Generator  # noqa: E402
from recorded import Ordered, describe, describe_error, new_session  # noqa: E402
from spark_server import SparkServer  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firesteel", required=True, help="the binary")
    parser.add_argument("--spark", required=True, help="Python of the environment with Apache Spark")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--output", required=True, help="file for what differs")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with Server(arguments.firesteel) as ours, SparkServer(arguments.spark) as spark, open(arguments.output, "w") as out:
        counts = compare(ours.remote, spark.remote, arguments, out)
    print(f"seed {arguments.seed}: {counts['equal']} queries equal, of them {counts['errors']} errors; "
          f"{counts['other errors']} with another error; {counts['different']} different, see {arguments.output}")
    return 1 if counts["different"] else 0


def compare(ours, spark, arguments, out) -> dict:
    sessions = [session_with_table(remote) for remote in (ours, spark)]
    generator = Generator(arguments.seed)
    counts = {"equal": 0, "errors": 0, "other errors": 0, "different": 0}
    end = time.monotonic() + arguments.minutes * 60
    while time.monotonic() < end:
        query = generator.query()
        mine, expected = (answer(session, query) for session in sessions)
        if mine == expected:
            counts["equal"] += 1
            counts["errors"] += "error" in mine
            continue
        kind = "other errors" if "error" in mine and "error" in expected else "different"
        counts[kind] += 1
        out.write(json.dumps({"kind": kind, "query": query, "firesteel": mine, "spark": expected}, ensure_ascii=False) + "\n")
        out.flush()
    return counts


def session_with_table(remote):
    session = new_session(remote)
    session.sql(TABLE).createOrReplaceTempView("t")
    return session


def answer(session, query) -> dict:
    """The frame, or the error; without the place in the text, which a wrapped error of Spark's does not always have."""
    try:
        return describe(Ordered(session.sql(query)))
    except Exception as error:
        told = describe_error(error)
        told.pop("contexts", None)
        return {"error": told}


if __name__ == "__main__":
    sys.exit(main())
