//! `df.na`: filling, dropping and replacing.

use firesteel_base::SparkResult;
use firesteel_syntax::ir::{Literal, RelationKind};
use spark_connect_proto as proto;

use crate::decode::{Decoder, invalid};

impl<'a> Decoder<'a> {
    pub(super) fn fill_na(&self, fill: &'a proto::NaFill) -> SparkResult<RelationKind> {
        if fill.values.is_empty() {
            return Err(invalid::plan("NA_FILL_VALUES_EMPTY"));
        }
        if fill.values.len() > 1 && fill.values.len() != fill.cols.len() {
            return Err(invalid::plan("NA_FILL_VALUES_LENGTH_MISMATCH"));
        }
        let values: SparkResult<Vec<Literal>> = fill.values.iter().map(|value| self.literal(value)).collect();
        Ok(RelationKind::FillNa {
            input: self.input(fill.input.as_deref())?,
            columns: fill.cols.clone(),
            values: values?,
        })
    }

    pub(super) fn drop_na(&self, drop: &'a proto::NaDrop) -> SparkResult<RelationKind> {
        Ok(RelationKind::DropNa {
            input: self.input(drop.input.as_deref())?,
            columns: drop.cols.clone(),
            min_non_nulls: drop.min_non_nulls,
        })
    }

    pub(super) fn replace(&self, replace: &'a proto::NaReplace) -> SparkResult<RelationKind> {
        let value = |value: &Option<proto::expression::Literal>| match value {
            Some(value) => self.literal(value),
            None => Err(invalid::not_set("Expression.Literal", "LITERALTYPE")),
        };
        let pair = |pair: &proto::na_replace::Replacement| Ok((value(&pair.old_value)?, value(&pair.new_value)?));
        let replacements: SparkResult<Vec<_>> = replace.replacements.iter().map(pair).collect();
        Ok(RelationKind::Replace {
            input: self.input(replace.input.as_deref())?,
            columns: replace.cols.clone(),
            replacements: replacements?,
        })
    }
}
