//! Which of Spark's exception classes an error is, and so which exception a client raises.
//!
//! The class that goes with a condition is data: `error-kinds.tsv` names it for every condition whose class is not
//! `AnalysisException`, and says which of them point at the query besides.

use std::collections::HashMap;
use std::sync::LazyLock;

use indexmap::IndexMap;

use super::Condition;

/// Generated from Spark's classes: condition, kind, and `context` where the error carries a query context.
static KINDS: &str = include_str!("../../data/error-kinds.tsv");
/// The same for this server's own conditions.
static OWN_KINDS: &str = include_str!("../../data/own-kinds.tsv");

/// What the tables say of a condition.
#[derive(Clone, Copy, Debug)]
pub(super) struct KindRow {
    pub(super) kind: ErrorKind,
    pub(super) context: bool,
}

static ROWS: LazyLock<HashMap<&'static str, KindRow>> = LazyLock::new(|| {
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        let (name, kind) = (cells.next()?, ErrorKind::from_name(cells.next()?)?);
        Some((name, KindRow { kind, context: cells.next() == Some("context") }))
    };
    KINDS.lines().chain(OWN_KINDS.lines()).filter_map(row).collect()
});

/// Declares the kinds with the classes that Spark's server lists for each, most special first.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = [$($class:literal),+ $(,)?];)+) => {
        /// Spark's exception families.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorKind {
            $($(#[$doc])* $kind,)+
        }

        impl ErrorKind {
            /// The exception's class and its superclasses, as the server sends them to clients.
            pub fn class_hierarchy(self) -> &'static [&'static str] {
                match self {
                    $(Self::$kind => &[$($class,)+ "java.lang.Throwable", "java.lang.Object"],)+
                }
            }

            fn from_name(name: &str) -> Option<Self> {
                match name {
                    $(stringify!($kind) => Some(Self::$kind),)+
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    Analysis = ["org.apache.spark.sql.AnalysisException", "java.lang.Exception"];
    /// An analysis error that shows the plan it arose in.
    ExtendedAnalysis = [
        "org.apache.spark.sql.catalyst.ExtendedAnalysisException",
        "org.apache.spark.sql.AnalysisException",
        "java.lang.Exception",
    ];
    Parse = [
        "org.apache.spark.sql.catalyst.parser.ParseException",
        "org.apache.spark.sql.AnalysisException",
        "java.lang.Exception",
    ];
    NoSuchTable = [
        "org.apache.spark.sql.catalyst.analysis.NoSuchTableException",
        "org.apache.spark.sql.AnalysisException",
        "java.lang.Exception",
    ];
    NoSuchNamespace = [
        "org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException",
        "org.apache.spark.sql.catalyst.analysis.NoSuchDatabaseException",
        "org.apache.spark.sql.AnalysisException",
        "java.lang.Exception",
    ];
    NoSuchFunction = [
        "org.apache.spark.sql.catalyst.analysis.NoSuchFunctionException",
        "org.apache.spark.sql.AnalysisException",
        "java.lang.Exception",
    ];
    TableAlreadyExists = [
        "org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException",
        "org.apache.spark.sql.AnalysisException",
        "java.lang.Exception",
    ];
    TempTableAlreadyExists = [
        "org.apache.spark.sql.catalyst.analysis.TempTableAlreadyExistsException",
        "org.apache.spark.sql.AnalysisException",
        "java.lang.Exception",
    ];
    NamespaceAlreadyExists = [
        "org.apache.spark.sql.catalyst.analysis.NamespaceAlreadyExistsException",
        "org.apache.spark.sql.AnalysisException",
        "java.lang.Exception",
    ];
    NonEmptyNamespace = [
        "org.apache.spark.sql.catalyst.analysis.NonEmptyNamespaceException",
        "org.apache.spark.sql.AnalysisException",
        "java.lang.Exception",
    ];
    CatalogNotFound = [
        "org.apache.spark.sql.connector.catalog.CatalogNotFoundException",
        "org.apache.spark.SparkException",
        "java.lang.Exception",
    ];
    Arithmetic = [
        "org.apache.spark.SparkArithmeticException",
        "java.lang.ArithmeticException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
    ];
    /// Java's own, which has no condition.
    JavaArithmetic = ["java.lang.ArithmeticException", "java.lang.RuntimeException", "java.lang.Exception"];
    /// Java's own, which has no condition.
    JavaRuntime = ["java.lang.RuntimeException", "java.lang.Exception"];
    NumberFormat = [
        "org.apache.spark.SparkNumberFormatException",
        "java.lang.NumberFormatException",
        "java.lang.IllegalArgumentException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
    ];
    DateTime = [
        "org.apache.spark.SparkDateTimeException",
        "java.time.DateTimeException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
    ];
    ArrayIndexOutOfBounds = [
        "org.apache.spark.SparkArrayIndexOutOfBoundsException",
        "java.lang.ArrayIndexOutOfBoundsException",
        "java.lang.IndexOutOfBoundsException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
    ];
    IllegalArgument = [
        "org.apache.spark.SparkIllegalArgumentException",
        "java.lang.IllegalArgumentException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
    ];
    IllegalState = [
        "org.apache.spark.SparkIllegalStateException",
        "java.lang.IllegalStateException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
    ];
    UnsupportedOperation = [
        "org.apache.spark.SparkUnsupportedOperationException",
        "java.lang.UnsupportedOperationException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
    ];
    /// Of conditions that Spark does not have. The Scala client makes the messages of most classes from the conditions
    /// that it knows, but takes this first class's message as it comes.
    NotImplemented = [
        "org.apache.spark.SparkException",
        "org.apache.spark.SparkUnsupportedOperationException",
        "java.lang.UnsupportedOperationException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
    ];
    Runtime = ["org.apache.spark.SparkRuntimeException", "java.lang.RuntimeException", "java.lang.Exception"];
    Upgrade = ["org.apache.spark.SparkUpgradeException", "java.lang.RuntimeException", "java.lang.Exception"];
    Python = ["org.apache.spark.api.python.PythonException", "java.lang.RuntimeException", "java.lang.Exception"];
    ConcurrentModification = [
        "org.apache.spark.SparkConcurrentModificationException",
        "java.util.ConcurrentModificationException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
    ];
    Security = [
        "org.apache.spark.SparkSecurityException",
        "java.lang.SecurityException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
    ];
    NoSuchElement = [
        "org.apache.spark.SparkNoSuchElementException",
        "java.util.NoSuchElementException",
        "java.lang.RuntimeException",
        "java.lang.Exception",
    ];
    FileNotFound = [
        "org.apache.spark.SparkFileNotFoundException",
        "java.io.FileNotFoundException",
        "java.io.IOException",
        "java.lang.Exception",
    ];
    FileAlreadyExists = [
        "org.apache.spark.SparkFileAlreadyExistsException",
        "org.apache.hadoop.fs.FileAlreadyExistsException",
        "java.io.IOException",
        "java.lang.Exception",
    ];
    ClassNotFound = [
        "org.apache.spark.SparkClassNotFoundException",
        "java.lang.ClassNotFoundException",
        "java.lang.ReflectiveOperationException",
        "java.lang.Exception",
    ];
    OutOfMemory = [
        "org.apache.spark.memory.SparkOutOfMemoryError",
        "java.lang.OutOfMemoryError",
        "java.lang.VirtualMachineError",
        "java.lang.Error",
    ];
    /// Operations, sessions and cursors of the protocol.
    Sql = ["org.apache.spark.SparkSQLException", "java.sql.SQLException", "java.lang.Exception"];
    SqlFeatureNotSupported = [
        "org.apache.spark.SparkSQLFeatureNotSupportedException",
        "java.sql.SQLFeatureNotSupportedException",
        "java.sql.SQLNonTransientException",
        "java.sql.SQLException",
        "java.lang.Exception",
    ];
    Scripting = ["org.apache.spark.sql.exceptions.SqlScriptingException", "java.lang.Exception"];
    /// A plan of the client that makes no sense.
    InvalidPlan = ["org.apache.spark.sql.connect.common.InvalidPlanInput", "java.lang.Exception"];
    /// The execution failed for no more special reason.
    Spark = ["org.apache.spark.SparkException", "java.lang.Exception"];
    /// A fault of the server.
    Internal = ["org.apache.spark.SparkException", "java.lang.Exception"];
}

impl ErrorKind {
    /// The kind that a condition and its parameters imply unless the error says otherwise.
    pub(super) fn of(condition: Condition, parameters: &IndexMap<String, String>) -> Self {
        if condition.name() == "CAST_INVALID_INPUT" {
            return Self::of_invalid_cast(parameters.get("targetType").map_or("", String::as_str));
        }
        Self::row(condition).map_or(Self::Analysis, |row| row.kind)
    }

    /// Casts fail as what they were to give: a number, a date or time, or anything else.
    fn of_invalid_cast(target: &str) -> Self {
        let target = target.trim_matches('"');
        match target {
            "DATE" | "TIMESTAMP" | "TIMESTAMP_NTZ" => Self::DateTime,
            "BOOLEAN" => Self::Runtime,
            _ if target.starts_with("TIME(") => Self::DateTime,
            _ => Self::NumberFormat,
        }
    }

    /// What the tables say of the condition; conditions that are not in them are analysis errors.
    pub(super) fn row(condition: Condition) -> Option<KindRow> {
        ROWS.get(condition.name()).copied()
    }

    /// Whether the class is `AnalysisException` or below it.
    pub fn is_analysis(self) -> bool {
        self.class_hierarchy().contains(&"org.apache.spark.sql.AnalysisException")
    }
}

#[cfg(test)]
mod tests {
    use super::{KINDS, OWN_KINDS, ROWS};
    use crate::error::Condition;

    #[test]
    fn every_row_names_a_condition_and_a_kind() {
        for line in KINDS.lines().chain(OWN_KINDS.lines()) {
            let name = line.split('\t').next().unwrap();
            assert!(Condition::find(name).is_some(), "{name} is no condition");
            assert!(ROWS.contains_key(name), "{line} names no kind");
        }
    }
}
