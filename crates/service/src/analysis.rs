//! Questions about plans that clients ask without running them.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hasher};

use firesteel_base::{Origin, SparkError, SparkResult, SparkSchema, SparkType};
use firesteel_syntax::ir::children::{Child, expression_children, relation_children};
use firesteel_syntax::ir::command::ExplainMode;
use firesteel_syntax::ir::{Expression, ExpressionKind, Relation, RelationKind};
use firesteel_syntax::{parse_data_type, parse_table_schema};

use crate::session::Session;
use crate::views::VisibleViews;

impl Session {
    /// The plan in the form of `EXPLAIN`.
    pub async fn explain(&self, mut relation: Relation, mode: ExplainMode) -> SparkResult<String> {
        if let RelationKind::Command(_) | RelationKind::ShowString { .. } | RelationKind::HtmlString { .. } =
            &relation.kind
        {
            return Err(SparkError::unsupported("explaining commands"));
        }
        let parsed = (mode == ExplainMode::Extended).then(|| outline(&mut relation));
        let plan = self.analyze(relation).await?;
        let text = self.environment().executor.explain(&plan, &self.conf(), mode).await?;
        Ok(parsed.map(|parsed| format!("== Parsed Logical Plan ==\n{parsed}\n")).unwrap_or_default() + &text)
    }

    /// The columns as a tree, as `printSchema` shows them; `level` limits its depth.
    pub async fn tree_string(&self, relation: Relation, level: Option<i32>) -> SparkResult<String> {
        let level = level.and_then(|level| usize::try_from(level).ok());
        Ok(self.schema(relation).await?.tree_string(level))
    }

    /// Whether the rows are at hand without running anything.
    pub async fn is_local(&self, relation: Relation) -> SparkResult<bool> {
        let is_local = matches!(relation.kind, RelationKind::Local(_) | RelationKind::Command(_));
        self.schema(relation).await?;
        Ok(is_local)
    }

    /// Whether the plan reads a stream: never yet, since streaming reads are refused by analysis.
    pub async fn is_streaming(&self, relation: Relation) -> SparkResult<bool> {
        self.schema(relation).await?;
        Ok(false)
    }

    /// The files that a query reads.
    pub async fn input_files(&self, relation: Relation) -> SparkResult<Vec<String>> {
        let plan = self.analyze(relation).await?;
        let mut seen = std::collections::HashSet::new();
        Ok(plan.files.iter().filter(|file| seen.insert(file.as_str())).cloned().collect())
    }

    /// A number that is equal for plans that are the same but for plan ids and places.
    pub async fn semantic_hash(&self, relation: Relation) -> SparkResult<i32> {
        self.schema(relation.clone()).await?;
        let hash = self.canonical_hash(relation);
        Ok(i32::from_be_bytes([(hash >> 24) as u8, (hash >> 16) as u8, (hash >> 8) as u8, hash as u8]))
    }

    /// Whether two plans are the same but for plan ids and places. `true` is certain; plans that yield the same in
    /// different ways may be told apart.
    pub async fn same_semantics(&self, one: Relation, other: Relation) -> SparkResult<bool> {
        self.schema(one.clone()).await?;
        self.schema(other.clone()).await?;
        Ok(self.canonical(one) == self.canonical(other))
    }

    fn canonical(&self, relation: Relation) -> Relation {
        canonical(&self.visible_views(), relation)
    }

    fn canonical_hash(&self, relation: Relation) -> u64 {
        let mut writer = HashWriter(DefaultHasher::new());
        // Writing to a hasher cannot fail.
        let _ = write!(writer, "{:?}", self.canonical(relation));
        writer.0.finish()
    }

    /// A type or a list of columns in DDL, whichever the text is.
    pub fn parse_ddl(&self, text: &str) -> SparkResult<SparkType> {
        let options = self.parser_options();
        parse_table_schema(text, &options).map(SparkType::Struct).or_else(|error| {
            parse_data_type(text, &options)
                .or_else(|_| parse_data_type(&format!("struct<{}>", text.trim()), &options))
                .map_err(|_| error)
        })
    }

    /// The DDL of a schema in JSON.
    pub fn json_to_ddl(&self, json: &str) -> SparkResult<String> {
        match SparkType::from_json(json)? {
            SparkType::Struct(schema) => Ok(schema.to_ddl()),
            other => Err(SparkError::new("INVALID_SCHEMA.NON_STRUCT_TYPE")
                .param("inputSchema", firesteel_base::error::to_sql_schema(json))
                .param("dataType", firesteel_base::error::to_sql_type(&other))),
        }
    }
}

/// The kinds of a plan's relations, one a line, each below the one it is the input of.
fn outline(relation: &mut Relation) -> String {
    fn write(relation: &mut Relation, depth: usize, text: &mut String) {
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            let name = relation.kind.name();
            text.push_str(&format!("{:indent$}{name}\n", "", indent = 2 * depth));
            let mut pending = relation_children(relation);
            while let Some(child) = pending.pop() {
                if let Child::Relation(relation) = child {
                    write(relation, depth + 1, text);
                }
            }
        });
    }
    let mut text = String::new();
    write(relation, 0, &mut text);
    text
}

/// The plan with what its views stand for, and without what says nothing about its meaning.
pub(crate) fn canonical(views: &VisibleViews, mut relation: Relation) -> Relation {
    views.capture(&mut relation);
    Canonical::default().relation(&mut relation);
    relation
}

struct HashWriter(DefaultHasher);

impl Write for HashWriter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

/// Takes out of a plan what says nothing about its meaning: places, and the numbers that plan ids happen to have.
#[derive(Default)]
struct Canonical {
    plan_ids: HashMap<i64, i64>,
}

impl Canonical {
    fn id(&mut self, id: Option<i64>) -> Option<i64> {
        let next = i64::try_from(self.plan_ids.len()).unwrap_or(i64::MAX);
        id.map(|id| *self.plan_ids.entry(id).or_insert(next))
    }

    fn relation(&mut self, relation: &mut Relation) {
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            relation.origin = Origin::Unknown;
            relation.plan_id = self.id(relation.plan_id);
            self.children(relation_children(relation));
        });
    }

    fn expression(&mut self, expression: &mut Expression) {
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            expression.origin = Origin::Unknown;
            match &mut expression.kind {
                ExpressionKind::Attribute(attribute) => attribute.plan_id = self.id(attribute.plan_id),
                ExpressionKind::Star(star) => star.plan_id = self.id(star.plan_id),
                ExpressionKind::Regex { plan_id, .. } => *plan_id = self.id(*plan_id),
                _ => {}
            }
            self.children(expression_children(expression));
        });
    }

    fn children(&mut self, children: Vec<Child<'_>>) {
        for child in children {
            match child {
                Child::Relation(relation) => self.relation(relation),
                Child::Expression(expression) => self.expression(expression),
            }
        }
    }
}

/// The columns of a schema by name, quoted and joined: as errors list them.
pub(crate) fn quoted_columns(schema: &SparkSchema) -> String {
    let names: Vec<String> =
        schema.iter().map(|field| firesteel_base::identifier::quote_identifier(&field.name)).collect();
    names.join(", ")
}
