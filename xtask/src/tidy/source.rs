//! What each source file must have and must not have: a first paragraph of documentation; in product crates no macro
//! that prints or gives up; in tests none that skips or waits.

use std::path::Path;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::{Problem, SourceFile};

/// Macros that product code has no use for: it logs events, and refuses by name.
const FORBIDDEN: &[&str] = &["todo", "unimplemented", "dbg", "println", "print", "eprintln", "eprint"];

/// The places that talk to the user's terminal.
const PRINTS: &[&str] = &["crates/cli/src/"];

pub fn check(_root: &Path, files: &[SourceFile]) -> Result<Vec<Problem>, String> {
    let mut problems = Vec::new();
    for file in files {
        if !file.text.starts_with("//!") {
            problems.push(format!("{}:1: a file starts with a `//!` paragraph: what it is for", file.path));
        }
        let mut visitor = Visitor { file, in_tests: !file.is_product(), problems: &mut problems };
        match file.parse() {
            Ok(parsed) => visitor.visit_file(&parsed),
            Err(error) => problems.push(error),
        }
    }
    Ok(problems)
}

struct Visitor<'a> {
    file: &'a SourceFile,
    in_tests: bool,
    problems: &'a mut Vec<Problem>,
}

impl Visitor<'_> {
    fn report(&mut self, span: proc_macro2::Span, what: &str) {
        self.problems.push(format!("{}:{}: {what}", self.file.path, span.start().line));
    }

    fn may_print(&self) -> bool {
        PRINTS.iter().any(|place| self.file.path.starts_with(place))
    }
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let outside = self.in_tests;
        self.in_tests |= module.attrs.iter().any(is_test_configuration);
        visit::visit_item_mod(self, module);
        self.in_tests = outside;
    }

    fn visit_macro(&mut self, found: &'ast syn::Macro) {
        let name = found.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        if !self.in_tests && FORBIDDEN.contains(&name.as_str()) && !(self.may_print() && name.contains("print")) {
            self.report(found.span(), &format!("`{name}!` has no place in a product crate"));
        }
        visit::visit_macro(self, found);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if attribute.path().is_ident("ignore") {
            self.report(attribute.span(), "`#[ignore]`: assert what happens today instead");
        }
        visit::visit_attribute(self, attribute);
    }
}

fn is_test_configuration(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_of(path: &str, text: &str) -> Vec<Problem> {
        check(Path::new("."), &[SourceFile { path: path.to_owned(), text: text.to_owned() }]).unwrap()
    }

    #[test]
    fn forbidden_macros_are_found_in_product_code_only() {
        let text = "//! Text.\nfn f() { println!(\"x\"); }\n#[cfg(test)]\nmod tests { fn g() { todo!() } }\n";
        assert_eq!(problems_of("crates/plan/src/a.rs", text).len(), 1);
        assert_eq!(problems_of("crates/plan/tests/a.rs", text).len(), 0);
        assert_eq!(problems_of("crates/cli/src/sql.rs", text).len(), 0);
    }

    #[test]
    fn files_open_with_what_they_are_for() {
        assert_eq!(problems_of("xtask/src/a.rs", "fn f() {}").len(), 1);
    }
}
