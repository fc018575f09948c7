//! The errors a session told its client, kept for a while so that the client can fetch their details.

use std::collections::VecDeque;
use std::time::Duration;

use firesteel_base::SparkError;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::clock::Clock;
use crate::limits::Limits;

/// A session's errors by id: the most recent ones, for a limited time.
pub struct Errors {
    clock: Clock,
    count_max: usize,
    age_max: Duration,
    errors: Mutex<VecDeque<(Uuid, Duration, SparkError)>>,
}

impl Errors {
    pub(crate) fn new(limits: &Limits, clock: &Clock) -> Self {
        Self { clock: clock.clone(), count_max: limits.errors_max, age_max: limits.error_age, errors: Mutex::default() }
    }

    /// Keeps an error; gives the id to fetch it by.
    pub fn keep(&self, error: SparkError) -> Uuid {
        let id = Uuid::new_v4();
        let mut errors = self.errors.lock();
        while errors.len() >= self.count_max.max(1) {
            errors.pop_front();
        }
        errors.push_back((id, self.clock.elapsed(), error));
        id
    }

    /// The error of this id, if it is still known.
    pub fn get(&self, id: &str) -> Option<SparkError> {
        let id = Uuid::parse_str(id).ok()?;
        let now = self.clock.elapsed();
        let errors = self.errors.lock();
        let (_, at, error) = errors.iter().find(|(kept, _, _)| *kept == id)?;
        (now.saturating_sub(*at) <= self.age_max).then(|| error.clone())
    }
}
