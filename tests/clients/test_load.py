"""Many sessions, many clients at once, users who happen to agree on a session's id."""

import statistics
import threading
import time
import uuid
import zlib

import grpc
import pyarrow
import pyspark.sql.connect.proto as proto
import pytest
from firesteel_server import Server, built_binary
from pyspark.errors import PySparkException
from pyspark.sql.connect.session import SparkSession
from recorded import end_session, new_session
from stress import ONCE, memory_bytes, size

pytestmark = ONCE

MEBIBYTE = 1 << 20


class Client:
    """The protocol's calls without what PySpark does around them, so that the server is what is measured."""

    def __init__(self, channel, user="someone", session_id=None):
        from pyspark.sql.connect.proto.base_pb2_grpc import SparkConnectServiceStub

        self._stub = SparkConnectServiceStub(channel)
        self.who = {
            "session_id": session_id or str(uuid.uuid4()),
            "user_context": proto.UserContext(user_id=user),
            "client_type": "load",
        }

    def execute(self, plan, **options):
        """The responses of a plan."""
        return self._stub.ExecutePlan(proto.ExecutePlanRequest(plan=plan, **self.who, **options))

    def query(self, text):
        """The rows of a SQL query, as lists by column."""
        plan = proto.Plan(root=proto.Relation(sql=proto.SQL(query=text)))
        columns = {}
        for response in self.execute(plan):
            if response.HasField("arrow_batch"):
                for batch in pyarrow.ipc.open_stream(response.arrow_batch.data):
                    for name, column in batch.to_pydict().items():
                        columns.setdefault(name, []).extend(column)
        return columns

    def command(self, text):
        """Runs a SQL command."""
        relation = proto.Relation(sql=proto.SQL(query=text))
        list(self.execute(proto.Plan(command=proto.Command(sql_command=proto.SqlCommand(input=relation)))))

    def set(self, key, value):
        """Sets a configuration."""
        pairs = [proto.KeyValue(key=key, value=value)]
        operation = proto.ConfigRequest.Operation(set=proto.ConfigRequest.Set(pairs=pairs))
        self._stub.Config(proto.ConfigRequest(operation=operation, **self.who))

    def upload(self, name, data):
        """Adds an artifact."""
        chunk = proto.AddArtifactsRequest.ArtifactChunk(data=data, crc=zlib.crc32(data))
        artifact = proto.AddArtifactsRequest.SingleChunkArtifact(name=name, data=chunk)
        batch = proto.AddArtifactsRequest.Batch(artifacts=[artifact])
        return self._stub.AddArtifacts(iter([proto.AddArtifactsRequest(batch=batch, **self.who)]))

    def release(self):
        """Closes the session."""
        self._stub.ReleaseSession(proto.ReleaseSessionRequest(**self.who))


