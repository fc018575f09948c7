//! What Spark's server answered to the same operations.

use super::{Definition, HONOURED, SessionConf, StoreAssignmentPolicy, redacted};
use crate::error::SparkError;

fn refusal(key: &str, value: &str) -> SparkError {
    SessionConf::default().set(key, value).unwrap_err()
}

#[test]
fn defaults_read_back_as_the_server_prints_them() {
    let conf = SessionConf::new("Etc/UTC");
    for (key, expected) in [
        ("spark.sql.ansi.enabled", "true"),
        ("spark.sql.session.timeZone", "Etc/UTC"),
        ("spark.sql.session.localRelationSizeLimit", "3221225472"),
        ("spark.sql.session.localRelationCacheThreshold", "1048576"),
        ("spark.sql.session.localRelationChunkSizeRows", "10000"),
        ("spark.connect.grpc.arrow.maxBatchSize", "134217728b"),
        ("spark.sql.files.maxPartitionBytes", "134217728b"),
        ("spark.sql.broadcastTimeout", "300000ms"),
        ("spark.sql.execution.arrow.pyspark.enabled", "true"),
        ("spark.sql.hive.metastore.jars.path", ""),
    ] {
        assert_eq!(conf.get(key).unwrap(), expected, "{key}");
    }
    let error = conf.get("nope.x").unwrap_err();
    assert_eq!(
        error.message(),
        "[SQL_CONF_NOT_FOUND] The SQL config \"nope.x\" cannot be found. Please verify that the config exists. \
         SQLSTATE: 42K0I"
    );
    assert!(conf.get("spark.sql.optimizer.excludedRules").is_err());
}

#[test]
fn values_are_kept_as_they_were_written() {
    let mut conf = SessionConf::default();
    for (key, value) in [
        ("spark.sql.ansi.enabled", " false "),
        ("spark.sql.storeAssignmentPolicy", "legacy"),
        ("spark.sql.shuffle.partitions", " 5 "),
        ("spark.sql.files.maxPartitionBytes", "1m"),
        ("spark.sql.broadcastTimeout", "5m"),
        ("spark.sql.session.timeZone", "GMT+7"),
        ("my.key", " v "),
        ("spark.master", "x"),
        ("spark.sql.hive.verifyPartitionPath", "false"),
        ("", "x"),
    ] {
        conf.set(key, value).unwrap();
        assert_eq!(conf.get(key).unwrap(), value, "{key}");
    }
    assert!(!conf.ansi());
    assert_eq!(conf.store_assignment_policy(), StoreAssignmentPolicy::Legacy);
    assert_eq!((conf.time_zone(), conf.canonical_time_zone().as_str()), ("GMT+7", "+07:00"));
    conf.unset("spark.sql.ansi.enabled").unwrap();
    assert_eq!(conf.get("spark.sql.ansi.enabled").unwrap(), "true");
}

