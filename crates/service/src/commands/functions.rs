//! `SHOW FUNCTIONS` and `DESCRIBE FUNCTION`.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, ListBuilder, StringArray, StringBuilder};
use firesteel_base::identifier::quote_name_parts;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_catalog::CATALOG;
use firesteel_functions::description::{self, Description};
use firesteel_functions::registry;
use firesteel_syntax::ir::command::FunctionScope;
use firesteel_syntax::ir::routine::{FunctionBody, Returns};
use firesteel_syntax::ir::table::ColumnDefinition;

use crate::answer::CommandResult;
use crate::session::Session;
use crate::views::matches_pattern;

pub(super) async fn show(
    session: &Session,
    pattern: Option<&str>,
    scope: FunctionScope,
    namespace: Option<&[String]>,
) -> SparkResult<CommandResult> {
    let database = super::show::check_namespace(session, namespace).await?;
    let mut shown: Vec<String> = Vec::new();
    if scope != FunctionScope::User {
        shown.extend(names(pattern).into_iter().filter(|name| !name.starts_with('[')).map(str::to_owned));
    }
    if scope != FunctionScope::System {
        let matches = |name: &str| pattern.is_none_or(|pattern| matches_pattern(name, pattern));
        let kept = session.catalog().functions(&database).await?;
        shown.extend(kept.iter().filter(|kept| matches(&kept.name.name)).map(|kept| kept.name.to_string()));
        shown.extend(session.functions().keys().filter(|name| matches(name)).cloned());
    }
    shown.sort();
    let rows = shown.into_iter().map(|name| vec![Some(name)]).collect();
    CommandResult::of_strings(&[("function", false)], rows)
}

/// Names of built-in functions in order.
pub(super) fn names(pattern: Option<&str>) -> Vec<&'static str> {
    let shown = |name: &&str| pattern.is_none_or(|pattern| matches_pattern(name, pattern));
    registry::all().map(|(name, _)| name).filter(shown).collect()
}

/// Whether a function of this name is built in.
pub(super) fn exists(name: &[String]) -> bool {
    match name {
        [name] => registry::find(name).is_some(),
        [namespace, name] => is_builtin(&[namespace]) && registry::find(name).is_some(),
        [system, namespace, name] => is_builtin(&[system, namespace]) && registry::find(name).is_some(),
        _ => false,
    }
}

fn is_builtin(qualifier: &[&String]) -> bool {
    match qualifier {
        [namespace] => namespace.eq_ignore_ascii_case("builtin"),
        [system, namespace] => system.eq_ignore_ascii_case("system") && namespace.eq_ignore_ascii_case("builtin"),
        _ => false,
    }
}

pub(super) fn not_found(session: &Session, name: &[String]) -> SparkError {
    SparkError::new("UNRESOLVED_ROUTINE")
        .param("routineName", quote_name_parts(name))
        .param("searchPath", session.context().search_path())
}

/// What is told of a built-in function of this name.
fn built_in(name: &[String]) -> Option<Description> {
    let (last, qualifier) = name.split_last()?;
    let qualifier: Vec<&String> = qualifier.iter().collect();
    if qualifier.is_empty() || is_builtin(&qualifier) { description::find(last) } else { None }
}

/// Spark's lines for a built-in function, without its examples.
fn describe_built_in(description: Description, extended: bool) -> SparkResult<CommandResult> {
    let mut lines = vec![format!("Function: {}", description.name)];
    if !description.class.is_empty() {
        lines.push(format!("Class: {}", description.class));
    }
    lines.push(format!("Usage: {}", description.usage));
    if extended {
        lines.push(format!("Extended Usage:\n    No example/argument for {}.\n", description.name));
    }
    let rows = lines.into_iter().map(|line| vec![Some(line)]).collect();
    CommandResult::of_strings(&[("function_desc", false)], rows)
}

/// A function as `spark.catalog` tells of it.
struct ListedFunction {
    name: String,
    /// `None` for what belongs to no database.
    database: Option<String>,
    description: Option<String>,
    class: String,
}

/// Spark's stand-in for the class of functions that are written in SQL.
const SQL_FUNCTION_CLASS: &str = "sqlFunction.";

impl ListedFunction {
    fn built_in(description: Description) -> Self {
        Self {
            name: description.name.to_owned(),
            database: None,
            description: Some(description.usage.to_owned()),
            class: description.class.to_owned(),
        }
    }

    fn user(name: String, database: Option<String>, comment: Option<String>) -> Self {
        Self { name, database, description: comment, class: SQL_FUNCTION_CLASS.to_owned() }
    }
}

