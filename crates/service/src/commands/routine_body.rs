//! What the body of a function that is being created must not lead to: itself, objects that do not live as long as the
//! function, and data that it says it does not read.

use std::collections::HashSet;

use firesteel_base::identifier::quote_name_parts;
use firesteel_base::{Origin, SparkError, SparkResult};
use firesteel_plan::{UserFunction, ViewLookup, find_function};
use firesteel_syntax::ir::children::Child;
use firesteel_syntax::ir::routine::{CreateFunction, FunctionBody};
use firesteel_syntax::ir::{ExpressionKind, Relation, RelationKind};

use super::view::walk;
use crate::session::Session;

/// The names that a body calls and reads.
#[derive(Default)]
struct References {
    functions: Vec<Vec<String>>,
    tables: Vec<Vec<String>>,
}

fn references(create: &CreateFunction) -> References {
    let mut body = match &create.body {
        FunctionBody::Query { query, .. } => query.as_ref().clone(),
        FunctionBody::Expression { expression, .. } => {
            let input = Relation::new(RelationKind::OneRow, Origin::Unknown).boxed();
            Relation::new(RelationKind::Project { input, expressions: vec![expression.clone()] }, Origin::Unknown)
        }
    };
    let mut found = References::default();
    walk(&mut body, &mut Vec::new(), &mut |child, shadowed| match child {
        Child::Relation(relation) => match &relation.kind {
            RelationKind::Table(table) => {
                let is_shadowed = matches!(table.name.as_slice(), [only] if shadowed.contains(&only.to_lowercase()));
                if !is_shadowed {
                    found.tables.push(table.name.clone());
                }
            }
            RelationKind::TableFunction(call) => found.functions.push(call.name.clone()),
            _ => {}
        },
        Child::Expression(expression) => {
            if let ExpressionKind::Function(call) = &expression.kind {
                found.functions.push(call.name.clone());
            }
        }
    });
    found
}

/// Refuses what the body of `create`, whose full name is `name`, must not refer to.
pub(super) async fn check(session: &Session, create: &CreateFunction, name: &[String]) -> SparkResult<()> {
    let body = references(create);
    if !create.is_temporary {
        refuse_temporary(session, name, &body)?;
    }
    if create.reads_sql == Some(false) && reads_data(session, create).await? {
        return Err(SparkError::new("INVALID_SQL_FUNCTION_DATA_ACCESS"));
    }
    refuse_cycles(session, create, name).await
}

/// What outlives the session must not call or read what does not.
fn refuse_temporary(session: &Session, name: &[String], body: &References) -> SparkResult<()> {
    let visible = session.visible_views();
    let function = body
        .functions
        .iter()
        .find(|called| matches!(called.as_slice(), [only] if session.functions().contains_key(&only.to_lowercase())));
    let view = body.tables.iter().find(|table| visible.view(table).is_some());
    let Some((kind, object)) = function.map(|name| ("FUNCTION", name)).or(view.map(|name| ("VIEW", name))) else {
        return Ok(());
    };
    Err(SparkError::new("INVALID_TEMP_OBJ_REFERENCE")
        .param("obj", "FUNCTION")
        .param("objName", quote_name_parts(name.get(1..).unwrap_or(name)))
        .param("tempObj", kind)
        .param("tempObjName", quote_name_parts(object)))
}

/// Whether the body reads tables or calls functions that do.
async fn reads_data(session: &Session, create: &CreateFunction) -> SparkResult<bool> {
    let context = session.context();
    let mut pending = vec![create.clone()];
    let mut seen: HashSet<Vec<String>> = HashSet::new();
    while let Some(function) = pending.pop() {
        let body = references(&function);
        if !body.tables.is_empty() {
            return Ok(true);
        }
        for called in body.functions {
            let Some(found) = find_function(&called, &context).await? else { continue };
            if found.definition.reads_sql == Some(true) {
                return Ok(true);
            }
            if seen.insert(found.name) && found.definition.reads_sql.is_none() {
                pending.push(found.definition);
            }
        }
    }
    Ok(false)
}

/// A function must not call itself, be it through others.
async fn refuse_cycles(session: &Session, create: &CreateFunction, name: &[String]) -> SparkResult<()> {
    let context = session.context();
    let own: Vec<String> = name.iter().map(|part| part.to_lowercase()).collect();
    let mut seen: HashSet<Vec<String>> = HashSet::new();
    let mut pending = vec![(vec![own.join(".")], create.clone())];
    while let Some((path, function)) = pending.pop() {
        for called in references(&function).functions {
            let Some(UserFunction { name, definition }) = find_function(&called, &context).await? else { continue };
            let full: Vec<String> = name.iter().map(|part| part.to_lowercase()).collect();
            let mut path = path.clone();
            path.push(full.join("."));
            if full == own {
                return Err(SparkError::new("CYCLIC_FUNCTION_REFERENCE").param("path", path.join(" -> ")));
            }
            if seen.insert(full) {
                pending.push((path, definition));
            }
        }
    }
    Ok(())
}
