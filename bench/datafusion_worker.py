"""Plain DataFusion, one JSON request a line: {"tables": {name: path}} or {"sql": text}. It measures itself."""

import json
import sys
import time

from datafusion import SessionContext


def main():
    context = SessionContext()
    for line in sys.stdin:
        request = json.loads(line)
        for name, path in request.get("tables", {}).items():
            context.register_parquet(name, path)
        answer = {}
        if "sql" in request:
            started = time.perf_counter()
            try:
                context.sql(request["sql"]).collect()
                answer["seconds"] = time.perf_counter() - started
            except Exception as error:
                answer["error"] = str(error)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
