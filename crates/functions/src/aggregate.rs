//! The group `aggregate`: functions of many rows.

mod approx_count_distinct;
mod average;
mod bivariate;
mod chosen;
mod collect;
mod count;
mod extremum;
mod extremum_by;
mod first_last;
mod fold;
mod frequent_items;
mod gathered;
pub(crate) mod groups;
mod histogram_numeric;
pub(crate) mod kernel;
mod listagg;
mod mode;
mod moments;
mod percentile;
mod quantile_summary;
mod replay;
mod sum;

#[cfg(test)]
mod tests;

use crate::function::Function;

pub(crate) use collect::collect_distinct_udaf;
pub(crate) use extremum_by::extremum_by_key;
pub(crate) use kernel::raise;

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &approx_count_distinct::APPROX_COUNT_DISTINCT,
    &average::AVG,
    &average::TRY_AVG,
    &bivariate::CORR,
    &bivariate::COVAR_POP,
    &bivariate::COVAR_SAMP,
    &bivariate::REGR_AVGX,
    &bivariate::REGR_AVGY,
    &bivariate::REGR_COUNT,
    &bivariate::REGR_INTERCEPT,
    &bivariate::REGR_R2,
    &bivariate::REGR_SLOPE,
    &bivariate::REGR_SXX,
    &bivariate::REGR_SXY,
    &bivariate::REGR_SYY,
    &collect::COLLECT_LIST,
    &collect::COLLECT_SET,
    &count::COUNT,
    &count::COUNT_IF,
    &extremum::MAX,
    &extremum::MIN,
    &extremum_by::MAX_BY,
    &extremum_by::MIN_BY,
    &first_last::ANY_VALUE,
    &first_last::FIRST,
    &first_last::FIRST_VALUE,
    &first_last::LAST,
    &first_last::LAST_VALUE,
    &fold::BIT_AND,
    &frequent_items::COLLECT_FREQUENT_ITEMS,
    &fold::BIT_OR,
    &fold::BIT_XOR,
    &fold::BOOL_AND,
    &fold::BOOL_OR,
    &fold::PRODUCT,
    &histogram_numeric::HISTOGRAM_NUMERIC,
    &listagg::LISTAGG,
    &listagg::STRING_AGG,
    &mode::MODE,
    &moments::KURTOSIS,
    &moments::SKEWNESS,
    &moments::STDDEV_POP,
    &moments::STDDEV_SAMP,
    &moments::VAR_POP,
    &moments::VAR_SAMP,
    &percentile::APPROX_PERCENTILE,
    &percentile::APPROX_QUANTILE,
    &percentile::MEDIAN,
    &percentile::PERCENTILE,
    &percentile::PERCENTILE_APPROX,
    &percentile::PERCENTILE_CONT,
    &percentile::PERCENTILE_DISC,
    &sum::SUM,
    &sum::TRY_SUM,
];
