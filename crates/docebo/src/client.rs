//! The door: one client per connector.

use std::fmt;
use std::sync::Arc;

use reqwest::header::AUTHORIZATION;
use reqwest::{RequestBuilder, StatusCode};

use crate::answer::Answer;
use crate::call::{Calls, Endpoint};
use crate::config::{self, BuildError, ClientConfig};
use crate::enrollment::Enrollment;
use crate::enrollment_update::{EnrollmentUpdate, Written};
use crate::failure::{Error, Failure};
use crate::ids::{CourseId, UserId};
use crate::token::{Token, Tokens};
use crate::transport;
use crate::user::{User, UserPage};

/// Docebo's cap is 200; half of that keeps a page of users with many additional fields below the body limit.
const USERS_PER_PAGE: u32 = 100;
/// A search for one address that fills more pages is not the answer to the question.
const MAX_USER_PAGES: u32 = 20;

/// A client of one Docebo platform. Clones share the token and the connections.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
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
        let tokens = Tokens::new(http.clone(), &base_url, config.credentials);
        Ok(Self {
            inner: Arc::new(Inner { http, base_url, tokens }),
        })
    }

    /// Asks for a new token, whatever is cached, and caches it.
    pub async fn authenticate(&self, calls: &mut Calls) -> Result<(), Error> {
        self.inner.tokens.fresh(calls).await.map(|_| ())
    }

    /// Makes one harmless read: the first row of the user list.
    pub async fn probe(&self, calls: &mut Calls) -> Result<(), Error> {
        let url = self.users_url();
        let answer = self
            .call(Endpoint::UserSearch, calls, |http| {
                http.get(&url).query(&[("page_size", 1)])
            })
            .await?;
        user_page(&answer, "").map(|_| ())
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
        for page in 1..=MAX_USER_PAGES {
            let answer = self
                .call(Endpoint::UserSearch, calls, |http| {
                    http.get(&url)
                        .query(&[("search_text", email)])
                        .query(&[("page", page), ("page_size", USERS_PER_PAGE)])
                })
                .await?;
            let users = user_page(&answer, email)?;
            for user in users.matches {
                // Rows move between pages while they are read; the same person twice is not two people.
                if !found.iter().any(|known| known.id == user.id) {
                    found.push(user);
                }
            }
            if !users.has_more {
                return Ok(found);
            }
        }
        Err(Failure::UnexpectedShape {
            detail: format!("the search goes on after {MAX_USER_PAGES} pages"),
            excerpt: String::new(),
        }
        .at(Endpoint::UserSearch))
    }

    /// The user's enrolment in the course, or `None` when there is none.
    pub async fn enrollment(
        &self,
        course: CourseId,
        user: UserId,
        calls: &mut Calls,
    ) -> Result<Option<Enrollment>, Error> {
        let url = self.enrollment_url(course, user);
        let answer = self
            .call(Endpoint::EnrollmentRead, calls, |http| http.get(&url))
            .await?;
        if answer.status == StatusCode::NOT_FOUND && !answer.is_html() {
            return Ok(None);
        }
        if answer.status.is_success() && answer.is_empty() {
            return Ok(None);
        }
        answer
            .json()
            .and_then(|json| Enrollment::decode(&json).map_err(|detail| answer.unexpected_shape(&detail)))
            .map_err(|failure| failure.at(Endpoint::EnrollmentRead))
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
        let answer = self
            .call(Endpoint::EnrollmentWrite, calls, |http| http.put(&url).json(update))
            .await?;
        written(&answer, course, user).map_err(|failure| failure.at(Endpoint::EnrollmentWrite))
    }

    /// Makes one call with a token; after a 401 once more with another token.
    async fn call(
        &self,
        endpoint: Endpoint,
        calls: &mut Calls,
        request: impl Fn(&reqwest::Client) -> RequestBuilder,
    ) -> Result<Answer, Error> {
        let inner = &self.inner;
        let token = inner.tokens.current(calls).await?;
        let answer = send(request(&inner.http), endpoint, &token, calls).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let token = inner.tokens.instead_of(&token, calls).await?;
        let answer = send(request(&inner.http), endpoint, &token, calls).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            return Err(answer.refusal().at(endpoint));
        }
        Ok(answer)
    }

    fn users_url(&self) -> String {
        format!("{}/manage/v1/user", self.inner.base_url)
    }

    fn enrollment_url(&self, course: CourseId, user: UserId) -> String {
        format!("{}/learn/v1/enrollments/{course}/{user}", self.inner.base_url)
    }
}

async fn send(
    mut request: RequestBuilder,
    endpoint: Endpoint,
    token: &Token,
    calls: &mut Calls,
) -> Result<Answer, Error> {
    if let Some(header) = token.header() {
        request = request.header(AUTHORIZATION, header);
    }
    transport::send(request, calls.begin(endpoint), vec![token.secret()])
        .await
        .map_err(|failure| failure.at(endpoint))
}

fn user_page(answer: &Answer, email: &str) -> Result<UserPage, Error> {
    answer
        .json()
        .and_then(|json| UserPage::decode(&json, email).map_err(|detail| answer.unexpected_shape(&detail)))
        .map_err(|failure| failure.at(Endpoint::UserSearch))
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
