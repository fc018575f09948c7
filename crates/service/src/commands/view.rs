//! `CREATE VIEW`, `ALTER VIEW … AS` and `DROP VIEW`.

use std::collections::HashSet;
use std::sync::Arc;

use firesteel_base::identifier::{quote_identifier, quote_name_parts};
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema};
use firesteel_catalog::{Kind, ObjectName, OnExisting, Table, ViewText, already_exists, database_not_found};
use firesteel_plan::{View, ViewLookup};
use firesteel_syntax::ir::children::{Child, expression_children, relation_children};
use firesteel_syntax::ir::command::{CreateView, ViewScope};
use firesteel_syntax::ir::{ExpressionKind, Relation, RelationKind};
use indexmap::IndexMap;

use super::names;
use super::variable::Target;

use crate::analysis::quoted_columns;
use crate::answer::CommandResult;
use crate::session::Session;
use crate::views::{GLOBAL_TEMP_DATABASE, ViewName, VisibleViews};

pub(super) async fn create(session: &Session, create: CreateView) -> SparkResult<CommandResult> {
    if create.scope == ViewScope::Persistent {
        return create_persistent(session, create).await;
    }
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
    let view = View {
        name,
        query: Arc::new(query),
        columns: create.columns,
        text: create.text,
        comment: create.comment,
        persistent: None,
    };
    if create.replace {
        session.uncache_view(&create.name);
    }
    views.create(key, view, create.replace, session.limits().views_max)?;
    Ok(CommandResult::empty())
}

/// A view that the catalog keeps as the text of its query.
async fn create_persistent(session: &Session, create: CreateView) -> SparkResult<CommandResult> {
    let name = names::object_name(session, &create.name)?;
    names::check_name(&name.name)?;
    let Some(text) = &create.text else {
        return Err(SparkError::unsupported("persistent views of DataFrames"));
    };
    if session.catalog().database(&name.database).await?.is_none() {
        return Err(database_not_found(&name.database));
    }
    let existing = session.catalog().table(&name).await?;
    if let Some(existing) = &existing {
        if create.if_not_exists {
            return Ok(CommandResult::empty());
        }
        if !create.replace {
            return Err(already_exists(&name));
        }
        if !existing.is_view() {
            return Err(SparkError::new("EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE")
                .param("tableName", name.quoted())
                .param("operation", "CREATE OR REPLACE VIEW"));
        }
    }
    let described = describe_query(session, &name, &create.query, &create.columns).await?;
    let text = text.to_string();
    let view = Table {
        name,
        kind: Kind::View,
        provider: String::new(),
        schema: described.schema,
        partition_columns: Vec::new(),
        bucketing: None,
        cluster_columns: Vec::new(),
        location: String::new(),
        options: IndexMap::new(),
        properties: create.properties,
        comment: create.comment,
        collation: None,
        owner: String::new(),
        created_at: session.clock().unix_micros() / 1000,
        view: Some(ViewText {
            text,
            database: session.current_database(),
            query_columns: described.query_columns,
            schema_mode: create.schema_mode.unwrap_or_else(|| "COMPENSATION".to_owned()),
            settings: IndexMap::new(),
        }),
        statistics: None,
        revision: 0,
    };
    let on_existing = if create.replace { OnExisting::Replace } else { OnExisting::Fail };
    session.catalog().create_table(view, on_existing).await?;
    Ok(CommandResult::empty())
}

/// The columns of a persistent view, and of its query.
struct Described {
    schema: SparkSchema,
    query_columns: Vec<String>,
}

async fn describe_query(
    session: &Session,
    name: &ObjectName,
    query: &Relation,
    columns: &[(String, Option<String>)],
) -> SparkResult<Described> {
    refuse_temporary(session, name, query)?;
    let schema = session.analyze(query.clone()).await?.schema;
    let full: Vec<String> = name.parts().iter().map(|part| (*part).to_owned()).collect();
    check_columns(&full, columns, &schema)?;
    let visible = session.visible_views();
    check_duplicates(&visible, columns, &schema)?;
    refuse_recursion(session, name, query).await?;
    let fields = schema.iter().enumerate().map(|(index, field)| {
        let mut kept = SparkField::new(field.name.clone(), field.data_type.clone(), field.nullable);
        let mut comment = field.comment();
        if let Some((name, given)) = columns.get(index) {
            kept.name.clone_from(name);
            comment = given.clone().or(comment);
        }
        match comment {
            Some(comment) => kept.with_comment(&comment),
            None => kept,
        }
    });
    let query_columns = schema.iter().map(|field| field.name.clone()).collect();
    Ok(Described { schema: SparkSchema::new(fields.collect::<Vec<_>>()), query_columns })
}

