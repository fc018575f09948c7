"""Each case gives what it gave on Apache Spark: values, types, nullability, or the error in all its parts."""

import functools
from pathlib import Path

import pytest

from recorded import CLIENT_VERSION, all_cases, expected_of

KNOWN_FAILURES = Path(__file__).resolve().parent / f"known-failures-{CLIENT_VERSION}.txt"

expected = functools.cache(expected_of)


@functools.cache
def known_failures() -> frozenset:
    """Cases that do not pass yet. The list may only shrink."""
    lines = KNOWN_FAILURES.read_text().splitlines() if KNOWN_FAILURES.exists() else []
    return frozenset(line for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: f"{case.module}.{case.name}")
def test_case(case, spark, tmp_path, request):
    if f"{case.module}.{case.name}" in known_failures():
        reason = f"known failure: a case that passes goes off the list in {KNOWN_FAILURES.name}"
        request.node.add_marker(pytest.mark.xfail(strict=True, reason=reason))
    directory = tmp_path / "work"
    directory.mkdir()
    assert case.outcome(spark, directory) == expected(case.module)[case.name]
