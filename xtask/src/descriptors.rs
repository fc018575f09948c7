//! `cargo xtask descriptors`: the description of the protocol that the server's reflection service gives, made from the
//! `.proto` files of the crate whose message types the server uses. To be run when that crate's version changes.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const PROTOCOL_CRATE: &str = "apache-spark-connect-proto";
const OUTPUT: &str = "crates/connect/descriptors/spark-connect.binpb";

pub fn run(root: &Path) -> Result<String, String> {
    let protos = protocol_directory(root)?.join("proto");
    let output = root.join(OUTPUT);
    let mut protoc = Command::new("protoc");
    protoc.arg("--proto_path").arg(&protos).arg("--include_imports").arg("--descriptor_set_out").arg(&output);
    // It imports all others but what machine learning and pipelines have.
    let made = protoc.arg("spark/connect/base.proto").status().map_err(|error| format!("protoc: {error}"))?;
    if made.success() { Ok(format!("{OUTPUT} is written")) } else { Err("protoc failed".to_owned()) }
}

/// Where cargo keeps the sources of the protocol's crate.
fn protocol_directory(root: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(["metadata", "--format-version", "1", "--locked"]).current_dir(root).output();
    let output = output.map_err(|error| format!("cargo metadata: {error}"))?;
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata.get("packages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let package = packages.iter().find(|package| package.get("name").and_then(Value::as_str) == Some(PROTOCOL_CRATE));
    let manifest = package.and_then(|package| package.get("manifest_path")).and_then(Value::as_str);
    let directory = manifest.and_then(|path| Path::new(path).parent());
    directory.map(Path::to_owned).ok_or_else(|| format!("{PROTOCOL_CRATE} is not among the dependencies"))
}
