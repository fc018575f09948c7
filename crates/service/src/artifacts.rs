//! What clients upload to a session: data under its hash, Python files, other files and archives.
//!
//! Everything lies in a directory of the session, which is made with its first upload and removed with it. A clone
//! shares the files that were there when it was made. Bytes are bounded: what does not fit is refused.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use firesteel_base::{SparkError, SparkResult};
use firesteel_syntax::ir::relation::UploadedFile;
use parking_lot::Mutex;
use tempfile::{NamedTempFile, TempDir};

/// The folders of uploads, by what they are for.
const CACHE: &str = "cache";
const PYTHON_FILES: &str = "pyfiles";
const FILES: &str = "files";
const ARCHIVES: &str = "archives";

/// A session's uploads.
pub struct Artifacts {
    bytes_max: usize,
    state: Mutex<Stored>,
}

#[derive(Clone, Default)]
struct Stored {
    /// Where new uploads go; made when first needed.
    directory: Option<Arc<TempDir>>,
    /// The directories of those that this session was cloned from, kept as long as their files are used.
    inherited: Vec<Arc<TempDir>>,
    /// Files by the names that clients know.
    files: HashMap<String, PathBuf>,
    bytes: usize,
}

/// Which Python environment a session's code needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadedFiles {
    /// Modules and packages for the search path.
    pub python_files: Vec<PathBuf>,
    pub files: Vec<PathBuf>,
    /// Archives with the names of the directories that they are unpacked to.
    pub archives: Vec<(PathBuf, String)>,
}

/// An upload that is coming in.
pub struct Incoming {
    name: String,
    file: NamedTempFile,
    bytes: usize,
}

fn failed(error: std::io::Error) -> SparkError {
    SparkError::internal("an upload could not be stored").caused_by(error)
}

impl Artifacts {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, state: Mutex::default() }
    }

    /// The uploads as they are now, in a collection of its own; the files are shared.
    pub(crate) fn duplicate(&self) -> Self {
        let mut copy = self.state.lock().clone();
        copy.inherited.extend(copy.directory.take());
        Self { bytes_max: self.bytes_max, state: Mutex::new(copy) }
    }

    /// Begins to take in an upload.
    pub fn begin(&self, name: &str) -> SparkResult<Incoming> {
        check_name(name)?;
        let mut state = self.state.lock();
        let directory = match &state.directory {
            Some(directory) => Arc::clone(directory),
            None => {
                let made = tempfile::Builder::new().prefix("firesteel-artifacts-").tempdir().map_err(failed)?;
                Arc::clone(state.directory.insert(Arc::new(made)))
            }
        };
        let file = NamedTempFile::new_in(directory.path()).map_err(failed)?;
        Ok(Incoming { name: name.to_owned(), file, bytes: 0 })
    }

    /// Keeps what came in. The same name with the same content again changes nothing; with another content it is
    /// refused, but for data under its hash.
    pub fn keep(&self, incoming: Incoming) -> SparkResult<()> {
        let Incoming { name, file, bytes } = incoming;
        let mut state = self.state.lock();
        if let Some(known) = state.files.get(&name) {
            if folder(&name) == CACHE || is_same(known, file.path()).map_err(failed)? {
                return Ok(());
            }
            return Err(SparkError::new("ARTIFACT_ALREADY_EXISTS").param("normalizedRemoteRelativePath", name));
        }
        if state.bytes.saturating_add(bytes) > self.bytes_max {
            return Err(self.full());
        }
        let Some(directory) = state.directory.clone() else {
            return Err(SparkError::internal("an upload outlived its session"));
        };
        // The name behind `#` says where an archive is unpacked to; it is no part of the file's.
        let path = directory.path().join(name.split('#').next().unwrap_or_default());
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        file.persist(&path).map_err(|error| failed(error.error))?;
        state.bytes += bytes;
        state.files.insert(name, path);
        Ok(())
    }

    /// Whether more bytes may come: asked before an upload is taken in.
    pub fn check_room(&self, bytes: usize) -> SparkResult<()> {
        if self.state.lock().bytes.saturating_add(bytes) > self.bytes_max { Err(self.full()) } else { Ok(()) }
    }

    fn full(&self) -> SparkError {
        crate::limit_reached("bytes of artifacts of a session", self.bytes_max)
    }

    /// Whether data of this name, with its folder, is there. Spark tells it of data under its hash only.
    pub fn contains(&self, name: &str) -> bool {
        folder(name) == CACHE && self.state.lock().files.contains_key(name)
    }

    /// The data under this hash.
    pub fn cached(&self, hash: &str) -> SparkResult<Option<Bytes>> {
        let path = self.state.lock().files.get(&format!("{CACHE}/{hash}")).cloned();
        path.map(|path| std::fs::read(path).map(Bytes::from).map_err(failed)).transpose()
    }

    /// The file with the data under this hash.
    pub fn cached_file(&self, hash: &str) -> SparkResult<Option<UploadedFile>> {
        let state = self.state.lock();
        let Some(path) = state.files.get(&format!("{CACHE}/{hash}")).cloned() else { return Ok(None) };
        let bytes = std::fs::metadata(&path).map_err(failed)?.len();
        let mut directories = state.directory.iter().chain(&state.inherited);
        let directory = directories.find(|directory| path.starts_with(directory.path()));
        let directory = directory.ok_or_else(|| SparkError::internal("an upload lies in no directory"))?;
        Ok(Some(UploadedFile { path, offset: 0, bytes, keeper: Arc::clone(directory) as _ }))
    }

    /// The files that code of this session may use.
    pub fn uploaded(&self) -> UploadedFiles {
        let state = self.state.lock();
        let mut files: Vec<_> = state.files.iter().collect();
        files.sort();
        let mut uploaded = UploadedFiles::default();
        for (name, path) in files {
            match folder(name) {
                PYTHON_FILES => uploaded.python_files.push(path.clone()),
                FILES => uploaded.files.push(path.clone()),
                ARCHIVES => {
                    let file_name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                    let target = name.split_once('#').map_or(file_name, |(_, target)| target);
                    uploaded.archives.push((path.clone(), target.to_owned()));
                }
                _ => {}
            }
        }
        uploaded
    }

    /// Removes everything.
    pub(crate) fn clear(&self) {
        *self.state.lock() = Stored::default();
    }
}

