//! Temporary views of a session, and global temporary views of all sessions.
//!
//! A view made by SQL is looked up anew each time it is read. A view made of a DataFrame keeps the views it reads:
//! their queries are put in place of their names when it is made, so that replacing one of them later changes nothing.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::sync::Arc;

use firesteel_base::identifier::quote_name_parts;
use firesteel_base::{SparkError, SparkResult};
use firesteel_plan::{View, ViewLookup};
use firesteel_syntax::ir::children::{Child, expression_children, relation_children};
use firesteel_syntax::ir::{Expression, Relation, RelationKind};
use parking_lot::RwLock;

/// The database of global temporary views.
pub const GLOBAL_TEMP_DATABASE: &str = "global_temp";

/// Views by name. Cheap to clone; clones share the views.
#[derive(Clone, Default)]
pub(crate) struct Views(Arc<RwLock<BTreeMap<String, View>>>);

impl Views {
    /// Adds a view; an existing one is replaced, or refused with `TEMP_TABLE_OR_VIEW_ALREADY_EXISTS`.
    pub(crate) fn create(&self, name: &str, view: View, replace: bool, views_max: usize) -> SparkResult<()> {
        let mut views = self.0.write();
        let exists = views.contains_key(name);
        if exists && !replace {
            return Err(
                SparkError::new("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS").param("relationName", quote_name_parts(&[name]))
            );
        }
        if !exists && views.len() >= views_max {
            return Err(crate::limit_reached("temporary views", views_max));
        }
        views.insert(name.to_owned(), view);
        Ok(())
    }

    /// The views as they are now, in a collection of their own.
    pub(crate) fn duplicate(&self) -> Self {
        Self(Arc::new(RwLock::new(self.0.read().clone())))
    }

    /// Whether there was one.
    pub(crate) fn drop(&self, name: &str) -> bool {
        self.0.write().remove(name).is_some()
    }

    pub(crate) fn get(&self, name: &str) -> Option<View> {
        self.0.read().get(name).cloned()
    }

    /// Names in order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.read().keys().cloned().collect()
    }
}

/// The views that a session sees.
#[derive(Clone)]
pub(crate) struct VisibleViews {
    pub(crate) session: Views,
    pub(crate) global: Views,
    pub(crate) case_sensitive: bool,
}

/// Where a view's name points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ViewName {
    Session(String),
    Global(String),
}

impl VisibleViews {
    /// The name as views are kept by.
    pub(crate) fn key(&self, name: &str) -> String {
        if self.case_sensitive { name.to_owned() } else { name.to_lowercase() }
    }

    /// What a name of several parts means, if it may be a temporary view's: `v`, `session.v`, `system.session.v` or
    /// `global_temp.v`.
    pub(crate) fn locate(&self, name: &[String]) -> Option<ViewName> {
        let is = |part: &String, word: &str| part.eq_ignore_ascii_case(word);
        match name {
            [view] => Some(ViewName::Session(self.key(view))),
            [database, view] if is(database, GLOBAL_TEMP_DATABASE) => Some(ViewName::Global(self.key(view))),
            [session, view] if is(session, "session") => Some(ViewName::Session(self.key(view))),
            [system, session, view] if is(system, "system") && is(session, "session") => {
                Some(ViewName::Session(self.key(view)))
            }
            _ => None,
        }
    }

    /// Drops the view of this name, if there is one.
    pub(crate) fn drop(&self, name: &[String]) -> bool {
        match self.locate(name) {
            Some(ViewName::Session(view)) => self.session.drop(&view),
            Some(ViewName::Global(view)) => self.global.drop(&view),
            None => false,
        }
    }

    /// Gives a view another name.
    pub(crate) fn rename(&self, from: &[String], to: &[String]) -> SparkResult<()> {
        let (Some(old), Some(name)) = (self.locate(from), to.last()) else { return Ok(()) };
        let (views, key) = match &old {
            ViewName::Session(key) => (&self.session, key),
            ViewName::Global(key) => (&self.global, key),
        };
        let Some(mut view) = views.get(key) else { return Ok(()) };
        if let Some(last) = view.name.last_mut() {
            last.clone_from(name);
        }
        views.create(&self.key(name), view, false, usize::MAX)?;
        views.drop(key);
        Ok(())
    }

    /// Puts the queries of the views that `relation` reads in place of their names.
    pub(crate) fn capture(&self, relation: &mut Relation) {
        self.capture_in(relation, &mut HashSet::new());
    }

