//! What a session or an operation may hold, and what happens at the limit.

use std::time::Duration;

/// Every limit of the service. Sizes are in bytes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open sessions of all users. At the limit: new ones are refused.
    pub sessions_max: usize,
    /// Open sessions of one user. At the limit: that user's new ones are refused.
    pub sessions_of_user_max: usize,
    /// A session that no request touched for so long, and that runs nothing, is closed.
    pub session_idle: Duration,
    /// Closed sessions that are remembered as closed. At the limit: the oldest are forgotten, and their ids answer
    /// as unknown.
    pub session_tombstones_max: usize,
    /// Operations a session holds, running or waiting to be fetched. At the limit: new ones are refused.
    pub operations_max: usize,
    /// Bytes of responses that one operation holds until the client releases them. At the limit: the query waits.
    pub buffer_bytes_max: usize,
    /// How long a query waits for a client that has read everything and released nothing, before the oldest
    /// responses that were sent are given up. Reattaching to those is an error from then on, never a gap.
    pub unreleased_wait: Duration,
    /// An operation that nobody has been attached to for so long is abandoned: cancelled and its results dropped.
    pub operation_detached: Duration,
    /// Operations that are remembered as ended. At the limit: the oldest are forgotten.
    pub operation_tombstones_max: usize,
    /// Bytes of artifacts a session may upload. At the limit: more is refused.
    pub artifact_bytes_max: usize,
    /// Errors a session remembers for `FetchErrorDetails`. At the limit: the oldest are forgotten.
    pub errors_max: usize,
    /// How long an error is remembered.
    pub error_age: Duration,
    /// Queries whose rows a session keeps, and checkpoints. At the limit: new ones are refused. (Their bytes are the
    /// engine's matter.)
    pub cached_max: usize,
    /// Views a session may hold. At the limit: new ones are refused.
    pub views_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions_max: 10_000,
            sessions_of_user_max: 2_000,
            session_idle: Duration::from_secs(60 * 60),
            session_tombstones_max: 1_000,
            operations_max: 1_000,
            buffer_bytes_max: 64 << 20,
            unreleased_wait: Duration::from_secs(10),
            operation_detached: Duration::from_secs(5 * 60),
            operation_tombstones_max: 10_000,
            artifact_bytes_max: 16 << 30,
            errors_max: 100,
            error_age: Duration::from_secs(60 * 60),
            cached_max: 10_000,
            views_max: 100_000,
        }
    }
}
