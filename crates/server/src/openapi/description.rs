//! The finished description, and its fingerprint.

use std::sync::OnceLock;

use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::openapi::OpenApi;

use super::finish::finish;

/// The finished description.
#[derive(Debug)]
pub(crate) struct Description {
    /// The document.
    pub(crate) document: Value,
    /// The document as it is sent.
    pub(crate) json: String,
    /// Its entity tag, quotes included.
    pub(crate) etag: String,
}

impl Description {
    /// The description of the routes. They are the same for every server of this program, so it is made once.
    pub(crate) fn of(routes: OpenApi) -> &'static Self {
        static MADE: OnceLock<Description> = OnceLock::new();
        MADE.get_or_init(|| {
            // Plain structs of texts and numbers always serialise.
            let document = finish(serde_json::to_value(routes).unwrap_or_default());
            let json = format!("{document:#}\n");
            let etag = entity_tag(&json);
            Self { document, json, etag }
        })
    }
}

/// An entity tag that changes with the text.
pub(crate) fn entity_tag(text: &str) -> String {
    let hash = hex::encode(Sha256::digest(text.as_bytes()));
    format!("\"{}\"", &hash[..32])
}
