//! Our types as the protocol's messages.

pub(crate) mod data_type;
pub(crate) mod literal;
pub(crate) mod response;
