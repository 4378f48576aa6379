//! Dead letters page by page and as an export, while some of them leave.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use futures::StreamExt;
use passback_queue::JobId;
use passback_server::{Role, ServerConfig};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    plans::dead_letters,
    world::{World, config, token},
};

/// Far more than any walk here needs.
const MAX_CALLS: usize = 20;

async fn redrive(world: &World, ids: &[Value]) {
    let body = json!({"ids": ids, "reason": "repaired"});
    let answer = world.post(Role::Operator, "/v1/dead-letters/redrive", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

#[tokio::test]
async fn who_repairs_a_page_and_reads_on_has_seen_every_dead_letter() {
    let world = World::start().await;
    let dead = dead_letters(&world, "a", 7, "rejected").await;
    for list in ["/v1/dead-letters?limit=2", "/v1/jobs?state=dead&limit=2"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        for _ in 0..MAX_CALLS {
            let page = world.get(&format!("{list}{cursor}")).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text);
            let page = page.json();
            let ids: Vec<Value> = page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|job| job["id"].clone())
                .collect();
            if list.starts_with("/v1/dead") && !ids.is_empty() {
                redrive(&world, &ids).await;
            }
            seen.extend(ids);
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        seen.sort_by_key(Value::to_string);
        let mut expected: Vec<Value> = dead.iter().map(|id| json!(id)).collect();
        expected.sort_by_key(Value::to_string);
        assert_eq!(seen, expected);
        world
            .work(
                passback_queue::Lane::Push,
                &passback_queue::Transition::Bury,
                "rejected",
                None,
            )
            .await;
    }
    for cursor in ["0-2", "yesterday", "-"] {
        let refused = world.get(&format!("/v1/dead-letters?cursor={cursor}")).await;
        assert_eq!(refused.json()["errors"][0]["parameter"], "cursor", "{}", refused.text);
    }
}

/// The whole lines of an export, and whether it was cut off.
async fn export(world: &World, after: Option<&str>) -> (Vec<Value>, bool) {
    let after = after.map(|cursor| format!("?after={cursor}")).unwrap_or_default();
    let request = Request::builder()
        .method(Method::GET)
        .uri(format!("/v1/dead-letters/export{after}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", token(Role::Operator)))
        .body(Body::empty())
        .unwrap();
    let response = world.app.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let (mut text, mut cut) = (Vec::new(), false);
    let mut pieces = response.into_body().into_data_stream();
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => text.extend_from_slice(&piece),
            Err(_) => cut = true,
        }
    }
    let text = String::from_utf8(text).unwrap();
    (
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        cut,
    )
}

#[tokio::test]
async fn an_export_that_is_cut_off_goes_on_behind_its_last_line_to_its_end() {
    let world = World::start().await;
    let mut dead: Vec<JobId> = Vec::new();
    for prefix in ["a", "b", "c", "d", "e"] {
        dead.extend(dead_letters(&world, prefix, 50, "rejected").await);
    }
    // A look's worth of them in each.
    let world = world.told(ServerConfig {
        max_exported_dead_letters: 1,
        ..config()
    });
    let (first, cut) = export(&world, None).await;
    assert_eq!((first.len(), cut), (200, true));
    let last = first.last().unwrap();
    // What was exported may leave, also the one at which the next export begins.
    redrive(&world, &[last["id"].clone(), first[0]["id"].clone()]).await;
    let (rest, cut) = export(&world, last["cursor"].as_str()).await;
    assert_eq!((rest.len(), cut), (50, false));
    let exported: Vec<&Value> = first.iter().chain(&rest).map(|line| &line["id"]).collect();
    let mut dead: Vec<Value> = dead.iter().map(|id| json!(id)).collect();
    // Those that died in one millisecond come by their ids.
    dead.sort_by_key(|id| exported.iter().position(|exported| *exported == id));
    assert_eq!(exported, dead.iter().collect::<Vec<_>>());
    let wrong = world
        .call_get(Role::Operator, "/v1/dead-letters/export?after=0-2")
        .await;
    assert_eq!(wrong.json()["errors"][0]["parameter"], "after", "{}", wrong.text);
}
