//! What keeps a job from running, in plain English.

use passback_queue::{Blocker, Explanation, JobRecord, State};

use crate::{
    Actor, Code,
    explanation::PauseNote,
    public_time::{from_ms, shown},
};

/// Words for a blocker that the catalogue has none for.
pub(crate) struct OwnWords {
    /// Whether the catalogue's entry, if there is one, says it better.
    pub(crate) catalogue_first: bool,
    pub(crate) title: &'static str,
    pub(crate) who_acts: Actor,
    pub(crate) steps: Vec<String>,
}

/// A blocker in a word.
pub(crate) fn word(blocker: &Blocker) -> &'static str {
    match blocker {
        Blocker::Running { .. } => "running",
        Blocker::Scheduled => "scheduled",
        Blocker::Parked { .. } => "parked",
        Blocker::Dead => "dead",
        Blocker::Ended => "ended",
        Blocker::DeadlinePassed => "deadline_passed",
        Blocker::LanePaused { .. } => "lane_paused",
        Blocker::ConnectorPaused { .. } => "connector_paused",
        Blocker::GateClosed => "gate_closed",
        Blocker::GateRamping { .. } => "gate_ramping",
        Blocker::Concurrency { .. } => "concurrency",
        Blocker::Quota { .. } => "quota",
        Blocker::EgressQuota { .. } => "egress_quota",
        Blocker::Key { .. } => "key",
        Blocker::NoWorker => "no_worker",
        Blocker::Turn => "turn",
    }
}

/// Title, actor and steps of a blocker.
pub(crate) fn own_words(job: &JobRecord, blocker: &Blocker) -> OwnWords {
    let catalogue = |title, who_acts| OwnWords {
        catalogue_first: true,
        title,
        who_acts,
        steps: Vec::new(),
    };
    let own = |title, who_acts, step: String| OwnWords {
        catalogue_first: false,
        title,
        who_acts,
        steps: vec![step],
    };
    let wait = |title, step: &str| own(title, Actor::Nobody, step.to_owned());
    match blocker {
        Blocker::Running { .. } => wait(
            "Running",
            "Wait: the attempt ends by itself, or is cut off at its own limit.",
        ),
        Blocker::Scheduled => catalogue("Waits for its time", Actor::Nobody),
        Blocker::Parked { .. } => catalogue("Waits for an event", Actor::Platform),
        Blocker::Dead => catalogue("A dead letter", Actor::Platform),
        Blocker::Ended => catalogue("Ended", Actor::Nobody),
        Blocker::DeadlinePassed => catalogue("No answer in time", Actor::Platform),
        Blocker::LanePaused { .. } | Blocker::ConnectorPaused { .. } => {
            catalogue("Paused by a person", Actor::Platform)
        }
        Blocker::GateClosed => catalogue("The connector is closed", Actor::Platform),
        Blocker::Quota { .. } | Blocker::EgressQuota { .. } => catalogue("The hour's calls are used up", Actor::Nobody),
        Blocker::GateRamping { .. } => wait(
            "The connector begins again slowly",
            "Wait: each round of good jobs doubles how many may run at once.",
        ),
        Blocker::Concurrency { .. } => own(
            "The connector runs as many jobs as it may",
            Actor::Platform,
            "Wait until one of them ends, or raise max_concurrency of the connector: passback apply -f FILE."
                .to_owned(),
        ),
        Blocker::Key { .. } => wait(
            "Another job of the same person and course goes first",
            "Wait: the jobs of one person and course run one after the other.",
        ),
        Blocker::NoWorker => own(
            "No worker serves its lane",
            Actor::Platform,
            format!(
                "Start a worker with slots for the lane {}: passback worker. passback worker-list shows those that run.",
                job.lane
            ),
        ),
        Blocker::Turn => wait("It waits for its turn", "Wait: it is leased as soon as a slot is free."),
    }
}

/// What keeps a job, in a sentence.
pub(crate) fn sentence(job: &JobRecord, found: &Explanation) -> String {
    let (connector, lane) = (&job.connector, job.lane);
    let since = found
        .since_ms
        .map(|ms| format!(" since {}", at(ms)))
        .unwrap_or_default();
    let because = found.code.as_deref().map(reason).unwrap_or_default();
    match &found.blocker {
        Blocker::Running { worker } => format!("worker {worker} runs it{since}"),
        Blocker::Scheduled => scheduled(found),
        Blocker::Parked { wake } => {
            let look = found
                .release_ms
                .map(|ms| format!(", and is looked at again at {}", at(ms)));
            let event = event(wake);
            format!(
                "it is parked{since}{because}; it goes on when {event}{}",
                look.unwrap_or_default()
            )
        }
        Blocker::Dead => format!(
            "it is a dead letter{since}{because}; it runs again only if somebody lets it: `passback dead redrive {} \
             --reason TEXT`",
            job.id
        ),
        Blocker::Ended => ended(job, found),
        Blocker::DeadlinePassed => {
            let when = job.deadline_ms.map(|ms| format!(" at {}", at(ms)));
            format!(
                "its deadline passed{}: it ends without having run",
                when.unwrap_or_default()
            )
        }
        Blocker::LanePaused { note } => {
            let target = format!("lane {lane}");
            paused(&target, &format!("passback lane resume {lane}"), note, found)
        }
        Blocker::ConnectorPaused { note } => {
            let target = format!("connector {connector}");
            paused(&target, &format!("passback connector resume {connector}"), note, found)
        }
        Blocker::GateClosed => closed(connector, found),
        Blocker::GateRamping { window } => format!(
            "connector {connector} begins again slowly{since} and runs {} at once{}",
            jobs(u64::from(*window)),
            first(found.ahead)
        ),
        Blocker::Concurrency { limit } => format!(
            "connector {connector} runs no more than {} at once{}",
            jobs(u64::from(*limit)),
            first(found.ahead)
        ),
        Blocker::Quota { limit } => format!("connector {connector}{}", used_up(*limit, found)),
        Blocker::EgressQuota { limit } => format!("the workers' address{}", used_up(*limit, found)),
        Blocker::Key { holder } => format!(
            "job {holder} is of the same person and course and goes first{}",
            first(found.ahead)
        ),
        Blocker::NoWorker => format!("no live worker serves the lane {lane}{}", first(found.ahead)),
        Blocker::Turn => format!(
            "nothing keeps it: it waits for its turn and a free slot{}",
            first(found.ahead)
        ),
    }
}

