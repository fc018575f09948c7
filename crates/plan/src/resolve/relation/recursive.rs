//! Tables of a `WITH RECURSIVE` that name themselves: `anchor UNION ALL term`.
//!
//! The anchor decides names and types. The term is resolved with the table's own name standing for the rows of the
//! level before; where that name may stand is checked on the resolved term.

use std::cell::Cell;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, DataFusionError, JoinType, NullEquality};
use datafusion::logical_expr::{Expr, LogicalPlan};
use firesteel_base::config::LegacyBehaviorPolicy;
use firesteel_base::error::quoting::to_sql_type;
use firesteel_base::{SparkError, SparkResult, SparkType};
use firesteel_functions::kernel::from_engine;
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::relation::{CommonTable, RelationKind, SetOperation, SetOperationKind, With};
use firesteel_syntax::ir::visit::{Visitor, walk_relation};

use crate::attribute::Attribute;
use crate::recursion::{LevelBefore, Recursion};
use crate::resolved::{Resolved, merge_plan_ids};
use crate::resolver::{CommonTables, Environment, OwnName, Resolver};
use crate::unnest::{outer_references, unnest};

const INVALID: &str = "INVALID_RECURSIVE_CTE";

/// The rows of the level before, while the term is resolved.
pub struct WorkingTable {
    table: String,
    /// Names and types.
    columns: Vec<Attribute>,
    uses: Cell<usize>,
}

/// The two sides of a recursion, with the `WITH` above them that both see.
struct Parts<'r> {
    inner: Option<&'r With>,
    union: &'r SetOperation,
}

