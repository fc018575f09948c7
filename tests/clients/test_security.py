"""Servers that ask who calls."""

import base64
import http.client
import http.server
import json
import subprocess
import threading
import time

import grpc
import pyspark
import pytest
from firesteel_server import Server, built_binary
from pyspark.sql.connect.session import SparkSession
from recorded import end_session, new_session
from stress import ONCE

LATER = pytest.mark.skipif(pyspark.__version__.startswith("3."), reason="newer clients take tokens without TLS")


@LATER
def test_a_shared_token_is_needed(tmp_path):
    token, log = tmp_path / "token", tmp_path / "server.log"
    token.write_text("s3cret\n")
    with Server(built_binary(), log=log, extra_arguments=["--token-file", str(token)]) as server:
        session = new_session(f"sc://localhost:{server.port}/;token=s3cret")
        assert session.range(3).count() == 3
        end_session(session)
        stranger = SparkSession.builder.remote(f"sc://localhost:{server.port}/;token=wrong").create()
        with pytest.raises(Exception, match="Invalid authentication token"):
            stranger.range(3).count()
        # A client that is not closed would look for the server at the end of the process, for minutes.
        end_session(stranger)
    assert "s3cret" not in log.read_text()


def test_nobody_listens_for_everyone_unasked():
    command = [built_binary(), "serve", "--address", "0.0.0.0", "--port", "0"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert run.returncode != 0 and "--allow-unauthenticated" in run.stderr


def openssl(directory, *arguments):
    """Runs `openssl` in the directory; what it prints."""
    return subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A directory with a root, and certificates that it signed for a server and a client."""
    directory = tmp_path_factory.mktemp("certificates")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(directory, "req", "-x509", *curve, "-keyout", "root.key", "-out", "root.pem", "-days", "2", "-subj", "/CN=root")
    (directory / "extensions").write_text("subjectAltName=DNS:localhost\n")
    for name in ("server", "client"):
        openssl(directory, "req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        signing = ["-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "2", "-extfile", "extensions"]
        openssl(directory, "x509", "-req", "-in", f"{name}.csr", *signing, "-out", f"{name}.pem")
    return directory


def encrypted(port, certificates, client=None):
    """Makes channels over TLS, with a client's certificate or without."""
    from pyspark.sql.connect.client import ChannelBuilder

    class Encrypted(ChannelBuilder):
        def toChannel(self):
            own = [(certificates / f"{client}.{kind}").read_bytes() for kind in ("key", "pem")] if client else []
            credentials = grpc.ssl_channel_credentials((certificates / "root.pem").read_bytes(), *own)
            return grpc.secure_channel(f"localhost:{port}", credentials)

    return Encrypted()


def answers(channel):
    """Whether a call is answered; without the minutes for which PySpark tries again."""
    from pyspark.sql.connect.proto import AnalyzePlanRequest
    from pyspark.sql.connect.proto.base_pb2_grpc import SparkConnectServiceStub

    with channel:
        request = AnalyzePlanRequest(
            session_id="11111111-2222-4333-8444-555555555556", spark_version=AnalyzePlanRequest.SparkVersion()
        )
        try:
            return bool(SparkConnectServiceStub(channel).AnalyzePlan(request, timeout=10).spark_version.version)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE, error
            return False


@ONCE
def test_connections_are_encrypted(tmp_path, certificates):
    arguments = ["--tls-certificate", str(certificates / "server.pem"), "--tls-key", str(certificates / "server.key")]
    with Server(built_binary(), log=tmp_path / "server.log", extra_arguments=arguments) as server:
        builder = encrypted(server.port, certificates)
        session = SparkSession.builder.channelBuilder(builder).create()
        assert session.range(3).count() == 3
        end_session(session)
        assert not answers(grpc.insecure_channel(f"localhost:{server.port}"))


@ONCE
def test_clients_may_have_to_show_a_certificate(tmp_path, certificates):
    arguments = ["--tls-certificate", str(certificates / "server.pem"), "--tls-key", str(certificates / "server.key")]
    arguments += ["--tls-client-roots", str(certificates / "root.pem")]
    with Server(built_binary(), log=tmp_path / "server.log", extra_arguments=arguments) as server:
        assert answers(encrypted(server.port, certificates, client="client").toChannel())
        assert not answers(encrypted(server.port, certificates).toChannel())


@ONCE
def test_pages_of_a_named_origin_may_call(tmp_path):
    """By gRPC-web: one message in a body of HTTP 1.1, its answer and trailers in another."""
    from pyspark.sql.connect.proto import AnalyzePlanRequest, AnalyzePlanResponse

    arguments = ["--web-origin", "https://notebooks.example"]
    with Server(built_binary(), log=tmp_path / "server.log", extra_arguments=arguments) as server:
        def call(method, origin, body=b""):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            headers = {"Origin": origin, "Content-Type": "application/grpc-web+proto", "X-Grpc-Web": "1"}
            if method == "OPTIONS":
                headers["Access-Control-Request-Method"] = "POST"
            connection.request(method, "/spark.connect.SparkConnectService/AnalyzePlan", body, headers)
            response = connection.getresponse()
            content = response.read()
            connection.close()
            return response, content

        request = AnalyzePlanRequest(
            session_id="11111111-2222-4333-8444-555555555557", spark_version=AnalyzePlanRequest.SparkVersion()
        ).SerializeToString()
        response, content = call("POST", "https://notebooks.example", b"\0" + len(request).to_bytes(4, "big") + request)
        length = int.from_bytes(content[1:5], "big")
        assert AnalyzePlanResponse.FromString(content[5 : 5 + length]).spark_version.version
        assert content[5 + length] == 0x80 and b"grpc-status:0" in content
        assert response.headers["Access-Control-Allow-Origin"] == "https://notebooks.example"
        response, _ = call("OPTIONS", "https://elsewhere.example")
        assert response.headers["Access-Control-Allow-Origin"] is None


def encoded(data):
    """Base64 as JSON web tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Signs tokens and publishes the keys that check them, as a service for single sign-on does."""

    def __init__(self, directory):
        self.directory = directory
        self.published = []
        issuer = self

        class Publisher(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": issuer.published}).encode())

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def make_key(self, name):
        openssl(self.directory, "genrsa", "-out", f"{name}.key", "2048")
        shown = openssl(self.directory, "rsa", "-in", f"{name}.key", "-noout", "-modulus").decode()
        modulus = bytes.fromhex(shown.strip().removeprefix("Modulus="))
        key = {"kty": "RSA", "kid": name, "alg": "RS256", "n": encoded(modulus), "e": encoded(b"\1\0\1")}
        self.published.append(key)

    def token(self, key, **claims):
        parts = [{"alg": "RS256", "typ": "JWT", "kid": key}, {"exp": int(time.time()) + 600, **claims}]
        text = ".".join(encoded(json.dumps(part).encode()) for part in parts)
        (self.directory / "text").write_text(text)
        signature = openssl(self.directory, "dgst", "-sha256", "-sign", f"{key}.key", "text")
        return f"{text}.{encoded(signature)}"


@pytest.fixture
def issuer(tmp_path):
    issuer = Issuer(tmp_path)
    yield issuer
    issuer.server.shutdown()


@ONCE
def test_web_tokens_name_the_user(tmp_path, issuer):
    from pyspark.sql.connect.proto import AnalyzePlanRequest, UserContext
    from pyspark.sql.connect.proto.base_pb2_grpc import SparkConnectServiceStub

    issuer.make_key("first")
    (tmp_path / "config.toml").write_text(
        f'[authentication.jwt]\nkeys = "{issuer.url}"\nissuer = "https://login.example"\nuser_claim = "email"\n'
    )
    log = tmp_path / "server.log"
    with Server(built_binary(), log=log, extra_arguments=["--config", str(tmp_path / "config.toml")]) as server:
        channel = grpc.insecure_channel(f"127.0.0.1:{server.port}")

        def code_for(token):
            """How a call with the token ends, once the keys are there."""
            request = AnalyzePlanRequest(
                session_id="11111111-2222-4333-8444-555555555558", user_context=UserContext(user_id="somebody else"),
                spark_version=AnalyzePlanRequest.SparkVersion(),
            )
            until = time.monotonic() + 20
            while True:
                try:
                    metadata = [("authorization", f"Bearer {token}")]
                    SparkConnectServiceStub(channel).AnalyzePlan(request, timeout=10, metadata=metadata)
                    return grpc.StatusCode.OK
                except grpc.RpcError as error:
                    if error.code() != grpc.StatusCode.UNAVAILABLE or time.monotonic() > until:
                        return error.code()
                    time.sleep(0.1)

        good = {"iss": "https://login.example", "email": "ann@example.org"}
        assert code_for(issuer.token("first", **good)) == grpc.StatusCode.OK
        refused = grpc.StatusCode.UNAUTHENTICATED
        assert code_for(issuer.token("first", **good | {"exp": int(time.time()) - 600})) == refused
        assert code_for(issuer.token("first", **good | {"iss": "https://elsewhere.example"})) == refused
        assert code_for(issuer.token("first", iss="https://login.example")) == refused
        header, claims, signature = issuer.token("first", **good).split(".")
        assert code_for(f"{header}.{claims}.{signature[::-1]}") == refused
        unsigned = encoded(json.dumps({"alg": "none"}).encode())
        assert code_for(f"{unsigned}.{claims}.") == refused
        # The issuer goes on to another key: tokens of the new one are good as soon as the server may ask again.
        issuer.published.clear()
        issuer.make_key("second")
        time.sleep(5)
        assert code_for(issuer.token("second", **good)) == grpc.StatusCode.OK
        assert code_for(issuer.token("first", **good)) == refused
        session = SparkSession.builder.remote(
            f"sc://localhost:{server.port}/;user_id=eve;token={issuer.token('second', **good)}"
        ).create()
        assert session.sql("SELECT current_user()").head()[0] == "ann@example.org"
        end_session(session)
        channel.close()
