//! UNION, INTERSECT, EXCEPT; columns brought to common types; plans reduced to their visible columns.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::{JoinType, NullEquality};
use datafusion::logical_expr::{Expr, Join, JoinConstraint, LogicalPlan, Union};
use firesteel_base::error::quoting::to_sql_type;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::coercion::ordinal;
use firesteel_functions::collation::key_expr;
use firesteel_functions::kernel::from_engine;
use firesteel_syntax::ir::expression::{
    ExpressionKind, NullOrder, SortOrder, Window, WindowExpression, WindowSpecification,
};
use firesteel_syntax::ir::relation::{RelationKind, SetOperation, SetOperationKind};
use firesteel_syntax::ir::{Expression, Literal};

use crate::attribute::Attribute;
use crate::block::alias;
use crate::projection::project;
use crate::resolved::{PlanIds, Resolved, merge_plan_ids};
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{Alias, Typed, TypedKind};

/// Relations with the same types of columns, on their way to be one.
struct United {
    branches: Vec<Resolved>,
    /// The columns of all of them: a value may be missing if one of them may miss it.
    output: Vec<Attribute>,
    /// Whether each row is to be there once.
    is_distinct: bool,
}

impl United {
    fn of(only: Resolved) -> Self {
        Self { output: only.output.clone(), branches: vec![only], is_distinct: false }
    }
}

