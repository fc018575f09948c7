//! Tells tools such as `grpcurl` what may be called and with which messages.

use tonic::service::Routes;
use tonic_reflection::server::{Builder, Error};

use crate::authenticate::Authenticator;

/// Made by `cargo xtask descriptors`.
const PROTOCOL: &[u8] = include_bytes!("../descriptors/spark-connect.binpb");

/// The services with those that describe them, in both versions that tools speak.
pub(crate) fn add(routes: Routes, authenticator: &Authenticator) -> Result<Routes, Error> {
    let services = || {
        Builder::configure()
            .register_encoded_file_descriptor_set(PROTOCOL)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let (current, before) = (services().build_v1()?, services().build_v1alpha()?);
    Ok(routes.add_service(authenticator.guard(current)).add_service(authenticator.guard(before)))
}
