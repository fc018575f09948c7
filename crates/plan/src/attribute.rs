//! Columns with identities: what a name in the query stands for once it is resolved.

use std::sync::Arc;

use datafusion::common::Column;
use firesteel_base::{SparkField, SparkType};

/// The identity of an attribute within one analyzed query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributeId(pub(crate) u64);

/// A column of a relation as the user sees it, and the internal column that carries it.
#[derive(Clone, Debug)]
pub struct Attribute {
    pub id: AttributeId,
    pub name: Arc<str>,
    /// Catalog, database, table or alias: the name parts that may stand before the column's name.
    pub qualifier: Arc<[String]>,
    pub data_type: SparkType,
    pub nullable: bool,
    /// JSON object text, as a client gave it.
    pub metadata: Option<Arc<str>>,
    /// Unique in every plan that holds it.
    pub column: Column,
    /// Its place among the columns that were given their qualifier together.
    pub position: usize,
    /// The whole name by which an expression called it.
    pub written: Option<Arc<[String]>>,
}

impl Attribute {
    pub fn to_field(&self) -> SparkField {
        SparkField {
            name: self.name.to_string(),
            data_type: self.data_type.clone(),
            nullable: self.nullable,
            metadata: self.metadata.clone(),
        }
    }

    #[must_use]
    pub fn with_qualifier(&self, qualifier: &[String]) -> Self {
        Self { qualifier: qualifier.into(), ..self.clone() }
    }

    #[must_use]
    pub fn with_name(&self, name: &str) -> Self {
        Self { name: name.into(), ..self.clone() }
    }

    /// Under the name that an expression calls it by: `name` is the part that names the column.
    #[must_use]
    pub fn written_as(&self, name: &str, parts: &[String]) -> Self {
        Self { written: Some(parts.into()), ..self.with_name(name) }
    }

    #[must_use]
    pub fn with_nullable(&self, nullable: bool) -> Self {
        Self { nullable, ..self.clone() }
    }

    /// The name with its qualifier, quoted: how errors list candidates.
    pub fn qualified_name(&self) -> String {
        let parts: Vec<String> = self.qualifier.iter().map(String::as_str).chain([&*self.name]).map(quote).collect();
        parts.join(".")
    }

    /// The qualifier and the name.
    pub fn name_parts(&self) -> Vec<String> {
        self.qualifier.iter().cloned().chain([self.name.to_string()]).collect()
    }

    /// The whole name by which an expression called it; its own where none did.
    pub fn written_parts(&self) -> Vec<String> {
        self.written.as_deref().map_or_else(|| vec![self.name.to_string()], <[String]>::to_vec)
    }
}

fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
