"""The Scala client: its cases have the outcomes that it got from Spark."""

import json
import os

import pytest
from recorded import EXPECTED
from scala_client import outcomes
from stress import ONCE

SPARK = os.environ.get("FIRESTEEL_SPARK")


@ONCE
@pytest.mark.skipif(not SPARK, reason="FIRESTEEL_SPARK names no environment with the pyspark package and its jars")
def test_cases_of_the_scala_client(remote, tmp_path):
    expected = json.loads((EXPECTED / "scala.json").read_text())
    found = outcomes(SPARK, remote, tmp_path)
    differing = {name: found.get(name) for name in expected if found.get(name) != expected[name]}
    assert not differing and len(found) == len(expected), json.dumps(differing, indent=1)
