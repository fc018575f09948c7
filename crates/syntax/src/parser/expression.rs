//! Expressions from `OR` down to the operators with two operands.

use firesteel_base::{Origin, SparkResult};

use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::{Expression, ExpressionKind};

/// Binding strength of the operators below the predicates, weakest first.
const COMPARISON: u8 = 1;
const BIT_OR: u8 = 2;
const BIT_XOR: u8 = 3;
const BIT_AND: u8 = 4;
const SHIFT: u8 = 5;
const ADDITION: u8 = 6;
const MULTIPLICATION: u8 = 7;

/// An operator between two operands: its function, binding strength and number of tokens.
struct Operator {
    function: &'static str,
    strength: u8,
    tokens: usize,
    /// `!=` is `not(=)`.
    negated: bool,
}

impl Operator {
    fn new(function: &'static str, strength: u8) -> Option<Self> {
        Some(Self { function, strength, tokens: 1, negated: false })
    }
}

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> SparkResult<Expression> {
        self.nested(Self::disjunction)
    }

    /// `a OR b OR …`
    fn disjunction(&mut self) -> SparkResult<Expression> {
        self.logical_chain(Keyword::Or, "or", Self::conjunction)
    }

    /// `a AND b AND …`
    fn conjunction(&mut self) -> SparkResult<Expression> {
        self.logical_chain(Keyword::And, "and", Self::negation)
    }

    /// A chain of one logical operator becomes a balanced tree, so that a long chain is not a deep one.
    fn logical_chain(
        &mut self,
        keyword: Keyword,
        function: &str,
        operand: fn(&mut Self) -> SparkResult<Expression>,
    ) -> SparkResult<Expression> {
        let start = self.position();
        let first = operand(self)?;
        if !self.is_keyword(keyword) {
            return Ok(first);
        }
        let mut level = vec![first];
        while self.accept_keyword(keyword) {
            level.push(operand(self)?);
        }
        let origin = self.origin_since(start);
        let combine = |left, right| Expression::call(function, vec![left, right], origin.clone());
        Ok(balanced(level, &combine).unwrap_or_else(|| Expression::new(ExpressionKind::Default, origin.clone())))
    }

    fn negation(&mut self) -> SparkResult<Expression> {
        let is_negated = match self.kind() {
            TokenKind::Bang => true,
            TokenKind::Keyword(Keyword::Not) => self.starts_expression_at(self.position() + 1),
            _ => false,
        };
        if !is_negated {
            return self.predicated();
        }
        let start = self.take();
        let operand = self.nested(Self::negation)?;
        Ok(Expression::call("not", vec![operand], self.origin_since(start)))
    }

    /// `EXISTS (query)`, or a value with a predicate behind it.
    fn predicated(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        if self.is_keyword(Keyword::Exists) && self.encloses_query_at(start + 1) {
            self.take();
            let query = self.parenthesized_query()?;
            return Ok(Expression::new(ExpressionKind::Exists(Box::new(query)), self.origin_since(start)));
        }
        let value = self.value_expression()?;
        self.predicate(value)
    }

    /// Everything that binds tighter than the predicates.
    pub(super) fn value_expression(&mut self) -> SparkResult<Expression> {
        self.binary(COMPARISON)
    }

    /// As [`Self::value_expression`], where the caller has not gone one level deeper yet.
    pub(super) fn nested_value_expression(&mut self) -> SparkResult<Expression> {
        self.nested(Self::value_expression)
    }

    fn binary(&mut self, weakest: u8) -> SparkResult<Expression> {
        let start = self.position();
        let mut left = self.unary()?;
        while let Some(operator) = self.operator().filter(|operator| operator.strength >= weakest) {
            self.take_many(operator.tokens);
            let right = self.binary(operator.strength + 1)?;
            let origin = self.origin_since(start);
            left = Expression::call(operator.function, vec![left, right], origin.clone());
            if operator.negated {
                left = Expression::call("not", vec![left], origin);
            }
        }
        Ok(left)
    }

    /// The operator between two operands that stands here.
    fn operator(&self) -> Option<Operator> {
        match self.kind() {
            TokenKind::Star => Operator::new("*", MULTIPLICATION),
            TokenKind::Slash => Operator::new("/", MULTIPLICATION),
            TokenKind::Percent => Operator::new("%", MULTIPLICATION),
            TokenKind::Keyword(Keyword::Div) if self.starts_expression_at(self.position() + 1) => {
                Operator::new("div", MULTIPLICATION)
            }
            TokenKind::Plus => Operator::new("+", ADDITION),
            TokenKind::Minus => Operator::new("-", ADDITION),
            TokenKind::ConcatPipe => Operator::new("concat", ADDITION),
            TokenKind::ShiftLeft => Operator::new("<<", SHIFT),
            TokenKind::Greater => self.shift_right().or_else(|| Operator::new(">", COMPARISON)),
            TokenKind::Ampersand => Operator::new("&", BIT_AND),
            TokenKind::Hat => Operator::new("^", BIT_XOR),
            TokenKind::Pipe if !self.is_pipe_at(self.position()) => Operator::new("|", BIT_OR),
            TokenKind::Equal => Operator::new("=", COMPARISON),
            TokenKind::NullSafeEqual => Operator::new("<=>", COMPARISON),
            TokenKind::Less => Operator::new("<", COMPARISON),
            TokenKind::LessOrEqual => Operator::new("<=", COMPARISON),
            TokenKind::GreaterOrEqual => Operator::new(">=", COMPARISON),
            TokenKind::Unequal | TokenKind::BangEqual => {
                Some(Operator { function: "=", strength: COMPARISON, tokens: 1, negated: true })
            }
            _ => None,
        }
    }

    /// `>>` and `>>>`: signs that touch each other.
    fn shift_right(&self) -> Option<Operator> {
        let start = self.position();
        let mut signs = 1;
        while signs < 3
            && self.ahead(signs) == TokenKind::Greater
            && self.token_at(start + signs - 1).end == self.token_at(start + signs).start
        {
            signs += 1;
        }
        let function = match signs {
            2 => ">>",
            3 => ">>>",
            _ => return None,
        };
        Some(Operator { function, strength: SHIFT, tokens: signs, negated: false })
    }

    fn unary(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        let function = match self.kind() {
            TokenKind::Minus if self.is_number_at(start + 1) => return self.primary(),
            TokenKind::Minus => {
                self.take();
                let operand = self.nested(Self::unary)?;
                return Ok(negated(operand, self.origin_since(start)));
            }
            TokenKind::Plus => "positive",
            TokenKind::Tilde => "~",
            _ => return self.primary(),
        };
        self.take();
        let operand = self.nested(Self::unary)?;
        Ok(Expression::call(function, vec![operand], self.origin_since(start)))
    }
}

/// The operator, which unlike the function of that name prints as a sign.
pub(super) fn negated(operand: Expression, origin: Origin) -> Expression {
    let mut negated = Expression::call("negative", vec![operand], origin);
    if let ExpressionKind::Function(call) = &mut negated.kind {
        call.is_internal = true;
    }
    negated
}

/// A tree over `items` of logarithmic depth that keeps their order, split where Spark splits it. `None`: no items.
fn balanced(items: Vec<Expression>, combine: &impl Fn(Expression, Expression) -> Expression) -> Option<Expression> {
    let count = items.len();
    balanced_range(&mut items.into_iter(), count, combine)
}

fn balanced_range(
    items: &mut std::vec::IntoIter<Expression>,
    count: usize,
    combine: &impl Fn(Expression, Expression) -> Expression,
) -> Option<Expression> {
    if count <= 1 {
        return items.next();
    }
    let first = count.div_ceil(2);
    let left = balanced_range(items, first, combine)?;
    let right = balanced_range(items, count - first, combine)?;
    Some(combine(left, right))
}
