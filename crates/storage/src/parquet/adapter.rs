//! How a file's columns become the table's: found by name as Spark finds them, NULL where a file lacks one, widened
//! where Spark widens, refused where Spark refuses.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, RecordBatch, StructArray, new_null_array};
use arrow::datatypes::{DataType, FieldRef, Fields, Int8Type, Int16Type, Int32Type, Schema, SchemaRef, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};
use datafusion::physical_expr_adapter::{PhysicalExprAdapter, PhysicalExprAdapterFactory};
use firesteel_base::{SparkError, SparkType};

use crate::error::to_datafusion;

/// The key under which a file's Arrow schema carries the file's address, for error messages.
pub(super) const FILE_KEY: &str = "firesteel.file";

/// Makes adapters for the files of a scan.
#[derive(Clone, Debug)]
pub(super) struct ColumnAdapterFactory {
    pub(super) case_sensitive: bool,
}

impl PhysicalExprAdapterFactory for ColumnAdapterFactory {
    fn create(&self, table: SchemaRef, file: SchemaRef) -> Result<Arc<dyn PhysicalExprAdapter>> {
        Ok(Arc::new(ColumnAdapter { table, file, case_sensitive: self.case_sensitive }))
    }
}

#[derive(Debug)]
struct ColumnAdapter {
    table: SchemaRef,
    file: SchemaRef,
    case_sensitive: bool,
}

impl PhysicalExprAdapter for ColumnAdapter {
    fn rewrite(&self, expression: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        expression
            .transform(|expression| match expression.downcast_ref::<Column>() {
                Some(column) => Ok(Transformed::yes(self.column(column)?)),
                None => Ok(Transformed::no(expression)),
            })
            .data()
    }
}

impl ColumnAdapter {
    fn column(&self, column: &Column) -> Result<Arc<dyn PhysicalExpr>> {
        let target = self.table.field_with_name(column.name())?;
        let places = matching_fields(self.file.fields(), column.name(), self.case_sensitive);
        let place = match places.as_slice() {
            [] => {
                return Ok(Arc::new(Literal::new(ScalarValue::try_from(target.data_type())?)));
            }
            [place] => *place,
            [_, _, ..] => return Err(to_datafusion(self.ambiguous(column.name(), &places))),
        };
        let source = self.file.field(place);
        let input: Arc<dyn PhysicalExpr> = Arc::new(Column::new(source.name(), place));
        let target = Arc::new(target.clone().with_nullable(true));
        match conversion(source.data_type(), target.data_type()) {
            Conversion::None => Ok(input),
            Conversion::Cast => Ok(Arc::new(CastExpr::new_with_target_field(input, target, None))),
            Conversion::Own => Ok(Arc::new(ConformExpr { input, target, case_sensitive: self.case_sensitive })),
            Conversion::Impossible => Err(to_datafusion(self.mismatch(source.name(), source.data_type(), &target))),
        }
    }

    fn file_name(&self) -> String {
        self.file.metadata().get(FILE_KEY).cloned().unwrap_or_default()
    }

    fn mismatch(&self, name: &str, source: &DataType, target: &FieldRef) -> SparkError {
        let expected = SparkType::from_arrow(target.data_type())
            .map_or_else(|| target.data_type().to_string(), |data_type| data_type.catalog_string());
        SparkError::new("FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH")
            .param("path", self.file_name())
            .param("column", format!("[{name}]"))
            .param("expectedType", expected)
            .param("actualType", physical_name(source))
    }

    fn ambiguous(&self, name: &str, places: &[usize]) -> SparkError {
        let fields: Vec<&str> = places.iter().map(|place| self.file.field(*place).name().as_str()).collect();
        let cause = SparkError::new("_LEGACY_ERROR_TEMP_2093")
            .param("requiredFieldName", name)
            .param("matchedOrcFields", fields.join(", "));
        crate::error::cannot_read(&self.file_name(), cause)
    }
}

/// Places of the fields that a name means.
fn matching_fields(fields: &Fields, name: &str, case_sensitive: bool) -> Vec<usize> {
    let matches = |field: &FieldRef| {
        if case_sensitive { field.name() == name } else { field.name().to_lowercase() == name.to_lowercase() }
    };
    fields.iter().enumerate().filter(|(_, field)| matches(field)).map(|(place, _)| place).collect()
}

/// What it takes to make a file's column the table's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conversion {
    None,
    /// Arrow's cast does what Spark does, and statistics may look through it.
    Cast,
    /// [`conform`] does it.
    Own,
    Impossible,
}

