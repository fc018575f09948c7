//! `map(k1, v1, …)`, and building maps: no key is NULL, none occurs twice.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::row::Rows;
use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::cast::{CastMode, cast_array};
use crate::coercion::{common_type, has_map, merge_all, quoted_type};
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Nulls, Picker, RowBuilder, comparable, entry_fields};
use crate::kernel::rows::text;
use crate::kernel::{KernelCall, kernels};

pub(super) const FUNCTION: Function = Function::scalar("map", bind).since("2.0.0");

kernels! {
    MakeMap = "spark_map" => evaluate;
}

/// Builds maps from keys and values picked from other arrays.
pub(crate) struct MapBuilder<'a> {
    call: &'a KernelCall<'a>,
    key_sources: Vec<ArrayRef>,
    key_nulls: Vec<Nulls>,
    comparable: Vec<Rows>,
    keys: Picker,
    values: Picker,
    rows: RowBuilder,
    /// The keys of the row that is being built, with the entries' places.
    seen: HashMap<Box<[u8]>, usize>,
}

impl<'a> MapBuilder<'a> {
    /// Picks keys and values from these arrays; the maps are of the call's result type.
    pub(crate) fn new(
        call: &'a KernelCall<'a>,
        rows: usize,
        keys: &[&ArrayRef],
        values: &[&ArrayRef],
    ) -> SparkResult<Self> {
        let (_, key, value) = entry_fields(call.return_type)?;
        Ok(Self {
            call,
            key_sources: keys.iter().map(|keys| ArrayRef::clone(keys)).collect(),
            key_nulls: keys.iter().map(|keys| Nulls::of(keys)).collect(),
            comparable: comparable(keys)?,
            keys: Picker::new(keys, key.data_type())?,
            values: Picker::new(values, value.data_type())?,
            rows: RowBuilder::new(rows),
            seen: HashMap::new(),
        })
    }

    /// Adds an entry; `None` is NULL.
    pub(crate) fn add(&mut self, key: (usize, usize), value: Option<(usize, usize)>) -> SparkResult<()> {
        let (source, index) = key;
        if self.key_nulls.get(source).is_some_and(|nulls| nulls.is_null(index)) {
            return Err(SparkError::new("NULL_MAP_KEY"));
        }
        if let Some(keys) = self.comparable.get(source)
            && let Some(place) = self.seen.insert(keys.row(index).as_ref().into(), self.keys.len())
        {
            if !self.call.last_map_key_wins() {
                return Err(self.duplicate(source, index));
            }
            self.seen.insert(keys.row(index).as_ref().into(), place);
            self.values.replace(place, value);
            return Ok(());
        }
        self.keys.pick(source, index);
        match value {
            Some((source, index)) => self.values.pick(source, index),
            None => self.values.pick_null(),
        }
        Ok(())
    }

    fn duplicate(&self, source: usize, index: usize) -> SparkError {
        let key = self.key_sources.get(source).and_then(|keys| self.key_text(&keys.slice(index, 1)));
        SparkError::new("DUPLICATED_MAP_KEY")
            .param("key", key.unwrap_or_default())
            .param("mapKeyDedupPolicy", "\"spark.sql.mapKeyDedupPolicy\"")
    }

    fn key_text(&self, key: &ArrayRef) -> Option<String> {
        if let Some(structs) = key.as_struct_opt() {
            let fields: Option<Vec<String>> = structs.columns().iter().map(|column| self.key_text(column)).collect();
            return Some(format!("[{}]", fields?.join(",")));
        }
        let from = SparkType::from_arrow(key.data_type())?;
        let text_array = cast_array(key, &from, &SparkType::STRING, CastMode::Legacy, self.call.time_zone()).ok()?;
        let texts = text(&[text_array], 0).ok()?;
        Some(texts.value(0).to_owned())
    }

    pub(crate) fn end(&mut self) -> SparkResult<()> {
        self.seen.clear();
        self.rows.end(self.keys.len())
    }

    pub(crate) fn end_null(&mut self) -> SparkResult<()> {
        self.seen.clear();
        self.rows.end_null(self.keys.len())
    }

    pub(crate) fn finish(self) -> SparkResult<ArrayRef> {
        self.rows.into_maps(&self.keys.finish()?, &self.values.finish()?, self.call.return_type)
    }
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    if !call.len().is_multiple_of(2) {
        return Err(SparkError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
            .param("functionName", "`map`")
            .param("expectedNum", "2n (n > 0)")
            .param("actualNum", call.len().to_string())
            .param("docroot", "https://spark.apache.org/docs/latest"));
    }
    let of = |parity: usize| -> Vec<SparkType> {
        call.arguments.iter().skip(parity).step_by(2).map(|argument| argument.data_type.clone()).collect()
    };
    let one = |types: &[SparkType], kind: &str| {
        if types.is_empty() {
            return Ok(SparkType::Null);
        }
        merge_all(types).or_else(|| common_type(types, call.ansi())).ok_or_else(|| {
            let listed: Vec<_> = types.iter().map(quoted_type).collect();
            call.mismatch(kind).param("functionName", "`map`").param("dataType", format!("[{}]", listed.join(", ")))
        })
    };
    let key = one(&of(0), "CREATE_MAP_KEY_DIFF_TYPES")?;
    let value = one(&of(1), "CREATE_MAP_VALUE_DIFF_TYPES")?;
    check_key(call, &key)?;
    let types: Vec<_> = (0..call.len()).map(|index| if index % 2 == 0 { key.clone() } else { value.clone() }).collect();
    let value_contains_null = call
        .arguments
        .iter()
        .zip(&types)
        .skip(1)
        .step_by(2)
        .any(|(argument, to)| argument.nullable || crate::cast::cast_may_add_null(&argument.data_type, to));
    let data_type = SparkType::map(key, value, value_contains_null);
    Ok(Scalar::kernel(call, data_type, MakeMap).casting(types).nullable(false))
}

/// Keys can be compared.
pub(super) fn check_key(call: &Call<'_>, key: &SparkType) -> SparkResult<()> {
    if !has_map(key) {
        return Ok(());
    }
    Err(call.mismatch("INVALID_MAP_KEY_TYPE").param("keyType", quoted_type(key)))
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    let rows = if call.arguments.is_empty() { call.rows } else { 0 };
    call.with_arrays(|arrays| {
        let rows = arrays.first().map_or(rows, Array::len);
        let keys: Vec<&ArrayRef> = arrays.iter().step_by(2).collect();
        let values: Vec<&ArrayRef> = arrays.iter().skip(1).step_by(2).collect();
        let mut maps = MapBuilder::new(call, rows, &keys, &values)?;
        for row in 0..rows {
            for source in 0..keys.len() {
                maps.add((source, row), Some((source, row)))?;
            }
            maps.end()?;
        }
        maps.finish()
    })
}
