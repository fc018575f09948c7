//! The parts of a server put together: engine, storage, sessions, and the two runtimes.

use std::path::PathBuf;
use std::sync::Arc;

use firesteel_base::config::SessionConf;
use firesteel_catalog::SqliteCatalog;
use firesteel_engine::{Engine, EngineConfig};
use firesteel_service::{Clock, Environment, Sessions};
use firesteel_storage::Storage;
use tokio::runtime::{Builder, Runtime};

use crate::Failure;
use crate::configuration::Configuration;

/// Stack of the threads that plan and run queries: deep plans are resolved by recursion.
const QUERY_STACK_BYTES: usize = 16 << 20;

/// The catalog's file in the warehouse; hidden from readers of the directory by its name.
const CATALOG_FILE: &str = ".catalog.sqlite";

/// Sessions and the runtimes they need.
pub struct Server {
    pub sessions: Arc<Sessions>,
    /// Waits: the network, timers.
    pub waiting: Runtime,
    /// Works: planning and running queries.
    pub working: Runtime,
}

impl Server {
    pub fn new(configuration: &Configuration) -> Result<Self, Failure> {
        let waiting = Builder::new_multi_thread().worker_threads(2).thread_name("firesteel-io").enable_all().build()?;
        let working = Builder::new_multi_thread()
            .worker_threads(configuration.parallelism.max(2))
            .thread_name("firesteel-query")
            .thread_stack_size(QUERY_STACK_BYTES)
            .enable_all()
            .build()?;
        let engine = Engine::new(EngineConfig {
            memory_bytes: configuration.memory_bytes,
            spill_directory: configuration.spill_directory.clone(),
            target_partitions: configuration.parallelism,
            batch_size: 8192,
            optimize: true,
        })?;
        let storage = Arc::new(Storage::new(Arc::clone(engine.runtime())));
        let conf = session_conf(configuration)?;
        let warehouse = std::path::absolute(warehouse_path(&conf)?)?;
        let location = format!("file:{}", warehouse.display());
        let environment = Environment {
            executor: Arc::new(engine),
            storage,
            catalog: Arc::new(SqliteCatalog::at(&warehouse.join(CATALOG_FILE), location.as_str())),
            warehouse: location,
            runtime: working.handle().clone(),
            clock: Clock::system(),
            limits: configuration.limits.clone(),
            conf,
        };
        Ok(Self { sessions: Sessions::new(environment), waiting, working })
    }
}

/// The directory of `spark.sql.warehouse.dir`.
fn warehouse_path(conf: &SessionConf) -> Result<PathBuf, Failure> {
    let directory = conf.warehouse_dir();
    let path = directory.strip_prefix("file:").map_or(directory.as_str(), |rest| match rest.strip_prefix("//") {
        Some(absolute) => absolute,
        None => rest,
    });
    if path.split('/').next().is_some_and(|scheme| scheme.ends_with(':')) {
        return Err(Failure(format!("the warehouse {directory} lies on no file system of this machine")));
    }
    Ok(PathBuf::from(path))
}

/// The settings that sessions begin with.
fn session_conf(configuration: &Configuration) -> Result<SessionConf, Failure> {
    let mut conf = SessionConf::new(local_time_zone());
    for (key, value) in &configuration.conf {
        conf =
            conf.with_server_setting(key, value).map_err(|error| Failure(format!("in the setting {key}: {error}")))?;
    }
    Ok(conf)
}

/// The machine's time zone: `TZ`, what `/etc/localtime` links to, or UTC.
fn local_time_zone() -> String {
    if let Some(zone) = std::env::var("TZ").ok().filter(|zone| !zone.is_empty()) {
        return zone.trim_start_matches(':').to_owned();
    }
    let link = std::fs::read_link("/etc/localtime").ok();
    let zone = link.as_deref().and_then(|path| path.to_str()).and_then(|path| path.split_once("zoneinfo/"));
    zone.map_or_else(|| "Etc/UTC".to_owned(), |(_, zone)| zone.to_owned())
}
