//! `SET` and `RESET`.

use firesteel_base::config::{UNDEFINED, redacted};
use firesteel_base::identifier::quote_name_parts;
use firesteel_base::{SparkError, SparkResult};
use firesteel_syntax::ir::command::Set;

use super::variable::variable_name;
use crate::answer::CommandResult;
use crate::session::Session;

pub(super) fn set(session: &Session, set: Set) -> SparkResult<CommandResult> {
    match set {
        Set::Assign { key, value } => {
            refuse_variable(session, &key)?;
            session.with_conf(|conf| conf.set(&key, &value))?;
            pairs(vec![(key, value)])
        }
        Set::Get { key } => {
            let value = session.conf().get_option(&key).unwrap_or_else(|| UNDEFINED.to_owned());
            pairs(vec![(key, value)])
        }
        Set::All => {
            let conf = session.conf();
            let mut entries: Vec<(String, String)> =
                conf.entries().map(|(key, value)| (key.to_owned(), redacted(key, value))).collect();
            entries.sort();
            pairs(entries)
        }
        Set::AllVerbose => Err(SparkError::unsupported("SET -v")),
    }
}

/// `SET` is for configuration: what names a variable is most likely meant to set that.
fn refuse_variable(session: &Session, key: &str) -> SparkResult<()> {
    let Ok(parts) = firesteel_syntax::parser::parse_multipart_identifier(key, &session.parser_options()) else {
        return Ok(());
    };
    match variable_name(&parts).and_then(|name| session.variable(name)) {
        Some(_) => Err(SparkError::new("UNSUPPORTED_FEATURE.SET_VARIABLE_USING_SET")
            .param("variableName", quote_name_parts(&parts))),
        None => Ok(()),
    }
}

/// One row with a key and its value, or several.
pub(super) fn pairs(pairs: Vec<(String, String)>) -> SparkResult<CommandResult> {
    let rows = pairs.into_iter().map(|(key, value)| vec![Some(key), Some(value)]).collect();
    CommandResult::of_strings(&[("key", false), ("value", false)], rows)
}

pub(super) fn reset(session: &Session, key: Option<&str>) -> SparkResult<CommandResult> {
    session.with_conf(|conf| match key {
        Some(key) => conf.reset_key(key),
        None => {
            conf.reset();
            Ok(())
        }
    })?;
    Ok(CommandResult::empty())
}