def test_sessions_that_are_released_leave_nothing_behind(tmp_path, capsys):
    sessions = size(1_000, 10_000)
    with Server(built_binary(), log=tmp_path / "server.log", extra_arguments=["--memory", "512m"]) as server:
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            memory = []
            for number in range(sessions):
                client = Client(channel, user=f"user {number % 100}")
                client.set("spark.sql.shuffle.partitions", "7")
                client.command(f"CREATE TEMPORARY VIEW v AS SELECT id, id % 7 AS k FROM range({number + 1})")
                if number % 10 == 0:
                    client.upload("files/data.bin", bytes(100_000))
                    client.command("CACHE TABLE v")
                assert sum(client.query("SELECT k, count(*) AS n FROM v GROUP BY k")["n"]) == number + 1
                client.release()
                if (number + 1) % (sessions // 10) == 0:
                    memory.append(memory_bytes(server) // MEBIBYTE)
    with capsys.disabled():
        print(f"\nMiB after each tenth of {sessions} sessions: {memory}")
    # The first tenths fill what is kept by design: pools, tombstones of sessions.
    assert memory[-1] - memory[4] <= 8, memory


def test_many_clients_at_once_are_all_answered(tmp_path, capsys):
    clients, rounds = size(50, 200), size(5, 20)
    queries = [
        "SELECT 1 AS n",
        "SELECT count(*) AS n FROM range(100000) WHERE id % 3 = 0",
        "SELECT count(*) AS n FROM (SELECT id % 100 AS k, sum(id) AS s FROM range(100000) GROUP BY id % 100)",
        "SELECT count(*) AS n FROM range(5000) a JOIN range(5000) b ON a.id = b.id + 1",
    ]
    answers = [1, 33334, 100, 4999]
    seconds, wrong = [], []

    def work(number, port):
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            client = Client(channel, user=f"user {number % 10}")
            for turn in range(rounds):
                which = (number + turn) % len(queries)
                started = time.perf_counter()
                try:
                    told = client.query(queries[which])["n"]
                except grpc.RpcError as error:
                    told = error
                seconds.append(time.perf_counter() - started)
                if told != [answers[which]]:
                    wrong.append(told)
            client.release()

    with Server(built_binary(), log=tmp_path / "server.log", extra_arguments=["--parallelism", "2"]) as server:
        threads = [threading.Thread(target=work, args=(number, server.port)) for number in range(clients)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        elapsed = time.perf_counter() - started
        memory = memory_bytes(server) // MEBIBYTE
    percentiles = statistics.quantiles(seconds, n=100)
    with capsys.disabled():
        print(
            f"\n{clients} clients at once, {len(seconds)} queries in {elapsed:.1f} s: p50 {percentiles[49] * 1000:.0f} ms, "
            f"p99 {percentiles[98] * 1000:.0f} ms, longest {max(seconds) * 1000:.0f} ms, server {memory} MiB"
        )
    assert not wrong, wrong[:3]
    assert len(seconds) == clients * rounds
    assert max(seconds) < 30


def test_users_with_the_same_session_id_see_nothing_of_each_other(remote):
    session_id = str(uuid.uuid4())

    def session_of(user):
        return SparkSession.builder.remote(f"{remote}/;user_id={user};session_id={session_id}").create()

    alice, bob = session_of("alice"), session_of("bob")
    alice.range(3).createOrReplaceTempView("secret")
    alice.conf.set("spark.sql.shuffle.partitions", "77")
    alice.sql("CREATE TEMPORARY FUNCTION hidden() RETURNS INT RETURN 1")
    alice.sql("DECLARE VARIABLE x INT DEFAULT 1")
    alice.range(4).cache()
    assert bob.conf.get("spark.sql.shuffle.partitions") != "77"
    assert alice.range(4).is_cached and not bob.range(4).is_cached
    assert not bob.catalog.tableExists("secret")
    for text in ("SELECT * FROM secret", "SELECT hidden()", "SELECT x"):
        assert alice.sql(text).count() > 0
        with pytest.raises(PySparkException):
            bob.sql(text).count()
    # Nor does bob stop what alice runs, or close what she has.
    answer = []
    slow = "SELECT count(*) FROM range(1500) a JOIN range(1000) b ON sha2(CAST(a.id + b.id AS STRING), 512) > 'z'"
    thread = threading.Thread(target=lambda: answer.append(alice.sql(slow).collect()))
    thread.start()
    time.sleep(0.3)
    assert bob.interruptAll() == []
    end_session(bob)
    thread.join()
    assert answer == [[(0,)]]
    assert alice.range(4).is_cached and alice.table("secret").count() == 3
    end_session(alice)


def test_operations_belong_to_their_user(remote):
    with grpc.insecure_channel(remote.removeprefix("sc://")) as channel:
        session_id, operation_id = str(uuid.uuid4()), str(uuid.uuid4())
        alice, bob = (Client(channel, user, session_id) for user in ("alice", "bob"))
        reattach = proto.ReattachOptions(reattachable=True)
        options = [proto.ExecutePlanRequest.RequestOption(reattach_options=reattach)]
        plan = proto.Plan(root=proto.Relation(sql=proto.SQL(query="SELECT 'secret'")))
        assert len(list(alice.execute(plan, operation_id=operation_id, request_options=options))) >= 2
        assert bob.query("SELECT 1 AS n") == {"n": [1]}
        with pytest.raises(grpc.RpcError, match="INVALID_HANDLE.OPERATION_NOT_FOUND"):
            list(bob._stub.ReattachExecute(proto.ReattachExecuteRequest(operation_id=operation_id, **bob.who)))
        alice.release()
        assert bob.query("SELECT 1 AS n") == {"n": [1]}
        bob.release()


def test_a_session_of_pyspark_is_released(remote):
    """What the tests above do by hand is what PySpark does at the end of a session."""
    session = new_session(remote)
    session_id = session.session_id
    end_session(session)
    with pytest.raises(PySparkException, match="INVALID_HANDLE.SESSION_CLOSED"):
        again = SparkSession.builder.remote(f"{remote}/;session_id={session_id}").create()
        try:
            again.range(1).count()
        finally:
            again.client.close()
