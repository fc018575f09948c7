//! Lists of cases that do not pass yet: one line a file with the numbers of its failing steps. They may only shrink.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The numbers of failing steps, by file. Numbers count from one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownFailures {
    steps: BTreeMap<String, BTreeSet<usize>>,
}

impl KnownFailures {
    /// An absent file is an empty list.
    pub fn read(path: &Path) -> io::Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        Ok(Self::parse(&fs::read_to_string(path)?))
    }

    fn parse(text: &str) -> Self {
        let mut steps: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, numbers)) = line.split_once(": ") {
                steps.entry(name.to_owned()).or_default().extend(numbers.split(' ').flat_map(range));
            }
        }
        Self { steps }
    }

    pub fn contains(&self, file: &str, step: usize) -> bool {
        self.steps.get(file).is_some_and(|steps| steps.contains(&step))
    }

    pub fn insert(&mut self, file: &str, step: usize) {
        self.steps.entry(file.to_owned()).or_default().insert(step);
    }

    pub fn len(&self) -> usize {
        self.steps.values().map(BTreeSet::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the list below the given comment lines.
    pub fn write(&self, path: &PathBuf, head: &str) -> io::Result<()> {
        let mut text = String::from(head);
        for (file, steps) in &self.steps {
            if !steps.is_empty() {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{file}: {}", compact(steps));
            }
        }
        fs::write(path, text)
    }
}

/// `7` is one step, `3-5` are three.
fn range(text: &str) -> std::ops::Range<usize> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) => first..last + 1,
        _ => 0..0,
    }
}

fn compact(steps: &BTreeSet<usize>) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for step in steps {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *step => *last = *step,
            _ => ranges.push((*step, *step)),
        }
    }
    let texts: Vec<String> = ranges
        .iter()
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") })
        .collect();
    texts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_back() {
        let list = KnownFailures::parse("# comment\na/b: 1-3 7\n");
        assert!(list.contains("a/b", 2) && list.contains("a/b", 7) && !list.contains("a/b", 4));
        assert_eq!(list.len(), 4);
        assert_eq!(compact(&list.steps["a/b"]), "1-3 7");
    }
}
