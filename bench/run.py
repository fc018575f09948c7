"""`make bench` and `make bench-tpcds`: TPC-H or TPC-DS, and interactive latencies, on Firesteel, Sail, Apache Spark and
plain DataFusion, in one run.

Engines take turns query by query, so that a change of the machine's speed meets them all. `cold` is a query's first
run in a fresh server (the files are in the page cache); `hot` is the best of the runs after it. Writes Markdown.
"""

import argparse
import datetime
import decimal
import math
import os
import platform
import sys
from pathlib import Path

import engines as peers
import interactive

import tpcds_data
import tpch_data

QUERIES = peers.ROOT / "tests" / "tpch" / "queries"
TITLES = {"tpch": "TPC-H", "tpcds": "TPC-DS"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", choices=("tpch", "tpcds"), default="tpch")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--firesteel", required=True, help="the binary")
    parser.add_argument("--sail", help="environment with pysail")
    parser.add_argument("--datafusion", help="environment with datafusion")
    parser.add_argument("--spark", help="environment with pyspark")
    parser.add_argument("--spark-memory", default="6g")
    parser.add_argument("--hot-runs", type=int, default=3)
    parser.add_argument("--queries", default="", help="names of queries, such as q01, joined by commas")
    parser.add_argument("--skip-interactive", action="store_true")
    parser.add_argument("--output", required=True, help="directory for logs and the table")
    arguments = parser.parse_args()

    output = Path(arguments.output)
    output.mkdir(parents=True, exist_ok=True)
    data = (tpch_data if arguments.workload == "tpch" else tpcds_data).generate(arguments.scale)
    texts = query_texts(arguments, data)
    engines = peers.engines_of(arguments, output)
    warm_up(data)
    try:
        for engine in engines:
            engine.start()
            engine.register(data)
            progress(f"{engine.name} is ready")
        connected = [engine for engine in engines if isinstance(engine, peers.ConnectEngine)]
        times, wrong = run_queries(engines, texts, arguments.hot_runs)
        peaks = {engine.name: engine.memory.peak_bytes for engine in engines}
        latencies = {} if arguments.skip_interactive else interactive.measure(connected, progress)
    finally:
        for engine in engines:
            engine.stop()
    text = report(arguments, engines, times, wrong, peaks, latencies)
    path = output / f"{arguments.workload}-sf{arguments.scale:g}.md"
    path.write_text(text)
    print(text)
    progress(f"written to {path}")
    return 0


def warm_up(data) -> None:
    """Does what the first engine would otherwise do for the others: loads the client, and the files into memory."""
    import pandas  # noqa: F401
    import pyspark.sql.connect.session  # noqa: F401

    for path in data.glob("*.parquet"):
        path.read_bytes()


def progress(text) -> None:
    print(text, file=sys.stderr, flush=True)


def query_texts(arguments, data) -> dict:
    """The texts by name; the one fraction of TPC-H that depends on the scale factor is put in."""
    if arguments.workload == "tpcds":
        texts = tpcds_data.query_texts(data)
    else:
        fraction = decimal.Decimal("0.0001") / decimal.Decimal(str(arguments.scale))
        texts = {path.stem: path.read_text().replace("0.0100000000", f"{fraction:.10f}")
                 for path in sorted(QUERIES.glob("q*.sql"))}
    wanted = {name for name in arguments.queries.split(",") if name}
    return {name: text for name, text in texts.items() if not wanted or name in wanted}


