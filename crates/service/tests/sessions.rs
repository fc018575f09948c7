//! Sessions as a transport uses them: opening, closing, expiring, commands, and views.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::sync::Arc;
use std::time::Duration;

use arrow::array::AsArray;
use async_trait::async_trait;
use firesteel_base::config::SessionConf;
use firesteel_base::{SparkError, SparkResult};
use firesteel_catalog::SqliteCatalog;
use firesteel_engine::{Engine, EngineConfig, Executor, Held, HoldingPlace, QueryOutput};
use firesteel_plan::AnalyzedPlan;
use firesteel_service::{
    Chunking, Clock, Environment, Limits, ManualClock, OperationRequest, OperationState, ResponseBody, Session,
    SessionKey, Sessions, Work,
};
use firesteel_storage::Storage;
use firesteel_syntax::ir::Statement;
use firesteel_syntax::ir::command::ExplainMode;
use tokio::runtime::Handle;
use uuid::Uuid;

fn sessions(limits: Limits) -> (Arc<Sessions>, ManualClock) {
    sessions_of(limits, |engine| Arc::new(engine))
}

fn sessions_of(limits: Limits, executor: impl Fn(Engine) -> Arc<dyn Executor>) -> (Arc<Sessions>, ManualClock) {
    let engine = Engine::new(EngineConfig {
        memory_bytes: 128 << 20,
        spill_directory: None,
        target_partitions: 2,
        batch_size: 1024,
        optimize: true,
    })
    .unwrap();
    let storage = Arc::new(Storage::new(Arc::clone(engine.runtime())));
    let (clock, handle) = Clock::manual();
    let environment = Environment {
        executor: executor(engine),
        storage,
        catalog: Arc::new(SqliteCatalog::in_memory("file:/nonexistent/warehouse")),
        warehouse: "file:/nonexistent/warehouse".to_owned(),
        runtime: Handle::current(),
        clock,
        limits,
        conf: SessionConf::default(),
    };
    (Sessions::new(environment), handle)
}

fn key(user: &str) -> SessionKey {
    SessionKey { user_id: user.to_owned(), session_id: "00112233-4455-6677-8899-aabbccddeeff".to_owned() }
}

fn condition<T>(result: SparkResult<T>) -> &'static str {
    result.err().map_or("no error", |error: SparkError| error.condition())
}

/// All cells as text, a row a line.
async fn table(session: &Session, sql: &str) -> SparkResult<Vec<Vec<String>>> {
    let (schema, batches) = session.sql(sql).await?.collect().await?;
    let display = firesteel_service::Display::new("UTC");
    batches.iter().map(|batch| display.rows(batch, &schema)).collect::<SparkResult<Vec<_>>>().map(|rows| rows.concat())
}

#[tokio::test]
async fn sessions_belong_to_a_user_and_know_whether_they_are_the_same() {
    let (sessions, _) = sessions(Limits::default());
    let session = sessions.open(&key("alice"), None).unwrap();
    let again = sessions.open(&key("alice"), Some(session.server_side_id())).unwrap();
    assert!(Arc::ptr_eq(&session, &again));
    assert_eq!(condition(sessions.open(&key("alice"), Some("other"))), "INVALID_HANDLE.SESSION_CHANGED");
    assert_eq!(condition(sessions.open(&key("bob"), Some("any"))), "INVALID_HANDLE.SESSION_CHANGED");
    assert_eq!(condition(sessions.get(&key("bob"), None)), "INVALID_HANDLE.SESSION_NOT_FOUND");
    let bob = sessions.open(&key("bob"), None).unwrap();
    assert_ne!(session.server_side_id(), bob.server_side_id());
    let malformed = SessionKey { user_id: String::new(), session_id: "abc".to_owned() };
    assert_eq!(condition(sessions.open(&malformed, None)), "INVALID_HANDLE.FORMAT");
}

#[tokio::test]
async fn closed_sessions_stay_closed_unless_they_may_come_back() {
    let (sessions, _) = sessions(Limits::default());
    let session = sessions.open(&key("alice"), None).unwrap();
    let id = session.server_side_id().to_owned();
    assert_eq!(sessions.release(&key("alice"), true).unwrap(), Some(id));
    let fresh = sessions.open(&key("alice"), None).unwrap();
    assert_ne!(fresh.server_side_id(), session.server_side_id());
    sessions.release(&key("alice"), false).unwrap();
    assert_eq!(condition(sessions.open(&key("alice"), None)), "INVALID_HANDLE.SESSION_CLOSED");
    assert_eq!(sessions.release(&key("alice"), false).unwrap(), None);
}

