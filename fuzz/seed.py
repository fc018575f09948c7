#!/usr/bin/env python3
"""Writes the statements of the SQL corpus, one a file, where cargo-fuzz begins."""

import hashlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
STARTS = ("query", "statement")


def main() -> None:
    target = HERE / "corpus" / "text"
    target.mkdir(parents=True, exist_ok=True)
    for file in sorted((HERE.parent / "tests" / "sql").rglob("*.slt")):
        for record in file.read_text().split("\n\n"):
            lines = [line for line in record.splitlines() if not line.startswith("#")]
            if lines and lines[0].startswith(STARTS):
                text = "\n".join(lines[1:]).split("\n----")[0].encode()
                (target / hashlib.sha1(text).hexdigest()).write_bytes(text)


if __name__ == "__main__":
    main()
