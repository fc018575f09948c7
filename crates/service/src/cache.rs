//! The queries of a session whose rows are kept: `cache`, `persist`, `CACHE TABLE` and checkpoints.
//!
//! A cached query is known by its plan without ids and places, and with what its views stood for. Each plan that is
//! analyzed later is searched for parts that are the same, whoever wrote them, and these read the kept rows. A plan
//! that reads files which this session writes is cached anew. Everything is freed with the session.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;
use std::sync::Arc;

use firesteel_base::{Origin, SparkResult};
use firesteel_engine::{Held, HeldTable, HoldingPlace};
use firesteel_plan::{HeldLookup, HeldPlan, HeldRelation, KnownRelation, ViewLookup, analyze_to_hold};
use firesteel_syntax::ir::children::{Child, expression_children, relation_children};
use firesteel_syntax::ir::command::StorageLevel;
use firesteel_syntax::ir::relation::HeldRows;
use firesteel_syntax::ir::visit::{Visitor, walk_relation};
use firesteel_syntax::ir::{Relation, RelationKind};
use parking_lot::RwLock;
use uuid::Uuid;

use crate::analysis::canonical;
use crate::commands;
use crate::plan_cache::PlanCache;
use crate::session::Session;
use crate::views::VisibleViews;

/// A session's cached queries and checkpoints.
#[derive(Default)]
pub(crate) struct Cache {
    state: RwLock<State>,
}

#[derive(Clone, Default)]
struct State {
    cached: Vec<Arc<Cached>>,
    /// Numbers of checkpoints by the ids that clients know.
    checkpoints: HashMap<String, u64>,
    /// All kept rows by number.
    rows: HashMap<u64, HeldRelation>,
    last_id: u64,
}

/// A cached query.
struct Cached {
    id: u64,
    /// Equal for plans of the same shape: tells most others apart without comparing.
    shape: u64,
    canonical: Relation,
    /// The plan with its views in place, to be cached anew.
    relation: Relation,
    level: StorageLevel,
}

impl Cache {
    /// The same rows under the same numbers, in a collection of its own.
    pub(crate) fn duplicate(&self) -> Self {
        Self { state: RwLock::new(self.state.read().clone()) }
    }

    /// Frees everything.
    pub(crate) fn clear(&self) {
        *self.state.write() = State::default();
    }

    /// Frees all cached queries; checkpoints stay.
    pub(crate) fn uncache_all(&self) {
        let mut state = self.state.write();
        for cached in std::mem::take(&mut state.cached) {
            state.rows.remove(&cached.id);
        }
    }

    fn find(&self, views: &VisibleViews, relation: &mut Relation) -> Option<Arc<Cached>> {
        let state = self.state.read();
        if state.cached.is_empty() {
            return None;
        }
        let mut shapes = Vec::new();
        let shape = shape_of(relation, &mut shapes);
        state.matching(shape, views, relation)
    }

    fn remove(&self, id: u64) {
        let mut state = self.state.write();
        state.cached.retain(|cached| cached.id != id);
        state.rows.remove(&id);
    }
}

impl State {
    fn matching(&self, shape: u64, views: &VisibleViews, relation: &Relation) -> Option<Arc<Cached>> {
        let mut candidates = self.cached.iter().filter(|cached| cached.shape == shape).peekable();
        candidates.peek()?;
        let own = canonical(views, relation.clone());
        candidates.find(|cached| cached.canonical == own).cloned()
    }

    fn add(&mut self, rows: HeldRelation) -> u64 {
        self.last_id += 1;
        self.rows.insert(self.last_id, rows);
        self.last_id
    }
}

/// The cache as analysis asks it.
pub(crate) struct SessionCache {
    pub(crate) cache: Arc<Cache>,
    pub(crate) plans: Arc<PlanCache>,
    pub(crate) views: VisibleViews,
}

