//! All functions by name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::function::Function;

/// The groups, one list each: adding a function is adding a line to its group's list.
static GROUPS: &[&[&Function]] = &[
    crate::aggregate::FUNCTIONS,
    crate::cast::FUNCTIONS,
    crate::collation::FUNCTIONS,
    crate::collection::FUNCTIONS,
    crate::conditional::FUNCTIONS,
    crate::datetime::FUNCTIONS,
    crate::generator::FUNCTIONS,
    crate::geospatial::FUNCTIONS,
    crate::hash::FUNCTIONS,
    crate::higher_order::FUNCTIONS,
    crate::math::FUNCTIONS,
    crate::misc::FUNCTIONS,
    crate::operator::FUNCTIONS,
    crate::predicate::FUNCTIONS,
    crate::sketch::FUNCTIONS,
    crate::string::FUNCTIONS,
    crate::variant::FUNCTIONS,
    crate::window::FUNCTIONS,
    crate::xml::FUNCTIONS,
];

static BY_NAME: LazyLock<BTreeMap<&'static str, &'static Function>> = LazyLock::new(|| {
    GROUPS
        .iter()
        .flat_map(|group| group.iter())
        .flat_map(|function| {
            std::iter::once(function.name).chain(function.aliases.iter().copied()).map(|name| (name, *function))
        })
        .collect()
});

/// The function of this name or alias, whatever its case.
pub fn find(name: &str) -> Option<&'static Function> {
    BY_NAME.get(name.to_lowercase().as_str()).copied()
}

/// All names and aliases in order, with their functions.
pub fn all() -> impl Iterator<Item = (&'static str, &'static Function)> {
    BY_NAME.iter().map(|(name, function)| (*name, *function))
}
