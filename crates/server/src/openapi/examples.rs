//! Examples of requests and answers. Every one is checked against its schema by the tests.

use serde_json::{Value, json};

const CHECK: &str = "01JDA0Z7QK8M6W3E5R9T2Y4V1X";
const JOB: &str = "01JDA104C9N7P2S5T8V1W3X6Y0";

/// Adds an operation's examples, and what each line of its streams is.
pub(super) fn add(operation: &mut Value) {
    let Some(id) = operation["operationId"].as_str().map(str::to_owned) else {
        return;
    };
    let bodies = operation
        .pointer_mut("/requestBody/content")
        .and_then(Value::as_object_mut);
    for (media_type, content) in bodies.into_iter().flatten() {
        if let Some(example) = request(&id, media_type) {
            content["example"] = example;
        }
    }
    let answers = operation.get_mut("responses").and_then(Value::as_object_mut);
    for (status, answer) in answers.into_iter().flatten() {
        let contents = answer.get_mut("content").and_then(Value::as_object_mut);
        for (media_type, content) in contents.into_iter().flatten() {
            if let Some(example) = response(&id, status, media_type) {
                content["example"] = example;
            }
            if let Some(schemas) = lines(&id, media_type) {
                content["x-passback-lines"] = schemas;
            }
        }
    }
}

/// The schemas that a line of a stream may have.
fn lines(id: &str, media_type: &str) -> Option<Value> {
    let names: &[&str] = match (id, media_type) {
        ("handInBatch", "application/x-ndjson") => &["BatchVerdict"],
        ("readDoceboEvents", "text/event-stream") => &["DoceboEventView"],
        ("exportDeadLetters", "application/x-ndjson") => &["ExportedDeadLetter"],
        ("reconcile", "application/x-ndjson") => &["ReconcileLine", "BatchVerdict", "ReconcileLastLine"],
        ("readEvents", "text/event-stream") => &["FeedEvent"],
        _ => return None,
    };
    let refs = names
        .iter()
        .map(|name| json!({"$ref": format!("#/components/schemas/{name}")}));
    Some(refs.collect())
}

fn result() -> Value {
    json!({
        "result_id": "r-1842", "exam_id": "forklift-01", "email": "r.moreau@example.org",
        "outcome": "passed", "score_percent": 87, "completed_at": "2026-11-20T09:30:11Z",
    })
}

fn request(id: &str, media_type: &str) -> Option<Value> {
    let reason = || json!({"reason": "agreed with the academy's administrator"});
    let pause = || json!({"reason": "maintenance at the academy", "for": "2h"});
    Some(match (id, media_type) {
        ("askEligibility", _) => json!({"exam_id": "forklift-01", "email": "r.moreau@example.org"}),
        ("handInResult", _) => result(),
        ("handInBatch", _) => json!(format!("{}\n", result())),
        ("decideResult", _) => json!({
            "decision": "write_ours",
            "reason": "the score at Docebo was typed by mistake",
            "seen": "2026-11-21T08:00:00.000Z",
        }),
        ("reconcile", "application/json") => json!({"result_ids": ["r-1842", "r-1843"]}),
        ("reconcile", _) => json!("r-1842\nr-1843\n"),
        (
            "cancelJob" | "resumeConnector" | "resumeLane" | "resumeWorker" | "drainWorker" | "stopPlan"
            | "revokeToken",
            _,
        ) => reason(),
        ("pauseConnector" | "pauseLane" | "pauseWorker", _) => pause(),
        ("redriveDeadLetters" | "discardDeadLetters", _) => json!({"ids": [JOB], "reason": "the course is back"}),
        ("planDeadLetters", _) => json!({"filter": {"connector": "acme", "code": "rejected"}, "action": "redrive"}),
        ("receiveWebhook", _) => json!({
            "event": "course.enrollment.completed",
            "message_id": "wh-20260211-093012-5b0f",
            "payload": {"fired_at": "2026-02-11 09:30:12", "user_id": 13827, "course_id": 146, "status": "completed"},
        }),
        ("replayDoceboEvents", _) => json!({"ids": ["1763803815000-0"], "reason": "after the fix"}),
        ("createToken", _) => json!({"name": "exam-engine", "role": "ingest", "expires_in": "90d"}),
        ("storeConnector", _) => json!({
            "name": "Acme Academy",
            "domain": "acme.docebosaas.com",
            "client_id": "passback",
            "client_secret": "the secret of the OAuth client",
            "username": "integration",
            "password": "the password of that user",
            "calls_per_hour": 1000,
            "webhook": {"username": "docebo", "password": "the password that Docebo sends"},
        }),
        ("storeExam", _) => json!({
            "name": "Forklift driving",
            "connector": "acme",
            "course_id": 146,
            "on_failed": "in_progress",
            "version_policy": "pass_sticky",
        }),
        ("checkExam", _) => json!({"email": "r.moreau@example.org"}),
        ("rotateSecrets", _) => json!({"reason": "the yearly change of keys"}),
        ("erasePerson", _) => {
            json!({"email": "r.moreau@example.org", "reason": "asked by the candidate", "dry_run": false})
        }
        _ => return None,
    })
}

