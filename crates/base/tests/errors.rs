//! Messages, classes and contexts of errors, recorded from Apache Spark's Connect server.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::sync::Arc;

use firesteel_base::error::{ErrorKind, QueryContext};
use firesteel_base::origin::{CallSite, Origin, SqlOrigin};
use firesteel_base::{Condition, SparkError};

fn at(text: &str, start: usize, stop: usize) -> Origin {
    Origin::sql(Arc::from(text), start, stop)
}

fn summary(text: &str, start: usize, stop: usize) -> String {
    divide_by_zero(&at(text, start, stop)).query_contexts().first().unwrap().summary().to_owned()
}

fn divide_by_zero(origin: &Origin) -> SparkError {
    SparkError::new("DIVIDE_BY_ZERO").param("config", "\"spark.sql.ansi.enabled\"").at(origin)
}

#[test]
fn runtime_errors_show_their_context() {
    let error = divide_by_zero(&at("SELECT 1/0", 7, 9));
    assert_eq!(
        error.message(),
        "[DIVIDE_BY_ZERO] Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If \
         necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error. SQLSTATE: 22012\n== SQL (line 1, \
         position 8) ==\nSELECT 1/0\n       ^^^\n"
    );
    assert_eq!(
        error.class_hierarchy(),
        [
            "org.apache.spark.SparkArithmeticException",
            "java.lang.ArithmeticException",
            "java.lang.RuntimeException",
            "java.lang.Exception",
            "java.lang.Throwable",
            "java.lang.Object"
        ]
    );
    assert_eq!(
        error.query_contexts(),
        [QueryContext::Sql {
            object_type: String::new(),
            object_name: String::new(),
            start_index: 7,
            stop_index: 9,
            fragment: "1/0".to_owned(),
            summary: "== SQL (line 1, position 8) ==\nSELECT 1/0\n       ^^^\n".to_owned(),
        }]
    );
}

#[test]
fn calls_of_the_client_are_contexts() {
    let call = CallSite { fragment: "__truediv__".to_owned(), call_site: "<x>:5".to_owned() };
    let error = divide_by_zero(&Origin::Call(Arc::new(call)));
    assert!(error.message().ends_with("SQLSTATE: 22012\n== DataFrame ==\n\"__truediv__\" was called from\n<x>:5\n"));
}

#[test]
fn summaries_show_the_lines_around() {
    let text = "select aaa,\n  1/0,\n  3 from t";
    assert_eq!(summary(text, 14, 16), "== SQL (line 2, position 3) ==\n  1/0,\n  ^^^\n");
    assert_eq!(
        summary(text, 7, 20),
        "== SQL (line 1, position 8) ==\nselect aaa,\n       ^^^^\n  1/0,\n^^^^^^\n  3 from t\n^^\n"
    );
    let text = format!("{}1/0{}", "x".repeat(33), "y".repeat(33));
    assert_eq!(
        summary(&text, 33, 35),
        format!(
            "== SQL (line 1, position 34) ==\n...{}1/0{}...\n{}^^^\n",
            "x".repeat(32),
            "y".repeat(32),
            " ".repeat(35)
        )
    );
    let text = format!("{}1/0{}", "x".repeat(32), "y".repeat(32));
    assert!(!summary(&text, 32, 34).contains("..."));
    assert_eq!(
        summary("(1/0 +\n\n  5\r\n +2)", 0, 16),
        "== SQL (line 1, position 1) ==\n(1/0 +\n^^^^^^\n\n\n  5\r\n^^^^\n +2)\n^^^^\n"
    );
    assert_eq!(summary("1/0", 0, 20), "");
    let Origin::Sql(sql) = at("1/0", 0, 2) else { return };
    let object = Some(Arc::new(("VIEW".to_owned(), "spark_catalog.default.v".to_owned())));
    let view = divide_by_zero(&Origin::Sql(SqlOrigin { object, ..sql }));
    assert_eq!(
        view.query_contexts().first().unwrap().summary(),
        "== SQL of VIEW spark_catalog.default.v (line 1, position 1) ==\n1/0\n^^^\n"
    );
}

#[test]
fn analysis_errors_show_line_and_position() {
    let error = SparkError::new("UNRESOLVED_COLUMN.WITH_SUGGESTION")
        .param("objectName", "`foo`")
        .param("proposal", "`id`")
        .at(&at("SELECT foo from range(1)", 7, 9));
    let head = "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with name `foo` cannot be \
                resolved. Did you mean one of the following? [`id`]. SQLSTATE: 42703";
    assert_eq!(error.message(), format!("{head}; line 1 pos 7"));
    assert_eq!(error.class_hierarchy()[0], "org.apache.spark.sql.AnalysisException");
    let plan = "'Project ['foo]\n+- Range (0, 1, step=1)\n";
    let error = error.with_plan(plan);
    assert_eq!(error.message(), format!("{head}; line 1 pos 7;\n{plan}"));
    assert_eq!(
        error.class_hierarchy(),
        [
            "org.apache.spark.sql.catalyst.ExtendedAnalysisException",
            "org.apache.spark.sql.AnalysisException",
            "java.lang.Exception",
            "java.lang.Throwable",
            "java.lang.Object"
        ]
    );
}

