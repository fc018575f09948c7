//! What every catalog promises, on the embedded one: transactions, survival of restarts, and conditions.

use firesteel_base::{SparkField, SparkSchema, SparkType};
use firesteel_catalog::{Catalog, Database, Function, Kind, ObjectName, OnExisting, SqliteCatalog, Table};
use indexmap::IndexMap;

fn table(database: &str, name: &str) -> Table {
    Table {
        name: ObjectName::new(database, name),
        kind: Kind::Managed,
        provider: "parquet".to_owned(),
        schema: SparkSchema::new([
            SparkField::new("a", SparkType::Char(5), true).with_comment("it's"),
            SparkField::new("p", SparkType::array(SparkType::Integer, true), true),
        ]),
        partition_columns: vec!["p".to_owned()],
        bucketing: None,
        cluster_columns: Vec::new(),
        location: "file:/w/t".to_owned(),
        options: IndexMap::from([("z".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())]),
        properties: IndexMap::new(),
        comment: None,
        collation: None,
        owner: "me".to_owned(),
        created_at: 1,
        view: None,
        statistics: None,
        revision: 0,
    }
}

fn database(name: &str) -> Database {
    Database {
        name: name.to_owned(),
        comment: String::new(),
        location: format!("file:/w/{name}.db"),
        owner: "me".to_owned(),
        properties: IndexMap::new(),
    }
}

fn function(name: &str) -> Function {
    Function {
        name: ObjectName::new("default", name),
        text: "CREATE FUNCTION f() RETURN 1".to_owned(),
        database: "default".to_owned(),
        returns: None,
        owner: "me".to_owned(),
        created_at: 1,
    }
}

#[tokio::test]
async fn objects_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("warehouse/catalog.sqlite");
    let name = ObjectName::new("d", "t");
    {
        let catalog = SqliteCatalog::at(&path, "file:/w");
        catalog.create_database(database("d"), OnExisting::Fail).await.unwrap();
        catalog.create_table(table("d", "t"), OnExisting::Fail).await.unwrap();
        catalog.create_function(function("f"), OnExisting::Fail).await.unwrap();
    }
    let catalog = SqliteCatalog::at(&path, "file:/elsewhere");
    let found = catalog.table(&name).await.unwrap().unwrap();
    assert_eq!(Table { revision: 0, ..found }, table("d", "t"));
    assert_eq!(catalog.databases().await.unwrap().len(), 2);
    assert_eq!(catalog.database("default").await.unwrap().unwrap().location, "file:/w");
    assert_eq!(catalog.functions("default").await.unwrap(), [function("f")]);
}

#[tokio::test]
async fn looking_makes_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("warehouse/catalog.sqlite");
    let catalog = SqliteCatalog::at(&path, "file:/w");
    assert_eq!(catalog.databases().await.unwrap().len(), 1);
    assert!(catalog.tables("default").await.unwrap().is_empty());
    assert!(!directory.path().join("warehouse").exists());
}

#[tokio::test]
async fn conditions_are_sparks() {
    let catalog = SqliteCatalog::in_memory("file:/w");
    let condition = |error: firesteel_base::SparkError| error.condition().to_owned();
    let missing = catalog.create_table(table("nope", "t"), OnExisting::Fail).await.unwrap_err();
    assert_eq!(condition(missing), "SCHEMA_NOT_FOUND");
    catalog.create_table(table("default", "t"), OnExisting::Fail).await.unwrap();
    let exists = catalog.create_table(table("default", "t"), OnExisting::Fail).await.unwrap_err();
    assert_eq!(condition(exists), "TABLE_OR_VIEW_ALREADY_EXISTS");
    assert!(!catalog.create_table(table("default", "t"), OnExisting::Keep).await.unwrap());
    let kept = catalog.drop_database("default", false).await.unwrap_err();
    assert_eq!(condition(kept), "SCHEMA_NOT_EMPTY");
    catalog.create_database(database("d"), OnExisting::Fail).await.unwrap();
    let exists = catalog.create_database(database("d"), OnExisting::Fail).await.unwrap_err();
    assert_eq!(condition(exists), "SCHEMA_ALREADY_EXISTS");
    assert!(catalog.drop_table(&ObjectName::new("default", "t")).await.unwrap().is_some());
    assert!(catalog.drop_table(&ObjectName::new("default", "t")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_change_of_what_somebody_else_changed_is_refused() {
    let catalog = SqliteCatalog::in_memory("file:/w");
    catalog.create_table(table("default", "t"), OnExisting::Fail).await.unwrap();
    let name = ObjectName::new("default", "t");
    let mine = catalog.table(&name).await.unwrap().unwrap();
    let theirs = Table { comment: Some("theirs".to_owned()), ..mine.clone() };
    catalog.alter_table(&name, theirs).await.unwrap();
    let late = catalog.alter_table(&name, Table { comment: Some("mine".to_owned()), ..mine }).await.unwrap_err();
    assert_eq!(late.condition(), "CATALOG_CHANGED");
    let current = catalog.table(&name).await.unwrap().unwrap();
    let renamed = Table { name: ObjectName::new("default", "u"), ..current };
    catalog.alter_table(&name, renamed).await.unwrap();
    assert!(catalog.table(&name).await.unwrap().is_none());
    let found = catalog.table(&ObjectName::new("default", "u")).await.unwrap().unwrap();
    assert_eq!(found.comment.as_deref(), Some("theirs"));
}

#[tokio::test]
async fn a_database_goes_with_all_it_holds() {
    let catalog = SqliteCatalog::in_memory("file:/w");
    catalog.create_database(database("d"), OnExisting::Fail).await.unwrap();
    catalog.create_table(table("d", "t"), OnExisting::Fail).await.unwrap();
    let dropped = catalog.drop_database("d", true).await.unwrap();
    assert_eq!(dropped.len(), 1);
    assert!(catalog.table(&ObjectName::new("d", "t")).await.unwrap().is_none());
}
