//! Schemas that no single handler's type is: answers of several forms, and the lines of streams.

use passback_producer::{FeedEvent, Preview};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::{
    dead_letters_export::ExportedLine,
    reconcile_stream::{LastLine, LineAnswer},
    results::ReceiptView,
    verdict::Verdict,
};

/// A receipt, or of a dry run what would become of the result.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its description matters")]
pub(crate) enum HandedIn {
    /// The receipt.
    Receipt(ReceiptView),
    /// What would become of it.
    Preview(Box<Preview>),
}

/// What Docebo posts: an event, or several of one name. Any other field may be there, too.
#[derive(Serialize, ToSchema)]
pub(crate) struct DoceboMessage {
    /// The name of the event.
    event: String,
    /// Docebo's id of the message; the same id again is a duplicate.
    message_id: Option<serde_json::Value>,
    /// One event.
    payload: Option<serde_json::Value>,
    /// Several events.
    payloads: Option<serde_json::Value>,
}

/// What stands in streams, where no answer as a whole refers to it.
#[derive(OpenApi)]
#[openapi(components(schemas(Verdict, LineAnswer, LastLine<'static>, FeedEvent, ExportedLine)))]
struct Streams;

/// A description that knows what stands in streams, for the routes to be added to.
pub(crate) fn described() -> utoipa::openapi::OpenApi {
    Streams::openapi()
}
