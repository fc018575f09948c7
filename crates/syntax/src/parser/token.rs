//! Tokens: what the lexer makes of the text, each with its place.

use super::keywords::Keyword;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// An unquoted word that is a keyword; it may stand as an identifier too.
    Keyword(Keyword),
    /// An unquoted identifier.
    Word,
    /// `` `…` ``
    Quoted,
    /// `'…'` and `r'…'`, `r"…"`
    String,
    /// `"…"`: a string, or an identifier by option.
    DoubleQuoted,
    /// `$$…$$`
    DollarQuoted,
    Integer,
    BigInt,
    SmallInt,
    TinyInt,
    Exponent,
    Decimal,
    Float,
    Double,
    BigDecimal,
    Semicolon,
    LeftParen,
    RightParen,
    Comma,
    Dot,
    LeftBracket,
    RightBracket,
    Bang,
    /// `=` and `==`
    Equal,
    /// `<=>`
    NullSafeEqual,
    /// `<>`
    Unequal,
    /// `!=`
    BangEqual,
    Less,
    LessOrEqual,
    /// `>`. Shifts to the right are read from adjacent ones, since `>` also closes nested types.
    Greater,
    GreaterOrEqual,
    ShiftLeft,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Tilde,
    Ampersand,
    Pipe,
    /// `||`
    ConcatPipe,
    /// `|>`
    OperatorPipe,
    Hat,
    Colon,
    DoubleColon,
    /// `->`
    Arrow,
    /// `=>`
    FatArrow,
    /// `/*+`
    HintStart,
    /// `*/`
    HintEnd,
    Question,
    /// A character that starts no token.
    Unrecognized,
    EndOfInput,
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// Bytes, `end` exclusive.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Characters, `last` inclusive.
    pub(super) first: usize,
    pub(super) last: usize,
    /// Of a parenthesis: the index of the token that matches it. Of a `?`: how many stand in front of it.
    pub(super) link: usize,
}

/// [`Token::link`] of tokens that have none.
pub(super) const NO_LINK: usize = usize::MAX;
