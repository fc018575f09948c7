//! firesteel-connect
