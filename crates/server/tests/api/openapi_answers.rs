//! What the server really answers is what the description says.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use passback_queue::{Lane, Transition};
use passback_server::Role;
use serde_json::json;

use crate::{
    openapi_document::Document,
    world::{EMAIL, JSON, NDJSON, World, result, token},
};

/// A call by an administrator, and what is wrong with its answer.
async fn check(world: &World, document: &Document, id: &str, path: &str, media_type: &str, body: String) -> u16 {
    let operation = document.operation(id);
    let answer = world
        .call(Role::Admin, operation.method.clone(), path, media_type, body)
        .await;
    let faults = document.faults_of(&operation, &answer);
    assert!(faults.is_empty(), "{id} {path}: {faults:?}\n{}", answer.text);
    answer.status.as_u16()
}

/// A server with something to show: a check with its answer, a result, a dead letter, a pause, an audit trail.
async fn busy_world() -> (World, Document, String, String) {
    let world = World::start().await;
    let document = Document::read(&world).await;
    let dead = world.dead_letter("r-dead").await.to_string();
    let asked = json!({"exam_id": "forklift-01", "email": EMAIL});
    let asked = world.post(Role::Ingest, "/v1/eligibility-checks", &asked).await;
    let check_id = asked.json()["id"].as_str().unwrap().to_owned();
    let found = json!({
        "exam_id": "forklift-01", "answer": "not_eligible", "code": "already_completed",
        "checked_at": "2026-11-22T09:30:11Z",
        "own_result": {"result_id": "r-0", "written_at": "2026-11-20T09:30:11Z"},
    });
    world
        .work(Lane::Check, &Transition::Done, "already_completed", Some(&found))
        .await;
    let waits = json!({"exam_id": "forklift-01", "email": "b.lang@example.org"});
    world.post(Role::Ingest, "/v1/eligibility-checks", &waits).await;
    world.post(Role::Ingest, "/v1/results", &result("r-1")).await;
    for path in [
        "/v1/lanes/background/pause",
        "/v1/connectors/acme/pause",
        "/v1/workers/w1/pause",
    ] {
        let paused = world
            .post(Role::Operator, path, &json!({"reason": "a test", "for": "2h"}))
            .await;
        assert_eq!(paused.status.as_u16(), 200, "{}", paused.text);
    }
    (world, document, dead, check_id)
}

#[tokio::test]
async fn what_reads_answers_as_it_is_described() {
    let (world, document, dead, check_id) = busy_world().await;
    for (id, path) in [
        ("readEligibility", format!("/v1/eligibility-checks/{check_id}")),
        ("readResult", "/v1/results/r-1".to_owned()),
        ("readResult", "/v1/results/r-dead".to_owned()),
        ("listOpenResults", "/v1/results?open=true".to_owned()),
        ("readEvents", "/v1/events".to_owned()),
        ("listJobs", "/v1/jobs".to_owned()),
        ("readJob", format!("/v1/jobs/{dead}")),
        ("explainJob", format!("/v1/jobs/{dead}/explain")),
        ("listDeadLetters", "/v1/dead-letters".to_owned()),
        ("readDeadLetter", format!("/v1/dead-letters/{dead}")),
        ("listConnectors", "/v1/connectors".to_owned()),
        ("readConnector", "/v1/connectors/acme".to_owned()),
        ("listExams", "/v1/exams".to_owned()),
        ("readExam", "/v1/exams/forklift-01".to_owned()),
        ("listLanes", "/v1/lanes".to_owned()),
        ("listWorkers", "/v1/workers".to_owned()),
        ("readStats", "/v1/stats".to_owned()),
        ("listAudit", "/v1/audit".to_owned()),
        ("listAudit", "/v1/audit?recent=true".to_owned()),
        ("listSecrets", "/v1/secrets".to_owned()),
        ("readLiveness", "/healthz".to_owned()),
        ("readReadiness", "/readyz".to_owned()),
        ("readDescription", "/openapi.json".to_owned()),
        ("readReference", "/reference".to_owned()),
        ("readMessages", "/reference/errors".to_owned()),
        ("readReferenceStyle", "/reference/style.css".to_owned()),
    ] {
        let status = check(&world, &document, id, &path, JSON, String::new()).await;
        // The private Redis of a test may forget, and the server says so.
        assert!(
            status == 200 || (id == "readReadiness" && status == 503),
            "{id}: {status}"
        );
    }
}

