//! The operations of one session by id, and the ids of those that ended.

use std::collections::VecDeque;
use std::sync::Arc;

use firesteel_base::{SparkError, SparkResult};
use indexmap::IndexMap;
use parking_lot::Mutex;

use super::{Attached, Operation, OperationRequest, OperationState, Work};
use crate::clock::Clock;
use crate::limits::Limits;
use crate::session::Session;

/// Which operations to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interrupt {
    All,
    Tag(String),
    Id(String),
}

/// The operations of a session.
pub struct Operations {
    clock: Clock,
    limits: Limits,
    state: Mutex<Registered>,
}

#[derive(Default)]
struct Registered {
    by_id: IndexMap<String, Arc<Operation>>,
    /// Ids that ended, with their last state and whether they were abandoned. Oldest first.
    ended: VecDeque<(String, OperationState, bool)>,
}

impl Operations {
    pub(crate) fn new(limits: &Limits, clock: &Clock) -> Self {
        Self { clock: clock.clone(), limits: limits.clone(), state: Mutex::default() }
    }

    /// Starts an operation on the engine's runtime; it runs on when the client goes away.
    ///
    /// An id that runs already attaches to it if the content is the same, as a client does that is not sure whether
    /// its first request arrived.
    pub fn start(&self, session: &Arc<Session>, request: OperationRequest, work: Work) -> SparkResult<Attached> {
        let chunking = request.chunking;
        let (operation, is_new) = self.register(request)?;
        let cursor = operation.buffer.attach(None)?;
        *operation.detached_at.lock() = None;
        if is_new {
            super::run::spawn(Arc::clone(session), Arc::clone(&operation), work, chunking);
        }
        Ok(Attached { operation, cursor, clock: self.clock.clone() })
    }

    fn register(&self, request: OperationRequest) -> SparkResult<(Arc<Operation>, bool)> {
        let mut state = self.state.lock();
        if let Some(id) = &request.id {
            if let Some(existing) = state.by_id.get(id) {
                let repeats = existing.reattachable && existing.fingerprint == request.fingerprint;
                return if repeats {
                    Ok((Arc::clone(existing), false))
                } else {
                    Err(SparkError::new("INVALID_HANDLE.OPERATION_ALREADY_EXISTS").param("handle", id))
                };
            }
            // What a client released is as gone as what it abandoned, if it begins it again.
            if state.ended.iter().any(|(ended, _, _)| ended == id) {
                return Err(SparkError::new("INVALID_HANDLE.OPERATION_ABANDONED").param("handle", id));
            }
        }
        if state.by_id.len() >= self.limits.operations_max {
            return Err(crate::limit_reached("operations of a session", self.limits.operations_max));
        }
        let operation = Arc::new(Operation::new(request, &self.limits, &self.clock));
        state.by_id.insert(operation.id.clone(), Arc::clone(&operation));
        Ok((operation, true))
    }

    /// The operation of this id, or the condition that says why there is none.
    pub fn get(&self, id: &str) -> SparkResult<Arc<Operation>> {
        let state = self.state.lock();
        if let Some(operation) = state.by_id.get(id) {
            return Ok(Arc::clone(operation));
        }
        let abandoned =
            state.ended.iter().find(|(ended, _, _)| ended == id).is_some_and(|(_, _, abandoned)| *abandoned);
        let condition =
            if abandoned { "INVALID_HANDLE.OPERATION_ABANDONED" } else { "INVALID_HANDLE.OPERATION_NOT_FOUND" };
        Err(SparkError::new(condition).param("handle", id))
    }

    /// Reads the responses of an operation behind `last_response_id`, or from the start.
    pub fn reattach(&self, id: &str, last_response_id: Option<&str>) -> SparkResult<Attached> {
        let operation = self.get(id)?;
        if !operation.reattachable {
            return Err(SparkError::new("INVALID_CURSOR.NOT_REATTACHABLE"));
        }
        let cursor = operation.buffer.attach(last_response_id)?;
        *operation.detached_at.lock() = None;
        Ok(Attached { operation, cursor, clock: self.clock.clone() })
    }

