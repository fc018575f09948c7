//! The keys that something reads, each with a getter. All other keys of the table are without effect.

use std::marker::PhantomData;

use super::{ConfValue, SessionConf};

/// A key whose value reads as `T`.
#[derive(Debug)]
pub struct Key<T> {
    name: &'static str,
    value: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    const fn new(name: &'static str) -> Self {
        Self { name, value: PhantomData }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// Declares words that a key takes, the default first.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $default:ident = $default_word:literal $(, $word:ident = $text:literal)* $(,)? })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
            pub enum $name {
                #[default]
                $default,
                $($word,)*
            }

            impl ConfValue for $name {
                fn from_conf(text: &str) -> Option<Self> {
                    if text.eq_ignore_ascii_case($default_word) {
                        return Some(Self::$default);
                    }
                    $(if text.eq_ignore_ascii_case($text) {
                        return Some(Self::$word);
                    })*
                    None
                }
            }
        )+
    };
}

words! {
    /// Which values may be stored into a column of another type.
    StoreAssignmentPolicy { Ansi = "ANSI", Legacy = "LEGACY", Strict = "STRICT" }
    /// What overwriting a partitioned table replaces.
    PartitionOverwriteMode { Static = "STATIC", Dynamic = "DYNAMIC" }
    /// What happens when a map is made with a key twice.
    MapKeyDedupPolicy { Exception = "EXCEPTION", LastWin = "LAST_WIN" }
    /// Whether old behaviour is kept, corrected, or refused where the two differ.
    LegacyBehaviorPolicy { Corrected = "CORRECTED", Legacy = "LEGACY", Exception = "EXCEPTION" }
}

