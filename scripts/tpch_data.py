"""Generated TPC-H tables as Parquet files, made once for each scale factor and kept in the cache."""

import subprocess
import sys
from pathlib import Path

from firesteel_server import cache_directory
from generated_data import made_once

TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")


def generate(scale: float, directory=None) -> Path:
    """The directory with `<table>.parquet` of each table at the scale factor; generates what is missing."""
    directory = Path(directory) if directory else cache_directory() / "tpch" / f"sf{scale:g}"

    def make(partial):
        command = [str(generator()), "parquet", "--scale-factor", f"{scale:g}", "--no-progress", "--output-dir", str(partial)]
        subprocess.run(command, check=True)

    return made_once(directory, lambda made: all((made / f"{table}.parquet").exists() for table in TABLES), make)


def generator() -> Path:
    """The generator beside the running Python, else the one of the checkout's environment."""
    beside = Path(sys.executable).parent / "tpchgen-cli"
    if beside.exists():
        return beside
    return Path(__file__).resolve().parent.parent / ".venv" / "bin" / "tpchgen-cli"