impl Resolver<'_> {
    pub fn with(&self, with: &With, environment: Environment<'_>) -> SparkResult<Resolved> {
        self.check_recursion_mode(with)?;
        let tables = CommonTables::new(with, environment);
        self.resolve_relation(&with.input, Environment { tables: Some(&tables), ..environment })
    }

    /// A table of a `WITH` inside of another that has one of that name, if the session wants to hear of it: where the
    /// inner one is the query of a table or of an expression. In `FROM` it hides the outer one.
    pub fn check_ambiguous_names(&self, query: &Relation, environment: Environment<'_>) -> SparkResult<()> {
        let RelationKind::With(with) = &query.kind else { return Ok(()) };
        if self.context.conf.cte_precedence_policy() != LegacyBehaviorPolicy::Exception {
            return Ok(());
        }
        let mut around = environment.tables;
        while let Some(tables) = around {
            for outer in tables.tables.iter().take(tables.visible) {
                if let Some(table) = with.tables.iter().find(|table| self.same_name(&table.name, &outer.name)) {
                    return Err(SparkError::new("AMBIGUOUS_ALIAS_IN_NESTED_CTE")
                        .param("name", format!("`{}`", table.name))
                        .param("config", "\"spark.sql.legacy.ctePrecedencePolicy\"")
                        .param("docroot", "https://spark.apache.org/docs/latest"));
                }
            }
            around = tables.around;
        }
        Ok(())
    }

    fn check_recursion_mode(&self, with: &With) -> SparkResult<()> {
        if with.is_recursive && self.context.conf.cte_precedence_policy() == LegacyBehaviorPolicy::Legacy {
            return Err(SparkError::new("RECURSIVE_CTE_IN_LEGACY_MODE"));
        }
        Ok(())
    }

    /// Whether the table's query names a table like itself, be it another one.
    pub fn mentions_itself(&self, table: &CommonTable) -> SparkResult<bool> {
        let mut finder = Mentions { resolver: self, name: &table.name, is_found: false };
        walk_relation(&mut table.query.clone(), &mut finder)?;
        Ok(finder.is_found)
    }

    /// What a table's name means within its own query.
    pub fn own_name(&self, name: &str, meaning: OwnName<'_>) -> SparkResult<Resolved> {
        match meaning {
            OwnName::Refused(condition) => Err(SparkError::new(condition)),
            OwnName::Working(working) => {
                working.uses.set(working.uses.get() + 1);
                let renewed = |attribute: &Attribute| {
                    self.new_attribute(&attribute.name, attribute.data_type.clone(), attribute.nullable)
                };
                let output: Vec<_> = working.columns.iter().map(renewed).collect();
                let plan = LevelBefore { table: working.table.clone(), schema: schema(&output)? }.into_plan();
                self.aliased_relation(Resolved::new(plan, output), name, &[], &[])
            }
        }
    }

    /// A table that may name itself.
    pub fn recursive_table(
        &self,
        table: &CommonTable,
        before: &CommonTables<'_>,
        is_limit_all: bool,
    ) -> SparkResult<Resolved> {
        let refused = |condition| {
            let scope = CommonTables { own: Some((table.name.as_str(), OwnName::Refused(condition))), ..*before };
            self.common_table_alone(table, &scope)
        };
        let Some(parts) = Parts::of(&table.query) else { return refused(INVALID) };
        if !parts.union.is_all {
            return refused("UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE");
        }
        let anchor = self.anchor(table, &parts, before)?;
        let mut types: Vec<SparkType> = anchor.output.iter().map(|attribute| attribute.data_type.clone()).collect();
        loop {
            let columns = anchor.output.iter().zip(&types);
            let columns = columns.map(|(attribute, data_type)| Attribute {
                data_type: data_type.clone(),
                ..attribute.with_nullable(true)
            });
            let name = format!("{}#{}", table.name, self.next_id());
            let working = WorkingTable { table: name, columns: columns.collect(), uses: Cell::new(0) };
            let term = self.term(table, &parts, before, &working)?;
            if working.uses.get() == 0 {
                return self.common_table_alone(table, before);
            }
            let wider = merged_types(&types, &term, |pair| self.common_type(pair))?;
            if wider == types {
                return self.recursion(table, anchor, term, &types, &working, is_limit_all);
            }
            // The term may hold NULLs in parts where the anchor has none: it is resolved again, knowing so.
            types = wider;
        }
    }

    fn anchor(&self, table: &CommonTable, parts: &Parts<'_>, before: &CommonTables<'_>) -> SparkResult<Resolved> {
        let scope = CommonTables { own: Some((table.name.as_str(), OwnName::Refused(INVALID))), ..*before };
        let around = Environment { tables: Some(&scope), windows: &[], ..before.environment };
        let anchor = match parts.inner {
            Some(with) => {
                self.check_recursion_mode(with)?;
                let tables = CommonTables::new(with, around);
                self.resolve_relation(&parts.union.left, Environment { tables: Some(&tables), ..around })?
            }
            None => self.resolve_relation(&parts.union.left, around)?,
        };
        if !table.columns.is_empty() && table.columns.len() != anchor.output.len() {
            return Err(SparkError::new("ASSIGNMENT_ARITY_MISMATCH")
                .param("numTarget", anchor.output.len().to_string())
                .param("numExpr", table.columns.len().to_string()));
        }
        self.aliased_relation(self.exact(anchor)?, &table.name, &[], &table.columns)
    }

    /// The term itself may name the table; the tables of a `WITH` above the union may not.
    fn term(
        &self,
        table: &CommonTable,
        parts: &Parts<'_>,
        before: &CommonTables<'_>,
        working: &WorkingTable,
    ) -> SparkResult<Resolved> {
        let own = CommonTables { own: Some((table.name.as_str(), OwnName::Working(working))), ..*before };
        let environment = Environment { tables: Some(&own), windows: &[], ..before.environment };
        let term = match parts.inner {
            Some(with) => {
                let refused = CommonTables { own: Some((table.name.as_str(), OwnName::Refused(INVALID))), ..*before };
                let around = Environment { tables: Some(&refused), ..environment };
                let tables = CommonTables { around: Some(&own), ..CommonTables::new(with, around) };
                self.resolve_relation(&parts.union.right, Environment { tables: Some(&tables), ..environment })?
            }
            None => self.resolve_relation(&parts.union.right, environment)?,
        };
        if term.output.len() != working.columns.len() {
            return Err(SparkError::new("NUM_COLUMNS_MISMATCH")
                .param("operator", "UNION")
                .param("firstNumColumns", working.columns.len().to_string())
                .param("invalidOrdinalNum", "second")
                .param("invalidNumColumns", term.output.len().to_string()));
        }
        Ok(term)
    }

    fn recursion(
        &self,
        table: &CommonTable,
        anchor: Resolved,
        term: Resolved,
        types: &[SparkType],
        working: &WorkingTable,
        is_limit_all: bool,
    ) -> SparkResult<Resolved> {
        let anchor = self.exact(self.cast_output(anchor, types)?)?;
        let term = self.exact(self.cast_output(term, types)?)?;
        check_place(&term.plan, &working.table, true)?;
        let plan_ids = merge_plan_ids(anchor.plan_ids.clone(), term.plan_ids.clone());
        let columns = anchor.output.iter().zip(&term.output);
        let output: Vec<_> = columns
            .map(|(first, second)| {
                self.new_attribute(&first.name, first.data_type.clone(), first.nullable || second.nullable)
            })
            .collect();
        let conf = &self.context.conf;
        let level_limit = table.recursion_limit.unwrap_or_else(|| conf.cte_recursion_level_limit());
        let row_limit = if is_limit_all { None } else { u64::try_from(conf.cte_recursion_row_limit()).ok() };
        let recursion = Recursion {
            table: working.table.clone(),
            anchor: Arc::new(self.standalone(anchor.plan)?),
            term: Arc::new(self.standalone(term.plan)?),
            level_limit: u64::try_from(level_limit).ok(),
            row_limit,
            schema: schema(&output)?,
        };
        let resolved = Resolved::new(recursion.into_plan(), output).with_plan_ids(plan_ids);
        self.aliased_relation(resolved, &table.name, &[], &[])
    }

    /// A side of the recursion as a query of its own.
    fn standalone(&self, plan: LogicalPlan) -> SparkResult<LogicalPlan> {
        let plan = unnest(plan, self)?;
        if outer_references(&plan)?.is_empty() {
            return Ok(plan);
        }
        Err(SparkError::new("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED")
            .param("treeNode", "UnionLoop"))
    }
}

