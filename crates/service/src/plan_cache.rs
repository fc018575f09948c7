//! What a session knows of the columns of plans that a client asked about lately.
//!
//! Programs build plans step by step and ask for the columns at each step. A plan whose input is known is resolved in
//! one step instead of anew from its sources, so that such a loop takes time in proportion to its length. Whatever may
//! change the meaning of a plan, a setting or any command, makes the session forget.

use std::collections::VecDeque;
use std::fmt::Write;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use firesteel_base::{Origin, SparkResult, SparkSchema};
use firesteel_plan::{KnownRelation, analyze_columns};
use firesteel_syntax::ir::children::{Child, relation_children};
use firesteel_syntax::ir::relation::{HeldRows, LocalData};
use firesteel_syntax::ir::visit::{Visitor, walk_relation};
use firesteel_syntax::ir::{Relation, RelationKind};
use parking_lot::Mutex;

use crate::session::Session;

/// Plans that are remembered: a loop needs its last one.
const PLANS_MAX: usize = 16;

/// Numbers of known relations; those of kept rows are smaller.
const FIRST_ID: u64 = 1 << 63;

type Key = (u64, u64);

/// The plans that a session remembers.
#[derive(Default)]
pub(crate) struct PlanCache {
    /// Secret keys of two hashes: nobody can make plans that collide.
    keys: (RandomState, RandomState),
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Used longest ago first.
    plans: VecDeque<(Key, u64, Arc<KnownRelation>)>,
    count: u64,
    /// Counts how often all was forgotten.
    generation: u64,
}

impl PlanCache {
    pub(crate) fn forget(&self) {
        let mut state = self.state.lock();
        state.plans.clear();
        state.generation += 1;
    }

    pub(crate) fn by_id(&self, id: u64) -> Option<Arc<KnownRelation>> {
        let state = self.state.lock();
        state.plans.iter().find(|(_, known, _)| *known == id).map(|(_, _, known)| Arc::clone(known))
    }

    fn find(&self, key: Key) -> Option<(u64, Arc<KnownRelation>)> {
        let mut state = self.state.lock();
        let index = state.plans.iter().position(|(known, _, _)| *known == key)?;
        let found = state.plans.remove(index)?;
        state.plans.push_back(found.clone());
        Some((found.1, found.2))
    }

    /// Remembers a plan, unless all was forgotten since `generation`.
    fn remember(&self, key: Key, known: Arc<KnownRelation>, generation: u64) {
        let mut state = self.state.lock();
        if state.generation != generation {
            return;
        }
        while state.plans.len() >= PLANS_MAX {
            state.plans.pop_front();
        }
        state.count += 1;
        let id = FIRST_ID + state.count;
        state.plans.push_back((key, id, known));
    }

    fn generation(&self) -> u64 {
        self.state.lock().generation
    }

    /// Appends the keys of the relations from the source up to this one, each with all that is below it.
    fn keys_of(&self, relation: &mut Relation, text: &mut String, keys: &mut Vec<Key>) {
        stacker::maybe_grow(256 << 10, 1 << 20, || {
            let mut hashers = (self.keys.0.build_hasher(), self.keys.1.build_hasher());
            let taken = only_input(relation).map(|input| {
                self.keys_of(input, text, keys);
                std::mem::replace(input, placeholder())
            });
            if let (Some(_), Some((one, two))) = (&taken, keys.last()) {
                hashers.0.write_u64(*one);
                hashers.1.write_u64(*two);
            }
            text.clear();
            if let RelationKind::Local(local) = &relation.kind {
                for data in &local.data {
                    let data = match data {
                        LocalData::Memory(data) => data,
                        LocalData::File(file) => {
                            hashers.0.write_u64(file.offset);
                            hashers.1.write_u64(file.offset);
                            file.path.as_os_str().as_encoded_bytes()
                        }
                    };
                    hashers.0.write(data);
                    hashers.1.write(data);
                }
                // Writing to a String cannot fail.
                let _ = write!(text, "{:?} {:?}", local.schema, relation.plan_id);
            } else {
                let _ = write!(text, "{relation:?}");
            }
            hashers.0.write(text.as_bytes());
            hashers.1.write(text.as_bytes());
            keys.push((hashers.0.finish(), hashers.1.finish()));
            if let (Some(taken), Some(input)) = (taken, only_input(relation)) {
                *input = taken;
            }
        });
    }
}

fn placeholder() -> Relation {
    Relation::new(RelationKind::OneRow, Origin::Unknown)
}

/// The input of a relation that has just one.
fn only_input(relation: &mut Relation) -> Option<&mut Relation> {
    if matches!(relation.kind, RelationKind::Command(_) | RelationKind::Held(_)) {
        return None;
    }
    let mut inputs = relation_children(relation).into_iter().filter_map(|child| match child {
        Child::Relation(input) => Some(input),
        Child::Expression(_) => None,
    });
    let input = inputs.next()?;
    inputs.next().is_none().then_some(input)
}

/// The relation that lies so many inputs below.
fn below(relation: &mut Relation, depth: usize) -> Option<&mut Relation> {
    let mut place = relation;
    for _ in 0..depth {
        place = only_input(place)?;
    }
    Some(place)
}

/// Puts a known relation in place of the one that lies so many inputs below; gives that one.
fn replace(relation: &mut Relation, depth: usize, id: u64) -> Option<Relation> {
    let known = RelationKind::Held(HeldRows { id, input: None });
    Some(std::mem::replace(below(relation, depth)?, Relation::new(known, Origin::Unknown)))
}

impl Session {
    /// The columns of a query. Those of a plan that was asked about before are known, and so are those of its inputs.
    pub(crate) async fn columns(&self, mut relation: Relation) -> SparkResult<SparkSchema> {
        self.touch();
        self.precompute(&mut relation).await?;
        if !self.depends_on_itself_only(&mut relation) {
            return Ok(self.analyze(relation).await?.schema);
        }
        let cache = &self.plans;
        let generation = cache.generation();
        let mut keys = Vec::new();
        cache.keys_of(&mut relation, &mut String::new(), &mut keys);
        let Some(key) = keys.last().copied() else { return Ok(self.analyze(relation).await?.schema) };
        let known = keys.iter().rev().enumerate().find_map(|(depth, key)| Some((depth, cache.find(*key)?)));
        let resolved = match known {
            Some((0, (_, known))) => return Ok(known.schema().clone()),
            Some((depth, (id, _))) => {
                let taken = replace(&mut relation, depth, id);
                match (analyze_columns(relation.clone(), &self.context()).await, taken) {
                    (Err(_), Some(taken)) => {
                        // Whatever it is, the whole plan says it as it would have without the cache.
                        if let Some(place) = below(&mut relation, depth) {
                            *place = taken;
                        }
                        analyze_columns(relation, &self.context()).await?
                    }
                    (resolved, _) => resolved?,
                }
            }
            None => analyze_columns(relation, &self.context()).await?,
        };
        let schema = resolved.schema().clone();
        cache.remember(key, Arc::new(resolved), generation);
        Ok(schema)
    }

    /// Whether only this session can change what the plan means: it reads no tables by name but its own views.
    fn depends_on_itself_only(&self, relation: &mut Relation) -> bool {
        struct Tables(bool);
        impl Visitor for Tables {
            fn relation(&mut self, relation: &mut Relation) -> SparkResult<()> {
                self.0 |= matches!(relation.kind, RelationKind::Table(_) | RelationKind::Command(_));
                Ok(())
            }
        }
        let mut tables = Tables(false);
        walk_relation(relation, &mut tables).is_ok() && !tables.0
    }
}
