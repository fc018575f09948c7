//! How a write becomes visible: files are staged beside the target and moved into place at the end.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use firesteel_base::{SparkError, SparkResult};
use parking_lot::Mutex;

use crate::location::Location;
use crate::request::SaveMode;

/// The protocol that a store of files offers writers.
pub(crate) trait Commit {
    /// Where workers put their files, under the names they will have below the target. It lives as long as anybody
    /// holds it: a worker that is still busy when its write is given up would otherwise leave its file behind.
    fn staging(&self) -> Arc<Staging>;

    /// Makes all staged files visible. Dropped instead, the write leaves nothing.
    fn finish(self) -> SparkResult<()>;
}

/// What happens to the target when the write is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Becomes exactly what was written.
    Replace,
    /// Keeps what it has.
    Add,
    /// Keeps what it has except the partition directories that were written.
    ReplacePartitions,
    /// Keeps what it has except this directory below it.
    ReplaceBelow(String),
}

impl Plan {
    /// The plan for a target; `None` where there is nothing to do.
    pub(crate) fn of(
        target: &Location,
        mode: SaveMode,
        dynamic: bool,
        below: Option<String>,
    ) -> SparkResult<Option<Self>> {
        let exists = target.path().exists();
        match mode {
            SaveMode::ErrorIfExists if exists => {
                Err(SparkError::new("PATH_ALREADY_EXISTS").param("outputPath", target.qualified()))
            }
            SaveMode::Ignore if exists => Ok(None),
            SaveMode::Append if exists && !target.path().is_dir() => {
                let error = std::io::Error::from(std::io::ErrorKind::NotADirectory);
                Err(super::cannot_write(target.path(), error))
            }
            SaveMode::Append => Ok(Some(Self::Add)),
            SaveMode::Overwrite if dynamic && exists => Ok(Some(Self::ReplacePartitions)),
            SaveMode::Overwrite if exists && below.is_some() => Ok(below.map(Self::ReplaceBelow)),
            SaveMode::Overwrite | SaveMode::ErrorIfExists | SaveMode::Ignore => Ok(Some(Self::Replace)),
        }
    }
}

/// The protocol on this machine's file system: renames within one directory.
pub(crate) struct LocalCommit {
    target: Location,
    plan: Plan,
    staging: Arc<Staging>,
}

/// A staging directory, removed when the last who holds it lets go, together with what the write set aside.
pub(crate) struct Staging {
    path: PathBuf,
    replaced: Mutex<Option<PathBuf>>,
}

impl Staging {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where what the write replaces waits until the new files are in place.
    fn aside(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(".replaced");
        PathBuf::from(path)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure; a directory that stays behind is hidden from readers by its name.
        let _ = fs::remove_dir_all(&self.path);
        if let Some(replaced) = self.replaced.get_mut() {
            let _ = if replaced.is_dir() { fs::remove_dir_all(replaced) } else { fs::remove_file(replaced) };
        }
    }
}

impl LocalCommit {
    pub(crate) fn begin(target: Location, plan: Plan) -> SparkResult<Self> {
        let parent = target.path().parent().unwrap_or_else(|| Path::new("/"));
        fs::create_dir_all(parent).map_err(|error| super::cannot_write(parent, error))?;
        let path = parent.join(format!("._temporary-{}-{}", target.name(), uuid::Uuid::new_v4()));
        fs::create_dir(&path).map_err(|error| super::cannot_write(&path, error))?;
        Ok(Self { target, plan, staging: Arc::new(Staging { path, replaced: Mutex::new(None) }) })
    }

    fn replace(&self) -> std::io::Result<()> {
        let target = self.target.path();
        if target.exists() {
            let aside = self.staging.aside();
            fs::rename(target, &aside)?;
            if let Err(error) = fs::rename(&self.staging.path, target) {
                fs::rename(&aside, target)?;
                return Err(error);
            }
            *self.staging.replaced.lock() = Some(aside);
            return Ok(());
        }
        fs::rename(&self.staging.path, target)
    }

    /// Moves staged files below the target; undoes the moves where one fails.
    fn add(&self) -> std::io::Result<()> {
        let mut files = Vec::new();
        collect_files(&self.staging.path, &self.staging.path, &mut files)?;
        match self.plan.clone() {
            Plan::ReplacePartitions => {
                let mut directories: Vec<PathBuf> =
                    files.iter().filter_map(|file| file.parent()).map(Path::to_owned).collect();
                directories.retain(|directory| !directory.as_os_str().is_empty());
                directories.sort_unstable();
                directories.dedup();
                self.set_aside(&directories)?;
            }
            Plan::ReplaceBelow(directory) => self.set_aside(&[PathBuf::from(directory)])?,
            Plan::Replace | Plan::Add => {}
        }
        let mut moved: Vec<PathBuf> = Vec::with_capacity(files.len());
        for relative in &files {
            let destination = self.target.path().join(relative);
            let result = match destination.parent() {
                Some(parent) => fs::create_dir_all(parent),
                None => Ok(()),
            }
            .and_then(|()| fs::rename(self.staging.path.join(relative), &destination));
            match result {
                Ok(()) => moved.push(destination),
                Err(error) => {
                    for done in &moved {
                        let _ = fs::remove_file(done);
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn set_aside(&self, directories: &[PathBuf]) -> std::io::Result<()> {
        let aside = self.staging.aside();
        fs::create_dir(&aside)?;
        *self.staging.replaced.lock() = Some(aside.clone());
        for (index, directory) in directories.iter().enumerate() {
            let existing = self.target.path().join(directory);
            if existing.exists() {
                fs::rename(existing, aside.join(index.to_string()))?;
            }
        }
        Ok(())
    }
}

impl Commit for LocalCommit {
    fn staging(&self) -> Arc<Staging> {
        Arc::clone(&self.staging)
    }

    fn finish(self) -> SparkResult<()> {
        let marker = self.staging.path.join("_SUCCESS");
        let result = fs::write(&marker, b"").and_then(|()| match self.plan {
            Plan::Add | Plan::ReplacePartitions | Plan::ReplaceBelow(_) if self.target.path().exists() => self.add(),
            Plan::Add | Plan::ReplacePartitions | Plan::ReplaceBelow(_) | Plan::Replace => self.replace(),
        });
        result.map_err(|error| super::cannot_write(self.target.path(), error))
    }
}

/// Files below a directory, as paths from `root`.
fn collect_files(root: &Path, directory: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect_files(root, &path, files)?;
        } else if let Ok(relative) = path.strip_prefix(root) {
            files.push(relative.to_owned());
        }
    }
    Ok(())
}
