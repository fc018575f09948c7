//! The protocol's catalog requests.

use firesteel_base::SparkResult;
use firesteel_syntax::ir::command::{CatalogRequest, CatalogStatement, StorageLevel};
use firesteel_syntax::ir::relation::SchemaText;
use indexmap::IndexMap;
use spark_connect_proto as proto;
use spark_connect_proto::catalog::CatType;

use super::relation::options;
use super::{Decoder, invalid};

impl Decoder<'_> {
    pub(super) fn catalog(&self, catalog: &proto::Catalog) -> SparkResult<CatalogRequest> {
        use CatalogRequest as Request;
        let request = catalog.cat_type.as_ref().ok_or_else(|| invalid::not_set("Catalog", "CATTYPE"))?;
        Ok(match request {
            CatType::CurrentDatabase(_) => Request::CurrentDatabase,
            CatType::SetCurrentDatabase(set) => Request::SetCurrentDatabase(set.db_name.clone()),
            CatType::ListDatabases(list) => Request::ListDatabases { pattern: list.pattern.clone() },
            CatType::ListTables(list) => {
                Request::ListTables { database: list.db_name.clone(), pattern: list.pattern.clone() }
            }
            CatType::ListFunctions(list) => {
                Request::ListFunctions { database: list.db_name.clone(), pattern: list.pattern.clone() }
            }
            CatType::ListColumns(list) => {
                Request::ListColumns { table: list.table_name.clone(), database: list.db_name.clone() }
            }
            CatType::GetDatabase(get) => Request::GetDatabase(get.db_name.clone()),
            CatType::GetTable(get) => {
                Request::GetTable { table: get.table_name.clone(), database: get.db_name.clone() }
            }
            CatType::GetFunction(get) => {
                Request::GetFunction { function: get.function_name.clone(), database: get.db_name.clone() }
            }
            CatType::DatabaseExists(exists) => Request::DatabaseExists(exists.db_name.clone()),
            CatType::TableExists(exists) => {
                Request::TableExists { table: exists.table_name.clone(), database: exists.db_name.clone() }
            }
            CatType::FunctionExists(exists) => {
                Request::FunctionExists { function: exists.function_name.clone(), database: exists.db_name.clone() }
            }
            CatType::CreateExternalTable(create) => self.create_external_table(create)?,
            CatType::CreateTable(create) => self.create_table(create)?,
            CatType::DropTempView(drop) => Request::DropTempView(drop.view_name.clone()),
            CatType::DropGlobalTempView(drop) => Request::DropGlobalTempView(drop.view_name.clone()),
            CatType::RecoverPartitions(recover) => Request::RecoverPartitions(recover.table_name.clone()),
            CatType::IsCached(is) => Request::IsCached(is.table_name.clone()),
            CatType::CacheTable(cache) => Request::CacheTable {
                table: cache.table_name.clone(),
                level: cache.storage_level.as_ref().map(storage_level),
            },
            CatType::UncacheTable(uncache) => Request::UncacheTable(uncache.table_name.clone()),
            CatType::ClearCache(_) => Request::ClearCache,
            CatType::RefreshTable(refresh) => Request::RefreshTable(refresh.table_name.clone()),
            CatType::RefreshByPath(refresh) => Request::RefreshByPath(refresh.path.clone()),
            CatType::CurrentCatalog(_) => Request::CurrentCatalog,
            CatType::SetCurrentCatalog(set) => Request::SetCurrentCatalog(set.catalog_name.clone()),
            CatType::ListCatalogs(list) => Request::ListCatalogs { pattern: list.pattern.clone() },
            CatType::ListViews(list) => {
                Request::ListViews { database: list.db_name.clone(), pattern: list.pattern.clone() }
            }
            other => Request::Statement(statement(other)?),
        })
    }

    fn create_external_table(&self, create: &proto::CreateExternalTable) -> SparkResult<CatalogRequest> {
        Ok(CatalogRequest::CreateTable {
            table: create.table_name.clone(),
            path: create.path.clone(),
            source: create.source.clone(),
            schema: self.table_schema(create.schema.as_ref())?,
            options: options(&create.options),
            description: None,
        })
    }

    fn create_table(&self, create: &proto::CreateTable) -> SparkResult<CatalogRequest> {
        let options: IndexMap<String, String> = options(&create.options);
        Ok(CatalogRequest::CreateTable {
            table: create.table_name.clone(),
            path: create.path.clone(),
            source: create.source.clone(),
            schema: self.table_schema(create.schema.as_ref())?,
            options,
            description: create.description.clone(),
        })
    }

    fn table_schema(&self, schema: Option<&proto::DataType>) -> SparkResult<Option<SchemaText>> {
        let schema = schema.map(|schema| self.data_type(schema)).transpose()?;
        Ok(schema.map(|schema| SchemaText::Text(schema.json())))
    }
}

/// A request that does what a statement does.
fn statement(request: &CatType) -> SparkResult<CatalogStatement> {
    use CatalogStatement as Statement;
    Ok(match request {
        CatType::DropTable(drop) => Statement::DropTable { table: drop.table_name.clone(), if_exists: drop.if_exists },
        CatType::DropView(drop) => Statement::DropView { view: drop.view_name.clone(), if_exists: drop.if_exists },
        CatType::CreateDatabase(create) => Statement::CreateDatabase {
            database: create.db_name.clone(),
            if_not_exists: create.if_not_exists,
            properties: options(&create.properties),
        },
        CatType::DropDatabase(drop) => {
            Statement::DropDatabase { database: drop.db_name.clone(), if_exists: drop.if_exists, cascade: drop.cascade }
        }
        CatType::ListPartitions(list) => Statement::ListPartitions(list.table_name.clone()),
        CatType::GetTableProperties(get) => Statement::GetTableProperties(get.table_name.clone()),
        CatType::GetCreateTableString(get) => {
            Statement::GetCreateTableString { table: get.table_name.clone(), as_serde: get.as_serde }
        }
        CatType::TruncateTable(truncate) => Statement::TruncateTable(truncate.table_name.clone()),
        CatType::AnalyzeTable(analyze) => {
            Statement::AnalyzeTable { table: analyze.table_name.clone(), no_scan: analyze.no_scan }
        }
        // `catalog` knows all others.
        _ => return Err(invalid::not_set("Catalog", "CATTYPE")),
    })
}

/// Where cached rows may be.
pub(crate) fn storage_level(level: &proto::StorageLevel) -> StorageLevel {
    StorageLevel {
        disk: level.use_disk,
        memory: level.use_memory,
        off_heap: level.use_off_heap,
        deserialized: level.deserialized,
        replication: level.replication,
    }
}
