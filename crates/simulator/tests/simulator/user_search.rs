use passback_simulator::User;
use serde_json::Value;

use crate::platform::Platform;

fn user(id: u64) -> User {
    User {
        id,
        email: format!("candidate{id}@many.example"),
        username: String::new(),
        first_name: String::new(),
        last_name: String::new(),
        active: true,
    }
}

fn ids(body: &Value) -> Vec<&str> {
    let items = body["data"]["items"].as_array().unwrap();
    items.iter().map(|item| item["user_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_search_matches_parts_of_names_and_e_mails_whatever_their_case() {
    let platform = Platform::sample().await;
    for (text, wanted) in [
        ("r.moreau@example.org", vec!["13827"]),
        ("R.MOREAU@EXAMPLE", vec!["13827"]),
        ("kowalsk", vec!["13828"]),
        ("jordan.doe", vec!["13829"]),
        ("twin@example.org", vec!["13831", "13832"]),
        ("nobody@example.org", vec![]),
    ] {
        let (status, body) = platform.search(&[("search_text", text)]).await;
        assert_eq!((status, ids(&body)), (200, wanted), "{text}");
    }
}

#[tokio::test]
async fn ids_and_status_are_strings_inside_docebos_envelope() {
    let platform = Platform::sample().await;
    let (_, body) = platform.search(&[("search_text", "okafor")]).await;
    assert_eq!(body["version"], "1.0.0");
    assert_eq!(body["_links"], serde_json::json!([]));
    assert_eq!(body["data"]["items"][0]["user_id"], "13836");
    assert_eq!(body["data"]["items"][0]["status"], "0");
    assert_eq!(body["data"]["total_count"], 1);
}

#[tokio::test]
async fn a_search_is_paged_until_there_is_no_more() {
    let platform = Platform::with(|tenant| {
        tenant.enrollments.clear();
        tenant.users = (1..=450).map(user).collect();
    })
    .await;
    let mut seen = Vec::new();
    for (page, count, more) in [("1", 200, true), ("2", 200, true), ("3", 50, false), ("4", 0, false)] {
        let query = [("search_text", "@many.example"), ("page", page), ("page_size", "1000")];
        let (_, body) = platform.search(&query).await;
        assert_eq!(body["data"]["count"], count, "page {page}");
        assert_eq!(body["data"]["has_more_data"], more, "page {page}");
        assert_eq!(body["data"]["current_page_size"], 200);
        assert_eq!(body["data"]["total_page_count"], 3);
        seen.extend(ids(&body).into_iter().map(str::to_owned));
    }
    let wanted: Vec<String> = (1..=450).map(|id| id.to_string()).collect();
    assert_eq!(seen, wanted);
    let (_, first) = platform.search(&[("page", "0"), ("page_size", "3")]).await;
    assert_eq!(ids(&first), ["1", "2", "3"]);
}

#[tokio::test]
async fn a_page_that_is_no_number_is_a_bad_request() {
    let platform = Platform::sample().await;
    assert_eq!(platform.search(&[("page", "two")]).await.0, 400);
}

#[tokio::test]
async fn a_user_put_later_is_found_and_an_old_name_is_not() {
    let platform = Platform::sample().await;
    platform.tenant.put_user(User {
        email: "new@example.org".to_owned(),
        ..user(13_827)
    });
    let (_, body) = platform.search(&[("search_text", "new@example.org")]).await;
    assert_eq!(ids(&body), ["13827"]);
    assert_eq!(body["data"]["items"][0]["username"], "new@example.org");
    let (_, body) = platform.search(&[("search_text", "moreau")]).await;
    assert!(ids(&body).is_empty());
}
