"""Requests that no client would send: plans of the recorded cases with bytes and fields changed by dice.

The server answers each, or refuses it with a condition: it neither panics nor ends nor thinks for long.
"""

import hashlib
import logging
import os
import random
import time
from pathlib import Path

import grpc
import pyspark.sql.connect.proto as proto
import pytest
from fault_proxy import Fault, FaultProxy
from firesteel_server import Server, built_binary
from recorded import all_cases, end_session, new_session
from stress import ONCE, size

pytestmark = ONCE

SECONDS = size(6, 180)
SEED = int(os.environ.get("FIRESTEEL_FUZZ_SEED", "1"))
# Where to keep what the tests begin with.
CORPUS = os.environ.get("FIRESTEEL_FUZZ_CORPUS")
SERVICE = "/spark.connect.SparkConnectService/"

# Commands that touch files are not tried with names that dice made.
UNSAFE = {"write_operation", "write_operation_v2", "sql_command", "merge_into_table_command", "write_stream_operation_start"}


class Recorder(Fault):
    """Remembers the requests that pass."""

    def __init__(self):
        self.requests = []

    def request(self, method, message):
        if method in ("ExecutePlan", "AnalyzePlan", "Config") and len(message) < 10_000:
            self.requests.append((method, message))
        return 1


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("fuzz")
    arguments = ["--memory", "256m", "--conf", f"spark.sql.warehouse.dir={directory}/warehouse"]
    with Server(built_binary(), log=directory / "server.log", extra_arguments=arguments) as server:
        yield server


@pytest.fixture(scope="module")
def requests(server, tmp_path_factory):
    """What PySpark sends in some of the recorded cases."""
    recorder = Recorder()
    logging.disable(logging.CRITICAL)
    with FaultProxy(server.port) as proxy:
        proxy.fault = recorder
        session = new_session(proxy.remote)
        for number, case in enumerate(all_cases()):
            if number % size(4, 1) == 0 and "large" not in case.name:
                case.outcome(session, tmp_path_factory.mktemp("case"))
        end_session(session)
    logging.disable(logging.NOTSET)
    found = sorted({(method, in_session(method, message)) for method, message in recorder.requests})
    if CORPUS:
        keep(Path(CORPUS), [message for method, message in found if method == "ExecutePlan"])
    return found


def keep(corpus, messages):
    """Writes messages, each to a file, for cargo-fuzz to begin with."""
    corpus.mkdir(parents=True, exist_ok=True)
    for message in messages:
        (corpus / hashlib.sha1(message).hexdigest()).write_bytes(message)


SESSION = "11111111-2222-4333-8444-555555555555"
MESSAGES = {
    "ExecutePlan": proto.ExecutePlanRequest,
    "AnalyzePlan": proto.AnalyzePlanRequest,
    "Config": proto.ConfigRequest,
}


def in_session(method, message):
    """The request as one of the session of these tests."""
    request = MESSAGES[method].FromString(message)
    request.session_id = SESSION
    request.user_context.user_id = "dice"
    request.ClearField("client_observed_server_side_session_id")
    if method == "ExecutePlan":
        request.ClearField("operation_id")
        # The client would have to release what it may come back for.
        request.ClearField("request_options")
    return request.SerializeToString()


def changed(dice, data, other):
    """The bytes with some of them changed, left out, repeated, or taken from another message."""
    data = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 4, 16))):
        if not data:
            break
        at = dice.randrange(len(data))
        length = min(dice.choice((1, 2, 4, 16, 64)), len(data) - at)
        match dice.randrange(7):
            case 0:
                data[at] ^= 1 << dice.randrange(8)
            case 1:
                data[at] = dice.choice((0, 1, 127, 128, 255, dice.randrange(256)))
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = data[at : at + length] * dice.choice((1, 2, 50))
            case 4:
                start = dice.randrange(len(other))
                data[at:at] = other[start : start + length]
            case 5:
                del data[at:]
            case 6:
                data[at:at] = dice.randbytes(length)
    return bytes(data)


def fields_of(message):
    """The fields of the message and of those in it, as pairs of a message and a field."""
    found = []
    for field, value in message.ListFields():
        found.append((message, field))
        if field.type == field.TYPE_MESSAGE and not field.message_type.GetOptions().map_entry:
            for inner in value if field.is_repeated else [value]:
                found += fields_of(inner)
    return found


INTEGERS = (0, 1, -1, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63))
TEXTS = ("", "`", "a.b", "*", "\0", "😀" * 100, "x" * 100_000, "(" * 5_000, "NULL", "2024-99-99", "struct<")


