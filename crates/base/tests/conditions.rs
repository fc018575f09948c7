//! Every error condition that the product's sources name exists in the table.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use firesteel_base::Condition;

/// Calls whose first argument is a condition's name.
const CALLS: [&str; 2] = ["SparkError::new(", "Condition::find("];

fn rust_files(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The string literal at the head of the text, if one stands there.
fn leading_literal(text: &str) -> Option<&str> {
    let (literal, _) = text.trim_start().strip_prefix('"')?.split_once('"')?;
    Some(literal)
}

#[test]
fn every_named_condition_exists() {
    let crates = Path::new("..");
    let mut files = Vec::new();
    for entry in fs::read_dir(crates).unwrap() {
        let sources = entry.unwrap().path().join("src");
        if sources.is_dir() {
            rust_files(&sources, &mut files);
        }
    }
    assert!(!files.is_empty());
    let mut unknown = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for call in CALLS {
            for (position, _) in text.match_indices(call) {
                let Some(name) = leading_literal(&text[position + call.len()..]) else { continue };
                if Condition::find(name).is_none() {
                    unknown.push(format!("{}: {name}", file.display()));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "conditions that are not in the table:\n{}", unknown.join("\n"));
}
