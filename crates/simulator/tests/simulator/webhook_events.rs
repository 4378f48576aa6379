//! Which events fire, and what they say.

use std::collections::BTreeSet;

use passback_simulator::{Course, Enrollment, Fault, FaultKind, FaultOn, User, WebhookEvent, WebhookTarget};
use serde_json::{Value, json};

use crate::platform::{Platform, passed};
use crate::receiver::Receiver;

/// Docebo's event list, as it is gathered in the project's references.
const EVENT_LIST: &str = include_str!("webhook-events.json");

async fn started(change: impl FnOnce(&mut WebhookTarget)) -> (Platform, Receiver) {
    let receiver = Receiver::start().await;
    let mut target = receiver.target();
    change(&mut target);
    let platform = Platform::with(|tenant| tenant.webhook = Some(target)).await;
    (platform, receiver)
}

fn user(id: u64, email: &str) -> User {
    User {
        id,
        email: email.to_owned(),
        username: format!("u{id}"),
        first_name: "Una".to_owned(),
        last_name: "Novak".to_owned(),
        active: true,
    }
}

fn field_names(payload: &Value) -> BTreeSet<&str> {
    payload.as_object().unwrap().keys().map(String::as_str).collect()
}

/// What the list says about an event.
fn listed(list: &[Value], event: &str) -> Value {
    list.iter().find(|entry| entry["event"] == event).unwrap().clone()
}

/// Does everything that fires an event, in the order of the returned names.
async fn do_everything(platform: &Platform) -> Vec<&'static str> {
    let tenant = &platform.tenant;
    tenant.put_user(user(5, "una@example.org"));
    assert!(tenant.set_email(5, "una.novak@example.org"));
    assert!(tenant.set_active(5, false));
    assert!(tenant.set_active(5, true));
    tenant.put_enrollment(Enrollment::new(146, 5));
    tenant.put_enrollment(Enrollment::new(146, 5).with_status(Enrollment::IN_PROGRESS));
    assert!(tenant.complete(146, 5, Some(92.0)));
    assert!(tenant.remove_enrollment(146, 5).is_some());
    assert!(tenant.delete_user(5).is_some());
    assert_eq!(tenant.mark_outdated(146, 13_827), Some(1));
    assert_eq!(tenant.mark_outdated(146, 13_828), Some(2));
    let course = tenant.course(146).unwrap();
    tenant.put_course(Course {
        name: "Forklift exam, new".to_owned(),
        ..course
    });
    assert!(tenant.delete_course(146).is_some());
    assert_eq!(platform.write(147, 13_834, &json!({"status": 1})).await.0, 200);
    assert_eq!(platform.write(147, 13_834, &passed()).await.0, 200);
    vec![
        "user.created",
        "user.updated",
        "user.deactivated",
        "user.reactivated",
        "course.enrollment.created",
        "course.enrollment.updated",
        "course.enrollment.completed",
        "course.enrollment.deleted",
        "user.deleted",
        "content.markedoutdated",
        "content.markedoutdated",
        "course.updated",
        "course.deleted",
        "course.enrollment.updated",
        "course.enrollment.completed",
    ]
}

#[tokio::test]
async fn everything_that_happens_fires_its_event_in_order_with_the_fields_of_the_list() {
    let (platform, receiver) = started(|target| target.extra_data = true).await;
    let wanted = do_everything(&platform).await;
    let counts = platform.tenant.webhooks_settled().await;
    assert_eq!(receiver.events(), wanted);
    assert_eq!(
        (counts.events, counts.delivered, counts.waiting),
        (wanted.len() as u64, wanted.len() as u64, 0)
    );
    let list: Vec<Value> = serde_json::from_str(EVENT_LIST).unwrap();
    for arrived in receiver.arrived() {
        let event = arrived.body["event"].as_str().unwrap();
        let entry = listed(&list, event);
        let payload = &arrived.body["payload"];
        assert_eq!(
            field_names(payload),
            field_names(&entry["example"]["payload"]),
            "{event}"
        );
        assert_eq!(field_names(&arrived.body), field_names(&entry["example"]), "{event}");
        for property in entry["properties"].as_array().unwrap() {
            let value = &payload[property["name"].as_str().unwrap()];
            let fits = match property["type"].as_str().unwrap() {
                "integer" => value.is_u64(),
                "string" => value.is_string() || value.is_null(),
                "datetime" => value.as_str().is_none_or(|text| text.len() == 19),
                _ => true,
            };
            assert!(fits, "{event}: {property} is {value}");
        }
    }
    let fired: BTreeSet<_> = receiver.events().into_iter().collect();
    assert_eq!(fired, WebhookEvent::ALL.map(|event| event.name().to_owned()).into());
}

#[tokio::test]
async fn completing_through_the_api_fires_completed_alone_and_names_nobody() {
    let (platform, receiver) = started(|_| {}).await;
    assert_eq!(platform.write(146, 13_827, &passed()).await.0, 200);
    platform.tenant.webhooks_settled().await;
    assert_eq!(receiver.events(), ["course.enrollment.completed"]);
    let payload = &receiver.arrived()[0].body["payload"];
    assert_eq!(payload["user_id"], 13_827);
    assert_eq!(payload["course_id"], 146);
    assert_eq!(payload["status"], "completed");
    assert_eq!(payload["completion_date"], "2026-02-11 09:30:11");
    let text = payload.to_string();
    assert!(
        !text.contains("moreau") && !text.contains("Remy") && !text.contains("extra_data"),
        "{text}"
    );
    let effect = &platform.tenant.effects()[0];
    let at = jiff::Timestamp::from_millisecond(effect.at_ms).unwrap();
    assert_eq!(payload["fired_at"], at.strftime("%Y-%m-%d %H:%M:%S").to_string());
}

