//! `SHOW FUNCTIONS` and `DESCRIBE FUNCTION`.

use firesteel_base::identifier::quote_name_parts;
use firesteel_base::{SparkError, SparkResult};
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

/// A user's function in Spark's lines. Built-in functions carry no descriptions yet.
pub(super) async fn describe(session: &Session, name: &[String], extended: bool) -> SparkResult<CommandResult> {
    if exists(name) {
        return Err(SparkError::unsupported("DESCRIBE FUNCTION"));
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
