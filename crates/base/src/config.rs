//! The settings of a session: Spark's keys with their defaults and checks, and the keys that users make up.
//!
//! Defaults read back exactly as Spark's server prints them, since clients parse them. A value that is set has passed
//! the check of its key, so that reading never fails; what is wrong is refused with Spark's condition when it is set.
//! Keys that Spark has and nothing here reads can be set and read all the same: they are without effect.

mod history;
mod keys;
mod table;
pub mod time_zone;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::quoting::to_sql_conf;
use crate::error::{SparkError, SparkResult};
use crate::types::SparkType;

pub use keys::{HONOURED, Key, LegacyBehaviorPolicy, MapKeyDedupPolicy, PartitionOverwriteMode, StoreAssignmentPolicy};
pub use table::Definition;
pub use value::ConfValue;

/// How Spark prints that a key has no value.
pub const UNDEFINED: &str = "<undefined>";

const TIME_ZONE_KEY: &str = "spark.sql.session.timeZone";
const WAREHOUSE_KEY: &str = "spark.sql.warehouse.dir";

/// The settings of a session. Cheap to clone; clones part when one of them is changed.
#[derive(Clone, Debug)]
pub struct SessionConf {
    settings: Arc<BTreeMap<String, String>>,
    server: Arc<ServerConf>,
}

/// What sessions begin with.
#[derive(Clone, Debug)]
struct ServerConf {
    settings: Arc<BTreeMap<String, String>>,
    /// Zone of sessions that set none.
    local_time_zone: String,
}

/// A line of `SET -v`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinedEntry {
    pub key: &'static str,
    pub value: String,
    pub since: &'static str,
}

impl Default for SessionConf {
    /// Settings of a server whose local zone is UTC.
    fn default() -> Self {
        Self::new("UTC")
    }
}

impl SessionConf {
    /// Settings of a server with this local time zone, which is the default of `spark.sql.session.timeZone`.
    pub fn new(local_time_zone: impl Into<String>) -> Self {
        let settings = Arc::new(BTreeMap::new());
        let server = ServerConf { settings: Arc::clone(&settings), local_time_zone: local_time_zone.into() };
        Self { settings, server: Arc::new(server) }
    }

    /// Adds a setting that all sessions of the server begin with. Static keys can be set here, and only here.
    pub fn with_server_setting(mut self, key: &str, value: &str) -> SparkResult<Self> {
        check_value(key, value)?;
        Arc::make_mut(&mut Arc::make_mut(&mut self.server).settings).insert(key.to_owned(), value.to_owned());
        Arc::make_mut(&mut self.settings).insert(key.to_owned(), value.to_owned());
        Ok(self)
    }

    /// The value of a key, set or default. `SQL_CONF_NOT_FOUND` where there is neither.
    pub fn get(&self, key: &str) -> SparkResult<String> {
        self.get_option(key).ok_or_else(|| SparkError::new("SQL_CONF_NOT_FOUND").param("sqlConf", to_sql_conf(key)))
    }

    /// The value of a key, set or default; `None` where there is neither.
    pub fn get_option(&self, key: &str) -> Option<String> {
        match self.settings.get(key) {
            Some(value) => Some(value.clone()),
            None => self.default_of(Definition::find(key)?),
        }
    }

    /// The value that was set, else the given one, whatever the key's own default is.
    pub fn get_with_default(&self, key: &str, default: Option<&str>) -> SparkResult<Option<String>> {
        if let (Some(default), Some(definition)) = (default.filter(|text| *text != UNDEFINED), Definition::find(key)) {
            definition.check(default)?;
        }
        Ok(self.settings.get(key).cloned().or_else(|| default.map(str::to_owned)))
    }

    /// What was set under keys that begin with `prefix`, with the prefix taken off.
    pub fn get_all(&self, prefix: Option<&str>) -> Vec<(String, String)> {
        let prefix = prefix.unwrap_or_default();
        let stripped =
            |(key, value): (&String, &String)| key.strip_prefix(prefix).map(|rest| (rest.to_owned(), value.clone()));
        self.settings.iter().filter_map(stripped).collect()
    }

    /// Sets a key of the session.
    pub fn set(&mut self, key: &str, value: &str) -> SparkResult<()> {
        check_modifiable(key)?;
        check_value(key, value)?;
        Arc::make_mut(&mut self.settings).insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    /// Sets what can be set, and tells of the rest: a `Set` that is asked to be silent.
    pub fn set_silently(&mut self, key: &str, value: &str) -> Option<String> {
        let error = self.set(key, value).err()?;
        Some(format!("Failed to set {key} to Some({value}) due to {error}"))
    }

    /// Forgets what was set, also by the server.
    pub fn unset(&mut self, key: &str) -> SparkResult<()> {
        check_modifiable(key)?;
        Arc::make_mut(&mut self.settings).remove(key);
        Ok(())
    }

    /// Goes back to what the server set for this key: `RESET key`.
    pub fn reset_key(&mut self, key: &str) -> SparkResult<()> {
        self.unset(key)?;
        if let Some(value) = self.server.settings.get(key) {
            Arc::make_mut(&mut self.settings).insert(key.to_owned(), value.clone());
        }
        Ok(())
    }

    /// Goes back to what the server set: `RESET`.
    pub fn reset(&mut self) {
        self.settings = Arc::clone(&self.server.settings);
    }

    /// Whether a session can set the key: Spark knows it, and it is not static.
    pub fn is_modifiable(&self, key: &str) -> bool {
        Definition::find(key).is_some_and(|definition| !definition.is_static())
    }

    /// What the server tells of a key that is deprecated or unsupported, whatever is done with it.
    pub fn warning(&self, key: &str) -> Option<String> {
        history::warning(key)
    }

    /// All that was set, by key: `SET`.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.settings.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The documented keys with what was set or the default as documented, by key: `SET -v`.
    pub fn defined_entries(&self) -> Vec<DefinedEntry> {
        let entry = |definition: &'static Definition| DefinedEntry {
            key: definition.key(),
            value: self.shown_value(definition),
            since: definition.since(),
        };
        Definition::all().iter().filter(|definition| definition.is_public()).map(entry).collect()
    }

