//! What one tenant knows, behind one lock that is never held across an await.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Moment;
use crate::enrollment::Enrollment;
use crate::fault::Fault;
use crate::fault_book::FaultBook;
use crate::ledger::Ledger;
use crate::quota::Quota;
use crate::request::{Pair, Target};
use crate::tokens::Tokens;
use crate::webhook::{self, Outbox, Signals};
use crate::world::{AbsentEnrollment, Course, Tenant, User};

/// One running tenant: what is fixed, what changes, and how it is stopped.
pub(crate) struct Platform {
    pub(crate) settings: Settings,
    state: Mutex<State>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) signals: Arc<Signals>,
}

/// What stays as the world file says.
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) token_seconds: u64,
    pub(crate) absent_enrollment: AbsentEnrollment,
    pub(crate) latency_ms: u64,
}

/// What changes while the tenant runs.
pub(crate) struct State {
    pub(crate) credentials_refused: bool,
    pub(crate) tokens: Tokens,
    pub(crate) quota: Quota,
    pub(crate) faults: FaultBook,
    pub(crate) ledger: Ledger,
    /// Writes that wait for their answer.
    pub(crate) writing: HashMap<Pair, u32>,
    pub(crate) outbox: Outbox,
    pub(crate) users: BTreeMap<u64, SearchableUser>,
    pub(crate) courses: HashMap<u64, Course>,
    pub(crate) enrollments: HashMap<Pair, Enrollment>,
    /// How often each course was reported as outdated.
    pub(crate) reports: HashMap<u64, u64>,
}

/// A user, and what a search looks at.
pub(crate) struct SearchableUser {
    pub(crate) user: User,
    /// All searched fields in lower case, one a line.
    haystack: String,
}

/// Whether a request goes on to its endpoint.
pub(crate) enum Admission {
    /// The quota is used up; the next call is allowed in so many seconds.
    OverQuota(u64),
    /// It goes on, unless a fault strikes it.
    Admitted(Option<Fault>),
}

/// One page of a user search.
pub(crate) struct Found {
    pub(crate) users: Vec<User>,
    pub(crate) total: usize,
}

impl Platform {
    pub(crate) fn new(tenant: Tenant, stop: CancellationToken, tasks: TaskTracker) -> Self {
        let signals = Arc::new(Signals::default());
        let state = State {
            credentials_refused: tenant.credentials_refused,
            tokens: Tokens::default(),
            quota: Quota::new(tenant.calls_per_hour),
            faults: FaultBook::new(tenant.faults),
            ledger: Ledger::default(),
            writing: HashMap::new(),
            outbox: Outbox::new(&tenant.name, tenant.webhook, Arc::clone(&signals)),
            users: tenant
                .users
                .into_iter()
                .map(|user| (user.id, SearchableUser::new(user)))
                .collect(),
            courses: tenant.courses.into_iter().map(|course| (course.id, course)).collect(),
            enrollments: tenant
                .enrollments
                .into_iter()
                .map(|enrollment| (pair_of(&enrollment), enrollment))
                .collect(),
            reports: HashMap::new(),
        };
        let settings = Settings {
            name: tenant.name,
            client_id: tenant.client_id,
            client_secret: tenant.client_secret,
            username: tenant.username,
            password: tenant.password,
            token_seconds: tenant.token_seconds,
            absent_enrollment: tenant.absent_enrollment,
            latency_ms: tenant.latency_ms,
        };
        Self {
            settings,
            state: Mutex::new(state),
            stop,
            tasks,
            signals,
        }
    }

    /// Takes the lock. A panic elsewhere leaves the state usable: every change is one assignment.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes one call from the quota and asks the faults.
    pub(crate) fn admit(&mut self, seq: u64, target: Target, now: Moment) -> Admission {
        if let Err(seconds) = self.quota.take(now) {
            self.ledger.counts.over_quota += 1;
            return Admission::OverQuota(seconds);
        }
        let fault = self.faults.strike(target);
        if let Some(fault) = &fault {
            self.ledger.struck(seq, fault.kind);
        }
        Admission::Admitted(fault)
    }

    /// Gives out a token, unless the credentials are refused.
    pub(crate) fn issue_token(&mut self, expires: Moment) -> Option<String> {
        if self.credentials_refused {
            return None;
        }
        self.ledger.counts.tokens_issued += 1;
        Some(self.tokens.issue(expires))
    }

    /// Finds users whose fields contain the text, whatever its case, in the order of their ids.
    pub(crate) fn search(&self, text: &str, skip: usize, take: usize) -> Found {
        let needle = text.to_lowercase();
        let mut found = Found {
            users: Vec::new(),
            total: 0,
        };
        for entry in self.users.values().filter(|entry| entry.haystack.contains(&needle)) {
            if found.total >= skip && found.users.len() < take {
                found.users.push(entry.user.clone());
            }
            found.total += 1;
        }
        found
    }

    pub(crate) fn user(&self, user_id: u64) -> Option<&User> {
        self.users.get(&user_id).map(|entry| &entry.user)
    }

    pub(crate) fn course(&self, course_id: u64) -> Option<&Course> {
        self.courses.get(&course_id)
    }

    pub(crate) fn enrollment(&self, pair: Pair) -> Option<&Enrollment> {
        self.enrollments.get(&pair)
    }

    /// Lists enrolments in the order of courses, then users.
    pub(crate) fn enrollments_where(&self, asked_for: impl Fn(Pair) -> bool) -> Vec<&Enrollment> {
        let mut found: Vec<&Enrollment> = self
            .enrollments
            .values()
            .filter(|enrollment| asked_for(pair_of(enrollment)))
            .collect();
        found.sort_by_key(|enrollment| (enrollment.course_id, enrollment.user_id));
        found
    }

    /// Changes an enrolment on behalf of a call; returns the position of the effect.
    pub(crate) fn write(&mut self, after: Enrollment, body: Value, now: Moment) -> Option<u64> {
        let pair = pair_of(&after);
        let place = self.enrollments.get_mut(&pair)?;
        let before = std::mem::replace(place, after.clone());
        if let Some(event) = webhook::by_call(&before, &after, self.outbox.echoes_unchanged()) {
            self.tell_enrollment(event, &after, now);
        }
        Some(self.ledger.took_effect(pair, before, after, body, now))
    }
}

impl SearchableUser {
    pub(crate) fn new(user: User) -> Self {
        let fields = [&user.username, &user.first_name, &user.last_name, &user.email];
        let haystack = fields.map(|field| field.to_lowercase()).join("\n");
        Self { user, haystack }
    }
}

/// Returns whose enrolment it is, and in which course.
pub(crate) fn pair_of(enrollment: &Enrollment) -> Pair {
    Pair {
        course_id: enrollment.course_id,
        user_id: enrollment.user_id,
    }
}
