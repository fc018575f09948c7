//! The entrance: from an unresolved relation to an analyzed plan.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::config::ConfigOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::scalar::ScalarValue;
use firesteel_base::config::SessionConf;
use firesteel_base::{Origin, SparkError, SparkResult, SparkSchema, SparkType};
use firesteel_catalog::Catalog;
use firesteel_functions::BindContext;
use firesteel_storage::Storage;
use firesteel_syntax::ParserOptions;
use firesteel_syntax::ir::routine::CreateFunction;
use firesteel_syntax::ir::{Expression, Relation, RelationKind};

use crate::held::HeldLookup;
use crate::operator::Observation;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::sources::Sources;
use crate::unnest::unnest;

/// What analysis may look at. Nothing of it ends up in the plan.
#[derive(Clone)]
pub struct AnalysisContext {
    pub conf: SessionConf,
    pub views: Arc<dyn ViewLookup>,
    pub storage: Arc<Storage>,
    pub held: Arc<dyn HeldLookup>,
    /// Microseconds since the epoch at which the query began: what `current_timestamp()` answers throughout it.
    pub query_time: i64,
    /// The user that asks, for `current_user()`.
    pub user: String,
    pub catalog: Arc<dyn Catalog>,
    /// The database that names of one part mean.
    pub database: String,
    /// How texts of views and functions are read.
    pub parser: ParserOptions,
    /// Session variables by their names in lower case.
    pub variables: Arc<HashMap<String, Variable>>,
    /// What the blocks and rows of a running script declare, outermost first.
    pub local_variables: Arc<Vec<LocalScope>>,
    /// The session's functions by their names in lower case.
    pub functions: Arc<HashMap<String, Arc<CreateFunction>>>,
    /// Whether nobody wants the answer any more: asked again and again, for a large plan takes seconds.
    pub is_cancelled: fn() -> bool,
}

/// The variables of a block of a script, or the columns of the row that a loop is at.
#[derive(Clone, Debug, Default)]
pub struct LocalScope {
    /// Qualifies their names; in lower case.
    pub label: String,
    /// By their names in lower case.
    pub variables: HashMap<String, Variable>,
}

/// A variable of the session, or of a script.
#[derive(Clone, Debug)]
pub struct Variable {
    pub name: String,
    pub data_type: SparkType,
    pub value: ScalarValue,
}

/// Looks up temporary and global temporary views.
pub trait ViewLookup: Send + Sync {
    /// The view of this name: one part for a session's view, `global_temp.name` for a global one.
    fn view(&self, name: &[String]) -> Option<View>;
}

/// A view: an unresolved query under a name. Views that a DataFrame made hold the views they read, so that
/// replacing one of those later does not change them.
#[derive(Clone)]
pub struct View {
    pub name: Vec<String>,
    pub query: Arc<Relation>,
    /// Names given to the columns with their comments; empty: the query's own.
    pub columns: Vec<(String, Option<String>)>,
    /// The query's text, for views made in SQL.
    pub text: Option<Arc<str>>,
    pub comment: Option<String>,
    /// What the catalog knows of it; `None` for a temporary one.
    pub persistent: Option<PersistentView>,
}

/// A view that outlives its session.
#[derive(Clone, Debug)]
pub struct PersistentView {
    /// The columns as they were when it was created: what it goes on to have.
    pub schema: SparkSchema,
    /// The names of the query's columns that they come from.
    pub query_columns: Vec<String>,
    /// `BINDING`, `COMPENSATION`, `TYPE EVOLUTION` or `EVOLUTION`.
    pub mode: String,
}

/// A plan whose names and types are known.
#[derive(Clone, Debug)]
pub struct AnalyzedPlan {
    /// Columns have unique internal names, in the order of `schema`.
    pub plan: LogicalPlan,
    /// The columns as the user sees them.
    pub schema: SparkSchema,
    /// The places of calls that may fail at run time, by the number that they carry.
    pub origins: Arc<[Origin]>,
    /// Metrics of the rows that pass somewhere in the plan.
    pub observations: Arc<[Observation]>,
    /// Addresses of the files that are read, as often as they are.
    pub files: Arc<[String]>,
}

/// Resolves a relation.
pub async fn analyze(mut relation: Relation, context: &AnalysisContext) -> SparkResult<AnalyzedPlan> {
    let sources = Sources::gather(&mut relation, context).await?;
    let resolver = Resolver::new(context, &sources);
    let resolved = resolver.resolve_relation(&relation, Environment::default())?;
    let resolved = resolver.exact(resolved)?;
    let schema = resolved.schema();
    let plan = unnest(resolved.plan, &resolver)?;
    let mut observations = resolver.observations.take();
    for observation in &mut observations {
        observation.plan = unnest(observation.plan.clone(), &resolver)?;
    }
    let files = resolver.files.take().into();
    let origins = resolver.into_origins().into_inner().into();
    Ok(AnalyzedPlan { plan, schema, origins, observations: observations.into(), files })
}

/// The value of an expression without columns and subqueries; `None` if it is no constant.
pub async fn evaluate(
    expression: Expression,
    context: &AnalysisContext,
) -> SparkResult<(SparkType, Option<ScalarValue>, String)> {
    let origin = expression.origin.clone();
    let one_row = Relation::new(RelationKind::OneRow, Origin::Unknown);
    let kind = RelationKind::Project { input: one_row.boxed(), expressions: vec![expression.clone()] };
    let mut relation = Relation::new(kind, origin);
    let sources = Sources::gather(&mut relation, context).await?;
    let RelationKind::Project { expressions, .. } = relation.kind else {
        return Err(SparkError::internal("a projection became something else"));
    };
    let expression = expressions.into_iter().next().unwrap_or(expression);
    let resolver = Resolver::new(context, &sources);
    let typed = resolver.resolve_expression(&expression, &Scope::empty(Environment::default()))?.into_unaliased();
    let printed = resolver.printer().print(&typed);
    let value = resolver.fold(&typed)?;
    Ok((typed.data_type, value, printed))
}

/// DataFusion's options that functions read at run time.
pub fn config_options(bind: &BindContext) -> ConfigOptions {
    let mut options = ConfigOptions::new();
    options.execution.enable_ansi_mode = bind.ansi;
    options.execution.time_zone = Some(bind.time_zone.clone());
    options.extensions.insert(bind.kernel_options.clone());
    options
}
