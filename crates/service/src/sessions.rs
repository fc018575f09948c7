//! All sessions by user and id: opening, finding, closing, and forgetting those that nobody uses.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use firesteel_base::config::SessionConf;
use firesteel_base::{SparkError, SparkResult};
use firesteel_catalog::Catalog;
use firesteel_engine::Executor;
use firesteel_storage::Storage;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::clock::Clock;
use crate::limits::Limits;
use crate::session::{Session, SessionKey};
use crate::views::Views;

/// What all sessions share.
pub struct Environment {
    pub executor: Arc<dyn Executor>,
    pub storage: Arc<Storage>,
    pub catalog: Arc<dyn Catalog>,
    /// The directory of databases that name none: `file:/…`.
    pub warehouse: String,
    /// Where queries run: another runtime than the one that waits on the network.
    pub runtime: Handle,
    pub clock: Clock,
    pub limits: Limits,
    /// The settings a session begins with.
    pub conf: SessionConf,
}

/// All sessions.
pub struct Sessions {
    environment: Arc<Environment>,
    global_views: Views,
    state: Mutex<Registered>,
}

#[derive(Default)]
struct Registered {
    open: HashMap<SessionKey, Arc<Session>>,
    /// How many open sessions each user has.
    of_user: HashMap<String, usize>,
    /// Closed ones with the ids the server had given them. Oldest first.
    closed: VecDeque<(SessionKey, String)>,
}

/// How often expired sessions and operations are looked for.
const REAP_INTERVAL: Duration = Duration::from_secs(10);

impl Sessions {
    pub fn new(environment: Environment) -> Arc<Self> {
        Arc::new(Self { environment: Arc::new(environment), global_views: Views::default(), state: Mutex::default() })
    }

    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The session of this key; opened if the client begins with it.
    ///
    /// `observed` is the server's id of the session that the client remembers: a session under another id, or none,
    /// means that the server was restarted or forgot it, which is `SESSION_CHANGED`.
    pub fn open(&self, key: &SessionKey, observed: Option<&str>) -> SparkResult<Arc<Session>> {
        check_uuid(&key.session_id)?;
        let mut state = self.state.lock();
        if let Some(session) = state.open.get(key) {
            check_observed(key, session.server_side_id(), observed)?;
            session.touch();
            return Ok(Arc::clone(session));
        }
        if state.closed.iter().any(|(closed, _)| closed == key) {
            return Err(handle_error("INVALID_HANDLE.SESSION_CLOSED", key));
        }
        if observed.is_some() {
            return Err(handle_error("INVALID_HANDLE.SESSION_CHANGED", key));
        }
        state.check_room(&key.user_id, &self.environment.limits)?;
        let session = Arc::new(Session::new(key.clone(), Arc::clone(&self.environment), self.global_views.clone()));
        tracing::info!(session = %key.session_id, "opened");
        state.insert(&session);
        Ok(session)
    }

    /// A copy of an open session under another id: with its settings, views and artifacts as they are now, and
    /// independent of it from then on. `None`: under an id of the server's making.
    pub fn duplicate(
        &self,
        key: &SessionKey,
        observed: Option<&str>,
        new_session_id: Option<&str>,
    ) -> SparkResult<(Arc<Session>, Arc<Session>)> {
        let original = self.get(key, observed)?;
        let new_session_id = new_session_id.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        let refused = |condition: &str| {
            SparkError::new(&format!("INVALID_CLONE_SESSION_REQUEST.{condition}"))
                .param("targetSessionId", &new_session_id)
        };
        check_uuid(&new_session_id).map_err(|_| refused("TARGET_SESSION_ID_FORMAT"))?;
        let key = SessionKey { user_id: key.user_id.clone(), session_id: new_session_id.clone() };
        let mut state = self.state.lock();
        if state.open.contains_key(&key) {
            return Err(refused("TARGET_SESSION_ID_ALREADY_EXISTS"));
        }
        if state.closed.iter().any(|(closed, _)| *closed == key) {
            return Err(refused("TARGET_SESSION_ID_ALREADY_CLOSED"));
        }
        state.check_room(&key.user_id, &self.environment.limits)?;
        let copy = Arc::new(original.duplicate(key));
        tracing::info!(session = %original.key().session_id, copy = %copy.key().session_id, "cloned");
        state.insert(&copy);
        Ok((original, copy))
    }