impl HeldLookup for SessionCache {
    fn substitute(&self, relation: &mut Relation) {
        let state = self.cache.state.read();
        if state.cached.is_empty() {
            return;
        }
        let mut shapes = Vec::new();
        shape_of(relation, &mut shapes);
        let mut search = Search { state: &state, views: &self.views, shapes, next: 0 };
        search.relation(relation);
    }

    fn held(&self, id: u64) -> Option<HeldRelation> {
        self.cache.state.read().rows.get(&id).cloned()
    }

    fn known(&self, id: u64) -> Option<Arc<KnownRelation>> {
        self.plans.by_id(id)
    }
}

/// The shape of a relation and how many relations it consists of.
#[derive(Clone, Copy, Default)]
struct Shape {
    hash: u64,
    size: usize,
}

/// Appends the shapes of a relation and of all below it, each before those below it.
fn shape_of(relation: &mut Relation, shapes: &mut Vec<Shape>) -> u64 {
    let index = shapes.len();
    shapes.push(Shape::default());
    let mut hasher = DefaultHasher::new();
    discriminant(&relation.kind).hash(&mut hasher);
    shape_of_children(relation_children(relation), shapes, &mut hasher);
    let (hash, size) = (hasher.finish(), shapes.len() - index);
    if let Some(shape) = shapes.get_mut(index) {
        *shape = Shape { hash, size };
    }
    hash
}

fn shape_of_children(children: Vec<Child<'_>>, shapes: &mut Vec<Shape>, hasher: &mut DefaultHasher) {
    children.len().hash(hasher);
    for child in children {
        stacker::maybe_grow(64 << 10, 1 << 20, || match child {
            Child::Relation(relation) => shape_of(relation, shapes).hash(hasher),
            Child::Expression(expression) => {
                discriminant(&expression.kind).hash(hasher);
                shape_of_children(expression_children(expression), shapes, hasher);
            }
        });
    }
}

/// Looks for cached queries in a plan, from the top: what is found is not searched further.
struct Search<'a> {
    state: &'a State,
    views: &'a VisibleViews,
    shapes: Vec<Shape>,
    /// The index of the next relation, in the order of `shapes`.
    next: usize,
}

impl Search<'_> {
    fn relation(&mut self, relation: &mut Relation) {
        let shape = self.shapes.get(self.next).copied().unwrap_or_default();
        if let Some(cached) = self.state.matching(shape.hash, self.views, relation) {
            self.next += shape.size;
            let origin = relation.origin.clone();
            let input = std::mem::replace(relation, Relation::new(RelationKind::OneRow, Origin::Unknown));
            let held = HeldRows { id: cached.id, input: Some(Box::new(input)) };
            *relation = Relation::new(RelationKind::Held(held), origin);
            return;
        }
        self.next += 1;
        self.children(relation_children(relation));
    }

    fn children(&mut self, children: Vec<Child<'_>>) {
        for child in children {
            stacker::maybe_grow(64 << 10, 1 << 20, || match child {
                Child::Relation(relation) => self.relation(relation),
                Child::Expression(expression) => self.children(expression_children(expression)),
            });
        }
    }
}

/// The part of a plan that makes its rows: names around it do not matter to a cache.
fn core(views: &VisibleViews, mut relation: Relation) -> Relation {
    loop {
        relation = match relation.kind {
            RelationKind::SubqueryAlias { input, columns, .. } if columns.is_empty() => *input,
            RelationKind::Hint { input, .. } => *input,
            RelationKind::Table(ref table) => match views.view(&table.name) {
                Some(view) if view.columns.is_empty() => Relation::clone(&view.query),
                _ => return relation,
            },
            _ => return relation,
        };
    }
}

