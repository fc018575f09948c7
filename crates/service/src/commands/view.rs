//! `CREATE VIEW` and `DROP VIEW`, for temporary views.

use std::collections::HashSet;
use std::sync::Arc;

use firesteel_base::identifier::{quote_identifier, quote_name_parts};
use firesteel_base::{SparkError, SparkResult, SparkSchema};
use firesteel_plan::{View, ViewLookup};
use firesteel_syntax::ir::children::{Child, expression_children, relation_children};
use firesteel_syntax::ir::command::{CreateView, ViewScope};
use firesteel_syntax::ir::{Relation, RelationKind};

use crate::analysis::quoted_columns;
use crate::answer::CommandResult;
use crate::session::Session;
use crate::views::{GLOBAL_TEMP_DATABASE, ViewName, VisibleViews};

pub(super) async fn create(session: &Session, create: CreateView) -> SparkResult<CommandResult> {
    let visible = session.visible_views();
    let place = place(&visible, &create)?;
    if create.if_not_exists {
        // Spark refuses this in its parser; a client's plan cannot say it.
        return Err(SparkError::unsupported("temporary views with IF NOT EXISTS"));
    }
    if !create.properties.is_empty() {
        return Err(SparkError::unsupported("properties of temporary views"));
    }
    let mut query = *create.query;
    session.precompute(&mut query).await?;
    let schema = session.analyze(query.clone()).await?.schema;
    check_columns(&create.name, &create.columns, &schema)?;
    if create.text.is_some() {
        check_duplicates(&visible, &create.columns, &schema)?;
        check_cycle(&visible, &create.name, &query)?;
    } else {
        visible.capture(&mut query);
    }
    let (views, name, key) = match &place {
        ViewName::Session(key) => (&session.views, create.name.last().cloned().into_iter().collect(), key),
        ViewName::Global(key) => {
            let last = create.name.last().cloned();
            (&session.global_views, [Some(GLOBAL_TEMP_DATABASE.to_owned()), last].into_iter().flatten().collect(), key)
        }
    };
    let view =
        View { name, query: Arc::new(query), columns: create.columns, text: create.text, comment: create.comment };
    views.create(key, view, create.replace, session.limits().views_max)?;
    Ok(CommandResult::empty())
}

/// Where the view goes by its scope and the qualifier of its name.
fn place(visible: &VisibleViews, create: &CreateView) -> SparkResult<ViewName> {
    let name = create.name.last().cloned().unwrap_or_default();
    let qualifier = create.name.get(..create.name.len().saturating_sub(1)).unwrap_or_default();
    let misplaced = || {
        SparkError::new("INVALID_TEMP_OBJ_QUALIFIER")
            .param("objectType", "VIEW")
            .param("objectName", quote_identifier(&name))
            .param("qualifier", quote_name_parts(qualifier))
    };
    match create.scope {
        ViewScope::Persistent => Err(SparkError::unsupported("CREATE VIEW without TEMPORARY")),
        ViewScope::Temporary => match visible.locate(&create.name) {
            Some(place @ ViewName::Session(_)) => Ok(place),
            _ => Err(misplaced()),
        },
        ViewScope::GlobalTemporary => match qualifier {
            [] => Ok(ViewName::Global(visible.key(&name))),
            [database] if database.eq_ignore_ascii_case(GLOBAL_TEMP_DATABASE) => {
                Ok(ViewName::Global(visible.key(&name)))
            }
            _ => Err(misplaced()),
        },
    }
}

/// Given column names must be as many as the query's columns.
fn check_columns(name: &[String], columns: &[(String, Option<String>)], schema: &SparkSchema) -> SparkResult<()> {
    let condition = match columns.len().cmp(&schema.len()) {
        _ if columns.is_empty() => return Ok(()),
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Greater => "CREATE_VIEW_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS",
        std::cmp::Ordering::Less => "CREATE_VIEW_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS",
    };
    let given: Vec<String> = columns.iter().map(|(column, _)| quote_identifier(column)).collect();
    Err(SparkError::new(condition)
        .param("viewName", quote_name_parts(name))
        .param("viewColumns", given.join(", "))
        .param("dataColumns", quoted_columns(schema)))
}

fn check_duplicates(
    visible: &VisibleViews,
    columns: &[(String, Option<String>)],
    schema: &SparkSchema,
) -> SparkResult<()> {
    let names: Vec<&str> = if columns.is_empty() {
        schema.iter().map(|field| field.name.as_str()).collect()
    } else {
        columns.iter().map(|(column, _)| column.as_str()).collect()
    };
    let mut seen = HashSet::new();
    match names.into_iter().find(|name| !seen.insert(visible.key(name))) {
        Some(twice) => {
            Err(SparkError::new("COLUMN_ALREADY_EXISTS").param("columnName", quote_identifier(&visible.key(twice))))
        }
        None => Ok(()),
    }
}

/// A view that is looked up anew at each use must not lead back to itself.
fn check_cycle(visible: &VisibleViews, name: &[String], query: &Relation) -> SparkResult<()> {
    let Some(target) = visible.locate(name) else { return Ok(()) };
    let mut path = vec![quote_name_parts(name)];
    let mut relation = query.clone();
    if leads_to(visible, &target, &mut relation, &mut path, &mut HashSet::new()) {
        return Err(SparkError::new("RECURSIVE_VIEW")
            .param("viewIdent", quote_name_parts(name))
            .param("newPath", path.join(" -> ")));
    }
    Ok(())
}

fn leads_to(
    visible: &VisibleViews,
    target: &ViewName,
    relation: &mut Relation,
    path: &mut Vec<String>,
    seen: &mut HashSet<Vec<String>>,
) -> bool {
    if let RelationKind::Table(table) = &relation.kind {
        let name = table.name.clone();
        if visible.locate(&name).as_ref() == Some(target) {
            path.push(quote_name_parts(&name));
            return true;
        }
        if let Some(view) = visible.view(&name)
            && seen.insert(name.clone())
        {
            path.push(quote_name_parts(&name));
            let mut query = Relation::clone(&view.query);
            if leads_to(visible, target, &mut query, path, seen) {
                return true;
            }
            path.pop();
        }
    }
    let mut pending: Vec<Child<'_>> = relation_children(relation);
    while let Some(child) = pending.pop() {
        match child {
            Child::Relation(relation) => {
                if stacker::maybe_grow(64 << 10, 1 << 20, || leads_to(visible, target, relation, path, seen)) {
                    return true;
                }
            }
            Child::Expression(expression) => pending.extend(expression_children(expression)),
        }
    }
    false
}

pub(super) fn drop(session: &Session, name: &[String], if_exists: bool) -> SparkResult<CommandResult> {
    if session.visible_views().drop(name) || if_exists {
        return Ok(CommandResult::empty());
    }
    // Spark goes on to look for a persistent view, under the whole name.
    let full: Vec<String> = match name {
        [view] => vec!["spark_catalog".to_owned(), "default".to_owned(), view.clone()],
        [database, view] => vec!["spark_catalog".to_owned(), database.clone(), view.clone()],
        other => other.to_vec(),
    };
    let searched = full.get(..full.len().saturating_sub(1)).unwrap_or_default();
    Err(SparkError::new("TABLE_OR_VIEW_NOT_FOUND")
        .param("relationName", quote_name_parts(&full))
        .param("searchPath", format!("[{}]", quote_name_parts(searched))))
}
