//! The one error type below the transports: a condition of Spark's table, its parameters, and where it arose.
//!
//! Errors are constructed, not worded: a call names the condition and gives its parameters; the words come from the
//! table, which is generated from Spark's own list. A test checks that every condition named in the code exists.

mod conditions;
mod context;
mod kind;
pub mod quoting;

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::origin::Origin;

pub use conditions::Condition;
pub use context::QueryContext;
pub use kind::ErrorKind;
pub use quoting::{
    SqlValue, to_data_source_option, to_sql_conf, to_sql_conf_value, to_sql_expr, to_sql_id, to_sql_id_parts,
    to_sql_schema, to_sql_statement, to_sql_type, to_sql_value,
};

/// Result with a [`SparkError`].
pub type SparkResult<T> = Result<T, SparkError>;

/// The error, what caused it, what caused that, and so on.
pub fn causes<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// An error as Spark's clients know it. One pointer wide; cheap to clone.
#[derive(Clone)]
pub struct SparkError(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    condition: Condition,
    /// Overrides the kind that the condition implies.
    kind: Option<ErrorKind>,
    parameters: IndexMap<String, String>,
    origins: Vec<Origin>,
    /// The plan in which an analysis error arose, as text.
    plan: Option<Arc<str>>,
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl SparkError {
    /// An error of the named condition, such as `UNRESOLVED_COLUMN.WITH_SUGGESTION`.
    ///
    /// A name that is not in the table gives `INTERNAL_ERROR`, never a panic.
    pub fn new(condition: &str) -> Self {
        match Condition::find(condition) {
            Some(condition) => Self(Arc::new(Inner {
                parameters: condition.given_parameters(),
                condition,
                kind: None,
                origins: Vec::new(),
                plan: None,
                cause: None,
            })),
            None => Self::internal(format!("unknown error condition {condition}")),
        }
    }

    /// A fault of the server itself: `INTERNAL_ERROR`, the only error with free text.
    pub fn internal(message: impl Into<String>) -> Self {
        let mut parameters = IndexMap::new();
        parameters.insert("message".to_owned(), message.into());
        Self(Arc::new(Inner {
            condition: Condition::internal(),
            kind: Some(ErrorKind::Internal),
            parameters,
            origins: Vec::new(),
            plan: None,
            cause: None,
        }))
    }

    /// An error that Spark raises without a condition, as Java's own exceptions are.
    pub fn unnamed(kind: ErrorKind, message: impl Into<String>) -> Self {
        let mut error = Self::internal(message);
        let inner = error.inner_mut();
        inner.condition = Condition::unnamed();
        inner.kind = Some(kind);
        error
    }

    /// A feature that is not built: `NOT_IMPLEMENTED`-like refusal that names the feature.
    ///
    /// Carries Spark's `UNSUPPORTED_FEATURE`-family SQLSTATE `0A000`.
    pub fn unsupported(feature: impl Into<String>) -> Self {
        Self::new("NOT_IMPLEMENTED").param("feature", feature)
    }

    /// Adds or replaces a message parameter.
    #[must_use]
    pub fn param(mut self, name: &str, value: impl Into<String>) -> Self {
        self.inner_mut().parameters.insert(name.to_owned(), value.into());
        self
    }

    /// Says where it arose. The first origin given is the innermost one; unknown origins are not kept.
    #[must_use]
    pub fn at(mut self, origin: &Origin) -> Self {
        if !origin.is_unknown() {
            self.inner_mut().origins.push(origin.clone());
        }
        self
    }

    /// As [`Self::at`], unless a place is known already.
    #[must_use]
    pub fn at_if_unknown(self, origin: &Origin) -> Self {
        if self.0.origins.is_empty() { self.at(origin) } else { self }
    }

    /// Forgets all places: those of a text that is no statement mean nothing to the user.
    #[must_use]
    pub fn without_places(mut self) -> Self {
        self.inner_mut().origins.clear();
        self
    }

    /// Keeps the error that caused this one.
    #[must_use]
    pub fn caused_by(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.inner_mut().cause = Some(Arc::new(cause));
        self
    }

    /// Overrides the kind that the condition implies.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.inner_mut().kind = Some(kind);
        self
    }

    /// Shows the plan below the message, as analysis errors of whole queries do. Ends with a line break.
    #[must_use]
    pub fn with_plan(mut self, plan: impl Into<Arc<str>>) -> Self {
        self.inner_mut().plan = Some(plan.into());
        self
    }

    fn inner_mut(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }

    /// The condition's full name, such as `DIVIDE_BY_ZERO`.
    pub fn condition(&self) -> &'static str {
        self.0.condition.name()
    }

    /// Five characters, or empty where Spark has none.
    pub fn sql_state(&self) -> &'static str {
        self.0.condition.sql_state()
    }

    pub fn kind(&self) -> ErrorKind {
        let kind = self.0.kind.unwrap_or_else(|| ErrorKind::of(self.0.condition, &self.0.parameters));
        if kind == ErrorKind::Analysis && self.0.plan.is_some() { ErrorKind::ExtendedAnalysis } else { kind }
    }

    /// The exception's class and its superclasses, as clients receive them.
    pub fn class_hierarchy(&self) -> &'static [&'static str] {
        self.kind().class_hierarchy()
    }

    pub fn parameters(&self) -> &IndexMap<String, String> {
        &self.0.parameters
    }

    pub fn origins(&self) -> &[Origin] {
        &self.0.origins
    }

    /// Query contexts as clients see them, one for each known origin.
    ///
    /// Some errors have none even where the place is known: those that Spark raises without one.
    pub fn query_contexts(&self) -> Vec<QueryContext> {
        match self.place_in_message() {
            Place::Context | Place::Position => {
                // What cannot be parsed has no place but in its text.
                let text_only = self.kind() == ErrorKind::Parse;
                let known = self.0.origins.iter().filter_map(QueryContext::of);
                known.filter(|context| !text_only || matches!(context, QueryContext::Sql { .. })).collect()
            }
            Place::Marker | Place::Statement | Place::Line | Place::Nowhere => Vec::new(),
        }
    }

    /// How this error's message shows the place.
    fn place_in_message(&self) -> Place {
        match self.kind() {
            ErrorKind::Parse => match self.condition() {
                "PARSE_SYNTAX_ERROR" | "PARSE_EMPTY_STATEMENT" | "INVALID_IDENTIFIER" => Place::Marker,
                "UNCLOSED_BRACKETED_COMMENT" => Place::Statement,
                _ => Place::Context,
            },
            ErrorKind::Scripting => Place::Line,
            kind if kind.is_analysis() => Place::Position,
            _ if ErrorKind::row(self.0.condition).is_some_and(|row| row.context) => Place::Context,
            _ => Place::Nowhere,
        }
    }

    /// The words alone, with parameters put in: without condition, SQLSTATE and query context.
    pub fn text(&self) -> String {
        self.0.condition.render(&self.0.parameters)
    }

    /// The whole message as Spark prints it: `[CONDITION] words SQLSTATE: xxxxx`, and the place in the query.
    pub fn message(&self) -> String {
        let head = self.head();
        let sql = self.0.origins.iter().find_map(|origin| match origin {
            Origin::Sql(sql) => Some(sql),
            Origin::Unknown | Origin::Call(_) => None,
        });
        let place = match (self.place_in_message(), sql) {
            (Place::Marker, Some(sql)) => context::marked_statement(sql),
            (Place::Statement, Some(sql)) => format!("\n== SQL ==\n{}", sql.text),
            (Place::Position, Some(sql)) => {
                let (line, column) = sql.line_and_column();
                format!("; line {line} pos {column}")
            }
            (Place::Context, _) => self.context_in_message(),
            (Place::Marker | Place::Statement | Place::Position | Place::Line | Place::Nowhere, _) => String::new(),
        };
        let plan = self.0.plan.as_ref().map(|plan| format!(";\n{plan}")).unwrap_or_default();
        // Parse errors begin on a line of their own.
        let start = match (self.kind(), sql) {
            (ErrorKind::Parse, _) => "\n".to_owned(),
            (ErrorKind::Scripting, Some(sql)) => format!("{{LINE:{}}} ", sql.line_and_column().0),
            _ => String::new(),
        };
        format!("{start}{head}{place}{plan}")
    }

    /// Condition, words and SQLSTATE. Conditions that Spark never named show their words alone.
    fn head(&self) -> String {
        if self.condition().is_empty() || self.condition().starts_with("_LEGACY_ERROR_") {
            return self.text();
        }
        let head = format!("[{}] {}", self.condition(), self.text());
        if self.sql_state().is_empty() { head } else { format!("{head} SQLSTATE: {}", self.sql_state()) }
    }

    fn context_in_message(&self) -> String {
        match self.query_contexts().first() {
            Some(context) if !context.summary().is_empty() => format!("\n{}", context.summary()),
            _ => String::new(),
        }
    }
}

/// How a message shows the place of an error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The query context below the words.
    Context,
    /// Line and column behind the words, as analysis errors do.
    Position,
    /// The statement with a marker, as syntax errors do.
    Marker,
    /// The statement alone.
    Statement,
    /// The line in front of the words, as errors of scripts do.
    Line,
    Nowhere,
}

impl fmt::Display for SparkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message())
    }
}

impl fmt::Debug for SparkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message())?;
        if let Some(cause) = &self.0.cause {
            write!(formatter, "\ncaused by: {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SparkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}
