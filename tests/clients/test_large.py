"""Data larger than what the server may hold, on its way in and out, and cells as large as data."""

import hashlib
import io
import threading
import zlib

import grpc
import numpy
import pandas
import pyarrow
import pyspark.sql.connect.proto as proto
import pytest
from firesteel_server import Server, built_binary
from pyspark.sql import functions as F
from recorded import end_session, new_session
from stress import ONCE, memory_bytes, size
from test_load import Client

pytestmark = ONCE

MEBIBYTE = 1 << 20


class Watch:
    """The most memory that the server holds while this is entered."""

    def __init__(self, server):
        self._server = server
        self._ended = threading.Event()
        self.curve = []

    def __enter__(self):
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_exception):
        self._ended.set()
        self._thread.join()

    def _look(self):
        while not self._ended.wait(0.05):
            self.curve.append(memory_bytes(self._server) // MEBIBYTE)

    def shown(self, points=20):
        """The curve at some points, and its highest."""
        step = max(1, len(self.curve) // points)
        return f"{self.curve[::step]} MiB, at most {max(self.curve)} MiB"


@pytest.fixture
def server(tmp_path):
    with Server(built_binary(), log=tmp_path / "server.log", extra_arguments=["--memory", "512m"]) as server:
        yield server


@pytest.fixture
def session(server):
    session = new_session(server.remote)
    yield session
    end_session(session)


def test_pandas_data_larger_than_the_server_goes_in_and_out(server, session, capsys):
    megabytes = size(128, 5_000)
    rows = megabytes * 1_000_000 // 32
    dice = numpy.random.default_rng(1)
    data = pandas.DataFrame({name: dice.integers(0, 1 << 62, rows) for name in "abcd"})
    # Sums that overflow are as good as others: both sides overflow alike.
    sums = [int(data[name].sum()) for name in "abcd"]
    # The client refuses more than three gigabytes unless it is told otherwise.
    session.conf.set("spark.sql.session.localRelationSizeLimit", str(8 << 30))
    with Watch(server) as sent:
        frame = session.createDataFrame(data)
        assert frame.count() == rows
    del data
    with Watch(server) as fetched:
        out = frame.toPandas()
    with capsys.disabled():
        print(f"\n{megabytes} MB of pandas data in: {sent.shown()}\nand out: {fetched.shown()}")
    assert [int(out[name].sum()) for name in "abcd"] == sums and len(out) == rows
    assert max(sent.curve + fetched.curve) < 1024


def upload(client, name, data):
    """Sends an artifact in chunks."""
    step = 1 << 20
    kinds = proto.AddArtifactsRequest

    def chunk(start):
        part = data[start : start + step]
        return kinds.ArtifactChunk(data=part, crc=zlib.crc32(part))

    def requests():
        begin = kinds.BeginChunkedArtifact(
            name=name, total_bytes=len(data), num_chunks=-(-len(data) // step), initial_chunk=chunk(0)
        )
        yield proto.AddArtifactsRequest(begin_chunk=begin, **client.who)
        for start in range(step, len(data), step):
            yield proto.AddArtifactsRequest(chunk=chunk(start), **client.who)

    client._stub.AddArtifacts(requests())


def test_data_of_older_clients_stays_on_disk(server, capsys):
    """They upload one message with all rows, which is read a batch at a time."""
    batches, rows = size(40, 400), 500_000
    schema = pyarrow.schema([("id", pyarrow.int64(), False)])
    stream = io.BytesIO()
    with pyarrow.ipc.new_stream(stream, schema) as writer:
        for number in range(batches):
            ids = numpy.arange(number * rows, (number + 1) * rows)
            writer.write_batch(pyarrow.record_batch([pyarrow.array(ids)], schema=schema))
    local = proto.LocalRelation(data=stream.getvalue(), schema="id BIGINT NOT NULL").SerializeToString()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}", options=[("grpc.max_receive_message_length", -1)]) as channel:
        client = Client(channel)
        digest = hashlib.sha256(local).hexdigest()
        upload(client, f"cache/{digest}", local)
        with Watch(server) as watch:
            cached = proto.Relation(cached_local_relation=proto.CachedLocalRelation(hash=digest))
            column = proto.Expression(unresolved_attribute=proto.Expression.UnresolvedAttribute(unparsed_identifier="id"))
            call = proto.Expression.UnresolvedFunction(function_name="sum", arguments=[column])
            total = proto.Expression(unresolved_function=call)
            grouped = proto.Aggregate(
                input=cached, group_type=proto.Aggregate.GROUP_TYPE_GROUPBY, aggregate_expressions=[total]
            )
            responses = list(client.execute(proto.Plan(root=proto.Relation(aggregate=grouped))))
        client.release()
    with capsys.disabled():
        print(f"\n{len(local) >> 20} MiB of an older client's rows: {watch.shown()}")
    [batch] = [response.arrow_batch.data for response in responses if response.HasField("arrow_batch")]
    count = batches * rows
    assert pyarrow.ipc.open_stream(batch).read_all().to_pydict()["sum(id)"] == [count * (count - 1) // 2]
    assert max(watch.curve) < size(150, 250)


def test_a_large_cell_arrives(server, session, capsys):
    megabytes = size(40, 500)
    with Watch(server) as watch:
        # Not of constants only: the plan itself would hold the cell.
        text = f"SELECT repeat(concat('0123456789abcd', 'e', CAST(id AS STRING)), {megabytes << 16}) AS cell FROM range(1)"
        [row] = session.sql(text).collect()
    with capsys.disabled():
        print(f"\none cell of {megabytes} MiB: {watch.shown()}")
    assert len(row.cell) == megabytes * MEBIBYTE
    assert row.cell == "0123456789abcde0" * (megabytes << 16)
    # The cell, and the frame that is made of it, and the buffer that it leaves by.
    assert max(watch.curve) < 200 + 4 * megabytes


EXPLOSIONS = {
    "a constant": ("explode(sequence(1, 1000000))", 1_000_000),
    "a sequence": ("explode(sequence(id, id + 999999))", 1_000_000),
    "a repeated value": ("explode(array_repeat(id, 200000))", 200_000),
}


@pytest.mark.parametrize("name", EXPLOSIONS)
def test_rows_made_of_few_do_not_gather(server, session, name):
    """All at once these would take two gigabytes."""
    rows = size(250, 2_000)
    expression, each = EXPLOSIONS[name]
    with Watch(server) as watch:
        [row] = session.sql(f"SELECT count(*) AS n FROM (SELECT {expression} FROM range({rows}))").collect()
    assert row.n == rows * each
    assert max(watch.curve) < 512


def test_what_one_function_makes_is_bounded(session):
    for expression in ("repeat('abc', 2147483647)", "size(sequence(1, 1000000000))", "lpad('x', 2147483647, 'ab')"):
        with pytest.raises(Exception, match="MEMORY_LIMIT_EXCEEDED"):
            session.sql(f"SELECT {expression}").collect()
    assert session.sql("SELECT 1").collect() == [(1,)]


def test_rows_that_a_window_holds_are_counted(session):
    with pytest.raises(Exception, match="MEMORY_LIMIT_EXCEEDED"):
        session.sql("SELECT max(s) FROM (SELECT id, sum(id) OVER () AS s FROM range(100000000))").collect()


def test_large_cells_go_in(server, session):
    # A sort needs room for a row and a copy of it.
    megabytes = size(10, 100)
    data = pandas.DataFrame({"id": [1, 2], "cell": ["x" * (megabytes * MEBIBYTE), "y"]})
    lengths = session.createDataFrame(data).select("id", F.length("cell").alias("n")).orderBy("id").collect()
    assert lengths == [(1, megabytes * MEBIBYTE), (2, 1)]
