//! Docebo's webhooks through the real binaries: the simulator tells what happens there, passback makes something of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use passback_e2e::{COURSE, Options, Stand, WEBHOOK_PASSWORD, WEBHOOK_USERNAME, passed, town, until, user_id};
use passback_simulator::{Enrollment, User, WebhookTarget};
use serde_json::Value;

/// The simulator's webhooks go to the stand's server.
fn target(stand: &Stand) -> WebhookTarget {
    let url = format!("{}/webhooks/docebo/acme", stand.api().url());
    WebhookTarget::new(&url, WEBHOOK_USERNAME, WEBHOOK_PASSWORD)
}

async fn stand(people: u64, change: impl FnOnce(&mut WebhookTarget)) -> Stand {
    let stand = Stand::without_workers(town(&["acme"], people), Options::default()).await;
    let mut target = target(&stand);
    change(&mut target);
    stand.docebo("acme").set_webhook(target).unwrap();
    stand
}

/// The events of a name as passback keeps them, once passback has made something of each.
async fn reactions(stand: &Stand, event: &str, wanted: usize) -> Vec<Value> {
    let path = format!("/v1/docebo-events?event={event}&limit=500");
    until(&format!("{wanted} reactions to {event}"), || async {
        let page = stand.api().get(&path).await;
        assert_eq!(page.status, 200, "{page:?}");
        let events = page.body["events"].as_array().unwrap().clone();
        let done = |event: &&Value| event["reaction"]["state"] == "done";
        (events.iter().filter(done).count() >= wanted).then_some(events)
    })
    .await
}

#[tokio::test]
async fn docebo_s_own_word_confirms_a_result_although_it_comes_late_twice_and_out_of_order() {
    let mut stand = stand(12, |target| {
        target.duplicates = 2;
        target.shuffle = 5;
        target.group = 3;
    })
    .await;
    stand.add_worker();
    for number in 0..12 {
        stand.push_passed("acme", number).await;
    }
    for number in 0..12 {
        let id = format!("acme-{number}");
        stand.api().until_result(&id, &["delivered"]).await;
    }
    let docebo = stand.docebo("acme");
    docebo.flush_webhooks();
    let counts = docebo.webhooks_settled().await;
    assert_eq!(counts.given_up, 0, "{counts:?}");
    for number in 0..12 {
        let id = format!("acme-{number}");
        // It may have been read back and proved meanwhile, which says even more.
        let result = stand.api().until_result(&id, &["confirmed", "verified"]).await;
        let steps = result["steps"].as_array().unwrap();
        let confirmed = steps.iter().filter(|step| step["step"] == "confirmed").count();
        assert!(confirmed <= 1, "{result}");
    }
    let events = reactions(&stand, "course.enrollment.completed", 12).await;
    assert_eq!(events.len(), 12, "what came twice is kept once");
    stand.finish().await;
}

#[tokio::test]
async fn a_result_that_waited_for_its_person_and_for_its_enrolment_goes_on_when_docebo_tells_of_them() {
    let mut stand = stand(1, |_| {}).await;
    stand.add_worker();
    // Nobody of this address yet.
    let result = passed("acme", 77);
    stand.api().push(&result).await;
    let parked = stand.api().until_result("acme-77", &["parked"]).await;
    assert_eq!(parked["code"], "user_not_found", "{parked}");
    let docebo = stand.docebo("acme");
    docebo.put_user(User {
        id: user_id(77),
        email: result["email"].as_str().unwrap().to_owned(),
        username: "learner77".to_owned(),
        first_name: "Lea".to_owned(),
        last_name: "Rner".to_owned(),
        active: true,
    });
    until("the enrolment is what is missing", || async {
        let seen = stand.api().result("acme-77").await;
        (seen["code"] == "enrollment_not_found").then_some(())
    })
    .await;
    docebo.put_enrollment(Enrollment::new(COURSE, user_id(77)));
    stand.api().until_result("acme-77", &["delivered"]).await;
    let released = reactions(&stand, "course.enrollment.created", 1).await;
    assert_eq!(released[0]["reaction"]["outcome"], "released", "{released:?}");
    stand.finish().await;
}

#[tokio::test]
async fn somebody_who_takes_a_written_result_away_is_noticed() {
    let mut stand = stand(1, |_| {}).await;
    stand.add_worker();
    stand.push_passed("acme", 0).await;
    stand.api().until_result("acme-0", &["confirmed", "verified"]).await;
    let docebo = stand.docebo("acme");
    docebo.put_enrollment(Enrollment {
        status: Enrollment::IN_PROGRESS,
        score: None,
        ..Enrollment::new(COURSE, user_id(0))
    });
    until("the difference is before a person", || async {
        let seen = stand.api().result("acme-0").await;
        (seen["code"] == "verify_mismatch").then_some(())
    })
    .await;
    let told = reactions(&stand, "course.enrollment.updated", 1).await;
    let outcome = told[0]["reaction"]["outcome"].as_str().unwrap();
    // In the second of the write itself, Docebo's clock cannot say which of the two was first.
    assert!(["by_someone_else", "asked_docebo"].contains(&outcome), "{told:?}");
    let reason = ["--reason", "nobody knows who did that", "--yes"];
    let decision = ["result", "decide", "acme-0", "write-ours"];
    stand.cli_ok(&[decision.as_slice(), &reason].concat()).await;
    stand.api().until_result("acme-0", &["delivered"]).await;
    stand.finish().await;
}

#[tokio::test]
async fn an_operator_reads_sends_and_replays_webhooks_from_the_command_line() {
    let mut stand = stand(1, |_| {}).await;
    stand.add_worker();
    let password = stand.folder().join("webhook-password");
    std::fs::write(&password, WEBHOOK_PASSWORD).unwrap();
    let file = password.to_str().unwrap();
    let sent = stand
        .cli_ok(&[
            "webhook",
            "send-sample",
            "course.enrollment.completed",
            "--password-file",
            file,
        ])
        .await;
    assert!(sent.stdout.contains("stored"), "{sent:?}");
    let events = reactions(&stand, "course.enrollment.completed", 1).await;
    let id = events[0]["id"].as_str().unwrap();
    assert_eq!(events[0]["reaction"]["outcome"], "not_ours", "{events:?}");
    let listed = stand.cli_ok(&["webhook", "list"]).await.stdout;
    assert!(listed.contains(id) && listed.contains("not_ours"), "{listed}");
    let shown = stand.cli_ok(&["webhook", "show", id]).await.stdout;
    assert!(shown.contains("completion_date"), "{shown}");
    let replayed = stand
        .cli_ok(&["webhook", "replay", id, "--reason", "once more", "--yes"])
        .await
        .stdout;
    assert!(replayed.contains("queued"), "{replayed}");
    let slip = stand
        .cli(&["webhook", "send-sample", "course.enrollment.complete"])
        .await;
    assert!(
        slip.code != 0 && slip.stderr.contains("course.enrollment.completed"),
        "{slip:?}"
    );
    stand.finish().await;
}
