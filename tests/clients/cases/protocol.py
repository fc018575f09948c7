"""Calls of the protocol as no client makes them: what they are told, call by call."""

import uuid
import zlib

from recorded import case

# Older clients know neither all the calls nor the way from a session to the channel.
NEWEST = "4.2"


class Caller:
    """Makes raw calls for one session through the channel of a client."""

    def __init__(self, spark, session_id=None, observed=None):
        import pyspark.sql.connect.proto as proto

        self.proto = proto
        self.spark = spark
        self.stub = spark.client._stub
        self.session_id = session_id or str(uuid.uuid4())
        self.observed = observed

    def with_id(self, session_id=None, observed=None):
        """Another session's caller."""
        return Caller(self.spark, session_id, observed)

    def request(self, kind, **fields):
        """A request of this kind in the session's name."""
        who = {"session_id": self.session_id, "user_context": self.proto.UserContext(user_id="someone")}
        if self.observed:
            who["client_observed_server_side_session_id"] = self.observed
        return getattr(self.proto, kind)(**who, **fields)

    def sql(self, text):
        """The plan of a query."""
        return self.proto.Plan(root=self.proto.Relation(sql=self.proto.SQL(query=text)))

    def command(self, text):
        """The plan of a command."""
        relation = self.proto.Relation(sql=self.proto.SQL(query=text))
        return self.proto.Plan(command=self.proto.Command(sql_command=self.proto.SqlCommand(input=relation)))

    def execute(self, plan, operation_id=None, reattachable=False, tags=()):
        """All responses of a plan."""
        fields = {"plan": plan, "tags": tags}
        if operation_id:
            fields["operation_id"] = operation_id
        if reattachable:
            reattach = self.proto.ReattachOptions(reattachable=True)
            fields["request_options"] = [self.proto.ExecutePlanRequest.RequestOption(reattach_options=reattach)]
        return list(self.stub.ExecutePlan(self.request("ExecutePlanRequest", **fields)))

    def reattach(self, operation_id, last=None):
        """All responses behind the last one."""
        fields = {"operation_id": operation_id, **({"last_response_id": last} if last else {})}
        return list(self.stub.ReattachExecute(self.request("ReattachExecuteRequest", **fields)))

    def release_execute(self, operation_id, until=None):
        """Drops an operation, or its responses up to one."""
        kind = self.proto.ReleaseExecuteRequest
        which = {"release_until": kind.ReleaseUntil(response_id=until)} if until else {"release_all": kind.ReleaseAll()}
        return self.stub.ReleaseExecute(self.request("ReleaseExecuteRequest", operation_id=operation_id, **which))

    def release(self, allow_reconnect=False):
        """Closes the session."""
        request = {"session_id": self.session_id, "user_context": self.proto.UserContext(user_id="someone")}
        request = self.proto.ReleaseSessionRequest(**request, allow_reconnect=allow_reconnect)
        return self.stub.ReleaseSession(request)

    def clone(self, target=None):
        """Clones the session."""
        return self.stub.CloneSession(self.request("CloneSessionRequest", **({"new_session_id": target} if target else {})))

    def states(self, *operation_ids):
        """The states of operations, by their names."""
        asked = self.proto.GetStatusRequest.OperationStatusRequest(operation_ids=operation_ids)
        answer = self.stub.GetStatus(self.request("GetStatusRequest", operation_status=asked))
        names = self.proto.GetStatusResponse.OperationStatus.OperationState
        told = {status.operation_id: names.Name(status.state) for status in answer.operation_statuses}
        return [told.get(operation_id) for operation_id in operation_ids] if operation_ids else sorted(told.values())

    def interrupt(self, **fields):
        """Interrupts operations; how many."""
        return len(self.stub.Interrupt(self.request("InterruptRequest", **fields)).interrupted_ids)

    def calls(self):
        """One harmless call of each kind."""
        proto = self.proto
        get = proto.ConfigRequest.Operation(get=proto.ConfigRequest.Get(keys=["spark.sql.ansi.enabled"]))
        version = proto.AnalyzePlanRequest.SparkVersion()
        unknown = str(uuid.uuid4())
        return {
            "ExecutePlan": lambda: self.execute(self.sql("SELECT 1")),
            "AnalyzePlan": lambda: self.stub.AnalyzePlan(self.request("AnalyzePlanRequest", spark_version=version)),
            "Config": lambda: self.stub.Config(self.request("ConfigRequest", operation=get)),
            "ArtifactStatus": lambda: self.stub.ArtifactStatus(self.request("ArtifactStatusesRequest", names=["cache/x"])),
            "Interrupt": lambda: self.interrupt(interrupt_type=proto.InterruptRequest.INTERRUPT_TYPE_ALL),
            "ReattachExecute": lambda: self.reattach(unknown),
            "ReleaseExecute": lambda: self.release_execute(unknown),
            "FetchErrorDetails": lambda: self.stub.FetchErrorDetails(
                self.request("FetchErrorDetailsRequest", error_id=unknown)
            ),
            "CloneSession": lambda: self.clone(),
            "GetStatus": lambda: self.states(),
            "ReleaseSession": lambda: self.release(),
        }