/// Declares keys with their getters.
macro_rules! config {
    ($($(#[$doc:meta])* $getter:ident, $constant:ident: $type:ty = $name:literal;)+) => {
        $(
            pub(super) const $constant: Key<$type> = Key::new($name);
        )+

        /// The keys that something reads; others are without effect.
        pub const HONOURED: &[&str] = &[super::TIME_ZONE_KEY, $($name,)+];

        impl SessionConf {
            $(
                $(#[$doc])*
                pub fn $getter(&self) -> $type {
                    self.read(&$constant)
                }
            )+
        }
    };
}

config! {
    /// Whether overflows, bad casts and the like are errors.
    ansi, ANSI_ENABLED: bool = "spark.sql.ansi.enabled";
    enforce_reserved_keywords, ENFORCE_RESERVED_KEYWORDS: bool = "spark.sql.ansi.enforceReservedKeywords";
    double_quoted_identifiers, DOUBLE_QUOTED_IDENTIFIERS: bool = "spark.sql.ansi.doubleQuotedIdentifiers";
    ansi_relation_precedence, ANSI_RELATION_PRECEDENCE: bool = "spark.sql.ansi.relationPrecedence";
    escaped_string_literals, ESCAPED_STRING_LITERALS: bool = "spark.sql.parser.escapedStringLiterals";
    quoted_regex_column_names, QUOTED_REGEX_COLUMN_NAMES: bool = "spark.sql.parser.quotedRegexColumnNames";
    legacy_set_operations_precedence, SET_OPERATIONS_PRECEDENCE: bool = "spark.sql.legacy.setopsPrecedence.enabled";
    legacy_exponent_literal_as_decimal, EXPONENT_LITERAL_AS_DECIMAL: bool =
        "spark.sql.legacy.exponentLiteralAsDecimal.enabled";
    variable_substitution, VARIABLE_SUBSTITUTE: bool = "spark.sql.variable.substitute";
    /// Whether names differ in case.
    case_sensitive, CASE_SENSITIVE: bool = "spark.sql.caseSensitive";
    timestamp_type_name, TIMESTAMP_TYPE: String = "spark.sql.timestampType";
    /// Format of tables and files that name none.
    default_source, DEFAULT_SOURCE: String = "spark.sql.sources.default";
    store_assignment_policy, STORE_ASSIGNMENT_POLICY: StoreAssignmentPolicy = "spark.sql.storeAssignmentPolicy";
    partition_overwrite_mode, PARTITION_OVERWRITE_MODE: PartitionOverwriteMode =
        "spark.sql.sources.partitionOverwriteMode";
    map_key_dedup_policy, MAP_KEY_DEDUP_POLICY: MapKeyDedupPolicy = "spark.sql.mapKeyDedupPolicy";
    time_parser_policy, TIME_PARSER_POLICY: LegacyBehaviorPolicy = "spark.sql.legacy.timeParserPolicy";
    cte_precedence_policy, CTE_PRECEDENCE_POLICY: LegacyBehaviorPolicy = "spark.sql.legacy.ctePrecedencePolicy";
    /// Levels and rows that recursion may have; -1 is no limit.
    cte_recursion_level_limit, CTE_RECURSION_LEVEL_LIMIT: i32 = "spark.sql.cteRecursionLevelLimit";
    cte_recursion_row_limit, CTE_RECURSION_ROW_LIMIT: i32 = "spark.sql.cteRecursionRowLimit";
    /// Fields and columns that texts show before they are cut.
    max_to_string_fields, MAX_TO_STRING_FIELDS: i32 = "spark.sql.debug.maxToStringFields";
    group_by_aliases, GROUP_BY_ALIASES: bool = "spark.sql.groupByAliases";
    group_by_ordinal, GROUP_BY_ORDINAL: bool = "spark.sql.groupByOrdinal";
    order_by_ordinal, ORDER_BY_ORDINAL: bool = "spark.sql.orderByOrdinal";
    cross_join_enabled, CROSS_JOIN_ENABLED: bool = "spark.sql.crossJoin.enabled";
    lateral_column_alias, LATERAL_COLUMN_ALIAS: bool = "spark.sql.lateralColumnAlias.enableImplicitResolution";
    retain_group_columns, RETAIN_GROUP_COLUMNS: bool = "spark.sql.retainGroupColumns";
    pivot_max_values, PIVOT_MAX_VALUES: i32 = "spark.sql.pivotMaxValues";
    /// Whether decimal results that do not fit lose digits behind the point.
    decimal_precision_loss, DECIMAL_PRECISION_LOSS: bool = "spark.sql.decimalOperations.allowPrecisionLoss";
    legacy_size_of_null, LEGACY_SIZE_OF_NULL: bool = "spark.sql.legacy.sizeOfNull";
    char_varchar_as_string, CHAR_VARCHAR_AS_STRING: bool = "spark.sql.legacy.charVarcharAsString";
    read_side_char_padding, READ_SIDE_CHAR_PADDING: bool = "spark.sql.readSideCharPadding";
    time_type_enabled, TIME_TYPE_ENABLED: bool = "spark.sql.timeType.enabled";
    repl_eager_eval_enabled, REPL_EAGER_EVAL_ENABLED: bool = "spark.sql.repl.eagerEval.enabled";
    repl_eager_eval_max_num_rows, REPL_EAGER_EVAL_MAX_NUM_ROWS: i32 = "spark.sql.repl.eagerEval.maxNumRows";
    repl_eager_eval_truncate, REPL_EAGER_EVAL_TRUNCATE: i32 = "spark.sql.repl.eagerEval.truncate";
    arrow_max_records_per_batch, ARROW_MAX_RECORDS_PER_BATCH: i32 = "spark.sql.execution.arrow.maxRecordsPerBatch";
    arrow_max_batch_size, ARROW_MAX_BATCH_SIZE: i64 = "spark.connect.grpc.arrow.maxBatchSize";
    arrow_large_var_types, ARROW_LARGE_VAR_TYPES: bool = "spark.sql.execution.arrow.useLargeVarTypes";
    column_name_of_corrupt_record, COLUMN_NAME_OF_CORRUPT_RECORD: String = "spark.sql.columnNameOfCorruptRecord";
    partition_column_type_inference, PARTITION_COLUMN_TYPE_INFERENCE: bool =
        "spark.sql.sources.partitionColumnTypeInference.enabled";
    json_ignore_null_fields, JSON_IGNORE_NULL_FIELDS: bool = "spark.sql.jsonGenerator.ignoreNullFields";
    ignore_corrupt_files, IGNORE_CORRUPT_FILES: bool = "spark.sql.files.ignoreCorruptFiles";
    ignore_missing_files, IGNORE_MISSING_FILES: bool = "spark.sql.files.ignoreMissingFiles";
    parquet_merge_schema, PARQUET_MERGE_SCHEMA: bool = "spark.sql.parquet.mergeSchema";
    parquet_binary_as_string, PARQUET_BINARY_AS_STRING: bool = "spark.sql.parquet.binaryAsString";
    parquet_compression, PARQUET_COMPRESSION: String = "spark.sql.parquet.compression.codec";
    parquet_output_timestamp_type, PARQUET_OUTPUT_TIMESTAMP_TYPE: String = "spark.sql.parquet.outputTimestampType";
    parquet_infer_timestamp_ntz, PARQUET_INFER_TIMESTAMP_NTZ: bool = "spark.sql.parquet.inferTimestampNTZ.enabled";
    default_catalog, DEFAULT_CATALOG: String = "spark.sql.defaultCatalog";
    warehouse_dir, WAREHOUSE_DIR: String = "spark.sql.warehouse.dir";
    view_max_nested_depth, VIEW_MAX_NESTED_DEPTH: i32 = "spark.sql.view.maxNestedViewDepth";
}