#[test]
fn refusals_are_sparks() {
    for (key, value, expected) in [
        (
            "spark.sql.shuffle.partitions",
            "abc",
            "[INVALID_CONF_VALUE.TYPE_MISMATCH] The value 'abc' in the config \"spark.sql.shuffle.partitions\" is \
             invalid. It should be a/an 'int' value. SQLSTATE: 22022",
        ),
        (
            "spark.sql.shuffle.partitions",
            "-1",
            "[INVALID_CONF_VALUE.REQUIREMENT] The value '-1' in the config \"spark.sql.shuffle.partitions\" is \
             invalid. The value of spark.sql.shuffle.partitions must be positive SQLSTATE: 22022",
        ),
        (
            "spark.sql.session.timeZone",
            "xx",
            "[INVALID_CONF_VALUE.TIME_ZONE] The value 'xx' in the config \"spark.sql.session.timeZone\" is invalid. \
             Cannot resolve the given timezone. SQLSTATE: 22022",
        ),
        (
            "spark.sql.timestampType",
            "X",
            "[INVALID_CONF_VALUE.OUT_OF_RANGE_OF_OPTIONS] The value 'X' in the config \"spark.sql.timestampType\" is \
             invalid. It should be one of 'TIMESTAMP_NTZ, TIMESTAMP_LTZ'. SQLSTATE: 22022",
        ),
        (
            "spark.executor.memory",
            "1g",
            "[CANNOT_MODIFY_CONFIG] Cannot modify the value of the Spark config: \"spark.executor.memory\".\nSee also \
             'https://spark.apache.org/docs/latest/sql-migration-guide.html#ddl-statements'. SQLSTATE: 46110",
        ),
        (
            "spark.sql.warehouse.dir",
            "x",
            "[CANNOT_MODIFY_STATIC_CONFIG] Cannot modify the value of the static Spark config: \
             \"spark.sql.warehouse.dir\". SQLSTATE: 46110",
        ),
        (
            "spark.sql.execution.arrow.maxRecordsPerBatch",
            "999999999999",
            "[INVALID_CONF_VALUE.TYPE_MISMATCH] The value '999999999999' in the config \
             \"spark.sql.execution.arrow.maxRecordsPerBatch\" is invalid. It should be a/an 'int' value. SQLSTATE: 22022",
        ),
        (
            "spark.sql.files.maxPartitionBytes",
            "1x",
            "[INVALID_CONF_VALUE.TYPE_MISMATCH] The value '1x' in the config \"spark.sql.files.maxPartitionBytes\" is \
             invalid. It should be a/an 'bytes in BYTE' value. SQLSTATE: 22022",
        ),
    ] {
        assert_eq!(refusal(key, value).message(), expected);
    }
    assert_eq!(refusal("spark.sql.hive.verifyPartitionPath", "true").condition(), "_LEGACY_ERROR_TEMP_1226");
    assert_eq!(
        SessionConf::default().unset("spark.sql.warehouse.dir").unwrap_err().condition(),
        "CANNOT_MODIFY_STATIC_CONFIG"
    );
    let error = refusal("spark.sql.timestampType", "X");
    assert_eq!(error.class_hierarchy()[0], "org.apache.spark.SparkIllegalArgumentException");
}

#[test]
fn sizes_and_durations_read_as_sparks() {
    let takes = |key: &str, value: &str| SessionConf::default().set(key, value).is_ok();
    for value in ["1", "1b", "1k", "1KB", "1pb", " 1k ", "-1", "-1k", "9223372036854775807"] {
        assert!(takes("spark.sql.files.maxPartitionBytes", value), "{value}");
    }
    for value in ["1 k", "1.5m", "9223372036854775807k", "9999999999999999999", "0x1", "+1", "1e3", "", "k"] {
        assert!(!takes("spark.sql.files.maxPartitionBytes", value), "{value}");
    }
    for value in ["1", "1s", "1min", "1d", "1us", "-1", " 5 "] {
        assert!(takes("spark.sql.broadcastTimeout", value), "{value}");
    }
    for value in ["1.5s", "5 s", "S"] {
        assert!(!takes("spark.sql.broadcastTimeout", value), "{value}");
    }
}

#[test]
fn defaults_given_by_the_client_come_before_the_keys_own() {
    let conf = SessionConf::default();
    let with = |key: &str, default| conf.get_with_default(key, default).map_err(|error| error.condition());
    assert_eq!(with("nope", Some("z")), Ok(Some("z".to_owned())));
    assert_eq!(with("nope", None), Ok(None));
    assert_eq!(with("spark.sql.shuffle.partitions", Some("9")), Ok(Some("9".to_owned())));
    assert_eq!(with("spark.sql.ansi.enabled", None), Ok(None));
    assert_eq!(with("spark.sql.shuffle.partitions", Some("abc")), Err("INVALID_CONF_VALUE.TYPE_MISMATCH"));
    assert_eq!(conf.get_option("nope"), None);
    assert_eq!(conf.get_option("spark.sql.ansi.enabled").as_deref(), Some("true"));
}

#[test]
fn modifiable_keys_are_those_that_spark_knows_and_are_not_static() {
    let conf = SessionConf::default();
    assert!(conf.is_modifiable("spark.sql.ansi.enabled"));
    for key in ["spark.master", "nope", "spark.executor.memory", "spark.sql.warehouse.dir", "spark.sql.nope"] {
        assert!(!conf.is_modifiable(key), "{key}");
    }
}

