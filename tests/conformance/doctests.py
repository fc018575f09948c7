"""The docstring examples of PySpark, as PySpark's own Connect modules run them: the pass rate by module and in total.

Each item (the docstring of a function, method or class) passes if all of its examples print what they say. `--check`
fails when an item fails that is not on the list of known failures; `--update` takes items off the list that pass now.
"""

import argparse
import concurrent.futures
import contextlib
import doctest
import importlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from firesteel_server import Server, cache_directory  # noqa: E402

LIST = Path(__file__).resolve().parent / "doctest-known-failures.txt"
LIST_HEAD = (
    "# Docstring examples of PySpark that do not pass yet. May only shrink.\n"
    "# Written by `make conformance-update`.\n"
)
ITEM_SECONDS_MAX = 30

BASE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
LENIENT = BASE | doctest.IGNORE_EXCEPTION_DETAIL

# Modules with the flags that PySpark's own runs of them have. The largest comes first.
MODULES = {
    "pyspark.sql.connect.functions.builtin": LENIENT,
    "pyspark.sql.dataframe": LENIENT,
    "pyspark.sql.column": LENIENT,
    "pyspark.sql.connect.readwriter": LENIENT,
    "pyspark.sql.connect.session": LENIENT,
    "pyspark.sql.connect.catalog": LENIENT,
    "pyspark.sql.connect.group": BASE,
    "pyspark.sql.connect.functions.partitioning": LENIENT,
    "pyspark.sql.connect.tvf": LENIENT,
    "pyspark.sql.connect.merge": BASE,
    "pyspark.sql.connect.conf": LENIENT,
    "pyspark.sql.connect.observation": LENIENT,
    "pyspark.sql.window": LENIENT,
    "pyspark.sql.types": BASE,
    "pyspark.sql.udf": BASE,
    "pyspark.sql.udtf": BASE,
}


class TooSlow(Exception):
    """An item ran out of its time."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", help="the server to start")
    parser.add_argument("--remote", help="a server that runs already")
    parser.add_argument("--module", help="run one module in this process and print its results as JSON")
    parser.add_argument("--only", default="", help="only modules whose name contains this")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="print what failing items print")
    arguments = parser.parse_args()
    if arguments.module:
        print(json.dumps(run_module(arguments.module, arguments.remote)))
        return 0
    if arguments.remote:
        results = run_modules(arguments.remote, arguments.only)
    else:
        # The examples were written where client and server share this zone.
        zone = {**os.environ, "TZ": "America/Los_Angeles"}
        with Server(arguments.binary, environment=zone) as server:
            results = run_modules(server.remote, arguments.only)
    return report(results, arguments)


def run_modules(remote, only) -> dict:
    """Each module in a process and a session of its own, as many at once as there are cores."""
    names = [name for name in MODULES if only in name]
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        return dict(zip(names, pool.map(lambda name: run_child(name, remote), names)))


def run_child(name, remote) -> dict:
    """Problems by item; `None` for items that pass."""
    environment = {**os.environ, "TZ": "America/Los_Angeles", "PYTHONWARNINGS": "ignore"}
    environment["SPARK_CONNECT_TESTING_REMOTE"] = remote
    with tempfile.TemporaryDirectory(prefix="doctest-") as directory:
        environment["SPARK_HOME"] = directory
        child = subprocess.run(
            [sys.executable, __file__, "--module", name, "--remote", remote],
            cwd=directory, env=environment, capture_output=True, text=True, check=False,
        )
    try:
        return json.loads(child.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return {"(module)": child.stderr[-4000:] or "no output"}


def run_module(name, remote) -> dict:
    """Runs all items of a module in one session."""
    from pyspark.sql import SparkSession

    module = importlib.import_module(name)
    namespace = dict(vars(module))
    spark = SparkSession.builder.remote(remote).getOrCreate()
    namespace["spark"] = spark
    if name == "pyspark.sql.connect.session":
        # As in the module's own run: its builder cannot be shown together with a remote.
        namespace["SparkSession"] = SparkSession
        module.SparkSession.__doc__ = None
        del module.SparkSession.Builder.master.__doc__
    signal.signal(signal.SIGALRM, too_slow)
    results = {}
    for test in doctest.DocTestFinder().find(module, globs=namespace):
        if test.examples:
            results[test.name.removeprefix(f"{name}.")] = run_item(test, MODULES[name])
    with contextlib.suppress(Exception):
        spark.stop()
    return results


def run_item(test, flags):
    """What a failing item prints; `None` for one that passes."""
    output = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=flags, verbose=False)
    signal.alarm(ITEM_SECONDS_MAX)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            failures = runner.run(test, out=output.write).failed
    except TooSlow:
        return f"still runs after {ITEM_SECONDS_MAX} s"
    finally:
        signal.alarm(0)
    return output.getvalue()[-3000:] if failures else None


def too_slow(_number, _frame):
    raise TooSlow


def report(results, arguments) -> int:
    """Prints the rates, keeps the details in the cache, and holds the results against the list."""
    known = read_list()
    passed = total = 0
    failing = {}
    for module, items in results.items():
        short = module.removeprefix("pyspark.sql.").removeprefix("connect.")
        failures = {f"{short}.{item}": problem for item, problem in items.items() if problem is not None}
        print(f"{len(items) - len(failures):>5} of {len(items):>5}  {short}")
        passed += len(items) - len(failures)
        total += len(items)
        failing.update(failures)
    details = cache_directory() / "conformance" / "doctests.txt"
    details.parent.mkdir(parents=True, exist_ok=True)
    details.write_text("".join(f"=== {name}\n{problem}\n" for name, problem in failing.items()))
    if arguments.verbose:
        print(details.read_text())
    new = sorted(set(failing) - known) if known is not None else []
    for name in new:
        print(f"NEW FAILURE {name}\n{failing[name]}")
    rate = 100 * passed / total if total else 0
    print(f"Docstring examples: {passed} of {total} items pass ({rate:.1f} %); details: {details}")
    if arguments.update and not arguments.only:
        still = set(failing) if known is None else set(failing) & known
        LIST.write_text(LIST_HEAD + "".join(f"{name}\n" for name in sorted(still)))
        print(f"{len(still)} known failures, were {len(known or ())}")
    elif known and not arguments.only and known - set(failing):
        print(f"{len(known - set(failing))} known failures pass now: `make conformance-update` takes them off the list")
    return 1 if arguments.check and new else 0


def read_list():
    """The known failures; `None` where there is no list."""
    if not LIST.exists():
        return None
    return {line for line in LIST.read_text().splitlines() if line and not line.startswith("#")}


if __name__ == "__main__":
    sys.exit(main())
