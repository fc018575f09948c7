//! A session: one client's settings, views, uploads and operations, and the way to run statements in it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use datafusion::scalar::ScalarValue;
use firesteel_base::config::SessionConf;
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};
use firesteel_catalog::{Catalog, DEFAULT_DATABASE};
use firesteel_plan::{AnalysisContext, AnalyzedPlan, Variable, analyze};
use firesteel_syntax::ParserOptions;
use firesteel_syntax::ir::expression::CastMode;
use firesteel_syntax::ir::routine::{CreateFunction, RoutineCommand};
use firesteel_syntax::ir::{Command, Expression, ExpressionKind, Relation, RelationKind, Statement};
use parking_lot::{Mutex, RwLock};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::answer::{Answer, CommandResult, Rows};
use crate::artifacts::Artifacts;
use crate::cache::{Cache, SessionCache};
use crate::clock::Clock;
use crate::commands;
use crate::errors::Errors;
use crate::limits::Limits;
use crate::locals::Locals;
use crate::observed::observed;
use crate::operation::{self, FrameSize, Operations};
use crate::plan_cache::PlanCache;
use crate::sessions::Environment;
use crate::show::{self, Show};
use crate::views::{Views, VisibleViews};

/// Whose session it is. The same id of another user is another session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey {
    pub user_id: String,
    /// A UUID that the client made.
    pub session_id: String,
}

/// One client's session.
pub struct Session {
    key: SessionKey,
    /// Made by the server: a client sees by it that it talks to the session it began.
    server_side_id: String,
    environment: Arc<Environment>,
    conf: RwLock<SessionConf>,
    pub(crate) views: Views,
    pub(crate) global_views: Views,
    current_database: RwLock<String>,
    variables: RwLock<Arc<HashMap<String, Variable>>>,
    defaults: RwLock<HashMap<String, Expression>>,
    functions: RwLock<Arc<HashMap<String, Arc<CreateFunction>>>>,
    pub(crate) cache: Arc<Cache>,
    pub(crate) plans: Arc<PlanCache>,
    artifacts: Artifacts,
    operations: Operations,
    errors: Errors,
    last_used: Mutex<Duration>,
}

/// A session variable with what `SET VARIABLE … = DEFAULT` computes again.
#[derive(Clone)]
pub(crate) struct SessionVariable {
    pub(crate) variable: Variable,
    pub(crate) default: Expression,
}

/// Frames of a result are of this size, unless the session wants them smaller.
const FRAME_BYTES: usize = 4 << 20;

impl Session {
    pub(crate) fn new(key: SessionKey, environment: Arc<Environment>, global_views: Views) -> Self {
        let (limits, clock) = (&environment.limits, &environment.clock);
        Self {
            key,
            server_side_id: Uuid::new_v4().to_string(),
            conf: RwLock::new(environment.conf.clone()),
            views: Views::default(),
            current_database: RwLock::new(DEFAULT_DATABASE.to_owned()),
            variables: RwLock::default(),
            defaults: RwLock::default(),
            functions: RwLock::default(),
            cache: Arc::default(),
            plans: Arc::default(),
            global_views,
            artifacts: Artifacts::new(limits.artifact_bytes_max),
            operations: Operations::new(limits, clock),
            errors: Errors::new(limits, clock),
            last_used: Mutex::new(clock.elapsed()),
            environment,
        }
    }

    /// A session under another key with the settings, views, functions and artifacts that this one has now. Variables are
    /// not among them.
    pub(crate) fn duplicate(&self, key: SessionKey) -> Self {
        Self {
            conf: RwLock::new(self.conf()),
            views: self.views.duplicate(),
            current_database: RwLock::new(self.current_database()),
            defaults: RwLock::new(self.defaults.read().clone()),
            functions: RwLock::new(self.functions()),
            cache: Arc::new(self.cache.duplicate()),
            artifacts: self.artifacts.duplicate(),
            ..Self::new(key, Arc::clone(&self.environment), self.global_views.clone())
        }
    }

    pub fn key(&self) -> &SessionKey {
        &self.key
    }

    pub fn server_side_id(&self) -> &str {
        &self.server_side_id
    }

    /// A copy of the settings as they are now.
    pub fn conf(&self) -> SessionConf {
        self.conf.read().clone()
    }

    /// Changes the settings.
    pub fn with_conf<T>(&self, change: impl FnOnce(&mut SessionConf) -> T) -> T {
        let changed = change(&mut self.conf.write());
        self.plans.forget();
        changed
    }

    pub fn operations(&self) -> &Operations {
        &self.operations
    }

    pub fn artifacts(&self) -> &Artifacts {
        &self.artifacts
    }

    /// Errors that were told to the client and may be asked for again.
    pub fn errors(&self) -> &Errors {
        &self.errors
    }

