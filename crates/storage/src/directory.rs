//! What happens to the directory of a table as a whole: made, emptied, moved, removed, its partitions listed.

use std::fs;
use std::path::{Path, PathBuf};

use firesteel_base::{SparkError, SparkResult, SparkSchema};

use crate::listing::list;
use crate::location::{Location, is_hidden, name_of};
use crate::options::Options;
use crate::partition::{NULL_PARTITION, escape, parse_segment};
use crate::request::FileFormat;
use crate::settings::FileSettings;
use crate::storage::{Storage, blocking};

/// Values of partition columns in the order of the columns; `None` is NULL.
pub type PartitionValues = Vec<Option<String>>;

impl Storage {
    /// Refuses formats that there are not, and columns of types that the format does not hold.
    pub fn check_format(&self, format: &str, schema: &SparkSchema) -> SparkResult<()> {
        let format = FileFormat::find(format)?;
        schema.iter().try_for_each(|field| crate::write::check_type(format, field))
    }

    /// `file:/a/b`: how a location is kept and shown.
    pub fn qualified(&self, location: &str) -> SparkResult<String> {
        Location::parse(location).map(|location| location.qualified())
    }

    pub async fn create_directory(&self, location: &str) -> SparkResult<()> {
        let location = Location::parse(location)?;
        blocking(move || fs::create_dir_all(location.path()).map_err(|error| cannot_change(location.path(), error)))
            .await
    }

    /// Whether there is nothing at the location, or an empty directory.
    pub async fn is_vacant(&self, location: &str) -> SparkResult<bool> {
        let location = Location::parse(location)?;
        blocking(move || {
            Ok(match fs::read_dir(location.path()) {
                Ok(mut entries) => entries.next().is_none(),
                Err(_) => !location.path().exists(),
            })
        })
        .await
    }

    /// Removes the directory with all that is in it; one that is not there is no error.
    pub async fn remove_directory(&self, location: &str) -> SparkResult<()> {
        let location = Location::parse(location)?;
        blocking(move || {
            // Moved aside first: readers see all of it or nothing.
            let aside = aside(location.path());
            match fs::rename(location.path(), &aside) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                Err(error) => Err(cannot_change(location.path(), error)),
                Ok(()) => fs::remove_dir_all(&aside).map_err(|error| cannot_change(&aside, error)),
            }
        })
        .await
    }

    /// Removes what is in the directory and keeps the directory.
    pub async fn clear_directory(&self, location: &str) -> SparkResult<()> {
        self.remove_directory(location).await?;
        self.create_directory(location).await
    }

    /// Moves a directory. The target must not exist.
    pub async fn move_directory(&self, from: &str, to: &str) -> SparkResult<()> {
        let (from, to) = (Location::parse(from)?, Location::parse(to)?);
        blocking(move || {
            if to.path().exists() {
                return Err(SparkError::new("LOCATION_ALREADY_EXISTS")
                    .param("location", to.qualified())
                    .param("identifier", name_of(to.path())));
            }
            if !from.path().exists() {
                return Ok(());
            }
            if let Some(parent) = to.path().parent() {
                fs::create_dir_all(parent).map_err(|error| cannot_change(parent, error))?;
            }
            fs::rename(from.path(), to.path()).map_err(|error| cannot_change(from.path(), error))
        })
        .await
    }

    /// The partitions whose directories lie below a table's, in the order of their names.
    pub async fn partitions(&self, location: &str, columns: usize) -> SparkResult<Vec<PartitionValues>> {
        let location = Location::parse(location)?;
        blocking(move || {
            let mut found = Vec::new();
            collect_partitions(location.path(), columns, &mut Vec::new(), &mut found)?;
            Ok(found)
        })
        .await
    }

    /// Bytes of the data files below a directory.
    pub async fn size_bytes(&self, location: &str) -> SparkResult<u64> {
        let path = location.to_owned();
        let listed = blocking(move || list(&[path], &Options::new(&[]), &FileSettings::default())).await;
        match listed {
            Ok(listing) => Ok(listing.files.iter().map(|file| file.size).sum()),
            Err(error) if error.condition() == "PATH_NOT_FOUND" => Ok(0),
            Err(error) => Err(error),
        }
    }
}

/// The directory of a partition, below the table's: `p=1/q=a%20b`.
pub fn partition_directory(values: &[(String, Option<String>)]) -> String {
    let segments: Vec<String> = values
        .iter()
        .map(|(name, value)| {
            let value = value.as_deref().filter(|value| !value.is_empty());
            format!("{}={}", escape(name), value.map_or_else(|| NULL_PARTITION.to_owned(), escape))
        })
        .collect();
    segments.join("/")
}

fn collect_partitions(
    directory: &Path,
    left: usize,
    values: &mut PartitionValues,
    found: &mut Vec<PartitionValues>,
) -> SparkResult<()> {
    if left == 0 {
        found.push(values.clone());
        return Ok(());
    }
    let Ok(entries) = fs::read_dir(directory) else { return Ok(()) };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    paths.sort();
    for path in paths {
        let name = name_of(&path);
        if is_hidden(&name) {
            continue;
        }
        if let Some((_, value)) = parse_segment(&name)? {
            values.push(value);
            collect_partitions(&path, left - 1, values, found)?;
            values.pop();
        }
    }
    Ok(())
}

/// A hidden name beside the directory.
fn aside(path: &Path) -> PathBuf {
    let parent = path.parent().unwrap_or_else(|| Path::new("/"));
    parent.join(format!("._removed-{}-{}", name_of(path), uuid::Uuid::new_v4()))
}

fn cannot_change(path: &Path, error: std::io::Error) -> SparkError {
    crate::write::cannot_write(path, error)
}
