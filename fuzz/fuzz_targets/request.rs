//! Any bytes as a request to execute a plan. They are decoded or refused; decoding does not panic, overflow the stack or
//! take long.

#![no_main]

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use firesteel_base::config::SessionConf;
use firesteel_catalog::SqliteCatalog;
use firesteel_connect::decode_request;
use firesteel_engine::{Engine, EngineConfig};
use firesteel_service::{Clock, Environment, Limits, Session, Sessions};
use firesteel_storage::Storage;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;

const WAREHOUSE: &str = "file:/nonexistent/warehouse";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

static SESSION: LazyLock<Arc<Session>> = LazyLock::new(|| {
    let engine = Engine::new(EngineConfig {
        memory_bytes: 64 << 20,
        spill_directory: None,
        target_partitions: 1,
        batch_size: 1024,
        optimize: true,
    })
    .expect("an engine");
    let storage = Arc::new(Storage::new(Arc::clone(engine.runtime())));
    let sessions = Sessions::new(Environment {
        executor: Arc::new(engine),
        storage,
        catalog: Arc::new(SqliteCatalog::in_memory(WAREHOUSE)),
        warehouse: WAREHOUSE.to_owned(),
        runtime: RUNTIME.handle().clone(),
        clock: Clock::system(),
        limits: Limits::default(),
        conf: SessionConf::default(),
    });
    sessions.create("fuzz").expect("a session")
});

fuzz_target!(|data: &[u8]| {
    let _ = decode_request(&SESSION, Bytes::copy_from_slice(data));
});
