"""Clients that are not Spark's PySpark: their programs have the outcomes that they got from Spark."""

import json
import os

import pytest
from programs import commands, outcomes
from recorded import EXPECTED
from stress import ONCE

SPARK = os.environ.get("FIRESTEEL_SPARK")
OTHERS = os.environ.get("FIRESTEEL_OTHER_CLIENTS")


@ONCE
@pytest.mark.skipif(not (SPARK and OTHERS), reason="FIRESTEEL_SPARK and FIRESTEEL_OTHER_CLIENTS name no environments")
@pytest.mark.parametrize("program", ["scala", "adbc", "rust_core"])
def test_program(remote, tmp_path, program):
    expected = json.loads((EXPECTED / f"program-{program}.json").read_text())
    found = outcomes(commands(SPARK, OTHERS, remote, tmp_path)[program])
    differing = {name: [found.get(name), expected[name]] for name in expected if found.get(name) != expected[name]}
    assert not differing and len(found) == len(expected), json.dumps(differing, indent=1)
