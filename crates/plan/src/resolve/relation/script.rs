//! `TRANSFORM`: rows as lines of text through a program, and its lines as rows.
//!
//! All rows go through one run of the program. It runs only where the server's own configuration says so.

use datafusion::scalar::ScalarValue;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::cast::CastMode;
use firesteel_syntax::ir::relation::{RowFormat, ScriptColumns, ScriptTransform};

use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::script::run_script_expr;
use crate::typed::{Cast, Typed, TypedKind};

/// The setting that lets programs run; sessions cannot change it.
const ENABLED: &str = "firesteel.transform.enabled";

fn text(value: &str) -> Typed {
    Typed::literal(ScalarValue::Utf8(Some(value.to_owned())), SparkType::STRING)
}

impl Resolver<'_> {
    pub fn script_transform(&self, script: &ScriptTransform, environment: Environment<'_>) -> SparkResult<Resolved> {
        if self.context.conf.get_option(ENABLED).as_deref() != Some("true") {
            return Err(SparkError::unsupported(format!("TRANSFORM while {ENABLED} is off")));
        }
        let input = self.resolve_relation(&script.input, environment)?;
        let line = self.script_line(&input, &script.input_format)?;
        let lines = self.call("collect_list", vec![line], &Origin::Unknown)?;
        let gathered = self.project_typed(Resolved { block: None, ..input }, vec![self.named(lines, "lines")])?;
        let written = self.script_lines(gathered, &script.script)?;
        let line = written.output.first().map(Typed::column);
        let line = line.ok_or_else(|| SparkError::internal("a program's lines are missing"))?;
        let parts = self.script_parts(line, &script.output_format)?;
        let columns = match &script.columns {
            ScriptColumns::KeyValue => {
                vec![("key".to_owned(), SparkType::STRING), ("value".to_owned(), SparkType::STRING)]
            }
            ScriptColumns::Named(columns) => columns.clone(),
        };
        let mut selected = Vec::with_capacity(columns.len());
        for (index, (name, data_type)) in columns.iter().enumerate() {
            let field = self.script_field(&parts, index, data_type, &script.output_format)?;
            selected.push(self.named(field, name));
        }
        let result = self.project_typed(written, selected)?;
        Ok(Resolved { block: None, ..result })
    }

    /// A row as the program reads it.
    fn script_line(&self, input: &Resolved, format: &RowFormat) -> SparkResult<Typed> {
        let mut parts = vec![text(&format.fields)];
        for attribute in &input.output {
            let column = Typed::column(attribute);
            let value = match &attribute.data_type {
                SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Struct(_) => {
                    self.call("to_json", vec![column], &Origin::Unknown)?
                }
                _ => self.session_cast_of(column, &SparkType::STRING)?,
            };
            parts.push(self.call("coalesce", vec![value, text(&format.null)], &Origin::Unknown)?);
        }
        self.call("concat_ws", parts, &Origin::Unknown)
    }

    /// The lines that the program makes of the gathered ones, each a row.
    fn script_lines(&self, gathered: Resolved, script: &str) -> SparkResult<Resolved> {
        let lines = gathered.output.first().map(Typed::column);
        let lines = lines.ok_or_else(|| SparkError::internal("a program's input is missing"))?;
        let expression = Box::new(run_script_expr(self.lowering().expression(&lines)?, script)?);
        let kind = TypedKind::Engine { expression, printed: "lines".into() };
        let data_type = SparkType::array(SparkType::STRING, false);
        let run = Typed::new(kind, data_type, false, Origin::Unknown);
        let exploded = self.call("explode", vec![run], &Origin::Unknown)?;
        self.project_typed(Resolved { block: None, ..gathered }, vec![self.named(exploded, "line")])
    }

    fn script_parts(&self, line: Typed, format: &RowFormat) -> SparkResult<Typed> {
        // Spark takes what separates the values for a regular expression.
        let pattern = text(&format.fields);
        let all = Typed::literal(ScalarValue::Int32(Some(-1)), SparkType::Integer);
        self.call("split", vec![line, pattern, all], &Origin::Unknown)
    }

    /// The part at `index`, read as a value of the type; what cannot be read is NULL.
    fn script_field(
        &self,
        parts: &Typed,
        index: usize,
        data_type: &SparkType,
        format: &RowFormat,
    ) -> SparkResult<Typed> {
        let place = i32::try_from(index).map_err(|_| SparkError::unsupported("as many columns in TRANSFORM"))?;
        let place = Typed::literal(ScalarValue::Int32(Some(place)), SparkType::Integer);
        let part = self.call("get", vec![parts.clone(), place], &Origin::Unknown)?;
        let part = self.call("nullif", vec![part, text(&format.null)], &Origin::Unknown)?;
        let data_type = crate::char_varchar::plain_type(data_type);
        match &data_type {
            SparkType::String { .. } => Ok(part),
            SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Struct(_) => {
                self.call("from_json", vec![part, text(&data_type.sql())], &Origin::Unknown)
            }
            _ => {
                let cast = Cast { child: part, mode: CastMode::Try, is_implicit: false };
                Ok(Typed::new(TypedKind::Cast(Box::new(cast)), data_type, true, Origin::Unknown))
            }
        }
    }
}
