"""`make run`: starts the server, runs the example through PySpark, and goes on serving until Ctrl-C."""

import argparse
import subprocess
import sys

from firesteel_server import ROOT, Server, cache_directory, default_or_free_port


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--once", action="store_true", help="stop after the example")
    arguments = parser.parse_args()

    cache_directory().mkdir(parents=True, exist_ok=True)
    log = cache_directory() / "run.log"
    with Server(arguments.binary, port=default_or_free_port(), log=log) as server:
        print(f"Firesteel listens on {server.remote} after {server.start_seconds * 1000:.0f} ms; its log: {log}\n")
        example = subprocess.run(
            [sys.executable, str(ROOT / "examples" / "quickstart.py"), server.remote], check=False
        )
        if example.returncode != 0 or arguments.once:
            return example.returncode
        print(f'\nServing on {server.remote} until Ctrl-C. From another shell:\n'
              f'    .venv/bin/python -c "from pyspark.sql import SparkSession; '
              f"SparkSession.builder.remote('{server.remote}').getOrCreate().sql('SELECT 1').show()\"")
        try:
            return server.process.wait()
        except KeyboardInterrupt:
            print("\nStopping")
            return 0


if __name__ == "__main__":
    sys.exit(main())
