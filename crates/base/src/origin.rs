//! Where a piece of a query was written: what an error points at.

use std::sync::Arc;

/// The place in a query's text, or in a client's program, from which a plan node or an expression came.
///
/// Cheap to clone. Positions count characters (not bytes) from zero, as Spark's query contexts do; `stop` is the
/// index of the last character, inclusive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Nothing is known: the node was made by the server.
    #[default]
    Unknown,
    /// A span of SQL text.
    Sql(SqlOrigin),
    /// A call in the client's program.
    Call(Arc<CallSite>),
}

/// A span of SQL text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SqlOrigin {
    /// The whole text of the statement.
    pub text: Arc<str>,
    /// Index of the first character.
    pub start: u32,
    /// Index of the last character, inclusive.
    pub stop: u32,
    /// What kind of named object holds the text (`VIEW`), if any, and its name.
    pub object: Option<Arc<(String, String)>>,
}

/// A call in a client's program, as the protocol's `PythonOrigin` and `JvmOrigin` carry it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallSite {
    /// The method that was called, such as `divide`.
    pub fragment: String,
    /// File and line.
    pub call_site: String,
}

impl Origin {
    /// A span of `text`, in characters; `stop` is inclusive.
    pub fn sql(text: Arc<str>, start: usize, stop: usize) -> Self {
        Self::Sql(SqlOrigin {
            text,
            start: u32::try_from(start).unwrap_or(u32::MAX),
            stop: u32::try_from(stop).unwrap_or(u32::MAX),
            object: None,
        })
    }

    /// Whether nothing is known about the place.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

impl SqlOrigin {
    /// The text between `start` and `stop`.
    pub fn fragment(&self) -> String {
        let start = self.start as usize;
        let length = (self.stop as usize + 1).saturating_sub(start);
        self.text.chars().skip(start).take(length).collect()
    }

    /// Line (from 1) and column (from 0) of the first character.
    pub fn line_and_column(&self) -> (usize, usize) {
        let (mut line, mut column) = (1, 0);
        for character in self.text.chars().take(self.start as usize) {
            if character == '\n' {
                line += 1;
                column = 0;
            } else {
                column += 1;
            }
        }
        (line, column)
    }
}
