//! Statements that are no queries.

use firesteel_syntax::ir::command::{ExplainMode, FunctionScope, Set, TimeZone, ViewScope};
use firesteel_syntax::ir::routine::RoutineCommand;
use firesteel_syntax::ir::table::{CreateMode, NamespaceCommand, Partitioning, TableCommand};
use firesteel_syntax::ir::{Command, Statement};
use firesteel_syntax::{ParserOptions, parse_statement, put_parameters};

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

fn describe(name: &[&str], extended: bool) -> Command {
    Command::Table(TableCommand::Describe { name: names(name), extended, partition: None, as_json: false })
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
    assert_eq!(command("DESC TABLE FORMATTED a.b"), describe(&["a", "b"], true));
    assert_eq!(command("DESCRIBE function"), describe(&["function"], false));
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

fn table(text: &str) -> TableCommand {
    match command(text) {
        Command::Table(command) => command,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn tables() {
    let TableCommand::Create(create) = table(
        "CREATE TABLE IF NOT EXISTS a.t (x INT NOT NULL DEFAULT 1 + 1 COMMENT 'c', y STRING) USING csv PARTITIONED BY (y) \
         OPTIONS (header true) LOCATION '/l' TBLPROPERTIES ('k' = 'v') COMMENT 'tc'",
    ) else {
        panic!()
    };
    assert_eq!((create.existing, create.name), (CreateMode::IfNotExists, names(&["a", "t"])));
    assert_eq!(create.columns[0].default.as_ref().map(|default| default.text.as_ref()), Some("1 + 1"));
    assert!(!create.columns[0].nullable && create.columns[1].nullable);
    assert_eq!(create.clauses.partitioning, [Partitioning::Column(names(&["y"]))]);
    assert_eq!(create.clauses.location.as_deref(), Some("/l"));
    assert!(matches!(table("CREATE TABLE t AS SELECT 1"), TableCommand::Create(create) if create.query.is_some()));
    assert!(matches!(table("CREATE TABLE t LIKE u"), TableCommand::CreateLike { .. }));
    assert!(matches!(
        table("INSERT OVERWRITE t PARTITION (p = 1, q) SELECT 1"),
        TableCommand::Insert(inserts) if inserts[0].overwrite && inserts[0].partition.len() == 2
    ));
    assert!(matches!(
        table("WITH a AS (SELECT 1) INSERT INTO t (x) SELECT * FROM a"),
        TableCommand::Insert(inserts) if inserts[0].columns == ["x"]
    ));
    assert!(matches!(
        table("FROM a INSERT INTO t SELECT 1 INSERT INTO u SELECT 2 WHERE x"),
        TableCommand::Insert(inserts) if inserts.len() == 2
    ));
    assert!(matches!(
        table("MERGE INTO t USING s ON a WHEN MATCHED THEN DELETE"),
        TableCommand::RowOperation { operation: "MERGE INTO TABLE", .. }
    ));
    for (text, condition) in [
        ("CREATE TABLE t (a INT) USING csv USING json", "DUPLICATE_CLAUSES"),
        ("CREATE TABLE t (a INT) AS SELECT 1", "_LEGACY_ERROR_TEMP_0035"),
        ("INSERT INTO t PARTITION (p = 1, P = 2) SELECT 1", "DUPLICATE_KEY"),
        ("ALTER TABLE t CHANGE a", "_LEGACY_ERROR_TEMP_0035"),
        ("DECLARE x", "INVALID_SQL_SYNTAX.VARIABLE_TYPE_OR_DEFAULT_REQUIRED"),
    ] {
        assert_eq!(parse_statement(text, &ParserOptions::default()).unwrap_err().condition(), condition, "{text}");
    }
}

#[test]
fn databases_and_routines() {
    assert_eq!(
        command("USE a.b"),
        Command::Namespace(NamespaceCommand::Use { name: names(&["a", "b"]), is_namespace: false })
    );
    assert_eq!(
        command("DESCRIBE DATABASE EXTENDED d"),
        Command::Namespace(NamespaceCommand::Describe { name: names(&["d"]), extended: true })
    );
    let create = command("CREATE OR REPLACE FUNCTION f(a INT DEFAULT 2, b STRING) RETURNS INT RETURN a + 1");
    let Command::Routine(RoutineCommand::CreateFunction(create)) = create else { panic!("{create:?}") };
    assert!(create.replace && create.parameters.len() == 2);
    assert!(matches!(command("SET VAR x = 1"), Command::Routine(RoutineCommand::SetVariables(_))));
    assert!(matches!(
        command("DROP TABLE IDENTIFIER(lower('T'))"),
        Command::Routine(RoutineCommand::Computed(computed)) if computed.names[0].0 == (11..33)
    ));
    let named = [("a".to_owned(), "'x'".to_owned())].into_iter().collect();
    assert_eq!(put_parameters("SELECT :a, 'b:a', t.c:a", &named, &[]).unwrap(), "SELECT 'x', 'b:a', t.c:a");
    assert_eq!(put_parameters("SELECT :b", &named, &[]).unwrap_err().condition(), "UNBOUND_SQL_PARAMETER");
}

#[test]
fn unbuilt_statements_are_named() {
    for (text, name) in [("CREATE INDEX i ON t (a)", "CREATE INDEX"), ("ADD JAR x.jar", "ADD JAR")] {
        assert_eq!(command(text), Command::Unsupported { statement: name.to_owned() }, "{text}");
    }
}