#[tokio::test]
async fn what_changes_answers_as_it_is_described() {
    let (world, document, dead, _) = busy_world().await;
    let reason = json!({"reason": "a test"}).to_string();
    let ids = json!({"ids": [dead, "01JD0000000000000000000000"], "reason": "a test"}).to_string();
    let exam = json!({"connector": "acme", "course_id": 147, "result_field": {"id": 4}}).to_string();
    let question = json!({"exam_id": "forklift-01", "email": "n.ew@example.org"}).to_string();
    let erasure = json!({"email": EMAIL, "reason": "asked"}).to_string();
    for (id, path, body, wanted) in [
        (
            "askEligibility",
            "/v1/eligibility-checks?wait=1ms",
            question.clone(),
            202,
        ),
        ("handInResult", "/v1/results", result("r-2").to_string(), 202),
        ("handInResult", "/v1/results", result("r-2").to_string(), 200),
        (
            "handInResult",
            "/v1/results?dry_run=true",
            result("r-3").to_string(),
            200,
        ),
        (
            "reconcile",
            "/v1/reconcile",
            json!({"result_ids": ["r-1", "r-9", 7]}).to_string(),
            200,
        ),
        ("redriveDeadLetters", "/v1/dead-letters/redrive", ids.clone(), 200),
        ("discardDeadLetters", "/v1/dead-letters/discard", ids, 200),
        ("storeExam", "/v1/exams/crane-02?dry_run=true", exam.clone(), 200),
        ("storeExam", "/v1/exams/crane-02", exam.clone(), 201),
        ("storeExam", "/v1/exams/crane-02", exam, 200),
        ("checkExam", "/v1/exams/forklift-01/check", "{}".to_owned(), 200),
        ("validateConnector", "/v1/connectors/acme/validate", String::new(), 200),
        ("resumeConnector", "/v1/connectors/acme/resume", reason.clone(), 200),
        ("resumeLane", "/v1/lanes/background/resume", reason.clone(), 200),
        ("resumeWorker", "/v1/workers/w1/resume", reason.clone(), 200),
        ("drainWorker", "/v1/workers/w1/drain", reason.clone(), 200),
        ("rotateSecrets", "/v1/secrets/rotate", reason, 200),
        ("erasePerson", "/v1/erase", erasure, 200),
        ("removeExam", "/v1/exams/crane-02?reason=over", String::new(), 204),
    ] {
        let status = check(&world, &document, id, path, JSON, body).await;
        assert_eq!(status, wanted, "{id} {path}");
    }
    let lines = format!("{}\nno json\n", result("r-4"));
    assert_eq!(
        check(&world, &document, "handInBatch", "/v1/results/batch", NDJSON, lines).await,
        200
    );
    let lines = "r-4\nr 5\n".to_owned();
    assert_eq!(
        check(&world, &document, "reconcile", "/v1/reconcile", NDJSON, lines).await,
        200
    );
}

#[tokio::test]
async fn refusals_answer_as_they_are_described() {
    let (world, document, dead, _) = busy_world().await;
    let reason = json!({"reason": "a test"}).to_string();
    for (id, path, media_type, body, wanted) in [
        ("askEligibility", "/v1/eligibility-checks", JSON, "{".to_owned(), 400),
        ("askEligibility", "/v1/eligibility-checks", JSON, "{}".to_owned(), 422),
        (
            "askEligibility",
            "/v1/eligibility-checks",
            "text/plain",
            "{}".to_owned(),
            415,
        ),
        (
            "askEligibility",
            "/v1/eligibility-checks",
            JSON,
            format!("{{\"a\":\"{}\"}}", "x".repeat(70_000)),
            413,
        ),
        (
            "handInResult",
            "/v1/results",
            JSON,
            result("r-1").to_string().replace("87", "88"),
            409,
        ),
        ("readResult", "/v1/results/r-99", JSON, String::new(), 404),
        (
            "cancelJob",
            &format!("/v1/jobs/{dead}/cancel"),
            JSON,
            reason.clone(),
            200,
        ),
        ("cancelJob", &format!("/v1/jobs/{dead}/cancel"), JSON, reason, 409),
        (
            "removeConnector",
            "/v1/connectors/acme?reason=over",
            JSON,
            String::new(),
            409,
        ),
        ("removeConnector", "/v1/connectors/acme", JSON, String::new(), 422),
        ("readEvents", "/v1/events?after=x", JSON, String::new(), 422),
        ("handInBatch", "/v1/results/batch", JSON, String::new(), 415),
    ] {
        let status = check(&world, &document, id, path, media_type, body).await;
        assert_eq!(status, wanted, "{id} {path}");
    }
    let operation = document.operation("listJobs");
    for authorization in [
        None,
        Some("Bearer nobody".to_owned()),
        Some(format!("Bearer {}", token(Role::Ingest))),
    ] {
        let request = Request::builder().method(Method::GET).uri("/v1/jobs");
        let request = match authorization {
            Some(value) => request.header(header::AUTHORIZATION, value),
            None => request,
        };
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert!([401, 403].contains(&answer.status.as_u16()));
        let faults = document.faults_of(&operation, &answer);
        assert!(faults.is_empty(), "{faults:?}\n{}", answer.text);
    }
}
