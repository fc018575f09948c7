//! Paths as users write them: with or without scheme, relative, with globs. Only local paths are built;
//! every other scheme is refused by name.

use std::path::{Component, Path, PathBuf};

use firesteel_base::{SparkError, SparkResult};

/// A path on this machine: absolute, without `.` and `..`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    path: PathBuf,
}

impl Location {
    /// Reads a path as Spark does: `file:/a`, `file:///a`, `/a`, or relative to the working directory.
    pub fn parse(text: &str) -> SparkResult<Self> {
        let local = match scheme_of(text) {
            None => text,
            Some("file") => {
                let rest = text.get("file:".len()..).unwrap_or_default();
                // An authority may stand between `//` and the path; only an empty one or this host make sense.
                match rest.strip_prefix("//") {
                    Some(with_authority) if with_authority.starts_with('/') => with_authority,
                    Some(with_authority) => with_authority.strip_prefix("localhost").unwrap_or(rest),
                    None => rest,
                }
            }
            Some(scheme) => return Err(SparkError::unsupported(format!("file system {scheme}"))),
        };
        let absolute = std::path::absolute(local)
            .map_err(|error| SparkError::new("PATH_NOT_FOUND").param("path", text).caused_by(error))?;
        Ok(Self { path: without_dots(&absolute) })
    }

    pub(crate) fn from_path(path: PathBuf) -> Self {
        Self { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the last component; empty for the root.
    pub(crate) fn name(&self) -> String {
        name_of(&self.path)
    }

    /// `file:/a/b`, as Spark's messages show a path.
    pub fn qualified(&self) -> String {
        format!("file:{}", self.path.display())
    }

    /// Whether it holds a character that makes it a pattern.
    pub(crate) fn is_glob(&self) -> bool {
        self.path.to_string_lossy().contains(['{', '}', '[', ']', '*', '?', '\\'])
    }

    /// The paths that a pattern matches, sorted; blocking.
    pub(crate) fn glob(&self) -> Vec<Self> {
        let mut found: Vec<PathBuf> = expand_braces(&self.path.to_string_lossy())
            .iter()
            .flat_map(|pattern| glob_components(Path::new(pattern)))
            .collect();
        found.sort();
        found.dedup();
        found.into_iter().map(Self::from_path).collect()
    }

    /// The location as an address: `file:///a/b%20c`.
    pub(crate) fn url(&self) -> String {
        file_url(&self.path)
    }

    /// The path under which the file store of this machine knows it.
    pub(crate) fn store_path(&self) -> SparkResult<object_store::path::Path> {
        let text = self.path.to_string_lossy();
        object_store::path::Path::parse(text.trim_start_matches('/'))
            .map_err(|error| SparkError::new("PATH_NOT_FOUND").param("path", self.qualified()).caused_by(error))
    }
}

/// `file:///a/b%20c`, as `inputFiles()` and `input_file_name()` say it.
pub(crate) fn file_url(path: &Path) -> String {
    url::Url::from_file_path(path).map_or_else(|()| format!("file://{}", path.display()), String::from)
}

pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Files and directories that Spark passes over: `_…` (unless a partition directory), `.…` and copies under way.
pub(crate) fn is_hidden(name: &str) -> bool {
    (name.starts_with('_') && !name.contains('=')) || name.starts_with('.') || name.ends_with("._COPYING_")
}

/// The scheme before the first `:`, unless a `/` comes earlier.
fn scheme_of(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    valid.then_some(scheme)
}

/// Resolves `.` and `..` by name alone, as Hadoop's paths do.
fn without_dots(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                resolved.pop();
            }
            Component::CurDir => {}
            other => resolved.push(other),
        }
    }
    resolved
}

/// The patterns without braces that `a{b,c}d` stands for.
fn expand_braces(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
    let mut depth = 1_usize;
    let mut alternatives = vec![String::new()];
    for (position, character) in rest.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let after = rest.get(position + 1..).unwrap_or_default();
            return alternatives.iter().flat_map(|middle| expand_braces(&format!("{before}{middle}{after}"))).collect();
        }
        if depth == 1 && character == ',' {
            alternatives.push(String::new());
        } else if let Some(last) = alternatives.last_mut() {
            last.push(character);
        }
    }
    vec![pattern.to_owned()]
}

/// Walks the components of a pattern through the directories that exist.
fn glob_components(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("/")];
    for component in pattern.components() {
        let Component::Normal(name) = component else { continue };
        let name = name.to_string_lossy();
        found = if name.contains(['*', '?', '[', '\\']) {
            match glob::Pattern::new(&as_glob_pattern(&name)) {
                Ok(pattern) => found.iter().flat_map(|directory| matching_entries(directory, &pattern)).collect(),
                Err(_) => Vec::new(),
            }
        } else {
            found.into_iter().map(|directory| directory.join(&*name)).filter(|path| path.exists()).collect()
        };
    }
    found
}

/// The patterns that a glob for a single name stands for; `None` where it is none.
pub(crate) fn glob_patterns(text: &str) -> Option<Vec<glob::Pattern>> {
    expand_braces(text).iter().map(|pattern| glob::Pattern::new(&as_glob_pattern(pattern)).ok()).collect()
}

/// Hadoop's pattern in the words of the glob crate: `\x` and `[^x]` are written otherwise there.
fn as_glob_pattern(component: &str) -> String {
    let mut pattern = String::with_capacity(component.len());
    let mut characters = component.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                if let Some(escaped) = characters.next() {
                    pattern.push_str(&glob::Pattern::escape(&escaped.to_string()));
                }
            }
            '[' if characters.peek() == Some(&'^') => {
                characters.next();
                pattern.push_str("[!");
            }
            other => pattern.push(other),
        }
    }
    pattern
}

fn matching_entries(directory: &Path, pattern: &glob::Pattern) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| pattern.matches(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_spelling_of_a_local_path() {
        for text in ["/a/b", "file:/a/b", "file:///a/b", "file://localhost/a/b", "/a/./c/../b/", "/a//b"] {
            assert_eq!(Location::parse(text).unwrap().qualified(), "file:/a/b", "{text}");
        }
        assert_eq!(Location::parse("s3a://bucket/key").unwrap_err().condition(), "NOT_IMPLEMENTED");
        assert!(Location::parse("relative/x").unwrap().path().is_absolute());
    }

    #[test]
    fn expands_braces() {
        assert_eq!(expand_braces("a{b,c{d,e}}f"), ["abf", "acdf", "acef"]);
    }
}
