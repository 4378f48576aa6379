//! A loopback port that no other test of this machine takes, also while its server is down.

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::BuildHasher;
use std::net::{Ipv4Addr, TcpListener};

/// Below Linux' ephemeral range, so that no outgoing connection takes a port while its server restarts.
const FIRST_PORT: u16 = 20_000;
const PORTS: u64 = 12_000;
const MAX_TRIES: usize = 200;

/// A port, reserved by a lock on a file for as long as this value lives.
pub(crate) struct ReservedPort {
    pub(crate) number: u16,
    _lock: File,
}

/// Picks a free port at random and locks it against other tests.
pub(crate) fn reserve() -> ReservedPort {
    let folder = std::env::temp_dir().join("passback-test-ports");
    std::fs::create_dir_all(&folder).expect("the folder for port locks could not be made");
    for try_number in 0..MAX_TRIES {
        let offset = RandomState::new().hash_one(try_number) % PORTS;
        let number = FIRST_PORT + u16::try_from(offset).unwrap_or(0);
        let Ok(lock) = File::create(folder.join(number.to_string())) else {
            continue;
        };
        if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok() {
            return ReservedPort { number, _lock: lock };
        }
    }
    panic!("no free loopback port found in {MAX_TRIES} tries");
}
