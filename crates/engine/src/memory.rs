//! How much memory there is: the machine's or the control group's, whichever is less.

use std::fs;

/// The share of the memory that the engine's pool takes unless the configuration says otherwise. The rest is for what
/// the pool does not count: batches in flight, response buffers, the allocator.
pub const DEFAULT_SHARE: f64 = 0.6;

/// Assumed where nothing can be found out.
const FALLBACK_BYTES: u64 = 4 << 30;

/// Bytes of memory that this process may use.
pub fn available_bytes() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| meminfo_total(&text));
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    machine.into_iter().chain(group).min().unwrap_or(FALLBACK_BYTES)
}

/// Bytes of the pool when nothing is configured.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a share of a size need not be exact"
)]
pub fn default_pool_bytes() -> usize {
    (available_bytes() as f64 * DEFAULT_SHARE) as usize
}

fn meminfo_total(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::{available_bytes, default_pool_bytes, meminfo_total};

    #[test]
    fn reads_the_machines_memory() {
        assert_eq!(meminfo_total("MemFree: 1 kB\nMemTotal:       2048 kB\n"), Some(2048 * 1024));
        assert!(default_pool_bytes() > 0);
        assert!(available_bytes() >= default_pool_bytes() as u64);
    }
}
