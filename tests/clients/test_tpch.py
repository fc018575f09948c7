"""TPC-H at scale factor 0.01 gives Apache Spark's answers, from SQL text and from the DataFrame API."""

import json
from pathlib import Path

import pytest

import tpch_dataframe
from recorded import Ordered, describe

TPCH = Path(__file__).resolve().parent.parent / "tpch"
NAMES = [f"q{number:02}" for number in range(1, 23)]


def answer(form, name):
    return json.loads((TPCH / "answers" / form / f"{name}.json").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_sql(tpch, name):
    text = (TPCH / "queries" / f"{name}.sql").read_text()
    assert describe(Ordered(tpch.sql(text))) == answer("sql", name)


@pytest.mark.parametrize("name", NAMES)
def test_dataframe(tpch, name):
    frame = tpch_dataframe.QUERIES[name](tpch_dataframe.tables_of(tpch))
    assert describe(Ordered(frame)) == answer("dataframe", name)
