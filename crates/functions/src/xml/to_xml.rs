//! `to_xml`: XML text of a struct.

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};

use crate::call::Call;
use crate::cast::Zone;
use crate::cast::text::TextWriter;
use crate::coercion::{Expected, quoted_type};
use crate::collection::{DatetimeFormats, Options};
use crate::function::{Function, Scalar};
use crate::kernel::nested::{Nulls, range};
use crate::kernel::rows::{at, text};
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

pub(super) const FUNCTION: Function = Function::scalar("to_xml", bind)
    .arity(1..=2)
    .prints(|arguments| format!("to_xml({})", arguments.first().map_or("", String::as_str)))
    .since("4.0.0");

kernels! {
    /// Of a value, its type as JSON, and the options.
    ToXml = "spark_to_xml" => evaluate;
}

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let data_type = call.data_type(0)?.clone();
    if !matches!(data_type, SparkType::Struct(_)) {
        return Err(call.unexpected_input_type(0, &Expected::AnyStruct));
    }
    check(&data_type)?;
    let options = Options::of_call(call, 1)?;
    let build = move |mut arguments: Vec<Expr>| {
        arguments.truncate(1);
        arguments.push(lit(data_type.json()));
        arguments.push(options.to_expr());
        kernel_call(kernel_udf(ToXml), arguments, &SparkType::STRING, -1)
    };
    Ok(Scalar::expr(call, SparkType::STRING, build).nullable(true))
}

/// Types that have no XML text are refused.
fn check(data_type: &SparkType) -> SparkResult<()> {
    match data_type {
        SparkType::Array { element, .. } => check(element),
        SparkType::Map { value, .. } => check(value),
        SparkType::Struct(fields) => fields.iter().try_for_each(|field| check(&field.data_type)),
        SparkType::Variant | SparkType::UserDefined(_) => {
            Err(SparkError::unsupported(format!("to_xml of {}", quoted_type(data_type))))
        }
        _ => Ok(()),
    }
}

/// How values are written.
struct Format {
    row_tag: String,
    attribute_prefix: String,
    value_tag: String,
    element_name: String,
    /// What stands for NULL; such fields are left out if there is none.
    null_value: Option<String>,
    indent: String,
    datetimes: DatetimeFormats,
    zone: Zone,
}

fn evaluate(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let values = at(arrays, 0)?;
        if values.is_empty() {
            return call.build_text(0, |_, _| Ok(false));
        }
        let first = |texts: StringViewArray| texts.value(0).to_owned();
        let data_type = SparkType::from_json(&first(text(arrays, 1)?))?;
        let options = Options::from_text(&first(text(arrays, 2)?));
        let option = |name: &str, default: &str| options.get(name).unwrap_or(default).to_owned();
        let format = Format {
            row_tag: option("rowtag", "ROW"),
            attribute_prefix: option("attributeprefix", "_"),
            value_tag: option("valuetag", "_VALUE"),
            element_name: option("arrayelementname", "item"),
            null_value: options.get("nullvalue").map(str::to_owned),
            indent: option("indent", "    "),
            datetimes: DatetimeFormats::new(&options, call.time_zone())?,
            zone: Zone::parse(call.time_zone())?,
        };
        let root = Writer::new(values, &data_type, &format)?;
        let nulls = Nulls::of(values);
        call.build_text(values.len(), |row, out| {
            if nulls.is_null(row) {
                return Ok(false);
            }
            format.element(&format.row_tag, &root, row, 0, out)?;
            // Without an indent the line still ends.
            if format.indent.is_empty() {
                out.push('\n');
            }
            Ok(true)
        })
    })
}

type WriteLeaf<'a> = Box<dyn Fn(usize, &mut String) -> SparkResult<()> + 'a>;

