//! Nothing: only its list of dependencies matters. It gives shared dependencies the same features whichever crate is
//! built, so that building one crate after another does not build the engine again.