impl Session {
    /// Keeps the rows of a query from when they are first read, unless they are kept already. `None`: nothing is kept,
    /// because the level says so or because the query is a command, whose rows are at hand.
    pub async fn persist(&self, relation: Relation, level: StorageLevel) -> SparkResult<Option<Arc<Held>>> {
        // Also what is cached already must make sense.
        self.schema(relation.clone()).await?;
        let views = self.visible_views();
        let mut relation = core(&views, commands::lift(relation)?);
        self.precompute(&mut relation).await?;
        let is_command = matches!(
            relation.kind,
            RelationKind::Command(_) | RelationKind::ShowString { .. } | RelationKind::HtmlString { .. }
        );
        if is_command || !(level.disk || level.memory || level.off_heap) {
            return Ok(None);
        }
        if self.cache.find(&views, &mut relation).is_some() {
            tracing::debug!("what is cached already was to be cached");
            return Ok(None);
        }
        let shape = shape_of(&mut relation, &mut Vec::new());
        let canonical = canonical(&views, relation.clone());
        views.capture(&mut relation);
        let (held, rows) = self.hold(relation.clone(), level).await?;
        let mut state = self.cache.state.write();
        self.check_cached_room(&state)?;
        let id = state.add(rows);
        state.cached.push(Arc::new(Cached { id, shape, canonical, relation, level }));
        Ok(Some(held))
    }

    async fn hold(&self, relation: Relation, level: StorageLevel) -> SparkResult<(Arc<Held>, HeldRelation)> {
        let HeldPlan { plan, columns } = analyze_to_hold(relation, &self.context()).await?;
        let place = HoldingPlace { memory: level.memory || level.off_heap, disk: level.disk };
        let held = self.environment().executor.hold(plan, &self.conf(), place);
        let rows = HeldRelation { provider: Arc::new(HeldTable(Arc::clone(&held))), columns };
        Ok((held, rows))
    }

    fn check_cached_room(&self, state: &State) -> SparkResult<()> {
        let limit = self.limits().cached_max;
        if state.rows.len() >= limit {
            return Err(crate::limit_reached("cached queries of a session", limit));
        }
        Ok(())
    }

    /// Frees the rows of a query, if they are kept.
    pub async fn unpersist(&self, relation: &Relation) -> SparkResult<()> {
        self.schema(relation.clone()).await?;
        let views = self.visible_views();
        let mut relation = core(&views, relation.clone());
        self.precompute(&mut relation).await?;
        if let Some(cached) = self.cache.find(&views, &mut relation) {
            self.cache.remove(cached.id);
        }
        Ok(())
    }

    /// Where the rows of a query are kept.
    pub async fn storage_level(&self, relation: Relation) -> SparkResult<StorageLevel> {
        self.schema(relation.clone()).await?;
        let views = self.visible_views();
        let mut relation = core(&views, relation);
        self.precompute(&mut relation).await?;
        let cached = self.cache.find(&views, &mut relation);
        Ok(cached.map_or(StorageLevel::NONE, |cached| cached.level))
    }

    /// A temporary view goes, and the kept rows of its query with it.
    pub(crate) fn uncache_view(&self, name: &[String]) {
        let views = self.visible_views();
        if views.view(name).is_some() {
            let mut query = core(&views, Relation::table(name.to_vec(), Origin::Unknown));
            if let Some(cached) = self.cache.find(&views, &mut query) {
                self.cache.remove(cached.id);
            }
        }
    }

    /// Keeps the rows of a query under an id, without its plan.
    pub async fn checkpoint(
        &self,
        relation: Relation,
        is_eager: bool,
        level: Option<StorageLevel>,
    ) -> SparkResult<String> {
        let (held, rows) = self.hold(relation, level.unwrap_or(StorageLevel::MEMORY_AND_DISK)).await?;
        if is_eager {
            held.fill().await.map_err(crate::engine_error)?;
        }
        let id = Uuid::new_v4().to_string();
        let mut state = self.cache.state.write();
        self.check_cached_room(&state)?;
        let number = state.add(rows);
        state.checkpoints.insert(id.clone(), number);
        Ok(id)
    }

