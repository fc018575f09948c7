//! `df.stat`, `df.summary` and `df.describe`.

use firesteel_base::SparkResult;
use firesteel_syntax::ir::RelationKind;
use spark_connect_proto as proto;

use crate::decode::{Decoder, invalid};

impl<'a> Decoder<'a> {
    pub(super) fn summary(&self, summary: &'a proto::StatSummary) -> SparkResult<RelationKind> {
        Ok(RelationKind::Summary {
            input: self.input(summary.input.as_deref())?,
            statistics: summary.statistics.clone(),
        })
    }

    pub(super) fn describe(&self, describe: &'a proto::StatDescribe) -> SparkResult<RelationKind> {
        Ok(RelationKind::Describe { input: self.input(describe.input.as_deref())?, columns: describe.cols.clone() })
    }

    pub(super) fn crosstab(&self, crosstab: &'a proto::StatCrosstab) -> SparkResult<RelationKind> {
        Ok(RelationKind::Crosstab {
            input: self.input(crosstab.input.as_deref())?,
            first: crosstab.col1.clone(),
            second: crosstab.col2.clone(),
        })
    }

    pub(super) fn covariance(&self, covariance: &'a proto::StatCov) -> SparkResult<RelationKind> {
        Ok(RelationKind::Covariance {
            input: self.input(covariance.input.as_deref())?,
            first: covariance.col1.clone(),
            second: covariance.col2.clone(),
        })
    }

    pub(super) fn correlation(&self, correlation: &'a proto::StatCorr) -> SparkResult<RelationKind> {
        Ok(RelationKind::Correlation {
            input: self.input(correlation.input.as_deref())?,
            first: correlation.col1.clone(),
            second: correlation.col2.clone(),
            method: correlation.method.clone(),
        })
    }

    pub(super) fn approx_quantile(&self, quantile: &'a proto::StatApproxQuantile) -> SparkResult<RelationKind> {
        Ok(RelationKind::ApproxQuantile {
            input: self.input(quantile.input.as_deref())?,
            columns: quantile.cols.clone(),
            probabilities: quantile.probabilities.clone(),
            relative_error: quantile.relative_error,
        })
    }

    pub(super) fn frequent_items(&self, items: &'a proto::StatFreqItems) -> SparkResult<RelationKind> {
        Ok(RelationKind::FrequentItems {
            input: self.input(items.input.as_deref())?,
            columns: items.cols.clone(),
            support: items.support,
        })
    }

    pub(super) fn sample_by(&self, sample: &'a proto::StatSampleBy) -> SparkResult<RelationKind> {
        let fraction = |fraction: &proto::stat_sample_by::Fraction| match &fraction.stratum {
            Some(stratum) => Ok((self.literal(stratum)?, fraction.fraction)),
            None => Err(invalid::not_set("Expression.Literal", "LITERALTYPE")),
        };
        let fractions: SparkResult<Vec<_>> = sample.fractions.iter().map(fraction).collect();
        Ok(RelationKind::SampleBy {
            input: self.input(sample.input.as_deref())?,
            column: self.required_expression(sample.col.as_ref())?,
            fractions: fractions?,
            seed: sample.seed,
        })
    }
}