    /// A client's stream ended. What cannot be reattached ends with it.
    pub fn detach(&self, attached: &Attached) {
        if !attached.cursor.is_current() {
            return;
        }
        if attached.operation.reattachable {
            *attached.operation.detached_at.lock() = Some(self.clock.elapsed());
        } else {
            self.release(attached.operation.id());
        }
    }

    /// Ends an operation and drops what it holds; `false` if there is none of this id.
    pub fn release(&self, id: &str) -> bool {
        self.remove(id, false)
    }

    fn remove(&self, id: &str, abandoned: bool) -> bool {
        let removed = {
            let mut state = self.state.lock();
            let removed = state.by_id.shift_remove(id);
            if let Some(operation) = &removed {
                let last = match operation.state() {
                    OperationState::Running => OperationState::Cancelled,
                    ended => ended,
                };
                if state.ended.len() >= self.limits.operation_tombstones_max {
                    state.ended.pop_front();
                }
                state.ended.push_back((id.to_owned(), last, abandoned));
            }
            removed
        };
        match removed {
            Some(operation) => {
                operation.cancel();
                operation.buffer.clear();
                true
            }
            None => false,
        }
    }

    /// Stops running operations; gives their ids.
    pub fn interrupt(&self, which: &Interrupt) -> Vec<String> {
        let operations: Vec<_> = self.state.lock().by_id.values().cloned().collect();
        let hit = |operation: &&Arc<Operation>| match which {
            Interrupt::All => true,
            Interrupt::Tag(tag) => operation.tags.contains(tag),
            Interrupt::Id(id) => operation.id == *id,
        };
        let stop = |operation: &Arc<Operation>| operation.cancel().then(|| operation.id.clone());
        operations.iter().filter(hit).filter_map(stop).collect()
    }

    /// The states of the operations of these ids (`None`: not known), or of all if there are none.
    pub fn states(&self, ids: &[String]) -> Vec<(String, Option<OperationState>)> {
        let state = self.state.lock();
        let of = |id: &String| {
            let running = state.by_id.get(id).map(|operation| told(operation));
            let ended = || state.ended.iter().find(|(ended, _, _)| ended == id).map(|(_, last, _)| *last);
            (id.clone(), running.or_else(ended))
        };
        if ids.is_empty() {
            let running = state.by_id.iter().map(|(id, operation)| (id.clone(), Some(told(operation))));
            let ended = state.ended.iter().map(|(id, last, _)| (id.clone(), Some(*last)));
            running.chain(ended).collect()
        } else {
            ids.iter().map(of).collect()
        }
    }

    /// Whether nothing runs and nothing waits to be fetched.
    pub fn is_idle(&self) -> bool {
        self.state.lock().by_id.is_empty()
    }

    /// Ends the operations that no client came back for.
    pub(crate) fn reap(&self) {
        let now = self.clock.elapsed();
        let abandoned: Vec<String> = {
            let state = self.state.lock();
            let is_abandoned = |operation: &Arc<Operation>| {
                operation.detached_at.lock().is_some_and(|at| now.saturating_sub(at) >= self.limits.operation_detached)
            };
            state.by_id.values().filter(|operation| is_abandoned(operation)).map(|found| found.id.clone()).collect()
        };
        for id in abandoned {
            tracing::info!(operation = %id, "abandoned: no client came back for it");
            self.remove(&id, true);
        }
    }

    /// Ends all operations.
    pub(crate) fn release_all(&self) {
        let ids: Vec<String> = self.state.lock().by_id.keys().cloned().collect();
        for id in ids {
            self.remove(&id, false);
        }
    }
}

/// How far an operation is that was not released.
fn told(operation: &Operation) -> OperationState {
    match operation.state() {
        OperationState::Running => OperationState::Running,
        _ => OperationState::Terminating,
    }
}
