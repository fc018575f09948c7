//! The parser's options from the session's settings.

use firesteel_base::config::SessionConf;
use firesteel_syntax::ParserOptions;

pub(crate) fn options(conf: &SessionConf) -> ParserOptions {
    ParserOptions {
        ansi: conf.ansi(),
        enforce_reserved_keywords: conf.enforce_reserved_keywords(),
        double_quoted_identifiers: conf.double_quoted_identifiers(),
        ansi_relation_precedence: conf.ansi_relation_precedence(),
        escaped_string_literals: conf.escaped_string_literals(),
        quoted_regex_column_names: conf.quoted_regex_column_names(),
        timestamp_is_ntz: conf.timestamp_is_ntz(),
        legacy_set_operation_precedence: conf.legacy_set_operations_precedence(),
        legacy_exponent_literal_as_decimal: conf.legacy_exponent_literal_as_decimal(),
        legacy_identifier_clause: conf.flag("spark.sql.legacy.identifierClause"),
        single_character_pipe: true,
        scripting: conf.flag("spark.sql.scripting.enabled"),
        continue_handlers: conf.flag("spark.sql.scripting.continueHandlerEnabled"),
        cursors: conf.flag("spark.sql.scripting.cursorEnabled"),
    }
}
