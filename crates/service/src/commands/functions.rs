//! `SHOW FUNCTIONS` and `DESCRIBE FUNCTION`.

use firesteel_base::identifier::quote_name_parts;
use firesteel_base::{SparkError, SparkResult};
use firesteel_functions::registry;
use firesteel_syntax::ir::command::FunctionScope;

use crate::answer::CommandResult;
use crate::views::matches_pattern;

pub(super) fn show(pattern: Option<&str>, scope: FunctionScope) -> SparkResult<CommandResult> {
    let names = match scope {
        FunctionScope::User => Vec::new(),
        FunctionScope::All | FunctionScope::System => names(pattern),
    };
    let rows = names.into_iter().map(|name| vec![Some(name.to_owned())]).collect();
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

pub(super) fn not_found(name: &[String]) -> SparkError {
    SparkError::new("UNRESOLVED_ROUTINE")
        .param("routineName", quote_name_parts(name))
        .param("searchPath", "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]")
}

/// Functions carry no descriptions yet.
pub(super) fn describe(name: &[String], _extended: bool) -> SparkResult<CommandResult> {
    if exists(name) { Err(SparkError::unsupported("DESCRIBE FUNCTION")) } else { Err(not_found(name)) }
}
