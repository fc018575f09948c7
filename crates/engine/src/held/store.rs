//! The memory that all kept rows share, and who has to leave it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::runtime_env::RuntimeEnv;
use parking_lot::Mutex;

use super::Held;

/// The kept rows of the whole server. Their memory is counted in the engine's pool and is at most half of it.
pub(crate) struct HeldStore {
    runtime: Arc<RuntimeEnv>,
    bytes_max: usize,
    reservation: MemoryReservation,
    members: Mutex<Vec<Weak<Held>>>,
    ids: AtomicU64,
    ticks: AtomicU64,
}

impl HeldStore {
    pub(crate) fn new(runtime: &Arc<RuntimeEnv>, pool_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            reservation: MemoryConsumer::new("cached rows").register(&runtime.memory_pool),
            runtime: Arc::clone(runtime),
            bytes_max: pool_bytes / 2,
            members: Mutex::default(),
            ids: AtomicU64::new(1),
            ticks: AtomicU64::new(1),
        })
    }

    pub(super) fn runtime(&self) -> &Arc<RuntimeEnv> {
        &self.runtime
    }

    pub(super) fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    /// A number larger than any given before.
    pub(super) fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn register(&self, held: &Arc<Held>) {
        let mut members = self.members.lock();
        members.retain(|member| member.strong_count() > 0);
        members.push(Arc::downgrade(held));
    }

    /// Takes memory for rows of the query `id`; rows of others leave it if need be. `false`: there is not enough.
    /// Writes files, so it must not run where others wait.
    pub(super) fn take(&self, bytes: usize, id: u64) -> bool {
        loop {
            if self.take_free(bytes) {
                return true;
            }
            if bytes > self.bytes_max || !self.evict(id) {
                return false;
            }
        }
    }

    /// Takes memory if it is free.
    pub(super) fn take_free(&self, bytes: usize) -> bool {
        self.reservation.size() + bytes <= self.bytes_max && self.reservation.try_grow(bytes).is_ok()
    }

    pub(super) fn give_back(&self, bytes: usize) {
        // What was taken is given back once, so there is never less.
        let _ = self.reservation.try_shrink(bytes);
    }

    /// Makes the rows that were used least recently leave the memory. `false`: none did.
    fn evict(&self, except: u64) -> bool {
        let members: Vec<_> = self.members.lock().iter().filter_map(Weak::upgrade).collect();
        let mut candidates: Vec<_> = members.iter().filter(|held| held.id != except).collect();
        candidates.sort_by_key(|held| held.last_used.load(Ordering::Relaxed));
        candidates.iter().any(|held| {
            let Some(rows) = held.rows.lock().clone() else { return false };
            if rows.memory_bytes() == 0 {
                return false;
            }
            if held.place.disk {
                return match rows.move_to_disk() {
                    Ok(()) => true,
                    Err(error) => {
                        tracing::warn!(%error, "cached rows could not be written to disk");
                        false
                    }
                };
            }
            *held.rows.lock() = None;
            // Whoever reads them now keeps them until done.
            Arc::strong_count(&rows) == 1
        })
    }
}
