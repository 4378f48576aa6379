//! The door: one client per connector.

use std::fmt;
use std::sync::Arc;

use reqwest::header::AUTHORIZATION;
use reqwest::{RequestBuilder, StatusCode};

use crate::answer::Answer;
use crate::call::{Calls, Endpoint};
use crate::config::{self, BuildError, ClientConfig};
use crate::course_glance::CourseGlance;
use crate::enrollment::Enrollment;
use crate::enrollment_update::{EnrollmentUpdate, Written};
use crate::failure::{Error, Failure};
use crate::guard::{Guard, GuardPost};
use crate::ids::{CourseId, UserId};
use crate::token::{Token, Tokens};
use crate::transport;
use crate::user::{User, UserPage};
use crate::user_standing::UserStanding;

/// Docebo's cap is 200; half of that keeps a page of users with many additional fields below the body limit.
const USERS_PER_PAGE: u32 = 100;
/// Tokens tried after the first: one from the shelf, and a new one.
const MAX_RENEWALS: u32 = 2;
/// A search for one address that fills more pages is not the answer to the question.
const MAX_USER_PAGES: u32 = 20;

/// A client of one Docebo platform. Clones share the token and the connections.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    guard: GuardPost,
}

struct Inner {
    http: reqwest::Client,
    base_url: String,
    tokens: Tokens,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.inner.base_url)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client; calls nothing yet.
    pub fn new(config: ClientConfig) -> Result<Self, BuildError> {
        let base = config::parse_base_url(&config.base_url)?;
        let http = transport::http_client(&config, &base)?;
        let base_url = base.as_str().trim_end_matches('/').to_owned();
        let tokens = Tokens::new(http.clone(), &base_url, config.credentials, config.shelf);
        Ok(Self {
            inner: Arc::new(Inner { http, base_url, tokens }),
            guard: GuardPost::default(),
        })
    }

    /// A clone that asks this guard, and no other, before every call.
    #[must_use]
    pub fn guarded_by(&self, guard: Arc<dyn Guard>) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            guard: GuardPost::manned_by(guard),
        }
    }

    /// Asks for a new token, whatever is cached or on the shelf, and keeps it in both places.
    pub async fn authenticate(&self, calls: &mut Calls) -> Result<(), Error> {
        self.inner.tokens.fresh(&self.guard, calls).await.map(|_| ())
    }

    /// Makes one harmless read: the first row of the user list.
    pub async fn probe(&self, calls: &mut Calls) -> Result<(), Error> {
        let url = self.users_url();
        let request = |http: &reqwest::Client| http.get(&url).query(&[("page_size", 1)]);
        self.call(Endpoint::UserSearch, calls, request, |answer| user_page(answer, ""))
            .await
            .map(|_| ())
    }

    /// The users with exactly this e-mail address, over all pages; case and outer spaces do not count.
    ///
    /// Docebo's search answers partial hits in several fields, and an e-mail address is not unique there: none,
    /// one and several are all answers.
    pub async fn users_by_email(&self, email: &str, calls: &mut Calls) -> Result<Vec<User>, Error> {
        let email = email.trim();
        let mut found: Vec<User> = Vec::new();
        if email.is_empty() {
            return Ok(found);
        }
        let url = self.users_url();
        for page in 1.. {
            let request = |http: &reqwest::Client| {
                http.get(&url)
                    .query(&[("search_text", email)])
                    .query(&[("page", page), ("page_size", USERS_PER_PAGE)])
            };
            let users = self
                .call(Endpoint::UserSearch, calls, request, |answer| {
                    bounded(user_page(answer, email)?, page)
                })
                .await?;
            for user in users.matches {
                // Rows move between pages while they are read; the same person twice is not two people.
                if !found.iter().any(|known| known.id == user.id) {
                    found.push(user);
                }
            }
            if !users.has_more {
                break;
            }
        }
        Ok(found)
    }

    /// Whether a user is let in, as far as Docebo says it of this number.
    pub async fn user_standing(&self, user: UserId, calls: &mut Calls) -> Result<UserStanding, Error> {
        let url = format!("{}/{user}", self.users_url());
        self.call(
            Endpoint::UserRead,
            calls,
            |http| http.get(&url),
            |answer| {
                let json = answer.json()?;
                UserStanding::decode(&json, user).map_err(|detail| answer.unexpected_shape(&detail))
            },
        )
        .await
    }

    /// The user's enrolment in the course, or `None` when there is none.
    pub async fn enrollment(
        &self,
        course: CourseId,
        user: UserId,
        calls: &mut Calls,
    ) -> Result<Option<Enrollment>, Error> {
        let url = self.enrollment_url(course, user);
        self.call(Endpoint::EnrollmentRead, calls, |http| http.get(&url), enrollment)
            .await
    }

    /// Writes to the user's enrolment. `Ok` means that Docebo lists it as updated.
    pub async fn update_enrollment(
        &self,
        course: CourseId,
        user: UserId,
        update: &EnrollmentUpdate,
        calls: &mut Calls,
    ) -> Result<(), Error> {
        let url = self.enrollment_url(course, user);
        let request = |http: &reqwest::Client| http.put(&url).json(update);
        self.call(Endpoint::EnrollmentWrite, calls, request, |answer| {
            written(answer, course, user)
        })
        .await
    }

    /// Looks at the first row of a course's enrolments: its name, and whether anybody is in it.
    pub async fn course_glance(&self, course: CourseId, calls: &mut Calls) -> Result<CourseGlance, Error> {
        let url = format!("{}/learn/v1/enrollments", self.inner.base_url);
        let request = |http: &reqwest::Client| {
            http.get(&url)
                .query(&[("id_course[]", course.0)])
                .query(&[("page", 1), ("page_size", 1)])
        };
        self.call(Endpoint::EnrollmentList, calls, request, |answer| {
            let json = answer.json()?;
            CourseGlance::decode(&json, course).map_err(|detail| answer.unexpected_shape(&detail))
        })
        .await
    }

    /// Makes one call with a token, after a 401 once more with another token, and reads the last answer.
    ///
    /// A token from the shelf proves nothing when it is refused too: it may be as old as the first. Then a new one
    /// decides.
    async fn call<T>(
        &self,
        endpoint: Endpoint,
        calls: &mut Calls,
        request: impl Fn(&reqwest::Client) -> RequestBuilder,
        read: impl FnOnce(&Answer) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let Inner { http, tokens, .. } = self.inner.as_ref();
        let mut token = tokens.current(&self.guard, calls).await?;
        let mut last = self.send(request(http), endpoint, &token, calls).await?;
        for renewal in 1..=MAX_RENEWALS {
            let refused = matches!(&last, Ok(answer) if answer.status == StatusCode::UNAUTHORIZED);
            if !refused || (renewal > 1 && !token.is_from_shelf()) {
                break;
            }
            token = tokens.instead_of(&token, &self.guard, calls).await?;
            last = self.send(request(http), endpoint, &token, calls).await?;
        }
        let outcome = last.and_then(|answer| read(&answer));
        self.guard.heard(endpoint, outcome.as_ref().map(|_| ())).await;
        outcome.map_err(|failure| failure.at(endpoint))
    }

    /// Sends one request, unless the guard holds it: that is the outer error, and what went wrong after it the inner.
    async fn send(
        &self,
        mut request: RequestBuilder,
        endpoint: Endpoint,
        token: &Token,
        calls: &mut Calls,
    ) -> Result<Result<Answer, Failure>, Error> {
        self.guard.ask(endpoint).await?;
        if let Some(header) = token.header() {
            request = request.header(AUTHORIZATION, header);
        }
        Ok(transport::send(request, calls.begin(endpoint), vec![token.secret()]).await)
    }

    fn users_url(&self) -> String {
        format!("{}/manage/v1/user", self.inner.base_url)
    }

    fn enrollment_url(&self, course: CourseId, user: UserId) -> String {
        format!("{}/learn/v1/enrollments/{course}/{user}", self.inner.base_url)
    }
}

