"""What a client gets when calls are lost, late, repeated or cut off: the same rows, or an error with a name."""

import random
import time

import numpy
import pytest
from fault_proxy import CutAfter, CutAlways, Fault, FaultProxy, Garbled, Late, Losing, Repeated
from firesteel_server import Server, built_binary
from pyspark.errors import PySparkException
from recorded import end_session, new_session
from stress import ONCE, size

pytestmark = ONCE

# Rows of a frame of the server of these tests, which sends small ones.
FRAME_ROWS = 1000


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    arguments = ["--conf", f"spark.connect.grpc.arrow.maxBatchSize={8 * FRAME_ROWS}"]
    log = tmp_path_factory.mktemp("faults") / "server.log"
    with Server(built_binary(), log=log, extra_arguments=arguments) as server, FaultProxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def session(proxy):
    """A session through the proxy, whose client tries again without long pauses."""
    # Clients before 4.0 have no policies to choose from.
    from pyspark.sql.connect.client.retries import DefaultPolicy

    proxy.fault = Fault()
    session = new_session(proxy.remote)
    policy = DefaultPolicy(max_retries=30, initial_backoff=1, max_backoff=20, jitter=5, min_jitter_threshold=0)
    session.client.set_retry_policies([policy])
    yield session
    proxy.fault = Fault()
    end_session(session)


def in_frames(session, frames):
    """A query whose result comes in so many frames or some more."""
    return session.range(0, frames * FRAME_ROWS, 1, 1)


def check(query, frames):
    """The rows are all there, each once, in their order."""
    ids = query.toPandas()["id"].to_numpy()
    assert numpy.array_equal(ids, numpy.arange(frames * FRAME_ROWS)), (len(ids), ids)


def responses_of(proxy, query, frames):
    """How many responses the query's stream has."""
    seen = []

    class Counting(Fault):
        def response(self, method, number):
            seen.append(number)
            return 1

    proxy.fault = Counting()
    check(query, frames)
    return len(seen)


@pytest.mark.parametrize("ends", [False, True], ids=["broken", "ended"])
def test_a_stream_may_be_cut_behind_each_response(proxy, session, ends):
    frames = size(20, 150)
    query = in_frames(session, frames)
    count = responses_of(proxy, query, frames)
    assert count > frames
    for position in range(count):
        proxy.fault = CutAfter(position, ends)
        check(query, frames)
        assert proxy.fault.cuts == 1, position


@pytest.mark.parametrize("ends", [False, True], ids=["broken", "ended"])
def test_a_stream_may_be_cut_behind_every_response(proxy, session, ends):
    frames = size(100, 1000)
    proxy.fault = CutAlways(ends)
    check(in_frames(session, frames), frames)
    assert proxy.fault.cuts >= frames


@pytest.mark.parametrize("seed", range(size(3, 50)))
def test_calls_may_be_lost_on_either_way(proxy, session, seed, tmp_path):
    fault = Losing(random.Random(seed), 0.15)
    proxy.fault = fault
    check(in_frames(session, 20), 20)
    session.sql("CREATE TEMPORARY VIEW v AS SELECT 1 AS a UNION ALL SELECT 2")
    assert session.table("v").groupBy().sum().collect() == [(3,)]
    # Nothing is done twice where its answer was lost.
    session.range(10).write.mode("append").parquet(str(tmp_path / "rows"))
    assert session.read.parquet(str(tmp_path / "rows")).count() == 10
    with pytest.raises(PySparkException) as error:
        session.sql("SELECT 1 / 0").collect()
    assert error.value.getCondition() == "DIVIDE_BY_ZERO"
    module = tmp_path / "module.py"
    module.write_text("x = 1\n")
    session.addArtifacts(str(module), pyfile=True)
    assert fault.faults > 0


def test_uploads_may_be_lost_on_either_way(proxy, session):
    import pandas

    session.conf.set("spark.sql.session.localRelationCacheThreshold", "1000")
    rows = pandas.DataFrame({"a": range(5000)})
    for seed in range(size(3, 50)):
        proxy.fault = Losing(random.Random(seed), 0.15)
        frame = session.createDataFrame(rows + seed)
        assert len(frame.toPandas()) == 5000
        assert frame.groupBy().sum("a").collect() == [(sum(range(5000)) + 5000 * seed,)]


def test_a_cell_in_chunks_may_be_cut_behind_each_of_them(proxy, session):
    megabytes = size(12, 200)
    cell = session.sql(f"SELECT repeat('0123456789abcdef', {megabytes << 16}) AS cell")
    for position in range(megabytes // 4 + 1):
        proxy.fault = CutAfter(position)
        [row] = cell.collect()
        assert row.cell == "0123456789abcdef" * (megabytes << 16)
        assert proxy.fault.cuts == 1, position


def test_calls_may_be_late(proxy, session):
    proxy.fault = Late(random.Random(1), 0.02)
    check(in_frames(session, 50), 50)


def test_requests_may_come_twice(proxy, session, tmp_path):
    proxy.fault = Repeated()
    check(in_frames(session, 20), 20)
    session.range(10).write.parquet(str(tmp_path / "rows"))
    assert session.read.parquet(str(tmp_path / "rows")).count() == 10
    session.sql("CREATE TEMPORARY VIEW twice AS SELECT 1 AS a")
    assert session.table("twice").collect() == [(1,)]
    assert session.range(5).localCheckpoint().count() == 5


@pytest.mark.parametrize("times", [0, 2], ids=["dropped", "doubled"])
def test_responses_that_are_missing_or_doubled_are_noticed(proxy, session, times):
    """By the client, which compares the offsets that the server tells. An end that is missing is asked for again."""
    query = in_frames(session, 10)
    count = responses_of(proxy, query, 10)
    for number in range(2, count - 1):
        proxy.fault = Garbled(number, times)
        with pytest.raises(PySparkException, match="start at row offset"):
            query.toPandas()
    proxy.fault = Garbled(count, times)
    check(query, 10)


def test_a_silent_client_gets_its_rows_later(proxy, session):
    """A client that stops reading for a while stops the query, and loses nothing."""
    query = in_frames(session, 50)
    rows = query.toLocalIterator()
    first = [next(rows) for _ in range(10)]
    time.sleep(size(1, 20))
    assert [row.id for row in first + list(rows)] == list(range(50 * FRAME_ROWS))


def test_a_killed_server_is_named_and_its_successor_serves(tmp_path):
    """The client of a server that is killed in the middle of a query learns that its session is gone."""
    with Server(built_binary(), log=tmp_path / "server.log") as server:
        session = new_session(server.remote)
        session.range(5).createOrReplaceTempView("v")
        rows = session.range(50_000_000).toLocalIterator()
        for _ in range(1000):
            next(rows)
        server.process.kill()
        server.process.wait()
        server.start()
        with pytest.raises(PySparkException) as error:
            for _ in rows:
                pass
        assert error.value.getCondition() in ("INVALID_HANDLE.SESSION_CHANGED", "RESPONSE_ALREADY_RECEIVED"), error.value
        with pytest.raises(PySparkException, match="INVALID_HANDLE.SESSION_CHANGED"):
            session.table("v").count()
        session.client.close()
        successor = new_session(server.remote)
        assert successor.range(5).count() == 5
        end_session(successor)
