//! The ways in which every query of the corpus runs: whatever the mode, the answer is the same.

use firesteel_engine::EngineConfig;

/// How the engine is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As a user has it.
    Default,
    /// Batches of two rows: whatever holds state from batch to batch shows.
    TinyBatches,
    /// Memory for almost nothing: whatever can spill does.
    Spill,
    /// The plan as it was written: whatever an optimiser's rule changes shows.
    Unoptimized,
}

impl Mode {
    pub const ALL: [Self; 4] = [Self::Default, Self::TinyBatches, Self::Spill, Self::Unoptimized];

    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::TinyBatches => "tiny-batches",
            Self::Spill => "spill",
            Self::Unoptimized => "unoptimized",
        }
    }

    pub fn engine_config(self) -> EngineConfig {
        let default = EngineConfig {
            memory_bytes: 1 << 30,
            spill_directory: None,
            target_partitions: 3,
            batch_size: 8192,
            optimize: true,
        };
        match self {
            Self::Default => default,
            Self::TinyBatches => EngineConfig { batch_size: 2, ..default },
            Self::Spill => EngineConfig { memory_bytes: 4 << 20, batch_size: 64, ..default },
            Self::Unoptimized => EngineConfig { optimize: false, ..default },
        }
    }
}
