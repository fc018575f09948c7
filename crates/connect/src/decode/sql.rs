//! SQL text with its arguments.

use firesteel_base::SparkResult;
use firesteel_syntax::ir::relation::{CommonTable, With};
use firesteel_syntax::ir::{Expression, ExpressionKind, Literal, Relation, RelationKind, Statement};
use firesteel_syntax::parse_statement;
use indexmap::IndexMap;
use spark_connect_proto as proto;
use spark_connect_proto::relation::RelType;

use super::{Decoder, invalid};

impl<'a> Decoder<'a> {
    /// A statement as a relation: commands that yield rows may stand where a query does.
    pub(super) fn sql(&self, sql: &proto::Sql) -> SparkResult<Relation> {
        let statement = parse_statement(&sql.query, &self.options)?;
        let relation = match statement {
            Statement::Query(relation) => relation,
            Statement::Command(command) => {
                Relation::new(RelationKind::Command(Box::new(command)), firesteel_base::Origin::Unknown)
            }
        };
        let (named, positional) = self.arguments(sql)?;
        if named.is_empty() && positional.is_empty() {
            return Ok(relation);
        }
        let origin = relation.origin.clone();
        let kind = RelationKind::WithParameters { input: relation.boxed(), named, positional };
        Ok(Relation::new(kind, origin))
    }

    fn arguments(&self, sql: &proto::Sql) -> SparkResult<(IndexMap<String, Expression>, Vec<Expression>)> {
        #[expect(deprecated, reason = "clients before 4.0 send their arguments here")]
        let (old_named, old_positional) = (&sql.args, &sql.pos_args);
        let literal = |literal: &proto::expression::Literal| {
            Ok(as_written(Expression::literal(self.literal(literal)?, firesteel_base::Origin::Unknown)))
        };
        let mut named = IndexMap::new();
        for (name, value) in &sql.named_arguments {
            named.insert(name.clone(), as_written(self.expression(value)?));
        }
        for (name, value) in old_named {
            named.insert(name.clone(), literal(value)?);
        }
        named.sort_keys();
        let mut positional: Vec<_> = self.expressions(&sql.pos_arguments)?.into_iter().map(as_written).collect();
        for value in old_positional {
            positional.push(literal(value)?);
        }
        if !named.is_empty() && !positional.is_empty() {
            return Err(invalid::plan("ASSERTION_FAILURE")
                .param("message", "named and positional arguments cannot be given together"));
        }
        Ok((named, positional))
    }

    /// Relations under ids or names: subqueries of expressions, and DataFrames named in SQL text.
    pub(super) fn with_relations(&self, with: &'a proto::WithRelations) -> SparkResult<Relation> {
        let root = with.root.as_deref().ok_or_else(|| invalid::not_set("Relation", "RELTYPE"))?;
        let decoder = self.with_references(&with.references);
        let Some(RelType::Sql(sql)) = &root.rel_type else { return decoder.relation(root) };
        let mut tables = Vec::new();
        for reference in &with.references {
            let Some(RelType::SubqueryAlias(alias)) = &reference.rel_type else {
                return Err(invalid::plan("INVALID_WITH_RELATION_REFERENCE"));
            };
            let query = decoder.required(alias.input.as_deref())?;
            tables.push(CommonTable { name: alias.alias.clone(), columns: Vec::new(), query, recursion_limit: None });
        }
        let input = decoder.sql(sql)?;
        let origin = input.origin.clone();
        let kind = RelationKind::With(Box::new(With { input, tables, is_recursive: false }));
        Ok(Relation::new(kind, origin))
    }

    /// The relation of a plan id, decoded where it is referred to.
    pub(super) fn referenced(&self, plan_id: i64) -> SparkResult<Relation> {
        let unknown = || invalid::plan("INVALID_WITH_RELATION_REFERENCE");
        let mut scope = self.scope.as_ref();
        let found = loop {
            let current = scope.ok_or_else(unknown)?;
            match current.by_id.get(&plan_id) {
                Some(relation) => break *relation,
                None => scope = current.outer.as_ref(),
            }
        };
        if !self.expanding.borrow_mut().insert(plan_id) {
            return Err(unknown());
        }
        let relation = self.relation(found);
        self.expanding.borrow_mut().remove(&plan_id);
        relation
    }
}

/// An argument is as if its text stood in the query: a decimal has as many digits as are written.
fn as_written(mut argument: Expression) -> Expression {
    if let ExpressionKind::Literal(Literal::Decimal { unscaled, precision, scale }) = &mut argument.kind {
        let digits = unscaled.unsigned_abs().to_string().len();
        *precision = u8::try_from(digits).unwrap_or(*precision).max(u8::try_from(*scale).unwrap_or(0));
    }
    argument
}