    fn capture_in(&self, relation: &mut Relation, tables: &mut HashSet<String>) {
        stacker::maybe_grow(64 << 10, 1 << 20, || match &mut relation.kind {
            RelationKind::Table(table) => {
                let shadowed = matches!(table.name.as_slice(), [name] if tables.contains(&name.to_lowercase()));
                if !shadowed && let Some(view) = self.view(&table.name) {
                    relation.kind = self.captured(&view);
                }
            }
            RelationKind::With(with) => {
                let mut inner = tables.clone();
                for table in &mut with.tables {
                    self.capture_in(&mut table.query, &mut inner);
                    inner.insert(table.name.to_lowercase());
                }
                self.capture_in(&mut with.input, &mut inner);
            }
            _ => self.capture_children(relation_children(relation), tables),
        });
    }

    fn capture_children(&self, children: Vec<Child<'_>>, tables: &mut HashSet<String>) {
        for child in children {
            match child {
                Child::Relation(relation) => self.capture_in(relation, tables),
                Child::Expression(expression) => self.capture_in_expression(expression, tables),
            }
        }
    }

    fn capture_in_expression(&self, expression: &mut Expression, tables: &mut HashSet<String>) {
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            self.capture_children(expression_children(expression), tables);
        });
    }

    /// A view's query under the view's name, with what it reads captured in turn.
    fn captured(&self, view: &View) -> RelationKind {
        let mut query = Relation::clone(&view.query);
        self.capture(&mut query);
        let name = view.name.last().cloned().unwrap_or_default();
        let qualifier = view.name.iter().rev().skip(1).rev().cloned().collect();
        let columns = view.columns.iter().map(|(column, _)| column.clone()).collect();
        RelationKind::SubqueryAlias { input: query.boxed(), name, qualifier, columns }
    }
}

impl ViewLookup for VisibleViews {
    fn view(&self, name: &[String]) -> Option<View> {
        match self.locate(name)? {
            ViewName::Session(view) => self.session.get(&view),
            ViewName::Global(view) => self.global.get(&view),
        }
    }
}

/// `SHOW … LIKE` patterns: `*` stands for anything, `|` separates alternatives, case does not count.
pub(crate) fn matches_pattern(name: &str, pattern: &str) -> bool {
    let name = name.to_lowercase();
    pattern.to_lowercase().split('|').any(|alternative| matches_glob(name.as_str(), alternative.trim()))
}

fn matches_glob(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((head, rest)) => name.strip_prefix(head).is_some_and(|tail| {
            // Any tail of the name may match what is behind the star.
            tail.char_indices()
                .map(|(index, _)| index)
                .chain([tail.len()])
                .any(|index| tail.get(index..).is_some_and(|tail| matches_glob(tail, rest)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use firesteel_base::Origin;

    use super::*;

    fn view(name: &str, query: Relation) -> View {
        View {
            name: vec![name.to_owned()],
            query: Arc::new(query),
            columns: vec![],
            text: None,
            comment: None,
            persistent: None,
        }
    }

    fn table(name: &str) -> Relation {
        Relation::table(vec![name.to_owned()], Origin::Unknown)
    }

    #[test]
    fn a_captured_view_does_not_change_with_what_it_reads() {
        let views = VisibleViews { session: Views::default(), global: Views::default(), case_sensitive: false };
        let one = Relation::new(RelationKind::OneRow, Origin::Unknown);
        views.session.create("u", view("u", one.clone()), false, 10).unwrap();
        let mut reads = Relation::new(RelationKind::Distinct { input: table("U").boxed() }, Origin::Unknown);
        views.capture(&mut reads);
        let RelationKind::Distinct { input } = reads.kind else { panic!("{reads:?}") };
        let RelationKind::SubqueryAlias { input, name, .. } = input.kind else { panic!("{input:?}") };
        assert_eq!((*input, name.as_str()), (one, "u"));
        let mut unknown = table("nope");
        views.capture(&mut unknown);
        assert_eq!(unknown, table("nope"));
    }

    #[test]
    fn existing_views_are_replaced_only_when_asked() {
        let views = Views::default();
        views.create("v", view("v", table("a")), false, 10).unwrap();
        let error = views.create("v", view("v", table("b")), false, 10).unwrap_err();
        assert_eq!(error.condition(), "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS");
        views.create("v", view("v", table("b")), true, 10).unwrap();
        assert!(views.drop("v") && !views.drop("v"));
    }

    #[test]
    fn patterns_match_as_in_show() {
        assert!(matches_pattern("v1", "v*") && matches_pattern("V1", "x|v1") && matches_pattern("abc", "*b*"));
        assert!(!matches_pattern("v1", "v") && !matches_pattern("abc", "a*b"));
    }
}