/// Spark's widening of Parquet columns.
fn conversion(source: &DataType, target: &DataType) -> Conversion {
    use DataType::{
        Binary, BinaryView, Date32, Decimal128, Decimal256, Duration, FixedSizeBinary, Float32, Float64, Int8, Int16,
        Int32, Int64, Interval, LargeBinary, LargeUtf8, List, Map, Struct, Timestamp, UInt8, UInt16, UInt32, UInt64,
        Utf8, Utf8View,
    };
    if source == target {
        return Conversion::None;
    }
    let cast = |possible: bool| if possible { Conversion::Cast } else { Conversion::Impossible };
    match (source, target) {
        (Int8 | Int16 | Int32 | UInt8 | UInt16, Int32 | Int64 | Float64) => Conversion::Cast,
        (Int8 | UInt8, Int16) | (UInt32, Int64 | Float64) => Conversion::Cast,
        (Int16 | Int32 | UInt8 | UInt16, Int8) | (Int32 | UInt16, Int16) => Conversion::Own,
        (Int32, Date32) | (Date32, Int32) => Conversion::Cast,
        (Int32, Decimal128(precision, scale)) => cast(whole_digits(*precision, *scale) >= 10),
        (Int64, Decimal128(precision, scale)) => cast(whole_digits(*precision, *scale) >= 20),
        (UInt64, Decimal128(20, 0)) => Conversion::Cast,
        (Int64, Duration(TimeUnit::Microsecond)) | (Duration(_), Int64) => Conversion::Cast,
        (Int32, Interval(_)) => Conversion::Cast,
        (Float32, Float64) => Conversion::Cast,
        (Decimal128(from, from_scale), Decimal128(to, to_scale))
        | (Decimal256(from, from_scale), Decimal128(to, to_scale)) => {
            cast(to_scale >= from_scale && whole_digits(*to, *to_scale) >= whole_digits(*from, *from_scale))
        }
        (Timestamp(TimeUnit::Millisecond | TimeUnit::Microsecond, _), Timestamp(TimeUnit::Microsecond, _)) => {
            Conversion::Own
        }
        (Date32, Timestamp(TimeUnit::Microsecond, None)) => Conversion::Cast,
        (Utf8 | LargeUtf8 | Utf8View, Utf8 | Utf8View | Binary) => Conversion::Cast,
        (Binary | LargeBinary | BinaryView, Binary | Utf8 | Utf8View) | (FixedSizeBinary(_), Binary) => {
            Conversion::Cast
        }
        (List(from), List(to)) => nested(conversion(from.data_type(), to.data_type())),
        (Map(from, _), Map(to, _)) => nested(conversion(from.data_type(), to.data_type())),
        // Fields that a file lacks are NULL, so structs always meet; their common fields decide.
        (Struct(from), Struct(to)) => {
            let impossible = to.iter().any(|target| {
                matching_fields(from, target.name(), false)
                    .first()
                    .and_then(|place| from.get(*place))
                    .is_some_and(|source| conversion(source.data_type(), target.data_type()) == Conversion::Impossible)
            });
            if impossible { Conversion::Impossible } else { Conversion::Own }
        }
        _ => Conversion::Impossible,
    }
}

fn nested(inner: Conversion) -> Conversion {
    if inner == Conversion::Impossible { Conversion::Impossible } else { Conversion::Own }
}

fn whole_digits(precision: u8, scale: i8) -> i16 {
    i16::from(precision) - i16::from(scale)
}

/// Parquet's name of the type that carries an Arrow type in files.
fn physical_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "BOOLEAN",
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::Date32
        | DataType::Time32(_) => "INT32",
        DataType::Float32 => "FLOAT",
        DataType::Float64 => "DOUBLE",
        DataType::Int64 | DataType::UInt64 | DataType::Timestamp(..) | DataType::Time64(_) | DataType::Duration(_) => {
            "INT64"
        }
        DataType::Decimal128(..) | DataType::Decimal256(..) | DataType::FixedSizeBinary(_) => "FIXED_LEN_BYTE_ARRAY",
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView => "BINARY",
        _ => "group",
    }
}

/// A column of a file made into the table's where Arrow's cast would not do.
#[derive(Debug, Clone)]
struct ConformExpr {
    input: Arc<dyn PhysicalExpr>,
    target: FieldRef,
    case_sensitive: bool,
}

impl PartialEq for ConformExpr {
    fn eq(&self, other: &Self) -> bool {
        self.input.eq(&other.input) && self.target == other.target && self.case_sensitive == other.case_sensitive
    }
}

impl Eq for ConformExpr {}

impl Hash for ConformExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.target.hash(state);
        self.case_sensitive.hash(state);
    }
}

impl fmt::Display for ConformExpr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "conform({} as {})", self.input, self.target.data_type())
    }
}

