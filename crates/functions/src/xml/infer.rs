//! `schema_of_xml`: the type that XML text has.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::lit;
use firesteel_base::{SparkField, SparkResult, SparkSchema, SparkType};

use super::tree::{Document, Kind};
use crate::call::Call;
use crate::cast::{Zone, datetime};
use crate::coercion::{Expected, quoted};
use crate::collection::Options;
use crate::function::{Function, Scalar};

pub(super) const FUNCTION: Function = Function::scalar("schema_of_xml", bind)
    .arity(1..=2)
    .prints(|arguments| format!("schema_of_xml({})", arguments.first().map_or("", String::as_str)))
    .since("4.0.0");

fn bind(call: &Call<'_>) -> SparkResult<Scalar> {
    let argument = call.argument(0)?;
    if !argument.data_type.is_string() && argument.data_type != SparkType::Null {
        return Err(call.unexpected_input_type(0, &Expected::STRING));
    }
    let text = match &argument.constant {
        Some(
            ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)),
        ) => text,
        Some(_) => return Err(call.mismatch("UNEXPECTED_NULL").param("exprName", "xml")),
        None => {
            return Err(call
                .mismatch("NON_FOLDABLE_INPUT")
                .param("inputName", "`xml`")
                .param("inputType", "\"STRING\"")
                .param("inputExpr", quoted(&argument.sql())));
        }
    };
    let options = Options::of_call(call, 1)?;
    let inference = Inference {
        attribute_prefix: options.get("attributeprefix").unwrap_or("_").to_owned(),
        value_tag: options.get("valuetag").unwrap_or("_VALUE").to_owned(),
        excludes_attributes: options.flag("excludeattribute", false),
        as_text: !options.flag("inferschema", true),
        zone: Zone::parse(&call.context.time_zone)?,
    };
    let inferred = Document::parse(text).and_then(|document| {
        let root = document.root()?;
        Some(inference.object(&document, root))
    });
    let corrupt = options.get("columnnameofcorruptrecord").unwrap_or("_corrupt_record");
    let inferred = match inferred {
        Some(SparkType::Struct(fields)) => SparkType::Struct(fields),
        Some(value) => structure(vec![(inference.value_tag.clone(), value)]),
        None => structure(vec![(corrupt.to_owned(), SparkType::STRING)]),
    };
    let sql = settled(inferred).sql();
    Ok(Scalar::expr(call, SparkType::STRING, move |_| Ok(lit(sql.as_str()))).nullable(false))
}

fn structure(fields: Vec<(String, SparkType)>) -> SparkType {
    let fields: Vec<_> = fields.into_iter().map(|(name, data_type)| SparkField::new(&name, data_type, true)).collect();
    SparkType::Struct(SparkSchema::new(fields))
}

struct Inference {
    attribute_prefix: String,
    value_tag: String,
    excludes_attributes: bool,
    as_text: bool,
    zone: Zone,
}

impl Inference {
    /// The type of an element: plain if it has text alone.
    fn object(&self, document: &Document, element: usize) -> SparkType {
        let mut fields: Vec<(String, SparkType, bool)> = Vec::new();
        let mut add = |name: String, data_type: SparkType| match fields.iter_mut().find(|(known, ..)| *known == name) {
            Some((_, known, repeats)) => {
                *known = merge(known.clone(), data_type);
                *repeats = true;
            }
            None => fields.push((name, data_type, false)),
        };
        if !self.excludes_attributes {
            for (name, value) in document.attributes(element) {
                add(format!("{}{name}", self.attribute_prefix), self.plain(value));
            }
        }
        let children = document.node(element).map(|node| node.children.clone()).unwrap_or_default();
        for child in children {
            match document.node(child).map(|node| &node.kind) {
                Some(Kind::Element(name)) => add(name.clone(), self.object(document, child)),
                Some(Kind::Text(text)) if !text.trim().is_empty() => add(self.value_tag.clone(), self.plain(text)),
                _ => {}
            }
        }
        match fields.as_slice() {
            [] => SparkType::Null,
            [(name, data_type, false)] if *name == self.value_tag => data_type.clone(),
            _ => {
                fields.sort_by(|(left, ..), (right, ..)| left.cmp(right));
                structure(
                    fields
                        .into_iter()
                        .map(|(name, own, repeats)| (name, if repeats { SparkType::array(own, true) } else { own }))
                        .collect(),
                )
            }
        }
    }

    fn plain(&self, text: &str) -> SparkType {
        let text = text.trim();
        if text.is_empty() {
            return SparkType::Null;
        }
        let is_number = text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.'));
        if self.as_text {
            SparkType::STRING
        } else if is_number && text.parse::<i64>().is_ok() {
            SparkType::Long
        } else if is_number && text.parse::<f64>().is_ok() {
            SparkType::Double
        } else if matches!(text, "true" | "false") {
            SparkType::Boolean
        } else if is_number && datetime::parse_date(text).is_some() && !text.contains([':', 'T', ' ']) {
            SparkType::Date
        } else if is_number && datetime::parse_timestamp(text, &self.zone, datetime::today).is_some() {
            SparkType::Timestamp
        } else {
            SparkType::STRING
        }
    }
}

/// A type that values of both have.
fn merge(left: SparkType, right: SparkType) -> SparkType {
    use SparkType::{Array, Date, Double, Long, Null, Struct, Timestamp};
    match (left, right) {
        (left, right) if left == right => left,
        (Null, other) | (other, Null) => other,
        (Long, Double) | (Double, Long) => Double,
        (Date, Timestamp) | (Timestamp, Date) => Timestamp,
        (Array { element, .. }, Array { element: other, .. }) => {
            SparkType::array(merge(element.as_ref().clone(), other.as_ref().clone()), true)
        }
        (Struct(left), Struct(right)) => {
            let mut fields: Vec<SparkField> = left.iter().cloned().collect();
            for field in right.iter() {
                match fields.iter_mut().find(|known| known.name == field.name) {
                    Some(known) => known.data_type = merge(known.data_type.clone(), field.data_type.clone()),
                    None => fields.push(field.clone()),
                }
            }
            fields.sort_by(|left, right| left.name.cmp(&right.name));
            Struct(SparkSchema::new(fields))
        }
        // Text beside structs goes to the value tag.
        (Struct(fields), plain) | (plain, Struct(fields)) => {
            let mut fields: Vec<SparkField> = fields.iter().cloned().collect();
            match fields.iter_mut().find(|known| known.name == "_VALUE") {
                Some(known) => known.data_type = merge(known.data_type.clone(), plain),
                None => fields.push(SparkField::new("_VALUE", plain, true)),
            }
            fields.sort_by(|left, right| left.name.cmp(&right.name));
            Struct(SparkSchema::new(fields))
        }
        _ => SparkType::STRING,
    }
}

/// What is always empty is text.
fn settled(data_type: SparkType) -> SparkType {
    match data_type {
        SparkType::Null => SparkType::STRING,
        SparkType::Array { element, .. } => SparkType::array(settled(element.as_ref().clone()), true),
        SparkType::Struct(fields) => {
            structure(fields.iter().map(|field| (field.name.clone(), settled(field.data_type.clone()))).collect())
        }
        other => other,
    }
}