#[tokio::test]
async fn every_other_change_through_the_api_fires_updated() {
    let (platform, receiver) = started(|_| {}).await;
    for body in [
        json!({"status": 1}),
        json!({"score_given": 40}),
        json!({"enrollment_fields": {"12": "failed"}}),
    ] {
        assert_eq!(platform.write(146, 13_827, &body).await.0, 200);
    }
    assert_eq!(
        platform.write(146, 13_829, &json!({"score_given": 92})).await.0,
        200,
        "this one is completed already"
    );
    platform.tenant.webhooks_settled().await;
    assert_eq!(receiver.events(), ["course.enrollment.updated"; 4]);
}

#[tokio::test]
async fn a_write_that_changes_nothing_is_echoed_or_not_as_the_target_says() {
    for (echo_unchanged, wanted) in [(true, 2), (false, 1)] {
        let (platform, receiver) = started(|target| target.echo_unchanged = echo_unchanged).await;
        for _ in 0..2 {
            assert_eq!(platform.write(146, 13_827, &passed()).await.0, 200);
        }
        platform.tenant.webhooks_settled().await;
        assert_eq!(receiver.events(), vec!["course.enrollment.completed"; wanted]);
    }
}

#[tokio::test]
async fn a_write_whose_answer_was_cut_fires_and_one_that_was_refused_does_not() {
    let (platform, receiver) = started(|_| {}).await;
    for (kind, fires) in [
        (FaultKind::CutBefore, false),
        (FaultKind::NotUpdated, false),
        (FaultKind::ServerError, false),
        (FaultKind::CutAfter, true),
    ] {
        platform
            .tenant
            .add_fault(Fault::new(FaultOn::EnrollmentWrite, kind).times(1));
        let before = platform.tenant.webhook_counts().events;
        let _ = platform.put(146, 13_827, &passed()).send().await;
        let fired = platform.tenant.webhook_counts().events - before;
        assert_eq!(fired, u64::from(fires), "{kind:?}");
    }
    platform.tenant.webhooks_settled().await;
    assert_eq!(receiver.events(), ["course.enrollment.completed"]);
}

#[tokio::test]
async fn only_ticked_events_fire_and_without_a_target_none_do() {
    let (platform, receiver) = started(|target| target.events = vec![WebhookEvent::UserDeleted]).await;
    do_everything(&platform).await;
    platform.tenant.webhooks_settled().await;
    assert_eq!(receiver.events(), ["user.deleted"]);

    let platform = Platform::sample().await;
    do_everything(&platform).await;
    let counts = platform.tenant.webhooks_settled().await;
    assert_eq!(counts, passback_simulator::WebhookCounts::default());
    assert!(platform.tenant.webhooks().is_empty());
}

#[tokio::test]
async fn ids_as_texts_no_origin_and_extra_data_come_on_request() {
    let (platform, receiver) = started(|target| {
        target.ids_as_strings = true;
        target.omit_origin = true;
        target.extra_data = true;
    })
    .await;
    platform.write(146, 13_827, &passed()).await;
    platform.tenant.webhooks_settled().await;
    let body = &receiver.arrived()[0].body;
    assert!(body.get("webhook_id").is_none() && body.get("original_domain").is_none());
    let payload = &body["payload"];
    assert_eq!(
        (&payload["user_id"], &payload["course_id"]),
        (&json!("13827"), &json!("146"))
    );
    assert!(payload["subscribed_by_id"].is_string());
    let extra = json!({"total_time": 0, "score": 87.0, "additional_fields": null, "date_first_access": null});
    assert_eq!(payload["extra_data"], extra);
}

#[tokio::test]
async fn what_a_person_leaves_as_it_is_fires_nothing_and_two_changes_at_once_fire_two_events() {
    let (platform, receiver) = started(|_| {}).await;
    let tenant = &platform.tenant;
    let remy = tenant.user(13_827).unwrap();
    tenant.put_user(remy.clone());
    tenant.put_enrollment(tenant.enrollment(146, 13_827).unwrap());
    tenant.put_course(tenant.course(146).unwrap());
    assert!(!tenant.set_active(1, false) && !tenant.complete(146, 1, None));
    assert!(tenant.delete_user(1).is_none() && tenant.mark_outdated(1, 1).is_none());
    tenant.put_user(User {
        active: false,
        email: "remy@example.org".to_owned(),
        ..remy
    });
    tenant.webhooks_settled().await;
    assert_eq!(receiver.events(), ["user.updated", "user.deactivated"]);
    assert_eq!(receiver.arrived()[0].body["payload"]["email"], "remy@example.org");
}

#[tokio::test]
async fn a_deleted_user_or_course_takes_its_enrolments_along_without_a_word() {
    let (platform, receiver) = started(|_| {}).await;
    assert!(platform.tenant.delete_user(13_834).is_some());
    assert!(platform.tenant.delete_course(146).is_some());
    platform.tenant.webhooks_settled().await;
    assert_eq!(receiver.events(), ["user.deleted", "course.deleted"]);
    assert!(platform.tenant.enrollment(147, 13_834).is_none());
    assert!(platform.tenant.enrollment(146, 13_827).is_none());
    assert!(platform.tenant.enrollment(147, 13_837).is_some());
    assert_eq!(platform.read(146, 13_827).await.0, 404);
}