fn closed(connector: &str, found: &Explanation) -> String {
    let since = found
        .since_ms
        .map(|ms| format!(" since {}", at(ms)))
        .unwrap_or_default();
    let because = found.code.as_deref().map(reason).unwrap_or_default();
    let opening = match found.release_ms {
        Some(ms) => format!("the next try is at {}", at(ms)),
        None => format!("it opens when somebody validates it: `passback connector validate {connector}`"),
    };
    format!("connector {connector} is closed{since}{because}; {opening}")
}

fn scheduled(found: &Explanation) -> String {
    let when = found.release_ms.map(at).unwrap_or_default();
    match found.code.as_deref() {
        Some(code) => format!(
            "it is tried again at {when}; its last attempt ended with: {}",
            title(code)
        ),
        None => format!("it is due at {when}"),
    }
}

fn ended(job: &JobRecord, found: &Explanation) -> String {
    let when = found.since_ms.map(|ms| format!(" at {}", at(ms))).unwrap_or_default();
    let why = found.code.as_deref().map(|code| format!(": {}", title(code)));
    let why = why.unwrap_or_default();
    match job.state {
        State::Superseded => format!("it ended{when} for a newer result{why}"),
        State::Expired => format!("it ended{when} without an answer{why}"),
        State::Discarded => format!("a person ended it{when}"),
        State::Done | State::Ready | State::Scheduled | State::Running | State::Parked | State::Dead => {
            format!("it ended{when} as done{why}")
        }
    }
}

fn paused(target: &str, command: &str, note: &str, found: &Explanation) -> String {
    let note = PauseNote::read(note);
    let since = found
        .since_ms
        .map(|ms| format!(" since {}", at(ms)))
        .unwrap_or_default();
    let end = match found.release_ms {
        Some(ms) => format!("it goes on at {}, or when somebody resumes it", at(ms)),
        None => "it goes on when somebody resumes it".to_owned(),
    };
    let (actor, why) = (note.actor, note.reason);
    format!("{target} is paused{since} by {actor} ({why}); {end}: `{command} --reason TEXT`")
}

fn used_up(limit: u32, found: &Explanation) -> String {
    let free = found
        .release_ms
        .map(|ms| format!("; calls come free from {} on", at(ms)));
    format!(
        " may make {limit} calls an hour, and they are used up or kept for other lanes{}{}",
        free.unwrap_or_default(),
        first(found.ahead)
    )
}

/// What a parked job waits for.
fn event(wake: &str) -> String {
    let (kind, rest) = wake.split_once('/').unwrap_or((wake, ""));
    match kind {
        "connector" => format!("connector {rest} works: `passback connector validate {rest}`"),
        "user" => "Docebo has a user of this e-mail".to_owned(),
        "enrollment" => "the user is enrolled in the course".to_owned(),
        "decision" => "a person has decided".to_owned(),
        "exam" => format!("the entry of exam {rest}, or of its connector, is stored again"),
        "unreadable" => "a version of passback runs that can read it".to_owned(),
        _ => "somebody looks after it".to_owned(),
    }
}

/// Why a connector is closed or a job waits, as the end of a sentence.
fn reason(code: &str) -> String {
    const PLAIN: [(Code, &str); 8] = [
        (Code::CredentialsRefused, "Docebo refuses its credentials"),
        (Code::DoceboThrottled, "Docebo asked for fewer calls"),
        (Code::DoceboUnreachable, "Docebo cannot be reached"),
        (Code::DoceboUnavailable, "Docebo says that it is not available"),
        (Code::DoceboTimedOut, "Docebo did not answer in time"),
        (Code::CertificateInvalid, "Docebo's TLS certificate is not valid"),
        (Code::Forbidden, "Docebo does not let its user do this"),
        (Code::UnexpectedPage, "Docebo answered with a web page"),
    ];
    let plain = PLAIN.iter().find(|(known, _)| known.as_str() == code);
    match plain {
        Some((_, plain)) => format!(" because {plain}"),
        None => format!(" ({})", title(code)),
    }
}

/// A code's title; the code itself where this version does not know it.
fn title(code: &str) -> &str {
    code.parse::<Code>().map_or(code, |code| code.entry().title)
}

fn first(ahead: u64) -> String {
    match ahead {
        0 => String::new(),
        1 => "; 1 job goes first".to_owned(),
        several => format!("; {several} jobs go first"),
    }
}

fn jobs(count: u64) -> String {
    if count == 1 {
        "1 job".to_owned()
    } else {
        format!("{count} jobs")
    }
}

fn at(unix_ms: u64) -> String {
    shown(from_ms(unix_ms))
}