#[tokio::test]
async fn idle_sessions_expire_and_the_number_is_bounded() {
    let (sessions, clock) = sessions(Limits { sessions_max: 2, ..Limits::default() });
    sessions.open(&key("alice"), None).unwrap();
    sessions.open(&key("bob"), None).unwrap();
    assert_eq!(condition(sessions.open(&key("carol"), None)), "LIMIT_REACHED");
    clock.advance(Duration::from_secs(30 * 60));
    sessions.open(&key("bob"), None).unwrap();
    clock.advance(Duration::from_secs(31 * 60));
    sessions.reap();
    assert_eq!(sessions.len(), 1);
    assert_eq!(condition(sessions.open(&key("alice"), None)), "INVALID_HANDLE.SESSION_CLOSED");
    sessions.open(&key("bob"), None).unwrap();
}

fn request(id: &str) -> OperationRequest {
    OperationRequest {
        id: Some(id.to_owned()),
        tags: Vec::new(),
        reattachable: true,
        fingerprint: 1,
        chunking: Chunking::Never,
    }
}

fn work(sql: &str) -> Work {
    match firesteel_syntax::parse_statement(sql, &firesteel_syntax::ParserOptions::default()).unwrap() {
        Statement::Query(relation) => Work::Rows(Box::new(relation)),
        Statement::Command(command) => Work::Command(Box::new(command)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_that_nobody_comes_back_for_are_abandoned() {
    let (sessions, clock) = sessions(Limits::default());
    let session = sessions.create("alice").unwrap();
    let id = Uuid::new_v4().to_string();
    let mut attached = session.operations().start(&session, request(&id), work("SELECT 1")).unwrap();
    let mut last = None;
    while let Some(response) = attached.cursor.next().await {
        last = Some(response.unwrap().body);
    }
    assert!(matches!(last, Some(ResponseBody::Complete { .. })));
    session.operations().detach(&attached);
    clock.advance(Duration::from_secs(4 * 60));
    sessions.reap();
    session.operations().reattach(&id, None).unwrap();
    let attached = session.operations().reattach(&id, None).unwrap();
    session.operations().detach(&attached);
    clock.advance(Duration::from_secs(6 * 60));
    sessions.reap();
    assert_eq!(condition(session.operations().reattach(&id, None)), "INVALID_HANDLE.OPERATION_ABANDONED");
    let states = session.operations().states(std::slice::from_ref(&id));
    assert_eq!(states, [(id, Some(OperationState::Succeeded))]);
}

/// Panics where a query is to be run that has a column `panic`.
struct Panicking(Engine);

#[async_trait]
impl Executor for Panicking {
    async fn execute(&self, plan: &AnalyzedPlan, conf: &SessionConf) -> SparkResult<QueryOutput> {
        assert!(plan.schema.iter().all(|field| field.name != "panic"), "as the test wants it");
        self.0.execute(plan, conf).await
    }

    fn hold(&self, plan: AnalyzedPlan, conf: &SessionConf, place: HoldingPlace) -> Arc<Held> {
        self.0.hold(plan, conf, place)
    }

    async fn explain(&self, plan: &AnalyzedPlan, conf: &SessionConf, mode: ExplainMode) -> SparkResult<String> {
        self.0.explain(plan, conf, mode).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_its_operation_and_nothing_else() {
    let (sessions, _) = sessions_of(Limits::default(), |engine| Arc::new(Panicking(engine)));
    let session = sessions.create("alice").unwrap();
    let start = |sql: &str| {
        let id = Uuid::new_v4().to_string();
        let attached = session.operations().start(&session, request(&id), work(sql)).unwrap();
        (id, attached)
    };
    let (_, mut before) = start("SELECT id FROM range(100000)");
    let (id, mut panicking) = start("SELECT 1 AS panic");
    assert_eq!(condition(panicking.cursor.next().await.unwrap()), "INTERNAL_ERROR");
    assert!(session.operations().release(&id));
    assert_eq!(session.operations().states(std::slice::from_ref(&id)), [(id, Some(OperationState::Failed))]);
    let (_, mut after) = start("SELECT 1 AS fine");
    for attached in [&mut before, &mut after] {
        let mut last = None;
        while let Some(response) = attached.cursor.next().await {
            last = Some(response.unwrap().body);
        }
        assert!(matches!(last, Some(ResponseBody::Complete { .. })));
    }
}

#[tokio::test]
async fn set_and_reset_answer_as_spark_does() {
    let (sessions, _) = sessions(Limits::default());
    let session = sessions.create("alice").unwrap();
    assert_eq!(table(&session, "SET a.b = c").await.unwrap(), [["a.b", "c"]]);
    assert_eq!(table(&session, "SET a.b").await.unwrap(), [["a.b", "c"]]);
    assert_eq!(table(&session, "SET no.such").await.unwrap(), [["no.such", "<undefined>"]]);
    assert!(table(&session, "RESET a.b").await.unwrap().is_empty());
    assert_eq!(table(&session, "SET a.b").await.unwrap(), [["a.b", "<undefined>"]]);
    let zone = "spark.sql.session.timeZone";
    assert_eq!(table(&session, "SET TIME ZONE INTERVAL 3 HOURS").await.unwrap(), [[zone, "+03:00"]]);
    assert_eq!(condition(table(&session, "SET TIME ZONE 'nope'").await), "INVALID_CONF_VALUE.TIME_ZONE");
    assert_eq!(condition(table(&session, "SET spark.sql.ansi.enabled = x").await), "INVALID_CONF_VALUE.TYPE_MISMATCH");
}

#[tokio::test]
async fn views_are_made_listed_described_and_dropped() {
    let (sessions, _) = sessions(Limits::default());
    let session = sessions.create("alice").unwrap();
    let other = sessions.create("alice").unwrap();
    table(&session, "CREATE TEMP VIEW v (q COMMENT 'cc', r) AS SELECT 1, 'x'").await.unwrap();
    table(&session, "CREATE GLOBAL TEMP VIEW g AS SELECT 2 AS a").await.unwrap();
    assert_eq!(table(&session, "SELECT * FROM v").await.unwrap(), [["1", "x"]]);
    assert_eq!(table(&other, "SELECT * FROM global_temp.g").await.unwrap(), [["2"]]);
    assert_eq!(condition(table(&other, "SELECT * FROM v").await), "TABLE_OR_VIEW_NOT_FOUND");
    assert_eq!(table(&session, "SHOW TABLES").await.unwrap(), [["", "v", "true"]]);
    assert_eq!(
        table(&session, "SHOW VIEWS IN global_temp").await.unwrap(),
        [["global_temp", "g", "true"], ["", "v", "true"]]
    );
    assert_eq!(condition(table(&session, "SHOW TABLES IN nodb").await), "SCHEMA_NOT_FOUND");
    assert_eq!(table(&session, "SHOW COLUMNS IN v").await.unwrap(), [["q"], ["r"]]);
    assert_eq!(table(&session, "DESCRIBE v").await.unwrap(), [["q", "int", "cc"], ["r", "string", "NULL"]]);
    let exists = "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS";
    assert_eq!(condition(table(&session, "CREATE TEMP VIEW v AS SELECT 1 AS a").await), exists);
    let few = "CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS";
    assert_eq!(condition(table(&session, "CREATE TEMP VIEW w (a, b) AS SELECT 1").await), few);
    let twice = table(&session, "CREATE TEMP VIEW w AS SELECT 1 AS a, 2 AS a").await;
    assert_eq!(condition(twice), "COLUMN_ALREADY_EXISTS");
    let cycle = table(&session, "CREATE OR REPLACE TEMP VIEW v AS SELECT * FROM v").await;
    assert_eq!(condition(cycle), "RECURSIVE_VIEW");
    table(&session, "DROP VIEW v").await.unwrap();
    assert_eq!(condition(table(&session, "DROP VIEW v").await), "TABLE_OR_VIEW_NOT_FOUND");
    table(&session, "DROP VIEW IF EXISTS v").await.unwrap();
}

#[tokio::test]
async fn describe_query_and_explain_give_tables() {
    let (sessions, _) = sessions(Limits::default());
    let session = sessions.create("alice").unwrap();
    assert_eq!(
        table(&session, "DESCRIBE QUERY SELECT 1 AS a, 'x' AS b").await.unwrap(),
        [["a", "int", "NULL"], ["b", "string", "NULL"]]
    );
    let (schema, batches) = session.sql("EXPLAIN SELECT nope").await.unwrap().collect().await.unwrap();
    assert_eq!(schema.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["plan"]);
    assert_eq!(batches[0].column(0).as_string::<i32>().value(0), "Error occurred during query planning: ");
}
