"""Generated TPC-H tables as Parquet files, made once for each scale factor and kept in the cache."""

import shutil
import subprocess
import sys
from pathlib import Path

from firesteel_server import cache_directory

TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")


def generate(scale: float, directory=None) -> Path:
    """The directory with `<table>.parquet` of each table at the scale factor; generates what is missing."""
    directory = Path(directory) if directory else cache_directory() / "tpch" / f"sf{scale:g}"
    if all((directory / f"{table}.parquet").exists() for table in TABLES):
        return directory
    # Written beside its place and renamed, so that an interrupted run leaves no half set behind.
    partial = directory.with_name(f"{directory.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    subprocess.run(
        [str(generator()), "parquet", "--scale-factor", f"{scale:g}", "--no-progress", "--output-dir", str(partial)],
        check=True,
    )
    shutil.rmtree(directory, ignore_errors=True)
    partial.rename(directory)
    return directory


def generator() -> Path:
    """The generator beside the running Python, else the one of the checkout's environment."""
    beside = Path(sys.executable).parent / "tpchgen-cli"
    if beside.exists():
        return beside
    return Path(__file__).resolve().parent.parent / ".venv" / "bin" / "tpchgen-cli"
