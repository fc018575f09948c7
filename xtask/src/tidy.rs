//! `cargo xtask tidy`: rules of the house that neither the compiler nor clippy checks. Every problem found is listed;
//! one is enough to fail.

mod layering;
mod lengths;
mod links;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

/// Something that breaks a rule, with its place.
type Problem = String;

/// Runs all checks below `root`.
pub fn run(root: &Path, update: bool) -> Result<String, String> {
    let files = rust_files(root)?;
    let mut problems = layering::check(root)?;
    problems.extend(source::check(root, &files)?);
    problems.extend(lengths::check(root, &files, update)?);
    problems.extend(links::check(root)?);
    if problems.is_empty() {
        Ok(format!("tidy: {} Rust files, no problem", files.len()))
    } else {
        Err(format!("tidy: {} problems\n{}", problems.len(), problems.join("\n")))
    }
}

/// A Rust source file.
struct SourceFile {
    /// Relative to the checkout.
    path: String,
    text: String,
}

impl SourceFile {
    fn crate_name(&self) -> &str {
        let mut parts = self.path.split('/');
        match (parts.next(), parts.next()) {
            (Some("crates"), Some(name)) => name,
            (Some(name), _) => name,
            _ => "",
        }
    }

    /// Whether it is compiled into a product crate, not only into tests.
    fn is_product(&self) -> bool {
        self.path.starts_with("crates/") && self.crate_name() != "testkit" && self.path.contains("/src/")
    }

    fn parse(&self) -> Result<syn::File, String> {
        syn::parse_file(&self.text).map_err(|error| format!("{}: {error}", self.path))
    }
}

fn rust_files(root: &Path) -> Result<Vec<SourceFile>, String> {
    let mut paths = Vec::new();
    for top in ["crates", "xtask"] {
        walk(&root.join(top), "rs", &mut paths)?;
    }
    paths
        .into_iter()
        .map(|path| {
            let text = read(&path)?;
            Ok(SourceFile { path: relative(root, &path), text })
        })
        .collect()
}

/// All files below `directory` with the extension, sorted; hidden directories and build output are passed over.
fn walk(directory: &Path, extension: &str, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" {
                walk(&path, extension, found)?;
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}