#[test]
fn messages_of_common_analysis_errors_are_sparks() {
    let table = SparkError::new("TABLE_OR_VIEW_NOT_FOUND")
        .param("relationName", "`nope`")
        .param("searchPath", "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]")
        .at(&at("select * from nope", 14, 17));
    assert_eq!(
        table.message(),
        "[TABLE_OR_VIEW_NOT_FOUND] The table or view `nope` cannot be found. Verify the spelling and correctness of the \
         schema and catalog.\nSearch path: [`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`].\nIf you \
         did not qualify the name with a schema, verify the current_schema() output, or qualify the name with the \
         correct schema and catalog.\nTo tolerate the error on drop use DROP VIEW IF EXISTS or DROP TABLE IF EXISTS. \
         SQLSTATE: 42P01; line 1 pos 14"
    );
    let mismatch = SparkError::new("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES")
        .param("left", "\"INT\"")
        .param("right", "\"ARRAY<INT>\"")
        .param("sqlExpr", "\"(1 + array(1))\"")
        .at(&at("select 1 + array(1)", 7, 18));
    assert_eq!(
        mismatch.message(),
        "[DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES] Cannot resolve \"(1 + array(1))\" due to data type mismatch: the left \
         and right operands of the binary operator have incompatible types (\"INT\" and \"ARRAY<INT>\"). SQLSTATE: \
         42K09; line 1 pos 7"
    );
    let arguments = SparkError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
        .param("functionName", "`substr`")
        .param("expectedNum", "[2, 3]")
        .param("actualNum", "0");
    assert_eq!(
        arguments.message(),
        "[WRONG_NUM_ARGS.WITHOUT_SUGGESTION] The `substr` requires [2, 3] parameters but the actual number is 0. Please, \
         refer to 'https://spark.apache.org/docs/latest/sql-ref-functions.html' for a fix. SQLSTATE: 42605"
    );
}

fn syntax_error(text: &str, start: usize, error: &str) -> SparkError {
    SparkError::new("PARSE_SYNTAX_ERROR").param("error", error).param("hint", "").at(&at(text, start, start))
}

#[test]
fn syntax_errors_mark_the_statement() {
    for (text, start, error, expected) in [
        ("SELEC 1", 0, "'SELEC'", "'SELEC'. SQLSTATE: 42601 (line 1, pos 0)\n\n== SQL ==\nSELEC 1\n^^^\n"),
        (
            "select 1 +",
            10,
            "end of input",
            "end of input. SQLSTATE: 42601 (line 1, pos 10)\n\n== SQL ==\nselect 1 +\n----------^^^\n",
        ),
        (
            "select\n  a b c\nfrom t",
            13,
            "'c'",
            "'c'. SQLSTATE: 42601 (line 2, pos 6)\n\n== SQL ==\nselect\n  a b c\n------^^^\nfrom t\n",
        ),
        (
            "\n\n  selec 1\n\n",
            4,
            "'selec'",
            "'selec'. SQLSTATE: 42601 (line 3, pos 2)\n\n== SQL ==\n\n\n  selec 1\n--^^^\n",
        ),
    ] {
        let error = syntax_error(text, start, error);
        assert_eq!(error.message(), format!("\n[PARSE_SYNTAX_ERROR] Syntax error at or near {expected}"));
        assert_eq!(error.query_contexts(), []);
        assert_eq!(error.class_hierarchy()[0], "org.apache.spark.sql.catalyst.parser.ParseException");
    }
    assert_eq!(
        SparkError::new("PARSE_EMPTY_STATEMENT").at(&at("", 0, 0)).message(),
        "\n[PARSE_EMPTY_STATEMENT] Syntax error, unexpected empty statement. SQLSTATE: 42617 (line 1, pos 0)\n\n== SQL \
         ==\n\n^^^\n"
    );
}

