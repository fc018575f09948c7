//! Relations whose rows are kept: where their plan would stand, a scan of the rows stands.
//!
//! The relation below is resolved all the same where there is one, so that names mean what they meant without the
//! kept rows; only what would compute the rows is replaced.

use std::sync::Arc;

use datafusion::common::{Column, TableReference};
use datafusion::datasource::{TableProvider, provider_as_source};
use datafusion::logical_expr::{EmptyRelation, Expr, LogicalPlan, Projection, TableScanBuilder};
use firesteel_base::{SparkError, SparkResult, SparkSchema};
use firesteel_functions::kernel::from_engine;
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::relation::HeldRows;

use crate::analysis::{AnalysisContext, AnalyzedPlan};
use crate::attribute::Attribute;
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::sources::Sources;
use crate::unnest::unnest;

/// Finds kept rows.
pub trait HeldLookup: Send + Sync {
    /// Puts [`firesteel_syntax::ir::RelationKind::Held`] around the parts of a plan whose rows are kept.
    fn substitute(&self, relation: &mut Relation);

    /// The rows of this number, if they are still kept.
    fn held(&self, id: u64) -> Option<HeldRelation>;

    /// What is known of the columns of a relation that was resolved before.
    fn known(&self, _id: u64) -> Option<Arc<KnownRelation>> {
        None
    }
}

/// A relation that was resolved before, for questions about columns: its plan need not be one that can run.
pub struct KnownRelation {
    resolved: Resolved,
    /// The first identity that it does not use.
    next_id: u64,
    schema: SparkSchema,
}

impl KnownRelation {
    pub fn schema(&self) -> &SparkSchema {
        &self.schema
    }
}

/// Resolves a relation for its columns only.
pub async fn analyze_columns(mut relation: Relation, context: &AnalysisContext) -> SparkResult<KnownRelation> {
    let sources = Sources::gather(&mut relation, context).await?;
    let resolver = Resolver::new(context, &sources);
    let mut resolved = resolver.resolve_relation(&relation, Environment::default())?;
    if resolved.block.is_none() {
        // Nothing above needs more of the plan than its columns.
        let schema = Arc::clone(resolved.plan.schema());
        resolved.plan = LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema });
    }
    let schema = resolved.schema();
    Ok(KnownRelation { resolved, next_id: resolver.next_id(), schema })
}

/// Nothing is kept.
pub struct NothingHeld;

impl HeldLookup for NothingHeld {
    fn substitute(&self, _relation: &mut Relation) {}

    fn held(&self, _id: u64) -> Option<HeldRelation> {
        None
    }
}

/// Kept rows and what their columns are.
#[derive(Clone)]
pub struct HeldRelation {
    /// Its columns are those of `columns`, in order.
    pub provider: Arc<dyn TableProvider>,
    pub columns: Arc<HeldColumns>,
}

/// The columns of kept rows: those that `*` shows, then those that can only be named.
#[derive(Debug)]
pub struct HeldColumns {
    attributes: Vec<Attribute>,
    visible: usize,
}

/// A query whose rows are to be kept.
pub struct HeldPlan {
    /// Its columns are those of `columns`; its schema is the user's, and has only the visible ones.
    pub plan: AnalyzedPlan,
    pub columns: Arc<HeldColumns>,
}

/// Resolves a relation whose rows are to be kept.
pub async fn analyze_to_hold(mut relation: Relation, context: &AnalysisContext) -> SparkResult<HeldPlan> {
    let sources = Sources::gather(&mut relation, context).await?;
    let resolver = Resolver::new(context, &sources);
    let resolved = resolver.resolve_relation(&relation, Environment::default())?;
    let resolved = resolver.with_unique_columns(resolved)?;
    let schema = resolved.schema();
    let visible = resolved.output.len();
    let attributes = columns(&resolved);
    let expressions = attributes.iter().map(|attribute| Expr::Column(attribute.column.clone())).collect();
    let projection = Projection::try_new(expressions, Arc::new(resolved.plan)).map_err(from_engine)?;
    let plan = unnest(LogicalPlan::Projection(projection), &resolver)?;
    if !resolver.observations.take().is_empty() {
        return Err(SparkError::unsupported("keeping the rows of a query that is observed"));
    }
    let files = resolver.files.take().into();
    let origins = resolver.into_origins().into_inner().into();
    let plan = AnalyzedPlan { plan, schema, origins, observations: Arc::from([]), files };
    Ok(HeldPlan { plan, columns: Arc::new(HeldColumns { attributes, visible }) })
}

