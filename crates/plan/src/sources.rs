//! What a query reads, gathered before it is resolved: files opened, views found, parameters put in.

use std::collections::HashMap;

use firesteel_base::config::SessionConf;
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};
use firesteel_storage::{OpenedSource, ReadRequest};
use firesteel_syntax::ir::expression::{Expression, ExpressionKind, Parameter};
use firesteel_syntax::ir::relation::{DataSource, RelationKind, SchemaText};
use firesteel_syntax::ir::visit::{Visitor, walk_relation};
use firesteel_syntax::ir::Relation;
use firesteel_syntax::parser::{self, ParserOptions};
use indexmap::IndexMap;

use crate::analysis::{AnalysisContext, View};

/// Views inside views are followed so far.
const VIEW_DEPTH_MAX: usize = 100;

/// The hidden column of files.
pub const METADATA: &str = "_metadata";

/// The files and views of one query.
#[derive(Default)]
pub struct Sources {
    opened: HashMap<ReadRequest, SparkResult<OpenedSource>>,
    views: HashMap<Vec<String>, View>,
    /// Whether the query names the column `_metadata`.
    file_metadata: bool,
}

impl Sources {
    /// Finds everything that `relation` reads, and binds the parameters in it.
    pub async fn gather(relation: &mut Relation, context: &AnalysisContext) -> SparkResult<Self> {
        let mut finder = Finder { context, requests: Vec::new(), views: HashMap::new(), depth: 0, file_metadata: false };
        walk_relation(relation, &mut finder)?;
        let mut opened = HashMap::new();
        for mut request in finder.requests {
            request.file_metadata = finder.file_metadata;
            if !opened.contains_key(&request) {
                let source = context.storage.open(&request, &read_settings(&context.conf)).await;
                opened.insert(request, source);
            }
        }
        Ok(Self { opened, views: finder.views, file_metadata: finder.file_metadata })
    }

    pub fn view(&self, name: &[String]) -> Option<View> {
        self.views.get(&lower(name)).cloned()
    }

    pub fn opened(&self, request: &ReadRequest) -> SparkResult<OpenedSource> {
        let request = ReadRequest { file_metadata: self.file_metadata, ..request.clone() };
        match self.opened.get(&request) {
            Some(source) => source.clone(),
            None => Err(SparkError::internal("a source was not opened before resolving")),
        }
    }
}

fn lower(name: &[String]) -> Vec<String> {
    name.iter().map(|part| part.to_lowercase()).collect()
}

struct Finder<'a> {
    context: &'a AnalysisContext,
    requests: Vec<ReadRequest>,
    views: HashMap<Vec<String>, View>,
    depth: usize,
    file_metadata: bool,
}

impl Finder<'_> {
    fn view(&mut self, name: &[String]) -> SparkResult<()> {
        let key = lower(name);
        if self.views.contains_key(&key) {
            return Ok(());
        }
        let Some(mut view) = self.context.views.view(name) else { return Ok(()) };
        if self.depth >= VIEW_DEPTH_MAX {
            return Err(SparkError::new("VIEW_EXCEED_MAX_NESTED_DEPTH")
                .param("viewName", crate::scope::quote_parts(name))
                .param("maxNestedDepth", VIEW_DEPTH_MAX.to_string()));
        }
        self.depth += 1;
        let mut query = Relation::clone(&view.query);
        walk_relation(&mut query, self)?;
        self.depth -= 1;
        view.query = query.into();
        self.views.insert(key, view);
        Ok(())
    }
}

impl Visitor for Finder<'_> {
    fn expression(&mut self, expression: &mut Expression) -> SparkResult<()> {
        if let ExpressionKind::Attribute(name) = &expression.kind {
            self.file_metadata |= name.name.iter().any(|part| part.eq_ignore_ascii_case(METADATA));
        }
        Ok(())
    }

    fn relation(&mut self, relation: &mut Relation) -> SparkResult<()> {
        match &mut relation.kind {
            RelationKind::Table(reference) => {
                let name = reference.name.clone();
                self.view(&name)?;
                self.requests.extend(file_table_request(&name));
            }
            RelationKind::DataSource(source) => self.requests.push(read_request(source, &self.context.conf)?),
            RelationKind::WithParameters { input, named, positional } => {
                let mut binder = Binder { named, positional };
                walk_relation(input, &mut binder)?;
                let plan_id = relation.plan_id;
                let input = std::mem::replace(&mut input.kind, RelationKind::OneRow);
                relation.kind = input;
                relation.plan_id = plan_id;
            }
            _ => {}
        }
        Ok(())
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
    Ok(ReadRequest { format: format.to_lowercase(), schema, options, paths: source.paths.clone(), file_metadata: false })
}

/// The request of `` format.`path` ``; `None` if the name is not of that form.
pub fn file_table_request(name: &[String]) -> Option<ReadRequest> {
    let [format, path] = name else { return None };
    let format = format.to_lowercase();
    let is_format = matches!(format.as_str(), "parquet" | "csv" | "json" | "text");
    is_format.then(|| ReadRequest { format, schema: None, options: Vec::new(), paths: vec![path.clone()], file_metadata: false })
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
