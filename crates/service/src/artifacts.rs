//! What clients upload to a session: for now, blocks of data under their SHA-256, which large local relations refer to.

use std::collections::HashMap;

use bytes::Bytes;
use firesteel_base::{SparkError, SparkResult};
use parking_lot::Mutex;

/// The folder of blocks that are named by their hash.
const CACHE_PREFIX: &str = "cache/";

/// A session's uploads, bounded in bytes: what does not fit is refused.
pub struct Artifacts {
    bytes_max: usize,
    state: Mutex<Stored>,
}

#[derive(Default)]
struct Stored {
    blocks: HashMap<String, Bytes>,
    bytes: usize,
}

impl Artifacts {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, state: Mutex::default() }
    }

    /// Keeps an uploaded artifact. The same name again changes nothing, since blocks are named by their content.
    pub fn add(&self, name: &str, data: Bytes) -> SparkResult<()> {
        let Some(hash) = name.strip_prefix(CACHE_PREFIX) else {
            check_path(name)?;
            return Err(SparkError::unsupported(format!("artifacts other than cached data ({name})")));
        };
        if hash.is_empty() || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(SparkError::new("INVALID_ARTIFACT_PATH").param("name", name));
        }
        let mut state = self.state.lock();
        if state.blocks.contains_key(hash) {
            return Ok(());
        }
        if state.bytes.saturating_add(data.len()) > self.bytes_max {
            return Err(crate::limit_reached("bytes of artifacts of a session", self.bytes_max));
        }
        state.bytes += data.len();
        state.blocks.insert(hash.to_owned(), data);
        Ok(())
    }

    /// Whether more bytes may come: asked before an upload is collected.
    pub fn check_room(&self, bytes: usize) -> SparkResult<()> {
        if self.state.lock().bytes.saturating_add(bytes) > self.bytes_max {
            return Err(crate::limit_reached("bytes of artifacts of a session", self.bytes_max));
        }
        Ok(())
    }

    /// Whether an artifact of this name is there.
    pub fn contains(&self, name: &str) -> bool {
        name.strip_prefix(CACHE_PREFIX).is_some_and(|hash| self.state.lock().blocks.contains_key(hash))
    }

    /// The block of this hash.
    pub fn cached(&self, hash: &str) -> Option<Bytes> {
        self.state.lock().blocks.get(hash).cloned()
    }
}

/// Names are relative paths without `.` and `..`.
fn check_path(name: &str) -> SparkResult<()> {
    let bad = name.is_empty()
        || name.starts_with('/')
        || name.contains('\\')
        || name.split('/').any(|part| matches!(part, "" | "." | ".."));
    if bad { Err(SparkError::new("INVALID_ARTIFACT_PATH").param("name", name)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_blocks_once_and_within_the_limit() {
        let artifacts = Artifacts::new(10);
        artifacts.add("cache/aa", Bytes::from_static(b"12345678")).unwrap();
        artifacts.add("cache/aa", Bytes::from_static(b"12345678")).unwrap();
        assert!(artifacts.add("cache/bb", Bytes::from_static(b"123")).is_err());
        assert!(artifacts.contains("cache/aa") && !artifacts.contains("cache/bb"));
        assert_eq!(artifacts.add("../x", Bytes::new()).unwrap_err().condition(), "INVALID_ARTIFACT_PATH");
        assert_eq!(artifacts.add("jars/x.jar", Bytes::new()).unwrap_err().condition(), "NOT_IMPLEMENTED");
    }
}