    /// The open session of this key, for requests that make no sense in a new one.
    pub fn get(&self, key: &SessionKey, observed: Option<&str>) -> SparkResult<Arc<Session>> {
        check_uuid(&key.session_id)?;
        let state = self.state.lock();
        match state.open.get(key) {
            Some(session) => {
                check_observed(key, session.server_side_id(), observed)?;
                session.touch();
                Ok(Arc::clone(session))
            }
            None if state.closed.iter().any(|(closed, _)| closed == key) => {
                Err(handle_error("INVALID_HANDLE.SESSION_CLOSED", key))
            }
            None => Err(handle_error("INVALID_HANDLE.SESSION_NOT_FOUND", key)),
        }
    }

    /// A new session under an id of its own, for users in the same process.
    pub fn create(&self, user_id: &str) -> SparkResult<Arc<Session>> {
        let key = SessionKey { user_id: user_id.to_owned(), session_id: Uuid::new_v4().to_string() };
        self.open(&key, None)
    }

    /// Closes a session; gives the server's id of it, if it was open. Its key answers `SESSION_CLOSED` from then on,
    /// unless the client may come back with it.
    pub fn release(&self, key: &SessionKey, allow_reconnect: bool) -> SparkResult<Option<String>> {
        check_uuid(&key.session_id)?;
        let closed = {
            let mut state = self.state.lock();
            let closed = state.remove(key);
            if let Some(session) = closed.as_ref().filter(|_| !allow_reconnect) {
                self.bury(&mut state, key.clone(), session.server_side_id().to_owned());
            }
            closed
        };
        Ok(closed.map(|session| {
            session.close();
            tracing::info!(session = %key.session_id, "closed");
            session.server_side_id().to_owned()
        }))
    }

    fn bury(&self, state: &mut Registered, key: SessionKey, server_side_id: String) {
        if state.closed.iter().any(|(closed, _)| *closed == key) {
            return;
        }
        while state.closed.len() >= self.environment.limits.session_tombstones_max.max(1) {
            state.closed.pop_front();
        }
        state.closed.push_back((key, server_side_id));
    }

    pub fn len(&self) -> usize {
        self.state.lock().open.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Closes sessions that nobody uses and operations that nobody came back for.
    pub fn reap(&self) {
        let sessions: Vec<_> = self.state.lock().open.values().cloned().collect();
        for session in &sessions {
            session.operations().reap();
        }
        let expired = sessions.iter().filter(|session| session.is_expired());
        for session in expired {
            tracing::info!(session = %session.key().session_id, "expired");
            let mut state = self.state.lock();
            state.remove(session.key());
            self.bury(&mut state, session.key().clone(), session.server_side_id().to_owned());
            drop(state);
            session.close();
        }
    }

    /// Reaps for ever; the caller drops the future to stop.
    pub async fn keep_tidy(&self) {
        loop {
            self.environment.clock.sleep(REAP_INTERVAL).await;
            self.reap();
        }
    }

    /// Closes all sessions.
    pub fn close_all(&self) {
        let open: Vec<_> = {
            let mut state = self.state.lock();
            state.of_user.clear();
            state.open.drain().map(|(_, session)| session).collect()
        };
        for session in open {
            session.close();
        }
    }
}

impl Registered {
    fn check_room(&self, user_id: &str, limits: &Limits) -> SparkResult<()> {
        if self.open.len() >= limits.sessions_max {
            return Err(crate::limit_reached("open sessions", limits.sessions_max));
        }
        if self.of_user.get(user_id).copied().unwrap_or_default() >= limits.sessions_of_user_max {
            return Err(crate::limit_reached("open sessions of a user", limits.sessions_of_user_max));
        }
        Ok(())
    }

    fn insert(&mut self, session: &Arc<Session>) {
        *self.of_user.entry(session.key().user_id.clone()).or_default() += 1;
        self.open.insert(session.key().clone(), Arc::clone(session));
    }

    fn remove(&mut self, key: &SessionKey) -> Option<Arc<Session>> {
        let removed = self.open.remove(key)?;
        if let Some(count) = self.of_user.get_mut(&key.user_id) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.of_user.remove(&key.user_id);
            }
        }
        Some(removed)
    }
}

fn handle_error(condition: &str, key: &SessionKey) -> SparkError {
    SparkError::new(condition).param("handle", &key.session_id)
}

fn check_observed(key: &SessionKey, server_side_id: &str, observed: Option<&str>) -> SparkResult<()> {
    match observed {
        Some(observed) if observed != server_side_id => Err(handle_error("INVALID_HANDLE.SESSION_CHANGED", key)),
        _ => Ok(()),
    }
}

/// Ids of sessions and operations are UUIDs in their usual form.
pub fn check_uuid(handle: &str) -> SparkResult<()> {
    if handle.len() == 36 && Uuid::parse_str(handle).is_ok() {
        Ok(())
    } else {
        Err(SparkError::new("INVALID_HANDLE.FORMAT").param("handle", handle))
    }
}
