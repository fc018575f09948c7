//! The binary `firesteel`: wiring, configuration, signals. No business rules.

mod arguments;
mod configuration;
mod logging;
mod security;
mod serve;
mod server;
mod sql;
mod table;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Subcommand};

/// Many small arrays are made and dropped by several threads: the system's allocator is slower at that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Subcommand::Serve(options) => serve::run(&options),
        Subcommand::Sql(options) => sql::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("firesteel: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Why a command ended: text for the user.
#[derive(Debug)]
pub struct Failure(pub String);

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}
