//! `INTERVAL` literals: `INTERVAL 1 DAY 2 HOURS`, `INTERVAL '1-2' YEAR TO MONTH`, `INTERVAL '1 day'`.

use firesteel_base::error::ErrorKind;
use firesteel_base::types::{DayTimeField, YearMonthField};
use firesteel_base::{SparkError, SparkResult};

use super::cursor::Parser;
use super::interval_text::{Fields, IntervalValue, parse_from_to, parse_units};
use super::keywords::Keyword;
use super::token::TokenKind;
use crate::ir::{Expression, Literal};

/// One value of an interval: its sign, its spelling, and whether that was a string.
struct Magnitude {
    negative: bool,
    text: String,
    is_string: bool,
}

impl Parser<'_> {
    /// Whether the word `INTERVAL` at the current token begins a literal.
    pub(super) fn is_interval(&self) -> bool {
        let position = self.position();
        if self.is_string_at(position + 1) {
            return true;
        }
        let signed = matches!(self.ahead(1), TokenKind::Plus | TokenKind::Minus);
        let value = position + 1 + usize::from(signed);
        match self.kind_at(value) {
            TokenKind::Integer | TokenKind::Decimal => !signed || self.is_unit_at(value + 1),
            _ => signed && self.is_string_at(value),
        }
    }

    fn is_unit_at(&self, index: usize) -> bool {
        matches!(self.kind_at(index), TokenKind::Keyword(keyword) if unit_name(keyword).is_some())
    }

    /// The literal at the word `INTERVAL`.
    pub(super) fn interval(&mut self) -> SparkResult<Expression> {
        let start = self.position();
        let value = start + 1;
        let mut behind = value;
        while self.is_string_at(behind) {
            behind += 1;
        }
        if behind == value + 1 && !self.is_unit_at(behind) {
            return self.typed_literal();
        }
        self.take();
        let body = self.position();
        let first = self.magnitude()?;
        if self.is_from_to() {
            return self.unit_to_unit(&first, start, body);
        }
        let mut values = vec![(first, self.unit()?)];
        while self.is_magnitude() {
            let value = self.magnitude()?;
            if self.is_from_to() {
                self.unit_to_unit(&value, start, body)?;
                return Err(self.error_since("_LEGACY_ERROR_TEMP_0024", start));
            }
            values.push((value, self.unit()?));
        }
        if self.is_keyword(Keyword::To) && self.is_unit_at(self.position() + 1) {
            self.take_many(2);
            return Err(self.error_since("_LEGACY_ERROR_TEMP_0027", body));
        }
        let literal = self.multi_units(&values, start, body)?;
        Ok(Expression::literal(literal, self.origin_since(start)))
    }

    fn is_magnitude(&self) -> bool {
        let signed = matches!(self.kind(), TokenKind::Plus | TokenKind::Minus);
        let index = self.position() + usize::from(signed);
        let is_value =
            matches!(self.kind_at(index), TokenKind::Integer | TokenKind::Decimal) || self.is_string_at(index);
        is_value && self.is_unit_at(index + 1)
    }

    fn magnitude(&mut self) -> SparkResult<Magnitude> {
        let negative = self.is(TokenKind::Minus);
        if negative || self.is(TokenKind::Plus) {
            self.take();
        }
        if self.is_string_at(self.position()) {
            return Ok(Magnitude { negative, text: self.string_literal()?, is_string: true });
        }
        if !matches!(self.kind(), TokenKind::Integer | TokenKind::Decimal) {
            return Err(self.syntax_error());
        }
        let index = self.take();
        Ok(Magnitude { negative, text: self.token_text(index).to_owned(), is_string: false })
    }

    fn unit(&mut self) -> SparkResult<&'static str> {
        let name = match self.kind() {
            TokenKind::Keyword(keyword) => unit_name(keyword),
            _ => None,
        };
        let name = name.ok_or_else(|| self.syntax_error())?;
        self.take();
        Ok(name)
    }

    fn is_from_to(&self) -> bool {
        self.is_unit_at(self.position())
            && self.is_keyword_ahead(1, Keyword::To)
            && self.is_unit_at(self.position() + 2)
    }

    /// `'…' unit TO unit`, at the first unit.
    fn unit_to_unit(&mut self, value: &Magnitude, start: usize, body: usize) -> SparkResult<Expression> {
        let from = self.boundary()?;
        self.take();
        let to = self.boundary()?;
        if self.is_magnitude() {
            return Err(self.error_of_second_interval(start));
        }
        if !value.is_string {
            return Err(self.error_since("_LEGACY_ERROR_TEMP_0027", body));
        }
        let text = if value.negative { negated(&value.text) } else { value.text.clone() };
        let parsed = parse_from_to(&text, from, to).map_err(|error| error.at_if_unknown(&self.origin_since(body)))?;
        Ok(Expression::literal(literal_of(parsed), self.origin_since(start)))
    }

    /// Takes the second value that may not follow, so that the error covers it.
    fn error_of_second_interval(&mut self, start: usize) -> SparkError {
        while self.is_magnitude() {
            let taken = self.magnitude().and_then(|_| self.unit());
            if taken.is_err() {
                break;
            }
        }
        if self.is_keyword(Keyword::To) && self.is_unit_at(self.position() + 1) {
            self.take_many(2);
        }
        self.error_since("_LEGACY_ERROR_TEMP_0024", start)
    }

    /// A unit of `FROM unit TO unit`, which is always in the singular.
    fn boundary(&mut self) -> SparkResult<&'static str> {
        let allowed = matches!(
            self.keyword(),
            Some(Keyword::Second | Keyword::Minute | Keyword::Hour | Keyword::Day | Keyword::Month | Keyword::Year)
        );
        if allowed { self.unit() } else { Err(self.syntax_error()) }
    }

    fn multi_units(&self, values: &[(Magnitude, &'static str)], start: usize, body: usize) -> SparkResult<Literal> {
        let mut text = String::new();
        for (index, (value, unit)) in values.iter().enumerate() {
            if value.is_string && value.text.chars().any(char::is_alphabetic) {
                return Err(self.error_since("_LEGACY_ERROR_TEMP_0026", body).param("value", value.text.as_str()));
            }
            let spelled = if value.negative { negated(&value.text) } else { value.text.clone() };
            let spelled_unit = self.spelled_unit(index, unit, body);
            text.push(' ');
            text.push_str(&spelled);
            text.push(' ');
            text.push_str(&spelled_unit);
        }
        let units: Vec<&str> = values.iter().map(|(_, unit)| *unit).collect();
        let parsed = parse_units(&text)?;
        self.of_units(parsed, &units, start)
    }

    /// The unit as it was written: errors quote it.
    fn spelled_unit(&self, index: usize, unit: &str, body: usize) -> String {
        let mut seen = 0;
        for token in body..self.position() {
            if self.is_unit_at(token) {
                if seen == index {
                    return self.token_text(token).to_owned();
                }
                seen += 1;
            }
        }
        unit.to_owned()
    }

    /// `INTERVAL '1 day 2 hours'`
    pub(super) fn interval_of_text(&self, text: &str, start: usize) -> SparkResult<Literal> {
        let parsed = parse_units(text).map_err(|_| self.invalid_typed("INTERVAL", text, start))?;
        let words: Vec<String> = text
            .split([' ', '\t', '\n', '\r', '\u{b}', '\u{c}'])
            .map(|word| {
                let word = word.to_lowercase();
                word.strip_suffix('s').map(str::to_owned).unwrap_or(word)
            })
            .filter(|word| word != "interval" && !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
            .collect();
        let units: Vec<&str> = words.iter().map(String::as_str).collect();
        self.of_units(parsed, &units, start)
    }

    /// The year-month or day-time interval that spans the units; both kinds together are refused.
    fn of_units(&self, value: IntervalValue, units: &[&str], start: usize) -> SparkResult<Literal> {
        let mut year_month = Vec::new();
        let mut day_time = Vec::new();
        for unit in units {
            match *unit {
                "year" => year_month.push(YearMonthField::Year),
                "month" => year_month.push(YearMonthField::Month),
                "day" | "week" => day_time.push(DayTimeField::Day),
                "hour" => day_time.push(DayTimeField::Hour),
                "minute" => day_time.push(DayTimeField::Minute),
                _ => day_time.push(DayTimeField::Second),
            }
        }
        let year_month = year_month.iter().min().copied().zip(year_month.iter().max().copied());
        let day_time = day_time.iter().min().copied().zip(day_time.iter().max().copied());
        match (year_month, day_time) {
            (Some(_), Some(_)) => {
                Err(self.error_since("_LEGACY_ERROR_TEMP_0029", start).param("literal", self.text_since(start)))
            }
            (Some((start, end)), None) => Ok(Literal::YearMonthInterval { months: value.months, start, end }),
            (None, range) => {
                let (first, last) = range.unwrap_or((DayTimeField::Day, DayTimeField::Second));
                let microseconds = value.duration().ok_or_else(|| {
                    SparkError::new("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION").with_kind(ErrorKind::Arithmetic)
                })?;
                Ok(Literal::DayTimeInterval { microseconds, start: first, end: last })
            }
        }
    }
}

fn literal_of((value, fields): (IntervalValue, Fields)) -> Literal {
    match fields {
        Fields::YearMonth(start, end) => Literal::YearMonthInterval { months: value.months, start, end },
        Fields::DayTime(start, end) => {
            Literal::DayTimeInterval { microseconds: value.duration().unwrap_or(value.microseconds), start, end }
        }
    }
}

/// A minus in front of the value: it takes the value's own away.
fn negated(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(positive) => positive.to_owned(),
        None => format!("-{text}"),
    }
}

/// The unit in the singular.
fn unit_name(keyword: Keyword) -> Option<&'static str> {
    Some(match keyword {
        Keyword::Nanosecond | Keyword::Nanoseconds => "nanosecond",
        Keyword::Microsecond | Keyword::Microseconds => "microsecond",
        Keyword::Millisecond | Keyword::Milliseconds => "millisecond",
        Keyword::Second | Keyword::Seconds => "second",
        Keyword::Minute | Keyword::Minutes => "minute",
        Keyword::Hour | Keyword::Hours => "hour",
        Keyword::Day | Keyword::Days => "day",
        Keyword::Week | Keyword::Weeks => "week",
        Keyword::Month | Keyword::Months => "month",
        Keyword::Year | Keyword::Years => "year",
        _ => return None,
    })
}
