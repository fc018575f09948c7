//! Prints resolved expressions as Spark does: names of output columns, and expressions in error messages.

use datafusion::scalar::ScalarValue;
use firesteel_base::SparkType;
use firesteel_base::collation::UTF8_BINARY;
use firesteel_functions::cast::{CastMode, cast_array};
use firesteel_functions::function::Function;

use crate::attribute::Attribute;
use crate::typed::{AggregateCall, Bound, Frame, SortKey, SubqueryPlan, Typed, TypedKind, WindowCall, WindowFunction};

/// Prints expressions; timestamps are shown in `zone`.
#[derive(Clone, Copy)]
pub struct Printer<'a> {
    /// `spark.sql.session.timeZone`
    pub zone: &'a str,
    /// Columns with the relation they come from, as some errors show expressions.
    pub is_qualified: bool,
}

impl Printer<'_> {
    /// The expression as Spark names an output column: `sum(a)`, `(a + 1)`, `CAST(b AS INT)`.
    pub fn print(&self, expression: &Typed) -> String {
        match &expression.kind {
            TypedKind::Column(attribute) => self.print_column(attribute),
            TypedKind::Outer(attribute) => format!("outer({})", plain_qualified(attribute)),
            TypedKind::Literal(value) => self.print_literal(value, &expression.data_type),
            TypedKind::Scalar(call) => match call.bound.sql {
                Some(sql) => sql(&call.arguments.iter().map(|argument| self.print(argument)).collect::<Vec<_>>()),
                None => self.print_call(call.function, &call.name, &call.arguments),
            },
            TypedKind::Cast(cast) => {
                let child = self.print(&cast.child);
                let is_nested = matches!(
                    expression.data_type,
                    SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Struct(_)
                );
                if cast.is_implicit || is_nested {
                    return child;
                }
                let function = if cast.mode == CastMode::Try { "TRY_CAST" } else { "CAST" };
                format!("{function}({child} AS {})", expression.data_type.sql())
            }
            TypedKind::Case(case) => {
                let branches: Vec<_> = case
                    .branches
                    .iter()
                    .map(|(condition, value)| format!(" WHEN {} THEN {}", self.print(condition), self.print(value)))
                    .collect();
                let otherwise =
                    case.otherwise.as_ref().map(|value| format!(" ELSE {}", self.print(value))).unwrap_or_default();
                format!("CASE{}{otherwise} END", branches.concat())
            }
            TypedKind::InList { child, list } => format!("({} IN ({}))", self.print(child), self.print_all(list)),
            TypedKind::Field { child, name, .. } => format!("{}.{name}", self.print(child)),
            TypedKind::Alias(alias) => match alias.names.as_slice() {
                [name] => format!("{} AS {name}", self.print(&alias.child)),
                _ => self.print(&alias.child),
            },
            TypedKind::Substituted(substituted) => substituted.printed.to_string(),
            TypedKind::Aggregate(call) => self.print_aggregate(call),
            TypedKind::Window(call) => self.print_window(call),
            TypedKind::Generator(call) => self.print_call(call.function, &call.name, &call.arguments),
            TypedKind::HigherOrder(call) => self.print_call(call.function, &call.name, &call.arguments),
            TypedKind::Lambda { parameters, body } => {
                let names = vec!["namedlambdavariable()"; parameters.len()];
                format!("lambdafunction({}, {})", self.print(body), names.join(", "))
            }
            TypedKind::LambdaVariable { .. } => "namedlambdavariable()".to_owned(),
            TypedKind::ScalarSubquery(query) => format!("scalarsubquery({})", print_outer(query)),
            TypedKind::Exists(query) => format!("exists({})", print_outer(query)),
            TypedKind::InSubquery { values, query } => match values.as_slice() {
                [value] => format!("({} IN (listquery({})))", self.print(value), print_outer(query)),
                _ => {
                    let fields: Vec<_> =
                        values.iter().map(|value| self.print(value)).map(|value| format!("{value}, {value}")).collect();
                    format!("(named_struct({}) IN (listquery({})))", fields.join(", "), print_outer(query))
                }
            },
            TypedKind::Grouping { printed, .. }
            | TypedKind::GroupingId { printed }
            | TypedKind::Engine { printed, .. } => printed.to_string(),
        }
    }

    fn print_column(&self, attribute: &Attribute) -> String {
        if self.is_qualified { plain_qualified(attribute) } else { attribute.name.to_string() }
    }

    fn print_all(&self, expressions: &[Typed]) -> String {
        expressions.iter().map(|expression| self.print(expression)).collect::<Vec<_>>().join(", ")
    }

    /// A call under the name it prints under.
    pub fn print_call(&self, function: &'static Function, name: &str, arguments: &[Typed]) -> String {
        let arguments: Vec<_> = arguments.iter().map(|expression| self.print(expression)).collect();
        match function.sql {
            Some(sql) => sql(&arguments),
            None => format!("{name}({})", arguments.join(", ")),
        }
    }

    fn print_aggregate(&self, call: &AggregateCall) -> String {
        let distinct = if call.is_distinct { "DISTINCT " } else { "" };
        let arguments = format!("{distinct}{}", self.print_all(&call.arguments));
        let mut text = match call.function.sql {
            Some(sql) => {
                let mut printed: Vec<_> = call.arguments.iter().map(|expression| self.print(expression)).collect();
                if let Some(first) = printed.first_mut() {
                    first.insert_str(0, distinct);
                }
                sql(&printed)
            }
            None => format!("{}({arguments})", call.name),
        };
        // With a word about NULLs these stand for other functions.
        for (name, plain) in [("first_value(", "first("), ("last_value(", "last(")] {
            if call.ignore_nulls.is_some()
                && let Some(rest) = text.strip_prefix(name)
            {
                text = format!("{plain}{rest}");
            }
        }
        if !call.order_by.is_empty() {
            text.push_str(&format!(" WITHIN GROUP (ORDER BY {})", self.print_keys(&call.order_by)));
        }
        if let Some(filter) = &call.filter {
            text.push_str(&format!(" FILTER (WHERE {})", self.print(filter)));
        }
        text
    }

    fn print_window(&self, call: &WindowCall) -> String {
        let function = match &call.function {
            WindowFunction::Aggregate(call) => self.print_aggregate(call),
            WindowFunction::Window { function, name, arguments, ignore_nulls, .. } => {
                let text = self.print_call(function, name, arguments);
                match (function.name, ignore_nulls) {
                    ("nth_value", Some(true)) => format!("{text} ignore nulls"),
                    _ => text,
                }
            }
        };
        let mut parts = Vec::new();
        if !call.partition_by.is_empty() {
            parts.push(format!("PARTITION BY {}", self.print_all(&call.partition_by)));
        }
        if !call.order_by.is_empty() {
            parts.push(format!("ORDER BY {}", self.print_keys(&call.order_by)));
        }
        parts.push(self.print_frame(&call.frame));
        format!("{function} OVER ({})", parts.join(" "))
    }

    pub fn print_frame(&self, frame: &Frame) -> String {
        if let Some(printed) = &frame.printed {
            return printed.to_string();
        }
        let unit = if frame.is_rows { "ROWS" } else { "RANGE" };
        format!("{unit} BETWEEN {} AND {}", self.print_bound(&frame.lower), self.print_bound(&frame.upper))
    }

    fn print_bound(&self, bound: &Bound) -> String {
        match bound {
            Bound::UnboundedPreceding => "UNBOUNDED PRECEDING".to_owned(),
            Bound::UnboundedFollowing => "UNBOUNDED FOLLOWING".to_owned(),
            Bound::CurrentRow => "CURRENT ROW".to_owned(),
            Bound::Preceding(distance) => format!("{} PRECEDING", self.print(distance)),
            Bound::Following(distance) => format!("{} FOLLOWING", self.print(distance)),
        }
    }

    fn print_keys(&self, keys: &[SortKey]) -> String {
        keys.iter().map(|key| self.print_key(key)).collect::<Vec<_>>().join(", ")
    }

    /// A sort key as Spark prints it: always with direction and null order.
    pub fn print_key(&self, key: &SortKey) -> String {
        let direction = if key.ascending { "ASC" } else { "DESC" };
        let nulls = if key.nulls_first { "FIRST" } else { "LAST" };
        format!("{} {direction} NULLS {nulls}", self.print(&key.child))
    }

    /// A constant as it stands in a column's name: text without quotes, typed datetimes with their keyword.
    fn print_literal(&self, value: &ScalarValue, data_type: &SparkType) -> String {
        if value.is_null() {
            return "NULL".to_owned();
        }
        let text = display(value, data_type, self.zone);
        match data_type {
            SparkType::String { collation: Some(collation) } if collation.as_ref() != UTF8_BINARY => {
                format!("'{text}' collate {collation}")
            }
            SparkType::Date => format!("DATE '{text}'"),
            SparkType::Timestamp => format!("TIMESTAMP '{text}'"),
            SparkType::TimestampNtz => format!("TIMESTAMP_NTZ '{text}'"),
            SparkType::Time { .. } => format!("TIME '{text}'"),
            SparkType::Binary => match value {
                ScalarValue::Binary(Some(bytes)) => {
                    format!("X'{}'", bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>())
                }
                _ => text,
            },
            _ => text,
        }
    }
}

fn plain_qualified(attribute: &Attribute) -> String {
    attribute.qualifier.iter().map(String::as_str).chain([&*attribute.name]).collect::<Vec<_>>().join(".")
}

fn print_outer(query: &SubqueryPlan) -> String {
    query.outer.iter().map(|attribute| &*attribute.name).collect::<Vec<_>>().join(", ")
}

/// A value as text, as a cast to STRING gives it.
fn display(value: &ScalarValue, data_type: &SparkType, zone: &str) -> String {
    let text = value.to_array_of_size(1).ok().and_then(|array| {
        let text = cast_array(&array, data_type, &SparkType::STRING, CastMode::Legacy, zone).ok()?;
        ScalarValue::try_from_array(&text, 0).ok()
    });
    match text {
        Some(
            ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)),
        ) => text,
        _ => value.to_string(),
    }
}
