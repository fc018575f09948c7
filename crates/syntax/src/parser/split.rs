//! Several statements in one text, as the SQL shell and scripts have them.

use firesteel_base::SparkResult;

use super::lexer::tokenize;
use super::token::TokenKind;

/// The statements of `text` between its semicolons, as they are written, without blanks and comments around them.
///
/// Semicolons in strings, quoted names and comments do not separate. Nothing is checked but the tokens.
pub fn parse_statements(text: &str) -> SparkResult<Vec<String>> {
    let mut statements = Vec::new();
    let mut span: Option<(usize, usize)> = None;
    for token in tokenize(text)? {
        if matches!(token.kind, TokenKind::Semicolon | TokenKind::EndOfInput) {
            let statement = span.take().and_then(|(start, end)| text.get(start..end));
            statements.extend(statement.map(str::to_owned));
        } else {
            span = Some((span.map_or(token.start, |(start, _)| start), token.end));
        }
    }
    Ok(statements)
}