/// The columns that must be kept so that everything above can be resolved as before.
fn columns(resolved: &Resolved) -> Vec<Attribute> {
    let mut columns = resolved.output.clone();
    for attribute in &resolved.hidden {
        if !columns.iter().any(|known| known.column == attribute.column) {
            columns.push(attribute.clone());
        }
    }
    columns
}

impl HeldColumns {
    /// Whether rows with these columns can stand for a relation with those.
    fn fit(&self, attributes: &[Attribute], visible: usize) -> bool {
        self.visible == visible
            && self.attributes.len() == attributes.len()
            && self.attributes.iter().zip(attributes).all(|(kept, now)| kept.data_type == now.data_type)
    }

    /// The columns as a user sees them.
    pub fn schema(&self) -> SparkSchema {
        SparkSchema::new(self.attributes.iter().take(self.visible).map(Attribute::to_field).collect::<Vec<_>>())
    }
}

impl Resolver<'_> {
    /// A relation whose rows may be kept.
    pub fn held(&self, held: &HeldRows, environment: Environment<'_>) -> SparkResult<Resolved> {
        if let Some(known) = self.context.held.known(held.id) {
            return if self.begin_ids_at(known.next_id) {
                Ok(known.resolved.clone())
            } else {
                Err(SparkError::internal("a known relation stands where identities were made before"))
            };
        }
        let rows = self.context.held.held(held.id);
        match (&held.input, rows) {
            (Some(input), None) => self.resolve_relation(input, environment),
            (Some(input), Some(rows)) => {
                let observed = self.observations.borrow().len();
                let resolved = self.resolve_relation(input, environment)?;
                // What would be observed below is not computed.
                self.observations.borrow_mut().truncate(observed);
                self.read_from(resolved, &rows)
            }
            (None, Some(rows)) => self.held_leaf(&rows),
            (None, None) => Err(SparkError::internal("rows that a plan refers to are not kept any more")),
        }
    }

    fn with_unique_columns(&self, resolved: Resolved) -> SparkResult<Resolved> {
        let output = &resolved.output;
        let is_repeated = |(index, attribute): (usize, &Attribute)| {
            output.iter().take(index).any(|before| before.column == attribute.column)
        };
        if output.iter().enumerate().any(is_repeated) {
            let exact = self.exact(resolved)?;
            return Ok(Resolved { hidden: Vec::new(), ..exact });
        }
        Ok(resolved)
    }

    /// The relation with its plan replaced by a scan of the rows.
    fn read_from(&self, resolved: Resolved, rows: &HeldRelation) -> SparkResult<Resolved> {
        let resolved = self.with_unique_columns(resolved)?;
        let attributes = columns(&resolved);
        if !rows.columns.fit(&attributes, resolved.output.len()) {
            // A setting that types depend on was changed since.
            return Ok(resolved);
        }
        let (scan, carriers) = self.held_scan(rows)?;
        let renamed = carriers.into_iter().zip(&attributes).map(|(carrier, attribute)| {
            let column = &attribute.column;
            Expr::Column(carrier).alias_qualified(column.relation.clone(), column.name.clone())
        });
        let projection = Projection::try_new(renamed.collect(), Arc::new(scan)).map_err(from_engine)?;
        Ok(Resolved { plan: LogicalPlan::Projection(projection), ..resolved })
    }

    fn held_leaf(&self, rows: &HeldRelation) -> SparkResult<Resolved> {
        let (scan, carriers) = self.held_scan(rows)?;
        let kept = rows.columns.attributes.iter().take(rows.columns.visible).zip(carriers);
        let output = kept.map(|(attribute, column)| Attribute { column, ..self.renewed(attribute) }).collect();
        Ok(Resolved::new(scan, output))
    }

    fn held_scan(&self, rows: &HeldRelation) -> SparkResult<(LogicalPlan, Vec<Column>)> {
        let table = TableReference::bare(format!("#t{}", self.next_id()));
        let schema = rows.provider.schema();
        let column = |field: &Arc<arrow::datatypes::Field>| Column::new(Some(table.clone()), field.name());
        let carriers = schema.fields().iter().map(column).collect();
        let source = provider_as_source(Arc::clone(&rows.provider));
        let scan = TableScanBuilder::new(table.clone(), source).build().map_err(from_engine)?;
        Ok((LogicalPlan::TableScan(scan), carriers))
    }
}
