//! No text makes the parser panic, overflow the stack or take long.

mod mutations;

use firesteel_syntax::{
    ParserOptions, parse_data_type, parse_expression, parse_query, parse_statement, parse_statements,
    parse_table_schema,
};

use mutations::PIECES;

const STATEMENTS: &[&str] = &[
    "SELECT a, b + 1 AS c, count(*) FROM t AS x WHERE a IN (1, 2) GROUP BY a, b HAVING count(*) > 1 ORDER BY 1 DESC LIMIT 3",
    "WITH RECURSIVE r(n) MAX RECURSION LEVEL 5 AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT * FROM r",
    "SELECT * EXCEPT (a, b.c), sum(x) OVER (PARTITION BY y ORDER BY z ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM t",
    "SELECT /*+ BROADCAST(a), REPARTITION(3) */ a FROM a LEFT SEMI JOIN b USING (k), LATERAL (SELECT 1) s",
    "FROM t |> WHERE a |> EXTEND b AS c |> AGGREGATE sum(c) GROUP BY a AS k |> ORDER BY k |> LIMIT 1",
    "SELECT transform(a, (x, i) -> x + i), CASE a WHEN 1 THEN 'x' ELSE r'\\n' END, INTERVAL '1-2' YEAR TO MONTH FROM t",
    "SELECT * FROM t PIVOT (sum(a) AS s FOR (b, c) IN ((1, 2) AS p, (3, 4))) UNPIVOT INCLUDE NULLS (v FOR n IN (a, b AS c))",
    "SELECT DATE '2020-01-01', X'1F', 1.5BD, 2Y, 1e3, -1, a:b.c['d'][0]::int, :p, ?, (1, 2), trim(BOTH 'x' FROM y)",
    "CREATE OR REPLACE GLOBAL TEMP VIEW v (a COMMENT 'x') COMMENT 'y' AS SELECT `a``b` FROM parquet.`/x`",
    "SET spark.sql.ansi.enabled = true",
    "SELECT CAST(a AS STRUCT<x: ARRAY<MAP<STRING, DECIMAL(10, 2)>> NOT NULL COMMENT 'c', y INTERVAL DAY TO SECOND>)",
    "DESCRIBE FUNCTION EXTENDED abs",
    "SELECT a FROM t TABLESAMPLE (10 PERCENT) REPEATABLE (1) LATERAL VIEW OUTER explode(b) e AS c VERSION AS OF 1",
    "SELECT a NOT LIKE ALL ('x%', '_'), a NOT BETWEEN 1 AND 2, a IS NOT DISTINCT FROM b, EXISTS (SELECT 1) FROM VALUES (1), (2)",
];

/// Parses the text as everything that there is a parser for. Whether it is a statement.
fn parse_all(text: &str) -> bool {
    let options = ParserOptions::default();
    let strict =
        ParserOptions { enforce_reserved_keywords: true, double_quoted_identifiers: true, ..ParserOptions::default() };
    let _ = parse_statement(text, &strict);
    let _ = parse_expression(text, &options);
    let _ = parse_data_type(text, &options);
    let _ = parse_table_schema(text, &options);
    let _ = parse_statements(text);
    parse_statement(text, &options).is_ok()
}

#[test]
fn truncated_statements() {
    for statement in STATEMENTS {
        for (position, _) in statement.char_indices() {
            parse_all(&statement[..position]);
            parse_all(&statement[position..]);
        }
    }
}

#[test]
fn statements_with_pieces_replaced() {
    for statement in STATEMENTS {
        let words: Vec<&str> = statement.split(' ').collect();
        for position in 0..words.len() {
            for piece in PIECES {
                let mut changed = words.clone();
                changed[position] = piece;
                parse_all(&changed.join(" "));
            }
            let mut shorter = words.clone();
            shorter.remove(position);
            parse_all(&shorter.join(" "));
        }
    }
}

