use reqwest::Method;
use serde_json::json;

use crate::platform::{Platform, TOKEN_FORM, answered};

fn form_with(field: &str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    let replace = |(name, old)| {
        if name == field { (name, value) } else { (name, old) }
    };
    TOKEN_FORM.into_iter().map(replace).collect()
}

#[tokio::test]
async fn the_password_grant_gives_a_token_that_is_accepted() {
    let platform = Platform::without_token(|_| {}).await;
    let (status, body) = platform.ask_token(&TOKEN_FORM).await;
    assert_eq!(status, 200);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3600);
    assert_eq!(body["scope"], "api");
    let token = body["access_token"].as_str().unwrap();
    assert!(token.len() == 40 && token.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let platform = Platform {
        token: token.to_owned(),
        ..platform
    };
    assert_eq!(platform.search(&[]).await.0, 200);
}

#[tokio::test]
async fn json_and_multipart_are_accepted_like_a_form() {
    let platform = Platform::without_token(|_| {}).await;
    let url = format!("{}/oauth2/token", platform.url);
    let fields: serde_json::Map<_, _> = TOKEN_FORM
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    assert_eq!(answered(platform.client.post(&url).json(&fields)).await.0, 200);

    let part = |(name, value)| format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let body: String = TOKEN_FORM.into_iter().map(part).collect();
    let request = platform
        .client
        .post(&url)
        .header("content-type", "multipart/form-data; boundary=cut")
        .body(format!("{body}--cut--\r\n"));
    assert_eq!(answered(request).await.0, 200);
}

#[tokio::test]
async fn a_wrong_credential_is_refused_as_rfc_6749_says() {
    let platform = Platform::without_token(|_| {}).await;
    for (field, value, status, error) in [
        ("client_id", "other", 401, "invalid_client"),
        ("client_secret", "other", 401, "invalid_client"),
        ("username", "other", 400, "invalid_grant"),
        ("password", "other", 400, "invalid_grant"),
        ("grant_type", "refresh_token", 400, "unsupported_grant_type"),
        ("scope", "everything", 400, "invalid_scope"),
    ] {
        let (got, body) = platform.ask_token(&form_with(field, value)).await;
        assert_eq!((got, body["error"].as_str()), (status, Some(error)), "{field}");
        assert!(body["error_description"].is_string());
    }
    let bare = platform.client.post(format!("{}/oauth2/token", platform.url));
    assert_eq!(answered(bare).await.1["error"], "invalid_request");
}

#[tokio::test]
async fn a_call_without_a_valid_token_is_unauthorized() {
    let platform = Platform::without_token(|_| {}).await;
    let bare = platform.client.get(format!("{}/manage/v1/user", platform.url));
    assert_eq!(answered(bare).await.0, 401);
    let wrong = platform
        .client
        .get(format!("{}/manage/v1/user", platform.url))
        .bearer_auth("3f0c");
    let (status, body) = answered(wrong).await;
    assert_eq!((status, body["name"].as_str()), (401, Some("Unauthorized")));
    assert_eq!(platform.write(146, 13_827, &json!({})).await.0, 401);
}

#[tokio::test]
async fn a_token_is_stale_after_its_seconds() {
    let platform = Platform::with(|tenant| tenant.token_seconds = 0).await;
    assert_eq!(platform.search(&[]).await.0, 401);
}

#[tokio::test]
async fn expired_tokens_are_stale_and_new_ones_are_given() {
    let platform = Platform::sample().await;
    platform.tenant.expire_tokens();
    assert_eq!(platform.search(&[]).await.0, 401);
    assert_eq!(platform.ask_token(&TOKEN_FORM).await.0, 200);
}

#[tokio::test]
async fn refused_credentials_stop_new_and_old_tokens_until_they_come_back() {
    let platform = Platform::sample().await;
    platform.tenant.set_credentials_refused(true);
    assert_eq!(platform.search(&[]).await.0, 401);
    let (status, body) = platform.ask_token(&TOKEN_FORM).await;
    assert_eq!((status, body["error"].as_str()), (401, Some("invalid_client")));
    platform.tenant.set_credentials_refused(false);
    assert_eq!(platform.ask_token(&TOKEN_FORM).await.0, 200);

    let refused = Platform::without_token(|tenant| tenant.credentials_refused = true).await;
    assert_eq!(refused.ask_token(&TOKEN_FORM).await.0, 401);
}

#[tokio::test]
async fn an_unknown_path_is_answered_404_in_docebos_envelope() {
    let platform = Platform::sample().await;
    for (method, path) in [
        (Method::GET, "/manage/v1/users"),
        (Method::DELETE, "/learn/v1/enrollments/146/13827"),
    ] {
        let response = platform.request(method, path).send().await.unwrap();
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers()["x-docebo-api-version"], "1.0.0");
        let body: serde_json::Value = response.json().await.unwrap();
        assert_eq!(body["name"], "Not Found");
    }
}
