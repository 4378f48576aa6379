use passback_simulator::{AbsentEnrollment, Enrollment};
use serde_json::json;

use crate::platform::{Platform, answered, passed, updated};

#[tokio::test]
async fn an_enrolment_is_read_as_one_record() {
    let platform = Platform::sample().await;
    let (status, body) = platform.read(146, 13_829).await;
    assert_eq!(status, 200);
    let record = &body["data"]["records"];
    assert_eq!(record["id"], 146);
    assert_eq!(record["name"], "Forklift exam");
    assert_eq!(record["course_code"], "FORK-01");
    assert_eq!(record["status"], 2);
    assert_eq!(record["score"], 91.0);
    assert_eq!(record["course_complete_date"], "2026-02-11 09:30:11");
    assert_eq!(record["enrollment_fields"], json!([]));
}

#[tokio::test]
async fn an_absent_enrolment_is_answered_in_the_tenants_way() {
    let platform = Platform::sample().await;
    for (course, user) in [(146, 13_833), (999, 13_827), (146, 1)] {
        assert_eq!(platform.read(course, user).await.0, 404);
        assert_eq!(platform.write(course, user, &passed()).await.0, 404);
    }
    let platform = Platform::with(|tenant| tenant.absent_enrollment = AbsentEnrollment::Empty).await;
    let (status, body) = platform.read(146, 13_833).await;
    assert_eq!((status, &body["data"]["records"]), (200, &json!([])));
    let (status, body) = platform.write(146, 13_833, &passed()).await;
    assert_eq!((status, &body["data"]["updated"]), (200, &json!([])));
    let invalid = &body["data"]["not_updated"][0]["invalid_enrollments"];
    assert_eq!(invalid, &json!([{"course_id": 146, "user_id": 13_833}]));
    assert!(platform.tenant.effects().is_empty());
}

#[tokio::test]
async fn a_write_sets_absolute_values_and_reports_the_pair() {
    let platform = Platform::sample().await;
    let body = json!({
        "status": 2, "score_given": 87, "date_complete": "2026-02-11 09:30:11", "level": 3,
        "enrollment_fields": {"12": "passed"},
    });
    for _ in 0..2 {
        let (status, answer) = platform.write(146, 13_827, &body).await;
        assert_eq!((status, &answer["data"]), (200, &updated(146, 13_827)));
    }
    let record = &platform.read(146, 13_827).await.1["data"]["records"];
    assert_eq!(record["status"], 2);
    assert_eq!(record["score"], 87.0);
    assert_eq!(record["course_complete_date"], "2026-02-11 09:30:11");
    assert_eq!(record["enrollment_fields"], json!({"12": "passed"}));
}

#[tokio::test]
async fn completing_without_a_date_sets_the_present() {
    let platform = Platform::sample().await;
    assert_eq!(platform.write(146, 13_827, &json!({"status": 2})).await.0, 200);
    let completed = platform.tenant.enrollment(146, 13_827).unwrap();
    let effect = &platform.tenant.effects()[0];
    let at = completed.date_complete.unwrap();
    let written = jiff::Timestamp::from_millisecond(effect.at_ms).unwrap();
    assert_eq!(at, written.strftime("%Y-%m-%d %H:%M:%S").to_string());
    assert_eq!(effect.after.date_complete.as_deref(), Some(at.as_str()));
}

#[tokio::test]
async fn a_wrong_write_is_a_bad_request_that_names_the_field() {
    let platform = Platform::sample().await;
    for (body, field) in [
        (json!({"statsu": 2}), "statsu"),
        (json!({"status": 7}), "status"),
        (json!({"level": 5}), "level"),
        (json!({"score_given": -1}), "score"),
        (json!({"date_complete": "2026-02-11T09:30:11Z"}), "date_complete"),
    ] {
        let (status, answer) = platform.write(146, 13_827, &body).await;
        let message = answer["message"].to_string();
        assert!(status == 400 && message.contains(field), "{field}: {status} {message}");
    }
    let broken = platform.put(146, 13_827, &json!({})).body("{");
    assert_eq!(answered(broken).await.0, 400);
    assert!(platform.tenant.effects().is_empty());
}

#[tokio::test]
async fn a_human_edit_is_seen_by_the_next_read_and_is_no_effect() {
    let platform = Platform::sample().await;
    platform
        .tenant
        .put_enrollment(Enrollment::new(146, 13_833).with_status(Enrollment::SUSPENDED));
    assert_eq!(platform.read(146, 13_833).await.1["data"]["records"]["status"], 3);
    assert!(platform.tenant.remove_enrollment(146, 13_833).is_some());
    assert_eq!(platform.read(146, 13_833).await.0, 404);
    assert!(platform.tenant.effects().is_empty());
}
