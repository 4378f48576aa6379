//! The id in a path.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use passback_producer::Code;

use crate::problem::Problem;

/// The id in a path; what is no text names nothing that there is.
pub(crate) struct PathId(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = Path::<String>::from_request_parts(parts, state).await;
        id.map(|Path(id)| Self(id))
            .map_err(|_| Problem::new(Code::NotFound, "The id in the path is not UTF-8, so nothing has it."))
    }
}