fn response(id: &str, status: &str, media_type: &str) -> Option<Value> {
    Some(match (id, status, media_type) {
        ("askEligibility", "202", _) => json!({"id": CHECK, "exam_id": "forklift-01", "state": "waiting"}),
        ("askEligibility" | "readEligibility", "200", _) => check(),
        ("handInResult", "202", _) => receipt("accepted"),
        ("handInResult", "200", _) => receipt("already_accepted"),
        ("handInBatch", "200", _) => json!(format!(
            "{}\n",
            json!({"line": 1, "result_id": "r-1842", "status": "accepted", "job_id": JOB})
        )),
        ("readResult" | "decideResult", "200", _) => result_view(),
        ("reconcile", "200", "application/json") => json!({
            "summary": {"asked": 2, "missing": 1, "pending": 0, "dead": 0, "delivered": 1, "ended": 0, "invalid": 0},
            "missing": ["r-1843"], "pending": [], "dead": [], "ended": [], "invalid": [],
        }),
        ("reconcile", "200", _) => json!(format!(
            "{}\n{}\n",
            json!({"line": 1, "result_id": "r-1843", "status": "missing", "state": null, "code": null}),
            json!({"summary": {"asked": 1, "missing": 1, "pending": 0, "dead": 0, "delivered": 0, "ended": 0, "invalid": 0}}),
        )),
        ("readEvents", "200", "application/json") => json!({
            "events": [event()], "next_cursor": "1763803815000-0", "more": false,
        }),
        ("readEvents", "200", _) => json!(format!("id: 1763803815000-0\nevent: result\ndata: {}\n\n", event())),
        ("readLiveness", "200", _) => json!({"status": "ok"}),
        ("readReadiness", "200", _) => json!({"status": "ready"}),
        ("receiveWebhook", "200", _) => json!({"stored": 1, "duplicates": 0}),
        ("cancelJob", "200", _) => json!({"id": JOB, "status": "discarded"}),
        ("redriveDeadLetters", "200", _) => json!({"changed": 1, "items": [{"id": JOB, "status": "ready"}]}),
        ("discardDeadLetters", "200", _) => json!({"changed": 1, "items": [{"id": JOB, "status": "discarded"}]}),
        ("storeExam", "200", _) => json!({
            "id": "forklift-01", "dry_run": false, "change": "updated",
            "diff": ["course_id: 145 -> 146"], "released_jobs": 2,
        }),
        ("listAudit", "200", _) => json!({
            "items": [{
                "cursor": "1763803815000-0", "at": "2026-11-22T09:30:15Z", "actor": "ann", "action": "connector.paused",
                "target": "connector acme", "reason": "maintenance at the academy", "detail": null,
            }],
            "next_cursor": null,
        }),
        _ => return None,
    })
}

fn check() -> Value {
    json!({
        "id": CHECK, "exam_id": "forklift-01", "state": "final", "answer": "not_eligible", "code": "user_not_found",
        "title": "User not found", "explanation": "No user of the Docebo platform has this e-mail.",
        "who_acts": "candidate", "resolution": ["Check the spelling of the e-mail."],
        "checked_at": "2026-11-22T09:30:11Z",
    })
}

fn receipt(status: &str) -> Value {
    json!({"result_id": "r-1842", "job_id": JOB, "state": "accepted", "status": status})
}

fn result_view() -> Value {
    json!({
        "result_id": "r-1842", "exam_id": "forklift-01", "connector": "acme", "outcome": "passed", "score_percent": 87,
        "completed_at": "2026-11-20T09:30:11Z", "state": "parked", "code": "credentials_refused",
        "title": "Docebo authentication is not valid",
        "explanation": "Docebo refuses the credentials of the connector.",
        "who_acts": "organisation_admin", "resolution": ["Enter valid credentials, then validate the connector."],
        "superseded_by": null, "job_id": JOB, "attempts": 1, "course_id": 146, "sequence": null, "next_at": null,
        "steps": [
            {"at": "2026-11-22T09:30:11.412Z", "step": "accepted"},
            {"at": "2026-11-22T09:30:12.018Z", "step": "parked", "code": "credentials_refused"},
        ],
    })
}

fn event() -> Value {
    json!({
        "cursor": "1763803815000-0", "at": "2026-11-22T09:30:15Z", "type": "result", "result_id": "r-1842",
        "exam_id": "forklift-01", "connector": "acme", "outcome": "passed", "state": "verified", "code": null,
        "title": null, "superseded_by": null,
    })
}
