"""A proxy between a client and a server that does what networks and proxies do to calls.

It forwards every call as bytes, whatever service it belongs to. Faults are told what passes and say what becomes of it:
lost, late, twice, or cut off. To the client a fault looks as it would on a real network: the call ends as unavailable,
or the stream just ends.
"""

import threading
import time
from concurrent import futures

import grpc

# Calls of Spark Connect whose responses are a stream, and those whose requests are.
STREAMING_RESPONSES = {"ExecutePlan", "ReattachExecute"}
STREAMING_REQUESTS = {"AddArtifacts"}

OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class Broken(Exception):
    """The connection of this call is lost."""


class Ended(Exception):
    """The stream ends here as if it were whole."""


class Fault:
    """What a proxy does to calls; this one does nothing. Methods may wait, and raise `Broken`."""

    def request(self, method, message):
        """Before the request, given as bytes, goes to the server; gives how often it goes there."""
        return 1

    def answered(self, method):
        """After the server answered, before the client hears of it."""

    def response(self, method, number):
        """Before response `number` of a stream, from 1; gives how often it goes on. May raise `Ended`."""
        return 1


class FaultProxy:
    """Forwards calls to the server at `port`; a context manager with the address in `remote`."""

    def __init__(self, port):
        self.fault = Fault()
        self.calls = {}
        self._lock = threading.Lock()
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS)
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=32), options=OPTIONS)
        self._server.add_generic_rpc_handlers((_Handler(self),))
        self.remote = f"sc://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, *_exception):
        self._server.stop(0).wait()
        self._channel.close()

    def count(self, method):
        with self._lock:
            self.calls[method] = self.calls.get(method, 0) + 1

    def unary(self, path):
        method = path.rsplit("/", 1)[1]
        forward = self._channel.unary_unary(path)

        def handle(request, context):
            self.count(method)
            with _failures_of(context):
                for _ in range(self.fault.request(method, request)):
                    response = forward(request, metadata=_metadata(context))
                self.fault.answered(method)
                return response

        return grpc.unary_unary_rpc_method_handler(handle)

    def upload(self, path):
        method = path.rsplit("/", 1)[1]
        forward = self._channel.stream_unary(path)

        def handle(requests, context):
            self.count(method)
            with _failures_of(context):
                requests = list(requests)
                for _ in range(self.fault.request(method, requests)):
                    response = forward(iter(requests), metadata=_metadata(context))
                self.fault.answered(method)
                return response

        return grpc.stream_unary_rpc_method_handler(handle)

    def stream(self, path):
        method = path.rsplit("/", 1)[1]
        forward = self._channel.unary_stream(path)

        def handle(request, context):
            self.count(method)
            with _failures_of(context):
                # All but the last of several requests are heard by nobody.
                for _ in range(self.fault.request(method, request) - 1):
                    unheard = forward(request, metadata=_metadata(context))
                    next(unheard, None)
                    unheard.cancel()
                responses = forward(request, metadata=_metadata(context))
                context.add_callback(responses.cancel)
                try:
                    for number, response in enumerate(responses, 1):
                        for _ in range(self.fault.response(method, number)):
                            yield response
                    self.fault.answered(method)
                except Ended:
                    responses.cancel()
                finally:
                    responses.cancel()

        return grpc.unary_stream_rpc_method_handler(handle)


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, proxy):
        self._proxy = proxy

    def service(self, details):
        method = details.method.rsplit("/", 1)[1]
        if method in STREAMING_RESPONSES:
            return self._proxy.stream(details.method)
        if method in STREAMING_REQUESTS:
            return self._proxy.upload(details.method)
        return self._proxy.unary(details.method)


def _metadata(context):
    """What the client sent along, without what each connection has of its own."""
    return [item for item in context.invocation_metadata() if item.key not in ("user-agent", "grpc-accept-encoding")]


class _failures_of:  # noqa: N801
    """Ends the call as the server ended it, or as a lost connection ends it."""

    def __init__(self, context):
        self._context = context

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _trace):
        if isinstance(error, Broken):
            self._context.abort(grpc.StatusCode.UNAVAILABLE, "connection lost")
        if isinstance(error, grpc.RpcError):
            self._context.set_trailing_metadata(error.trailing_metadata() or ())
            self._context.abort(error.code(), error.details())


class CutAfter(Fault):
    """Cuts each stream of results once, after so many responses; `ends`: without an error."""

    def __init__(self, responses, ends=False):
        self._left = responses
        self._ends = ends
        self.cuts = 0

    def response(self, method, number):
        if self._left == 0 and not self.cuts:
            self.cuts = 1
            raise Ended if self._ends else Broken
        self._left -= 1
        return 1


class CutAlways(Fault):
    """Cuts the stream after every response: each one is fetched by a call of its own."""

    def __init__(self, ends=False):
        self._ends = ends
        self.cuts = 0

    def response(self, method, number):
        if number > 1:
            self.cuts += 1
            raise Ended if self._ends else Broken
        return 1


class Losing(Fault):
    """Loses a share of requests and of answers and cuts streams, by dice that fall the same way in each run."""

    def __init__(self, dice, share):
        self._dice = dice
        self._share = share
        self._lock = threading.Lock()
        self.faults = 0

    def _strikes(self):
        with self._lock:
            strikes = self._dice.random() < self._share
            self.faults += strikes
            return strikes

    def request(self, method, message):
        if self._strikes():
            raise Broken
        return 1

    def answered(self, method):
        if self._strikes():
            raise Broken

    def response(self, method, number):
        if self._strikes():
            raise Broken
        return 1


class Late(Fault):
    """Makes requests and responses wait, each for another time."""

    def __init__(self, dice, seconds_max):
        self._dice = dice
        self._seconds_max = seconds_max

    def request(self, method, message):
        time.sleep(self._dice.random() * self._seconds_max)
        return 1

    def response(self, method, number):
        time.sleep(self._dice.random() * self._seconds_max)
        return 1


class Repeated(Fault):
    """Brings each request twice."""

    def request(self, method, message):
        return 2


class Garbled(Fault):
    """Brings one response of a stream twice, or not at all."""

    def __init__(self, number, times):
        self._number = number
        self._times = times

    def response(self, method, number):
        return self._times if number == self._number else 1
