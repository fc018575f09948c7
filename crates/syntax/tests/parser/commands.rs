//! Statements that are no queries.

use firesteel_syntax::ir::command::{ExplainMode, FunctionScope, Set, TimeZone, ViewScope};
use firesteel_syntax::ir::{Command, Statement};
use firesteel_syntax::{ParserOptions, parse_statement};

fn command(text: &str) -> Command {
    match parse_statement(text, &ParserOptions::default()) {
        Ok(Statement::Command(command)) => command,
        other => panic!("{text}: {other:?}"),
    }
}

fn names(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

#[test]
fn set_and_reset() {
    let assign = |key: &str, value: &str| Command::Set(Set::Assign { key: key.to_owned(), value: value.to_owned() });
    assert_eq!(command("SET"), Command::Set(Set::All));
    assert_eq!(command("set -v;"), Command::Set(Set::AllVerbose));
    assert_eq!(command("SET a.b.c"), Command::Set(Set::Get { key: "a.b.c".to_owned() }));
    assert_eq!(command("SET a.b = 1 2 'x' ;"), assign("a.b", "1 2 'x'"));
    assert_eq!(command("SET a="), assign("a", ""));
    assert_eq!(command("SET `a b` = `c;d`"), assign("a b", "c;d"));
    assert_eq!(command("SET spark.sql.session.timeZone=UTC"), assign("spark.sql.session.timeZone", "UTC"));
    assert_eq!(command("RESET"), Command::Reset { key: None });
    assert_eq!(command("RESET a.b;"), Command::Reset { key: Some("a.b".to_owned()) });
    assert_eq!(command("SET TIME ZONE LOCAL"), Command::SetTimeZone(TimeZone::Local));
    assert_eq!(command("SET TIME ZONE 'UTC'"), Command::SetTimeZone(TimeZone::Name("UTC".to_owned())));
    assert!(matches!(command("SET TIME ZONE INTERVAL 3 HOURS"), Command::SetTimeZone(TimeZone::Interval(_))));
    for (text, condition) in [
        ("SET a b", "INVALID_SET_SYNTAX"),
        ("SET TIME ZONE foo", "_LEGACY_ERROR_TEMP_0045"),
        ("RESET a b", "INVALID_RESET_COMMAND_FORMAT"),
    ] {
        assert_eq!(parse_statement(text, &ParserOptions::default()).unwrap_err().condition(), condition);
    }
}

#[test]
fn views() {
    let Command::CreateView(view) =
        command("CREATE OR REPLACE GLOBAL TEMPORARY VIEW v (a COMMENT 'x', b) COMMENT 'c' AS SELECT 1, 2 ;")
    else {
        panic!()
    };
    assert_eq!((view.scope, view.replace, view.if_not_exists), (ViewScope::GlobalTemporary, true, false));
    assert_eq!(view.columns, [("a".to_owned(), Some("x".to_owned())), ("b".to_owned(), None)]);
    assert_eq!((view.comment.as_deref(), view.text.as_deref()), (Some("c"), Some("SELECT 1, 2")));
    let Command::CreateView(view) =
        command("CREATE VIEW IF NOT EXISTS a.b TBLPROPERTIES ('p' = 'q', r.s 1) AS TABLE t")
    else {
        panic!()
    };
    assert_eq!((view.scope, view.name), (ViewScope::Persistent, names(&["a", "b"])));
    assert_eq!(view.properties.get("r.s").map(String::as_str), Some("1"));
    assert_eq!(command("DROP VIEW IF EXISTS a.b"), Command::DropView { name: names(&["a", "b"]), if_exists: true });
    for (text, condition) in [
        ("CREATE TEMP VIEW a.b AS SELECT 1", "INVALID_TEMP_OBJ_QUALIFIER"),
        ("CREATE OR REPLACE VIEW IF NOT EXISTS v AS SELECT 1", "CREATE_VIEW_WITH_IF_NOT_EXISTS_AND_REPLACE"),
        ("CREATE VIEW v COMMENT 'a' COMMENT 'b' AS SELECT 1", "DUPLICATE_CLAUSES"),
    ] {
        assert_eq!(parse_statement(text, &ParserOptions::default()).unwrap_err().condition(), condition);
    }
}

#[test]
fn describe_and_show() {
    assert!(matches!(command("DESCRIBE QUERY SELECT 1"), Command::DescribeQuery(_)));
    assert!(matches!(command("DESC WITH a AS (SELECT 1) SELECT * FROM a"), Command::DescribeQuery(_)));
    assert_eq!(
        command("DESC FUNCTION EXTENDED a.b"),
        Command::DescribeFunction { name: names(&["a", "b"]), extended: true }
    );
    assert_eq!(command("DESC FUNCTION +"), Command::DescribeFunction { name: names(&["+"]), extended: false });
    let described = |text: &str| format!("{:?}", command(text));
    assert!(described("DESC TABLE FORMATTED a.b").contains(r#"["a", "b"]"#));
    assert!(described("DESCRIBE function").contains(r#"["function"]"#));
    assert_eq!(
        command("SHOW TABLES IN a.b LIKE 'x*'"),
        Command::ShowTables { namespace: Some(names(&["a", "b"])), pattern: Some("x*".to_owned()) }
    );
    assert_eq!(command("SHOW VIEWS"), Command::ShowViews { namespace: None, pattern: None });
    assert_eq!(
        command("SHOW COLUMNS IN t FROM d"),
        Command::ShowColumns { table: names(&["t"]), namespace: Some(names(&["d"])) }
    );
    assert_eq!(
        command("SHOW USER FUNCTIONS LIKE abs"),
        Command::ShowFunctions { pattern: Some("abs".to_owned()), scope: FunctionScope::User, namespace: None }
    );
}

#[test]
fn explain() {
    let Command::Explain { statement, mode } = command("EXPLAIN FORMATTED SELECT 1") else { panic!() };
    assert_eq!(mode, ExplainMode::Formatted);
    assert!(matches!(*statement, Statement::Query(_)));
}

#[test]
fn unbuilt_statements_are_named() {
    for (text, name) in
        [("MERGE INTO t USING s ON a WHEN MATCHED THEN DELETE", "MERGE INTO"), ("BEGIN SELECT 1; END", "BEGIN")]
    {
        assert_eq!(command(text), Command::Unsupported { statement: name.to_owned() }, "{text}");
    }
}
