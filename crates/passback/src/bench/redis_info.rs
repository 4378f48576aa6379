//! What Redis says of itself: memory, processor time, commands that clients sent.

use std::collections::BTreeMap;

use redis::aio::ConnectionManager;

use crate::exit::Failure;

/// Commands that only clients send.
///
/// Redis counts the commands that a script calls like those that a client sends, so neither the sum of all commands
/// nor that of `HSET` or `ZADD` says how often anybody asked Redis for something. A worker and a producer reach Redis
/// by scripts and by blocking pops; these, what connections need, and what no script may call are counted instead.
const SENT_BY_CLIENTS: &[&str] = &[
    "eval",
    "evalsha",
    "eval_ro",
    "evalsha_ro",
    "fcall",
    "fcall_ro",
    "script",
    "multi",
    "exec",
    "watch",
    "ping",
    "hello",
    "auth",
    "client",
    "command",
    "subscribe",
    "psubscribe",
    "ssubscribe",
    "blpop",
    "brpop",
    "blmove",
    "blmpop",
    "bzpopmin",
    "bzmpop",
];

/// One answer of `INFO`: every field of the sections that were asked for.
#[derive(Debug)]
pub(crate) struct RedisInfo {
    fields: BTreeMap<String, String>,
}

/// What grows while Redis works, and what it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Snapshot {
    pub(crate) used_memory_bytes: u64,
    /// Of all its threads.
    pub(crate) cpu_us: f64,
    pub(crate) client_commands: u64,
}

impl RedisInfo {
    /// Asks for sections.
    pub(crate) async fn read(redis: &ConnectionManager, sections: &[&str]) -> Result<Self, Failure> {
        let text: Result<String, _> = redis::cmd("INFO").arg(sections).query_async(&mut redis.clone()).await;
        text.map(|text| Self::parse(&text)).map_err(|error| unanswered(&error))
    }

    fn parse(text: &str) -> Self {
        let fields = text.lines().filter_map(|line| line.split_once(':'));
        let fields = fields.map(|(name, value)| (name.to_owned(), value.trim_end().to_owned()));
        Self {
            fields: fields.collect(),
        }
    }

    /// A field's text; empty if Redis does not know it.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// A field that is a whole number; 0 if Redis does not know it.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or(0)
    }

    fn snapshot(&self) -> Snapshot {
        let seconds = |name| self.text(name).parse::<f64>().unwrap_or(0.0);
        Snapshot {
            used_memory_bytes: self.number("used_memory"),
            cpu_us: (seconds("used_cpu_user") + seconds("used_cpu_sys")) * 1e6,
            client_commands: self.client_commands(),
        }
    }

    fn client_commands(&self) -> u64 {
        let commands = self.fields.iter().filter_map(|(name, value)| {
            let command = name.strip_prefix("cmdstat_")?;
            // A subcommand stands behind its command: `cmdstat_script|load`.
            let command = command.split_once('|').map_or(command, |(command, _)| command);
            if !SENT_BY_CLIENTS.contains(&command) {
                return None;
            }
            let calls = value.strip_prefix("calls=")?.split(',').next()?;
            calls.parse::<u64>().ok()
        });
        commands.sum()
    }
}

impl Snapshot {
    /// Takes one.
    pub(crate) async fn take(redis: &ConnectionManager) -> Result<Self, Failure> {
        let info = RedisInfo::read(redis, &["memory", "cpu", "commandstats"]).await?;
        Ok(info.snapshot())
    }
}

pub(crate) fn unanswered(error: &redis::RedisError) -> Failure {
    // Its text may quote the address, its category does not.
    Failure::unavailable(format!("Redis did not answer: {}", error.category()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_scripts_call_is_not_counted_as_sent_by_clients() {
        let info = RedisInfo::parse(concat!(
            "# CPU\r\nused_cpu_sys:0.250000\r\nused_cpu_user:1.000000\r\n# Memory\r\nused_memory:1024\r\n",
            "# Commandstats\r\ncmdstat_evalsha:calls=10,usec=5,usec_per_call=0.50\r\n",
            "cmdstat_script|load:calls=2,usec=5\r\ncmdstat_blpop:calls=3,usec=1\r\n",
            "cmdstat_hset:calls=1000,usec=5\r\ncmdstat_info:calls=7,usec=5\r\n",
        ));
        let snapshot = info.snapshot();
        assert_eq!((snapshot.client_commands, snapshot.used_memory_bytes), (15, 1024));
        assert!((snapshot.cpu_us - 1_250_000.0).abs() < 1.0, "{snapshot:?}");
    }
}
