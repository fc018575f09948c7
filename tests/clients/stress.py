"""How large the tests of load and faults are: small within `make test`, large in `make stress`."""

import os

import pytest
from recorded import CLIENT_VERSION, REFERENCE_VERSION

LARGE = bool(os.environ.get("FIRESTEEL_STRESS"))

# The server does the same whichever client asks, so tests of the server alone run with one of them.
ONCE = pytest.mark.skipif(CLIENT_VERSION != REFERENCE_VERSION, reason="tests the server, whichever the client")


def size(small, large):
    """`small` in every run of the tests, `large` when they are to find what is rare."""
    return large if LARGE else small


def memory_bytes(server):
    """What the server's process holds of the machine's memory."""
    for line in open(f"/proc/{server.process.pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    raise RuntimeError("the process is gone")


def processor_seconds(server):
    """What the server's process has used of the processors so far."""
    fields = open(f"/proc/{server.process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