/// What outlives the session must not read what does not.
fn refuse_temporary(session: &Session, name: &ObjectName, query: &Relation) -> SparkResult<()> {
    let visible = session.visible_views();
    let mut found = None;
    let mut copy = query.clone();
    walk(&mut copy, &mut Vec::new(), &mut |child, shadowed| {
        if found.is_some() {
            return;
        }
        match child {
            Child::Relation(relation) => {
                if let RelationKind::Table(table) = &relation.kind {
                    let is_shadowed =
                        matches!(table.name.as_slice(), [only] if shadowed.contains(&only.to_lowercase()));
                    if !is_shadowed && visible.view(&table.name).is_some() {
                        found = Some(("VIEW", table.name.clone()));
                    }
                }
            }
            Child::Expression(expression) => match &expression.kind {
                ExpressionKind::Function(call) => {
                    if let [only] = call.name.as_slice()
                        && session.functions().contains_key(&only.to_lowercase())
                    {
                        found = Some(("FUNCTION", call.name.clone()));
                    }
                }
                ExpressionKind::Attribute(attribute) => {
                    // A name that is no column means a variable; columns win, which is seen when it is resolved.
                    if let [only] = attribute.name.as_slice()
                        && Target::find(session, std::slice::from_ref(only)).is_some()
                    {
                        found = Some(("VARIABLE", attribute.name.clone()));
                    }
                }
                _ => {}
            },
        }
    });
    match found {
        Some((kind, object)) => Err(SparkError::new("INVALID_TEMP_OBJ_REFERENCE")
            .param("obj", "VIEW")
            .param("objName", name.quoted())
            .param("tempObj", kind)
            .param("tempObjName", quote_name_parts(&object))),
        None => Ok(()),
    }
}

/// Visits all parts of a query with the names that `WITH` hides tables by.
pub(super) fn walk(relation: &mut Relation, shadowed: &mut Vec<String>, visit: &mut dyn FnMut(&Child<'_>, &[String])) {
    let before = shadowed.len();
    if let RelationKind::With(with) = &relation.kind {
        shadowed.extend(with.tables.iter().map(|table| table.name.to_lowercase()));
    }
    visit(&Child::Relation(relation), shadowed);
    let mut pending = relation_children(relation);
    while let Some(mut child) = pending.pop() {
        match &mut child {
            Child::Relation(inner) => stacker::maybe_grow(64 << 10, 1 << 20, || walk(inner, shadowed, visit)),
            Child::Expression(_) => {
                visit(&child, shadowed);
                if let Child::Expression(expression) = child {
                    pending.extend(expression_children(expression));
                }
            }
        }
    }
    shadowed.truncate(before);
}

/// A view whose query leads back to it.
async fn refuse_recursion(session: &Session, name: &ObjectName, query: &Relation) -> SparkResult<()> {
    let mut pending = vec![(vec![name.quoted()], query.clone(), session.current_database())];
    while let Some((path, mut query, database)) = pending.pop() {
        let mut tables = Vec::new();
        walk(&mut query, &mut Vec::new(), &mut |child, shadowed| {
            if let Child::Relation(relation) = child
                && let RelationKind::Table(table) = &relation.kind
                && !matches!(table.name.as_slice(), [only] if shadowed.contains(&only.to_lowercase()))
            {
                tables.push(table.name.clone());
            }
        });
        for table in tables {
            let full = match table.as_slice() {
                [only] => ObjectName::new(database.clone(), session.folded(only)),
                _ => match names::object_name(session, &table) {
                    Ok(full) => full,
                    Err(_) => continue,
                },
            };
            let mut path = path.clone();
            path.push(full.quoted());
            if full == *name {
                return Err(SparkError::new("RECURSIVE_VIEW")
                    .param("viewIdent", name.quoted())
                    .param("newPath", path.join(" -> ")));
            }
            if path.len() > session.limits().views_max {
                continue;
            }
            if let Some(found) = session.catalog().table(&full).await?
                && let Some(view) = &found.view
            {
                let query = firesteel_syntax::parse_query(&view.text, &session.parser_options())?;
                pending.push((path, query, view.database.clone()));
            }
        }
    }
    Ok(())
}

/// `ALTER VIEW … AS`: another query, and the columns that come of it.
pub(super) async fn alter(
    session: &Session,
    name: &[String],
    query: Relation,
    text: Arc<str>,
) -> SparkResult<CommandResult> {
    let visible = session.visible_views();
    if let Some(view) = visible.view(name) {
        let scope = if view.name.len() > 1 { ViewScope::GlobalTemporary } else { ViewScope::Temporary };
        let changed = CreateView {
            name: name.to_vec(),
            columns: Vec::new(),
            query: Box::new(query),
            text: Some(text),
            scope,
            replace: true,
            if_not_exists: false,
            comment: view.comment,
            properties: IndexMap::new(),
            schema_mode: None,
        };
        return Box::pin(create(session, changed)).await;
    }
    let mut view = super::table::need_view(session, name, "ALTER VIEW ... AS").await?;
    let described = describe_query(session, &view.name, &query, &[]).await?;
    view.schema = described.schema;
    if let Some(details) = &mut view.view {
        details.text = text.to_string();
        details.query_columns = described.query_columns;
        details.database = session.current_database();
    }
    let name = view.name.clone();
    session.catalog().alter_table(&name, view).await?;
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
        ViewScope::Persistent => Err(SparkError::internal("a persistent view among temporary ones")),
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

pub(super) async fn drop(session: &Session, name: &[String], if_exists: bool) -> SparkResult<CommandResult> {
    session.uncache_view(name);
    if session.visible_views().drop(name) {
        return Ok(CommandResult::empty());
    }
    let full = names::object_name(session, name)?;
    match session.catalog().table(&full).await? {
        Some(table) if !table.is_view() => Err(SparkError::new("WRONG_COMMAND_FOR_OBJECT_TYPE")
            .param("operation", "DROP VIEW")
            .param("requiredType", "VIEW or METRIC_VIEW")
            .param("objectName", full.to_string())
            .param("foundType", table.kind.name())
            .param("alternative", "DROP TABLE")),
        Some(_) => {
            session.catalog().drop_table(&full).await?;
            Ok(CommandResult::empty())
        }
        None if if_exists => Ok(CommandResult::empty()),
        None => Err(names::not_in_catalog(&full)),
    }
}
