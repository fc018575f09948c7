//! What a query reads, gathered before it is resolved: tables and views looked up, files opened, functions found,
//! parameters put in.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::datasource::empty::EmptyTable;
use firesteel_base::config::SessionConf;
use firesteel_base::identifier::quote_name_parts;
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};
use firesteel_catalog::{CATALOG, Kind, ObjectName, Table};
use firesteel_storage::{OpenedSource, ReadRequest};
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::children::{Child, relation_children};
use firesteel_syntax::ir::expression::{Expression, ExpressionKind, Parameter};
use firesteel_syntax::ir::relation::{DataSource, RelationKind, SchemaText};
use firesteel_syntax::ir::visit::{Visitor, walk_expression, walk_relation};
use firesteel_syntax::parser::{self, ParserOptions};
use indexmap::IndexMap;

use crate::analysis::{AnalysisContext, PersistentView, View};
use crate::routine::UserFunction;

/// The hidden column of files.
pub const METADATA: &str = "_metadata";

/// The field of [`METADATA`] that a function of this name tells, and its type.
pub fn file_field(function: &str) -> Option<(&'static str, SparkType)> {
    match function.to_lowercase().as_str() {
        "input_file_name" => Some(("file_path", SparkType::STRING)),
        "input_file_block_start" => Some(("file_block_start", SparkType::Long)),
        "input_file_block_length" => Some(("file_block_length", SparkType::Long)),
        _ => None,
    }
}

/// The files, tables, views and functions of one query.
#[derive(Default)]
pub struct Sources {
    opened: HashMap<ReadRequest, SparkResult<OpenedSource>>,
    views: HashMap<Vec<String>, View>,
    tables: HashMap<Vec<String>, Arc<Table>>,
    functions: HashMap<Vec<String>, Arc<UserFunction>>,
    /// Whether the query names the column `_metadata`.
    file_metadata: bool,
}

/// A name that a query reads.
struct TableUse {
    name: Vec<String>,
    database: Option<Arc<str>>,
    /// How many views lie around it.
    depth: usize,
}

impl Sources {
    /// Finds everything that `relation` reads, and binds the parameters in it.
    pub async fn gather(relation: &mut Relation, context: &AnalysisContext) -> SparkResult<Self> {
        context.held.substitute(relation);
        let mut sources = Self::default();
        let mut finder = Finder::new(context, 0);
        walk_relation(relation, &mut finder)?;
        let mut found = finder.found;
        loop {
            if let Some(name) = found.functions.pop() {
                sources.find_function(name, context, &mut found).await?;
            } else if let Some(used) = found.tables.pop() {
                sources.find_table(used, context, &mut found).await?;
            } else {
                break;
            }
        }
        sources.file_metadata = found.file_metadata;
        for mut request in found.requests {
            request.file_metadata = found.file_metadata;
            sources.open(request, context).await;
        }
        Ok(sources)
    }

    async fn open(&mut self, request: ReadRequest, context: &AnalysisContext) {
        if self.opened.contains_key(&request) {
            return;
        }
        let source = context.storage.open(&request, &read_settings(&context.conf)).await;
        self.opened.insert(request, source);
    }

    /// Looks a name up: among temporary views, then in the catalog.
    async fn find_table(&mut self, used: TableUse, context: &AnalysisContext, found: &mut Found) -> SparkResult<()> {
        let key = context.table_key(&used.name, used.database.as_deref());
        if self.views.contains_key(&key) || self.tables.contains_key(&key) {
            return Ok(());
        }
        // The text of a persistent view means no temporary views.
        if used.database.is_none()
            && let Some(view) = context.views.view(&used.name)
        {
            return self.keep_view(key, view, used, context, found);
        }
        let Some(name) = context.object_name(&used.name, used.database.as_deref()) else { return Ok(()) };
        let Some(table) = context.catalog.table(&name).await? else { return Ok(()) };
        if table.kind == Kind::View {
            let view = persistent_view(&table, context)?;
            return self.keep_view(key, view, used, context, found);
        }
        found.requests.push(table_request(&table));
        self.tables.insert(key, Arc::new(table));
        Ok(())
    }