def told(call):
    """The condition that a call ends with; `fine` where it does not fail."""
    import grpc
    from google.rpc import error_details_pb2
    from grpc_status import rpc_status

    try:
        call()
    except grpc.RpcError as error:
        status = rpc_status.from_call(error)
        for detail in status.details if status else ():
            info = error_details_pb2.ErrorInfo()
            if detail.Unpack(info):
                return info.metadata.get("errorClass") or info.reason
        return f"{error.code().name}: {error.details()[:60]}"
    return "fine"


def opened(spark):
    """The caller of a session that was used once, with the id that the server gave it."""
    caller = Caller(spark)
    caller.observed = caller.execute(caller.sql("SELECT 1"))[0].server_side_session_id
    return caller


@case(since=NEWEST)
def calls_for_a_session_that_never_was(spark):
    """Some open it, some need one that is open."""
    names = Caller(spark).calls()
    return {name: told(Caller(spark).calls()[name]) for name in names}


@case(since=NEWEST)
def calls_for_a_closed_session(spark):
    """None opens it again."""
    caller = opened(spark)
    caller.observed = None
    caller.release()
    return {name: told(call) for name, call in caller.calls().items()}


@case(since=NEWEST)
def calls_for_a_session_that_may_come_back(spark):
    """It is a new one then."""
    answers = {}
    for name in Caller(spark).calls():
        caller = opened(spark)
        caller.execute(caller.command("SET my.key = 1"))
        caller.observed = None
        caller.release(allow_reconnect=True)
        answers[name] = told(caller.calls()[name])
    return answers


@case(since=NEWEST)
def calls_of_a_client_that_knows_another_session(spark):
    """The server was started again since, the client must believe."""
    caller = opened(spark)
    caller.observed = str(uuid.uuid4())
    return {name: told(call) for name, call in caller.calls().items()}


@case(since=NEWEST)
def ids_that_are_none(spark):
    """Of sessions and of operations."""
    caller = opened(spark)
    return {
        "session": told(lambda: Caller(spark, "abc").execute(caller.sql("SELECT 1"))),
        "operation": told(lambda: caller.execute(caller.sql("SELECT 1"), operation_id="abc")),
        "reattach": told(lambda: caller.reattach("abc")),
        "clone": told(lambda: caller.clone("abc")),
    }


@case(since=NEWEST)
def operations_that_come_again(spark):
    """With the same content or another, finished or released."""
    caller = opened(spark)
    plan = caller.sql("SELECT 1")
    plain, lasting = str(uuid.uuid4()), str(uuid.uuid4())
    return {
        "first": told(lambda: caller.execute(plan, lasting, reattachable=True)),
        "same again": told(lambda: caller.execute(plan, lasting, reattachable=True)),
        "another": told(lambda: caller.execute(caller.sql("SELECT 2"), lasting, reattachable=True)),
        "reattach": told(lambda: caller.reattach(lasting)),
        "release": told(lambda: caller.release_execute(lasting)),
        "release again": told(lambda: caller.release_execute(lasting)),
        "reattach to what is released": told(lambda: caller.reattach(lasting)),
        "begin what is released": told(lambda: caller.execute(plan, lasting, reattachable=True)),
        "without reattaching": told(lambda: caller.execute(plan, plain)),
        "reattach to that": told(lambda: caller.reattach(plain)),
    }


@case(since=NEWEST)
def positions_in_a_stream(spark):
    """Behind each response, behind one that was released, behind one that never was."""
    caller, operation_id = opened(spark), str(uuid.uuid4())
    responses = caller.execute(caller.sql("SELECT 1"), operation_id, reattachable=True)
    behind_first = caller.reattach(operation_id, responses[0].response_id)
    answers = {
        "behind the first": [response.response_id for response in behind_first]
        == [response.response_id for response in responses[1:]],
        "behind the last": len(caller.reattach(operation_id, responses[-1].response_id)),
        "behind none": told(lambda: caller.reattach(operation_id, str(uuid.uuid4()))),
        "release until none": told(lambda: caller.release_execute(operation_id, until=str(uuid.uuid4()))),
    }
    caller.release_execute(operation_id, until=responses[0].response_id)
    return answers


@case(since=NEWEST)
def states_of_operations(spark):
    """Finished, failed, released and unknown."""
    caller = opened(spark)
    fine, failed, gone, unknown = (str(uuid.uuid4()) for _ in range(4))
    caller.execute(caller.sql("SELECT 1"), fine, reattachable=True)
    told(lambda: caller.execute(caller.sql("SELECT 1 / 0"), failed, reattachable=True))
    caller.execute(caller.sql("SELECT 1"), gone, reattachable=True)
    caller.release_execute(gone)
    return dict(zip(["fine", "failed", "gone", "unknown"], caller.states(fine, failed, gone, unknown)))