def disturb(dice, message, others):
    """Changes a field of the message: another value, none, twice, or one of another message of its type."""
    fields = fields_of(message)
    if not fields:
        return
    holder, field = dice.choice(fields)
    if dice.random() < 0.2:
        holder.ClearField(field.name)
    elif field.is_repeated:
        values = getattr(holder, field.name)
        if dice.random() < 0.5 and hasattr(values, "extend"):
            values.extend(list(values) * dice.choice((1, 5)))
        else:
            holder.ClearField(field.name)
    elif field.type == field.TYPE_MESSAGE:
        same = [m for m in others if m.DESCRIPTOR is field.message_type]
        if same:
            getattr(holder, field.name).CopyFrom(dice.choice(same))
    elif field.type == field.TYPE_BOOL:
        setattr(holder, field.name, not getattr(holder, field.name))
    elif field.type == field.TYPE_STRING:
        setattr(holder, field.name, dice.choice(TEXTS))
    elif field.type == field.TYPE_BYTES:
        setattr(holder, field.name, changed(dice, getattr(holder, field.name), b"ARROW1"))
    elif field.type in (field.TYPE_DOUBLE, field.TYPE_FLOAT):
        setattr(holder, field.name, dice.choice((0.0, -1.5, float("nan"), float("inf"))))
    else:
        try:
            setattr(holder, field.name, dice.choice(INTEGERS))
        except ValueError:
            setattr(holder, field.name, 7)


class Target:
    """The server, asked with bytes."""

    def __init__(self, server, channel):
        self._server = server
        self._calls = {
            "AnalyzePlan": channel.unary_unary(SERVICE + "AnalyzePlan"),
            "Config": channel.unary_unary(SERVICE + "Config"),
            "ExecutePlan": channel.unary_stream(SERVICE + "ExecutePlan"),
        }
        self.answered = self.refused = 0
        self.slowest = 0.0

    def ask(self, method, message):
        """Sends a request and checks what comes back."""
        started = time.monotonic()
        try:
            answer = self._calls[method](message, timeout=30)
            if method == "ExecutePlan":
                for _ in answer:
                    pass
            self.answered += 1
        except grpc.RpcError as error:
            self.refused += 1
            told = error.details() or ""
            allowed = error.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.INVALID_ARGUMENT)
            panicked = "unexpectedly" in told or "decoding a plan failed" in told or "panic" in told
            assert allowed and not panicked, (error.code(), told[:500], method, message[:20_000])
        self.slowest = max(self.slowest, time.monotonic() - started)
        assert self._server.process.poll() is None, (method, message)


def relation_of(method, message):
    """The relation of a recorded request, if that is what it holds."""
    if method == "ExecutePlan":
        plan = proto.ExecutePlanRequest.FromString(message).plan
        return plan.root if plan.HasField("root") else None
    if method == "AnalyzePlan":
        request = proto.AnalyzePlanRequest.FromString(message)
        return request.schema.plan.root if request.HasField("schema") else None
    return None


def schema_request(relation):
    """Asks for the columns of a relation, which runs nothing."""
    user = proto.UserContext(user_id="dice")
    schema = proto.AnalyzePlanRequest.Schema(plan=proto.Plan(root=relation))
    request = proto.AnalyzePlanRequest(session_id=SESSION, user_context=user, schema=schema)
    return request.SerializeToString()


def is_safe(message):
    """Whether running the request touches no files even if its names are others."""
    plan = proto.ExecutePlanRequest.FromString(message).plan
    kind = plan.command.WhichOneof("command_type") if plan.HasField("command") else None
    return kind is not None and kind not in UNSAFE


def hammer(server, tries):
    """Sends what `tries` gives until the time is over."""
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        target = Target(server, channel)
        deadline = time.monotonic() + SECONDS / 3
        while time.monotonic() < deadline:
            target.ask(*tries())
    print(f"{target.answered} answered, {target.refused} refused, slowest {target.slowest:.2f} s")
    assert min(target.answered, target.refused) > 0 and target.slowest < 15


def test_changed_bytes_are_answered_or_refused(server, requests):
    dice = random.Random(SEED)
    analyses = [(method, message) for method, message in requests if method != "ExecutePlan"]

    def tries():
        method, message = dice.choice(analyses)
        return method, changed(dice, message, dice.choice(requests)[1])

    hammer(server, tries)


def test_changed_plans_are_answered_or_refused(server, requests):
    dice = random.Random(SEED)
    relations = [relation for relation in (relation_of(*request) for request in requests) if relation is not None]
    parts = [getattr(holder, field.name) for relation in relations for holder, field in fields_of(relation)
             if field.type == field.TYPE_MESSAGE and not field.is_repeated]

    def tries():
        relation = proto.Relation()
        relation.CopyFrom(dice.choice(relations))
        for _ in range(dice.choice((1, 1, 2, 5))):
            if relation.ByteSize() < 1_000_000:
                disturb(dice, relation, parts)
        return "AnalyzePlan", schema_request(relation)

    hammer(server, tries)


def test_changed_commands_are_answered_or_refused(server, requests):
    dice = random.Random(SEED)
    commands = [message for method, message in requests if method == "ExecutePlan" and is_safe(message)]
    assert commands

    def tries():
        message = dice.choice(commands)
        if dice.random() < 0.5:
            request = proto.ExecutePlanRequest.FromString(message)
            disturb(dice, request.plan.command, [])
            return "ExecutePlan", request.SerializeToString()
        return "ExecutePlan", changed(dice, message, dice.choice(commands))

    hammer(server, tries)