#[test]
fn other_parse_errors_show_their_context() {
    let error = SparkError::new("INVALID_TYPED_LITERAL").param("valueType", "\"DATE\"").param("value", "'x'").at(&at(
        "select date'x'",
        7,
        13,
    ));
    assert_eq!(
        error.message(),
        "\n[INVALID_TYPED_LITERAL] The value of the typed literal \"DATE\" is invalid: 'x'. SQLSTATE: 42604\n== SQL (line \
         1, position 8) ==\nselect date'x'\n       ^^^^^^^\n"
    );
    let legacy =
        SparkError::new("_LEGACY_ERROR_TEMP_0026").param("value", "x").at(&at("select interval 'x' day", 16, 22));
    assert_eq!(
        legacy.message(),
        "\nCan only use numbers in the interval value part for multiple unit value pairs interval form, but got invalid \
         value: x.\n== SQL (line 1, position 17) ==\nselect interval 'x' day\n                ^^^^^^^\n"
    );
    let comment = SparkError::new("UNCLOSED_BRACKETED_COMMENT").at(&at("SELECT /* x", 7, 10));
    assert_eq!(
        comment.message(),
        "\n[UNCLOSED_BRACKETED_COMMENT] Found an unclosed bracketed comment. Please, append */ at the end of the comment. \
         SQLSTATE: 42601\n== SQL ==\nSELECT /* x"
    );
}

#[test]
fn some_runtime_errors_have_no_context() {
    let error = SparkError::new("CAST_OVERFLOW")
        .param("value", "300")
        .param("sourceType", "\"INT\"")
        .param("targetType", "\"TINYINT\"")
        .at(&at("select cast(300 as tinyint)", 7, 26));
    assert_eq!(
        error.message(),
        "[CAST_OVERFLOW] The value 300 of the type \"INT\" cannot be cast to \"TINYINT\" due to an overflow. Use \
         `try_cast` to tolerate overflow and return NULL instead. SQLSTATE: 22003"
    );
    assert_eq!(error.query_contexts(), []);
}

#[test]
fn kinds_follow_conditions() {
    for (condition, expected) in [
        ("ARITHMETIC_OVERFLOW", ErrorKind::Arithmetic),
        ("BINARY_ARITHMETIC_OVERFLOW", ErrorKind::Arithmetic),
        ("REMAINDER_BY_ZERO", ErrorKind::Arithmetic),
        ("INTERVAL_DIVIDED_BY_ZERO", ErrorKind::Arithmetic),
        ("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", ErrorKind::Arithmetic),
        ("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", ErrorKind::Arithmetic),
        ("CANNOT_PARSE_TIMESTAMP", ErrorKind::DateTime),
        ("DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION", ErrorKind::DateTime),
        ("INVALID_ARRAY_INDEX", ErrorKind::ArrayIndexOutOfBounds),
        ("INVALID_ARRAY_INDEX_IN_ELEMENT_AT", ErrorKind::ArrayIndexOutOfBounds),
        ("INVALID_INDEX_OF_ZERO", ErrorKind::Runtime),
        ("USER_RAISED_EXCEPTION", ErrorKind::Runtime),
        ("DUPLICATED_MAP_KEY", ErrorKind::Runtime),
        ("SCALAR_SUBQUERY_TOO_MANY_ROWS", ErrorKind::Spark),
        ("INVALID_FORMAT.MISMATCH_INPUT", ErrorKind::IllegalArgument),
        ("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", ErrorKind::IllegalArgument),
        ("SQL_CONF_NOT_FOUND", ErrorKind::NoSuchElement),
        ("INVALID_SET_SYNTAX", ErrorKind::Parse),
        ("UNSUPPORTED_FEATURE.COMBINATION_QUERY_RESULT_CLAUSES", ErrorKind::Parse),
        ("PATH_NOT_FOUND", ErrorKind::Analysis),
        ("GROUP_BY_POS_OUT_OF_RANGE", ErrorKind::Analysis),
        ("INVALID_HANDLE.SESSION_CLOSED", ErrorKind::Sql),
        ("INVALID_CURSOR.POSITION_NOT_AVAILABLE", ErrorKind::Sql),
        ("CONNECT_INVALID_PLAN.UNSUPPORTED_LITERAL_TYPE", ErrorKind::InvalidPlan),
        ("NOT_IMPLEMENTED", ErrorKind::NotImplemented),
    ] {
        assert!(Condition::find(condition).is_some(), "{condition}");
        assert_eq!(SparkError::new(condition).kind(), expected, "{condition}");
    }
    for (target, expected) in [
        ("\"INT\"", ErrorKind::NumberFormat),
        ("\"DECIMAL(3,1)\"", ErrorKind::NumberFormat),
        ("\"DATE\"", ErrorKind::DateTime),
        ("\"TIMESTAMP_NTZ\"", ErrorKind::DateTime),
        ("\"BOOLEAN\"", ErrorKind::Runtime),
    ] {
        assert_eq!(SparkError::new("CAST_INVALID_INPUT").param("targetType", target).kind(), expected, "{target}");
    }
}
