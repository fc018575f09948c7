//! Declared columns as the catalog keeps them.

use std::collections::HashSet;

use firesteel_base::identifier::quote_identifier;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_syntax::ir::expression::CastMode;
use firesteel_syntax::ir::table::{ColumnDefinition, DefaultValue};
use firesteel_syntax::ir::{Expression, ExpressionKind};

use crate::session::Session;

/// Where a column's metadata keeps the text of its default.
pub(super) const CURRENT_DEFAULT: &str = "CURRENT_DEFAULT";
/// Where it keeps the value that rows have which were written before the column was.
const EXISTS_DEFAULT: &str = "EXISTS_DEFAULT";

/// Columns of a statement as a schema; their defaults are checked.
pub(crate) async fn declared_schema(
    session: &Session,
    columns: &[ColumnDefinition],
    statement: &str,
) -> SparkResult<SparkSchema> {
    let mut fields = Vec::with_capacity(columns.len());
    for column in columns {
        fields.push(declared_field(session, column, statement).await?);
    }
    Ok(SparkSchema::new(fields))
}

/// One column. Files may hold NULL in any column, so that every column does.
pub(super) async fn declared_field(
    session: &Session,
    column: &ColumnDefinition,
    statement: &str,
) -> SparkResult<SparkField> {
    let name = column.name.join(".");
    let mut field = SparkField::new(name, column.data_type.clone(), true);
    if let Some(comment) = &column.comment {
        field = field.with_comment(comment);
    }
    if let Some(default) = &column.default {
        let value = checked_default(session, &field, default, statement).await?;
        let mut metadata = field.metadata_object();
        metadata.insert(CURRENT_DEFAULT.to_owned(), default.text.to_string().into());
        metadata.insert(EXISTS_DEFAULT.to_owned(), value.into());
        field = field.with_metadata(&metadata);
    }
    Ok(field)
}

/// The default's value as a literal of SQL; refused if it is no constant of the column's type.
pub(super) async fn checked_default(
    session: &Session,
    field: &SparkField,
    default: &DefaultValue,
    statement: &str,
) -> SparkResult<String> {
    let invalid = |kind: &str| {
        SparkError::new(&format!("INVALID_DEFAULT_VALUE.{kind}"))
            .param("statement", statement)
            .param("colName", quote_identifier(&field.name))
            .param("defaultValue", default.text.as_ref())
    };
    if has_subquery(&default.expression) {
        return Err(invalid("SUBQUERY_EXPRESSION"));
    }
    let (data_type, value, _) = match firesteel_plan::evaluate(default.expression.clone(), &session.context()).await {
        Ok(evaluated) => evaluated,
        Err(error) if error.condition().starts_with("UNRESOLVED_COLUMN") => return Err(invalid("NOT_CONSTANT")),
        Err(error) if error.condition().starts_with("UNRESOLVED") => {
            return Err(invalid("UNRESOLVED_EXPRESSION").caused_by(error));
        }
        Err(error) => return Err(error),
    };
    if value.is_none() {
        return Err(invalid("NOT_CONSTANT"));
    }
    let target = plain(&field.data_type);
    let is_text = |data_type: &SparkType| matches!(data_type, SparkType::String { .. });
    let fits = data_type == target
        || data_type == SparkType::Null
        || !is_text(&data_type) && !is_text(&target) && is_assignable(&data_type, &target);
    let mismatch = || {
        invalid("DATA_TYPE")
            .param("expectedType", firesteel_base::error::to_sql_type(&target))
            .param("actualType", firesteel_base::error::to_sql_type(&data_type))
    };
    if !fits {
        return Err(mismatch());
    }
    let cast = cast_to(default.expression.clone(), target.clone());
    let text = session.constant_text(cast).await.map_err(|_| mismatch())?;
    Ok(literal(text.as_deref(), &target))
}

fn is_assignable(from: &SparkType, to: &SparkType) -> bool {
    from.is_numeric() && to.is_numeric()
        || from.is_datetime() && to.is_datetime()
        || from.sql() == to.sql()
        || std::mem::discriminant(from) == std::mem::discriminant(to)
}

/// The type in which values of a declared type are kept.
fn plain(data_type: &SparkType) -> SparkType {
    match data_type {
        SparkType::Char(_) | SparkType::Varchar(_) => SparkType::STRING,
        other => other.clone(),
    }
}

pub(super) fn cast_to(child: Expression, to: SparkType) -> Expression {
    let origin = child.origin.clone();
    Expression::new(ExpressionKind::Cast { child: Box::new(child), to, mode: CastMode::Ansi }, origin)
}

/// A value of which the text is known, as SQL writes it.
pub(crate) fn literal(text: Option<&str>, data_type: &SparkType) -> String {
    let Some(text) = text else { return "NULL".to_owned() };
    let quoted = || format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    match data_type {
        SparkType::String { .. } => quoted(),
        SparkType::Integer | SparkType::Boolean => text.to_owned(),
        SparkType::Long => format!("{text}L"),
        SparkType::Short => format!("{text}S"),
        SparkType::Byte => format!("{text}Y"),
        SparkType::Double => format!("{text}D"),
        SparkType::Decimal { .. } => format!("{text}BD"),
        SparkType::Date => format!("DATE {}", quoted()),
        SparkType::Timestamp => format!("TIMESTAMP {}", quoted()),
        other => format!("CAST({} AS {})", quoted(), other.sql()),
    }
}

fn has_subquery(expression: &Expression) -> bool {
    use firesteel_syntax::ir::children::{Child, expression_children};
    if matches!(
        expression.kind,
        ExpressionKind::ScalarSubquery(_) | ExpressionKind::Exists(_) | ExpressionKind::InSubquery { .. }
    ) {
        return true;
    }
    let mut copy = expression.clone();
    expression_children(&mut copy).into_iter().any(|child| match child {
        Child::Relation(_) => true,
        Child::Expression(child) => has_subquery(child),
    })
}

/// `COLUMN_ALREADY_EXISTS` for names that occur twice.
pub(super) fn refuse_duplicates<'a>(session: &Session, names: impl Iterator<Item = &'a str>) -> SparkResult<()> {
    let mut seen = HashSet::new();
    for name in names {
        let folded = session.folded(name);
        if !seen.insert(folded.clone()) {
            return Err(SparkError::new("COLUMN_ALREADY_EXISTS").param("columnName", quote_identifier(&folded)));
        }
    }
    Ok(())
}