    fn keep_view(
        &mut self,
        key: Vec<String>,
        mut view: View,
        used: TableUse,
        context: &AnalysisContext,
        found: &mut Found,
    ) -> SparkResult<()> {
        let depth_max = usize::try_from(context.conf.view_max_nested_depth()).unwrap_or(usize::MAX);
        if used.depth >= depth_max {
            return Err(SparkError::new("VIEW_EXCEED_MAX_NESTED_DEPTH")
                .param("viewName", quote_name_parts(&used.name))
                .param("maxNestedDepth", depth_max.to_string()));
        }
        let mut query = Relation::clone(&view.query);
        context.held.substitute(&mut query);
        let mut finder = Finder::new(context, used.depth + 1);
        walk_relation(&mut query, &mut finder)?;
        found.extend(finder.found);
        view.query = query.into();
        self.views.insert(key, view);
        Ok(())
    }

    async fn find_function(
        &mut self,
        name: Vec<String>,
        context: &AnalysisContext,
        found: &mut Found,
    ) -> SparkResult<()> {
        let key = lower(&name);
        if self.functions.contains_key(&key) {
            return Ok(());
        }
        let Some(mut function) = crate::routine::find(&name, context).await? else { return Ok(()) };
        let mut finder = Finder::new(context, 1);
        function.walk(&mut finder)?;
        found.extend(finder.found);
        self.functions.insert(key, Arc::new(function));
        Ok(())
    }

    /// The view of this key: [`AnalysisContext::table_key`].
    pub fn view(&self, key: &[String]) -> Option<View> {
        self.views.get(key).cloned()
    }

    pub fn table(&self, key: &[String]) -> Option<&Arc<Table>> {
        self.tables.get(key)
    }

    /// The function that users made under this name.
    pub fn function(&self, name: &[String]) -> Option<Arc<UserFunction>> {
        if self.functions.is_empty() {
            return None;
        }
        self.functions.get(&lower(name)).cloned()
    }

    pub fn opened(&self, request: &ReadRequest) -> SparkResult<OpenedSource> {
        let request = ReadRequest { file_metadata: self.file_metadata, ..request.clone() };
        match self.opened.get(&request) {
            Some(source) => source.clone(),
            None => Err(SparkError::internal("a source was not opened before resolving")),
        }
    }

    /// The files of a table. A directory that is not there holds no rows.
    pub fn opened_table(&self, table: &Table) -> SparkResult<OpenedSource> {
        let request = table_request(table);
        match self.opened(&request) {
            Err(error) if error.condition() == "PATH_NOT_FOUND" => {
                let schema = request.schema.unwrap_or_default();
                let arrow = arrow::datatypes::Schema::new(schema.to_arrow_fields("UTC"));
                Ok(OpenedSource {
                    provider: Arc::new(EmptyTable::new(Arc::new(arrow))),
                    schema,
                    partition_columns: Vec::new(),
                    files: Vec::new(),
                    metadata: None,
                })
            }
            opened => opened,
        }
    }
}

fn lower(name: &[String]) -> Vec<String> {
    name.iter().map(|part| part.to_lowercase()).collect()
}

/// What a walk over a query came upon.
#[derive(Default)]
struct Found {
    tables: Vec<TableUse>,
    functions: Vec<Vec<String>>,
    requests: Vec<ReadRequest>,
    /// Whether the column `_metadata` is named.
    file_metadata: bool,
}

impl Found {
    fn extend(&mut self, other: Self) {
        self.file_metadata |= other.file_metadata;
        self.tables.extend(other.tables);
        self.functions.extend(other.functions);
        self.requests.extend(other.requests);
    }
}

struct Finder<'a> {
    context: &'a AnalysisContext,
    found: Found,
    depth: usize,
}

impl<'a> Finder<'a> {
    fn new(context: &'a AnalysisContext, depth: usize) -> Self {
        Self { context, found: Found::default(), depth }
    }
}

