"""Records the outcomes of the clients' cases and the answers of TPC-H from Apache Spark.

Without `--remote` it starts Apache Spark's own Connect server and runs itself against it with each client; with it, it
records as the running client. The newest client writes all outcomes; an older one writes only those that differ.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from firesteel_server import ROOT
from spark_server import SparkServer

sys.path.insert(0, str(ROOT / "tests" / "clients"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--remote")
    parser.add_argument("--oracle", help="Python of the environment with Apache Spark")
    parser.add_argument("--client", help="Python of the environment with the newest client")
    parser.add_argument("--older", nargs="*", default=[], help="Pythons of the environments with older clients")
    parser.add_argument("--others", help="environment with clients that are not Spark's PySpark")
    parser.add_argument("--only", default="", help="modules to record, joined by commas; `tpch`, `tpcds`, `programs` and `rust` are some of them")
    arguments = parser.parse_args()
    if arguments.remote:
        record(arguments.remote, set(filter(None, arguments.only.split(","))))
        return
    only = set(filter(None, arguments.only.split(",")))
    with SparkServer(arguments.oracle) as server:
        if not only or only - {"programs", "rust"}:
            for client in filter(None, (arguments.client, *arguments.older)):
                command = [client, __file__, "--remote", server.remote, "--only", arguments.only]
                subprocess.run(command, check=True, env={**os.environ, "TZ": "America/Los_Angeles"})
        if not only or "programs" in only:
            record_programs(Path(arguments.oracle).parent.parent, arguments.others, server.remote)
        if not only or "rust" in only:
            command = ["cargo", "nextest", "run", "--workspace", "-E", "binary(rust_client)"]
            subprocess.run(command, check=True, env={**os.environ, "FIRESTEEL_RECORD_FROM": server.remote})


def record(remote, only) -> None:
    """Records as the running client: cases first, then TPC-H."""
    time.tzset()
    import recorded

    # Clients log every error they meet, and errors are what many cases are about.
    logging.disable(logging.CRITICAL)
    outcomes = {}
    for case in recorded.all_cases():
        if only and case.module not in only:
            continue
        session = recorded.new_session(remote)
        with tempfile.TemporaryDirectory(prefix="case-") as directory:
            outcomes.setdefault(case.module, {})[case.name] = case.outcome(session, directory)
        recorded.end_session(session)
    for module, found in outcomes.items():
        write_cases(recorded, module, found)
    if recorded.CLIENT_VERSION == recorded.REFERENCE_VERSION:
        for name, record in (("tpch", record_tpch), ("tpcds", record_tpcds)):
            if not only or name in only:
                record(recorded, remote)


def write_cases(recorded, module, outcomes) -> None:
    """Writes a module's outcomes; an older client's only where they differ from the newest one's."""
    recorded.EXPECTED.mkdir(exist_ok=True)
    if recorded.CLIENT_VERSION == recorded.REFERENCE_VERSION:
        write(recorded.EXPECTED / f"{module}.json", outcomes)
        return
    reference = json.loads((recorded.EXPECTED / f"{module}.json").read_text())
    differing = {name: outcome for name, outcome in outcomes.items() if reference.get(name) != outcome}
    path = recorded.EXPECTED / f"{module}-{recorded.CLIENT_VERSION}.json"
    if differing:
        write(path, differing)
    else:
        path.unlink(missing_ok=True)


def record_programs(spark, others, remote) -> None:
    """Records what other clients get; the environments have the whole `pyspark` package and the clients in Python."""
    from programs import commands, outcomes

    with tempfile.TemporaryDirectory(prefix="case-") as directory:
        for name, command in commands(spark, others, remote, directory).items():
            write(ROOT / "tests" / "clients" / "expected" / f"program-{name}.json", outcomes(command))


def record_tpch(recorded, remote) -> None:
    """Records the answers of the 22 queries in both forms."""
    import tpch_data
    import tpch_dataframe

    session = recorded.session_with_views(remote, tpch_data)
    directory = ROOT / "tests" / "tpch"
    for text in sorted((directory / "queries").glob("q*.sql")):
        frame = session.sql(text.read_text())
        write_answer(directory / "answers" / "sql" / f"{text.stem}.json", recorded.describe(recorded.Ordered(frame)))
    for name, program in tpch_dataframe.QUERIES.items():
        frame = program(tpch_dataframe.tables_of(session))
        write_answer(directory / "answers" / "dataframe" / f"{name}.json", recorded.describe(recorded.Ordered(frame)))
    recorded.end_session(session)


def record_tpcds(recorded, remote) -> None:
    """Records the answers of the 103 queries."""
    import tpcds_data

    session = recorded.session_with_views(remote, tpcds_data)
    for name, text in tpcds_data.query_texts(tpcds_data.generate(0.01)).items():
        answer = recorded.describe(recorded.Ordered(session.sql(text)))
        write_answer(ROOT / "tests" / "tpcds" / "answers" / f"{name}.json", answer)
    recorded.end_session(session)


def write(path: Path, outcomes: dict) -> None:
    """One case a line, so that a change of one is a change of one line."""
    lines = [f"{json.dumps(name)}: {json.dumps(outcome, ensure_ascii=False)}" for name, outcome in outcomes.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def write_answer(path: Path, answer: dict) -> None:
    """The schema in one line, then one row a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in answer["rows"])
    path.write_text(f'{{"schema": {json.dumps(answer["schema"])},\n"rows": [\n{rows}\n]}}\n')


if __name__ == "__main__":
    main()
