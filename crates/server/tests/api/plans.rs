//! Plans: a frozen set of dead letters that is gone through at a pace, watched and stopped.

use axum::http::{Method, StatusCode, header};
use passback_queue::{JobId, Lane, State, Transition};
use passback_server::Role;
use serde_json::{Value, json};

use crate::world::{Answer, JSON, World, result};

/// Dead letters of different people, so that none waits for another one's key.
pub(crate) async fn dead_letters(world: &World, prefix: &str, count: usize, code: &str) -> Vec<JobId> {
    let mut ids = Vec::new();
    for number in 0..count {
        let mut result = result(&format!("{prefix}-{number}"));
        result["email"] = json!(format!("{prefix}-{number}@example.org"));
        let answer = world.post(Role::Ingest, "/v1/results", &result).await;
        ids.push(answer.json()["job_id"].as_str().unwrap().parse().unwrap());
    }
    world.work(Lane::Push, &Transition::Bury, code, None).await;
    ids
}

async fn plan(world: &World, body: &Value) -> Value {
    let answer = world.post(Role::Operator, "/v1/dead-letters/plan", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let plan = answer.json();
    let place = format!("/v1/dead-letters/plans/{}", plan["id"].as_str().unwrap());
    assert_eq!(answer.header(header::LOCATION), place);
    plan
}

async fn start(world: &World, action: &str, plan: &Value, per_second: u32) -> Answer {
    let body = json!({"plan": plan["id"], "reason": "the course is repaired", "per_second": per_second});
    world
        .post(Role::Operator, &format!("/v1/dead-letters/{action}"), &body)
        .await
}

fn path(plan: &Value) -> String {
    format!("/v1/dead-letters/plans/{}", plan["id"].as_str().unwrap())
}

/// The plan once it does not run any more.
async fn ended(world: &World, plan: &Value) -> Value {
    let answer = world.get(&format!("{}?wait=20s", path(plan))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

/// What the trail says of a plan, once it says as much as this.
async fn trail(world: &World, plan: &Value, last: &str) -> Vec<Value> {
    let target = format!("plan {}", plan["id"].as_str().unwrap());
    loop {
        let page = world.call_get(Role::Admin, "/v1/audit?limit=500").await.json();
        let entries = page["items"].as_array().unwrap().iter();
        let entries: Vec<Value> = entries.filter(|entry| entry["target"] == target).cloned().collect();
        if entries.last().is_some_and(|entry| entry["action"] == last) {
            return entries;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_plan_changes_nothing_and_what_dies_later_is_not_in_it() {
    let world = World::start().await;
    let dead = dead_letters(&world, "a", 3, "rejected").await;
    dead_letters(&world, "b", 2, "exhausted").await;
    let planned = plan(&world, &json!({"filter": {"code": "rejected"}, "action": "redrive"})).await;
    assert_eq!(
        (planned["state"].as_str(), planned["count"].as_u64()),
        (Some("planned"), Some(3))
    );
    assert_eq!(planned["left"], 3);
    assert_eq!(planned["more"], false);
    assert_eq!(planned["filter"], json!({"code": "rejected"}));
    assert_eq!(planned["created_by"], "the-operator");
    assert_eq!(planned["groups"][0]["count"], 3);
    assert_eq!(planned["groups"][0]["code"], "rejected");
    assert_eq!(planned["samples"][0]["id"], json!(dead[0]));
    assert!(!planned.to_string().contains("@example.org"), "{planned}");

    let later = dead_letters(&world, "c", 2, "rejected").await;
    let answer = start(&world, "redrive", &planned, 1000).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    assert_eq!(answer.header(header::LOCATION), path(&planned));
    assert_eq!(answer.json()["state"], "running");
    let ended = ended(&world, &planned).await;
    assert_eq!(
        (&ended["state"], &ended["done"], &ended["skipped"], &ended["left"]),
        (&json!("finished"), &json!(3), &json!(0), &json!(0))
    );
    assert_eq!(
        (&ended["by"], &ended["reason"]),
        (&json!("the-operator"), &json!("the course is repaired"))
    );
    for id in &dead {
        assert_eq!(world.state(*id).await, State::Ready);
    }
    for id in &later {
        assert_eq!(world.state(*id).await, State::Dead);
    }
    let history = world.get(&format!("/v1/jobs/{}", dead[1])).await.json()["history"].clone();
    let step = history.as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&step["outcome"], &step["actor"], &step["reason"]),
        (
            &json!("redriven"),
            &json!("the-operator"),
            &json!("the course is repaired")
        )
    );
    let entries = trail(&world, &planned, "dead_letter.plan_finished").await;
    let said: Vec<(&str, &str)> = entries
        .iter()
        .map(|entry| (entry["action"].as_str().unwrap(), entry["detail"].as_str().unwrap()))
        .collect();
    assert_eq!(
        said,
        [
            ("dead_letter.plan_started", "redrive: 3 of 3 left, 1000 per second"),
            ("dead_letter.plan_finished", "redrive: 3 done, 0 skipped, 0 left of 3"),
        ]
    );
    assert_eq!(entries[1]["actor"], "the-operator");
}

#[tokio::test]
async fn a_plan_touches_only_what_is_still_the_dead_letter_that_was_planned() {
    let world = World::start().await;
    let dead = dead_letters(&world, "a", 4, "rejected").await;
    let planned = plan(
        &world,
        &json!({"filter": {"connector": "acme", "lane": "push"}, "action": "discard"}),
    )
    .await;
    // One is redriven by hand and waits; one is redriven and dies again, of something else.
    let by_hand = json!({"ids": [dead[0]], "reason": "by hand"});
    world.post(Role::Operator, "/v1/dead-letters/redrive", &by_hand).await;
    world.work(Lane::Push, &Transition::Bury, "exhausted", None).await;
    let by_hand = json!({"ids": [dead[1]], "reason": "by hand"});
    world.post(Role::Operator, "/v1/dead-letters/redrive", &by_hand).await;

    let wrong = start(&world, "redrive", &planned, 1000).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text);
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/plan");
    assert_eq!(
        start(&world, "discard", &planned, 1000).await.status,
        StatusCode::ACCEPTED
    );
    let ended = ended(&world, &planned).await;
    assert_eq!((&ended["done"], &ended["skipped"]), (&json!(2), &json!(2)), "{ended}");
    let states = [State::Dead, State::Ready, State::Discarded, State::Discarded];
    for (id, state) in dead.iter().zip(states) {
        assert_eq!(world.state(*id).await, state, "{id}");
    }
    let again = start(&world, "discard", &planned, 1000).await;
    assert_eq!(
        (again.status, again.json()["code"].clone()),
        (StatusCode::CONFLICT, json!("plan_finished"))
    );
    let violations = world.queue.violations().await.unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
}

#[tokio::test]
async fn a_running_plan_is_watched_stopped_and_goes_on_where_it_was() {
    let world = World::start().await;
    let dead = dead_letters(&world, "a", 30, "rejected").await;
    let planned = plan(&world, &json!({"filter": {}, "action": "redrive"})).await;
    let stop = format!("{}/stop", path(&planned));
    let why = json!({"reason": "it fails again"});
    let early = world.post(Role::Operator, &stop, &why).await;
    assert_eq!(
        (early.status, early.json()["code"].clone()),
        (StatusCode::CONFLICT, json!("plan_not_running"))
    );

    assert_eq!(start(&world, "redrive", &planned, 1).await.status, StatusCode::ACCEPTED);
    let same = start(&world, "redrive", &planned, 1).await;
    assert_eq!(same.status, StatusCode::ACCEPTED, "the same word again is no conflict");
    let faster = start(&world, "redrive", &planned, 100).await;
    assert_eq!(
        (faster.status, faster.json()["code"].clone()),
        (StatusCode::CONFLICT, json!("plan_running"))
    );
    let watched = world.get(&format!("{}?wait=100ms", path(&planned))).await.json();
    assert_eq!(
        (&watched["state"], &watched["per_second"]),
        (&json!("running"), &json!(1))
    );

    let stopped = world.post(Role::Operator, &stop, &why).await;
    assert_eq!(stopped.status, StatusCode::OK, "{}", stopped.text);
    let stopped = stopped.json();
    assert_eq!(
        (&stopped["state"], &stopped["stopped_by"], &stopped["stop_reason"]),
        (&json!("stopped"), &json!("the-operator"), &json!("it fails again"))
    );
    let done = stopped["done"].as_u64().unwrap();
    assert!(done < 30 && stopped["left"] == 30 - done, "{stopped}");
    assert_eq!(world.post(Role::Operator, &stop, &why).await.json()["state"], "stopped");
    let living = world.queue.counts().await.unwrap().living;
    assert_eq!(living[&State::Dead], 30 - done);

    assert_eq!(
        start(&world, "redrive", &planned, 1000).await.status,
        StatusCode::ACCEPTED
    );
    let ended = ended(&world, &planned).await;
    assert_eq!((&ended["state"], &ended["done"]), (&json!("finished"), &json!(30)));
    assert_eq!(ended["stopped_by"], Value::Null);
    let redriven = world.get(&format!("/v1/jobs/{}", dead[29])).await.json();
    assert_eq!(redriven["state"], "ready");
    let actions: Vec<String> = trail(&world, &planned, "dead_letter.plan_finished")
        .await
        .iter()
        .map(|entry| entry["action"].as_str().unwrap().to_owned())
        .collect();
    let words = ["started", "stopped", "started", "finished"];
    assert_eq!(actions, words.map(|word| format!("dead_letter.plan_{word}")));
    let listed = world.get("/v1/dead-letters/plans").await.json();
    assert_eq!(listed["items"][0]["id"], planned["id"]);
}

#[tokio::test]
async fn another_server_goes_on_with_a_plan_whose_server_is_gone() {
    let world = World::start().await;
    dead_letters(&world, "a", 3, "rejected").await;
    let planned = plan(&world, &json!({"filter": {}, "action": "redrive"})).await;
    world.closing.cancel();
    // Told to start, the server that is going does nothing of it any more.
    assert_eq!(
        start(&world, "redrive", &planned, 1000).await.status,
        StatusCode::ACCEPTED
    );
    let world = World {
        app: world.another_server(),
        ..world
    };
    let ended = ended(&world, &planned).await;
    assert_eq!((&ended["state"], &ended["done"]), (&json!("finished"), &json!(3)));
    trail(&world, &planned, "dead_letter.plan_finished").await;
}

#[tokio::test]
async fn a_limit_takes_the_oldest_and_says_that_there_are_more() {
    let world = World::start().await;
    let first = dead_letters(&world, "a", 2, "rejected").await;
    dead_letters(&world, "b", 2, "rejected").await;
    let planned = plan(&world, &json!({"filter": {}, "action": "redrive", "limit": 2})).await;
    assert_eq!(
        (&planned["count"], &planned["more"], &planned["limit"]),
        (&json!(2), &json!(true), &json!(2))
    );
    let samples: Vec<&Value> = planned["samples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sample| &sample["id"])
        .collect();
    assert_eq!(samples, [&json!(first[0]), &json!(first[1])]);
    let none = plan(&world, &json!({"filter": {"older_than": "1h"}, "action": "redrive"})).await;
    assert_eq!((&none["count"], &none["more"]), (&json!(0), &json!(false)));
    assert_eq!(start(&world, "redrive", &none, 5).await.status, StatusCode::ACCEPTED);
    assert_eq!(ended(&world, &none).await["state"], "finished");
}

#[tokio::test]
async fn a_plan_that_cannot_be_made_or_started_names_each_fault() {
    let world = World::start().await;
    for (body, pointer) in [
        (json!({"action": "redrive"}), "/filter"),
        (json!({"filter": {}}), "/action"),
        (json!({"filter": {}, "action": "forget"}), "/action"),
        (
            json!({"filter": {"colour": "red"}, "action": "redrive"}),
            "/filter/colour",
        ),
        (
            json!({"filter": {"code": "nonsense"}, "action": "redrive"}),
            "/filter/code",
        ),
        (json!({"filter": {"lane": "fast"}, "action": "redrive"}), "/filter/lane"),
        (
            json!({"filter": {"older_than": "soon"}, "action": "redrive"}),
            "/filter/older_than",
        ),
        (json!({"filter": {}, "action": "redrive", "limit": 0}), "/limit"),
        (json!({"filter": {}, "action": "redrive", "limit": 100_001}), "/limit"),
    ] {
        let answer = world.post(Role::Operator, "/v1/dead-letters/plan", &body).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{body}: {}",
            answer.text
        );
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{}", answer.text);
    }
    let id = "01JD0000000000000000000000";
    for (body, pointer) in [
        (json!({"plan": "x", "reason": "y"}), "/plan"),
        (json!({"plan": id, "ids": [id], "reason": "y"}), "/plan"),
        (json!({"plan": id, "reason": " "}), "/reason"),
        (json!({"plan": id, "reason": "y", "per_second": 0}), "/per_second"),
        (json!({"plan": id, "reason": "y", "per_second": 1001}), "/per_second"),
        (json!({"ids": [id], "reason": "y", "per_second": 5}), "/per_second"),
        (json!({"reason": "y"}), "/ids"),
    ] {
        let answer = world.post(Role::Operator, "/v1/dead-letters/redrive", &body).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{body}: {}",
            answer.text
        );
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{}", answer.text);
    }
    let body = json!({"plan": id, "reason": "y"});
    let unknown = world.post(Role::Operator, "/v1/dead-letters/redrive", &body).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let gone = world.get("/v1/dead-letters/plans/none").await;
    assert_eq!(
        (gone.status, gone.json()["code"].clone()),
        (StatusCode::NOT_FOUND, json!("not_found"))
    );
    let body = json!({"filter": {}, "action": "redrive"}).to_string();
    let refused = world
        .call(Role::Viewer, Method::POST, "/v1/dead-letters/plan", JSON, body)
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
