//! `first`, `last`, `any_value`: a value of the first or last row of a group, in the order in which rows come.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{AggregateUDF, Expr};
use firesteel_base::{SparkError, SparkResult};

use super::chosen::{ChosenRows, flags};
use super::groups::{Groups, booleans, for_each_row, taking_part};
use super::kernel::{AggregateCall, AggregateKernel, aggregate_udf, column};
use crate::call::Call;
use crate::function::{Aggregate, Function};

macro_rules! end {
    ($constant:ident, $name:literal, $udaf:ident, $since:literal) => {
        pub(super) const $constant: Function = Function::aggregate($name, |call| bind(call, $udaf))
            .since($since)
            .arity(1..=2)
            .prints(|arguments| format!("{}({})", $name, arguments.first().map_or("", String::as_str)));
    };
}

end!(FIRST, "first", first, "2.0.0");
end!(FIRST_VALUE, "first_value", first, "2.0.0");
end!(LAST, "last", last, "2.0.0");
end!(LAST_VALUE, "last_value", last, "2.0.0");
end!(ANY_VALUE, "any_value", first, "3.4.0");

fn first(ignores_nulls: bool) -> Arc<AggregateUDF> {
    if ignores_nulls { aggregate_udf(AnEnd::<FIRST_NOT_NULL>) } else { aggregate_udf(AnEnd::<FIRST_ROW>) }
}

fn last(ignores_nulls: bool) -> Arc<AggregateUDF> {
    if ignores_nulls { aggregate_udf(AnEnd::<LAST_NOT_NULL>) } else { aggregate_udf(AnEnd::<LAST_ROW>) }
}

fn bind(call: &Call<'_>, udaf: fn(bool) -> Arc<AggregateUDF>) -> SparkResult<Aggregate> {
    let ignores_nulls = match call.arguments.get(1) {
        None => call.ignore_nulls.unwrap_or(false),
        Some(flag) => match flag.constant {
            Some(ScalarValue::Boolean(Some(flag))) => flag || call.ignore_nulls.unwrap_or(false),
            _ => return Err(SparkError::new("_LEGACY_ERROR_TEMP_1210").param("funcName", call.function.name)),
        },
    };
    let data_type = call.data_type(0)?.clone();
    Ok(Aggregate::new(call, data_type, true, udaf(ignores_nulls)).before(only_value))
}

fn only_value(mut arguments: Vec<Expr>) -> SparkResult<Vec<Expr>> {
    arguments.truncate(1);
    Ok(arguments)
}

const FIRST_ROW: u8 = 0;
const FIRST_NOT_NULL: u8 = 1;
const LAST_ROW: u8 = 2;
const LAST_NOT_NULL: u8 = 3;

#[derive(Debug, Default, Clone, Copy)]
struct AnEnd<const WHICH: u8>;

impl<const WHICH: u8> AggregateKernel for AnEnd<WHICH> {
    const NAME: &'static str = match WHICH {
        FIRST_ROW => "spark_first",
        FIRST_NOT_NULL => "spark_first_ignoring_nulls",
        LAST_ROW => "spark_last",
        _ => "spark_last_ignoring_nulls",
    };

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(arguments.first().cloned().unwrap_or(DataType::Null))
    }

    fn state(&self, _arguments: &[DataType], return_type: &DataType) -> Vec<DataType> {
        vec![return_type.clone(), DataType::Boolean]
    }

    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>> {
        Ok(Box::new(EndGroups {
            is_last: matches!(WHICH, LAST_ROW | LAST_NOT_NULL),
            ignores_nulls: matches!(WHICH, FIRST_NOT_NULL | LAST_NOT_NULL),
            rows: ChosenRows::new(vec![call.return_type.clone()]),
        }))
    }
}

#[derive(Debug)]
struct EndGroups {
    is_last: bool,
    ignores_nulls: bool,
    rows: ChosenRows,
}

impl EndGroups {
    fn choose(&mut self, values: &ArrayRef, groups: &[usize], valid: Option<&BooleanArray>) -> Result<()> {
        let nulls = if self.ignores_nulls { values.logical_nulls() } else { None };
        let valid = taking_part(nulls.as_ref(), valid);
        let mut chosen: Vec<(usize, usize)> = Vec::new();
        if self.rows.len() == 1 {
            // A single group: only its own first or last row is looked for.
            let mut rows = (0..values.len()).filter(|row| valid.as_ref().is_none_or(|valid| valid.is_valid(*row)));
            let row = match (self.is_last, self.rows.has_row(0)) {
                (true, _) => rows.next_back(),
                (false, false) => rows.next(),
                (false, true) => None,
            };
            chosen.extend(row.map(|row| (0, row)));
        } else {
            let mut places: HashMap<usize, usize> = HashMap::new();
            let (rows, is_last) = (&self.rows, self.is_last);
            for_each_row(groups, valid.as_ref(), |group, row| {
                if !is_last && rows.has_row(group) {
                    return;
                }
                match places.get(&group) {
                    None => {
                        places.insert(group, chosen.len());
                        chosen.push((group, row));
                    }
                    Some(place) if is_last => {
                        if let Some(entry) = chosen.get_mut(*place) {
                            entry.1 = row;
                        }
                    }
                    Some(_) => {}
                }
            });
        }
        self.rows.replace(std::slice::from_ref(values), &chosen)
    }
}

impl Groups for EndGroups {
    fn resize(&mut self, total: usize) {
        self.rows.resize(total);
    }

    fn update(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        self.choose(column(columns, 0)?, groups, filter)
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.choose(column(state, 0)?, groups, Some(booleans(column(state, 1)?)?))
    }

    fn evaluate(&self, count: usize) -> Result<ArrayRef> {
        self.rows.column(0, count)
    }

    fn state(&self, count: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.rows.column(0, count)?, flags(self.rows.have_rows(count))])
    }

    fn remove(&mut self, count: usize) -> Result<()> {
        self.rows.remove(count);
        Ok(())
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn size(&self) -> usize {
        self.rows.size()
    }
}
