//! `SET` and `RESET`, whose keys and values are raw text.

use firesteel_base::{SparkError, SparkResult};

use super::cursor::Parser;
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::Command;
use crate::ir::command::{Set, TimeZone};

impl Parser<'_> {
    /// The text behind the token `index`, without semicolons at its end.
    fn remainder(&self, index: usize) -> &str {
        let text = self.text().get(self.token_at(index).end..).unwrap_or("").trim();
        text.trim_end_matches(';').trim()
    }

    fn take_all(&mut self) {
        while !self.at_end() {
            self.take();
        }
    }

    pub(super) fn set_statement(&mut self) -> SparkResult<Command> {
        let start = self.position();
        let next_is = |keyword| self.is_keyword_at(start + 1, keyword);
        let is_named = self.is_identifier_at(start + 2) || self.kind_at(start + 2) == TokenKind::LeftParen;
        if next_is(Keyword::Time) && self.is_keyword_at(start + 2, Keyword::Zone) {
            return self.set_time_zone(start);
        }
        if next_is(Keyword::Catalog) && is_named {
            return self.set_catalog();
        }
        let is_empty = self.kind_at(start + 3) == TokenKind::RightParen;
        if (next_is(Keyword::Var) || next_is(Keyword::Variable)) && is_named && !is_empty {
            return self.set_variables(2);
        }
        if next_is(Keyword::Path) && self.kind_at(start + 2) == TokenKind::Equal && is_identifier_path(self, start + 3)
        {
            return Ok(self.unsupported_statement("SET PATH"));
        }
        self.set_configuration(start)
    }

    fn set_configuration(&mut self, start: usize) -> SparkResult<Command> {
        let is_quoted_key = self.kind_at(start + 1) == TokenKind::Quoted
            && matches!(self.kind_at(start + 2), TokenKind::Equal | TokenKind::Semicolon | TokenKind::EndOfInput);
        let set = if is_quoted_key { self.quoted_key(start)? } else { self.plain_key(start) };
        self.take_all();
        set.map(Command::Set).ok_or_else(|| self.error_since("INVALID_SET_SYNTAX", start))
    }

    /// `` SET `key` ``, `` SET `key` = value ``
    fn quoted_key(&self, start: usize) -> SparkResult<Option<Set>> {
        let key = self.identifier_text(start + 1)?;
        if self.kind_at(start + 2) != TokenKind::Equal {
            return Ok(Some(Set::Get { key }));
        }
        let value = self.quoted_value(start + 2)?;
        let value = value.or_else(|| {
            let text = self.remainder(start + 2);
            (!text.contains(';')).then(|| text.to_owned())
        });
        Ok(value.map(|value| Set::Assign { key, value }))
    }

    /// The value in back quotes behind the `=` at `equal`, if it is alone there.
    fn quoted_value(&self, equal: usize) -> SparkResult<Option<String>> {
        let is_alone = self.kind_at(equal + 1) == TokenKind::Quoted
            && matches!(self.kind_at(equal + 2), TokenKind::Semicolon | TokenKind::EndOfInput);
        if is_alone { self.identifier_text(equal + 1).map(Some) } else { Ok(None) }
    }

    fn plain_key(&self, start: usize) -> Option<Set> {
        let text = self.remainder(start);
        match text.split_once('=') {
            _ if text.is_empty() => Some(Set::All),
            _ if text == "-v" => Some(Set::AllVerbose),
            None => is_key(text).then(|| Set::Get { key: text.to_owned() }),
            Some((key, value)) => {
                let key = key.trim_end();
                let quoted = value.trim().strip_prefix('`').and_then(|value| value.strip_suffix('`'));
                let value = match quoted {
                    Some(quoted) => quoted.replace("``", "`"),
                    None if value.contains(';') => return None,
                    None => value.trim().to_owned(),
                };
                is_key(key).then(|| Set::Assign { key: key.to_owned(), value })
            }
        }
    }

    fn set_time_zone(&mut self, start: usize) -> SparkResult<Command> {
        self.take_many(3);
        let zone = if self.accept_keyword(Keyword::Local) {
            TimeZone::Local
        } else if self.is_string_at(self.position()) {
            TimeZone::Name(self.string_literal()?)
        } else if self.is_keyword(Keyword::Interval) && self.is_interval() {
            TimeZone::Interval(Box::new(self.interval()?))
        } else {
            return Err(self.invalid_time_zone(start));
        };
        if !matches!(self.kind(), TokenKind::Semicolon | TokenKind::EndOfInput) {
            return Err(self.invalid_time_zone(start));
        }
        Ok(Command::SetTimeZone(zone))
    }

    fn invalid_time_zone(&mut self, start: usize) -> SparkError {
        self.take_all();
        self.error_since("_LEGACY_ERROR_TEMP_0045", start)
    }

    pub(super) fn reset_statement(&mut self) -> SparkResult<Command> {
        let start = self.position();
        let is_quoted = self.kind_at(start + 1) == TokenKind::Quoted
            && matches!(self.kind_at(start + 2), TokenKind::Semicolon | TokenKind::EndOfInput);
        let key = if is_quoted {
            self.identifier_text(start + 1).map(Some)
        } else {
            let text = self.remainder(start);
            match text {
                "" => Ok(None),
                key if is_key(key) => Ok(Some(key.to_owned())),
                _ => Err(self.error_since("INVALID_RESET_COMMAND_FORMAT", start)),
            }
        };
        self.take_all();
        key.map(|key| Command::Reset { key })
    }
}

fn is_identifier_path(parser: &Parser<'_>, index: usize) -> bool {
    parser.is_identifier_at(index)
}

/// Letters, digits and `_ . : \`, as a configuration key may have without quotes.
fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_ascii_alphanumeric() || "_.:\\".contains(character))
}
