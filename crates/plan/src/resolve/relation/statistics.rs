//! `df.stat`, `df.describe` and `df.summary`, as aggregates of the input.

use datafusion::scalar::ScalarValue;
use firesteel_base::error::ErrorKind;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_syntax::ir::expression::{Attribute as Name, CastMode, FunctionCall};
use firesteel_syntax::ir::{Expression, Literal, Relation};

use crate::attribute::Attribute;
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{Typed, TypedKind};

/// The statistics of `describe`.
const DESCRIBED: &[&str] = &["count", "mean", "stddev", "min", "max"];
/// The statistics of `summary` if none are named.
const SUMMARIZED: &[&str] = &["count", "mean", "stddev", "min", "25%", "50%", "75%", "max"];
/// Quantiles of a summary are as exact as `percentile_approx` is by default.
const ACCURACY: i32 = 10_000;
/// `freqItems` finds what makes up this share of the rows, unless another is asked for.
const SUPPORT: f64 = 0.01;

impl Resolver<'_> {
    pub fn summary(
        &self,
        input: &Relation,
        statistics: &[String],
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let default = || SUMMARIZED.iter().map(ToString::to_string).collect();
        let statistics = if statistics.is_empty() { default() } else { statistics.to_vec() };
        let columns = input.output.clone();
        self.summarized(input, &columns, &statistics)
    }

    pub fn describe(
        &self,
        input: &Relation,
        columns: &[String],
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let statistics: Vec<_> = DESCRIBED.iter().map(ToString::to_string).collect();
        let described = if columns.is_empty() {
            input.output.clone()
        } else {
            let named = columns.iter().map(|name| self.named_column(name, &input, environment));
            named.collect::<SparkResult<Vec<_>>>()?
        };
        self.summarized(input, &described, &statistics)
    }

    /// One row for each statistic, with its name and the value of each column that is a number or a text.
    fn summarized(&self, input: Resolved, columns: &[Attribute], statistics: &[String]) -> SparkResult<Resolved> {
        let columns: Vec<_> =
            columns.iter().filter(|column| column.data_type.is_numeric() || column.data_type.is_string()).collect();
        let kinds = statistics.iter().map(|text| Statistic::of(text)).collect::<SparkResult<Vec<_>>>()?;
        let shares: Vec<f64> = kinds.iter().filter_map(Statistic::share).collect();
        let mut selected = Vec::with_capacity(kinds.len() * columns.len());
        for column in &columns {
            for kind in &kinds {
                let value = self.statistic(kind, column, &shares)?;
                selected.push(self.named(self.session_cast_of(value, &SparkType::STRING)?, &column.name));
            }
        }
        let aggregated = if selected.is_empty() { self.one_row() } else { self.project_typed(input, selected)? };
        let mut rows = Vec::with_capacity(kinds.len());
        for (index, text) in statistics.iter().enumerate() {
            let mut fields = vec![string("summary"), string(text)];
            for (column, values) in columns.iter().zip(aggregated.output.chunks(kinds.len().max(1))) {
                let value = values.get(index).ok_or_else(|| SparkError::internal("a statistic is missing"))?;
                fields.extend([string(&column.name), Typed::column(value)]);
            }
            rows.push(self.call("named_struct", fields, &Origin::Unknown)?);
        }
        let aggregated = Resolved { block: None, ..aggregated };
        let (generated, columns) = self.inlined(aggregated, rows)?;
        let selected = columns.iter().map(|column| Typed::column(&column.with_nullable(true))).collect();
        let summary = self.project_typed(generated, selected)?;
        Ok(Resolved { block: None, ..summary })
    }

    /// One row for each of the structs, below each row of the input; and the columns of the structs' fields.
    pub fn inlined(&self, input: Resolved, rows: Vec<Typed>) -> SparkResult<(Resolved, Vec<Attribute>)> {
        let rows = self.call("array", rows, &Origin::Unknown)?;
        let generator = self.call("inline", vec![rows], &Origin::Unknown)?;
        let TypedKind::Generator(call) = generator.kind else {
            return Err(SparkError::internal("inline is no generator"));
        };
        self.generate(input, &call, false, &[])
    }

    fn statistic(&self, kind: &Statistic, column: &Attribute, shares: &[f64]) -> SparkResult<Typed> {
        let value = Typed::column(column);
        let origin = Origin::Unknown;
        match kind {
            Statistic::Function(name) => self.call(name, vec![value], &origin),
            Statistic::NumberFunction(name) => self.call(name, vec![self.as_number(value)?], &origin),
            Statistic::CountDistinct => {
                let call = FunctionCall { name: vec!["count".to_owned()], distinct: true, ..FunctionCall::default() };
                self.bind_by_name(&call, vec![value], false, &origin)
            }
            Statistic::Percentile(share) => {
                let listed = shares.iter().map(|share| double(*share)).collect();
                let listed = self.call("array", listed, &origin)?;
                let arguments = vec![self.as_number(value)?, listed, integer(ACCURACY)];
                let found = self.call("percentile_approx", arguments, &origin)?;
                let index = shares.iter().position(|known| known == share).unwrap_or(0);
                self.extract(found, integer(i32::try_from(index).unwrap_or(0)), &origin)
            }
        }
    }

    /// Texts as the numbers they spell, if they do.
    fn as_number(&self, value: Typed) -> SparkResult<Typed> {
        if value.data_type.is_string() {
            return self.explicit_cast(value, &SparkType::Double, CastMode::Try, &Origin::Unknown);
        }
        Ok(value)
    }

    pub fn covariance(
        &self,
        input: &Relation,
        columns: [&str; 2],
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        self.of_pairs(input, columns, ("covar_samp", "covariance", "cov"), 0.0, environment)
    }

    pub fn correlation(
        &self,
        input: &Relation,
        columns: [&str; 2],
        method: Option<&str>,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        if method.is_some_and(|method| method != "pearson") {
            return Err(requirement(
                "Currently only the calculation of the Pearson Correlation coefficient is supported.".to_owned(),
            ));
        }
        self.of_pairs(input, columns, ("corr", "correlation", "corr"), f64::NAN, environment)
    }

    /// An aggregate of two columns, in which NULL counts as zero.
    fn of_pairs(
        &self,
        input: &Relation,
        columns: [&str; 2],
        (function, title, name): (&str, &str, &str),
        without_rows: f64,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let mut arguments = Vec::with_capacity(2);
        for column in columns {
            let attribute = self.column_of_schema(column, &input)?;
            if !attribute.data_type.is_numeric() {
                let data_type = attribute.data_type.simple_string();
                return Err(requirement(format!(
                    "Currently {title} calculation for columns with dataType {data_type} not supported."
                )));
            }
            let number = self.session_cast_of(Typed::column(&attribute), &SparkType::Double)?;
            arguments.push(self.call("coalesce", vec![number, double(0.0)], &Origin::Unknown)?);
        }
        let value = self.call(function, arguments, &Origin::Unknown)?;
        let value = self.call("coalesce", vec![value, double(without_rows)], &Origin::Unknown)?;
        let resolved = self.project_typed(input, vec![self.named(value, name)])?;
        Ok(Resolved { block: None, ..resolved })
    }

    pub fn approx_quantile(
        &self,
        input: &Relation,
        columns: &[String],
        shares: &[f64],
        relative_error: f64,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        if relative_error < 0.0 {
            return Err(requirement(format!("Relative Error must be non-negative but got {relative_error:?}")));
        }
        if let Some(share) = shares.iter().find(|share| !(0.0..=1.0).contains(*share)) {
            return Err(requirement(format!("percentile should be in the range [0.0, 1.0], but got {share:?}")));
        }
        let input = self.resolve_relation(input, environment)?;
        let mut found = Vec::with_capacity(columns.len());
        for name in columns {
            let attribute = self.named_column(name, &input, environment)?;
            if !attribute.data_type.is_numeric() {
                let data_type = attribute.data_type.simple_string();
                return Err(requirement(format!(
                    "Quantile calculation for column {} with data type {data_type} is not supported.",
                    attribute.name
                )));
            }
            let number = self.session_cast_of(Typed::column(&attribute), &SparkType::Double)?;
            let number = self.without_nan(number)?;
            let listed: Vec<_> = shares.iter().map(|share| double(*share)).collect();
            let listed = self.array_of(listed, &SparkType::Double)?;
            let arguments = vec![number, listed, double(relative_error)];
            let quantiles = self.call("approx_quantile", arguments, &Origin::Unknown)?;
            let none = self.array_of(Vec::new(), &SparkType::Double)?;
            found.push(self.call("coalesce", vec![quantiles, none], &Origin::Unknown)?);
        }
        let found = self.array_of(found, &SparkType::array(SparkType::Double, false))?;
        let resolved = self.project_typed(input, vec![self.named(found, "approx_quantile")])?;
        Ok(Resolved { block: None, ..resolved })
    }

    /// An array that knows its elements' type even if there are none.
    fn array_of(&self, elements: Vec<Typed>, element: &SparkType) -> SparkResult<Typed> {
        let array = self.call("array", elements, &Origin::Unknown)?;
        self.explicit_cast(array, &SparkType::array(element.clone(), false), CastMode::Session, &Origin::Unknown)
    }

    pub fn frequent_items(
        &self,
        input: &Relation,
        columns: &[String],
        support: Option<f64>,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        let support = support.unwrap_or(SUPPORT);
        if !(1e-4..=1.0).contains(&support) {
            return Err(requirement(format!("Support must be in [1e-4, 1], but got {support:?}.")));
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 10,000")]
        let size = Typed::literal(ScalarValue::Int64(Some((1.0 / support) as i64)), SparkType::Long);
        let input = self.resolve_relation(input, environment)?;
        let mut selected = Vec::with_capacity(columns.len());
        for name in columns {
            let attribute = self.named_column(name, &input, environment)?;
            let arguments = vec![Typed::column(&attribute), size.clone()];
            let items = self.call("collect_frequent_items", arguments, &Origin::Unknown)?;
            selected.push(self.named(items, &format!("{name}_freqItems")));
        }
        let resolved = self.project_typed(input, selected)?;
        Ok(Resolved { block: None, ..resolved })
    }

    /// The rows of each stratum with its own probability; others are left out.
    pub fn sample_by(
        &self,
        input: &Relation,
        column: &Expression,
        fractions: &[(Literal, f64)],
        seed: Option<i64>,
        environment: Environment<'_>,
    ) -> SparkResult<Resolved> {
        if let Some((_, fraction)) = fractions.iter().find(|(_, fraction)| !(0.0..=1.0).contains(fraction)) {
            return Err(requirement(format!("Fractions must be in [0, 1], but got {fraction:?}.")));
        }
        let input = self.resolve_relation(input, environment)?;
        let column = self.resolve_expression(column, &Scope::of(&input, environment))?.into_unaliased();
        let mut branches = Vec::with_capacity(fractions.len());
        for (stratum, fraction) in fractions {
            let stratum = self.literal(stratum)?;
            let equal = self.call("<=>", vec![column.clone(), stratum], &Origin::Unknown)?;
            branches.push((equal, double(*fraction)));
        }
        let fraction =
            if branches.is_empty() { double(0.0) } else { self.case(branches, Some(double(0.0)), &Origin::Unknown)? };
        let seed = Typed::literal(ScalarValue::Int64(Some(seed.unwrap_or(self.bind.query_time))), SparkType::Long);
        let random = self.call("rand", vec![seed], &Origin::Unknown)?;
        let chosen = self.call("<", vec![random, fraction], &Origin::Unknown)?;
        self.filtered(input, &chosen)
    }

    /// The column that a name as SQL spells it stands for.
    fn named_column(&self, name: &str, input: &Resolved, environment: Environment<'_>) -> SparkResult<Attribute> {
        let parts = firesteel_base::identifier::parse_attribute_name(name).unwrap_or_else(|| vec![name.to_owned()]);
        let name = Name { name: parts, plan_id: None, is_metadata_column: false };
        let typed = self.resolve_name(&name, &Scope::of(input, environment), &Origin::Unknown)?;
        match typed.kind {
            TypedKind::Column(attribute) => Ok(attribute),
            _ => Err(SparkError::unsupported("a statistic of a struct's field")),
        }
    }

    /// As [`Self::named_column`]; an unknown name is answered with the columns in their order.
    fn column_of_schema(&self, name: &str, input: &Resolved) -> SparkResult<Attribute> {
        self.check_names(input, std::slice::from_ref(&name.to_owned()))?;
        let found = input.output.iter().find(|attribute| self.same_name(name, &attribute.name));
        found.cloned().ok_or_else(|| SparkError::internal("a checked column is missing"))
    }
}

