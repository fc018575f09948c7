"""Starting and stopping a Spark Connect server of Apache Spark itself, from the pip package that carries it."""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from firesteel_server import answers, free_port

START_SECONDS_MAX = 180


class SparkServer:
    """The JVM server on a free port; a context manager that stops it at the end."""

    def __init__(self, python, memory="2g", cores="2", settings=None):
        self.python = Path(python)
        self.memory = memory
        self.cores = cores
        self.settings = settings or {}
        self.port = free_port()
        self.remote = f"sc://127.0.0.1:{self.port}"
        self.directory = Path(tempfile.mkdtemp(prefix="spark-server-"))
        self.process = None
        self.start_seconds = None

    def start(self) -> "SparkServer":
        """Starts the JVM and returns when it accepts connections."""
        home = subprocess.check_output(
            [str(self.python), "-c", "import pyspark, os; print(os.path.dirname(pyspark.__file__))"], text=True
        ).strip()
        settings = {
            "spark.connect.grpc.binding.port": str(self.port),
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.sql.warehouse.dir": str(self.directory / "warehouse"),
            **self.settings,
        }
        command = [f"{home}/bin/spark-submit", "--master", f"local[{self.cores}]", "--driver-memory", self.memory]
        for key, value in settings.items():
            command += ["--conf", f"{key}={value}"]
        command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
        environment = {**os.environ, "SPARK_HOME": home, "PYSPARK_PYTHON": str(self.python)}
        started = time.perf_counter()
        with open(self.directory / "log", "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.directory, env=environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )
        while not answers(self.port):
            if self.process.poll() is not None or time.perf_counter() - started > START_SECONDS_MAX:
                log = (self.directory / "log").read_text(errors="replace")[-4000:]
                self.stop()
                raise RuntimeError(f"Apache Spark's server did not start:\n{log}")
            time.sleep(0.05)
        self.start_seconds = time.perf_counter() - started
        return self

    def stop(self) -> None:
        """Ends the JVM and what it started."""
        if self.process is None or self.process.poll() is not None:
            return
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def __enter__(self) -> "SparkServer":
        return self.start()

    def __exit__(self, *_exception) -> None:
        self.stop()
