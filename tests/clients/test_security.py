"""Servers that ask who calls."""

import subprocess

import pyspark
import pytest
from firesteel_server import Server, built_binary
from pyspark.sql.connect.session import SparkSession
from recorded import end_session, new_session

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
