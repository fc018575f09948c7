//! Several statements in one text, as the SQL shell and scripts have them.

use firesteel_base::SparkResult;

use super::keywords::Keyword;
use super::lexer::tokenize;
use super::token::TokenKind;

/// The statements of `text` between its semicolons, as they are written, without blanks and comments around them.
///
/// Semicolons in strings, quoted names and comments do not separate, nor do those of a script. Nothing is checked but
/// the tokens.
pub fn parse_statements(text: &str) -> SparkResult<Vec<String>> {
    let mut statements = Vec::new();
    let mut span: Option<(usize, usize)> = None;
    // How many ends the script still has.
    let mut open = 0_usize;
    let mut tokens = tokenize(text)?.into_iter().peekable();
    let mut before = TokenKind::Semicolon;
    while let Some(token) = tokens.next() {
        let next = tokens.peek().map_or(TokenKind::EndOfInput, |next| next.kind);
        open = match token.kind {
            TokenKind::Keyword(Keyword::Begin) if span.is_none() || open > 0 => open + 1,
            TokenKind::Keyword(Keyword::Case) if open > 0 && before != TokenKind::Keyword(Keyword::End) => open + 1,
            TokenKind::Keyword(Keyword::End) if !closes_body(next) => open.saturating_sub(1),
            TokenKind::EndOfInput => 0,
            _ => open,
        };
        before = token.kind;
        if open == 0 && matches!(token.kind, TokenKind::Semicolon | TokenKind::EndOfInput) {
            let statement = span.take().and_then(|(start, end)| text.get(start..end));
            statements.extend(statement.map(str::to_owned));
        } else {
            span = Some((span.map_or(token.start, |(start, _)| start), token.end));
        }
    }
    Ok(statements)
}

/// Whether the word behind an `END` says that no block ends.
fn closes_body(next: TokenKind) -> bool {
    matches!(next, TokenKind::Keyword(Keyword::If | Keyword::While | Keyword::Repeat | Keyword::Loop | Keyword::For))
}
