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


def joins(frame):
    """The conditions of the joins of the optimised plan, outermost first."""
    plan = frame._explain_string(extended=True).split("== Optimized Logical Plan ==")[1].split("== Physical Plan ==")[0]
    return [line.split("Join:")[1] for line in plan.splitlines() if "Join:" in line]


def test_what_leaves_few_rows_is_joined_first(tpch):
    written = tpch.sql(
        "SELECT count(*) FROM supplier, lineitem, orders, nation WHERE s_suppkey = l_suppkey AND o_orderkey = l_orderkey "
        "AND s_nationkey = n_nationkey AND n_name = 'CHINA'"
    )
    order = [next(name for name in ("o_orderkey", "l_suppkey", "n_nationkey") if name in join) for join in joins(written)]
    assert order == ["o_orderkey", "l_suppkey", "n_nationkey"]
    filtered = tpch.sql(
        "SELECT count(*) FROM orders JOIN lineitem ON o_orderkey = l_orderkey LEFT SEMI JOIN "
        "(SELECT c_custkey FROM customer WHERE c_mktsegment = 'BUILDING') ON o_custkey = c_custkey"
    )
    assert ["c_custkey" in join for join in joins(filtered)] == [False, True]
