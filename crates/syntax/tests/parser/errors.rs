//! Refused texts: conditions, parameters and places as Spark gives them.

use firesteel_base::error::ErrorKind;
use firesteel_base::{Origin, SparkError};
use firesteel_syntax::{ParserOptions, parse_statement};

fn refused(text: &str) -> SparkError {
    parse_statement(text, &ParserOptions::default()).expect_err(text)
}

fn place(error: &SparkError) -> Option<(u32, u32)> {
    match error.origins().first() {
        Some(Origin::Sql(origin)) => Some((origin.start, origin.stop)),
        _ => None,
    }
}

#[test]
fn syntax_errors_name_the_token() {
    let cases = [
        ("select", "end of input", "", (6, 6)),
        ("foo bar", "'foo'", "", (0, 2)),
        ("select a b c from t", "'c'", "", (11, 11)),
        ("select a from t where a b", "'b'", ": extra input 'b'", (24, 24)),
        ("select (1 from t", "'from'", "", (10, 13)),
        ("select a from t sort by a distribute by b", "'distribute'", "", (26, 35)),
        ("drop variable x", "'variable'", "", (5, 12)),
        ("select 'abc", "'''", "", (7, 7)),
    ];
    for (text, token, hint, (start, stop)) in cases {
        let error = refused(text);
        assert_eq!(error.condition(), "PARSE_SYNTAX_ERROR", "{text}");
        assert_eq!(error.kind(), ErrorKind::Parse);
        assert_eq!(error.parameters().get("error").map(String::as_str), Some(token), "{text}");
        assert_eq!(error.parameters().get("hint").map(String::as_str), Some(hint), "{text}");
        assert_eq!(place(&error), Some((start, stop)), "{text}");
    }
}

#[test]
fn conditions_of_their_own() {
    let cases = [
        ("", "PARSE_EMPTY_STATEMENT"),
        (" \n", "PARSE_EMPTY_STATEMENT"),
        ("select /* a", "UNCLOSED_BRACKETED_COMMENT"),
        ("with a as (select 1), a as (select 2) select 1", "DUPLICATED_CTE_NAMES"),
        ("select 128Y", "INVALID_NUMERIC_LITERAL_RANGE"),
        ("select 1e400", "INVALID_NUMERIC_LITERAL_RANGE"),
        ("select 1.23456789012345678901234567890123456789012", "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION"),
        ("select X'zz'", "INVALID_TYPED_LITERAL"),
        ("select foo 'x'", "UNSUPPORTED_TYPED_LITERAL"),
        ("select interval 'x'", "INVALID_TYPED_LITERAL"),
        ("select interval 1 month 1 day", "_LEGACY_ERROR_TEMP_0029"),
        ("select interval '1' year to second", "INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION"),
        ("select interval '1 2' day to second", "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE"),
        ("select interval 1.5 days", "INVALID_INTERVAL_FORMAT.INVALID_FRACTION"),
        ("select 1 as ä", "INVALID_IDENTIFIER"),
        ("select * from a-b", "INVALID_IDENTIFIER"),
        ("select a in ()", "INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE"),
        ("select * from a natural cross join b", "INCOMPATIBLE_JOIN_TYPES"),
        ("select * from a join lateral (select 1) using (x)", "UNSUPPORTED_FEATURE.LATERAL_JOIN_USING"),
        ("select a from t order by a sort by b", "UNSUPPORTED_FEATURE.COMBINATION_QUERY_RESULT_CLAUSES"),
        ("select 1 window w as (order by a), w as (order by b)", "INVALID_SQL_SYNTAX.REPETITIVE_WINDOW_DEFINITION"),
        ("from t |> order by a limit 1", "MULTIPLE_QUERY_RESULT_CLAUSES_WITH_PIPE_OPERATORS"),
        ("from t |> aggregate a group by all", "UNSUPPORTED_FEATURE.PIPE_OPERATOR_AGGREGATE_UNSUPPORTED_CASE"),
        ("select timestampadd('MONTH', 1, a)", "INVALID_PARAMETER_VALUE.DATETIME_UNIT"),
        ("select * from t tablesample (200 percent)", "_LEGACY_ERROR_TEMP_0064"),
        ("select * from stream t", "NOT_IMPLEMENTED"),
    ];
    for (text, condition) in cases {
        assert_eq!(refused(text).condition(), condition, "{text}");
    }
}

#[test]
fn places() {
    assert_eq!(place(&refused("select 128Y")), Some((7, 10)));
    assert_eq!(place(&refused("with a as (select 1), a as (select 2) select 1")), Some((0, 45)));
    assert_eq!(place(&refused("select a from t where a in ()")), Some((24, 28)));
    assert_eq!(place(&refused("select date '2020', foo 'x'")), Some((20, 26)));
}

#[test]
fn reserved_words() {
    let options = ParserOptions { enforce_reserved_keywords: true, ..ParserOptions::default() };
    for text in ["select 1 from from t", "select a as where", "select all from t"] {
        let error = parse_statement(text, &options).expect_err(text);
        assert_eq!(error.condition(), "PARSE_SYNTAX_ERROR", "{text}");
        assert!(parse_statement(text, &ParserOptions::default()).is_ok(), "{text}");
    }
    let legacy = ParserOptions { ansi: false, ..options };
    assert!(parse_statement("select a as where", &legacy).is_ok());
}
