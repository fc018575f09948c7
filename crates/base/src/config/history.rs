//! Keys that Spark gave up: deprecated ones, which still work, and removed ones, which take only their old default.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::error::{SparkError, SparkResult};

/// Fate, key, version, key to use instead, and of removed keys the default they had.
static TABLE: &str = include_str!("../../data/conf-history.tsv");

static ROWS: LazyLock<HashMap<&'static str, Fate>> = LazyLock::new(|| {
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        let (fate, key) = (cells.next()?, cells.next()?);
        let version = cells.next().unwrap_or_default();
        let instead = cells.next().filter(|instead| !instead.is_empty());
        let fate = match fate {
            "unsupported" => Fate::Unsupported,
            "deprecated" => Fate::Deprecated { version, instead },
            "removed" => Fate::Removed { version, instead, default: cells.next().unwrap_or_default() },
            _ => return None,
        };
        Some((key, fate))
    };
    TABLE.lines().filter_map(row).collect()
});

#[derive(Clone, Copy, Debug)]
enum Fate {
    /// It has no meaning for remote clients.
    Unsupported,
    Deprecated {
        version: &'static str,
        instead: Option<&'static str>,
    },
    Removed {
        version: &'static str,
        instead: Option<&'static str>,
        default: &'static str,
    },
}

/// What the server tells of the key.
pub(super) fn warning(key: &str) -> Option<String> {
    match ROWS.get(key)? {
        Fate::Unsupported => Some(format!("The SQL config '{key}' is NOT supported in Spark Connect")),
        Fate::Deprecated { version, instead } => {
            let advice = advice(*instead).map(|advice| format!(" {advice}")).unwrap_or_default();
            Some(format!(
                "The SQL config '{key}' has been deprecated in Spark v{version} and may be removed in the future.{advice}"
            ))
        }
        Fate::Removed { .. } => None,
    }
}

/// Refuses to set a removed key to anything but the default it had.
pub(super) fn check_removed(key: &str, value: &str) -> SparkResult<()> {
    match ROWS.get(key) {
        Some(Fate::Removed { version, instead, default }) if *default != value => {
            Err(SparkError::new("_LEGACY_ERROR_TEMP_1226")
                .param("configName", key)
                .param("version", *version)
                .param("comment", advice(*instead).unwrap_or_default()))
        }
        _ => Ok(()),
    }
}

fn advice(instead: Option<&str>) -> Option<String> {
    instead.map(|instead| format!("Use '{instead}' instead."))
}
