//! Events for operators, on standard error.

use tracing_subscriber::EnvFilter;

use crate::Failure;
use crate::configuration::Configuration;

/// Starts logging for the whole process.
pub fn start(configuration: &Configuration) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&configuration.log)
        .map_err(|error| Failure(format!("{} is no log filter: {error}", configuration.log)))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if configuration.log_json { builder.json().try_init() } else { builder.try_init() };
    started.map_err(|error| Failure(error.to_string()))
}