impl Incoming {
    /// Appends to the upload.
    pub fn write(&mut self, data: &[u8]) -> SparkResult<()> {
        self.file.write_all(data).map_err(failed)?;
        self.bytes += data.len();
        Ok(())
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

fn folder(name: &str) -> &str {
    name.split_once('/').map_or("", |(folder, _)| folder)
}

fn is_same(one: &Path, other: &Path) -> std::io::Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut left, mut right) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        let count = one.read(&mut left)?;
        if count == 0 {
            return Ok(true);
        }
        let (Some(left), Some(right)) = (left.get(..count), right.get_mut(..count)) else { return Ok(false) };
        other.read_exact(right)?;
        if left != right {
            return Ok(false);
        }
    }
}

/// Names are relative paths without `.` and `..`, in a folder that says what they are for.
fn check_name(name: &str) -> SparkResult<()> {
    let invalid = || SparkError::new("INVALID_ARTIFACT_PATH").param("name", name);
    let path = name.split('#').next().unwrap_or_default();
    let is_bad_part = |part: &str| matches!(part, "" | "." | "..");
    if path.contains(['\\', '\0']) || path.split('/').any(is_bad_part) {
        return Err(invalid());
    }
    match folder(path) {
        CACHE if path.bytes().filter(|byte| *byte == b'/').count() == 1 => Ok(()),
        PYTHON_FILES | FILES | ARCHIVES => Ok(()),
        "jars" | "classes" => Err(SparkError::unsupported("code for the JVM (jars and classes)")),
        _ => Err(SparkError::unsupported(format!("artifacts of the kind of {name}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(artifacts: &Artifacts, name: &str, data: &[u8]) -> SparkResult<()> {
        let mut incoming = artifacts.begin(name)?;
        incoming.write(data)?;
        artifacts.keep(incoming)
    }

    fn condition(result: SparkResult<()>) -> &'static str {
        result.unwrap_err().condition()
    }

    #[test]
    fn keeps_blocks_once_and_within_the_limit() {
        let artifacts = Artifacts::new(10);
        add(&artifacts, "cache/aa", b"12345678").unwrap();
        add(&artifacts, "cache/aa", b"12345678").unwrap();
        assert!(add(&artifacts, "cache/bb", b"123").is_err());
        assert!(artifacts.contains("cache/aa") && !artifacts.contains("cache/bb"));
        assert_eq!(artifacts.cached("aa").unwrap().unwrap(), b"12345678".as_slice());
        for name in ["../x", "/x", "pyfiles/../x", "pyfiles/", "files/a//b"] {
            assert_eq!(condition(add(&artifacts, name, b"")), "INVALID_ARTIFACT_PATH", "{name}");
        }
        assert_eq!(condition(add(&artifacts, "jars/x.jar", b"")), "NOT_IMPLEMENTED");
    }

    #[test]
    fn files_go_with_the_last_session_that_has_them() {
        let artifacts = Artifacts::new(1000);
        add(&artifacts, "pyfiles/a.py", b"x = 1").unwrap();
        add(&artifacts, "pyfiles/a.py", b"x = 1").unwrap();
        assert_eq!(condition(add(&artifacts, "pyfiles/a.py", b"x = 2")), "ARTIFACT_ALREADY_EXISTS");
        add(&artifacts, "archives/e.zip#env", b"zip").unwrap();
        let copy = artifacts.duplicate();
        add(&copy, "files/f", b"only here").unwrap();
        assert!(artifacts.uploaded().files.is_empty());
        artifacts.clear();
        let uploaded = copy.uploaded();
        assert_eq!(std::fs::read(&uploaded.python_files[0]).unwrap(), b"x = 1");
        assert_eq!(uploaded.archives[0].1, "env");
        let path = uploaded.archives[0].0.clone();
        copy.clear();
        assert!(!path.exists());
    }
}
