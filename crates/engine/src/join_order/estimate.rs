//! How many rows plans are expected to give, from what tables tell of themselves.

use std::collections::HashMap;

use datafusion::common::stats::Precision;
use datafusion::common::{Column, ColumnStatistics, JoinType, ScalarValue};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Expr, FetchType, Join, Limit, LogicalPlan, Operator, Projection, TableScan,
};

/// What is expected of a plan's rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Estimate {
    pub(super) rows: f64,
    columns: HashMap<Column, Values>,
}

/// What is known of a column's values.
#[derive(Clone, Copy, Debug)]
struct Values {
    /// How many different ones at most, before any filter.
    distinct: f64,
    /// How many rows the column had before any filter.
    rows: f64,
    /// The least and the greatest.
    range: Option<(f64, f64)>,
}

/// Shares of rows where nothing better is known.
pub(super) const EQUAL: f64 = 0.05;
const COMPARED: f64 = 1.0 / 3.0;
const NULL: f64 = 0.05;
const MATCHING: f64 = 0.1;
/// Of a semi or anti join.
pub(super) const SEMI: f64 = 0.5;
/// No condition is taken to leave nothing.
const LEAST: f64 = 1e-9;
/// Values as good as all different: ranges have gaps at their ends.
const UNIQUE: f64 = 0.99;

/// The expectation of a plan; `None` where some table does not know its rows.
pub(super) fn estimate(plan: &LogicalPlan) -> Option<Estimate> {
    match plan {
        LogicalPlan::TableScan(scan) => of_table(scan),
        LogicalPlan::Filter(filter) => {
            let mut input = estimate(&filter.input)?;
            input.rows = (input.rows * share(&filter.predicate, &input)).max(1.0);
            Some(input)
        }
        LogicalPlan::Projection(projection) => of_projection(projection),
        LogicalPlan::SubqueryAlias(alias) => {
            let input = estimate(&alias.input)?;
            Some(input.renamed(alias.input.schema().columns().into_iter().zip(alias.schema.columns())))
        }
        LogicalPlan::Aggregate(aggregate) => of_aggregate(aggregate),
        LogicalPlan::Join(join) => of_join(join),
        LogicalPlan::Limit(limit) => of_limit(limit),
        LogicalPlan::Sort(sort) => {
            let input = estimate(&sort.input)?;
            let fetch = sort.fetch.map_or(f64::INFINITY, |fetch| fetch as f64);
            Some(Estimate { rows: input.rows.min(fetch), ..input })
        }
        LogicalPlan::Repartition(repartition) => estimate(&repartition.input),
        LogicalPlan::Window(window) => estimate(&window.input),
        LogicalPlan::Union(union) => {
            let inputs = union.inputs.iter().map(|input| estimate(input)).collect::<Option<Vec<_>>>()?;
            Some(Estimate::of_rows(inputs.iter().map(|input| input.rows).sum()))
        }
        LogicalPlan::Values(values) => Some(Estimate::of_rows(values.values.len() as f64)),
        LogicalPlan::EmptyRelation(_) => Some(Estimate::of_rows(1.0)),
        _ => None,
    }
}

impl Estimate {
    fn of_rows(rows: f64) -> Self {
        Self { rows, columns: HashMap::new() }
    }

    fn renamed(mut self, names: impl Iterator<Item = (Column, Column)>) -> Self {
        let columns = names.filter_map(|(old, new)| Some((new, self.columns.remove(&old)?))).collect();
        Self { rows: self.rows, columns }
    }

    /// Of an expression that is a column, whatever type it is cast to.
    fn values(&self, expression: &Expr) -> Option<&Values> {
        match expression {
            Expr::Column(column) => self.columns.get(column),
            Expr::Cast(cast) => self.values(&cast.expr),
            Expr::Alias(alias) => self.values(&alias.expr),
            _ => None,
        }
    }

    /// Of expressions taken together.
    fn combined(&self, expressions: impl Iterator<Item = impl AsRef<Expr>>) -> Values {
        let mut all = Values { distinct: 1.0, rows: 0.0, range: None };
        for expression in expressions {
            let unknown = Values { distinct: self.rows, rows: self.rows, range: None };
            let values = self.values(expression.as_ref()).unwrap_or(&unknown);
            all.distinct *= values.distinct;
            all.rows = all.rows.max(values.rows);
        }
        all.distinct = all.distinct.min(all.rows.max(1.0));
        all
    }
}