impl Visitor for Finder<'_> {
    fn relation(&mut self, relation: &mut Relation) -> SparkResult<()> {
        match &mut relation.kind {
            RelationKind::Table(reference) => {
                if let Some(identifier) = &reference.identifier
                    && let Ok(name) = constant_name(identifier, self.context)
                {
                    reference.name = name;
                    reference.identifier = None;
                }
                let name = reference.name.clone();
                self.found.requests.extend(file_table_request(&name));
                self.found.tables.push(TableUse { name, database: reference.database.clone(), depth: self.depth });
            }
            RelationKind::DataSource(source) => {
                self.found.requests.push(read_request(source, &self.context.conf)?);
            }
            RelationKind::TableFunction(call) => self.found.note_function(&call.name),
            RelationKind::WithParameters { input, named, positional } => {
                let mut binder = Binder { named, positional };
                walk_relation(input, &mut binder)?;
                // Names that parameters spell are known only now.
                walk_relation(input, self)?;
                let plan_id = relation.plan_id;
                let input = std::mem::replace(&mut input.kind, RelationKind::OneRow);
                relation.kind = input;
                relation.plan_id = plan_id;
            }
            _ => {}
        }
        Ok(())
    }

    fn expression(&mut self, expression: &mut Expression) -> SparkResult<()> {
        match &expression.kind {
            ExpressionKind::Attribute(name) => {
                self.found.file_metadata |= name.name.iter().any(|part| part.eq_ignore_ascii_case(METADATA));
            }
            ExpressionKind::Function(call) if !call.is_internal => {
                self.found.file_metadata |= call.name.last().is_some_and(|name| file_field(name).is_some());
                self.found.note_function(&call.name);
            }
            ExpressionKind::Identifier { name, arguments: Some(_) } => {
                if let Ok(name) = constant_name(name, self.context) {
                    self.found.note_function(&name);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Found {
    /// Functions that are not built in are looked up.
    fn note_function(&mut self, name: &[String]) {
        let is_builtin = match name {
            [] => true,
            [name] => firesteel_functions::registry::find(&name.to_lowercase()).is_some(),
            [qualifier, _] => qualifier.eq_ignore_ascii_case("builtin"),
            [system, builtin, _] => system.eq_ignore_ascii_case("system") && builtin.eq_ignore_ascii_case("builtin"),
            _ => true,
        };
        if !is_builtin {
            self.functions.push(name.to_vec());
        }
    }
}

/// The name that a constant text in `IDENTIFIER` spells.
pub fn constant_name(identifier: &Expression, context: &AnalysisContext) -> SparkResult<Vec<String>> {
    let sources = Sources::default();
    let resolver = crate::resolver::Resolver::new(context, &sources);
    let scope = crate::scope::Scope::empty(crate::resolver::Environment::default());
    resolver.identifier_parts(identifier, &scope)
}

/// A view of the catalog, its text read again.
fn persistent_view(table: &Table, context: &AnalysisContext) -> SparkResult<View> {
    let Some(text) = &table.view else { return Err(SparkError::internal("a view without a text")) };
    let mut query = parser::parse_query(&text.text, &context.parser)?;
    walk_relation(&mut query, &mut Qualifier { database: Arc::from(text.database.as_str()) })?;
    Ok(View {
        name: table.name.parts().iter().map(|part| (*part).to_owned()).collect(),
        query: Arc::new(query),
        columns: Vec::new(),
        text: Some(Arc::from(text.text.as_str())),
        comment: table.comment.clone(),
        persistent: Some(PersistentView {
            schema: table.schema.clone(),
            query_columns: text.query_columns.clone(),
            mode: text.schema_mode.clone(),
        }),
    })
}

/// Notes on names of tables which database they mean.
pub(crate) struct Qualifier {
    pub(crate) database: Arc<str>,
}

impl Visitor for Qualifier {
    fn relation(&mut self, relation: &mut Relation) -> SparkResult<()> {
        if let RelationKind::Table(reference) = &mut relation.kind {
            reference.database = Some(Arc::clone(&self.database));
        }
        Ok(())
    }
}

/// How the files of a table are read: with the table's columns, texts of fixed length as plain texts.
pub fn table_request(table: &Table) -> ReadRequest {
    let options = table.options.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    ReadRequest {
        file_metadata: false,
        format: table.provider.to_lowercase(),
        schema: Some(crate::char_varchar::as_strings(&table.schema)),
        options,
        paths: vec![table.location.clone()],
    }
}

impl AnalysisContext {
    /// What a table's name means in the catalog; `None` for names that cannot be in it.
    pub fn object_name(&self, name: &[String], database: Option<&str>) -> Option<ObjectName> {
        let folded = |part: &str| if self.conf.case_sensitive() { part.to_owned() } else { part.to_lowercase() };
        match name {
            [table] => Some(ObjectName::new(folded(database.unwrap_or(&self.database)), folded(table))),
            [database, table] => Some(ObjectName::new(folded(database), folded(table))),
            [catalog, database, table] if catalog.eq_ignore_ascii_case(CATALOG) => {
                Some(ObjectName::new(folded(database), folded(table)))
            }
            _ => None,
        }
    }

    /// The name by which the sources of a query know a table or view.
    pub fn table_key(&self, name: &[String], database: Option<&str>) -> Vec<String> {
        match (name, database) {
            ([only], Some(database)) => vec![CATALOG.to_owned(), database.to_lowercase(), only.to_lowercase()],
            _ => lower(name),
        }
    }

    /// Where names are looked up, as errors say it.
    pub fn search_path(&self) -> String {
        format!(
            "[{}, {}, {}]",
            quote_name_parts(&["system", "builtin"]),
            quote_name_parts(&["system", "session"]),
            quote_name_parts(&[CATALOG, &self.database])
        )
    }
}

/// Puts values in place of parameter markers.
struct Binder<'a> {
    named: &'a IndexMap<String, Expression>,
    positional: &'a [Expression],
}

impl Visitor for Binder<'_> {
    fn expression(&mut self, expression: &mut Expression) -> SparkResult<()> {
        let ExpressionKind::Parameter(parameter) = &expression.kind else { return Ok(()) };
        let value = match parameter {
            Parameter::Named(name) => self.named.get(name),
            Parameter::Positional(position) => self.positional.get(*position),
        };
        if let Some(value) = value {
            expression.kind = value.kind.clone();
        }
        Ok(())
    }
}

/// Puts values in place of the parameter markers of a command.
pub fn bind_parameters(
    command: &mut Relation,
    named: &IndexMap<String, Expression>,
    positional: &[Expression],
) -> SparkResult<()> {
    let mut binder = Binder { named, positional };
    relation_children(command).into_iter().try_for_each(|child| match child {
        Child::Relation(relation) => walk_relation(relation, &mut binder),
        Child::Expression(expression) => walk_expression(expression, &mut binder),
    })
}

/// The request of a `spark.read`.
pub fn read_request(source: &DataSource, conf: &SessionConf) -> SparkResult<ReadRequest> {
    if source.is_streaming {
        return Err(SparkError::unsupported("streaming reads"));
    }
    if !source.predicates.is_empty() {
        return Err(SparkError::unsupported("predicates of a read"));
    }
    let format = source.format.clone().unwrap_or_else(|| conf.default_source().to_owned());
    let schema = source.schema.as_ref().map(given_schema).transpose()?;
    let options = source.options.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    Ok(ReadRequest {
        format: format.to_lowercase(),
        schema,
        options,
        paths: source.paths.clone(),
        file_metadata: false,
    })
}

/// The request of `` format.`path` ``; `None` if the name is not of that form.
pub fn file_table_request(name: &[String]) -> Option<ReadRequest> {
    let [format, path] = name else { return None };
    let format = format.to_lowercase();
    let is_format = matches!(format.as_str(), "parquet" | "csv" | "json" | "text");
    is_format.then(|| ReadRequest {
        format,
        schema: None,
        options: Vec::new(),
        paths: vec![path.clone()],
        file_metadata: false,
    })
}

/// A schema as a client or a reader gave it: a structure, DDL text, or JSON text. A bare type is the type of the one
/// column `value`.
pub fn given_schema(schema: &SchemaText) -> SparkResult<SparkSchema> {
    let text = match schema {
        SchemaText::Schema(schema) => return Ok(schema.clone()),
        SchemaText::Text(text) => text.trim(),
    };
    let options = ParserOptions::default();
    let data_type = if text.starts_with(['{', '"']) {
        SparkType::from_json(text)?
    } else {
        match parser::parse_table_schema(text, &options) {
            Ok(schema) => return Ok(schema),
            Err(error) => parser::parse_data_type(text, &options).map_err(|_| error)?,
        }
    };
    Ok(match data_type {
        SparkType::Struct(schema) => schema,
        other => SparkSchema::new(vec![firesteel_base::SparkField::new("value", other, true)]),
    })
}

/// What of the session matters to reading files.
pub fn read_settings(conf: &SessionConf) -> firesteel_storage::FileSettings {
    firesteel_storage::FileSettings { time_zone: conf.time_zone().to_owned(), ..Default::default() }
}