#[test]
fn random_tokens() {
    let words: Vec<&str> = STATEMENTS.iter().flat_map(|statement| statement.split(' ')).collect();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..1_000 {
        let mut text = String::from("SELECT ");
        for _ in 0..12 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.push_str(words[usize::try_from(state % words.len() as u64).unwrap()]);
            text.push(' ');
        }
        parse_all(&text);
    }
}

fn condition(text: &str) -> String {
    match parse_query(text, &ParserOptions::default()) {
        Ok(_) => String::new(),
        Err(error) => error.condition().to_owned(),
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = 20_000;
    let nests = [
        ("(", "1", ")"),
        ("- ", "a", ""),
        ("NOT ", "a", ""),
        ("f(", "1", ")"),
        ("CASE WHEN a THEN ", "1", " END"),
        ("trim(", "a", ")"),
        ("position(a, ", "a", ")"),
        ("(SELECT ", "1", ")"),
        ("x -> ", "x", ""),
        ("a[", "1", "]"),
        ("CAST(", "1", " AS INT)"),
        ("EXISTS (SELECT ", "1", ")"),
        ("a IN (", "1", ")"),
    ];
    for (open, middle, close) in nests {
        let text = format!("SELECT {}{middle}{}", open.repeat(deep), close.repeat(deep));
        assert_eq!(condition(&text), "FAILED_TO_PARSE_TOO_COMPLEX", "{open}");
        let text = format!("SELECT {}{middle}{}", open.repeat(60), close.repeat(60));
        assert_eq!(condition(&text), "", "{open}");
    }
    let relations =
        [("SELECT * FROM (", "SELECT 1", ")"), ("(", "SELECT 1", ")"), ("WITH a AS (", "SELECT 1", ") SELECT 1")];
    for (open, middle, close) in relations {
        let text = format!("{}{middle}{}", open.repeat(deep), close.repeat(deep));
        assert_eq!(condition(&text), "FAILED_TO_PARSE_TOO_COMPLEX", "{open}");
        let text = format!("{}{middle}{}", open.repeat(60), close.repeat(60));
        assert_eq!(condition(&text), "", "{open}");
    }
    let text = format!("{}int{}", "array<".repeat(deep), ">".repeat(deep));
    let error = parse_data_type(&text, &ParserOptions::default()).unwrap_err();
    assert_eq!(error.condition(), "FAILED_TO_PARSE_TOO_COMPLEX");
}

#[test]
fn long_chains_are_read() {
    let terms = 10_000;
    let chains = [
        format!("SELECT {}", vec!["a"; terms].join(" + ")),
        format!("SELECT {}", vec!["a"; terms].join(" || ")),
        format!("SELECT {}", vec!["a"; terms].join(" = ")),
        format!("SELECT {}", vec!["a = 1"; terms].join(" AND ")),
        format!("SELECT {}", vec!["a = 1"; terms].join(" OR ")),
        format!("SELECT a IN ({})", vec!["1"; terms].join(", ")),
        format!("SELECT {}", vec!["a"; terms].join(", ")),
        format!("SELECT a{}", "[0]".repeat(terms)),
        format!("SELECT f(a){}", ".b".repeat(terms)),
        format!("SELECT CASE {} END", "WHEN a THEN 1 ".repeat(terms)),
        vec!["SELECT 1"; terms].join(" UNION ALL "),
        format!("SELECT * FROM {}", vec!["t"; terms].join(" JOIN ")),
        format!("SELECT * FROM {}", vec!["t"; terms].join(", ")),
        format!("FROM t {}", "|> WHERE a ".repeat(terms)),
        format!("SELECT * FROM t {}", "LATERAL VIEW explode(a) x ".repeat(terms)),
        format!("VALUES {}", vec!["(1, 2)"; terms].join(", ")),
    ];
    for chain in chains {
        assert_eq!(condition(&chain), "", "{}", &chain[..40]);
    }
}
