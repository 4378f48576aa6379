//! `GET /manage/v1/user/{user}`.

use axum::body::Body;
use axum::http::{Response, Uri};
use serde_json::json;

use crate::docebo::wire;
use crate::state::Platform;

/// Answers one user; here the number is one, and so is the status.
pub(super) fn read(platform: &Platform, uri: &Uri) -> Response<Body> {
    let id = uri.path().rsplit('/').next().and_then(|id| id.parse().ok());
    let Some(user) = id.and_then(|id: u64| platform.state().user(id).cloned()) else {
        return wire::not_found("User not found.");
    };
    wire::success(json!({"user_data": {
        "user_id": user.id,
        "username": user.username,
        "firstname": user.first_name,
        "lastname": user.last_name,
        "email": user.email,
        "status": u8::from(user.active),
    }}))
}
