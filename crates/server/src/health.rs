//! Is the process alive, and can it do its work?

use axum::{Json, extract::State};
use passback_producer::Code;
use serde_json::{Value, json};

use crate::{problem::Problem, state::App};

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// `GET /readyz`: Redis answers, and keeps what it is given.
pub(crate) async fn ready(State(app): State<App>) -> Result<Json<Value>, Problem> {
    app.queue().ping().await?;
    if !app.config.allow_unsafe_redis {
        let hazards = app.queue().safety().await?.hazards;
        if !hazards.is_empty() {
            let words: Vec<String> = hazards.iter().map(ToString::to_string).collect();
            let detail = format!("Redis answers, but is not safe to use: {}.", words.join("; "));
            return Err(Problem::new(Code::StoreUnavailable, detail));
        }
    }
    Ok(Json(json!({"status": "ready"})))
}
