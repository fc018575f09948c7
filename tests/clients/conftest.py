"""Starts one server for the run and gives each test its own session. Works with PySpark 4.2 and 3.5 alike."""

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "clients")]

# Clients turn timestamps into local time: expectations hold in this zone only.
os.environ["TZ"] = "America/Los_Angeles"
time.tzset()

import pytest  # noqa: E402

from firesteel_server import Server, built_binary  # noqa: E402
from recorded import await_releases, end_session, new_session, session_with_views  # noqa: E402
import tpcds_data  # noqa: E402
import tpch_data  # noqa: E402


@pytest.fixture(scope="session")
def remote(tmp_path_factory):
    """The address of the server under test; `FIRESTEEL_REMOTE` names one that runs already."""
    running = os.environ.get("FIRESTEEL_REMOTE")
    if running:
        yield running
        return
    binary = built_binary()
    if not binary.exists():
        pytest.exit(f"{binary} is missing: run `make build` first", returncode=2)
    with Server(binary, log=tmp_path_factory.mktemp("server") / "server.log") as server:
        yield server.remote
        await_releases()


@pytest.fixture
def spark(remote):
    """A session of its own for each test."""
    session = new_session(remote)
    yield session
    end_session(session)


@pytest.fixture(scope="module")
def tpch(remote):
    """A session with views of the TPC-H tables at scale factor 0.01."""
    session = session_with_views(remote, tpch_data)
    yield session
    end_session(session)


@pytest.fixture(scope="module")
def tpcds(remote):
    """A session with views of the TPC-DS tables at scale factor 0.01."""
    session = session_with_views(remote, tpcds_data)
    yield session
    end_session(session)