impl<'r> Parts<'r> {
    /// `None` if the query is no union.
    fn of(query: &'r Relation) -> Option<Self> {
        let (inner, body) = match &query.kind {
            RelationKind::With(with) => (Some(with.as_ref()), &with.input),
            _ => (None, query),
        };
        match &body.kind {
            RelationKind::SetOperation(union) if union.kind == SetOperationKind::Union && !union.by_name => {
                Some(Self { inner, union })
            }
            _ => None,
        }
    }
}

/// Whether a `LIMIT ALL` above such a relation is one for what is below it too.
pub fn passes_limit_all(kind: &RelationKind) -> bool {
    match kind {
        RelationKind::SetOperation(operation) => operation.kind == SetOperationKind::Union && operation.is_all,
        RelationKind::Join(join) => !join.is_lateral,
        kind => matches!(
            kind,
            RelationKind::Table(_)
                | RelationKind::Project { .. }
                | RelationKind::Filter { .. }
                | RelationKind::Aggregate(_)
                | RelationKind::Offset { .. }
                | RelationKind::LimitAll { .. }
                | RelationKind::SubqueryAlias { .. }
                | RelationKind::With(_)
                | RelationKind::WithWindows { .. }
                | RelationKind::Hint { .. }
        ),
    }
}

/// The anchor's types, which the term's must be cast to; only what may be NULL inside them is taken from both.
fn merged_types(
    anchor: &[SparkType],
    term: &Resolved,
    common_type: impl Fn(&[SparkType]) -> Option<SparkType>,
) -> SparkResult<Vec<SparkType>> {
    let merge = |(known, attribute): (&SparkType, &Attribute)| {
        let found = &attribute.data_type;
        match common_type(&[known.clone(), found.clone()]) {
            Some(common) if common == *known || common.simple_string() == known.simple_string() => Ok(common),
            _ => Err(SparkError::new("CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE")
                .param("left", to_sql_type(known))
                .param("right", to_sql_type(found))),
        }
    };
    anchor.iter().zip(&term.output).map(merge).collect()
}

