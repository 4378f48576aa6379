//! What is simulated: tenants with their people, courses and enrolments.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::enrollment::Enrollment;
use crate::fault::Fault;
use crate::webhook::WebhookTarget;

/// The largest world file that is read.
const MAX_WORLD_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// One or more tenants, each on its own port.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct World {
    /// The tenants, `[[tenant]]` in a file.
    #[serde(rename = "tenant")]
    pub tenants: Vec<Tenant>,
}

/// One Docebo platform.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tenant {
    /// The name by which the tenant is found again.
    pub name: String,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The OAuth client that is accepted.
    pub client_id: String,
    /// That client's secret.
    pub client_secret: String,
    /// The user name that is accepted.
    pub username: String,
    /// That user's password.
    pub password: String,
    /// How long a token lives.
    pub token_seconds: u64,
    /// How many calls are answered in any hour; 0 means all.
    pub calls_per_hour: u32,
    /// How "there is no such enrolment" is answered.
    pub absent_enrollment: AbsentEnrollment,
    /// How long every answer takes at least.
    pub latency_ms: u64,
    /// Whether the credentials are refused from the start.
    pub credentials_refused: bool,
    /// Where webhooks go, `[tenant.webhook]` in a file; without it, there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<WebhookTarget>,
    /// The people, `[[tenant.user]]` in a file.
    #[serde(rename = "user")]
    pub users: Vec<User>,
    /// The courses, `[[tenant.course]]` in a file.
    #[serde(rename = "course")]
    pub courses: Vec<Course>,
    /// Who is in which course, `[[tenant.enrollment]]` in a file.
    #[serde(rename = "enrollment")]
    pub enrollments: Vec<Enrollment>,
    /// What goes wrong from the start, `[[tenant.fault]]` in a file.
    #[serde(rename = "fault")]
    pub faults: Vec<Fault>,
}

/// How a tenant answers when there is no such enrolment; Docebo's documents leave it open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsentEnrollment {
    /// Reads and writes answer 404.
    #[default]
    NotFound,
    /// Reads answer 200 without records, writes 200 with the pair in `not_updated`.
    Empty,
}

/// One person on a platform.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The id, a string on the wire.
    pub id: u64,
    /// The e-mail; need not be unique, may be empty.
    #[serde(default)]
    pub email: String,
    /// The user name; the e-mail stands in if it is empty.
    #[serde(default)]
    pub username: String,
    /// The first name.
    #[serde(default)]
    pub first_name: String,
    /// The last name.
    #[serde(default)]
    pub last_name: String,
    /// Whether the person may sign in.
    #[serde(default = "active")]
    pub active: bool,
}

/// One course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Course {
    /// The id.
    pub id: u64,
    /// The name.
    #[serde(default)]
    pub name: String,
    /// The course code.
    #[serde(default)]
    pub code: String,
}

/// Why a world cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The file cannot be read.
    #[error("the world file {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is too large to be meant.
    #[error("the world file {} is over {MAX_WORLD_FILE_BYTES} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The text is not TOML, or has an unknown, missing or wrong field.
    #[error("{place}, line {line}: {detail}")]
    Malformed {
        /// The file, or "world" for a text without one.
        place: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong, with the field's name.
        detail: String,
    },
    /// The text is well formed, but its parts do not go together.
    #[error("{place}: {detail}")]
    Invalid {
        /// The file, or "world" for a text without one.
        place: String,
        /// What is wrong, with the tenant and the field.
        detail: String,
    },
}

impl World {
    /// Reads a world from TOML and checks that its parts go together.
    pub fn from_toml(text: &str) -> Result<World, WorldError> {
        parse(text, "world")
    }

    /// Reads a world from a TOML file and checks that its parts go together.
    pub fn from_file(path: impl AsRef<Path>) -> Result<World, WorldError> {
        let path = path.as_ref();
        let unreadable = |source| WorldError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
        if bytes > MAX_WORLD_FILE_BYTES {
            return Err(WorldError::TooLarge { path: path.to_owned() });
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        parse(&text, &path.display().to_string())
    }
}

fn parse(text: &str, place: &str) -> Result<World, WorldError> {
    let world: World = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start).min(text.len());
        let before = text.get(..offset).unwrap_or_default();
        WorldError::Malformed {
            place: place.to_owned(),
            line: before.matches('\n').count() + 1,
            detail: error.message().replace('\n', " "),
        }
    })?;
    match world.complaint() {
        None => Ok(world),
        Some(detail) => Err(WorldError::Invalid {
            place: place.to_owned(),
            detail,
        }),
    }
}

impl Tenant {
    /// Names a tenant with the credentials passback/secret and integration/secret.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self {
            name: String::new(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            client_id: "passback".to_owned(),
            client_secret: "secret".to_owned(),
            username: "integration".to_owned(),
            password: "secret".to_owned(),
            token_seconds: 3_600,
            calls_per_hour: 1_000,
            absent_enrollment: AbsentEnrollment::default(),
            latency_ms: 0,
            credentials_refused: false,
            webhook: None,
            users: Vec::new(),
            courses: Vec::new(),
            enrollments: Vec::new(),
            faults: Vec::new(),
        }
    }
}

/// Leaves out secrets and people.
impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant")
            .field("name", &self.name)
            .field("listen", &self.listen)
            .field("users", &self.users.len())
            .field("enrollments", &self.enrollments.len())
            .finish_non_exhaustive()
    }
}

/// Leaves out names and the e-mail.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

fn active() -> bool {
    true
}
