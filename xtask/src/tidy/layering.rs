//! Dependencies point downwards only, and some crates must not know some things at all.

#![expect(clippy::indexing_slicing, reason = "a JSON value asked for an absent name is null, never a panic")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{Problem, read};

/// The crates from the bottom up. A crate may depend on crates of lower layers only; those in one layer do not know
/// each other.
const LAYERS: &[&[&str]] = &[
    // No code of ours: it only makes all crates build their dependencies with the same features.
    &["workspace-hack"],
    &["base"],
    &["syntax"],
    &["functions", "storage", "catalog"],
    &["plan"],
    &["engine"],
    &["service"],
    &["connect"],
    &["cli"],
];

/// Crates that only development uses.
const DEVELOPMENT: &[&str] = &["testkit", "xtask"];

/// What a crate must never depend on directly.
const NEVER: &[(&str, &[&str])] = &[
    ("base", &["datafusion", "tokio", "futures", "arrow", "object_store", "tonic"]),
    ("syntax", &["datafusion", "arrow", "tokio", "prost", "tonic", "apache-spark-connect-proto"]),
    ("functions", &["tokio", "object_store", "prost", "tonic", "apache-spark-connect-proto"]),
    ("storage", &["prost", "tonic", "apache-spark-connect-proto"]),
    ("catalog", &["datafusion", "arrow", "object_store", "prost", "tonic", "apache-spark-connect-proto"]),
    ("plan", &["tokio", "object_store", "prost", "tonic", "apache-spark-connect-proto"]),
    ("engine", &["prost", "tonic", "axum", "apache-spark-connect-proto"]),
    ("service", &["prost", "tonic", "axum", "apache-spark-connect-proto"]),
    ("cli", &["datafusion"]),
];

pub fn check(root: &Path) -> Result<Vec<Problem>, String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata: {error}: {}", String::from_utf8_lossy(&output.stderr)))?;
    let empty = Vec::new();
    let mut problems = Vec::new();
    let mut names = Vec::new();
    for package in metadata["packages"].as_array().unwrap_or(&empty) {
        let name = short_name(package["name"].as_str().unwrap_or_default());
        names.push(name.to_owned());
        for dependency in package["dependencies"].as_array().unwrap_or(&empty) {
            let to = dependency["name"].as_str().unwrap_or_default();
            // Tests may use the test kit and what they need to run anything at all; our own layers hold for them too.
            let for_tests = dependency["kind"].as_str() == Some("dev");
            if for_tests && (short_name(to) == "testkit" || !to.starts_with("firesteel-")) {
                continue;
            }
            problems.extend(edge_problem(name, to));
        }
    }
    problems.extend(map_problems(root, &names)?);
    Ok(problems)
}

fn edge_problem(from: &str, to: &str) -> Option<Problem> {
    if DEVELOPMENT.contains(&from) {
        return None;
    }
    let banned = NEVER.iter().any(|(name, never)| *name == from && never.contains(&to));
    if banned {
        return Some(format!("layering: {from} must not know {to}"));
    }
    let to_crate = to.strip_prefix("firesteel-")?;
    match (layer(from), layer(to_crate)) {
        (Some(upper), Some(lower)) if upper > lower => None,
        (None, _) => Some(format!("layering: {from} has no layer; name it in xtask/src/tidy/layering.rs")),
        _ => Some(format!("layering: {from} must not depend on {to_crate}: dependencies point downwards only")),
    }
}

/// The code map names every crate.
fn map_problems(root: &Path, names: &[String]) -> Result<Vec<Problem>, String> {
    let path = root.join("ARCHITECTURE.md");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = read(&path)?;
    Ok(names
        .iter()
        .filter(|name| !text.contains(&format!("`{name}`")))
        .map(|name| format!("ARCHITECTURE.md: the code map does not name `{name}`"))
        .collect())
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

fn short_name(package: &str) -> &str {
    package.strip_prefix("firesteel-").unwrap_or(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_point_downwards() {
        assert_eq!(edge_problem("plan", "firesteel-base"), None);
        assert_eq!(edge_problem("plan", "serde_json"), None);
        assert!(edge_problem("plan", "firesteel-engine").is_some());
        assert!(edge_problem("functions", "firesteel-storage").is_some());
        assert!(edge_problem("service", "tonic").is_some());
        assert!(edge_problem("service", "firesteel-testkit").is_some());
        assert_eq!(edge_problem("testkit", "firesteel-service"), None);
    }
}