    /// The runtime that queries run on.
    pub fn runtime(&self) -> &Handle {
        &self.environment.runtime
    }

    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.environment.clock
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.environment.limits
    }

    /// Marks the session as used now.
    pub fn touch(&self) {
        *self.last_used.lock() = self.clock().elapsed();
    }

    /// Whether it runs nothing and has not been used for the idle time.
    pub(crate) fn is_expired(&self) -> bool {
        let unused = self.clock().elapsed().saturating_sub(*self.last_used.lock());
        unused >= self.limits().session_idle && self.operations.is_idle()
    }

    /// Ends everything that runs.
    pub(crate) fn close(&self) {
        self.cache.clear();
        self.artifacts.clear();
        self.operations.release_all();
    }

    /// `spark.sql.session.timeZone`
    pub fn time_zone(&self) -> String {
        self.conf.read().time_zone().to_owned()
    }

    pub(crate) fn frame_size(&self) -> FrameSize {
        let conf = self.conf.read();
        let rows = conf.arrow_rows_max().unwrap_or(usize::MAX);
        FrameSize { bytes: FRAME_BYTES.min(conf.arrow_max_batch_bytes()), rows }
    }

    pub(crate) fn visible_views(&self) -> VisibleViews {
        VisibleViews {
            session: self.views.clone(),
            global: self.global_views.clone(),
            case_sensitive: self.conf.read().case_sensitive(),
        }
    }

    /// What the parser needs to know of the settings.
    pub fn parser_options(&self) -> ParserOptions {
        crate::parsing::options(&self.conf.read())
    }

    pub(crate) fn catalog(&self) -> &Arc<dyn Catalog> {
        &self.environment.catalog
    }

    /// The directory of databases that name none.
    pub(crate) fn warehouse(&self) -> &str {
        self.environment.warehouse.trim_end_matches('/')
    }

    /// The database that unqualified names mean.
    pub fn current_database(&self) -> String {
        self.current_database.read().clone()
    }

    pub(crate) fn set_current_database(&self, name: &str) {
        name.clone_into(&mut self.current_database.write());
    }

    /// The name as objects are kept by.
    pub(crate) fn folded(&self, name: &str) -> String {
        if self.conf.read().case_sensitive() { name.to_owned() } else { name.to_lowercase() }
    }

    /// Whether two names mean the same.
    pub(crate) fn same_name(&self, left: &str, right: &str) -> bool {
        left == right || self.folded(left) == self.folded(right)
    }

    pub(crate) fn variable(&self, name: &str) -> Option<SessionVariable> {
        let key = name.to_lowercase();
        let variable = self.variables.read().get(&key).cloned()?;
        let default = self.defaults.read().get(&key).cloned()?;
        Some(SessionVariable { variable, default })
    }

    pub(crate) fn put_variable(&self, name: &str, variable: SessionVariable) -> SparkResult<()> {
        let key = name.to_lowercase();
        let mut variables = self.variables.write();
        if !variables.contains_key(&key) && variables.len() >= self.limits().views_max {
            return Err(crate::limit_reached("session variables", self.limits().views_max));
        }
        Arc::make_mut(&mut variables).insert(key.clone(), variable.variable);
        self.defaults.write().insert(key, variable.default);
        Ok(())
    }

    /// Whether there was one.
    pub(crate) fn drop_variable(&self, name: &str) -> bool {
        let key = name.to_lowercase();
        self.defaults.write().remove(&key);
        Arc::make_mut(&mut self.variables.write()).remove(&key).is_some()
    }

    /// The session's functions by their names in lower case.
    pub(crate) fn functions(&self) -> Arc<HashMap<String, Arc<CreateFunction>>> {
        Arc::clone(&self.functions.read())
    }

    pub(crate) fn put_function(&self, key: &str, function: CreateFunction) -> SparkResult<()> {
        let mut functions = self.functions.write();
        if !functions.contains_key(key) && functions.len() >= self.limits().views_max {
            return Err(crate::limit_reached("temporary functions", self.limits().views_max));
        }
        Arc::make_mut(&mut functions).insert(key.to_owned(), Arc::new(function));
        Ok(())
    }

    /// Whether there was one.
    pub(crate) fn drop_function(&self, key: &str) -> bool {
        Arc::make_mut(&mut self.functions.write()).remove(key).is_some()
    }

    /// The value of a constant as text; `None` is NULL.
    pub(crate) async fn constant_text(&self, constant: Expression) -> SparkResult<Option<String>> {
        let origin = constant.origin.clone();
        let kind = ExpressionKind::Cast { child: Box::new(constant), to: SparkType::STRING, mode: CastMode::Session };
        let (_, value, _) = firesteel_plan::evaluate(Expression::new(kind, origin), &self.context()).await?;
        match value {
            Some(ScalarValue::Utf8(text) | ScalarValue::Utf8View(text) | ScalarValue::LargeUtf8(text)) => Ok(text),
            _ => Err(SparkError::unsupported("an expression that is no constant in this place")),
        }
    }

    pub(crate) fn context(&self) -> AnalysisContext {
        AnalysisContext {
            held: Arc::new(SessionCache {
                cache: Arc::clone(&self.cache),
                plans: Arc::clone(&self.plans),
                views: self.visible_views(),
            }),
            conf: self.conf(),
            views: Arc::new(self.visible_views()),
            storage: Arc::clone(&self.environment.storage),
            query_time: self.clock().unix_micros(),
            user: self.key.user_id.clone(),
            catalog: Arc::clone(self.catalog()),
            database: self.current_database(),
            parser: self.parser_options(),
            variables: Arc::clone(&self.variables.read()),
            local_variables: Locals::visible(),
            functions: self.functions(),
            is_cancelled: firesteel_engine::is_cancelled,
        }
    }

    /// Runs one SQL statement.
    pub async fn sql(&self, text: &str) -> SparkResult<Answer> {
        let statement = firesteel_syntax::parse_statement(text, &self.parser_options())?;
        self.run(statement).await
    }

    /// Runs a statement. A query's rows are computed as they are read; a command is done when this returns.
    pub async fn run(&self, statement: Statement) -> SparkResult<Answer> {
        self.touch();
        match statement {
            Statement::Query(relation) => self.run_query(relation).await,
            Statement::Command(command) => self.run_command(command).await,
        }
    }

    pub(crate) async fn run_command(&self, command: Command) -> SparkResult<Answer> {
        let _forget = Forget::around(&self.plans);
        match command {
            Command::Routine(RoutineCommand::ExecuteImmediate(execute)) => {
                return Box::pin(commands::execute_immediate(self, *execute)).await;
            }
            Command::Routine(RoutineCommand::Computed(computed)) => {
                return Box::pin(commands::run_computed(self, *computed)).await;
            }
            _ => {}
        }
        // Boxed: commands run statements again (`EXPLAIN`).
        Ok(Answer::Done(Box::pin(commands::run(self, command)).await?))
    }

    /// Runs a query, or a command that stands where a query may.
    pub async fn run_query(&self, relation: Relation) -> SparkResult<Answer> {
        let relation = commands::lift(relation)?;
        match relation.kind {
            RelationKind::Command(command) => self.run_command(*command).await,
            RelationKind::ShowString { input, rows, truncate, vertical } => {
                let show = Show { rows, truncate, vertical };
                Ok(Answer::Done(Box::pin(show::show_string(self, *input, show)).await?))
            }
            RelationKind::HtmlString { input, rows, truncate } => {
                let show = Show { rows, truncate, vertical: false };
                Ok(Answer::Done(Box::pin(show::html_string(self, *input, show)).await?))
            }
            _ => {
                let mut relation = relation;
                self.precompute(&mut relation).await?;
                let context = self.context();
                let plan = analyze(relation, &context).await?;
                let output = self.environment.executor.execute(&plan, &context.conf).await?;
                operation::watch_progress(&output.progress);
                let stream = observed(output.stream, output.observers);
                Ok(Answer::Rows(Rows { schema: output.schema, stream }))
            }
        }
    }

    /// Runs a command and gives its result; resolves a query without running it.
    pub(crate) async fn run_sql(&self, relation: Relation) -> SparkResult<Option<CommandResult>> {
        let relation = commands::lift(relation)?;
        match relation.kind {
            RelationKind::Command(command) => {
                let _forget = Forget::around(&self.plans);
                Box::pin(commands::run(self, *command)).await.map(Some)
            }
            _ => self.analyze(relation).await.map(|_| None),
        }
    }

    /// Resolves a query without running it.
    pub async fn analyze(&self, mut relation: Relation) -> SparkResult<AnalyzedPlan> {
        self.touch();
        self.precompute(&mut relation).await?;
        analyze(relation, &self.context()).await
    }

    /// The columns of a query; a command that stands for a query is run for them.
    pub async fn schema(&self, relation: Relation) -> SparkResult<SparkSchema> {
        let relation = commands::lift(relation)?;
        match relation.kind {
            RelationKind::Command(command) => Ok(self.run_command(*command).await?.schema().clone()),
            RelationKind::ShowString { .. } => Ok(show::show_string_schema()),
            RelationKind::HtmlString { .. } => Ok(show::html_string_schema()),
            _ => self.columns(relation).await,
        }
    }
}

/// Makes a session forget what it knows of plans, however a command ends.
struct Forget<'a>(&'a PlanCache);

impl<'a> Forget<'a> {
    /// Before and after: nothing that is learned in between may stay.
    fn around(plans: &'a PlanCache) -> Self {
        plans.forget();
        Self(plans)
    }
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.0.forget();
    }
}
