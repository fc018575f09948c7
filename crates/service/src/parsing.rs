//! The parser's options from the session's settings.

use firesteel_base::config::SessionConf;
use firesteel_syntax::ParserOptions;

pub(crate) fn options(conf: &SessionConf) -> ParserOptions {
    ParserOptions {
        ansi: conf.ansi_enabled(),
        enforce_reserved_keywords: conf.flag("spark.sql.ansi.enforceReservedKeywords"),
        double_quoted_identifiers: conf.flag("spark.sql.ansi.doubleQuotedIdentifiers"),
        ansi_relation_precedence: conf.flag("spark.sql.ansi.relationPrecedence"),
        escaped_string_literals: conf.flag("spark.sql.parser.escapedStringLiterals"),
        quoted_regex_column_names: conf.flag("spark.sql.parser.quotedRegexColumnNames"),
        timestamp_is_ntz: conf.timestamp_is_ntz(),
        legacy_set_operation_precedence: conf.flag("spark.sql.legacy.setopsPrecedence.enabled"),
        legacy_exponent_literal_as_decimal: conf.flag("spark.sql.legacy.exponentLiteralAsDecimal.enabled"),
        single_character_pipe: true,
    }
}
