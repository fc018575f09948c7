//! Time as something handed in, so that timeouts are tested without waiting.
//!
//! Everything in this crate that waits or expires asks a [`Clock`]; nothing reads the system's time directly.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::watch;

/// A source of time. Cheap to clone; clones tell the same time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Source>);

trait Source: Send + Sync {
    fn elapsed(&self) -> Duration;
    fn unix_micros(&self) -> i64;
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

impl Clock {
    /// The system's time.
    pub fn system() -> Self {
        Self(Arc::new(SystemClock { start: Instant::now() }))
    }

    /// A clock that stands still until it is moved by the handle.
    pub fn manual() -> (Self, ManualClock) {
        let (sender, _) = watch::channel(Duration::ZERO);
        let handle = ManualClock { now: Arc::new(Mutex::new(Duration::ZERO)), sender: Arc::new(sender) };
        (Self(Arc::new(handle.clone())), handle)
    }

    /// Time since the clock was made; never goes back.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Microseconds since 1970-01-01T00:00Z.
    pub fn unix_micros(&self) -> i64 {
        self.0.unix_micros()
    }

    /// Resolves once `duration` has passed.
    pub fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.sleep(duration)
    }
}

struct SystemClock {
    start: Instant,
}

impl Source for SystemClock {
    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn unix_micros(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Moves a [`Clock::manual`].
#[derive(Clone)]
pub struct ManualClock {
    now: Arc<Mutex<Duration>>,
    sender: Arc<watch::Sender<Duration>>,
}

impl ManualClock {
    /// Lets time pass, and wakes whoever waited for it.
    pub fn advance(&self, by: Duration) {
        let mut now = self.now.lock();
        *now += by;
        self.sender.send_replace(*now);
    }
}

impl Source for ManualClock {
    fn elapsed(&self) -> Duration {
        *self.now.lock()
    }

    fn unix_micros(&self) -> i64 {
        i64::try_from(self.now.lock().as_micros()).unwrap_or(i64::MAX)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let until = self.elapsed() + duration;
        let mut receiver = self.sender.subscribe();
        Box::pin(async move {
            // The sender lives as long as the clock: if it is gone, nobody waits in earnest.
            let _ = receiver.wait_for(|now| *now >= until).await;
        })
    }
}
