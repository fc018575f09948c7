"""Servers that ask who calls."""

import http.client
import subprocess

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
    """Runs `openssl` in the directory."""
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


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