/// `spark.catalog.listFunctions`
pub(super) async fn listed(
    session: &Session,
    namespace: Option<&[String]>,
    pattern: Option<&str>,
) -> SparkResult<CommandResult> {
    let database = super::show::check_namespace(session, namespace).await?;
    let matches = |name: &str| pattern.is_none_or(|pattern| matches_pattern(name, pattern));
    let mut found: Vec<ListedFunction> =
        description::all().filter(|row| matches(row.name)).map(ListedFunction::built_in).collect();
    for (name, function) in session.functions().iter().filter(|(name, _)| matches(name)) {
        found.push(ListedFunction::user(name.clone(), None, function.comment.clone()));
    }
    for kept in session.catalog().functions(&database).await? {
        if matches(&kept.name.name) {
            found.push(ListedFunction::user(kept.name.name, Some(kept.name.database), None));
        }
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    as_table(&found)
}

/// `spark.catalog.getFunction`
pub(super) async fn get(session: &Session, name: &[String]) -> SparkResult<CommandResult> {
    if let Some(description) = built_in(name) {
        return as_table(&[ListedFunction::built_in(description)]);
    }
    let function = firesteel_plan::find_function(name, &session.context()).await?;
    let function = function.ok_or_else(|| not_found(session, name))?;
    let database = match function.name.as_slice() {
        [_, database, _] => Some(database.clone()),
        _ => None,
    };
    let short = function.name.last().cloned().unwrap_or_default();
    as_table(&[ListedFunction::user(short, database, function.definition.comment)])
}

fn as_table(functions: &[ListedFunction]) -> SparkResult<CommandResult> {
    let text = |name: &str| SparkField::new(name, SparkType::STRING, true);
    let schema = SparkSchema::new([
        text("name"),
        text("catalog"),
        SparkField::new("namespace", SparkType::array(SparkType::STRING, true), true),
        text("description"),
        text("className"),
        SparkField::new("isTemporary", SparkType::Boolean, false),
    ]);
    let mut namespaces = ListBuilder::new(StringBuilder::new()).with_field(Arc::new(arrow::datatypes::Field::new(
        "element",
        arrow::datatypes::DataType::Utf8,
        true,
    )));
    for function in functions {
        match &function.database {
            Some(database) => namespaces.append_value([Some(database)]),
            None => namespaces.append_null(),
        }
    }
    let texts = |of: fn(&ListedFunction) -> Option<&str>| -> ArrayRef {
        Arc::new(functions.iter().map(of).collect::<StringArray>())
    };
    let columns: Vec<ArrayRef> = vec![
        texts(|function| Some(function.name.as_str())),
        texts(|function| function.database.as_ref().map(|_| CATALOG)),
        Arc::new(namespaces.finish()),
        texts(|function| function.description.as_deref()),
        texts(|function| Some(function.class.as_str())),
        Arc::new(functions.iter().map(|function| Some(function.database.is_none())).collect::<BooleanArray>()),
    ];
    CommandResult::new(schema, columns, functions.len())
}

/// A function in Spark's lines.
pub(super) async fn describe(session: &Session, name: &[String], extended: bool) -> SparkResult<CommandResult> {
    if let Some(description) = built_in(name) {
        return describe_built_in(description, extended);
    }
    let function = firesteel_plan::find_function(name, &session.context()).await?;
    let function = function.ok_or_else(|| not_found(session, name))?;
    let definition = &function.definition;
    let width = if extended { 15 } else { 10 };
    let line = |title: &str, text: &str| format!("{title:width$}{text}");
    let mut lines = vec![line("Function:", &function.display_name())];
    let kind = if function.is_table_function() { "TABLE" } else { "SCALAR" };
    lines.push(line("Type:", kind));
    let columns = |columns: &[ColumnDefinition]| {
        let longest = |text: fn(&ColumnDefinition) -> String| columns.iter().map(|column| text(column).len()).max();
        let names = longest(|column| column.name.join(".")).unwrap_or(0);
        let types = longest(|column| column.data_type.sql()).unwrap_or(0);
        columns
            .iter()
            .map(|column| {
                let mut text = format!("{:names$} {:types$}", column.name.join("."), column.data_type.sql());
                if let Some(default) = column.default.as_ref().filter(|_| extended) {
                    text.push_str(&format!(" DEFAULT {}", default.text));
                }
                if let Some(comment) = column.comment.as_ref().filter(|_| extended) {
                    text.push_str(&format!(" {}", firesteel_base::error::quoting::single_quoted(comment)));
                }
                text
            })
            .collect::<Vec<String>>()
    };
    let mut block = |title: &str, texts: Vec<String>| {
        for (index, text) in texts.iter().enumerate() {
            lines.push(line(if index == 0 { title } else { "" }, text));
        }
    };
    let parameters = columns(&definition.parameters);
    block("Input:", if parameters.is_empty() { vec!["()".to_owned()] } else { parameters });
    let returns = match &definition.returns {
        Returns::Scalar(data_type) => vec![data_type.sql()],
        Returns::Table(declared) => columns(declared),
        Returns::Unspecified => Vec::new(),
    };
    block("Returns:", returns);
    if extended {
        block("Comment:", definition.comment.iter().cloned().collect());
        block("Deterministic:", vec![definition.is_deterministic.unwrap_or(true).to_string()]);
        let access = if definition.reads_sql == Some(true) { "READS SQL DATA" } else { "CONTAINS SQL" };
        block("Data Access:", vec![access.to_owned()]);
        let body = match &definition.body {
            FunctionBody::Expression { text, .. } | FunctionBody::Query { text, .. } => text.to_string(),
        };
        block("Body:", vec![body]);
    }
    let rows = lines.into_iter().map(|line| vec![Some(line)]).collect();
    CommandResult::of_strings(&[("function_desc", false)], rows)
}
