//! Aggregates that choose one row of each group and give a value of it: `first`, `last`, `any_value`, `max_by`,
//! `min_by`.

use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, UInt32Array, new_null_array};
use arrow::compute::{interleave, take};
use arrow::datatypes::DataType;
use datafusion::common::{Result, internal_err};

/// Chosen rows of many groups: the columns of each batch that had some, and where each group's row is.
///
/// The first piece is a single row of NULLs, where groups without a row point to.
#[derive(Debug)]
pub(super) struct ChosenRows {
    /// The columns' types.
    types: Vec<DataType>,
    pieces: Vec<Vec<ArrayRef>>,
    /// Piece and row in it of each group.
    places: Vec<(usize, usize)>,
    /// Rows in all pieces, more than groups if later rows replaced earlier ones.
    rows: usize,
}

const NOWHERE: (usize, usize) = (0, 0);
/// Replaced rows are thrown away when there are more of them than groups and this many.
const REPLACED_MAX: usize = 64;

impl ChosenRows {
    pub fn new(types: Vec<DataType>) -> Self {
        let nulls = types.iter().map(|data_type| new_null_array(data_type, 1)).collect();
        Self { types, pieces: vec![nulls], places: Vec::new(), rows: 0 }
    }

    pub fn resize(&mut self, total: usize) {
        self.places.resize(total, NOWHERE);
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn has_row(&self, group: usize) -> bool {
        self.places.get(group).is_some_and(|place| *place != NOWHERE)
    }

    /// Puts the chosen rows of a batch in the place of the groups' rows so far: `(group, row)`, a group once.
    pub fn replace(&mut self, columns: &[ArrayRef], chosen: &[(usize, usize)]) -> Result<()> {
        if chosen.is_empty() {
            return Ok(());
        }
        let rows: UInt32Array = chosen.iter().map(|(_, row)| u32::try_from(*row).ok()).collect();
        let piece = columns.iter().take(self.types.len()).map(|column| take(column.as_ref(), &rows, None));
        self.pieces.push(piece.collect::<std::result::Result<_, _>>()?);
        let piece = self.pieces.len() - 1;
        for (index, (group, _)) in chosen.iter().enumerate() {
            if let Some(place) = self.places.get_mut(*group) {
                *place = (piece, index);
            }
        }
        self.rows += chosen.len();
        if self.rows > self.places.len() * 2 + REPLACED_MAX {
            self.compact()?;
        }
        Ok(())
    }

    /// A column of the first `count` groups' rows.
    pub fn column(&self, index: usize, count: usize) -> Result<ArrayRef> {
        let pieces: Option<Vec<&dyn Array>> =
            self.pieces.iter().map(|piece| piece.get(index).map(AsRef::as_ref)).collect();
        let Some(pieces) = pieces else { return internal_err!("a chosen row has no column {index}") };
        let places = self.places.get(..count).unwrap_or(&self.places);
        Ok(interleave(&pieces, places)?)
    }

    /// Which of the first `count` groups have a row.
    pub fn have_rows(&self, count: usize) -> BooleanArray {
        self.places.iter().take(count).map(|place| Some(*place != NOWHERE)).collect()
    }

    fn compact(&mut self) -> Result<()> {
        let total = self.places.len();
        let columns = (0..self.types.len()).map(|index| self.column(index, total)).collect::<Result<Vec<_>>>()?;
        self.pieces.truncate(1);
        self.pieces.push(columns);
        for (group, place) in self.places.iter_mut().enumerate() {
            if *place != NOWHERE {
                *place = (1, group);
            }
        }
        self.rows = total;
        Ok(())
    }

    pub fn remove(&mut self, count: usize) {
        self.places.drain(..count.min(self.places.len()));
        if self.places.is_empty() {
            self.pieces.truncate(1);
            self.rows = 0;
        }
    }

    pub fn size(&self) -> usize {
        let arrays: usize = self.pieces.iter().flatten().map(|column| column.get_array_memory_size()).sum();
        size_of_val(self) + arrays + self.places.capacity() * size_of::<(usize, usize)>()
    }
}

/// A column of booleans as state.
pub(super) fn flags(flags: BooleanArray) -> ArrayRef {
    Arc::new(flags)
}
