"""Random typed expressions and small queries over one table, as SQL text.

The table `t` has ten rows with NULLs, extremes and ordinary values, one column of each common type. What is drawn is
well typed most of the time, so that values are compared and not only errors. Left out is what has no one answer: random
numbers, clocks, and functions whose last digit is the platform's (`exp`, `sin`, ...).
"""

import random

TABLE = """
SELECT * FROM VALUES
  (0, 1, 10L, 1.5D, 2.50BD, 12345.678BD, 'abc', 'x', DATE'2020-02-29', TIMESTAMP'2020-02-29 12:34:56.789', true,
   array(1, 2, 3), map('a', 1, 'b', 2), named_struct('p', 1, 'q', 'one')),
  (1, 0, -1L, -0.0D, 0.00BD, -0.001BD, '', 'Y', DATE'1970-01-01', TIMESTAMP'1970-01-01 00:00:00', false,
   array(), map(), named_struct('p', 0, 'q', '')),
  (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (3, 2147483647, 9223372036854775807L, 1.0E300D, 99999999.99BD, 9999999999.999BD, '2147483648', 'z',
   DATE'9999-12-31', TIMESTAMP'9999-12-31 23:59:59.999999', true, array(NULL, 5, -5), map('c', CAST(NULL AS INT)),
   named_struct('p', 2147483647, 'q', CAST(NULL AS STRING))),
  (4, -2147483648, -9223372036854775808L, double('NaN'), -99999999.99BD, 1BD, ' 12 ', 'x', DATE'0001-01-01',
   TIMESTAMP'0001-01-01 00:00:00', false, array(3, 3, 1), map('a', 9), named_struct('p', -1, 'q', 'Zwei')),
  (5, 7, 42L, double('Infinity'), 1.25BD, 0.125BD, 'Straße ÄÖ', 'y', DATE'2024-12-31',
   TIMESTAMP'2024-03-10 02:30:00', true, array(1), map('x', -1, 'a', 0), named_struct('p', 7, 'q', 'tre')),
  (6, -7, -42L, 0.1D, 1.35BD, 2.5BD, '2021-06-15', 'x', DATE'1582-10-15', TIMESTAMP'2024-11-03 01:30:00', NULL,
   array(NULL), map('b', 2), named_struct('p', NULL, 'q', 'abc')),
  (7, 100, 1000000L, 2.5D, 100.05BD, 3.5BD, 'true', 'Y', DATE'2000-01-01', TIMESTAMP'2000-01-01 23:59:59', true,
   array(10, 20), map('k', 100), named_struct('p', 100, 'q', 'x,y,z')),
  (8, 12, 12L, -2.5D, -1.25BD, -2.5BD, '1.5e3', NULL, DATE'1900-01-01', TIMESTAMP'1969-12-31 23:59:59.999999', false,
   array(0, -1), map('a', 3, 'z', 26), named_struct('p', 3, 'q', 'q')),
  (9, 3, 3L, 3.0D, 3.00BD, 3.000BD, 'a,b,,c', 'z', DATE'2023-01-31', TIMESTAMP'2023-01-31 08:00:00', true,
   array(4, 4, NULL), map(), named_struct('p', 5, 'q', '五'))
AS t(id, i, l, d, m, n, s, g, dt, ts, b, a, mp, st)
"""