def run_queries(engines, texts, hot_runs):
    """Seconds by query and engine, cold first; and the queries whose answers differ from Spark's."""
    times, wrong = {}, []
    for number, (name, text) in enumerate(texts.items()):
        times[name] = {engine.name: [] for engine in engines}
        answers = {}
        for turn in range(1 + hot_runs):
            first = (number + turn) % len(engines)
            for engine in engines[first:] + engines[:first]:
                try:
                    seconds, rows = engine.query(text)
                except Exception as error:
                    progress(f"{engine.name} fails at {name}: {str(error)[:300]}")
                    seconds, rows = math.nan, None
                times[name][engine.name].append(seconds)
                answers[engine.name] = rows
        if "Spark" in answers and not same_rows(answers["Firesteel"], answers["Spark"]):
            wrong.append(name)
        progress(f"{name}: " + ", ".join(f"{engine} {min(runs):.3f}" for engine, runs in times[name].items()))
    return times, wrong


def same_rows(left, right) -> bool:
    """Whether both are the same rows; their order is that of the query where it says one, so it counts."""
    return left is not None and right is not None and list(map(plain, left)) == list(map(plain, right))


def plain(row) -> list:
    return [value.isoformat() if isinstance(value, datetime.date) else value for value in row.values()]


def report(arguments, engines, times, wrong, peaks, latencies) -> str:
    """The tables."""
    names = [engine.name for engine in engines]
    lines = [
        f"# {TITLES[arguments.workload]} at scale factor {arguments.scale:g}"
        + (", and interactive latencies" if latencies else ""),
        "",
        f"{datetime.date.today()}, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}. "
        f"Hot is the best of {arguments.hot_runs} runs after the first. Seconds.",
        "",
        table_head(["", *names]),
    ]
    totals = {name: [sum(runs[name][0] for runs in times.values()),
                     sum(min(runs[name][1:] or runs[name]) for runs in times.values())] for name in names}
    lines.append(table_row(["cold total", *(f"{totals[name][0]:.2f}" for name in names)]))
    lines.append(table_row(["hot total", *(f"{totals[name][1]:.2f}" for name in names)]))
    lines.append(table_row(["hot, as a multiple of Firesteel's",
                            *(f"{totals[name][1] / totals['Firesteel'][1]:.2f}" for name in names)]))
    lines.append(table_row(["start to listening, ms", *(milliseconds(engine.listen_seconds) for engine in engines)]))
    lines.append(table_row(["start to first answer, ms",
                            *(milliseconds(engine.first_answer_seconds) for engine in engines)]))
    lines.append(table_row(["idle memory, MiB", *(mebibytes(engine.idle_bytes) for engine in engines)]))
    lines.append(table_row(["peak memory in the queries, MiB", *(mebibytes(peaks[name]) for name in names)]))
    if "Spark" in names:
        lines += ["", f"Answers equal to Spark's: {len(times) - len(wrong)} of {len(times)}"
                      + (f" (not {', '.join(wrong)})" if wrong else "")]
    lines += ["", "## By query, hot", "", table_head(["", *names, *(f"{name} / Firesteel" for name in names[1:])])]
    for query, runs in times.items():
        hot = {name: min(runs[name][1:] or runs[name]) for name in names}
        ratios = [f"{hot[name] / hot['Firesteel']:.2f}" for name in names[1:]]
        lines.append(table_row([query, *(f"{hot[name]:.3f}" for name in names), *ratios]))
    if latencies:
        connected = [name for name in names if name in next(iter(latencies.values()))]
        lines += ["", "## Interactive, median ms", "", table_head(["", *connected])]
        for action, medians in latencies.items():
            lines.append(table_row([action, *(milliseconds(medians[name]) for name in connected)]))
    return "\n".join(lines) + "\n"


def table_head(cells) -> str:
    return table_row(cells) + "\n" + "|---" + "|---:" * (len(cells) - 1) + "|"


def table_row(cells) -> str:
    return "| " + " | ".join(cells) + " |"


def milliseconds(seconds) -> str:
    if seconds is None:
        return "–"
    return f"{seconds * 1000:.1f}" if seconds < 0.1 else f"{seconds * 1000:.0f}"


def mebibytes(count) -> str:
    return f"{count / (1 << 20):.0f}"


if __name__ == "__main__":
    sys.exit(main())
