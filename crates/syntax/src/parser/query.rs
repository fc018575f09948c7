//! Queries: `WITH`, set operations with their precedence, pipes, and the clauses that order and cut a result.

use firesteel_base::SparkResult;

use super::cursor::Parser;
use super::identifier::NameReference;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::expression::{Attribute, NullOrder, SortOrder};
use crate::ir::relation::{CommonTable, SetOperation, SetOperationKind, TableReference, With};
use crate::ir::{Expression, ExpressionKind, Relation, RelationKind};

/// Binding strength of what ties queries together, weakest first.
const PIPE: u8 = 2;
const UNION: u8 = 3;
const INTERSECT: u8 = 4;
const LEGACY: u8 = 5;

/// The clauses behind a query that order its result.
#[derive(Default)]
pub(super) struct Organization {
    pub(super) order: Vec<SortOrder>,
    pub(super) cluster: Vec<Expression>,
    pub(super) distribute: Vec<Expression>,
    pub(super) sort: Vec<SortOrder>,
}

impl Parser<'_> {
    pub(super) fn query(&mut self) -> SparkResult<Relation> {
        self.nested(|parser| {
            let start = parser.position();
            if !parser.is_keyword(Keyword::With) {
                return parser.query_body();
            }
            let (tables, is_recursive) = parser.common_tables()?;
            let input = parser.query_body()?;
            parser.refuse_duplicate_names(&tables, start)?;
            let with = With { input, tables, is_recursive };
            Ok(Relation::new(RelationKind::With(Box::new(with)), parser.origin_since(start)))
        })
    }

    /// `(query)`
    pub(super) fn parenthesized_query(&mut self) -> SparkResult<Relation> {
        self.expect(TokenKind::LeftParen)?;
        let query = self.query()?;
        self.expect(TokenKind::RightParen)?;
        Ok(query)
    }

    fn query_body(&mut self) -> SparkResult<Relation> {
        let term = self.query_term(PIPE)?;
        let clauses = self.position();
        let organization = self.organization()?;
        self.organized(term, organization, clauses)
    }

    /// `WITH [RECURSIVE] name [(columns)] [MAX RECURSION LEVEL n] AS (query), …`
    pub(super) fn common_tables(&mut self) -> SparkResult<(Vec<CommonTable>, bool)> {
        self.take();
        let is_recursive = self.is_keyword(Keyword::Recursive)
            && !matches!(self.ahead(1), TokenKind::LeftParen | TokenKind::Keyword(Keyword::As));
        if is_recursive {
            self.take();
        }
        let start = self.position();
        let tables = self.comma_separated(Self::common_table)?;
        if !is_recursive && tables.iter().any(|table| table.recursion_limit.is_some()) {
            let message = "Cannot specify MAX RECURSION LEVEL when the CTE is not marked as RECURSIVE";
            return Err(self.error_since("_LEGACY_ERROR_TEMP_0035", start).param("message", message));
        }
        Ok((tables, is_recursive))
    }

    fn common_table(&mut self) -> SparkResult<CommonTable> {
        let name = self.plain_identifier()?;
        let has_columns = self.is(TokenKind::LeftParen) && !self.encloses_query_at(self.position());
        let columns = if has_columns { self.identifier_list()? } else { Vec::new() };
        let recursion_limit = if self.accept_keywords(&[Keyword::Max, Keyword::Recursion, Keyword::Level]) {
            Some(self.small_integer()?)
        } else {
            None
        };
        self.accept_keyword(Keyword::As);
        let query = self.parenthesized_query()?;
        Ok(CommonTable { name, columns, query, recursion_limit })
    }

    fn refuse_duplicate_names(&self, tables: &[CommonTable], start: usize) -> SparkResult<()> {
        let mut duplicates: Vec<String> = Vec::new();
        for (index, table) in tables.iter().enumerate() {
            let quoted = format!("`{}`", table.name.replace('`', "``"));
            let is_repeated = tables.iter().skip(index + 1).any(|other| other.name == table.name);
            if is_repeated && !duplicates.contains(&quoted) {
                duplicates.push(quoted);
            }
        }
        if duplicates.is_empty() {
            return Ok(());
        }
        Err(self.error_since("DUPLICATED_CTE_NAMES", start).param("duplicateNames", duplicates.join(", ")))
    }

    fn query_term(&mut self, weakest: u8) -> SparkResult<Relation> {
        let start = self.position();
        let mut left = self.query_primary()?;
        loop {
            if weakest <= PIPE && self.is_pipe_at(self.position()) {
                self.take();
                left = self.pipe_operator(left, start)?;
                continue;
            }
            let Some((kind, strength)) = self.set_operator().filter(|(_, strength)| *strength >= weakest) else {
                return Ok(left);
            };
            self.take();
            let is_all = self.set_quantifier();
            let right = self.query_term(strength + 1)?;
            left = self.set_operation(left, right, kind, is_all, start);
        }
    }

    fn set_operator(&self) -> Option<(SetOperationKind, u8)> {
        let (kind, strength) = match self.keyword()? {
            Keyword::Union => (SetOperationKind::Union, UNION),
            Keyword::Except | Keyword::Minus => (SetOperationKind::Except, UNION),
            Keyword::Intersect => (SetOperationKind::Intersect, INTERSECT),
            _ => return None,
        };
        Some((kind, if self.options.legacy_set_operation_precedence { LEGACY } else { strength }))
    }

    /// Takes `ALL` or `DISTINCT`; says whether it was `ALL`.
    pub(super) fn set_quantifier(&mut self) -> bool {
        self.accept_any(&[Keyword::All, Keyword::Distinct]) == Some(Keyword::All)
    }

    pub(super) fn set_operation(
        &self,
        left: Relation,
        right: Relation,
        kind: SetOperationKind,
        is_all: bool,
        start: usize,
    ) -> Relation {
        let operation = SetOperation { left, right, kind, is_all, by_name: false, allow_missing_columns: false };
        Relation::new(RelationKind::SetOperation(Box::new(operation)), self.origin_since(start))
    }

    /// The set operation of a pipe, at its keyword.
    pub(super) fn piped_set_operation(&mut self, left: Relation, start: usize) -> SparkResult<Option<Relation>> {
        let Some((kind, _)) = self.set_operator() else { return Ok(None) };
        self.take();
        let is_all = self.set_quantifier();
        let right = self.query_primary()?;
        Ok(Some(self.set_operation(left, right, kind, is_all, start)))
    }

    fn query_primary(&mut self) -> SparkResult<Relation> {
        let start = self.position();
        match self.kind() {
            TokenKind::LeftParen => self.parenthesized_query(),
            TokenKind::Keyword(Keyword::Select) => self.select(None),
            TokenKind::Keyword(Keyword::From) => self.relation_first(),
            TokenKind::Keyword(Keyword::Values) => self.inline_table(),
            TokenKind::Keyword(Keyword::Table) => {
                self.take();
                let reference = self.name_reference()?;
                Ok(self.table_of(reference, start))
            }
            TokenKind::Keyword(Keyword::Map | Keyword::Reduce) if self.starts_query_at(start) => self.select(None),
            _ => Err(self.syntax_error()),
        }
    }

    /// A table by a name that was written or is computed.
    pub(super) fn table_of(&self, reference: NameReference, start: usize) -> Relation {
        let origin = self.origin_since(start);
        match reference {
            NameReference::Parts(name) => Relation::table(name, origin),
            NameReference::Computed(name) => {
                let table = TableReference {
                    name: Vec::new(),
                    options: indexmap::IndexMap::new(),
                    is_streaming: false,
                    time_travel: None,
                    identifier: Some(Box::new(name)),
                    database: None,
                };
                Relation::new(RelationKind::Table(table), origin)
            }
        }
    }

    /// `ORDER BY … CLUSTER BY … DISTRIBUTE BY … SORT BY … WINDOW … LIMIT … OFFSET …`, without the windows' definitions.
    pub(super) fn organization(&mut self) -> SparkResult<Organization> {
        let mut found = Organization::default();
        if self.accept_keywords(&[Keyword::Order, Keyword::By]) {
            found.order = self.comma_separated(Self::sort_item)?;
        }
        if self.accept_keywords(&[Keyword::Cluster, Keyword::By]) {
            found.cluster = self.comma_separated(Self::expression)?;
        }
        if self.accept_keywords(&[Keyword::Distribute, Keyword::By]) {
            found.distribute = self.comma_separated(Self::expression)?;
        }
        if self.accept_keywords(&[Keyword::Sort, Keyword::By]) {
            found.sort = self.comma_separated(Self::sort_item)?;
        }
        Ok(found)
    }

    /// Puts the clauses on top of `input`; the current token is the one behind `SORT BY`.
    ///
    /// `clauses`: the token at which they begin, which is also where their nodes are placed.
    pub(super) fn organized(&mut self, input: Relation, found: Organization, clauses: usize) -> SparkResult<Relation> {
        let window_start = self.position();
        let windows = if self.is_keyword(Keyword::Window) { Some(self.window_clause()?) } else { None };
        let window_origin = self.origin_since(window_start);
        let limit = self.limit()?;
        let offset = if self.accept_keyword(Keyword::Offset) { Some(self.expression()?) } else { None };
        let origin = self.origin_since(clauses);
        let mut result = self.ordered(input, found, clauses)?;
        if let Some(windows) = windows {
            result = Relation::new(RelationKind::WithWindows { input: result.boxed(), windows }, window_origin);
        }
        if let Some(offset) = offset {
            result = Relation::new(RelationKind::Offset { input: result.boxed(), offset }, origin.clone());
        }
        match limit {
            Some(Some(limit)) => Ok(Relation::new(RelationKind::Limit { input: result.boxed(), limit }, origin)),
            Some(None) => Ok(Relation::new(RelationKind::LimitAll { input: result.boxed() }, origin)),
            None => Ok(result),
        }
    }

    /// `LIMIT n`; `LIMIT ALL` has no expression.
    fn limit(&mut self) -> SparkResult<Option<Option<Expression>>> {
        if !self.accept_keyword(Keyword::Limit) {
            return Ok(None);
        }
        let is_all = self.is_keyword(Keyword::All)
            && !matches!(self.ahead(1), TokenKind::Dot | TokenKind::LeftParen | TokenKind::Plus | TokenKind::Minus);
        if is_all {
            self.take();
            return Ok(Some(None));
        }
        self.expression().map(|limit| Some(Some(limit)))
    }

    fn ordered(&self, input: Relation, found: Organization, clauses: usize) -> SparkResult<Relation> {
        let origin = self.origin_since(clauses);
        let Organization { order, cluster, distribute, sort } = found;
        let sorted = |input: Relation, order: Vec<SortOrder>, is_global| {
            Relation::new(RelationKind::Sort { input: input.boxed(), order, is_global }, origin.clone())
        };
        let spread = |input: Relation, expressions: Vec<Expression>| {
            let kind = RelationKind::RepartitionByExpression { input: input.boxed(), expressions, partitions: None };
            Relation::new(kind, origin.clone())
        };
        match (order.is_empty(), cluster.is_empty(), distribute.is_empty(), sort.is_empty()) {
            (true, true, true, true) => Ok(input),
            (false, true, true, true) => match all_order(&order) {
                Some((ascending, nulls)) => {
                    Ok(Relation::new(RelationKind::SortAll { input: input.boxed(), ascending, nulls }, origin))
                }
                None => Ok(sorted(input, order, true)),
            },
            (true, true, true, false) => Ok(sorted(input, sort, false)),
            (true, true, false, true) => Ok(spread(input, distribute)),
            (true, true, false, false) => Ok(sorted(spread(input, distribute), sort, false)),
            (true, false, true, true) => {
                let keys = cluster.iter().cloned().map(|child| SortOrder {
                    child,
                    ascending: true,
                    nulls: NullOrder::Default,
                });
                let keys = keys.collect();
                Ok(sorted(spread(input, cluster), keys, false))
            }
            _ => Err(self.error_since("UNSUPPORTED_FEATURE.COMBINATION_QUERY_RESULT_CLAUSES", clauses)),
        }
    }

    /// `expression [ASC | DESC] [NULLS FIRST | NULLS LAST]`
    pub(super) fn sort_item(&mut self) -> SparkResult<SortOrder> {
        let child = self.expression()?;
        let ascending = self.accept_any(&[Keyword::Asc, Keyword::Desc]) != Some(Keyword::Desc);
        let nulls = if self.accept_keywords(&[Keyword::Nulls, Keyword::First]) {
            NullOrder::First
        } else if self.accept_keywords(&[Keyword::Nulls, Keyword::Last]) {
            NullOrder::Last
        } else {
            NullOrder::Default
        };
        Ok(SortOrder { child, ascending, nulls })
    }
}

/// `ORDER BY ALL`: its direction.
fn all_order(order: &[SortOrder]) -> Option<(bool, NullOrder)> {
    match order {
        [only] if is_all(&only.child) => Some((only.ascending, only.nulls)),
        _ => None,
    }
}

/// Whether the expression is the one word `ALL`.
pub(super) fn is_all(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Attribute(Attribute { name, .. }) => {
            name.len() == 1 && name.iter().all(|part| part.eq_ignore_ascii_case("all"))
        }
        _ => false,
    }
}