COLUMNS = {
    "int": ["i", "id", "st.p"], "long": ["l"], "double": ["d"], "decimal": ["m", "n"], "string": ["s", "g", "st.q"],
    "date": ["dt"], "timestamp": ["ts"], "boolean": ["b"], "array": ["a"], "map": ["mp"],
}
LITERALS = {
    "int": ["0", "1", "-1", "2", "7", "100", "2147483647", "NULL"],
    "long": ["0L", "3L", "-5L", "9223372036854775807L"],
    "double": ["0.0D", "1.5D", "-2.5D", "1e10D", "double('NaN')"],
    "decimal": ["0.5", "1.25", "-3.00", "12345678901234567890.12", "0.1BD"],
    "string": ["'abc'", "''", "'12'", "' 7 '", "'2020-01-01'", "'a,b'", "'ÄB'", "NULL", "'-1.5'", "'%b%'"],
    "date": ["DATE'2020-01-01'", "DATE'2023-12-31'"],
    "timestamp": ["TIMESTAMP'2020-01-01 10:00:00'", "TIMESTAMP'2024-07-04 23:59:59.5'"],
    "boolean": ["true", "false", "NULL"],
    "array": ["array(1, 2)", "array(NULL, 3)", "sequence(1, 4)"],
    "map": ["map('a', 1)", "map('b', 2, 'z', 0)"],
}
NUMERIC = ["int", "long", "double", "decimal"]
SIMPLE = [*NUMERIC, "string", "date", "timestamp", "boolean"]
NAMES = {"int": "INT", "long": "BIGINT", "double": "DOUBLE", "decimal": "DECIMAL(12,3)", "string": "STRING",
         "date": "DATE", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN"}

# What makes a value of a type; `{int}` and the like stand for expressions of that type, `{=}` for several of one type.
TEMPLATES = {
    "int": [
        "({int} + {int})", "({int} - {int})", "({int} * {int})", "({int} % {int})", "(-{int})", "abs({int})",
        "length({string})", "octet_length({string})", "ascii({string})", "instr({string}, {string})",
        "locate({string}, {string}, {int})", "year({date})", "month({date})", "day({timestamp})", "hour({timestamp})",
        "minute({timestamp})", "second({timestamp})", "quarter({date})", "weekofyear({date})", "dayofweek({date})",
        "dayofyear({date})", "weekday({date})", "datediff({date}, {date})", "size({array})", "cardinality({map})",
        "element_at({array}, {int})", "{array}[{int}]", "try_element_at({array}, {int})", "array_position({array}, {int})",
        "array_max({array})", "array_min({array})", "pmod({int}, {int})", "try_add({int}, {int})",
        "try_subtract({int}, {int})", "try_multiply({int}, {int})", "bit_count({int})", "({int} & {int})",
        "({int} | {int})", "({int} ^ {int})", "(~{int})", "shiftleft({int}, 3)", "shiftright({int}, 2)",
        "levenshtein({string}, {string})", "find_in_set({string}, {string})", "{map}['a']", "element_at({map}, 'a')",
        "aggregate({array}, 0, (acc, x) -> acc + coalesce(x, 0))", "crc32({string})", "hash({int}, {string})",
        "hash({double}, {date}, {decimal})", "bround({int}, -1)", "round({int}, -1)", "sign({int})", "ceil({double})",
        "unix_date({date})", "months_between({date}, {date})", "width_bucket({double}, 0, 10, 5)", "date_part('week', {date})",
        "extract(dow FROM {date})", "strpos({string}, {string})", "char_length({string})", "positive({int})", "array_size({array})",
    ],
    "long": [
        "({long} + {int})", "({long} * {long})", "({int} div {int})", "({long} div {long})", "floor({double})",
        "unix_micros({timestamp})", "unix_timestamp({timestamp})", "xxhash64({string}, {int})", "factorial({int})",
        "bigint({int})", "try_add({long}, {long})", "shiftleft({long}, {int})", "bit_length({string})",
        "unix_seconds({timestamp})", "timestampdiff(HOUR, {timestamp}, {timestamp})", "timestampdiff(MONTH, {timestamp}, {timestamp})",
    ],
    "double": [
        "({double} + {double})", "({double} * {int})", "({int} / {int})", "({double} / {double})", "({double} % {double})",
        "sqrt({int})", "abs({double})", "round({double}, 1)", "bround({double}, 0)", "degrees({int})", "rint({double})",
        "try_divide({int}, {int})", "nanvl({double}, {double})", "double({decimal})", "signum({double})", "float({int})",
        "hypot({int}, {int})", "({double} - {decimal})",
    ],
    "decimal": [
        "({decimal} + {decimal})", "({decimal} - {decimal})", "({decimal} * {decimal})", "({decimal} / {decimal})",
        "({decimal} % {decimal})", "({decimal} + {int})", "({decimal} * {int})", "round({decimal}, 1)", "ceil({decimal}, 1)",
        "bround({decimal}, 1)", "floor({decimal})", "abs({decimal})", "(-{decimal})", "CAST({decimal} AS DECIMAL(10,1))",
        "CAST({int} AS DECIMAL(20,5))", "try_divide({decimal}, {decimal})", "coalesce({decimal}, {int})", "pmod({decimal}, {decimal})",
    ],
    "string": [
        "concat({string}, {string})", "upper({string})", "lower({string})", "substring({string}, {int}, {int})",
        "trim({string})", "ltrim({string})", "rtrim({string})", "lpad({string}, 6, '*')", "rpad({string}, 6, 'ab')",
        "replace({string}, {string}, '_')", "reverse({string})", "repeat({string}, 2)", "initcap({string})",
        "translate({string}, 'abc', 'xy')", "left({string}, {int})", "right({string}, 2)", "split_part({string}, ',', 2)",
        "substring_index({string}, ',', {int})", "concat_ws('-', {string}, {string})", "CAST({int} AS STRING)",
        "CAST({double} AS STRING)", "CAST({decimal} AS STRING)", "CAST({date} AS STRING)", "CAST({timestamp} AS STRING)",
        "CAST({boolean} AS STRING)", "CAST({array} AS STRING)", "CAST({map} AS STRING)", "date_format({timestamp}, 'yyyy-MM-dd HH:mm')",
        "date_format({date}, 'E d MMM uuuu')", "md5({string})", "hex({string})", "hex({long})", "base64({string})", "bin({long})",
        "sha2({string}, 256)", "regexp_replace({string}, '[a-c]', '#')", "regexp_extract({string}, '([a-z]+)', 1)",
        "format_number({double}, 2)", "format_string('%s|%d', {string}, {int})", "overlay({string} PLACING 'ZZ' FROM 2)",
        "soundex({string})", "to_json({array})", "to_json({map})", "array_join(transform({array}, x -> CAST(x AS STRING)), '/')",
        "conv({string}, 10, 16)", "chr({int})", "mask({string})", "typeof({decimal})", "to_char({decimal}, '999,999.99')",
        "elt(2, {string}, {string})", "space(3)", "nvl2({int}, {string}, {string})", "dayname({date})", "monthname({date})",
        "url_encode({string})", "luhn_check({string})", "quote({string})", "btrim({string}, 'a ')", "string({int})",
        "get_json_object('{{\"a\":[1,2.50,\"x\"]}}', '$.a[1]')", "schema_of_json('[1]')", "sentences('a b')[0][0]",
        "from_unixtime({int})", "trunc({date}, 'MM')", "unbase64({string})", "encode({string}, 'UTF-16')", "left({string}, 2) || {string}",
    ],
    "date": [
        "date_add({date}, {int})", "date_sub({date}, 5)", "add_months({date}, {int})", "last_day({date})",
        "next_day({date}, 'Mon')", "trunc({date}, 'quarter')", "to_date({string})", "CAST({timestamp} AS DATE)",
        "make_date(2020, {int}, 1)", "CAST({string} AS DATE)", "try_cast({string} AS DATE)", "({date} + INTERVAL '1' MONTH)",
        "({date} - INTERVAL 3 DAYS)", "date_from_unix_date({int})", "to_date({string}, 'yyyy-MM-dd')", "try_to_date({string})",
    ],
    "timestamp": [
        "date_trunc('HOUR', {timestamp})", "date_trunc('WEEK', {timestamp})", "CAST({date} AS TIMESTAMP)",
        "({timestamp} + INTERVAL '1 02:03:04' DAY TO SECOND)", "({timestamp} - INTERVAL '2' YEAR)",
        "timestamp_seconds({int})", "to_timestamp({string})", "try_cast({string} AS TIMESTAMP)",
        "from_utc_timestamp({timestamp}, 'Asia/Tokyo')", "to_utc_timestamp({timestamp}, 'Europe/Berlin')",
        "make_timestamp(2020, 2, {int}, 1, 2, 3.5)", "timestampadd(DAY, {int}, {timestamp})", "timestamp_micros({long})",
    ],
    "boolean": [
        "({int} = {int})", "({int} < {decimal})", "({double} >= {int})", "({string} = {string})", "({string} > {string})",
        "({date} <= {date})", "({timestamp} > {date})", "({int} <=> {int})", "({boolean} AND {boolean})",
        "({boolean} OR {boolean})", "(NOT {boolean})", "({int} IS NULL)", "({string} IS NOT NULL)", "({string} LIKE {string})",
        "({string} RLIKE '^[a-z]+')", "({int} BETWEEN {int} AND {int})", "({int} IN ({int}, {int}, {int}))",
        "({string} IN ({string}, {string}))", "contains({string}, {string})", "startswith({string}, {string})",
        "array_contains({array}, {int})", "exists({array}, x -> x > 2)", "forall({array}, x -> x > 0)", "isnan({double})",
        "({string} = {int})", "arrays_overlap({array}, {array})", "CAST({string} AS BOOLEAN)", "map_contains_key({map}, 'a')",
        "({boolean} = {boolean})", "try_cast({string} AS BOOLEAN)", "({array} = {array})", "equal_null({string}, {string})",
        "({string} ILIKE {string})", "({int} IS DISTINCT FROM {int})", "endswith({string}, 'c')", "CAST({int} AS BOOLEAN)",
    ],
    "array": [
        "array({int}, {int})", "sort_array({array})", "sort_array({array}, false)", "array_distinct({array})", "reverse({array})",
        "array_union({array}, {array})", "array_intersect({array}, {array})", "array_except({array}, {array})",
        "slice({array}, 1, 2)", "concat({array}, {array})", "filter({array}, x -> x > 1)", "transform({array}, x -> x + 1)",
        "transform({array}, (x, k) -> x * k)", "array_remove({array}, {int})", "array_repeat({int}, 2)", "map_values({map})",
        "array_append({array}, {int})", "array_prepend({array}, {int})", "array_compact({array})", "array_insert({array}, 2, {int})",
        "array_sort({array})", "flatten(array({array}, {array}))", "zip_with({array}, {array}, (x, y) -> x + y)", "shuffle(array(1))",
    ],
    "map": [
        "map_concat({map}, map('q', 1))", "map_filter({map}, (k, v) -> v > 0)", "transform_values({map}, (k, v) -> v + 1)",
        "map_from_arrays(array('a', 'b'), array({int}, {int}))", "map('a', {int})", "map_from_entries(map_entries({map}))",
        "map_zip_with({map}, {map}, (k, x, y) -> coalesce(x, 0) + coalesce(y, 0))", "str_to_map('a:1')",
    ],
}
ANY = [
    "coalesce({=}, {=})", "CASE WHEN {boolean} THEN {=} ELSE {=} END", "if({boolean}, {=}, {=})", "nullif({=}, {=})", "nvl({=}, {=})",
]
COMPARABLE = ["greatest({=}, {=})", "least({=}, {=}, {=})", "CASE {=} WHEN {=} THEN {=} END", "decode({=}, {=}, {=}, {=})"]
AGGREGATES = [
    "count({any})", "count(DISTINCT {any})", "sum({int})", "sum({decimal})", "sum({long})", "avg({int})", "avg({decimal})",
    "min({any})", "max({any})", "sum({int}) FILTER (WHERE {boolean})", "count_if({boolean})", "bool_and({boolean})",
    "some({boolean})", "bit_and({int})", "bit_xor({long})", "max_by({any}, id)", "min_by({any}, id)", "try_sum({long})",
    "array_sort(collect_list({int}))", "array_sort(collect_set({string}))", "approx_count_distinct({any})",
    "count(*)", "sum(DISTINCT {int})", "median({int})", "percentile({int}, 0.25)", "mode(g)", "try_avg({int})",
    "percentile_cont(0.5) WITHIN GROUP (ORDER BY {int})", "count({any}, {any})", "any_value(1)",
]
WINDOWS = [
    "row_number() OVER (PARTITION BY g ORDER BY id)", "rank() OVER (ORDER BY {int})", "dense_rank() OVER (ORDER BY {string})",
    "lag({any}, 1) OVER (ORDER BY id)", "lead({any}, 2, {any}) OVER (PARTITION BY g ORDER BY id)", "ntile(3) OVER (ORDER BY id)",
    "sum({int}) OVER (PARTITION BY g ORDER BY id)", "max({any}) OVER (PARTITION BY g)", "percent_rank() OVER (ORDER BY {int})",
    "count({any}) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)", "cume_dist() OVER (ORDER BY {decimal})",
    "first_value({any}) OVER (ORDER BY id)", "last_value({any}) IGNORE NULLS OVER (ORDER BY id)",
    "min({int}) OVER (ORDER BY id RANGE BETWEEN 2 PRECEDING AND CURRENT ROW)", "nth_value({any}, 2) OVER (ORDER BY id)",
    "avg({decimal}) OVER (PARTITION BY b ORDER BY id ROWS UNBOUNDED PRECEDING)",
]


class Generator:
    """Draws from a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def query(self) -> str:
        """A query over `t` whose rows have an order."""
        draw = self.random.random()
        if draw < 0.62:
            return f"SELECT id, {self.any()} AS x FROM t ORDER BY id"
        if draw < 0.70:
            return f"SELECT id FROM t WHERE {self.of('boolean', 3)} ORDER BY id"
        if draw < 0.78:
            return f"SELECT g, {self.fill(self.random.choice(AGGREGATES), 2)} AS x FROM t GROUP BY g ORDER BY g"
        if draw < 0.83:
            return f"SELECT {self.fill(self.random.choice(AGGREGATES), 2)} AS x FROM t"
        if draw < 0.90:
            return f"SELECT id, {self.fill(self.random.choice(WINDOWS), 2)} AS x FROM t ORDER BY id"
        if draw < 0.93:
            return f"SELECT {self.of('boolean', 2)} AS k, count(*) AS n FROM t GROUP BY 1 ORDER BY 1"
        if draw < 0.96:
            return self.union()
        return f"SELECT id, {self.random.choice(['upper(g)', 'i', 'l'])} AS x FROM t WHERE " \
               f"{self.random.choice(['i', 'l', 'id'])} {self.random.choice(['IN', 'NOT IN'])} " \
               f"(SELECT {self.of('int', 1)} FROM t WHERE {self.of('boolean', 2)}) ORDER BY id"

    def union(self) -> str:
        kind = self.random.choice(["UNION", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL"])
        left, right = self.random.choice(SIMPLE), self.random.choice(SIMPLE)
        return f"SELECT * FROM (SELECT {self.of(left, 1)} AS x FROM t {kind} SELECT {self.of(right, 1)} FROM t) ORDER BY x"

    def any(self) -> str:
        return self.of(self.random.choice(list(COLUMNS)), 4)

    def of(self, kind, depth) -> str:
        """An expression of a type; constants become rare, as they would be folded."""
        draw = self.random.random()
        if depth <= 0 or draw < 0.12:
            return self.random.choice(COLUMNS[kind] if self.random.random() < 0.75 else LITERALS[kind])
        if draw < 0.30:
            return self.fill(self.random.choice(ANY if kind in ("array", "map") else ANY + COMPARABLE), depth, kind)
        if draw < 0.37 and kind in NAMES:
            source = self.random.choice(SIMPLE)
            cast = self.random.choice(["CAST", "try_cast"])
            return f"{cast}({self.of(source, depth - 1)} AS {NAMES[kind]})"
        return self.fill(self.random.choice(TEMPLATES[kind]), depth)

    def fill(self, template, depth, kind=None) -> str:
        """The template with its places filled."""
        parts, rest = [], template.replace("{{", "\0").replace("}}", "\1")
        while "{" in rest:
            before, _, after = rest.partition("{")
            place, _, rest = after.partition("}")
            wanted = kind if place == "=" else place
            if place == "any":
                wanted = self.random.choice(SIMPLE)
            elif place == "=" and kind in NUMERIC and self.random.random() < 0.2:
                wanted = self.random.choice(NUMERIC)
            parts += [before, self.of(wanted, depth - 1)]
        return "".join([*parts, rest]).replace("\0", "{").replace("\1", "}")