/// What a summary asks of a column.
enum Statistic {
    Function(&'static str),
    /// Of numbers; texts are read as numbers.
    NumberFunction(&'static str),
    CountDistinct,
    Percentile(f64),
}

impl Statistic {
    fn of(text: &str) -> SparkResult<Self> {
        Ok(match text.to_lowercase().as_str() {
            "count" => Self::Function("count"),
            "count_distinct" => Self::CountDistinct,
            "approx_count_distinct" => Self::Function("approx_count_distinct"),
            "mean" => Self::NumberFunction("avg"),
            "stddev" => Self::NumberFunction("stddev_samp"),
            "min" => Self::Function("min"),
            "max" => Self::Function("max"),
            other => {
                let unknown = || SparkError::new("UNRECOGNIZED_STATISTIC").param("stats", format!("'{text}'"));
                let number = other.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
                let share = number.ok_or_else(unknown)? / 100.0;
                if !(0.0..=1.0).contains(&share) {
                    return Err(requirement("Percentiles must be in the range [0, 1]".to_owned()));
                }
                Self::Percentile(share)
            }
        })
    }

    fn share(&self) -> Option<f64> {
        match self {
            Self::Percentile(share) => Some(*share),
            _ => None,
        }
    }
}

fn requirement(message: String) -> SparkError {
    SparkError::unnamed(ErrorKind::IllegalArgument, format!("requirement failed: {message}"))
}

fn string(text: &str) -> Typed {
    Typed::literal(ScalarValue::Utf8(Some(text.to_owned())), SparkType::STRING)
}

fn double(value: f64) -> Typed {
    Typed::literal(ScalarValue::Float64(Some(value)), SparkType::Double)
}

fn integer(value: i32) -> Typed {
    Typed::literal(ScalarValue::Int32(Some(value)), SparkType::Integer)
}
