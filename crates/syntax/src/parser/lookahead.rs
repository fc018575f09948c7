//! What stands ahead: the decisions that Spark's grammar leaves to an unbounded look.
//!
//! Since nearly every keyword may be an identifier, an alias and the next clause look alike; so do a subquery and a
//! parenthesized expression. The answers here need no trial parsing and cost at most the length of what they skip.

use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;

/// Words that begin no expression where a clause's keyword stands in front of them: there, the word in front is an
/// identifier, and this one goes on with the query.
const CONTINUING: &[Keyword] = &[
    Keyword::From,
    Keyword::Where,
    Keyword::Having,
    Keyword::Qualify,
    Keyword::Group,
    Keyword::Order,
    Keyword::Cluster,
    Keyword::Distribute,
    Keyword::Sort,
    Keyword::Limit,
    Keyword::Union,
    Keyword::Except,
    Keyword::Intersect,
    Keyword::Minus,
    Keyword::As,
    Keyword::And,
    Keyword::Or,
    Keyword::On,
    Keyword::Using,
    Keyword::Join,
    Keyword::Inner,
    Keyword::Cross,
    Keyword::Natural,
    Keyword::Full,
    Keyword::Semi,
    Keyword::Anti,
    Keyword::Lateral,
];

impl Parser<'_> {
    /// Whether an expression may begin at `index`, given that something in front of it asks for one.
    pub(super) fn starts_expression_at(&self, index: usize) -> bool {
        match self.kind_at(index) {
            TokenKind::Keyword(Keyword::Left | Keyword::Right) => {
                matches!(self.kind_at(index + 1), TokenKind::LeftParen | TokenKind::Dot)
            }
            TokenKind::Keyword(keyword) => {
                !CONTINUING.contains(&keyword)
                    || matches!(self.kind_at(index + 1), TokenKind::Dot | TokenKind::LeftParen)
                        && !matches!(keyword, Keyword::On | Keyword::Using | Keyword::As | Keyword::And | Keyword::Or)
            }
            TokenKind::Word
            | TokenKind::Quoted
            | TokenKind::String
            | TokenKind::DoubleQuoted
            | TokenKind::Integer
            | TokenKind::BigInt
            | TokenKind::SmallInt
            | TokenKind::TinyInt
            | TokenKind::Exponent
            | TokenKind::Decimal
            | TokenKind::Float
            | TokenKind::Double
            | TokenKind::BigDecimal
            | TokenKind::LeftParen
            | TokenKind::Bang
            | TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Star
            | TokenKind::Tilde
            | TokenKind::Colon
            | TokenKind::Question => true,
            _ => false,
        }
    }

    pub(super) fn is_string_at(&self, index: usize) -> bool {
        match self.kind_at(index) {
            TokenKind::String => true,
            TokenKind::DoubleQuoted => !self.has_double_quoted_identifiers(),
            _ => false,
        }
    }

    /// Whether a query begins at `index`, parentheses in front of it not counted.
    pub(super) fn starts_query_at(&self, index: usize) -> bool {
        let TokenKind::Keyword(keyword) = self.kind_at(index) else { return false };
        let next = self.kind_at(index + 1);
        match keyword {
            Keyword::Select => {
                next == TokenKind::HintStart
                    || matches!(next, TokenKind::Keyword(_)) && !self.closes_query_name(index)
                    || self.starts_expression_at(index + 1) && !self.is_operator_at(index + 1)
            }
            Keyword::With => {
                self.is_identifier_at(index + 1)
                    && (matches!(
                        self.kind_at(index + 2),
                        TokenKind::LeftParen | TokenKind::Keyword(Keyword::As | Keyword::Max)
                    ) || self.is_keyword_at(index + 1, Keyword::Recursive))
            }
            Keyword::From => {
                self.is_identifier_at(index + 1) && !self.is_keyword_at(index + 1, Keyword::Where)
                    || next == TokenKind::LeftParen
            }
            Keyword::Table => self.is_identifier_at(index + 1),
            Keyword::Values => self.starts_expression_at(index + 1) && !self.is_operator_at(index + 1),
            Keyword::Map | Keyword::Reduce => {
                self.starts_expression_at(index + 1) && !self.is_operator_at(index + 1) && next != TokenKind::LeftParen
            }
            _ => false,
        }
    }

    /// `SELECT` as a name with a clause behind it, as in `(select FROM t)`, is never meant.
    fn closes_query_name(&self, index: usize) -> bool {
        matches!(self.kind_at(index + 1), TokenKind::Keyword(Keyword::As | Keyword::Is | Keyword::And | Keyword::Or))
    }

    /// Whether the token is an operator with two operands, or one that might be.
    fn is_operator_at(&self, index: usize) -> bool {
        match self.kind_at(index) {
            // `SELECT *`, `SELECT -1`: a sign or a star in front of an operand is no binary operator.
            TokenKind::Star | TokenKind::Plus | TokenKind::Minus => {
                self.kind_at(index.wrapping_sub(1)) != TokenKind::Keyword(Keyword::Select)
                    && self.kind_at(index.wrapping_sub(1)) != TokenKind::Keyword(Keyword::Values)
            }
            TokenKind::Keyword(
                Keyword::Is
                | Keyword::In
                | Keyword::Like
                | Keyword::Ilike
                | Keyword::Rlike
                | Keyword::Between
                | Keyword::And
                | Keyword::Or
                | Keyword::As
                | Keyword::Div,
            ) => self.kind_at(index + 1) != TokenKind::LeftParen || self.is_keyword_at(index, Keyword::In),
            _ => false,
        }
    }

    /// Whether the parenthesis at `index` holds a query and nothing else.
    ///
    /// Runs of parentheses are looked through: `((SELECT 1) UNION SELECT 2)` holds a query, `((SELECT 1) + 1)` does not.
    pub(super) fn encloses_query_at(&self, index: usize) -> bool {
        let mut innermost = index;
        while self.kind_at(innermost + 1) == TokenKind::LeftParen {
            innermost += 1;
        }
        if self.kind_at(index) != TokenKind::LeftParen || !self.starts_query_at(innermost + 1) {
            return false;
        }
        // From the inside out: is the parenthesis around the last one that held a query itself a query?
        while innermost > index {
            let Some(close) = self.closing_of(innermost) else { return true };
            if !(self.kind_at(close + 1) == TokenKind::RightParen || self.continues_query_at(close + 1)) {
                return false;
            }
            innermost -= 1;
        }
        true
    }

    /// Whether what stands at `index` goes on with a query that is complete in front of it.
    fn continues_query_at(&self, index: usize) -> bool {
        match self.kind_at(index) {
            TokenKind::OperatorPipe => true,
            TokenKind::Pipe => self.is_pipe_at(index),
            TokenKind::Keyword(Keyword::Union | Keyword::Except | Keyword::Intersect | Keyword::Minus) => true,
            TokenKind::Keyword(Keyword::Order | Keyword::Cluster | Keyword::Distribute | Keyword::Sort) => {
                self.is_keyword_at(index + 1, Keyword::By)
            }
            TokenKind::Keyword(Keyword::Limit | Keyword::Offset) => self.starts_expression_at(index + 1),
            TokenKind::Keyword(Keyword::Window) => {
                self.is_identifier_at(index + 1) && self.is_keyword_at(index + 2, Keyword::As)
            }
            _ => false,
        }
    }

    /// Whether the token is a pipe operator's sign: `|>`, or `|` in front of such an operator's keyword.
    pub(super) fn is_pipe_at(&self, index: usize) -> bool {
        match self.kind_at(index) {
            TokenKind::OperatorPipe => true,
            TokenKind::Pipe if self.options.single_character_pipe => matches!(
                self.kind_at(index + 1),
                TokenKind::Keyword(
                    Keyword::Select
                        | Keyword::Extend
                        | Keyword::Set
                        | Keyword::Drop
                        | Keyword::As
                        | Keyword::Where
                        | Keyword::Pivot
                        | Keyword::Unpivot
                        | Keyword::Tablesample
                        | Keyword::Inner
                        | Keyword::Cross
                        | Keyword::Left
                        | Keyword::Semi
                        | Keyword::Right
                        | Keyword::Full
                        | Keyword::Anti
                        | Keyword::Join
                        | Keyword::Natural
                        | Keyword::Intersect
                        | Keyword::Union
                        | Keyword::Except
                        | Keyword::Minus
                        | Keyword::Order
                        | Keyword::Cluster
                        | Keyword::Distribute
                        | Keyword::Sort
                        | Keyword::Window
                        | Keyword::Limit
                        | Keyword::Offset
                        | Keyword::Aggregate
                )
            ),
            _ => false,
        }
    }

    /// Whether an alias without `AS` stands at the current token behind an expression of a list.
    pub(super) fn is_implicit_alias(&self) -> bool {
        self.is_identifier() && !self.is_clause_at(self.position())
    }

    /// Whether a table's alias without `AS` stands at the current token.
    pub(super) fn is_implicit_table_alias(&self) -> bool {
        self.is_strict_identifier_at(self.position()) && !self.is_clause_at(self.position())
    }

    /// Whether the keyword at `index` begins a clause of the query rather than being an alias.
    pub(super) fn is_clause_at(&self, index: usize) -> bool {
        let TokenKind::Keyword(keyword) = self.kind_at(index) else { return false };
        let next = index + 1;
        let is_next = |wanted: &[Keyword]| wanted.iter().any(|keyword| self.is_keyword_at(next, *keyword));
        match keyword {
            Keyword::From => self.starts_relation_at(next),
            Keyword::Where | Keyword::Having | Keyword::Qualify | Keyword::Offset => self.starts_expression_at(next),
            Keyword::Limit => self.starts_expression_at(next),
            Keyword::Group | Keyword::Order | Keyword::Cluster | Keyword::Distribute | Keyword::Sort => {
                is_next(&[Keyword::By])
            }
            Keyword::Window => self.is_identifier_at(next) && self.is_keyword_at(next + 1, Keyword::As),
            Keyword::Lateral => is_next(&[Keyword::View]),
            Keyword::Union | Keyword::Except | Keyword::Intersect | Keyword::Minus => self.starts_set_operand_at(next),
            Keyword::Pivot => self.kind_at(next) == TokenKind::LeftParen,
            Keyword::Unpivot => {
                self.kind_at(next) == TokenKind::LeftParen || is_next(&[Keyword::Include, Keyword::Exclude])
            }
            Keyword::Tablesample => {
                self.kind_at(next) == TokenKind::LeftParen || is_next(&[Keyword::Bernoulli, Keyword::System])
            }
            Keyword::With => {
                self.kind_at(next) == TokenKind::LeftParen
                    || is_next(&[Keyword::Rollup, Keyword::Cube, Keyword::Schema, Keyword::Single])
            }
            Keyword::Grouping => is_next(&[Keyword::Sets]),
            Keyword::For => self.is_for_clause_at(next),
            Keyword::Version | Keyword::SystemVersion | Keyword::Timestamp | Keyword::SystemTime => {
                is_next(&[Keyword::As]) && self.is_keyword_at(next + 1, Keyword::Of)
            }
            Keyword::Do => self.script.is_inside(),
            Keyword::Changes => is_next(&[Keyword::From]),
            Keyword::Approx | Keyword::Exact => is_next(&[Keyword::Nearest]),
            Keyword::Identified => is_next(&[Keyword::By]),
            Keyword::Select => self.kind_at(next) == TokenKind::HintStart || self.starts_expression_at(next),
            Keyword::Insert => is_next(&[Keyword::Into, Keyword::Overwrite, Keyword::With]),
            Keyword::Join | Keyword::Cross | Keyword::Inner | Keyword::Natural | Keyword::Using | Keyword::On => {
                self.starts_relation_at(next) || is_next(&[Keyword::Join])
            }
            Keyword::Map | Keyword::Reduce => self.kind_at(next) == TokenKind::Word,
            _ => false,
        }
    }

    /// `FOR VERSION AS OF`, `FOR SYSTEM_TIME AS OF`, and the `FOR` of `PIVOT`.
    fn is_for_clause_at(&self, next: usize) -> bool {
        let is_time_travel = matches!(
            self.kind_at(next),
            TokenKind::Keyword(Keyword::Version | Keyword::SystemVersion | Keyword::Timestamp | Keyword::SystemTime)
        ) && self.is_keyword_at(next + 1, Keyword::As);
        let is_pivot = self.is_identifier_at(next) && self.is_keyword_at(next + 1, Keyword::In)
            || self.closing_of(next).is_some_and(|close| self.is_keyword_at(close + 1, Keyword::In));
        is_time_travel || is_pivot
    }

    fn starts_relation_at(&self, index: usize) -> bool {
        match self.kind_at(index) {
            TokenKind::LeftParen => true,
            TokenKind::Keyword(Keyword::From) => false,
            _ => self.is_identifier_at(index),
        }
    }

    fn starts_set_operand_at(&self, index: usize) -> bool {
        match self.kind_at(index) {
            TokenKind::LeftParen => true,
            TokenKind::Keyword(Keyword::All | Keyword::Distinct) => true,
            _ => self.starts_query_at(index),
        }
    }
}
