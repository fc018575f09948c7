//! The command line. Flags win over the environment, the environment over the configuration file.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser};

/// A Spark Connect server, and a SQL shell on the same engine.
#[derive(Debug, Parser)]
#[command(name = "firesteel", version, about, long_about = None)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    /// Serve Spark Connect until told to stop.
    Serve(Serve),
    /// Run SQL: one query, a file, or an interactive shell.
    Sql(Sql),
}

#[derive(Args, Debug, Default)]
pub struct Serve {
    /// Address to listen on.
    #[arg(long, env = "FIRESTEEL_ADDRESS")]
    pub address: Option<IpAddr>,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, env = "FIRESTEEL_PORT")]
    pub port: Option<u16>,
    #[command(flatten)]
    pub security: Security,
    #[command(flatten)]
    pub common: Common,
}

/// Who may connect, and how.
#[derive(Args, Debug, Default)]
pub struct Security {
    /// File with the token that clients must show.
    #[arg(long, value_name = "FILE", env = "FIRESTEEL_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// File or URL with the public keys (JWKS) of the issuer whose JSON web tokens name the users.
    #[arg(long, value_name = "FILE|URL", env = "FIRESTEEL_JWT_KEYS")]
    pub jwt_keys: Option<String>,
    /// The server's certificate (PEM).
    #[arg(long, value_name = "FILE", env = "FIRESTEEL_TLS_CERTIFICATE")]
    pub tls_certificate: Option<PathBuf>,
    /// The key of the server's certificate (PEM).
    #[arg(long, value_name = "FILE", env = "FIRESTEEL_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// Clients must show a certificate that one of these signed (PEM).
    #[arg(long, value_name = "FILE", env = "FIRESTEEL_TLS_CLIENT_ROOTS")]
    pub tls_client_roots: Option<PathBuf>,
    /// Listen beyond this machine although anyone who connects may do everything.
    #[arg(long, env = "FIRESTEEL_ALLOW_UNAUTHENTICATED")]
    pub allow_unauthenticated: bool,
    /// The origin of web pages that may connect by gRPC-web; may be given several times.
    #[arg(long = "web-origin", value_name = "ORIGIN")]
    pub web_origins: Vec<String>,
}

#[derive(Args, Debug, Default)]
pub struct Sql {
    /// Run this statement and stop.
    #[arg(short = 'e', long, value_name = "STATEMENT", conflicts_with = "file")]
    pub execute: Option<String>,
    /// Run the statements of this file, separated by semicolons, and stop.
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Run on this server instead of the embedded engine.
    #[arg(long, value_name = "sc://HOST:PORT")]
    pub remote: Option<String>,
    #[command(flatten)]
    pub common: Common,
}

/// What both commands take.
#[derive(Args, Debug, Default)]
pub struct Common {
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE", env = "FIRESTEEL_CONFIG")]
    pub config: Option<PathBuf>,
    /// Memory of all queries together, such as 8g; by default 60 % of the machine's or the control group's.
    #[arg(long, value_name = "SIZE", env = "FIRESTEEL_MEMORY")]
    pub memory: Option<String>,
    /// Directory for data that does not fit into memory.
    #[arg(long, value_name = "DIRECTORY", env = "FIRESTEEL_SPILL_DIRECTORY")]
    pub spill_directory: Option<PathBuf>,
    /// Parallelism of queries; by default the number of processors.
    #[arg(long, value_name = "N", env = "FIRESTEEL_PARALLELISM")]
    pub parallelism: Option<usize>,
    /// Which events are logged: a level, or a filter such as firesteel_connect=debug.
    #[arg(long, value_name = "FILTER", env = "FIRESTEEL_LOG")]
    pub log: Option<String>,
    /// Log events as JSON objects.
    #[arg(long, env = "FIRESTEEL_LOG_JSON")]
    pub log_json: bool,
    /// A setting that sessions begin with; may be given several times.
    #[arg(long = "conf", value_name = "KEY=VALUE")]
    pub conf: Vec<String>,
}
