//! What an event of Docebo's asks for: only what the reaction to it needs, and no e-mail but its keyed hash.

use jiff::Timestamp;
use passback_docebo::EnrollmentStatus;
use passback_docebo::webhook::{EnrollmentExtra, Event};
use passback_queue::Name;
use passback_registry::{ConnectorId, Vault, normalise_email};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::name::name;

/// A webhook job: do what follows from an event that Docebo told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WebhookJob {
    /// What happened.
    pub fact: Fact,
    /// When it happened, by Docebo's clock.
    pub fired_at: Option<Timestamp>,
    /// When it was received, milliseconds since 1970; none where the job was stored with it.
    #[serde(default)]
    pub received_ms: Option<u64>,
    /// The platform that it comes from; none where that was not noted.
    #[serde(default)]
    pub platform: Option<String>,
    /// Keyed hash of the event: the same event told twice has the same one.
    pub print: String,
}

/// What happened at Docebo, as far as somebody here must know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// An enrolment has changed.
    EnrollmentChanged {
        /// The event's name.
        event: String,
        /// Docebo's number of the course.
        course_id: u64,
        /// Docebo's number of the user.
        user_id: u64,
        /// The status that it has now, by its name.
        status: Option<String>,
        /// When the course was completed.
        completed_at: Option<Timestamp>,
        /// The score; Docebo writes 0 where there is none.
        score: Option<f64>,
    },
    /// Somebody was put into a course.
    EnrollmentCreated {
        /// Docebo's number of the course.
        course_id: u64,
        /// Docebo's number of the user.
        user_id: u64,
        /// Keyed hashes of what may be the user's e-mail.
        persons: Vec<String>,
    },
    /// Somebody was taken out of a course.
    EnrollmentDeleted {
        /// Docebo's number of the course.
        course_id: u64,
        /// Docebo's number of the user.
        user_id: u64,
    },
    /// A user was made, changed or let in again.
    UserThere {
        /// The event's name.
        event: String,
        /// Docebo's number of the user.
        user_id: u64,
        /// Keyed hashes of the user's e-mail, and of what else may be one.
        persons: Vec<String>,
    },
    /// A user was deleted or shut out.
    UserGone {
        /// The event's name.
        event: String,
        /// Docebo's number of the user.
        user_id: u64,
    },
    /// A course was changed, deleted or reported as outdated.
    CourseTold {
        /// The event's name.
        event: String,
        /// Docebo's number of the course.
        course_id: u64,
    },
}

impl WebhookJob {
    /// What is to be done about an event; none where nothing is, or where it does not say whom or what it is about.
    pub(crate) fn of(name: &str, payload: &Value, vault: &Vault) -> Option<Self> {
        let event = Event::read(name, payload);
        let fact = fact_of(&event, vault)?;
        Some(Self {
            fact,
            fired_at: event.fired_at(),
            received_ms: None,
            platform: None,
            print: vault.keyed_hash(&format!("event/{name}/{payload}")),
        })
    }

    /// What jobs of one thing share, so that they run one after the other.
    pub(crate) fn key(&self, connector: &ConnectorId) -> Name {
        name(&format!("webhook/{connector}/{}", self.fact.of()))
    }

    /// The thing that the event is about, with its connector and its platform.
    pub fn thing(&self, connector: &ConnectorId, platform: &str) -> Name {
        thing(connector, platform, &self.fact.of())
    }
}

impl Fact {
    /// The event's name.
    pub fn event(&self) -> &str {
        match self {
            Self::EnrollmentChanged { event, .. }
            | Self::UserThere { event, .. }
            | Self::UserGone { event, .. }
            | Self::CourseTold { event, .. } => event,
            Self::EnrollmentCreated { .. } => "course.enrollment.created",
            Self::EnrollmentDeleted { .. } => "course.enrollment.deleted",
        }
    }

    /// What it is about, by the platform's own numbers.
    fn of(&self) -> String {
        match self {
            Self::EnrollmentChanged { course_id, user_id, .. }
            | Self::EnrollmentCreated { course_id, user_id, .. }
            | Self::EnrollmentDeleted { course_id, user_id } => format!("enrollment/{course_id}/{user_id}"),
            Self::UserThere { user_id, .. } | Self::UserGone { user_id, .. } => format!("user/{user_id}"),
            Self::CourseTold { course_id, .. } => of_course(*course_id),
        }
    }
}

/// A course of a platform, as a thing of which the newest event is remembered.
pub fn course_thing(connector: &ConnectorId, platform: &str, course_id: u64) -> Name {
    thing(connector, platform, &of_course(course_id))
}

fn of_course(course_id: u64) -> String {
    format!("course/{course_id}")
}

