//! What a request asks for, read from its method and path.

use axum::http::Method;
use serde::{Deserialize, Serialize};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `POST /oauth2/token`.
    Token,
    /// `GET /manage/v1/user`.
    UserSearch,
    /// `GET /manage/v1/user/{user}`.
    UserRead,
    /// `GET /learn/v1/enrollments/{course}/{user}`.
    EnrollmentRead,
    /// `PUT /learn/v1/enrollments/{course}/{user}`.
    EnrollmentWrite,
    /// `GET /learn/v1/enrollments`.
    EnrollmentList,
    /// Anything else; answered 404.
    Other,
}

/// One user in one course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pair {
    pub(crate) course_id: u64,
    pub(crate) user_id: u64,
}

/// What a request asks for, and about whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) endpoint: Endpoint,
    pub(crate) pair: Option<Pair>,
}

impl Target {
    /// Reads method and path; whatever Docebo would not know is `Other`.
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        match segments.as_slice() {
            ["oauth2", "token"] if method == Method::POST => Self::without_pair(Endpoint::Token),
            ["manage", "v1", "user"] if method == Method::GET => Self::without_pair(Endpoint::UserSearch),
            ["manage", "v1", "user", user] if method == Method::GET && user.parse::<u64>().is_ok() => {
                Self::without_pair(Endpoint::UserRead)
            }
            ["learn", "v1", "enrollments"] if method == Method::GET => Self::without_pair(Endpoint::EnrollmentList),
            ["learn", "v1", "enrollments", course, user] => {
                let endpoint = if method == Method::GET {
                    Endpoint::EnrollmentRead
                } else if method == Method::PUT {
                    Endpoint::EnrollmentWrite
                } else {
                    return Self::without_pair(Endpoint::Other);
                };
                match (course.parse(), user.parse()) {
                    (Ok(course_id), Ok(user_id)) => Self {
                        endpoint,
                        pair: Some(Pair { course_id, user_id }),
                    },
                    (Err(_), _) | (_, Err(_)) => Self::without_pair(Endpoint::Other),
                }
            }
            _ => Self::without_pair(Endpoint::Other),
        }
    }

    fn without_pair(endpoint: Endpoint) -> Self {
        Self { endpoint, pair: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_docebo_offers_is_recognised() {
        let of = |method: &str, path: &str| Target::of(&Method::from_bytes(method.as_bytes()).unwrap(), path);
        assert_eq!(of("POST", "/oauth2/token").endpoint, Endpoint::Token);
        assert_eq!(of("GET", "/manage/v1/user").endpoint, Endpoint::UserSearch);
        assert_eq!(of("GET", "/manage/v1/user/7").endpoint, Endpoint::UserRead);
        assert_eq!(of("GET", "/learn/v1/enrollments").endpoint, Endpoint::EnrollmentList);
        let pair = Some(Pair {
            course_id: 146,
            user_id: 7,
        });
        let read = Target {
            endpoint: Endpoint::EnrollmentRead,
            pair,
        };
        assert_eq!(of("GET", "/learn/v1/enrollments/146/7"), read);
        let write = Target {
            endpoint: Endpoint::EnrollmentWrite,
            pair,
        };
        assert_eq!(of("PUT", "/learn/v1/enrollments/146/7"), write);
        for (method, path) in [
            ("GET", "/oauth2/token"),
            ("POST", "/manage/v1/user"),
            ("GET", "/manage/v1/user/seven"),
            ("DELETE", "/learn/v1/enrollments/146/7"),
            ("PUT", "/learn/v1/enrollments"),
            ("GET", "/learn/v1/enrollments/146/seven"),
            ("GET", "/learn/v1/enrollments/146/7/"),
            ("GET", "/"),
        ] {
            assert_eq!(of(method, path).endpoint, Endpoint::Other, "{method} {path}");
        }
    }
}
