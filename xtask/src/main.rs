//! The project's own commands: `cargo xtask tidy` checks what the compiler cannot, `cargo xtask record` takes
//! expectations of the `.slt` corpus from Apache Spark, `cargo xtask descriptors` describes the protocol.

mod descriptors;
mod oracle;
mod record;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "The project's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check layering, lengths, module documentation, forbidden macros and links.
    Tidy {
        /// Write the list of long functions and files again: only lengths that shrank may be written.
        #[arg(long)]
        update: bool,
    },
    /// Record the expectations of .slt files again from Apache Spark.
    Record {
        /// Files, or directories of them.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Record only queries that have no expectation yet.
        #[arg(long)]
        missing: bool,
    },
    /// Write the protocol's description, of which the server's reflection service tells.
    Descriptors,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Tidy { update } => tidy::run(&root(), update),
        Command::Record { paths, missing } => record::run(&root(), &paths, missing),
        Command::Descriptors => descriptors::run(&root()),
    };
    match result {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(problems) => {
            eprintln!("{problems}");
            ExitCode::FAILURE
        }
    }
}

/// The checkout's directory, found from where the process runs: checkouts share a build directory, so that where this was
/// compiled may be another one.
fn root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    here.ancestors().find(|directory| directory.join("Cargo.lock").is_file()).unwrap_or(&here).to_owned()
}
