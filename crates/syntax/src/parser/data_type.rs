//! Data types and column lists in DDL.

use std::sync::Arc;

use firesteel_base::collation::Collation;
use firesteel_base::error::ErrorKind;
use firesteel_base::spatial_reference::{check_geography, check_geometry};
use firesteel_base::types::{DayTimeField, YearMonthField};
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use super::cursor::Parser;
use super::error::parse_error;
use super::keywords::Keyword;
use super::token::TokenKind;

const MAX_DECIMAL_PRECISION: u8 = 38;
const MAX_TIME_PRECISION: u8 = 6;

impl Parser<'_> {
    pub(super) fn data_type(&mut self) -> SparkResult<SparkType> {
        self.nested(|parser| {
            let start = parser.position();
            match parser.keyword() {
                Some(Keyword::Array) => parser.array_type(start),
                Some(Keyword::Map) => parser.map_type(start),
                Some(Keyword::Struct) => parser.struct_type(start),
                Some(keyword) => parser.keyword_type(keyword, start),
                None => parser.named_type(start),
            }
        })
    }

    fn array_type(&mut self, start: usize) -> SparkResult<SparkType> {
        self.take();
        if !self.accept(TokenKind::Less) {
            return Err(self.incomplete_type("ARRAY", start).param("elementType", "<INT>"));
        }
        let element = self.data_type()?;
        self.expect(TokenKind::Greater)?;
        Ok(SparkType::array(element, true))
    }

    fn map_type(&mut self, start: usize) -> SparkResult<SparkType> {
        self.take();
        if !self.accept(TokenKind::Less) {
            return Err(self.incomplete_type("MAP", start));
        }
        let key = self.data_type()?;
        self.expect(TokenKind::Comma)?;
        let value = self.data_type()?;
        self.expect(TokenKind::Greater)?;
        Ok(SparkType::map(key, value, true))
    }

    fn struct_type(&mut self, start: usize) -> SparkResult<SparkType> {
        self.take();
        if self.accept(TokenKind::Unequal) {
            return Ok(SparkType::Struct(SparkSchema::default()));
        }
        if !self.accept(TokenKind::Less) {
            return Err(self.incomplete_type("STRUCT", start));
        }
        let fields = if self.is(TokenKind::Greater) { Vec::new() } else { self.comma_separated(Self::struct_field)? };
        self.expect(TokenKind::Greater)?;
        Ok(SparkType::Struct(SparkSchema::new(fields)))
    }

    fn incomplete_type(&self, name: &str, start: usize) -> SparkError {
        self.error_since(&format!("INCOMPLETE_TYPE_DEFINITION.{name}"), start)
    }

    /// `name[:] type [NOT NULL] [COMMENT '…']`
    fn struct_field(&mut self) -> SparkResult<SparkField> {
        let name = self.plain_identifier()?;
        self.accept(TokenKind::Colon);
        self.rest_of_field(name)
    }

    /// `name type [NOT NULL] [COMMENT '…'], …`
    pub(super) fn column_types(&mut self) -> SparkResult<SparkSchema> {
        let fields = self.comma_separated(|parser| {
            let name = parser.plain_identifier()?;
            parser.rest_of_field(name)
        })?;
        Ok(SparkSchema::new(fields))
    }

    fn rest_of_field(&mut self, name: String) -> SparkResult<SparkField> {
        let data_type = self.data_type()?;
        let is_required = matches!(self.kind(), TokenKind::Bang | TokenKind::Keyword(Keyword::Not));
        if is_required {
            self.take();
            self.expect_keyword(Keyword::Null)?;
        }
        let mut field = SparkField::new(name, data_type, !is_required);
        if self.accept_keyword(Keyword::Comment) {
            let comment = self.string_literal()?;
            field.metadata = Some(Arc::from(format!("{{\"comment\":{}}}", json_string(&comment))));
        }
        Ok(field)
    }

    fn keyword_type(&mut self, keyword: Keyword, start: usize) -> SparkResult<SparkType> {
        let simple = match keyword {
            Keyword::Boolean => SparkType::Boolean,
            Keyword::Tinyint | Keyword::Byte => SparkType::Byte,
            Keyword::Smallint | Keyword::Short => SparkType::Short,
            Keyword::Int | Keyword::Integer => SparkType::Integer,
            Keyword::Bigint | Keyword::Long => SparkType::Long,
            Keyword::Float | Keyword::Real => SparkType::Float,
            Keyword::Double => SparkType::Double,
            Keyword::Date => SparkType::Date,
            Keyword::TimestampNtz => SparkType::TimestampNtz,
            Keyword::TimestampLtz => SparkType::Timestamp,
            Keyword::Binary => SparkType::Binary,
            Keyword::Void => SparkType::Null,
            Keyword::Variant => SparkType::Variant,
            Keyword::String => return self.string_type(start),
            Keyword::Char | Keyword::Character => return self.sized_string_type("CHARACTER", start),
            Keyword::Varchar => return self.sized_string_type("VARCHAR", start),
            Keyword::Decimal | Keyword::Dec | Keyword::Numeric => return self.decimal_type(start),
            Keyword::Timestamp => return self.timestamp_type(),
            Keyword::Time => return self.time_type(start),
            Keyword::Interval => return self.interval_type(start),
            Keyword::Geography | Keyword::Geometry => return self.geospatial_type(keyword, start),
            _ => return self.named_type(start),
        };
        self.take();
        if self.is(TokenKind::LeftParen) && self.kind_at(self.position() + 1) == TokenKind::Integer {
            return Err(self.unsupported_type(start));
        }
        Ok(simple)
    }

    /// A name that is no type.
    fn named_type(&mut self, start: usize) -> SparkResult<SparkType> {
        self.identifier()?;
        if self.is(TokenKind::Word) {
            return Err(self.missing(TokenKind::EndOfInput));
        }
        let refused = self.unsupported_type(start);
        self.defer(refused);
        Ok(SparkType::Null)
    }

    /// Refuses the type that begins at `start`, with the numbers in parentheses behind it.
    fn unsupported_type(&mut self, start: usize) -> SparkError {
        let close = self.closing_of(self.position());
        if let Some(close) = close
            && (self.position() + 1..close)
                .all(|index| matches!(self.kind_at(index), TokenKind::Integer | TokenKind::Comma))
        {
            self.take_many(close + 1 - self.position());
        }
        let spelled: String = (start..self.position()).map(|index| self.token_text(index)).collect();
        self.error_since("UNSUPPORTED_DATATYPE", start).param("typeName", format!("\"{}\"", spelled.to_uppercase()))
    }

    fn string_type(&mut self, start: usize) -> SparkResult<SparkType> {
        self.take();
        if self.is(TokenKind::LeftParen) {
            return Err(self.unsupported_type(start));
        }
        Ok(SparkType::String { collation: self.collation_of_type()? })
    }

    /// `COLLATE name`, by its canonical name.
    fn collation_of_type(&mut self) -> SparkResult<Option<Arc<str>>> {
        if !self.accept_keyword(Keyword::Collate) {
            return Ok(None);
        }
        let parts = self.multipart_identifier()?;
        Ok(Some(Collation::canonical(&parts)?))
    }

    fn sized_string_type(&mut self, name: &str, start: usize) -> SparkResult<SparkType> {
        self.take();
        if !self.accept(TokenKind::LeftParen) {
            return Err(self.error_since("DATATYPE_MISSING_SIZE", start).param("type", format!("\"{name}\"")));
        }
        let length = u32::try_from(self.small_integer()?).unwrap_or(0);
        self.expect(TokenKind::RightParen)?;
        if self.collation_of_type()?.is_some() {
            return Err(self.unbuilt(&format!("collated {name} type"), start));
        }
        Ok(if name == "VARCHAR" { SparkType::Varchar(length) } else { SparkType::Char(length) })
    }

    fn decimal_type(&mut self, start: usize) -> SparkResult<SparkType> {
        self.take();
        if !self.accept(TokenKind::LeftParen) {
            return Ok(SparkType::DECIMAL_DEFAULT);
        }
        let precision = self.small_integer()?;
        let scale = if self.accept(TokenKind::Comma) { self.small_integer()? } else { 0 };
        if self.is(TokenKind::Comma) {
            return Err(self.syntax_error());
        }
        self.expect(TokenKind::RightParen)?;
        let sized = u8::try_from(precision).ok().filter(|precision| *precision <= MAX_DECIMAL_PRECISION);
        let Some(sized) = sized else {
            return Err(SparkError::new("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION")
                .with_kind(ErrorKind::Arithmetic)
                .param("precision", precision.to_string())
                .param("maxPrecision", MAX_DECIMAL_PRECISION.to_string()));
        };
        match i8::try_from(scale).ok().filter(|_| scale <= precision) {
            Some(scale) => Ok(SparkType::decimal(sized, scale)),
            None => Err(parse_error("_LEGACY_ERROR_TEMP_1228", &self.origin_since(start))
                .with_kind(ErrorKind::Analysis)
                .param("decimalScale", scale.to_string())
                .param("decimalPrecision", precision.to_string())),
        }
    }

    fn timestamp_type(&mut self) -> SparkResult<SparkType> {
        self.take();
        if self.accept_keywords(&[Keyword::With, Keyword::Local, Keyword::Time, Keyword::Zone]) {
            return Ok(SparkType::Timestamp);
        }
        if self.accept_keywords(&[Keyword::Without, Keyword::Time, Keyword::Zone]) {
            return Ok(SparkType::TimestampNtz);
        }
        Ok(if self.options.timestamp_is_ntz { SparkType::TimestampNtz } else { SparkType::Timestamp })
    }

    fn time_type(&mut self, start: usize) -> SparkResult<SparkType> {
        self.take();
        let mut precision = MAX_TIME_PRECISION;
        if self.accept(TokenKind::LeftParen) {
            let given = self.small_integer()?;
            self.expect(TokenKind::RightParen)?;
            precision = u8::try_from(given).ok().filter(|given| *given <= MAX_TIME_PRECISION).ok_or_else(|| {
                parse_error("UNSUPPORTED_TIME_PRECISION", &self.origin_since(start))
                    .with_kind(ErrorKind::Analysis)
                    .param("precision", given.to_string())
            })?;
        }
        self.accept_keywords(&[Keyword::Without, Keyword::Time, Keyword::Zone]);
        Ok(SparkType::Time { precision })
    }

    /// `GEOMETRY(4326)`, `GEOGRAPHY(ANY)`
    fn geospatial_type(&mut self, keyword: Keyword, start: usize) -> SparkResult<SparkType> {
        self.take();
        if !self.accept(TokenKind::LeftParen) {
            return Err(self.unsupported_type(start));
        }
        let srid = if self.accept_keyword(Keyword::Any) { None } else { Some(self.small_integer()?) };
        self.expect(TokenKind::RightParen)?;
        let srid = match srid {
            None => None,
            Some(srid) => {
                if keyword == Keyword::Geometry {
                    check_geometry(srid)?
                } else {
                    check_geography(srid)?
                }
                Some(srid)
            }
        };
        Ok(match keyword {
            Keyword::Geometry => SparkType::Geometry { srid },
            _ => SparkType::Geography { srid },
        })
    }

    fn interval_type(&mut self, start: usize) -> SparkResult<SparkType> {
        self.take();
        if let Some(first) = self.year_month_field() {
            self.take();
            let last = if self.accept_keyword(Keyword::To) {
                self.expect_keyword(Keyword::Month)?;
                YearMonthField::Month
            } else {
                first
            };
            if last < first || (last == first && self.is_keyword_at(self.position() - 2, Keyword::To)) {
                return Err(self.backward_interval(start));
            }
            return Ok(SparkType::YearMonthInterval { start: first, end: last });
        }
        let Some(first) = self.day_time_field() else { return Ok(SparkType::CalendarInterval) };
        self.take();
        if !self.accept_keyword(Keyword::To) {
            return Ok(SparkType::DayTimeInterval { start: first, end: first });
        }
        let last = self.day_time_field().filter(|field| *field != DayTimeField::Day);
        let last = last.ok_or_else(|| self.syntax_error())?;
        self.take();
        if last <= first {
            return Err(self.backward_interval(start));
        }
        Ok(SparkType::DayTimeInterval { start: first, end: last })
    }

    fn backward_interval(&self, start: usize) -> SparkError {
        let word = |index: usize| self.token_text(index).to_lowercase();
        self.error_since("_LEGACY_ERROR_TEMP_0028", start)
            .param("startFieldName", word(start + 1))
            .param("endFieldName", word(start + 3))
    }

    fn year_month_field(&self) -> Option<YearMonthField> {
        match self.keyword()? {
            Keyword::Year => Some(YearMonthField::Year),
            Keyword::Month => Some(YearMonthField::Month),
            _ => None,
        }
    }

    fn day_time_field(&self) -> Option<DayTimeField> {
        match self.keyword()? {
            Keyword::Day => Some(DayTimeField::Day),
            Keyword::Hour => Some(DayTimeField::Hour),
            Keyword::Minute => Some(DayTimeField::Minute),
            Keyword::Second => Some(DayTimeField::Second),
            _ => None,
        }
    }
}

/// `text` as a JSON string.
fn json_string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
