//! Values put in place of parameter markers in the text of a statement, before it is read.

use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult};
use indexmap::IndexMap;

use super::lexer::tokenize;
use super::token::{Token, TokenKind};

/// The text with literals of SQL in place of `:name` and `?`.
pub fn put_parameters(text: &str, named: &IndexMap<String, String>, positional: &[String]) -> SparkResult<String> {
    let tokens = tokenize(text)?;
    let mut result = String::with_capacity(text.len());
    let mut copied = 0;
    let mut index = 0;
    let (mut has_named, mut has_positional) = (false, false);
    while let Some(token) = tokens.get(index) {
        let next = tokens.get(index + 1);
        let value = match token.kind {
            TokenKind::Question => {
                has_positional = true;
                let value = positional.get(token.link);
                Some((value.ok_or_else(|| unbound(&format!("_{}", token.first)))?, token.end, 1))
            }
            TokenKind::Colon if is_marker(&tokens, index) => {
                has_named = true;
                let (end, name) =
                    next.map_or((token.end, ""), |next| (next.end, text.get(next.start..next.end).unwrap_or("")));
                let value = named.iter().find(|(known, _)| known.as_str() == name);
                Some((value.map(|(_, value)| value).ok_or_else(|| unbound(name))?, end, 2))
            }
            _ => None,
        };
        let Some((value, end, tokens_taken)) = value else {
            index += 1;
            continue;
        };
        result.push_str(text.get(copied..token.start).unwrap_or(""));
        result.push_str(value);
        copied = end;
        index += tokens_taken;
    }
    if has_named && has_positional {
        return Err(SparkError::new("INVALID_QUERY_MIXED_QUERY_PARAMETERS"));
    }
    result.push_str(text.get(copied..).unwrap_or(""));
    Ok(result)
}

/// Whether the colon at `index` begins a marker: a name stands right behind it, and nothing that it could take a part
/// of right in front of it.
fn is_marker(tokens: &[Token], index: usize) -> bool {
    let (Some(colon), Some(next)) = (tokens.get(index), tokens.get(index + 1)) else { return false };
    let is_name = matches!(next.kind, TokenKind::Word | TokenKind::Keyword(_)) && next.start == colon.end;
    let behind_value = index.checked_sub(1).and_then(|before| tokens.get(before)).is_some_and(|before| {
        before.end == colon.start
            && matches!(
                before.kind,
                TokenKind::Word
                    | TokenKind::Quoted
                    | TokenKind::Keyword(_)
                    | TokenKind::RightParen
                    | TokenKind::RightBracket
            )
    });
    is_name && !behind_value
}

fn unbound(name: &str) -> SparkError {
    SparkError::new("UNBOUND_SQL_PARAMETER").param("name", name).with_kind(ErrorKind::Analysis)
}
