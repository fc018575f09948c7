//! Tables and views of the catalog as relations.

use datafusion::scalar::ScalarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};
use firesteel_catalog::Table;
use firesteel_functions::string;

use crate::analysis::{PersistentView, View};
use crate::attribute::Attribute;
use crate::resolved::Resolved;
use crate::resolver::Resolver;
use crate::typed::{Alias, Typed, TypedKind};

impl Resolver<'_> {
    /// The files of a table under its columns.
    pub fn catalog_table(&self, table: &Table) -> SparkResult<Resolved> {
        let opened = self.sources.opened_table(table)?;
        let qualifier: Vec<String> = table.name.parts().iter().map(|part| (*part).to_owned()).collect();
        let scanned = self.scan_files(&opened, &qualifier)?;
        let padded = self.context.conf.read_side_char_padding()
            && table.schema.iter().any(|field| matches!(field.data_type, SparkType::Char(_)));
        if !padded {
            return Ok(scanned);
        }
        let columns: SparkResult<Vec<Typed>> =
            scanned.output.iter().map(|attribute| self.padded_column(table, attribute)).collect();
        let mut resolved = self.project_typed(scanned, columns?)?;
        for attribute in &mut resolved.output {
            *attribute = attribute.with_qualifier(&qualifier);
        }
        Ok(Resolved { block: None, ..resolved })
    }

    /// A column of `CHAR(n)` filled with blanks; any other as it is.
    fn padded_column(&self, table: &Table, attribute: &Attribute) -> SparkResult<Typed> {
        let declared = table.schema.iter().find(|field| field.name == *attribute.name);
        let Some(SparkType::Char(length)) = declared.map(|field| &field.data_type) else {
            return Ok(Typed::column(attribute));
        };
        let length = Typed::literal(ScalarValue::Int32(i32::try_from(*length).ok()), SparkType::Integer);
        let origin = firesteel_base::Origin::Unknown;
        let child = self.call(string::CHAR_READ, vec![Typed::column(attribute), length], &origin)?;
        let (data_type, nullable) = (child.data_type.clone(), child.nullable);
        let alias = Alias { child, names: vec![attribute.name.clone()], metadata: attribute.metadata.clone() };
        Ok(Typed::new(TypedKind::Alias(Box::new(alias)), data_type, nullable, origin))
    }

    /// The query of a view, brought into the columns that the view was created with.
    pub fn persistent_view(&self, view: &View, persistent: &PersistentView, query: Resolved) -> SparkResult<Resolved> {
        let (name, qualifier) = view.name.split_last().ok_or_else(|| SparkError::internal("a view without a name"))?;
        let mut taken = vec![0_usize; persistent.query_columns.len()];
        let mut selected = Vec::with_capacity(persistent.schema.len());
        for (index, field) in persistent.schema.iter().enumerate() {
            let wanted = persistent.query_columns.get(index).unwrap_or(&field.name);
            // Among columns of one name, the first stands for the first and so on.
            let earlier =
                persistent.query_columns.iter().take(index).filter(|known| self.same_name(known, wanted)).count();
            if let Some(place) = taken.get_mut(index) {
                *place = earlier;
            }
            let found: Vec<&Attribute> =
                query.output.iter().filter(|attribute| self.same_name(&attribute.name, wanted)).collect();
            let Some(attribute) = found.get(earlier) else {
                return Err(incompatible(view, wanted, persistent, found.len()));
            };
            let column = Typed::column(attribute);
            let child = if persistent.mode.ends_with("EVOLUTION") {
                column
            } else {
                self.view_cast(view, column, &crate::char_varchar::plain_type(&field.data_type))?
            };
            let (data_type, nullable) = (child.data_type.clone(), child.nullable);
            let alias = Alias { child, names: vec![field.name.as_str().into()], metadata: field.metadata.clone() };
            selected.push(Typed::new(
                TypedKind::Alias(Box::new(alias)),
                data_type,
                nullable,
                firesteel_base::Origin::Unknown,
            ));
        }
        let resolved = self.project_typed(query, selected)?;
        self.aliased_relation(resolved, name, qualifier, &[])
    }

    fn view_cast(&self, view: &View, column: Typed, to: &SparkType) -> SparkResult<Typed> {
        if column.data_type == *to {
            return Ok(column);
        }
        if !firesteel_functions::cast::can_cast(&column.data_type, to, self.session_cast()) {
            return Err(SparkError::new("CANNOT_UP_CAST_DATATYPE")
                .param("expression", self.printer().print(&column))
                .param("sourceType", firesteel_base::error::to_sql_type(&column.data_type))
                .param("targetType", firesteel_base::error::to_sql_type(to))
                .param("details", format!("The type of a column of {} changed", view.name.join("."))));
        }
        self.coerce(column, to)
    }
}

fn incompatible(view: &View, column: &str, persistent: &PersistentView, found: usize) -> SparkError {
    let expected = persistent.query_columns.iter().filter(|known| known.eq_ignore_ascii_case(column)).count();
    let text = view.text.as_deref().unwrap_or_default();
    SparkError::new("INCOMPATIBLE_VIEW_SCHEMA_CHANGE")
        .param("viewName", firesteel_base::identifier::quote_name_parts(&view.name))
        .param("colName", column)
        .param("expectedNum", expected.to_string())
        .param("actualCols", format!("[{}]", vec![column; found].join(", ")))
        .param("suggestion", format!("CREATE OR REPLACE VIEW {} AS {text}", view.name.join(".")))
}
