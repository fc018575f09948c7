//! firesteel-cli
