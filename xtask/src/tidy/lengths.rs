//! Functions and files stay short. Those that are long already stand in a list with their length, and may only shrink:
//! the list is a ratchet, written again with `cargo xtask tidy --update`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::{Problem, SourceFile, read};

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 800;
const LIST: &str = "xtask/long.txt";
const LIST_HEAD: &str = "# Functions over 70 lines and files over 800, with their lines. None may be added, none may grow.\n\
                         # Written by `cargo xtask tidy --update`, which refuses to write a larger number.\n";

pub fn check(root: &Path, files: &[SourceFile], update: bool) -> Result<Vec<Problem>, String> {
    let mut long = BTreeMap::new();
    for file in files {
        let lines = file.text.lines().count();
        if lines > FILE_LINES_MAX {
            long.insert(file.path.clone(), lines);
        }
        // A file that does not parse is reported by the check of sources.
        if let Ok(parsed) = file.parse() {
            Visitor { file, long: &mut long }.visit_file(&parsed);
        }
    }
    let path = root.join(LIST);
    let first_time = !path.exists();
    let known = if first_time { BTreeMap::new() } else { parse(&read(&path)?) };
    let mut problems = Vec::new();
    for (name, lines) in &long {
        match known.get(name) {
            _ if first_time && update => {}
            None => problems.push(format!("{name}: {lines} lines; shorten it")),
            Some(before) if lines > before => problems.push(format!("{name}: grew from {before} to {lines} lines")),
            Some(_) => {}
        }
    }
    let shrank = known.iter().any(|(name, before)| long.get(name).is_none_or(|now| now < before));
    if update && problems.is_empty() {
        let body: String = long.iter().map(|(name, lines)| format!("{name} {lines}\n")).collect();
        fs::write(&path, format!("{LIST_HEAD}{body}")).map_err(|error| format!("{LIST}: {error}"))?;
    } else if shrank {
        problems.push(format!("{LIST}: some of it is shorter now; run `cargo xtask tidy --update`"));
    }
    Ok(problems)
}

fn parse(text: &str) -> BTreeMap<String, usize> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let (name, lines) = line.rsplit_once(' ')?;
            Some((name.to_owned(), lines.parse().ok()?))
        })
        .collect()
}

struct Visitor<'a> {
    file: &'a SourceFile,
    long: &'a mut BTreeMap<String, usize>,
}

impl Visitor<'_> {
    /// Counts the lines from the signature to the closing brace.
    fn measure(&mut self, name: &syn::Ident, block: &syn::Block) {
        let lines = block.span().end().line + 1 - name.span().start().line;
        if lines > FUNCTION_LINES_MAX {
            let key = format!("{}::{name}", self.file.path);
            let longest = self.long.entry(key).or_default();
            *longest = lines.max(*longest);
        }
    }
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.measure(&function.sig.ident, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measure(&function.sig.ident, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.measure(&function.sig.ident, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}