fn of_table(scan: &TableScan) -> Option<Estimate> {
    let statistics = source_as_provider(&scan.source).ok()?.statistics()?;
    let rows = *statistics.num_rows.get_value()? as f64;
    let schema = scan.source.schema();
    let values = |column: Column| {
        let index = schema.index_of(&column.name).ok()?;
        Some((column, of_column(statistics.column_statistics.get(index)?, rows)))
    };
    Some(Estimate {
        rows: rows.max(1.0),
        columns: scan.projected_schema.columns().into_iter().filter_map(values).collect(),
    })
}

fn of_column(statistics: &ColumnStatistics, rows: f64) -> Values {
    let bound = |value: &Precision<ScalarValue>| value.get_value().and_then(number);
    let range = bound(&statistics.min_value).zip(bound(&statistics.max_value));
    let is_whole = statistics.min_value.get_value().is_some_and(is_whole);
    let known = statistics.distinct_count.get_value().map(|count| *count as f64);
    let spanned = range.filter(|_| is_whole).map(|(least, greatest)| greatest - least + 1.0);
    let distinct = known.or(spanned).unwrap_or(rows).min(rows).max(1.0);
    Values { distinct, rows: rows.max(1.0), range }
}

fn of_projection(projection: &Projection) -> Option<Estimate> {
    let input = estimate(&projection.input)?;
    let named = projection.expr.iter().zip(projection.schema.columns());
    let columns = named.filter_map(|(expression, name)| Some((name, *input.values(expression)?))).collect();
    Some(Estimate { rows: input.rows, columns })
}

fn of_aggregate(aggregate: &Aggregate) -> Option<Estimate> {
    let input = estimate(&aggregate.input)?;
    let groups = input.combined(aggregate.group_expr.iter());
    let rows = groups.distinct.min(input.rows).max(1.0);
    let named = aggregate.group_expr.iter().zip(aggregate.schema.columns());
    let columns = named.filter_map(|(expression, name)| {
        let values = input.values(expression)?;
        Some((name, Values { distinct: values.distinct.min(rows), rows, range: values.range }))
    });
    let columns = columns.collect();
    Some(Estimate { rows, columns })
}

fn of_join(join: &Join) -> Option<Estimate> {
    let (left, right) = (estimate(&join.left)?, estimate(&join.right)?);
    let pairs: Vec<[&Expr; 2]> = join.on.iter().map(|(left, right)| [left, right]).collect();
    let kept = if pairs.is_empty() { 1.0 } else { 1.0 / shared_values(&left, &right, &pairs) };
    let inner = (left.rows * right.rows * kept).max(1.0);
    let rows = match join.join_type {
        JoinType::Inner => inner,
        JoinType::Left => inner.max(left.rows),
        JoinType::Right => inner.max(right.rows),
        JoinType::Full => inner.max(left.rows + right.rows),
        JoinType::LeftMark => left.rows,
        JoinType::RightMark => right.rows,
        JoinType::LeftSemi | JoinType::LeftAnti => (left.rows * SEMI).max(1.0),
        JoinType::RightSemi | JoinType::RightAnti => (right.rows * SEMI).max(1.0),
    };
    let mut columns = left.columns;
    columns.extend(right.columns);
    Some(Estimate { rows, columns })
}

fn of_limit(limit: &Limit) -> Option<Estimate> {
    let input = estimate(&limit.input)?;
    let fetch = match limit.get_fetch_type() {
        Ok(FetchType::Literal(Some(fetch))) => fetch as f64,
        _ => f64::INFINITY,
    };
    Some(Estimate { rows: input.rows.min(fetch).max(1.0), ..input })
}

/// By how much combinations of two relations' rows become fewer when these pairs are equal: the different values of the
/// side whose values are all different, which the other side refers to; of the side with more of them otherwise.
pub(super) fn shared_values(left: &Estimate, right: &Estimate, pairs: &[[&Expr; 2]]) -> f64 {
    let left = left.combined(pairs.iter().map(|[left, _]| left));
    let right = right.combined(pairs.iter().map(|[_, right]| right));
    let is_unique = |values: &Values| values.distinct >= UNIQUE * values.rows;
    let values = match (is_unique(&left), is_unique(&right)) {
        (true, true) => left.distinct.min(right.distinct),
        (true, false) => left.distinct,
        (false, true) => right.distinct,
        (false, false) => left.distinct.max(right.distinct),
    };
    values.max(1.0)
}

