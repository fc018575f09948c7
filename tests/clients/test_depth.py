"""Plans that are deep, or long in coming: the server answers in time or refuses, and lives on."""

import time

import grpc
import pyspark.sql.connect.proto as proto
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import functions as F
from stress import ONCE, size

pytestmark = ONCE


@pytest.mark.parametrize("keep", ["localCheckpoint", "persist"])
def test_rounds_of_a_loop_take_the_same_time(spark, keep):
    """What can be reached in a graph: each round joins, unites and keeps what the next one starts from.

    A plan that is only persisted goes on to hold those of the rounds before, so it must name the last one once only.
    """
    rounds, rows = size(10, 40), size(20_000, 1_000_000)
    edges = spark.range(rows).select((F.col("id") % 9973).alias("a"), (F.col("id") * 7 % 10007).alias("b"))
    edges, steps = edges.localCheckpoint(), edges.select(F.col("a").alias("c"), F.col("b").alias("d")).localCheckpoint()
    reached, seconds = edges, []
    for _ in range(rounds):
        started = time.monotonic()
        further = reached.join(steps, F.col("b") == F.col("c")).select("a", F.col("d").alias("b"))
        reached = getattr(further.union(edges).distinct().limit(rows), keep)()
        assert reached.count() <= rows
        seconds.append(time.monotonic() - started)
    half = rounds // 2
    print(f"{keep}: {[round(second, 2) for second in seconds]}")
    first, last = sorted(seconds[1:half]), sorted(seconds[half:])
    assert last[len(last) // 2] < 1.5 * first[len(first) // 2] + 0.1, seconds


def test_the_columns_of_a_thousand_steps_are_known_in_seconds(remote):
    """A loop that adds a column and asks for the columns a step; the server's part of it."""
    steps = size(400, 1000)
    numbers = proto.Relation.DESCRIPTOR.fields_by_name
    schema = proto.AnalyzePlanRequest.DESCRIPTOR.fields_by_name["schema"].number
    relation = proto.Relation(range=proto.Range(start=0, end=3, step=1)).SerializeToString()
    with grpc.insecure_channel(remote.removeprefix("sc://")) as channel:
        analyze = channel.unary_unary(
            "/spark.connect.SparkConnectService/AnalyzePlan",
            response_deserializer=proto.AnalyzePlanResponse.FromString,
        )
        started = time.monotonic()
        for step in range(steps):
            literal = proto.Expression(literal=proto.Expression.Literal(integer=step))
            column = proto.Expression(unresolved_attribute=proto.Expression.UnresolvedAttribute(unparsed_identifier="id"))
            total = proto.Expression.UnresolvedFunction(function_name="+", arguments=[column, literal])
            expression = proto.Expression(unresolved_function=total)
            alias = proto.Expression.Alias(expr=expression, name=[f"c{step}"]).SerializeToString()
            common = proto.RelationCommon(plan_id=step + 1).SerializeToString()
            relation = field(1, common) + field(numbers["with_columns"].number, field(1, relation) + field(2, alias))
            answer = analyze(WHO + field(schema, field(1, field(1, relation))))
            assert len(answer.schema.schema.struct.fields) == step + 2
        seconds = time.monotonic() - started
    print(f"{steps} steps of withColumn and columns: {seconds:.1f} s")
    # The time grows with the square of the steps, since each request holds the whole plan.
    assert seconds < size(5, 20)


def varint(value):
    """A number as protobuf writes it."""
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    data.append(value)
    return bytes(data)


def field(number, content):
    """A nested message of protobuf."""
    return varint(number << 3 | 2) + varint(len(content)) + content


# Who asks: the same fields of every request.
WHO = proto.ExecutePlanRequest(
    session_id="11111111-2222-4333-8444-555555555555", user_context=proto.UserContext(user_id="deep")
).SerializeToString()


def nested(levels):
    """The bytes of a request for a plan of so many limits above each other."""
    relation = proto.Relation(range=proto.Range(start=0, end=3, step=1)).SerializeToString()
    number = proto.Relation.DESCRIPTOR.fields_by_name["limit"].number
    for _ in range(levels):
        # Limit has its input first, its number second.
        relation = field(number, field(1, relation) + b"\x10\x02")
    plan = proto.ExecutePlanRequest.DESCRIPTOR.fields_by_name["plan"].number
    return WHO + field(plan, field(1, relation))


def test_a_plan_of_ten_thousand_levels_is_refused(remote):
    with grpc.insecure_channel(remote.removeprefix("sc://")) as channel:
        execute = channel.unary_stream("/spark.connect.SparkConnectService/ExecutePlan")
        assert len(list(execute(nested(1000)))) >= 2
        for levels in (3_000, 10_000):
            with pytest.raises(grpc.RpcError, match=r"\[CONNECT_INVALID_PLAN.NESTED_TOO_DEEP\]"):
                list(execute(nested(levels)))
        analyze = channel.unary_unary("/spark.connect.SparkConnectService/AnalyzePlan")
        with pytest.raises(grpc.RpcError, match=r"CONNECT_INVALID_PLAN"):
            analyze(nested(10_000))
        assert len(list(execute(nested(10)))) >= 2


@pytest.mark.parametrize("operator", ["UNION ALL", "UNION"])
def test_a_union_of_two_thousand(spark, operator):
    """Written one behind the other, they are one union, not one in another."""
    branches = 2000
    text = f" {operator} ".join(f"SELECT {number // 2} AS n" for number in range(branches))
    started = time.monotonic()
    count, total = spark.sql(text).groupBy().agg(F.count("n"), F.sum("n")).collect()[0]
    print(f"{branches} branches of {operator}: {time.monotonic() - started:.1f} s")
    times = 2 if operator == "UNION ALL" else 1
    assert (count, total) == (1000 * times, 499_500 * times)
    assert time.monotonic() - started < 30


DEEP = 10_000
DEEP_TEXTS = {
    "parentheses": "SELECT " + "(" * DEEP + "1" + ")" * DEEP,
    "sum": "SELECT " + " + ".join(["id"] * DEEP) + " FROM range(3)",
    "conditions": "SELECT * FROM range(3) WHERE " + " AND ".join(["id > 0"] * size(1000, DEEP)),
    "union": " UNION ALL ".join(["SELECT 1"] * size(5_000, DEEP)),
    "subqueries": "SELECT * FROM " + "(SELECT * FROM " * DEEP + "range(3)" + ")" * DEEP,
    "casts": "SELECT id" + "::int" * DEEP + " FROM range(3)",
    "type": "SELECT from_json('{}', '" + "array<" * DEEP + "int" + ">" * DEEP + "')",
    "json": "SELECT from_json('" + "[" * DEEP + "1" + "]" * DEEP + "', 'array<int>')",
    "json path": "SELECT get_json_object('" + '{"a":' * DEEP + "1" + "}" * DEEP + "', '$" + ".a" * DEEP + "')",
    "variant": "SELECT parse_json('" + "[" * DEEP + "1" + "]" * DEEP + "')",
    "schema of json": "SELECT schema_of_json('" + '{"a":' * DEEP + "1" + "}" * DEEP + "')",
    "xml": "SELECT xpath_string('" + "<a>" * DEEP + "x" + "</a>" * DEEP + "', 'a')",
    "xml record": "SELECT from_xml('" + "<a>" * DEEP + "x" + "</a>" * DEEP + "', 'a int')",
    "xpath": "SELECT xpath_string('<a>x</a>', '" + "(" * DEEP + "a" + ")" * DEEP + "')",
    "pattern": "SELECT 'a' RLIKE '" + "(" * DEEP + "a" + ")" * DEEP + "'",
}


@pytest.mark.parametrize("text", DEEP_TEXTS.values(), ids=DEEP_TEXTS)
def test_deep_texts_are_answered_or_refused(spark, text):
    started = time.monotonic()
    try:
        spark.sql(text).collect()
    except PySparkException as error:
        assert "unexpectedly" not in str(error), error
    assert time.monotonic() - started < 20
    assert spark.range(3).count() == 3