/// Writes values of one column.
enum Writer<'a> {
    Leaf(WriteLeaf<'a>),
    Struct { fields: Vec<(String, Nulls, Writer<'a>)> },
    Array { array: &'a ArrayRef, nulls: Nulls, element: Box<Writer<'a>> },
    Map { array: &'a ArrayRef, keys: WriteLeaf<'a>, nulls: Nulls, value: Box<Writer<'a>> },
}

impl<'a> Writer<'a> {
    fn new(array: &'a ArrayRef, data_type: &'a SparkType, format: &'a Format) -> SparkResult<Self> {
        Ok(match data_type {
            SparkType::Struct(schema) => Self::of_struct(array, schema, format)?,
            SparkType::Array { element, .. } => {
                let values = array.as_list::<i32>().values();
                let element = Box::new(Self::new(values, element, format)?);
                Self::Array { array, nulls: Nulls::of(values), element }
            }
            SparkType::Map { key, value, .. } => {
                let map = array.as_map();
                let keys = leaf(map.keys(), key, format)?;
                let value = Box::new(Self::new(map.values(), value, format)?);
                Self::Map { array, keys, nulls: Nulls::of(map.values()), value }
            }
            plain => Self::Leaf(leaf(array, plain, format)?),
        })
    }

    fn of_struct(array: &'a ArrayRef, schema: &'a SparkSchema, format: &'a Format) -> SparkResult<Self> {
        let mut fields = Vec::with_capacity(schema.len());
        for (field, column) in schema.iter().zip(array.as_struct().columns()) {
            let writer = Self::new(column, &field.data_type, format)?;
            fields.push((field.name.clone(), Nulls::of(column), writer));
        }
        Ok(Self::Struct { fields })
    }
}

fn leaf<'a>(array: &'a ArrayRef, data_type: &'a SparkType, format: &'a Format) -> SparkResult<WriteLeaf<'a>> {
    if data_type.is_datetime() || matches!(data_type, SparkType::Time { .. }) {
        return Ok(format.datetimes.writer(array, data_type));
    }
    let writer = TextWriter::new(array, data_type, &format.zone)?;
    Ok(Box::new(move |row, out| {
        writer.write(row, out);
        Ok(())
    }))
}

impl Format {
    fn start_line(&self, depth: usize, out: &mut String) {
        if !self.indent.is_empty() {
            if !out.is_empty() {
                out.push('\n');
            }
            out.extend(std::iter::repeat_n(self.indent.as_str(), depth));
        }
    }

    /// An element of this name with the value in it.
    fn element(&self, name: &str, writer: &Writer<'_>, row: usize, depth: usize, out: &mut String) -> SparkResult<()> {
        self.start_line(depth, out);
        out.push('<');
        out.push_str(name);
        match writer {
            Writer::Leaf(write) => {
                out.push('>');
                self.escaped(write, row, out)?;
            }
            Writer::Struct { fields } => {
                self.attributes(fields, row, out)?;
                out.push('>');
                let has_elements = self.fields(fields, row, depth + 1, out)?;
                if has_elements {
                    self.start_line(depth, out);
                }
            }
            Writer::Map { array, keys, nulls, value } => {
                out.push('>');
                let entries = range(array.as_map().offsets(), row);
                let has_elements = !entries.is_empty();
                for index in entries {
                    let mut key = String::new();
                    keys(index, &mut key)?;
                    self.field(&key, nulls.is_null(index), value, index, depth + 1, out)?;
                }
                if has_elements {
                    self.start_line(depth, out);
                }
            }
            Writer::Array { array, nulls, element } => {
                out.push('>');
                let items = range(array.as_list::<i32>().offsets(), row);
                let has_elements = !items.is_empty();
                for index in items {
                    self.field(&self.element_name, nulls.is_null(index), element, index, depth + 1, out)?;
                }
                if has_elements {
                    self.start_line(depth, out);
                }
            }
        }
        out.push_str("</");
        out.push_str(name);
        out.push('>');
        Ok(())
    }

    fn is_attribute(&self, name: &str) -> bool {
        name.starts_with(&self.attribute_prefix) && !self.attribute_prefix.is_empty() && name != self.value_tag
    }

    fn attributes(&self, fields: &[(String, Nulls, Writer<'_>)], row: usize, out: &mut String) -> SparkResult<()> {
        for (name, nulls, writer) in fields {
            let Some(name) = name.strip_prefix(&self.attribute_prefix).filter(|_| self.is_attribute(name)) else {
                continue;
            };
            let Writer::Leaf(write) = writer else {
                return Err(SparkError::internal("an attribute of a nested type"));
            };
            let mut value = String::new();
            if !nulls.is_null(row) {
                write(row, &mut value)?;
            } else if let Some(null) = &self.null_value {
                value.push_str(null);
            } else {
                continue;
            }
            let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            out.push_str(&format!(" {name}=\"{value}\""));
        }
        Ok(())
    }

    /// Whether an element was written.
    fn fields(
        &self,
        fields: &[(String, Nulls, Writer<'_>)],
        row: usize,
        depth: usize,
        out: &mut String,
    ) -> SparkResult<bool> {
        let mut any = false;
        for (name, nulls, writer) in fields {
            if self.is_attribute(name) {
                continue;
            }
            match writer {
                Writer::Leaf(write) if *name == self.value_tag => {
                    if !nulls.is_null(row) {
                        self.escaped(write, row, out)?;
                    }
                }
                // Each item is an element of the field's name.
                Writer::Array { array, nulls: items_null, element } if !nulls.is_null(row) => {
                    for index in range(array.as_list::<i32>().offsets(), row) {
                        any |= self.field(name, items_null.is_null(index), element, index, depth, out)?;
                    }
                }
                writer => any |= self.field(name, nulls.is_null(row), writer, row, depth, out)?,
            }
        }
        Ok(any)
    }

    fn field(
        &self,
        name: &str,
        is_null: bool,
        writer: &Writer<'_>,
        row: usize,
        depth: usize,
        out: &mut String,
    ) -> SparkResult<bool> {
        if !is_null {
            self.element(name, writer, row, depth, out)?;
            return Ok(true);
        }
        let Some(null) = &self.null_value else { return Ok(false) };
        self.start_line(depth, out);
        out.push_str(&format!("<{name}>{null}</{name}>"));
        Ok(true)
    }

    fn escaped(&self, write: &WriteLeaf<'_>, row: usize, out: &mut String) -> SparkResult<()> {
        let mut value = String::new();
        write(row, &mut value)?;
        for character in value.chars() {
            match character {
                '<' => out.push_str("&lt;"),
                '&' => out.push_str("&amp;"),
                other => out.push(other),
            }
        }
        Ok(())
    }
}