impl Resolver<'_> {
    pub fn set_operation(&self, operation: &SetOperation, environment: Environment<'_>) -> SparkResult<Resolved> {
        if operation.kind == SetOperationKind::Union {
            return self.unions(operation, environment);
        }
        let left = self.resolve_relation(&operation.left, environment)?;
        let right = self.resolve_relation(&operation.right, environment)?;
        let types = self.common_types(&left.output, &right.output, operator_name(operation))?;
        let left = self.exact(self.cast_output(left, &types)?)?;
        let right = self.exact(self.cast_output(right, &types)?)?;
        let join_type = match operation.kind {
            SetOperationKind::Intersect => JoinType::LeftSemi,
            SetOperationKind::Except | SetOperationKind::Union => JoinType::LeftAnti,
        };
        self.semi(left, right, operation.is_all, join_type)
    }

    /// A union whose left side may be a union, and so on: a chain of any length becomes as few unions as there may be.
    fn unions(&self, last: &SetOperation, environment: Environment<'_>) -> SparkResult<Resolved> {
        let mut chain = vec![(last, environment, None)];
        let (mut first, mut environment) = (&last.left, environment);
        while let RelationKind::SetOperation(below) = &first.kind
            && below.kind == SetOperationKind::Union
            // Others may name the columns of what has an id.
            && first.plan_id.is_none()
        {
            environment.is_limit_all &= below.is_all;
            chain.push((below, environment, Some(&first.origin)));
            first = &below.left;
        }
        let mut united = None;
        for (operation, environment, origin) in chain.into_iter().rev() {
            let step = |before: Option<United>| {
                let before = match before {
                    Some(before) => before,
                    None => United::of(self.resolve_relation(first, environment)?),
                };
                let right = self.resolve_relation(&operation.right, environment)?;
                self.unite(before, right, operation)
            };
            let stepped = step(united.take()).map_err(|error| match origin {
                Some(origin) => error.at_if_unknown(origin),
                None => error,
            });
            united = Some(stepped?);
        }
        self.together(united.ok_or_else(|| SparkError::internal("a union of nothing"))?)
    }

    /// What was united before, and one relation more.
    fn unite(&self, before: United, right: Resolved, operation: &SetOperation) -> SparkResult<United> {
        if operation.by_name {
            let (left, right) = self.align_by_name(self.together(before)?, right, operation.allow_missing_columns)?;
            return self.unite_by_position(United::of(left), right, operation);
        }
        self.unite_by_position(before, right, operation)
    }

    fn unite_by_position(&self, before: United, right: Resolved, operation: &SetOperation) -> SparkResult<United> {
        let types = self.common_types(&before.output, &right.output, operator_name(operation))?;
        let is_cast = before.output.iter().zip(&types).any(|(attribute, data_type)| attribute.data_type != *data_type);
        // Rows are cast step by step, as they are united: casting at once from the first type to the last may differ.
        let mut united = if is_cast || (before.is_distinct && operation.is_all) {
            United::of(self.cast_output(self.together(before)?, &types)?)
        } else {
            before
        };
        if let [only] = united.branches.as_mut_slice() {
            let exact = self.exact(std::mem::replace(only, self.one_row()))?;
            united.output.clone_from(&exact.output);
            *only = exact;
        }
        let right = self.exact(self.cast_output(right, &types)?)?;
        for (attribute, other) in united.output.iter_mut().zip(&right.output) {
            attribute.nullable |= other.nullable;
        }
        united.branches.push(right);
        united.is_distinct |= !operation.is_all;
        Ok(united)
    }

    fn together(&self, united: United) -> SparkResult<Resolved> {
        let United { mut branches, output, is_distinct } = united;
        let union = match (branches.pop(), branches.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                branches.extend(last);
                self.union(branches, &output)?
            }
        };
        if is_distinct { self.distinct_rows(union) } else { Ok(union) }
    }

    fn common_types(&self, left: &[Attribute], right: &[Attribute], operator: &str) -> SparkResult<Vec<SparkType>> {
        if left.len() != right.len() {
            return Err(SparkError::new("NUM_COLUMNS_MISMATCH")
                .param("operator", operator)
                .param("firstNumColumns", left.len().to_string())
                .param("invalidOrdinalNum", "second")
                .param("invalidNumColumns", right.len().to_string()));
        }
        let mut types = Vec::with_capacity(left.len());
        for (index, (first, second)) in left.iter().zip(right).enumerate() {
            let pair = [first.data_type.clone(), second.data_type.clone()];
            let Some(common) = self.common_type(&pair) else {
                return Err(SparkError::new("INCOMPATIBLE_COLUMN_TYPE")
                    .param("operator", operator)
                    .param("columnOrdinalNumber", ordinal(index))
                    .param("tableOrdinalNumber", "second")
                    .param("dataType1", to_sql_type(&second.data_type))
                    .param("dataType2", to_sql_type(&first.data_type))
                    .param("hint", ""));
            };
            types.push(common);
        }
        Ok(types)
    }

    /// The relation with its columns cast to these types.
    pub fn cast_output(&self, input: Resolved, types: &[SparkType]) -> SparkResult<Resolved> {
        if input.output.iter().zip(types).all(|(attribute, data_type)| attribute.data_type == *data_type) {
            return Ok(input);
        }
        let columns: SparkResult<Vec<_>> = input
            .output
            .iter()
            .zip(types)
            .map(|(attribute, data_type)| {
                let column = Typed::column(attribute);
                if attribute.data_type == *data_type {
                    return Ok(column);
                }
                Ok(self.named(self.coerce(column, data_type)?, &attribute.name))
            })
            .collect();
        let cast = self.project_typed(input, columns?)?;
        Ok(Resolved { block: None, ..cast })
    }

    /// The relation's plan with exactly its visible columns, each under a name of its own.
    pub fn exact(&self, input: Resolved) -> SparkResult<Resolved> {
        let mut seen = HashSet::with_capacity(input.output.len());
        let columns = input.plan.schema().columns();
        let mut output = Vec::with_capacity(input.output.len());
        let mut expressions = Vec::with_capacity(input.output.len());
        let mut is_changed = columns.len() != input.output.len();
        for (index, attribute) in input.output.iter().enumerate() {
            let column = Expr::Column(attribute.column.clone());
            if !seen.insert(attribute.column.clone()) {
                let fresh = self.new_attribute(&attribute.name, attribute.data_type.clone(), attribute.nullable);
                expressions.push(alias(column, &fresh.column));
                output.push(Attribute { column: fresh.column, id: fresh.id, ..attribute.clone() });
                is_changed = true;
            } else {
                is_changed |= columns.get(index) != Some(&attribute.column);
                expressions.push(column);
                output.push(attribute.clone());
            }
        }
        if !is_changed {
            return Ok(Resolved { block: None, ..input });
        }
        Ok(Resolved {
            plan: project(expressions, input.plan)?,
            output,
            hidden: Vec::new(),
            plan_ids: input.plan_ids,
            block: None,
        })
    }

    /// One union of relations with the same types of columns.
    fn union(&self, branches: Vec<Resolved>, columns: &[Attribute]) -> SparkResult<Resolved> {
        let output: Vec<_> = columns
            .iter()
            .map(|column| {
                let mut attribute = self.new_attribute(&column.name, column.data_type.clone(), column.nullable);
                attribute.metadata = column.metadata.clone();
                attribute
            })
            .collect();
        let mut inputs = Vec::with_capacity(branches.len());
        let mut plan_ids = PlanIds::default();
        for branch in branches {
            let columns = branch.output.iter().zip(&output);
            let columns =
                columns.map(|(attribute, united)| alias(Expr::Column(attribute.column.clone()), &united.column));
            inputs.push(Arc::new(project(columns.collect(), branch.plan)?));
            plan_ids = merge_plan_ids(plan_ids, branch.plan_ids);
        }
        let union = Union::try_new_with_loose_types(inputs).map_err(from_engine)?;
        Ok(Resolved::new(LogicalPlan::Union(union), output).with_plan_ids(plan_ids))
    }

    /// INTERSECT and EXCEPT: rows of the left side with or without an equal one at the right. With ALL, equal rows are
    /// numbered on both sides, so that each counts for one.
    fn semi(&self, left: Resolved, right: Resolved, is_all: bool, join_type: JoinType) -> SparkResult<Resolved> {
        let output = left.output.clone();
        let (left, right) =
            if is_all { (self.numbered(left)?, self.numbered(right)?) } else { (self.distinct_rows(left)?, right) };
        let on = left
            .output
            .iter()
            .zip(&right.output)
            .map(|(first, second)| Ok((self.column_key(first)?, self.column_key(second)?)))
            .collect::<SparkResult<_>>()?;
        let join = Join::try_new(
            Arc::new(left.plan.clone()),
            Arc::new(right.plan.clone()),
            on,
            None,
            join_type,
            JoinConstraint::On,
            NullEquality::NullEqualsNull,
            false,
        )
        .map_err(from_engine)?;
        let output = output
            .iter()
            .zip(&left.output)
            .zip(&right.output)
            .map(|((attribute, kept), second)| {
                let both = join_type == JoinType::LeftSemi;
                let nullable = attribute.nullable && (!both || second.nullable);
                Attribute { column: kept.column.clone(), nullable, ..attribute.clone() }
            })
            .collect();
        let resolved = Resolved::new(LogicalPlan::Join(join), output);
        Ok(resolved.with_plan_ids(merge_plan_ids(left.plan_ids, right.plan_ids)))
    }

    /// What a column is compared by.
    fn column_key(&self, attribute: &Attribute) -> SparkResult<Expr> {
        key_expr(Expr::Column(attribute.column.clone()), &attribute.data_type)
    }

    /// Equal rows numbered from one, in a last column. Their order does not matter, since they are alike.
    fn numbered(&self, input: Resolved) -> SparkResult<Resolved> {
        let one = Expression::literal(Literal::Integer(1), Origin::Unknown);
        let order = SortOrder { child: one, ascending: true, nulls: NullOrder::Default };
        let window = WindowExpression {
            function: Expression::call("row_number", Vec::new(), Origin::Unknown),
            window: Window::Specification(WindowSpecification {
                order_by: vec![order],
                ..WindowSpecification::default()
            }),
        };
        let window = Expression::new(ExpressionKind::Window(Box::new(window)), Origin::Unknown);
        let mut number = self.resolve_expression(&window, &Scope::of(&input, Environment::default()))?;
        let mut selected: Vec<Typed> = input.output.iter().map(Typed::column).collect();
        if let TypedKind::Window(call) = &mut number.kind {
            call.partition_by.clone_from(&selected);
            call.order_by.clear();
        }
        selected.push(self.named(number, "number"));
        let block = self.block(input, None, selected)?;
        self.exact(block)
    }

    /// `unionByName`: the right side's columns in the left one's order; missing ones are NULL if that is allowed.
    fn align_by_name(&self, left: Resolved, right: Resolved, allow_missing: bool) -> SparkResult<(Resolved, Resolved)> {
        let find =
            |side: &Resolved, name: &str| side.output.iter().find(|known| self.same_name(&known.name, name)).cloned();
        let missing = |name: &str, side: &Resolved| {
            let known: Vec<_> = side.output.iter().map(|attribute| attribute.name.to_string()).collect();
            SparkError::new("UNRESOLVED_COLUMN_AMONG_FIELD_NAMES")
                .param("colName", name)
                .param("fieldNames", known.join(", "))
        };
        let null = |attribute: &Attribute| {
            let null = Typed::literal(datafusion::scalar::ScalarValue::Null, SparkType::Null);
            Ok(self.named(self.coerce(null, &attribute.data_type)?, &attribute.name))
        };
        let mut aligned = Vec::with_capacity(left.output.len());
        for attribute in &left.output {
            match find(&right, &attribute.name) {
                Some(found) => aligned.push(Typed::column(&found)),
                None if allow_missing => aligned.push(null(attribute)?),
                None => return Err(missing(&attribute.name, &right)),
            }
        }
        let mut extended: Vec<Typed> = left.output.iter().map(Typed::column).collect();
        for attribute in &right.output {
            if find(&left, &attribute.name).is_some() {
                continue;
            }
            if !allow_missing {
                return Err(SparkError::new("NUM_COLUMNS_MISMATCH")
                    .param("operator", "UNION")
                    .param("firstNumColumns", left.output.len().to_string())
                    .param("invalidOrdinalNum", "second")
                    .param("invalidNumColumns", right.output.len().to_string()));
            }
            extended.push(null(attribute)?);
            aligned.push(Typed::column(attribute));
        }
        let left = if extended.len() == left.output.len() { left } else { self.project_typed(left, extended)? };
        Ok((left, self.project_typed(right, aligned)?))
    }

    /// The expression under a name.
    pub fn named(&self, child: Typed, name: &str) -> Typed {
        let (data_type, nullable) = (child.data_type.clone(), child.nullable);
        let alias = Alias { child: child.into_unaliased(), names: vec![name.into()], metadata: None };
        Typed::new(TypedKind::Alias(Box::new(alias)), data_type, nullable, Origin::Unknown)
    }
}

fn operator_name(operation: &SetOperation) -> &'static str {
    match (operation.kind, operation.is_all) {
        (SetOperationKind::Union, _) => "UNION",
        (SetOperationKind::Intersect, false) => "INTERSECT",
        (SetOperationKind::Intersect, true) => "INTERSECT ALL",
        (SetOperationKind::Except, false) => "EXCEPT",
        (SetOperationKind::Except, true) => "EXCEPT ALL",
    }
}