/// The platform comes last: where a name has no place for all of it, its end goes, and never a number.
fn thing(connector: &ConnectorId, platform: &str, of: &str) -> Name {
    name(&format!("{connector}/{of}/{platform}"))
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "twelve of Docebo's seventy-one events have a consequence here, and a new one has none until it is given one"
)]
fn fact_of(event: &Event, vault: &Vault) -> Option<Fact> {
    let name = event.name().to_owned();
    let there = |user_id: Option<u64>, email: Option<&String>, username: Option<&String>| {
        Some(Fact::UserThere {
            event: name.clone(),
            user_id: user_id?,
            persons: persons([email, username], vault),
        })
    };
    let gone = |user_id: Option<u64>| {
        Some(Fact::UserGone {
            event: name.clone(),
            user_id: user_id?,
        })
    };
    let course = |course_id: Option<u64>| {
        Some(Fact::CourseTold {
            event: name.clone(),
            course_id: course_id?,
        })
    };
    match event {
        Event::CourseEnrollmentCompleted(it) => Some(Fact::EnrollmentChanged {
            event: name.clone(),
            course_id: it.course_id?,
            user_id: it.user_id?,
            // The name of the event says it where nothing else does.
            status: Some(status(it.status.as_ref()).unwrap_or_else(|| "completed".to_owned())),
            completed_at: it.completion_date,
            score: score(it.extra_data.as_ref()),
        }),
        Event::CourseEnrollmentUpdated(it) => Some(Fact::EnrollmentChanged {
            event: name.clone(),
            course_id: it.course_id?,
            user_id: it.user_id?,
            status: status(it.status.as_ref()),
            completed_at: None,
            score: score(it.extra_data.as_ref()),
        }),
        Event::CourseEnrollmentCreated(it) => Some(Fact::EnrollmentCreated {
            course_id: it.course_id?,
            user_id: it.user_id?,
            persons: persons([None, it.username.as_ref()], vault),
        }),
        Event::CourseEnrollmentDeleted(it) => Some(Fact::EnrollmentDeleted {
            course_id: it.course_id?,
            user_id: it.user_id?,
        }),
        Event::UserCreated(it) => there(it.user_id, it.email.as_ref(), it.username.as_ref()),
        Event::UserUpdated(it) => there(it.user_id, it.email.as_ref(), it.username.as_ref()),
        Event::UserReactivated(it) => there(it.user_id, it.email.as_ref(), it.username.as_ref()),
        Event::UserDeleted(it) => gone(it.user_id),
        Event::UserDeactivated(it) => gone(it.user_id),
        Event::CourseDeleted(it) => course(it.course_id),
        Event::CourseUpdated(it) => course(it.course_id),
        Event::ContentMarkedoutdated(it) => course(it.course_id),
        _ => None,
    }
}

fn status(status: Option<&EnrollmentStatus>) -> Option<String> {
    status.map(|status| status.as_str().to_owned())
}

fn score(extra_data: Option<&Map<String, Value>>) -> Option<f64> {
    EnrollmentExtra::of(extra_data).score.filter(|score| score.is_finite())
}

/// The keyed hashes of those texts that may be an e-mail address, each once.
fn persons(texts: [Option<&String>; 2], vault: &Vault) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for text in texts.into_iter().flatten().filter(|text| text.contains('@')) {
        let person = vault.email_hash(&normalise_email(text));
        if !found.contains(&person) {
            found.push(person);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use passback_docebo::webhook::{EVENT_NAMES, sample};
    use serde_json::json;

    use super::*;

    #[test]
    fn twelve_events_have_a_consequence_and_none_of_them_names_anybody() {
        let (vault, _) = Vault::generate();
        let acme: ConnectorId = "acme".parse().unwrap();
        let mut with_consequence = Vec::new();
        for name in EVENT_NAMES {
            let payload = sample(name).unwrap()["payload"].clone();
            let Some(job) = WebhookJob::of(name, &payload, &vault) else {
                continue;
            };
            let stored = serde_json::to_string(&job).unwrap();
            assert!(!stored.contains("moreau") && !stored.contains('@'), "{stored}");
            assert_eq!(serde_json::from_str::<WebhookJob>(&stored).unwrap(), job);
            assert_eq!(job.fact.event(), name);
            assert!(job.key(&acme).as_str().starts_with("webhook/acme/"));
            with_consequence.push(name);
        }
        with_consequence.sort_unstable();
        assert_eq!(
            with_consequence,
            [
                "content.markedoutdated",
                "course.deleted",
                "course.enrollment.completed",
                "course.enrollment.created",
                "course.enrollment.deleted",
                "course.enrollment.updated",
                "course.updated",
                "user.created",
                "user.deactivated",
                "user.deleted",
                "user.reactivated",
                "user.updated",
            ]
        );
    }

    #[test]
    fn a_user_name_that_is_an_address_counts_as_one_and_another_does_not() {
        let (vault, _) = Vault::generate();
        let payload = json!({"user_id": 7, "username": "R.Moreau@Example.org", "email": "r.moreau@example.org"});
        let job = WebhookJob::of("user.created", &payload, &vault).unwrap();
        let person = vault.email_hash("r.moreau@example.org");
        let told = |persons| Fact::UserThere {
            event: "user.created".to_owned(),
            user_id: 7,
            persons,
        };
        assert_eq!(job.fact, told(vec![person]));
        let plain = WebhookJob::of("user.created", &json!({"user_id": "7", "username": "r.moreau"}), &vault).unwrap();
        assert_eq!(plain.fact, told(Vec::new()));
        assert_ne!(plain.print, job.print);
    }

    #[test]
    fn an_event_that_does_not_say_whom_it_is_about_asks_for_nothing() {
        let (vault, _) = Vault::generate();
        for (name, payload) in [
            ("user.created", json!({"username": "r.moreau"})),
            ("course.deleted", json!(null)),
            ("course.enrollment.completed", json!({"user_id": 7})),
            ("some.future.event", json!({"user_id": 7, "course_id": 9})),
        ] {
            assert_eq!(WebhookJob::of(name, &payload, &vault), None, "{name}");
        }
    }
}