    fn shown_value(&self, definition: &Definition) -> String {
        if let Some(value) = self.settings.get(definition.key()) {
            return value.clone();
        }
        match self.dynamic_default(definition) {
            Some(value) => value,
            None => definition.shown_default().to_owned(),
        }
    }

    /// The value that was set or is the default, as the key's type. Values that do not read as the type are its zero,
    /// which happens only where the table has no default.
    pub fn read<T: ConfValue>(&self, key: &Key<T>) -> T {
        self.get_option(key.name()).and_then(|text| T::from_conf(&text)).unwrap_or_default()
    }

    /// A Boolean key by its name; `false` where there is none.
    pub fn flag(&self, key: &str) -> bool {
        self.get_option(key).and_then(|text| bool::from_conf(&text)).unwrap_or_default()
    }

    fn default_of(&self, definition: &Definition) -> Option<String> {
        if let Some(value) = self.dynamic_default(definition) {
            return Some(value);
        }
        match definition.fallback() {
            Some(parent) if self.settings.contains_key(parent) => self.settings.get(parent).cloned(),
            _ => definition.default_value().map(str::to_owned),
        }
    }

    /// Defaults that depend on the machine.
    fn dynamic_default(&self, definition: &Definition) -> Option<String> {
        match definition.key() {
            TIME_ZONE_KEY => Some(self.server.local_time_zone.clone()),
            WAREHOUSE_KEY => Some("spark-warehouse".to_owned()),
            _ => None,
        }
    }

    /// The session's time zone, spelled as it was set.
    pub fn time_zone(&self) -> &str {
        self.settings.get(TIME_ZONE_KEY).unwrap_or(&self.server.local_time_zone)
    }

    /// The session's time zone as an offset or a name of the time zone database.
    pub fn canonical_time_zone(&self) -> String {
        time_zone::canonical(self.time_zone()).unwrap_or_else(|| self.time_zone().to_owned())
    }

    /// Whether `TIMESTAMP` means the type without a zone.
    pub fn timestamp_is_ntz(&self) -> bool {
        self.read(&keys::TIMESTAMP_TYPE).eq_ignore_ascii_case("TIMESTAMP_NTZ")
    }

    /// What `TIMESTAMP` means.
    pub fn timestamp_type(&self) -> SparkType {
        if self.timestamp_is_ntz() { SparkType::TimestampNtz } else { SparkType::Timestamp }
    }

    /// Bytes of an Arrow batch that clients take at most.
    pub fn arrow_max_batch_bytes(&self) -> usize {
        usize::try_from(self.read(&keys::ARROW_MAX_BATCH_SIZE)).unwrap_or(usize::MAX)
    }

    /// Rows of an Arrow batch that a program asked for at most. None did while only the default stands: batches of more
    /// rows cost less, and their bytes are bounded.
    pub fn arrow_rows_max(&self) -> Option<usize> {
        let key = &keys::ARROW_MAX_RECORDS_PER_BATCH;
        let rows = self.settings.contains_key(key.name()).then(|| self.read(key));
        rows.and_then(|rows| usize::try_from(rows).ok()).filter(|rows| *rows > 0)
    }
}

/// Refuses keys that no session may touch.
fn check_modifiable(key: &str) -> SparkResult<()> {
    // What begins so is the server's alone.
    if key.starts_with("firesteel.") || Definition::find(key).is_some_and(Definition::is_static) {
        return Err(SparkError::new("CANNOT_MODIFY_STATIC_CONFIG").param("key", to_sql_conf(key)));
    }
    if table::is_core_key(key) {
        return Err(SparkError::new("CANNOT_MODIFY_CONFIG").param("key", to_sql_conf(key)));
    }
    Ok(())
}

fn check_value(key: &str, value: &str) -> SparkResult<()> {
    if let Some(definition) = Definition::find(key) {
        definition.check(value)?;
    }
    history::check_removed(key, value)
}

/// The value as it is shown where others may see it: secrets are hidden.
pub fn redacted(key: &str, value: &str) -> String {
    if names_a_secret(key) || names_a_secret(value) { "*********(redacted)".to_owned() } else { value.to_owned() }
}

fn names_a_secret(text: &str) -> bool {
    let text = text.to_lowercase();
    ["secret", "password", "token", "accesskey", "access.key"].iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests;
