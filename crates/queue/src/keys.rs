//! Every key of the queue, spelled once, for Rust and for Lua.

/// Declares the keys: a Rust constant, the name the scripts use (`K.name`), and the key after the prefix.
macro_rules! keys {
    ($($(#[$doc:meta])* $rust:ident, $lua:literal => $key:literal;)*) => {
        $(
            $(#[$doc])*
            #[allow(dead_code, reason = "some keys are touched by the scripts only")]
            pub(crate) const $rust: &str = $key;
        )*
        const LUA_NAMES: &[(&str, &str)] = &[$(($lua, $key)),*];
    };
}

keys! {
    /// Hash: job id → header line and payload. Never changes while the job lives.
    DATA, "data" => "jobs:data";
    /// Hash: job id → packed state; absent while a job has never left `ready`.
    META, "meta" => "jobs:meta";
    /// Hash: job id → one JSON line per past attempt.
    HISTORY, "history" => "jobs:history";
    /// List per lane and connector: ids ready to run, oldest at the head.
    READY, "ready" => "ready:";
    /// Sorted set per lane: connectors with ready jobs, by virtual time.
    TURNS, "turns" => "turns:";
    /// Sorted set per lane: connectors that have left their turns, by the virtual time up to which they were served.
    TURNS_LEFT, "turns_left" => "turns-left:";
    /// String per lane: the virtual time, that of the connector served last.
    TURN, "turn" => "turn:";
    /// List per lane: tokens that wake one idle worker each.
    SIGNAL, "signal" => "signal:";
    /// Sorted set per lane: connectors with ready jobs none of which may start, by the time of the next look.
    HOLDS, "holds" => "holds:";
    /// Set: connectors on hold until one of their running jobs ends.
    SLOT_WAITS, "slot_waits" => "slot-waits";
    /// Hash: connector → jobs that run, over all lanes and workers; `check:` and connector → its checks among them.
    RUNNING_COUNT, "running_count" => "connectors:running";
    /// Hash: connector → its gate; absent while it is open and nothing has failed.
    GATES, "gates" => "gates";
    /// Hash: connector → calls per hour, weight and jobs at once.
    LIMITS, "limits" => "limits";
    /// Hash: connector → the call limit that refusals have taught, and when.
    LEARNED, "learned" => "limits:learned";
    /// List per bucket and lane: when each call of the last hour was made.
    CALLS, "calls" => "calls:";
    /// Hash: what a person has paused → mode, since, until, who and why.
    PAUSES, "pauses" => "pauses";
    /// Sorted set: pauses that end by themselves, by when.
    PAUSE_ENDS, "pause_ends" => "pauses:ends";
    /// Hash: serialisation key → id of the job that runs under it or is next, and `+` if others wait.
    BUSY, "busy" => "keys:busy";
    /// Counter: jobs that wait behind a key.
    BEHIND, "behind" => "keys:behind";
    /// List per serialisation key: ready jobs that wait behind the running one.
    WAITING, "waiting" => "keys:waiting:";
    /// Sorted set: scheduled ids by due time.
    SCHEDULED, "scheduled" => "scheduled";
    /// Sorted set: parked ids by the time of their next look, `+inf` for never.
    PARKED, "parked" => "parked";
    /// Sorted set per wake key: parked ids by the time they parked.
    WAKE, "wake" => "wake:";
    /// String per wake key: when it was last woken. Expires.
    WOKEN, "woken" => "woken:";
    /// Sorted set: dead ids by the time they died.
    DEAD, "dead" => "dead";
    /// Sorted set: ids of jobs that expire unrun, by deadline.
    DEADLINES, "deadlines" => "deadlines";
    /// Hash per worker and lane: running id → packed state, a line feed, header line.
    RUNNING, "running" => "running:";
    /// Sorted set: worker incarnations by last beat.
    WORKERS, "workers" => "workers";
    /// Hash: worker incarnation → what it said about itself.
    WORKER_INFO, "worker_info" => "workers:info";
    /// String: no lease is reclaimed for lost beats before this time.
    GRACE, "grace" => "workers:grace-until";
    /// Hash per 17 minutes of creation time: finished id → its last record. Expires whole.
    FINISHED, "finished" => "finished:";
    /// Sorted set: the buckets above by their expiry, for listing.
    BUCKETS, "buckets" => "finished-buckets";
    /// String per job: the answer it ended with. Expires.
    ANSWER, "answer" => "answer:";
    /// Hash per result: its ledger row.
    LEDGER, "ledger" => "ledger:";
    /// Sorted set: results of which something is left to be done, by acceptance.
    RESULTS_OPEN, "results_open" => "results:open";
    /// Hash per subject (connector, course, person): the version in force, what Docebo held when that was last known, a
    /// write under way, what a person allowed.
    SUBJECT, "subject" => "subject:";
    /// Stream: what has become of results and checks, trimmed by age.
    EVENTS, "events" => "events";
    /// String: the id of the last event that was trimmed.
    EVENTS_GONE, "events_gone" => "events:gone";
    /// Publish channel: that there are new events.
    NEWS, "news" => "news";
    /// Stream: what Docebo has told by webhooks, trimmed by age. Its payloads are sealed.
    DOCEBO_EVENTS, "docebo_events" => "docebo-events";
    /// String: the place of the last of these events that was trimmed.
    DOCEBO_GONE, "docebo_gone" => "docebo-events:gone";
    /// Hash: id of a key that sealed such events → when it last did.
    DOCEBO_KEYS, "docebo_keys" => "docebo-events:keys";
    /// Publish channel: that there are new events of Docebo.
    DOCEBO_NEWS, "docebo_news" => "docebo-news";
    /// Hash per connector and webhook message: place of an item in it → when it was received. Expires.
    DOCEBO_SEEN, "docebo_seen" => "docebo-seen:";
    /// Hash per event of Docebo: the job that looks after it, and what that came to. Expires.
    REACTION, "reaction" => "docebo-reaction:";
    /// Sorted set per connector, platform and Docebo user: courses and subjects that were written to, by when. Expires.
    DOCEBO_USER, "docebo_user" => "docebo-user:";
    /// Hash per connector and thing at its platform: the newest event of it. Expires.
    DOCEBO_MARK, "docebo_mark" => "docebo-mark:";
    /// Hash: counters of what ended how.
    COUNTERS, "counters" => "counters";
    /// String: written to learn whether Redis takes writes. Expires.
    PROBE, "probe" => "probe";
    /// String: when leases that ran out are looked for next.
    LEASES_LOOK, "leases_look" => "leases-look";
    /// Hash per plan: what it does, who made it, how far it has come. Expires.
    PLAN, "plan" => "plan:";
    /// List per plan: the dead letters in it, frozen. Expires.
    PLAN_IDS, "plan_ids" => "plan-ids:";
    /// Sorted set: plans, by when they expire.
    PLANS, "plans" => "plans";
    /// Set: plans that run, or have ended untold.
    PLANS_RUNNING, "plans_running" => "plans:running";
    /// Publish channel: ids of checks that have just ended.
    ENDED, "ended" => "ended";
}

/// The prefix of one shard: hash tag and layout version.
pub const SHARD_PREFIX: &str = "{passback:0}:v1:";

/// The whole key for one of the names above.
pub(crate) fn key(name: &str) -> String {
    format!("{SHARD_PREFIX}{name}")
}

/// The whole key for one of the names above that ends in a variable part.
pub(crate) fn key_of(name: &str, part: &str) -> String {
    format!("{SHARD_PREFIX}{name}{part}")
}

/// The ready list of one lane and connector.
pub(crate) fn ready(lane: &str, connector: &str) -> String {
    format!("{SHARD_PREFIX}{READY}{lane}:{connector}")
}

/// The leases of one worker in one lane.
pub(crate) fn running(worker: &str, lane: &str) -> String {
    format!("{SHARD_PREFIX}{RUNNING}{worker}:{lane}")
}

/// A script's text with every `K.name` replaced by its key: a table would be built anew at each call.
pub(crate) fn spelled_out(text: &str) -> String {
    let mut names: Vec<&(&str, &str)> = LUA_NAMES.iter().collect();
    // The longest first, for one name may be how another begins.
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    names.iter().fold(text.to_owned(), |text, (name, key)| {
        text.replace(&format!("K.{name}"), &format!("'{SHARD_PREFIX}{key}'"))
    })
}
