//! Conditions that keep errors away: `a <> 0 AND 10 / a > 1` divides by no zero.
//!
//! The engine computes an operand of AND and OR for more rows than need it, and makes AND and OR of a CASE of conditions.
//! Spark does neither. Where the operand may raise an error, it is put into a CASE that the engine leaves as it is: one
//! that compares a value.

use std::collections::HashSet;

use datafusion::common::Column;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::utils::split_binary_owned;
use datafusion::logical_expr::{Expr, Operator, binary_expr, lit};
use firesteel_base::SparkType;

/// Kernels whose errors are about a value that a condition can keep away. Overflow is not among them: nobody writes such
/// conditions, and each costs time.
const RAISING: &[&str] = &[
    "spark_add_months",
    "spark_array_item",
    "spark_array_insert",
    "spark_assert_true",
    "spark_cast",
    "spark_conv",
    "spark_decimal_divide",
    "spark_decimal_integral_divide",
    "spark_decimal_remainder",
    "spark_divide",
    "spark_divide_interval",
    "spark_element_at",
    "spark_elt",
    "spark_from_json",
    "spark_integral_divide",
    "spark_make_date",
    "spark_make_time",
    "spark_make_timestamp",
    "spark_map_value",
    "spark_next_day",
    "spark_parse_date",
    "spark_parse_time",
    "spark_parse_timestamp",
    "spark_parse_unix_timestamp",
    "spark_parse_url",
    "spark_raise_error",
    "spark_remainder",
    "spark_sequence",
    "spark_timestampadd",
    "spark_try_element_at",
    "spark_to_binary",
    "spark_to_number",
    "spark_url_decode",
];

/// Whether the kernel of this name raises errors that conditions keep away.
pub fn may_raise(kernel: &str) -> bool {
    RAISING.contains(&kernel)
}

fn raises(expression: &Expr) -> bool {
    let found = expression.exists(|part| Ok(matches!(part, Expr::ScalarFunction(call) if may_raise(call.func.name()))));
    found.unwrap_or(true)
}

/// `left AND right` or `left OR right`, where `right` is not computed for rows that `left` decides alone.
///
/// Only operands that speak of the same columns are taken for a condition: others stay free to be moved, as into a join.
pub(crate) fn lazy(left: Expr, operator: Operator, right: Expr) -> Expr {
    if !raises(&right) {
        return binary_expr(left, operator, right);
    }
    let columns: HashSet<&Column> = right.column_refs();
    let is_condition =
        |operand: &Expr| !raises(operand) && operand.column_refs().iter().any(|column| columns.contains(column));
    let conditions = split_binary_owned(left.clone(), operator).into_iter().filter(is_condition);
    let Some(condition) = conditions.reduce(|one, other| binary_expr(one, operator, other)) else {
        return binary_expr(left, operator, right);
    };
    let decided = lit(operator == Operator::Or);
    let branch = (Box::new(decided.clone()), Box::new(decided));
    let right = Expr::Case(Case::new(Some(Box::new(condition)), vec![branch], Some(Box::new(right))));
    binary_expr(left, operator, right)
}

/// Calls that compute their arguments from left to right and stop at one that is NULL, which their result is then.
const LEFT_TO_RIGHT: &[&str] = &[
    "+",
    "-",
    "*",
    "&",
    "|",
    "^",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "add_months",
    "array_append",
    "array_contains",
    "array_position",
    "array_prepend",
    "array_remove",
    "contains",
    "date_add",
    "date_diff",
    "date_sub",
    "date_trunc",
    "datediff",
    "endswith",
    "find_in_set",
    "format_number",
    "instr",
    "left",
    "like",
    "locate",
    "lpad",
    "months_between",
    "next_day",
    "repeat",
    "replace",
    "right",
    "rlike",
    "rpad",
    "split_part",
    "startswith",
    "substring",
    "substring_index",
    "timestampadd",
    "timestampdiff",
    "translate",
    "trunc",
];
/// Those that begin with the divisor.
const DIVISOR_FIRST: &[&str] = &["/", "%", "div", "mod", "pmod", "try_divide", "try_mod"];
const COMPARISONS: &[&str] = &["=", "<", "<=", ">", ">="];
/// Larger expressions are no conditions: each is computed twice, and those in them again.
const CONDITION_PARTS_MAX: usize = 96;

/// The arguments of a call, each computed for the rows for which those that Spark computes before it are not NULL.
pub fn stopping_at_null(function: &str, mut arguments: Vec<Expr>, is_nullable: impl Fn(usize) -> bool) -> Vec<Expr> {
    let is_divisor_first = DIVISOR_FIRST.contains(&function);
    if !is_divisor_first && !LEFT_TO_RIGHT.contains(&function) || !arguments.iter().any(raises) {
        return arguments;
    }
    let mut order: Vec<usize> = (0..arguments.len()).collect();
    if is_divisor_first {
        order.reverse();
    }
    let mut condition: Option<Expr> = None;
    for index in order {
        let Some(argument) = arguments.get_mut(index) else { continue };
        let plain = argument.clone();
        // What compares the columns of two sides must stay what two sides can be joined by.
        let is_guarded = |condition: &&Expr| {
            raises(&plain) && (!COMPARISONS.contains(&function) || have_columns_in_common(condition, &plain))
        };
        if let Some(condition) = condition.as_ref().filter(is_guarded) {
            *argument = filtered(plain.clone(), condition);
        }
        if is_nullable(index) && !plain.is_volatile() && parts(&plain) <= CONDITION_PARTS_MAX {
            let is_there = plain.is_not_null();
            condition = Some(match condition {
                Some(before) => before.and(is_there),
                None => is_there,
            });
        }
    }
    arguments
}

fn have_columns_in_common(one: &Expr, other: &Expr) -> bool {
    !one.column_refs().is_disjoint(&other.column_refs())
}

fn parts(expression: &Expr) -> usize {
    let mut parts = 0;
    // Counting does not fail.
    let _ = expression.apply(|_| {
        parts += 1;
        Ok(TreeNodeRecursion::Continue)
    });
    parts
}

/// An aggregate's argument, computed only for the rows that its FILTER lets pass.
pub fn filtered(argument: Expr, filter: &Expr) -> Expr {
    if !raises(&argument) {
        return argument;
    }
    let branch = (Box::new(lit(true)), Box::new(argument));
    Expr::Case(Case::new(Some(Box::new(filter.clone())), vec![branch], None))
}

/// `CASE WHEN … THEN … ELSE … END` of a type, whose values are computed for the rows that ask for them.
pub fn case(data_type: &SparkType, branches: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Expr {
    let mut values = branches.iter().map(|(_, value)| value).chain(&otherwise);
    let guards = *data_type == SparkType::Boolean && values.any(raises);
    let base = guards.then(|| Box::new(lit(true)));
    let branches = branches.into_iter().map(|(condition, value)| (Box::new(condition), Box::new(value))).collect();
    Expr::Case(Case::new(base, branches, otherwise.map(Box::new)))
}
