//! Finds the files behind the paths of a read: globs, directories without hidden entries, filters by name and age.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use firesteel_base::{SparkError, SparkResult};

use crate::location::{Location, glob_patterns, is_hidden, name_of};
use crate::options::Options;
use crate::settings::FileSettings;
use crate::temporal::{Zone, lenient_timestamp};

/// A data file.
#[derive(Clone, Debug)]
pub(crate) struct DataFile {
    pub location: Location,
    pub size: u64,
    pub modified: SystemTime,
}

/// What lies behind the paths of a read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing {
    /// In the order of the paths given, then by name.
    pub files: Vec<DataFile>,
    /// Directories below which partition directories count.
    pub base_paths: Vec<PathBuf>,
    /// Whether directories are read for partition values at all.
    pub partitioned: bool,
    /// Parquet's files of nothing but metadata, which give the schema where they exist.
    pub metadata_files: Vec<DataFile>,
}

/// Lists the files of a read. Blocking; a path that does not exist is `PATH_NOT_FOUND`.
pub(crate) fn list(paths: &[String], options: &Options, settings: &FileSettings) -> SparkResult<Listing> {
    let recursive = options.boolean("recursivefilelookup", false)?;
    let filter = FileFilter::of(options, settings)?;
    let mut listing = Listing { partitioned: !recursive, ..Listing::default() };
    for text in paths {
        for root in roots_of(text)? {
            add_root(&mut listing, &root, &filter)?;
        }
    }
    if let Some(base) = options.get("basepath") {
        listing.base_paths = vec![base_path(base, &listing)?];
    }
    Ok(listing)
}

fn roots_of(text: &str) -> SparkResult<Vec<Location>> {
    let location = Location::parse(text)?;
    let not_found = || SparkError::new("PATH_NOT_FOUND").param("path", location.qualified());
    if location.is_glob() {
        let found = location.glob();
        return if found.is_empty() { Err(not_found()) } else { Ok(found) };
    }
    if location.path().exists() { Ok(vec![location]) } else { Err(not_found()) }
}

fn add_root(listing: &mut Listing, root: &Location, filter: &FileFilter) -> SparkResult<()> {
    let metadata = std::fs::metadata(root.path()).map_err(|error| cannot_list(root.path(), error))?;
    if metadata.is_dir() {
        listing.base_paths.push(root.path().to_owned());
        return add_directory(listing, root.path(), filter);
    }
    if let Some(parent) = root.path().parent() {
        listing.base_paths.push(parent.to_owned());
    }
    if !is_hidden(&root.name()) {
        add_file(listing, root.path(), &metadata, filter)?;
    }
    Ok(())
}

fn add_directory(listing: &mut Listing, directory: &Path, filter: &FileFilter) -> SparkResult<()> {
    let entries = std::fs::read_dir(directory).map_err(|error| cannot_list(directory, error))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut directories = Vec::new();
    for path in paths {
        let name = name_of(&path);
        let is_metadata = name == "_metadata" || name == "_common_metadata";
        if is_hidden(&name) && !is_metadata {
            continue;
        }
        // An entry that vanished since the directory was read is no error: somebody else removed it.
        let Ok(metadata) = std::fs::metadata(&path) else { continue };
        if metadata.is_dir() {
            directories.push(path);
        } else if is_metadata {
            listing.metadata_files.push(data_file(&path, &metadata)?);
        } else {
            add_file(listing, &path, &metadata, filter)?;
        }
    }
    directories.iter().try_for_each(|directory| add_directory(listing, directory, filter))
}

fn add_file(listing: &mut Listing, path: &Path, metadata: &std::fs::Metadata, filter: &FileFilter) -> SparkResult<()> {
    let file = data_file(path, metadata)?;
    if filter.accepts(&file) {
        listing.files.push(file);
    }
    Ok(())
}

fn data_file(path: &Path, metadata: &std::fs::Metadata) -> SparkResult<DataFile> {
    let modified = metadata.modified().map_err(|error| cannot_list(path, error))?;
    Ok(DataFile { location: Location::from_path(path.to_owned()), size: metadata.len(), modified })
}

fn cannot_list(path: &Path, error: std::io::Error) -> SparkError {
    SparkError::new("FAILED_READ_FILE.NO_HINT").param("path", format!("file:{}", path.display())).caused_by(error)
}

fn base_path(text: &str, listing: &Listing) -> SparkResult<PathBuf> {
    let base = Location::parse(text)?;
    if !base.path().is_dir() {
        return Err(crate::options::invalid_value("basePath", text, "a directory that exists"));
    }
    match listing.files.iter().find(|file| !file.location.path().starts_with(base.path())) {
        Some(file) => {
            let expected = format!("a directory above {}", file.location.qualified());
            Err(crate::options::invalid_value("basePath", text, &expected))
        }
        None => Ok(base.path().to_owned()),
    }
}

/// `pathGlobFilter`, `modifiedBefore` and `modifiedAfter`.
struct FileFilter {
    /// Any of these; empty: all names.
    names: Vec<glob::Pattern>,
    /// Microseconds since the epoch.
    modified_before: Option<i64>,
    modified_after: Option<i64>,
}

impl FileFilter {
    fn of(options: &Options, settings: &FileSettings) -> SparkResult<Self> {
        let names = match options.get("pathglobfilter") {
            None => Vec::new(),
            Some(text) => glob_patterns(text)
                .ok_or_else(|| crate::options::invalid_value("pathGlobFilter", text, "a glob pattern"))?,
        };
        let zone = Zone::parse(options.get("timezone").unwrap_or(&settings.time_zone))?;
        let instant = |name: &str| match options.get(name) {
            None => Ok(None),
            Some(text) => match lenient_timestamp(text).and_then(|timestamp| timestamp.instant(zone)) {
                Some(instant) => Ok(Some(instant)),
                None => {
                    Err(SparkError::new("_LEGACY_ERROR_TEMP_1294").param("strategy", name).param("timeString", text))
                }
            },
        };
        Ok(Self { names, modified_before: instant("modifiedbefore")?, modified_after: instant("modifiedafter")? })
    }

    fn accepts(&self, file: &DataFile) -> bool {
        let modified = chrono::DateTime::<chrono::Utc>::from(file.modified).timestamp_micros();
        let name = file.location.name();
        (self.names.is_empty() || self.names.iter().any(|pattern| pattern.matches(&name)))
            && self.modified_before.is_none_or(|limit| modified < limit)
            && self.modified_after.is_none_or(|limit| modified > limit)
    }
}
