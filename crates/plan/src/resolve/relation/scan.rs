//! Files as relations.

use std::sync::Arc;

use datafusion::common::{Column, TableReference};
use datafusion::datasource::{TableProvider, provider_as_source};
use datafusion::logical_expr::{LogicalPlan, TableScanBuilder};
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema};
use firesteel_functions::kernel::from_engine;
use firesteel_storage::OpenedSource;
use firesteel_syntax::ir::relation::DataSource;

use crate::attribute::{Attribute, AttributeId};
use crate::resolved::Resolved;
use crate::resolver::Resolver;
use crate::sources::{METADATA, file_table_request, read_request};

impl Resolver<'_> {
    pub fn data_source(&self, source: &DataSource) -> SparkResult<Resolved> {
        let request = read_request(source, &self.context.conf)?;
        let opened = self.sources.opened(&request)?;
        self.scan_files(&opened, &[])
    }

    /// The files' columns; what is known of the files is hidden beside them.
    pub fn scan_files(&self, opened: &OpenedSource, qualifier: &[String]) -> SparkResult<Resolved> {
        self.files.borrow_mut().extend(opened.files.iter().cloned());
        let Some(metadata) = &opened.metadata else {
            return self.scan(opened.provider.clone(), &opened.schema, qualifier);
        };
        let hidden = SparkField::new(METADATA, metadata.clone(), false);
        let fields: Vec<_> = opened.schema.iter().cloned().chain([hidden]).collect();
        let mut scanned = self.scan(opened.provider.clone(), &SparkSchema::new(fields), qualifier)?;
        scanned.hidden.extend(scanned.output.pop());
        Ok(scanned)
    }

    /// `` parquet.`path` ``; `None` if the name is no format and path.
    pub fn file_table(&self, name: &[String]) -> SparkResult<Option<Resolved>> {
        let Some(request) = file_table_request(name) else { return Ok(None) };
        let opened = self.sources.opened(&request)?;
        self.scan_files(&opened, &[]).map(Some)
    }

    /// A scan whose columns are those of `schema`, in the order of the provider's.
    pub fn scan(
        &self,
        provider: Arc<dyn TableProvider>,
        schema: &SparkSchema,
        qualifier: &[String],
    ) -> SparkResult<Resolved> {
        let arrow = provider.schema();
        if arrow.fields().len() != schema.len() {
            return Err(SparkError::internal("a source's two schemas differ in length"));
        }
        let table = TableReference::bare(format!("#t{}", self.next_id()));
        let output = schema
            .iter()
            .zip(arrow.fields())
            .enumerate()
            .map(|(position, (field, carrier))| Attribute {
                position,
                id: AttributeId(self.next_id()),
                name: field.name.as_str().into(),
                qualifier: qualifier.into(),
                data_type: field.data_type.clone(),
                nullable: field.nullable,
                metadata: field.metadata.clone(),
                written: None,
                column: Column::new(Some(table.clone()), carrier.name()),
            })
            .collect();
        let scan = TableScanBuilder::new(table, provider_as_source(provider)).build().map_err(from_engine)?;
        Ok(Resolved::new(LogicalPlan::TableScan(scan), output))
    }
}
