//! Tables, views and CTEs by name; aliases of relations.

use firesteel_base::{Origin, SparkError, SparkResult};
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::relation::{CommonTable, RelationKind, TableReference};

use crate::analysis::View;
use crate::attribute::Attribute;
use crate::resolved::Resolved;
use crate::resolver::{CommonTables, Environment, References, Resolver};
use crate::scope::{Scope, quote_parts};

use super::values::columns_mismatch;

impl Resolver<'_> {
    pub fn table(
        &self,
        reference: &TableReference,
        environment: Environment<'_>,
        origin: &Origin,
    ) -> SparkResult<Resolved> {
        if reference.is_streaming {
            return Err(SparkError::unsupported("streaming tables"));
        }
        if reference.time_travel.is_some() {
            return Err(
                SparkError::new("UNSUPPORTED_FEATURE.TIME_TRAVEL").param("relationId", quote_parts(&reference.name))
            );
        }
        let name = match &reference.identifier {
            Some(identifier) => self.identifier_parts(identifier, &Scope::empty(environment))?,
            None => reference.name.clone(),
        };
        if let [only] = name.as_slice() {
            if let Some(resolved) = self.common_table(only, environment.tables, environment.is_limit_all)? {
                return Ok(resolved);
            }
            if let Some(resolved) = self.reference(only, environment.references, environment)? {
                return Ok(resolved);
            }
        }
        let key = self.context.table_key(&name, reference.database.as_deref());
        if let Some(view) = self.sources.view(&key) {
            return self.view(&view);
        }
        if let Some(table) = self.sources.table(&key) {
            return self.catalog_table(table);
        }
        if let Some(resolved) = self.file_table(&name)? {
            return Ok(resolved);
        }
        if name.len() > 2 && self.context.object_name(&name, None).is_none() {
            return Err(SparkError::new("REQUIRES_SINGLE_PART_NAMESPACE")
                .param("sessionCatalog", firesteel_catalog::CATALOG)
                .param("identifier", quote_parts(&name))
                .at(origin));
        }
        Err(SparkError::new("TABLE_OR_VIEW_NOT_FOUND")
            .param("relationName", quote_parts(&name))
            .param("searchPath", self.context.search_path())
            .at(origin))
    }

    /// The table of this name in the `WITH`s around, nearest first.
    fn common_table(
        &self,
        name: &str,
        tables: Option<&CommonTables<'_>>,
        is_limit_all: bool,
    ) -> SparkResult<Option<Resolved>> {
        let Some(scope) = tables else { return Ok(None) };
        if let Some((own, meaning)) = scope.own
            && self.same_name(own, name)
        {
            return self.own_name(own, meaning).map(Some);
        }
        let found = scope
            .tables
            .iter()
            .enumerate()
            .take(scope.visible)
            .rev()
            .find(|(_, table)| self.same_name(&table.name, name));
        let Some((index, table)) = found else { return self.common_table(name, scope.around, is_limit_all) };
        let before = CommonTables { visible: index, own: None, around: scope.environment.tables, ..*scope };
        if scope.is_recursive && self.mentions_itself(table)? {
            return self.recursive_table(table, &before, is_limit_all).map(Some);
        }
        self.common_table_alone(table, &before).map(Some)
    }

    /// The table's query as it stands.
    pub fn common_table_alone(&self, table: &CommonTable, before: &CommonTables<'_>) -> SparkResult<Resolved> {
        let environment = Environment { tables: Some(before), windows: &[], ..before.environment };
        self.check_ambiguous_names(&table.query, environment)?;
        let resolved = self.resolve_relation(&table.query, environment)?;
        self.aliased_relation(resolved, &table.name, &[], &table.columns)
    }

    /// A DataFrame that `spark.sql` was given under this name.
    fn reference(
        &self,
        name: &str,
        references: Option<&References<'_>>,
        environment: Environment<'_>,
    ) -> SparkResult<Option<Resolved>> {
        let Some(references) = references else { return Ok(None) };
        let found = references.relations.iter().find(|relation| match &relation.kind {
            RelationKind::SubqueryAlias { name: alias, .. } => self.same_name(alias, name),
            _ => false,
        });
        match found {
            Some(relation) => self.resolve_relation(relation, environment).map(Some),
            None => self.reference(name, references.parent, environment),
        }
    }

    fn view(&self, view: &View) -> SparkResult<Resolved> {
        let resolved = self.resolve_relation(&view.query, Environment::default())?;
        if let Some(persistent) = &view.persistent {
            return self.persistent_view(view, persistent, resolved);
        }
        let columns: Vec<String> = view.columns.iter().map(|(name, _)| name.clone()).collect();
        let (name, qualifier) = view.name.split_last().ok_or_else(|| SparkError::internal("a view without a name"))?;
        let mut aliased = self.aliased_relation(resolved, name, qualifier, &columns)?;
        for (attribute, (_, comment)) in aliased.output.iter_mut().zip(&view.columns) {
            if let Some(comment) = comment {
                attribute.metadata = attribute.to_field().with_comment(comment).metadata;
            }
        }
        Ok(aliased)
    }

    pub fn subquery_alias(
        &self,
        input: &Relation,
        name: &str,
        qualifier: &[String],
        columns: &[String],
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let resolved = self.resolve_relation(input, environment)?;
        if matches!(input.kind, RelationKind::Values { .. })
            && !columns.is_empty()
            && columns.len() != resolved.output.len()
        {
            return Err(columns_mismatch(columns.len(), resolved.output.len(), 0).at(&input.origin));
        }
        if let RelationKind::TableFunction(call) = &input.kind
            && !columns.is_empty()
            && columns.len() != resolved.output.len()
        {
            let function: Vec<String> = call.name.iter().map(|part| part.to_lowercase()).collect();
            return Err(SparkError::new("NUM_TABLE_VALUE_ALIASES_MISMATCH")
                .param("funcName", quote_parts(&function))
                .param("aliasesNum", columns.len().to_string())
                .param("outColsNum", resolved.output.len().to_string())
                .at(&input.origin));
        }
        self.aliased_relation(resolved, name, qualifier, columns)
    }

    pub fn aliased_relation(
        &self,
        resolved: Resolved,
        name: &str,
        qualifier: &[String],
        columns: &[String],
    ) -> SparkResult<Resolved> {
        if !columns.is_empty() && columns.len() != resolved.output.len() {
            return Err(SparkError::new("ASSIGNMENT_ARITY_MISMATCH")
                .param("numExpr", columns.len().to_string())
                .param("numTarget", resolved.output.len().to_string()));
        }
        let mut full = qualifier.to_vec();
        full.push(name.to_owned());
        let rename = |(index, attribute): (usize, &Attribute)| {
            let attribute = Attribute { position: index, ..attribute.with_qualifier(&full) };
            match columns.get(index) {
                Some(name) => self.renewed(&attribute.with_name(name)),
                None => attribute,
            }
        };
        let output = resolved.output.iter().enumerate().map(rename).collect();
        Ok(Resolved { output, hidden: Vec::new(), block: None, ..resolved })
    }
}