fn user_page(answer: &Answer, email: &str) -> Result<UserPage, Failure> {
    let json = answer.json()?;
    UserPage::decode(&json, email).map_err(|detail| answer.unexpected_shape(&detail))
}

/// The page, unless it is the last that is read and promises more.
fn bounded(page: UserPage, number: u32) -> Result<UserPage, Failure> {
    if page.has_more && number >= MAX_USER_PAGES {
        return Err(Failure::UnexpectedShape {
            detail: format!("the search goes on after {MAX_USER_PAGES} pages"),
            excerpt: String::new(),
        });
    }
    Ok(page)
}

/// A 404 and an empty success say that there is none; a web page says nothing.
fn enrollment(answer: &Answer) -> Result<Option<Enrollment>, Failure> {
    if answer.status == StatusCode::NOT_FOUND && !answer.is_html() {
        return Ok(None);
    }
    if answer.status.is_success() && answer.is_empty() {
        return Ok(None);
    }
    let json = answer.json()?;
    Enrollment::decode(&json).map_err(|detail| answer.unexpected_shape(&detail))
}

fn written(answer: &Answer, course: CourseId, user: UserId) -> Result<(), Failure> {
    let json = answer.json()?;
    match Written::decode(&json, course, user) {
        Ok(Written::Yes) => Ok(()),
        Ok(Written::No(reason)) => Err(Failure::Rejected {
            status: answer.status.as_u16(),
            detail: answer.excerpt(&reason),
        }),
        Err(detail) => Err(answer.unexpected_shape(&detail)),
    }
}
