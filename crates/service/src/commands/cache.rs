//! `CACHE TABLE`, `UNCACHE TABLE` and `CLEAR CACHE`.

use firesteel_base::error::ErrorKind;
use firesteel_base::{Origin, SparkError, SparkResult};
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::command::{CacheTable, CreateView, StorageLevel, ViewScope};
use indexmap::IndexMap;

use crate::answer::CommandResult;
use crate::session::Session;

pub(super) async fn cache(session: &Session, cache: CacheTable) -> SparkResult<CommandResult> {
    let level = level(&cache)?;
    if let Some((query, text)) = cache.query {
        let view = CreateView {
            name: cache.name.clone(),
            columns: Vec::new(),
            query,
            text: Some(text),
            scope: ViewScope::Temporary,
            replace: false,
            if_not_exists: false,
            comment: None,
            properties: IndexMap::new(),
            schema_mode: None,
        };
        super::view::create(session, view).await?;
    }
    let kept = session.persist(Relation::table(cache.name, Origin::Unknown), level).await?;
    if let Some(kept) = kept.filter(|_| !cache.is_lazy) {
        kept.fill().await.map_err(crate::engine_error)?;
    }
    Ok(CommandResult::empty())
}

/// The storage level among the options; Spark passes over the others.
fn level(cache: &CacheTable) -> SparkResult<StorageLevel> {
    let given = cache.options.iter().find(|(key, _)| key.eq_ignore_ascii_case("storageLevel"));
    let Some((_, name)) = given else { return Ok(StorageLevel::MEMORY_AND_DISK) };
    StorageLevel::named(name).ok_or_else(|| {
        SparkError::internal(format!("Invalid StorageLevel: {}", name.to_uppercase()))
            .with_kind(ErrorKind::IllegalArgument)
    })
}

pub(super) async fn uncache(session: &Session, name: Vec<String>, if_exists: bool) -> SparkResult<CommandResult> {
    match session.unpersist(&Relation::table(name, Origin::Unknown)).await {
        Err(error) if if_exists && error.condition() == "TABLE_OR_VIEW_NOT_FOUND" => Ok(CommandResult::empty()),
        Err(error) => Err(error),
        Ok(()) => Ok(CommandResult::empty()),
    }
}

pub(super) fn clear(session: &Session) -> CommandResult {
    session.cache.uncache_all();
    CommandResult::empty()
}