/// The share of rows for which the condition holds.
pub(super) fn share(condition: &Expr, input: &Estimate) -> f64 {
    let share_of = |part: &Expr| share(part, input);
    if let Some((_, [from, to])) = interval(condition, input) {
        return (to - from).clamp(LEAST, 1.0);
    }
    let share = match condition {
        Expr::BinaryExpr(BinaryExpr { op: Operator::And, .. }) => share_of_all(condition, input),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let (left, right) = (share_of(left), share_of(right));
            left + right - left * right
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => compared(left, *op, right, input),
        Expr::Not(inner) => 1.0 - share_of(inner),
        Expr::IsTrue(inner) => share_of(inner),
        Expr::IsNull(_) => NULL,
        Expr::IsNotNull(_) => 1.0 - NULL,
        Expr::InList(list) => {
            let one = input.values(&list.expr).map_or(EQUAL, equal);
            negated(one * list.list.len() as f64, list.negated)
        }
        Expr::Like(like) => negated(MATCHING, like.negated),
        Expr::Literal(ScalarValue::Boolean(Some(true)), _) => 1.0,
        Expr::Literal(..) => 0.0,
        _ => COMPARED,
    };
    share.clamp(LEAST, 1.0)
}

fn negated(share: f64, is_negated: bool) -> f64 {
    let share = share.clamp(0.0, 1.0);
    if is_negated { 1.0 - share } else { share }
}

/// The share of conditions that hold together. Those on one column's range cut it one after the other.
fn share_of_all(condition: &Expr, input: &Estimate) -> f64 {
    let mut intervals: HashMap<&Column, [f64; 2]> = HashMap::new();
    let mut rest = 1.0;
    for part in split_conjunction(condition) {
        match interval(part, input) {
            Some((column, [from, to])) => {
                let known = intervals.entry(column).or_insert([0.0, 1.0]);
                *known = [known[0].max(from), known[1].min(to)];
            }
            None => rest *= share(part, input),
        }
    }
    intervals.values().fold(rest, |share, [from, to]| share * (to - from).max(LEAST))
}

/// The part of a column's range, which goes from 0 to 1, in which the condition holds.
fn interval<'e>(condition: &'e Expr, input: &Estimate) -> Option<(&'e Column, [f64; 2])> {
    let place = |column: &'e Expr, constant: &Expr| {
        let (Expr::Column(column), Expr::Literal(constant, _)) = (column, constant) else { return None };
        let (least, greatest) = input.columns.get(column)?.range?;
        let place = (number(constant)? - least) / (greatest - least);
        place.is_finite().then(|| (column, place.clamp(0.0, 1.0)))
    };
    match condition {
        Expr::Between(between) if !between.negated => {
            let (column, from) = place(&between.expr, &between.low)?;
            let (_, to) = place(&between.expr, &between.high)?;
            Some((column, [from, to]))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let ((column, place), operator) = match place(left, right) {
                Some(found) => (found, *op),
                None => (place(right, left)?, op.swap()?),
            };
            match operator {
                Operator::Lt | Operator::LtEq => Some((column, [0.0, place])),
                Operator::Gt | Operator::GtEq => Some((column, [place, 1.0])),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The share of rows for which a comparison holds that cuts no known range.
fn compared(left: &Expr, operator: Operator, right: &Expr, input: &Estimate) -> f64 {
    let values = input.values(left).or_else(|| input.values(right));
    match operator {
        Operator::Eq => values.map_or(EQUAL, equal),
        Operator::NotEq => 1.0 - values.map_or(EQUAL, equal),
        _ => COMPARED,
    }
}

/// The share of one value; of a column whose values are not known to be all different, if it may be that they are.
fn equal(values: &Values) -> f64 {
    if values.range.is_none() && values.distinct >= values.rows { EQUAL } else { 1.0 / values.distinct }
}

/// The value on a line on which ranges can be measured.
fn number(value: &ScalarValue) -> Option<f64> {
    Some(match value {
        ScalarValue::Boolean(Some(value)) => f64::from(u8::from(*value)),
        ScalarValue::Int8(Some(value)) => f64::from(*value),
        ScalarValue::Int16(Some(value)) => f64::from(*value),
        ScalarValue::Int32(Some(value)) | ScalarValue::Date32(Some(value)) => f64::from(*value),
        ScalarValue::Int64(Some(value)) | ScalarValue::TimestampMicrosecond(Some(value), _) => *value as f64,
        ScalarValue::Float32(Some(value)) => f64::from(*value),
        ScalarValue::Float64(Some(value)) => *value,
        ScalarValue::Decimal128(Some(value), _, scale) => *value as f64 / 10f64.powi(i32::from(*scale)),
        _ => return None,
    })
}

/// Whether the type has a value at each whole number only.
fn is_whole(value: &ScalarValue) -> bool {
    matches!(
        value,
        ScalarValue::Boolean(_)
            | ScalarValue::Int8(_)
            | ScalarValue::Int16(_)
            | ScalarValue::Int32(_)
            | ScalarValue::Int64(_)
            | ScalarValue::Date32(_)
    )
}
