//! The name of one life of one worker.

use passback_queue::{InvalidName, Name};

const MAX_HOST_CHARS: usize = 60;

/// Who a worker is: never the same twice, so that a lease of a former life is never mistaken for one of this.
#[derive(Debug, Clone)]
pub(crate) struct Incarnation {
    /// Its id in Redis: `host-pid-random`.
    pub(crate) id: Name,
    /// Where it runs.
    pub(crate) host: String,
    /// Its process there.
    pub(crate) pid: u32,
}

impl Incarnation {
    /// The incarnation of this process, with a random number of the caller's.
    pub(crate) fn of_this_process(random: u32) -> Result<Self, InvalidName> {
        Self::new(&host_name(), std::process::id(), random)
    }

    fn new(host: &str, pid: u32, random: u32) -> Result<Self, InvalidName> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let host: String = host.chars().filter(|c| plain(*c)).take(MAX_HOST_CHARS).collect();
        let host = if host.is_empty() { "host".to_owned() } else { host };
        Ok(Self {
            id: Name::new(format!("{host}-{pid}-{random:08x}"))?,
            host,
            pid,
        })
    }
}

fn host_name() -> String {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|file| std::fs::read_to_string(file).ok())
        .or_else(|| std::env::var("HOSTNAME").ok())
        .unwrap_or_default()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::Incarnation;

    #[test]
    fn the_id_names_host_process_and_life() {
        let worker = Incarnation::new("worker-1.example", 17, 0xabc).unwrap();
        assert_eq!(worker.id.as_str(), "worker-1.example-17-00000abc");
    }

    #[test]
    fn an_odd_host_name_cannot_break_the_id() {
        for host in ["", "a|b\n", "ü", &"x".repeat(1000)] {
            assert!(Incarnation::new(host, u32::MAX, u32::MAX).is_ok(), "{host:?}");
        }
    }
}
