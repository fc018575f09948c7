"""The engines that are compared: how each is started, asked and stopped.

All listen on loopback only and read the same files. Connect servers are asked through one unmodified PySpark; plain
DataFusion runs in a Python process of its own and measures itself, without any protocol.
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from firesteel_server import Server, answers, free_port  # noqa: E402
from spark_server import SparkServer  # noqa: E402

SAMPLE_SECONDS = 0.02


class MemorySampler:
    """Largest resident memory of a process and its children, sampled while it lives."""

    def __init__(self, pid):
        self.pid = pid
        self.peak_bytes = 0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.stopped.wait(SAMPLE_SECONDS):
            self.peak_bytes = max(self.peak_bytes, resident_bytes(self.pid))

    def stop(self):
        self.stopped.set()
        self.thread.join()


def resident_bytes(pid) -> int:
    """Resident memory of the process and its descendants."""
    total = 0
    for process in [pid, *descendants(pid)]:
        try:
            pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
        total += pages * os.sysconf("SC_PAGE_SIZE")
    return total


def descendants(pid) -> list:
    """Processes below the process."""
    found = []
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return found
    for task in tasks:
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in map(int, children):
            found += [child, *descendants(child)]
    return found


class ConnectEngine:
    """A Spark Connect server, asked through PySpark."""

    def __init__(self, name, server, process_of):
        self.name = name
        self.server = server
        self.process_of = process_of
        self.spark = None
        self.first_answer_seconds = None
        self.idle_bytes = None
        self.memory = None

    def start(self):
        from pyspark.sql import SparkSession

        started = time.perf_counter()
        self.server.start()
        self.memory = MemorySampler(self.process_of(self.server))
        self.spark = SparkSession.builder.remote(self.server.remote).create()
        self.spark.sql("SELECT 1").collect()
        self.first_answer_seconds = time.perf_counter() - started
        self.idle_bytes = resident_bytes(self.process_of(self.server))

    @property
    def listen_seconds(self):
        return self.server.start_seconds

    def register(self, data):
        for path in sorted(data.glob("*.parquet")):
            self.spark.read.parquet(str(path)).createOrReplaceTempView(path.stem)

    def query(self, text):
        """Seconds from text to all rows at the client, and the rows."""
        started = time.perf_counter()
        table = self.spark.sql(text).toArrow()
        return time.perf_counter() - started, table.to_pylist()

    def stop(self):
        if self.memory:
            self.memory.stop()
        if self.spark:
            # A client that is not closed would look for the server at the end of the process, for minutes.
            self.spark.stop()
        self.server.stop()


class SailServer:
    """Sail's Spark Connect server from its PyPI package."""

    def __init__(self, environment, log):
        self.program = Path(environment) / "bin" / "sail"
        self.port = free_port()
        self.remote = f"sc://127.0.0.1:{self.port}"
        self.log = log
        self.process = None
        self.start_seconds = None

    def start(self):
        started = time.perf_counter()
        command = [str(self.program), "spark", "server", "--ip", "127.0.0.1", "--port", str(self.port)]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        while not answers(self.port):
            if self.process.poll() is not None or time.perf_counter() - started > 60:
                raise RuntimeError(f"Sail does not start; see {self.log}")
            time.sleep(0.005)
        self.start_seconds = time.perf_counter() - started

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()


class DataFusionEngine:
    """Plain DataFusion behind standard input and output."""

    name = "DataFusion"
    listen_seconds = None

    def __init__(self, environment):
        self.python = Path(environment) / "bin" / "python"
        self.process = None
        self.memory = None
        self.first_answer_seconds = None
        self.idle_bytes = None

    def start(self):
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [str(self.python), str(Path(__file__).with_name("datafusion_worker.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self.memory = MemorySampler(self.process.pid)
        self.query("SELECT 1")
        self.first_answer_seconds = time.perf_counter() - started
        self.idle_bytes = resident_bytes(self.process.pid)

    def register(self, data):
        self.ask({"tables": {path.stem: str(path) for path in data.glob("*.parquet")}})

    def query(self, text):
        answer = self.ask({"sql": text})
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["seconds"], None

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        if self.memory:
            self.memory.stop()
        if self.process:
            self.process.stdin.close()
            self.process.wait(timeout=20)


def engines_of(arguments, logs) -> list:
    """The engines whose programs were named, Firesteel first."""
    found = [ConnectEngine("Firesteel", Server(arguments.firesteel, log=logs / "firesteel.log"),
                           lambda server: server.process.pid)]
    if arguments.sail:
        found.append(ConnectEngine("Sail", SailServer(arguments.sail, logs / "sail.log"),
                                   lambda server: server.process.pid))
    if arguments.datafusion:
        found.append(DataFusionEngine(arguments.datafusion))
    if arguments.spark:
        server = SparkServer(Path(arguments.spark) / "bin" / "python", memory=arguments.spark_memory,
                             cores=str(os.cpu_count()))
        found.append(ConnectEngine("Spark", server, lambda server: server.process.pid))
    return found
