//! What this process has used of the machine.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// Processor time since the start, and memory now.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct ProcessUsage {
    cpu_us: i64,
    /// None where the system does not say.
    pub(crate) resident_bytes: Option<u64>,
}

impl ProcessUsage {
    /// As a number to calculate with.
    #[expect(clippy::cast_precision_loss, reason = "a process does not run for 2^52 microseconds")]
    pub(crate) fn cpu_us(&self) -> f64 {
        self.cpu_us as f64
    }

    /// Of this process.
    pub(crate) fn own() -> Result<Self, Failure> {
        let usage = getrusage(UsageWho::RUSAGE_SELF)
            .map_err(|error| Failure::failed(format!("the system does not say what this process uses: {error}")))?;
        let cpu = usage.user_time() + usage.system_time();
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        Ok(Self {
            cpu_us: cpu.num_microseconds(),
            resident_bytes: resident_bytes(&status),
        })
    }
}

/// The resident set of `/proc/self/status`.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_set_is_read_from_the_status() {
        assert_eq!(resident_bytes("VmPeak:\t 1 kB\nVmRSS:\t  20480 kB\n"), Some(20 << 20));
        assert_eq!(resident_bytes("VmPeak:\t 1 kB\n"), None);
    }
}
