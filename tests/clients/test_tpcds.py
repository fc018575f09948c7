"""TPC-DS at scale factor 0.01 gives Apache Spark's answers: all 99 queries, and the second forms of four."""

import json
from pathlib import Path

import pytest

from recorded import CLIENT_VERSION, REFERENCE_VERSION, Ordered, describe
from tpcds_data import generate, query_texts

ANSWERS = Path(__file__).resolve().parent.parent / "tpcds" / "answers"
NAMES = sorted(path.stem for path in ANSWERS.glob("*.json"))

# The answers are the server's: one client is enough.
pytestmark = pytest.mark.skipif(CLIENT_VERSION != REFERENCE_VERSION, reason="run with the newest client")


@pytest.fixture(scope="module")
def texts():
    return query_texts(generate(0.01))


def test_every_query_has_its_answer(texts):
    assert sorted(texts) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_query(tpcds, texts, name):
    assert describe(Ordered(tpcds.sql(texts[name]))) == json.loads((ANSWERS / f"{name}.json").read_text())
