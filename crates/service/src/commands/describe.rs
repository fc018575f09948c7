//! `DESCRIBE QUERY`.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use firesteel_base::{SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_syntax::ir::Relation;

use crate::answer::CommandResult;
use crate::session::Session;

fn schema() -> SparkSchema {
    SparkSchema::new([
        SparkField::new("col_name", SparkType::STRING, false).with_comment("name of the column"),
        SparkField::new("data_type", SparkType::STRING, false).with_comment("data type of the column"),
        SparkField::new("comment", SparkType::STRING, true).with_comment("comment of the column"),
    ])
}

pub(super) async fn query(session: &Session, query: Relation) -> SparkResult<CommandResult> {
    let described = session.schema(query).await?;
    describe(&described)
}

fn describe(described: &SparkSchema) -> SparkResult<CommandResult> {
    let names: StringArray = described.iter().map(|field| Some(field.name.as_str())).collect();
    let types: StringArray = described.iter().map(|field| Some(field.data_type.simple_string())).collect();
    let comments: StringArray = described.iter().map(SparkField::comment).collect();
    let columns: Vec<ArrayRef> = vec![Arc::new(names), Arc::new(types), Arc::new(comments)];
    CommandResult::new(schema(), columns, described.len())
}
