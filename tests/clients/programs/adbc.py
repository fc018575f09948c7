"""What users of the ADBC driver do: a line `name<TAB>outcome` for each case. Run by test_other_clients.py."""

import re
import sys

from adbc_driver_spark import dbapi

QUERIES = {
    "rows": "SELECT id, id * 2 AS b, CAST(id AS STRING) AS s FROM range(4) ORDER BY id",
    "types": "SELECT 1Y AS a, 2S AS b, 3L AS c, 1.5F AS d, 2.5D AS e, 12.340BD AS f, X'00FF' AS g, DATE'2024-02-29' AS h, "
    "TIMESTAMP_NTZ'2024-02-29 12:34:56' AS j, array(1, NULL) AS k, named_struct('y', 'z') AS m, true AS n, "
    "CAST(NULL AS STRING) AS o",
    "many rows": "SELECT count(*) AS n, sum(id) AS s FROM (SELECT * FROM range(1000000))",
    "no rows": "SELECT 1 AS a WHERE false",
    "a view is made": "CREATE OR REPLACE TEMPORARY VIEW adbc_view AS SELECT 7 AS a",
    "a view is read": "SELECT a + 1 AS b FROM adbc_view",
    "an unknown table": "SELECT * FROM nowhere",
    "a syntax error": "SELECT 1 +",
    "a division by zero": "SELECT 1 / id FROM range(2)",
}


def outcome(cursor, query):
    try:
        cursor.execute(query)
        table = cursor.fetch_arrow_table()
    except Exception as error:
        # The condition stands in the message alone.
        return re.search(r"\[([A-Z_.]{6,})\]", str(error))[1]
    return f"{[(field.name, str(field.type)) for field in table.schema]} {table.to_pylist()}"


with dbapi.connect(sys.argv[1]) as connection, connection.cursor() as cursor:
    for name, query in QUERIES.items():
        print(f"{name}\t{outcome(cursor, query)}")
    print(f"table types\t{connection.adbc_get_table_types()}")