@case(since=NEWEST)
def interrupts_that_say_nothing(spark):
    """Without a kind, a tag or an id, and of what is unknown."""
    caller = opened(spark)
    kinds = caller.proto.InterruptRequest
    return {
        "no kind": told(lambda: caller.interrupt()),
        "no tag": told(lambda: caller.interrupt(interrupt_type=kinds.INTERRUPT_TYPE_TAG)),
        "no id": told(lambda: caller.interrupt(interrupt_type=kinds.INTERRUPT_TYPE_OPERATION_ID)),
        "an unknown tag": caller.interrupt(interrupt_type=kinds.INTERRUPT_TYPE_TAG, operation_tag="nobody's"),
        "an unknown id": caller.interrupt(
            interrupt_type=kinds.INTERRUPT_TYPE_OPERATION_ID, operation_id=str(uuid.uuid4())
        ),
    }


@case(since=NEWEST)
def clones(spark):
    """Have the settings, views, functions and variables, and go their own way."""
    caller = opened(spark)
    for text in (
        "SET my.key = 1",
        "CREATE TEMPORARY VIEW v AS SELECT 7 AS a",
        "CREATE TEMPORARY FUNCTION f() RETURNS INT RETURN 8",
        "DECLARE VARIABLE x INT DEFAULT 9",
    ):
        caller.execute(caller.command(text))
    target = str(uuid.uuid4())
    cloned = caller.clone(target)
    copy = caller.with_id(target)
    questions = ["SELECT a FROM v", "SELECT f()", "SELECT x", "SELECT * FROM nothing"]
    answers = {
        "ids": [cloned.session_id == caller.session_id, cloned.new_session_id == target],
        "has": [told(lambda: copy.execute(copy.sql(text))) for text in questions],
        "again": told(lambda: caller.clone(target)),
        "itself": told(lambda: caller.clone(caller.session_id)),
    }
    copy.execute(copy.command("DROP VIEW v"))
    answers["the original keeps"] = told(lambda: caller.execute(caller.sql("SELECT a FROM v")))
    copy.release()
    answers["closed"] = told(lambda: caller.clone(target))
    return answers


@case(since=NEWEST)
def compressed_plans(spark):
    """Whole, damaged, by an unknown codec, of an unknown kind."""
    import zstandard

    caller = opened(spark)
    kinds = caller.proto.Plan.CompressedOperation
    data = zstandard.ZstdCompressor().compress(caller.sql("SELECT 1").root.SerializeToString())
    zstd, relation = caller.proto.COMPRESSION_CODEC_ZSTD, kinds.OP_TYPE_RELATION

    def run(**fields):
        compressed = kinds(**{"data": data, "op_type": relation, "compression_codec": zstd, **fields})
        return told(lambda: caller.execute(caller.proto.Plan(compressed_operation=compressed)))

    return {
        "whole": run(),
        "no kind": run(op_type=0),
        "no codec": run(compression_codec=0),
    }


@case(since=NEWEST)
def uploads(spark):
    """Whole, damaged, and asked for."""
    caller = opened(spark)
    kinds = caller.proto.AddArtifactsRequest

    def chunk(data, crc=None):
        return kinds.ArtifactChunk(data=data, crc=zlib.crc32(data) if crc is None else crc)

    def add(*requests):
        return [
            [artifact.name, artifact.is_crc_successful]
            for artifact in caller.stub.AddArtifacts(iter(requests)).artifacts
        ]

    def batch(**files):
        artifacts = [kinds.SingleChunkArtifact(name=f"cache/{name}", data=data) for name, data in files.items()]
        return caller.request("AddArtifactsRequest", batch=kinds.Batch(artifacts=artifacts))

    def begin(name, total, chunks, data):
        artifact = kinds.BeginChunkedArtifact(
            name=f"cache/{name}", total_bytes=total, num_chunks=chunks, initial_chunk=chunk(data)
        )
        return caller.request("AddArtifactsRequest", begin_chunk=artifact)

    answers = {
        "batch": add(batch(a=chunk(b"abc"), b=chunk(b"abc", crc=1))),
        "chunks": add(begin("c", 6, 2, b"abc"), caller.request("AddArtifactsRequest", chunk=chunk(b"def"))),
    }
    names = [f"cache/{name}" for name in "abcz"]
    statuses = caller.stub.ArtifactStatus(caller.request("ArtifactStatusesRequest", names=names)).statuses
    answers["there"] = [statuses[name].exists for name in names]
    return answers


@case(since=NEWEST)
def rows_of_a_batch(spark):
    """As many as were asked for, of each partition anew; none or less is no limit."""
    counts = {}
    for limit in ("10000", "7000", "1", "0", "-1"):
        caller = opened(spark)
        caller.execute(caller.command(f"SET spark.sql.execution.arrow.maxRecordsPerBatch = {limit}"))
        rows = 25 if limit == "1" else 25_000
        responses = caller.execute(caller.sql(f"SELECT id FROM range(0, {rows}, 1, 1)"))
        counts[limit] = [response.arrow_batch.row_count for response in responses if response.HasField("arrow_batch")]
    return counts
