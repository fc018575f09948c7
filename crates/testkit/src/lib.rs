//! firesteel-testkit
