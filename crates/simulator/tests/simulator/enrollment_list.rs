use passback_simulator::{Answer, Endpoint, Enrollment, Fault, FaultKind, FaultOn};
use serde_json::{Value, json};

use crate::platform::{Platform, passed};

/// Course and user of each row.
fn pairs(body: &Value) -> Vec<(&str, &str)> {
    let items = body["data"]["items"].as_array().unwrap();
    let id = |item: &'_ Value, name| item[name].as_str().is_some();
    assert!(items.iter().all(|item| id(item, "id") && id(item, "user_id")));
    items
        .iter()
        .map(|item| (item["id"].as_str().unwrap(), item["user_id"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn the_list_shows_the_enrolments_of_the_courses_and_users_asked_for() {
    let platform = Platform::sample().await;
    for (query, wanted) in [
        (vec![("id_course[]", "147")], vec![("147", "13834"), ("147", "13837")]),
        (
            vec![("id_user[]", "13834"), ("id_user[]", "13827")],
            vec![("146", "13827"), ("146", "13834"), ("147", "13834")],
        ),
        (
            vec![("id_course[]", "147"), ("id_user[]", "13834")],
            vec![("147", "13834")],
        ),
        (vec![("id_course[]", "999")], vec![]),
        (vec![("id_user[]", "13833")], vec![]),
    ] {
        let (status, body) = platform.list(&query).await;
        assert_eq!((status, pairs(&body)), (200, wanted), "{query:?}");
    }
}

#[tokio::test]
async fn a_row_has_its_ids_status_and_level_as_strings() {
    let platform = Platform::sample().await;
    platform.write(146, 13_827, &passed()).await;
    let (_, body) = platform.list(&[("id_course[]", "146"), ("id_user[]", "13827")]).await;
    let row = &body["data"]["items"][0];
    assert_eq!(body["version"], "1.0.0");
    assert_eq!(
        (&row["name"], &row["code"]),
        (&json!("Forklift exam"), &json!("FORK-01"))
    );
    assert_eq!(
        (&row["status"], &row["level"]),
        (&json!("completed"), &json!("learner"))
    );
    assert_eq!(row["score"], 87.0);
    assert_eq!(row["course_complete_date"], "2026-02-11 09:30:11");
}

#[tokio::test]
async fn each_status_has_its_word_in_the_list() {
    let platform = Platform::sample().await;
    for (code, word) in [
        (-2, "waiting_list"),
        (-1, "to_confirm"),
        (0, "subscribed"),
        (1, "in_progress"),
        (2, "completed"),
        (3, "suspended"),
        (4, "overbooking"),
    ] {
        platform
            .tenant
            .put_enrollment(Enrollment::new(146, 13_827).with_status(code));
        let (_, body) = platform.list(&[("id_user[]", "13827")]).await;
        assert_eq!(body["data"]["items"][0]["status"], word);
    }
}

#[tokio::test]
async fn the_list_is_paged_until_there_is_no_more() {
    let platform = Platform::sample().await;
    let mut seen = 0;
    for (page, count, more) in [("1", 4, true), ("2", 4, true), ("3", 1, false), ("4", 0, false)] {
        let query = [("id_course[]", "146"), ("page", page), ("page_size", "4")];
        let (_, body) = platform.list(&query).await;
        assert_eq!(body["data"]["count"], count, "page {page}");
        assert_eq!(body["data"]["has_more_data"], more, "page {page}");
        assert_eq!(body["data"]["total_count"], 9);
        seen += pairs(&body).len();
    }
    assert_eq!(seen, 9);
    let (_, body) = platform.list(&[]).await;
    assert_eq!(
        (&body["data"]["count"], &body["data"]["current_page_size"]),
        (&json!(11), &json!(200))
    );
}

#[tokio::test]
async fn a_misspelt_or_unreadable_filter_is_a_bad_request_that_names_it() {
    let platform = Platform::sample().await;
    for (query, named) in [
        (("id_course", "146"), "id_course"),
        (("course_id[]", "146"), "course_id[]"),
        (("id_user[]", "remy"), "id_user[]"),
        (("page", "two"), "page"),
    ] {
        let (status, body) = platform.list(&[query]).await;
        let message = body["message"].to_string();
        assert!(
            status == 400 && message.contains(named),
            "{query:?}: {status} {message}"
        );
    }
}

#[tokio::test]
async fn the_list_asks_for_a_token_and_a_fault_can_strike_it_alone() {
    let mut platform = Platform::sample().await;
    platform
        .tenant
        .add_fault(Fault::new(FaultOn::EnrollmentList, FaultKind::Forbidden).times(1));
    assert_eq!(platform.read(146, 13_827).await.0, 200);
    assert_eq!(platform.list(&[]).await.0, 403);
    assert_eq!(platform.list(&[]).await.0, 200);
    platform.token.clear();
    assert_eq!(platform.list(&[]).await.0, 401);

    let seen = platform.tenant.requests();
    let last = seen.last().unwrap();
    assert_eq!(
        (last.endpoint, last.answer),
        (Endpoint::EnrollmentList, Answer::Status(401))
    );
    assert_eq!(platform.tenant.counts().by_endpoint[&Endpoint::EnrollmentList], 3);
}