fn schema(output: &[Attribute]) -> SparkResult<Arc<DFSchema>> {
    let field = |attribute: &Attribute| {
        Field::new(attribute.column.name.clone(), attribute.data_type.to_arrow(), attribute.nullable)
    };
    let fields: Vec<Field> = output.iter().map(field).collect();
    DFSchema::try_from(Schema::new(fields)).map(Arc::new).map_err(from_engine)
}

/// Refuses the level before where all of its rows would have to be known at once, or where it need not match.
fn check_place(plan: &LogicalPlan, table: &str, is_allowed: bool) -> SparkResult<()> {
    if let LogicalPlan::Extension(extension) = plan {
        let node = extension.node.as_any();
        if node.downcast_ref::<LevelBefore>().is_some_and(|level| level.table == table) && !is_allowed {
            return Err(SparkError::new("INVALID_RECURSIVE_REFERENCE.PLACE"));
        }
        if let Some(inner) = node.downcast_ref::<Recursion>() {
            check_place(&inner.anchor, table, is_allowed)?;
            check_place(&inner.term, table, is_allowed)?;
        }
    }
    plan.apply_expressions(|expression| check_subqueries(expression, table, is_allowed)).map_err(from_engine)?;
    if let LogicalPlan::Join(join) = plan {
        let (left, right) = match join.join_type {
            JoinType::Inner => (true, true),
            // INTERSECT and EXCEPT.
            JoinType::LeftSemi | JoinType::LeftAnti if join.null_equality == NullEquality::NullEqualsNull => {
                (true, true)
            }
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti => (true, false),
            JoinType::Right => (false, true),
            _ => (false, false),
        };
        check_place(&join.left, table, is_allowed && left)?;
        return check_place(&join.right, table, is_allowed && right);
    }
    let is_whole = matches!(plan, LogicalPlan::Aggregate(_) | LogicalPlan::Window(_) | LogicalPlan::Sort(_));
    plan.inputs().into_iter().try_for_each(|input| check_place(input, table, is_allowed && !is_whole))
}

fn check_subqueries(expression: &Expr, table: &str, is_allowed: bool) -> Result<TreeNodeRecursion, DataFusionError> {
    use datafusion::common::tree_node::TreeNode;
    expression.apply(|expression| {
        let subquery = match expression {
            Expr::ScalarSubquery(subquery) => subquery,
            Expr::Exists(exists) => &exists.subquery,
            Expr::InSubquery(membership) => &membership.subquery,
            _ => return Ok(TreeNodeRecursion::Continue),
        };
        check_place(&subquery.subquery, table, is_allowed)
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok(TreeNodeRecursion::Continue)
    })
}

/// Looks for tables of a name.
struct Mentions<'a, 'r> {
    resolver: &'a Resolver<'r>,
    name: &'a str,
    is_found: bool,
}

impl Visitor for Mentions<'_, '_> {
    fn relation(&mut self, relation: &mut Relation) -> SparkResult<()> {
        if let RelationKind::Table(reference) = &relation.kind {
            self.is_found |= match reference.name.as_slice() {
                [only] => self.resolver.same_name(only, self.name),
                // The name is only known where it is resolved.
                names => names.is_empty() && reference.identifier.is_some(),
            };
        }
        Ok(())
    }
}