    /// The number of the rows of a checkpoint.
    pub fn checkpointed(&self, id: &str) -> Option<u64> {
        self.cache.state.read().checkpoints.get(id).copied()
    }

    /// Frees a checkpoint, if there is one of this id.
    pub fn forget_checkpoint(&self, id: &str) {
        let mut state = self.cache.state.write();
        if let Some(number) = state.checkpoints.remove(id) {
            state.rows.remove(&number);
        }
    }

    /// Files below `path` were written: queries that read them are cached anew, or no more if they fail now.
    pub(crate) async fn cached_path_changed(&self, path: &str) {
        self.cache_anew(|relation| reads(relation, Some(path))).await;
    }

    /// Some table was written: as for files, for queries that read any table by name.
    pub(crate) async fn cached_tables_changed(&self) {
        self.cache_anew(|relation| reads(relation, None)).await;
    }

    async fn cache_anew(&self, is_affected: impl Fn(&Relation) -> bool) {
        // Taken out first, so that none is cached anew from its own old rows.
        let affected = {
            let mut state = self.cache.state.write();
            let cached = std::mem::take(&mut state.cached);
            let (affected, others): (Vec<_>, _) = cached.into_iter().partition(|cached| is_affected(&cached.relation));
            state.cached = others;
            for cached in &affected {
                state.rows.remove(&cached.id);
            }
            affected
        };
        for cached in affected {
            match self.hold(cached.relation.clone(), cached.level).await {
                Ok((_, rows)) => {
                    let mut state = self.cache.state.write();
                    state.rows.insert(cached.id, rows);
                    state.cached.push(cached);
                }
                Err(error) => {
                    tracing::info!(condition = error.condition(), "a cached query fails since its files were written");
                }
            }
        }
    }
}

/// Whether a plan reads files at, below or above the path, or any table by name.
fn reads(relation: &Relation, path: Option<&str>) -> bool {
    struct Paths<'a> {
        written: Option<&'a str>,
        found: bool,
    }
    impl Visitor for Paths<'_> {
        fn relation(&mut self, relation: &mut Relation) -> SparkResult<()> {
            self.found |= match (&relation.kind, self.written) {
                (RelationKind::DataSource(source), Some(written)) => {
                    let option = source.options.iter().filter(|(key, _)| key.eq_ignore_ascii_case("path"));
                    let mut paths = source.paths.iter().chain(option.map(|(_, path)| path));
                    paths.any(|read| overlap(read, written))
                }
                // A table's files may lie anywhere.
                (RelationKind::Table(_), _) => true,
                _ => false,
            };
            Ok(())
        }
    }
    let mut paths = Paths { written: path, found: false };
    let walked = walk_relation(&mut relation.clone(), &mut paths);
    walked.is_err() || paths.found
}

/// Whether one path lies below the other; behind the first wildcard, anything may.
fn overlap(read: &str, written: &str) -> bool {
    let plain = |path: &str| {
        let path = path.strip_prefix("file:").map_or(path, |path| path.trim_start_matches("//"));
        format!("{}/", path.trim_end_matches('/'))
    };
    let written = plain(written);
    match read.find(['*', '?', '[', '{']) {
        Some(wildcard) => {
            let fixed = plain(read.get(..wildcard).unwrap_or_default());
            let fixed = fixed.trim_end_matches('/');
            written.starts_with(fixed) || fixed.starts_with(&written)
        }
        None => {
            let read = plain(read);
            read.starts_with(&written) || written.starts_with(&read)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::overlap;

    #[test]
    fn paths_overlap_by_whole_names() {
        assert!(overlap("/a/b", "/a/b/") && overlap("file:/a", "/a/b") && overlap("file:///a/b/c", "/a/b"));
        assert!(!overlap("/a/bc", "/a/b") && !overlap("/x", "/y"));
        assert!(overlap("/a/b*/c", "/a/bb") && overlap("/a/*", "/a") && !overlap("/a/b*", "/a/c"));
    }
}
