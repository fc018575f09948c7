//! `FROM`: tables, subqueries, inline tables, samples, time travel and aliases.

use firesteel_base::SparkResult;
use indexmap::IndexMap;

use super::cursor::Parser;
use super::error::parse_error;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::relation::{Join, JoinCondition, JoinKind, Sample, TimeTravel};
use crate::ir::{Expression, ExpressionKind, Relation, RelationKind};

/// The name Spark gives to a subquery without one: what is in it cannot be referred to by its own tables' names.
pub(super) const SUBQUERY_NAME: &str = "__auto_generated_subquery_name";

/// A name with names for the columns.
pub(super) type TableAlias = (String, Vec<String>);

/// What `TABLESAMPLE` takes.
enum SampleSize {
    Fraction(f64),
    Rows(Expression),
}

impl Parser<'_> {
    /// `FROM relation, relation, … [LATERAL VIEW …] [PIVOT …] [UNPIVOT …]`
    pub(super) fn relations_clause(&mut self) -> SparkResult<Relation> {
        let start = self.position();
        self.expect_keyword(Keyword::From)?;
        let joins_bind_tighter = self.options.ansi && self.options.ansi_relation_precedence;
        let mut left: Option<Relation> = None;
        loop {
            let position = self.position();
            let is_lateral = self.is_lateral();
            if is_lateral {
                self.take();
            }
            let mut right = self.relation_primary()?;
            if is_lateral {
                self.refuse_lateral_of(&right, position + 1)?;
            }
            if joins_bind_tighter {
                right = self.relation_extensions(right)?;
            }
            let joined = match left.take() {
                Some(left) => self.comma_join(left, right, is_lateral, start),
                None => right,
            };
            let extended = if joins_bind_tighter { joined } else { self.relation_extensions(joined)? };
            if !self.accept(TokenKind::Comma) {
                return self.behind_relations(extended);
            }
            left = Some(extended);
        }
    }

    /// `LATERAL` in front of a relation, not of a view.
    pub(super) fn is_lateral(&self) -> bool {
        self.is_keyword(Keyword::Lateral) && !self.is_keyword_ahead(1, Keyword::View)
    }

    fn comma_join(&self, left: Relation, right: Relation, is_lateral: bool, start: usize) -> Relation {
        let join = Join { left, right, kind: JoinKind::Inner, condition: JoinCondition::None, is_lateral };
        Relation::new(RelationKind::Join(Box::new(join)), self.origin_since(start))
    }

    fn behind_relations(&mut self, mut result: Relation) -> SparkResult<Relation> {
        loop {
            result = match self.keyword() {
                Some(Keyword::Lateral) if self.is_keyword_ahead(1, Keyword::View) => self.lateral_view(result)?,
                Some(Keyword::Pivot) => self.pivot(result)?,
                Some(Keyword::Unpivot) => self.unpivot(result)?,
                _ => return Ok(result),
            };
        }
    }

    /// Joins, pivots and unpivots behind a relation.
    fn relation_extensions(&mut self, mut left: Relation) -> SparkResult<Relation> {
        loop {
            left = match self.keyword() {
                Some(Keyword::Pivot) => self.pivot(left)?,
                Some(Keyword::Unpivot) => self.unpivot(left)?,
                _ if self.is_join() => self.join(left)?,
                _ => return Ok(left),
            };
        }
    }

    /// One relation without what joins it to others.
    pub(super) fn relation_primary(&mut self) -> SparkResult<Relation> {
        self.nested(|parser| {
            let start = parser.position();
            match parser.kind() {
                TokenKind::LeftParen if parser.encloses_query_at(start) => parser.aliased_query(),
                TokenKind::LeftParen => parser.aliased_relation(),
                TokenKind::Keyword(Keyword::Values) if parser.starts_expression_at(start + 1) => parser.inline_table(),
                TokenKind::Keyword(Keyword::Stream) if parser.is_stream() => Err(parser.unbuilt("STREAM", start)),
                _ if parser.is_table_function() => parser.table_function(),
                _ => parser.table(),
            }
        })
    }

    fn is_stream(&self) -> bool {
        self.ahead(1) == TokenKind::LeftParen
            || self.is_strict_identifier_at(self.position() + 1)
                && !self.is_clause_at(self.position() + 1)
                && !self.is_keyword_ahead(1, Keyword::As)
    }

    fn aliased_query(&mut self) -> SparkResult<Relation> {
        let start = self.position();
        let query = self.parenthesized_query()?;
        let sample = self.sample()?;
        let (name, columns) = self.table_alias()?.unwrap_or_else(|| (SUBQUERY_NAME.to_owned(), Vec::new()));
        let aliased = self.aliased(query, Some((name, columns)), start);
        self.sampled(aliased, sample, start)
    }

    fn aliased_relation(&mut self) -> SparkResult<Relation> {
        let start = self.take();
        let is_lateral = self.is_lateral();
        if is_lateral {
            self.take();
        }
        let primary = self.relation_primary()?;
        let relation = self.relation_extensions(primary)?;
        self.expect(TokenKind::RightParen)?;
        let sample = self.sample()?;
        let alias = self.table_alias()?;
        let aliased = self.aliased(relation, alias, start);
        self.sampled(aliased, sample, start)
    }

    /// A table by its name.
    fn table(&mut self) -> SparkResult<Relation> {
        let start = self.position();
        let reference = self.name_reference()?;
        let mut relation = self.table_of(reference, start);
        if self.are_keywords(&[Keyword::Changes, Keyword::From]) {
            return Err(self.unbuilt("CHANGES", start));
        }
        let time_travel = self.time_travel()?;
        let options = self.options_clause()?;
        if let RelationKind::Table(table) = &mut relation.kind {
            table.time_travel = time_travel;
            table.options = options;
        }
        relation.origin = self.origin_since(start);
        let sample = self.sample()?;
        self.refuse_watermark(start)?;
        let alias = self.table_alias()?;
        let aliased = self.aliased(relation, alias, start);
        self.sampled(aliased, sample, start)
    }

    pub(super) fn refuse_watermark(&mut self, start: usize) -> SparkResult<()> {
        // `WATERMARK column DELAY OF …`; the word alone is an alias.
        let delay = (1..=8).any(|distance| self.is_keyword_ahead(distance, Keyword::Delay));
        if self.is_keyword(Keyword::Watermark) && delay { Err(self.unbuilt("WATERMARK", start)) } else { Ok(()) }
    }

    /// `[FOR] VERSION AS OF …`, `[FOR] TIMESTAMP AS OF …`
    fn time_travel(&mut self) -> SparkResult<Option<TimeTravel>> {
        let skipped = usize::from(self.is_keyword(Keyword::For));
        let is_as_of =
            self.is_keyword_ahead(skipped + 1, Keyword::As) && self.is_keyword_ahead(skipped + 2, Keyword::Of);
        let TokenKind::Keyword(keyword) = self.ahead(skipped) else { return Ok(None) };
        let is_version = matches!(keyword, Keyword::Version | Keyword::SystemVersion);
        let is_timestamp = matches!(keyword, Keyword::Timestamp | Keyword::SystemTime);
        if !is_as_of || !(is_version || is_timestamp) {
            return Ok(None);
        }
        self.take_many(skipped + 3);
        if is_timestamp {
            let timestamp = self.nested_value_expression()?;
            return Ok(Some(TimeTravel::Timestamp(Box::new(timestamp))));
        }
        if self.is(TokenKind::Integer) {
            let index = self.take();
            return Ok(Some(TimeTravel::Version(self.token_text(index).to_owned())));
        }
        self.string_literal().map(TimeTravel::Version).map(Some)
    }

    /// `WITH (key = value, …)`
    pub(super) fn options_clause(&mut self) -> SparkResult<IndexMap<String, String>> {
        if self.is_keyword(Keyword::With) && self.ahead(1) == TokenKind::LeftParen {
            self.take();
            return self.properties();
        }
        Ok(IndexMap::new())
    }

    /// `(key = value, 'key' 'value', key)`
    pub(super) fn properties(&mut self) -> SparkResult<IndexMap<String, String>> {
        self.parenthesized(Self::property).map(|properties| properties.into_iter().collect())
    }

    fn property(&mut self) -> SparkResult<(String, String)> {
        let key = if self.is_string_at(self.position()) {
            let index = self.take();
            self.string_value(index)
        } else {
            self.multipart_identifier()?.join(".")
        };
        let is_assigned = self.accept(TokenKind::Equal);
        let value = match self.kind() {
            TokenKind::Integer | TokenKind::Decimal => {
                let index = self.take();
                self.token_text(index).to_owned()
            }
            TokenKind::Keyword(keyword @ (Keyword::True | Keyword::False)) => {
                self.take();
                keyword.spelling().to_lowercase()
            }
            _ if is_assigned || self.is_string_at(self.position()) => self.string_literal()?,
            _ => String::new(),
        };
        Ok((key, value))
    }

    /// `[AS] name [(columns)]`
    pub(super) fn table_alias(&mut self) -> SparkResult<Option<TableAlias>> {
        // In `AS (a, b)` the word itself is the name, as it is no reserved one.
        let is_named = self.is_keyword(Keyword::As) && self.ahead(1) != TokenKind::LeftParen;
        if is_named {
            self.take();
        } else if !self.is_implicit_table_alias() {
            return Ok(None);
        }
        let name = self.strict_identifier()?;
        let columns = if self.is(TokenKind::LeftParen) { self.identifier_list()? } else { Vec::new() };
        Ok(Some((name, columns)))
    }

    pub(super) fn aliased(&self, input: Relation, alias: Option<TableAlias>, start: usize) -> Relation {
        match alias {
            Some((name, columns)) => {
                let kind = RelationKind::SubqueryAlias { input: input.boxed(), name, qualifier: Vec::new(), columns };
                Relation::new(kind, self.origin_since(start))
            }
            None => input,
        }
    }

    /// `VALUES row, row, … [AS name (columns)]`
    pub(super) fn inline_table(&mut self) -> SparkResult<Relation> {
        let start = self.position();
        self.expect_keyword(Keyword::Values)?;
        let rows = self.comma_separated(Self::expression)?.into_iter().map(row_members).collect();
        let alias = self.table_alias()?;
        let values = Relation::new(RelationKind::Values { rows }, self.origin_since(start));
        Ok(self.aliased(values, alias, start))
    }

    /// `TABLESAMPLE [method] (size) [REPEATABLE (seed)]`; the token it begins at comes along.
    fn sample(&mut self) -> SparkResult<Option<(SampleSize, Option<i64>)>> {
        if !self.is_keyword(Keyword::Tablesample) || !self.is_clause_at(self.position()) {
            return Ok(None);
        }
        let start = self.take();
        let method = self.accept_any(&[Keyword::Bernoulli, Keyword::System]);
        self.expect(TokenKind::LeftParen)?;
        let size = self.sample_size()?;
        self.expect(TokenKind::RightParen)?;
        let seed = if self.accept_keyword(Keyword::Repeatable) {
            self.expect(TokenKind::LeftParen)?;
            let seed = self.small_integer()?;
            self.expect(TokenKind::RightParen)?;
            Some(i64::from(seed))
        } else {
            None
        };
        if method == Some(Keyword::System) {
            return Err(self.unbuilt("TABLESAMPLE SYSTEM", start));
        }
        Ok(Some((size, seed)))
    }

    fn sample_size(&mut self) -> SparkResult<SampleSize> {
        let start = self.position();
        if self.is(TokenKind::RightParen) {
            return Err(parse_error("_LEGACY_ERROR_TEMP_0014", &self.origin_of_token(start)));
        }
        let signed = usize::from(self.is(TokenKind::Minus));
        let is_percent = matches!(self.ahead(signed), TokenKind::Integer | TokenKind::Decimal)
            && self.is_keyword_ahead(signed + 1, Keyword::Percent);
        if is_percent {
            self.take_many(signed);
            let index = self.take();
            self.take();
            let percent: f64 = self.token_text(index).parse().unwrap_or(f64::NAN);
            let fraction = if signed == 1 { -percent / 100.0 } else { percent / 100.0 };
            return self.checked_fraction(fraction, start);
        }
        if self.is_keyword(Keyword::Bucket) && self.ahead(1) == TokenKind::Integer {
            return self.bucket(start);
        }
        let size = self.expression()?;
        if self.accept_keyword(Keyword::Rows) {
            return Ok(SampleSize::Rows(size));
        }
        Err(self.error_since("_LEGACY_ERROR_TEMP_0015", start).param("msg", "byteLengthLiteral"))
    }

    /// `BUCKET x OUT OF y`
    fn bucket(&mut self, start: usize) -> SparkResult<SampleSize> {
        self.take();
        let numerator = f64::from(self.small_integer()?);
        self.expect_keywords(&[Keyword::Out, Keyword::Of])?;
        let denominator = f64::from(self.small_integer()?);
        if self.accept_keyword(Keyword::On) {
            let named = self.qualified_name()?;
            drop(named);
            let is_call = self.accept(TokenKind::LeftParen) && self.accept(TokenKind::RightParen);
            let message = if is_call { "BUCKET x OUT OF y ON function" } else { "BUCKET x OUT OF y ON colname" };
            return Err(self.error_since("_LEGACY_ERROR_TEMP_0015", start).param("msg", message));
        }
        self.checked_fraction(numerator / denominator, start)
    }

    fn checked_fraction(&self, fraction: f64, start: usize) -> SparkResult<SampleSize> {
        // Rounding in the division may miss the bounds by a hair.
        const EPSILON: f64 = 1e-6;
        if (-EPSILON..=1.0 + EPSILON).contains(&fraction) {
            return Ok(SampleSize::Fraction(fraction));
        }
        let message = format!("Sampling fraction ({fraction:?}) must be on interval [0, 1]");
        Err(self.error_since("_LEGACY_ERROR_TEMP_0064", start).param("msg", message))
    }

    fn sampled(
        &self,
        input: Relation,
        sample: Option<(SampleSize, Option<i64>)>,
        start: usize,
    ) -> SparkResult<Relation> {
        let Some((size, seed)) = sample else { return Ok(input) };
        let (upper, rows) = match size {
            SampleSize::Fraction(upper) => (upper, None),
            SampleSize::Rows(rows) => (1.0, Some(rows)),
        };
        let sample = Sample {
            input: input.boxed(),
            lower: 0.0,
            upper,
            with_replacement: false,
            seed,
            deterministic_order: false,
            rows,
        };
        Ok(Relation::new(RelationKind::Sample(sample), self.origin_since(start)))
    }

    /// `|> TABLESAMPLE (…)`
    pub(super) fn piped_sample(&mut self, input: Relation, start: usize) -> SparkResult<Relation> {
        let sample = self.sample()?;
        self.sampled(input, sample, start)
    }
}

/// A row of `VALUES`: the members of a struct, or one value.
fn row_members(row: Expression) -> Vec<Expression> {
    match row.kind {
        ExpressionKind::Function(call) if call.is_internal && call.name == ["named_struct"] => {
            call.arguments.into_iter().skip(1).step_by(2).collect()
        }
        ExpressionKind::Function(call) if call.name == ["struct"] => call.arguments,
        kind => vec![Expression::new(kind, row.origin)],
    }
}