#[test]
fn sessions_begin_with_the_servers_settings_and_return_to_them() {
    let server = SessionConf::default().with_server_setting("spark.app.name", "firesteel").unwrap();
    let server = server.with_server_setting("spark.sql.warehouse.dir", "file:/w").unwrap();
    let mut session = server.clone();
    session.set("spark.app.name", "other").unwrap();
    session.set("a.b", "1").unwrap();
    assert_eq!(server.get("spark.app.name").unwrap(), "firesteel");
    assert_eq!(session.get_all(Some("spark.sql.")), [("warehouse.dir".to_owned(), "file:/w".to_owned())]);
    session.reset_key("spark.app.name").unwrap();
    assert_eq!(session.get("spark.app.name").unwrap(), "firesteel");
    session.reset();
    let entries: Vec<_> = session.entries().collect();
    assert_eq!(entries, [("spark.app.name", "firesteel"), ("spark.sql.warehouse.dir", "file:/w")]);
}

#[test]
fn fallback_keys_follow_their_parents() {
    let mut conf = SessionConf::default();
    conf.set("spark.sql.execution.arrow.enabled", "false").unwrap();
    assert_eq!(conf.get("spark.sql.execution.arrow.pyspark.enabled").unwrap(), "false");
}

#[test]
fn warnings_are_sparks() {
    let conf = SessionConf::default();
    assert_eq!(
        conf.warning("spark.sql.execution.arrow.enabled").as_deref(),
        Some("The SQL config 'spark.sql.execution.arrow.enabled' is NOT supported in Spark Connect")
    );
    assert_eq!(
        conf.warning("spark.sql.legacy.parquet.datetimeRebaseModeInRead").as_deref(),
        Some(
            "The SQL config 'spark.sql.legacy.parquet.datetimeRebaseModeInRead' has been deprecated in Spark v3.2 and \
             may be removed in the future. Use 'spark.sql.parquet.datetimeRebaseModeInRead' instead."
        )
    );
    assert_eq!(conf.warning("spark.sql.ansi.enabled"), None);
    assert_eq!(
        SessionConf::default().set_silently("spark.sql.ansi.enabled", "zz").as_deref(),
        Some(
            "Failed to set spark.sql.ansi.enabled to Some(zz) due to [INVALID_CONF_VALUE.TYPE_MISMATCH] The value 'zz' in \
             the config \"spark.sql.ansi.enabled\" is invalid. It should be a/an 'boolean' value. SQLSTATE: 22022"
        )
    );
}

#[test]
fn set_v_shows_defaults_as_documented() {
    let entries = SessionConf::default().defined_entries();
    assert_eq!(entries.len(), 316);
    let value = |key: &str| entries.iter().find(|entry| entry.key == key).unwrap().value.clone();
    assert_eq!(value("spark.sql.autoBroadcastJoinThreshold"), "10MB");
    assert_eq!(value("spark.sql.binaryOutputStyle"), "<undefined>");
    assert_eq!(value("spark.sql.execution.arrow.pyspark.enabled"), "<value of spark.sql.execution.arrow.enabled>");
}

#[test]
fn every_honoured_key_is_in_the_table() {
    for key in HONOURED {
        assert!(Definition::find(key).is_some(), "{key}");
    }
}

#[test]
fn typed_defaults_are_those_of_the_table() {
    let conf = SessionConf::default();
    assert!(conf.ansi() && conf.group_by_ordinal() && conf.decimal_precision_loss());
    assert_eq!(conf.max_to_string_fields(), 25);
    assert_eq!(conf.arrow_max_batch_bytes(), 134_217_728);
    assert_eq!(conf.default_source(), "parquet");
    assert!(!conf.timestamp_is_ntz());
}

#[test]
fn secrets_are_hidden() {
    assert_eq!(redacted("my.password", "3"), "*********(redacted)");
    assert_eq!(redacted("my.key", "3"), "3");
}
