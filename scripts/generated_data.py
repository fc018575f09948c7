"""Generated data that is made once and kept."""

import shutil
from pathlib import Path


def made_once(directory: Path, is_complete, make) -> Path:
    """The directory; unless `is_complete(directory)`, `make(partial)` fills one beside it, which then takes its place.

    So an interrupted run leaves no half set behind.
    """
    if is_complete(directory):
        return directory
    partial = directory.with_name(f"{directory.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    make(partial)
    shutil.rmtree(directory, ignore_errors=True)
    partial.rename(directory)
    return directory
