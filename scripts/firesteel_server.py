"""Starting and stopping a `firesteel serve` process: what the example, the tests and the bench share."""

import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 15002
START_SECONDS_MAX = 30


def cache_directory() -> Path:
    """Where data and environments lie that are made outside the checkout."""
    return Path(os.environ.get("FIRESTEEL_CACHE", Path.home() / ".cache" / "firesteel"))


def built_binary(profile: str = "debug") -> Path:
    """The binary that the Makefile builds, or the one the environment names."""
    named = os.environ.get("FIRESTEEL_BINARY")
    if named:
        return Path(named)
    target = os.environ.get("CARGO_TARGET_DIR", cache_directory() / "target")
    return Path(target) / profile / "firesteel"


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def default_or_free_port() -> int:
    """Spark Connect's own port where it is free, else any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", DEFAULT_PORT))
        except OSError:
            return free_port()
    return DEFAULT_PORT


def answers(port: int) -> bool:
    """Whether something accepts connections on the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


class Server:
    """A server process on a port of this machine; a context manager that stops it at the end."""

    def __init__(self, binary, port=None, log=None, extra_arguments=(), environment=None):
        self.binary = Path(binary)
        self.port = port or free_port()
        self.remote = f"sc://127.0.0.1:{self.port}"
        self.log_path = Path(log) if log else Path(tempfile.mkstemp(prefix="firesteel-", suffix=".log")[1])
        self.extra_arguments = list(extra_arguments)
        self.environment = environment
        self.process = None
        self.start_seconds = None

    def start(self) -> "Server":
        """Starts the process and returns when it accepts connections."""
        started = time.perf_counter()
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [str(self.binary), "serve", "--port", str(self.port), *self.extra_arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
            )
        while not answers(self.port):
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.log_tail()}")
            if time.perf_counter() - started > START_SECONDS_MAX:
                self.stop()
                raise RuntimeError(f"the server did not listen within {START_SECONDS_MAX} s:\n{self.log_tail()}")
            time.sleep(0.005)
        self.start_seconds = time.perf_counter() - started
        return self

    def log_tail(self, characters: int = 4000) -> str:
        """The end of what the server printed."""
        return self.log_path.read_text(errors="replace")[-characters:]

    def stop(self) -> None:
        """Asks the process to end, and kills it if it does not within ten seconds."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *_exception) -> None:
        self.stop()