impl PhysicalExpr for ConformExpr {
    fn data_type(&self, _input: &Schema) -> Result<DataType> {
        Ok(self.target.data_type().clone())
    }

    fn nullable(&self, _input: &Schema) -> Result<bool> {
        Ok(true)
    }

    fn return_field(&self, _input: &Schema) -> Result<FieldRef> {
        Ok(Arc::clone(&self.target))
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let input = self.input.evaluate(batch)?.into_array(batch.num_rows())?;
        Ok(ColumnarValue::Array(conform(&input, self.target.data_type(), self.case_sensitive)?))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        let input = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.input));
        Ok(Arc::new(Self { input, target: Arc::clone(&self.target), case_sensitive: self.case_sensitive }))
    }

    fn fmt_sql(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Makes an array of a type that [`conversion`] allows.
fn conform(array: &ArrayRef, target: &DataType, case_sensitive: bool) -> Result<ArrayRef> {
    if array.data_type() == target {
        return Ok(Arc::clone(array));
    }
    match (array.data_type(), target) {
        // Spark keeps the low bits of a number that does not fit.
        (_, DataType::Int8) => {
            let wide = arrow::compute::cast(array, &DataType::Int32)?;
            #[expect(clippy::cast_possible_truncation, reason = "Spark keeps the low bits")]
            let narrow = wide.as_primitive::<Int32Type>().unary::<_, Int8Type>(|value| value as i8);
            Ok(Arc::new(narrow))
        }
        (DataType::Int32 | DataType::UInt16, DataType::Int16) => {
            let wide = arrow::compute::cast(array, &DataType::Int32)?;
            #[expect(clippy::cast_possible_truncation, reason = "Spark keeps the low bits")]
            let narrow = wide.as_primitive::<Int32Type>().unary::<_, Int16Type>(|value| value as i16);
            Ok(Arc::new(narrow))
        }
        // Between timestamps with and without zone nothing but the label changes.
        (DataType::Timestamp(_, _), DataType::Timestamp(unit, zone)) => {
            let micros = arrow::compute::cast(array, &DataType::Timestamp(*unit, array_zone(array)))?;
            let labelled = micros
                .as_primitive::<arrow::datatypes::TimestampMicrosecondType>()
                .clone()
                .with_timezone_opt(zone.clone());
            Ok(Arc::new(labelled))
        }
        (DataType::List(_), DataType::List(field)) => {
            let list = array.as_list::<i32>();
            let values = conform(list.values(), field.data_type(), case_sensitive)?;
            let made = ListArray::try_new(Arc::clone(field), list.offsets().clone(), values, list.nulls().cloned())?;
            Ok(Arc::new(made))
        }
        (DataType::Map(_, _), DataType::Map(entries, ordered)) => {
            let map = array.as_map();
            let source: ArrayRef = Arc::new(map.entries().clone());
            let made = match entries.data_type() {
                // Keys and values keep their places, whatever a file calls them.
                DataType::Struct(fields) => conform_by_place(source.as_struct(), fields, case_sensitive)?,
                _ => map.entries().clone(),
            };
            let made =
                MapArray::try_new(Arc::clone(entries), map.offsets().clone(), made, map.nulls().cloned(), *ordered)?;
            Ok(Arc::new(made))
        }
        (DataType::Struct(_), DataType::Struct(fields)) => {
            Ok(Arc::new(conform_struct(array.as_struct(), fields, case_sensitive)?))
        }
        _ => Ok(arrow::compute::cast(array, target)?),
    }
}

fn array_zone(array: &ArrayRef) -> Option<Arc<str>> {
    match array.data_type() {
        DataType::Timestamp(_, zone) => zone.clone(),
        _ => None,
    }
}

fn conform_by_place(source: &StructArray, fields: &Fields, case_sensitive: bool) -> Result<StructArray> {
    let columns = source
        .columns()
        .iter()
        .zip(fields)
        .map(|(column, field)| conform(column, field.data_type(), case_sensitive))
        .collect::<Result<Vec<_>>>()?;
    Ok(StructArray::try_new(fields.clone(), columns, source.nulls().cloned())?)
}

fn conform_struct(source: &StructArray, fields: &Fields, case_sensitive: bool) -> Result<StructArray> {
    let columns = fields
        .iter()
        .map(|field| {
            let places = matching_fields(source.fields(), field.name(), case_sensitive);
            match places.first().and_then(|place| source.columns().get(*place)) {
                Some(column) => conform(column, field.data_type(), case_sensitive),
                None => Ok(new_null_array(field.data_type(), source.len())),
            }
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(StructArray::try_new_with_length(fields.clone(), columns, source.nulls().cloned(), source.len())?)
}
