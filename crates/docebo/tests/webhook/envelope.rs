//! The envelope in every form that is seen, and in those that are not.

use passback_docebo::webhook::{MAX_ITEMS_PER_MESSAGE, WebhookError, WebhookMessage};
use rstest::rstest;
use serde_json::{Value, json};

fn parse(body: &Value) -> WebhookMessage {
    WebhookMessage::parse(body.to_string().as_bytes()).unwrap()
}

#[test]
fn a_message_with_everything_is_read() {
    let message = parse(&json!({
        "event": "course.enrollment.completed",
        "fired_by_batch_action": true,
        "fired_by_background_job_hash": "b7f21c9d4e",
        "message_id": "wh-20260211-093012-5b0f",
        "webhook_id": 11,
        "original_domain": "example-domain.docebosaas.com",
        "payload": {"user_id": 13827},
        "region": "eu",
    }));
    assert_eq!(message.event, "course.enrollment.completed");
    assert_eq!(message.message_id, "wh-20260211-093012-5b0f");
    assert_eq!(message.webhook_id, Some(11));
    assert_eq!(
        message.original_domain.as_deref(),
        Some("example-domain.docebosaas.com")
    );
    assert_eq!(message.fired_by_batch_action, Some(true));
    assert_eq!(message.fired_by_background_job_hash.as_deref(), Some("b7f21c9d4e"));
    assert!(!message.grouped);
    assert_eq!(message.items, [json!({"user_id": 13827})]);
    assert_eq!(Value::from(message.other), json!({"region": "eu"}));
}

#[test]
fn a_message_with_nothing_but_its_event_has_one_empty_item() {
    let message = parse(&json!({"event": "course.created"}));
    assert_eq!(message.webhook_id, None);
    assert_eq!(message.original_domain, None);
    assert_eq!(message.fired_by_batch_action, None);
    assert_eq!(message.fired_by_background_job_hash, None);
    assert_eq!(message.items, [json!({})]);
    assert!(message.other.is_empty());
}

#[rstest]
#[case::one_object(json!({"payload": {"a": 1}}), false, json!([{"a": 1}]))]
#[case::php_empty_object(json!({"payload": []}), false, json!([{}]))]
#[case::null(json!({"payload": null}), false, json!([{}]))]
#[case::blank_text(json!({"payload": ""}), false, json!([{}]))]
#[case::objects(json!({"payload": [{"a": 1}, {"a": 2}]}), false, json!([{"a": 1}, {"a": 2}]))]
#[case::a_list_of_other_things(json!({"payload": [1, {"a": 2}]}), false, json!([[1, {"a": 2}]]))]
#[case::a_text(json!({"payload": "a=1"}), false, json!(["a=1"]))]
#[case::a_group(json!({"payloads": [{"a": 1}, {"a": 2}]}), true, json!([{"a": 1}, {"a": 2}]))]
#[case::a_group_of_one(json!({"payloads": [{"a": 1}]}), true, json!([{"a": 1}]))]
#[case::a_group_of_none(json!({"payloads": []}), false, json!([{}]))]
#[case::a_null_group(json!({"payloads": null, "payload": {"a": 1}}), false, json!([{"a": 1}]))]
#[case::an_empty_object_as_a_group(json!({"payloads": {}}), false, json!([{}]))]
#[case::one_object_as_a_group(json!({"payloads": {"a": 1}}), true, json!([{"a": 1}]))]
#[case::items_that_say_nothing(json!({"payloads": [null, [], {"a": 1}]}), true, json!([{}, {}, {"a": 1}]))]
#[case::both(json!({"payload": {"a": 3}, "payloads": [{"a": 1}, {"a": 2}]}), true, json!([{"a": 1}, {"a": 2}, {"a": 3}]))]
#[case::both_with_one_again(json!({"payload": {"a": 1}, "payloads": [{"a": 1}, {"a": 2}]}), true, json!([{"a": 1}, {"a": 2}]))]
#[case::the_same_twice_in_a_group(json!({"payloads": [{"a": 1}, {"a": 1}]}), true, json!([{"a": 1}, {"a": 1}]))]
#[case::a_php_list_with_gaps(
    json!({"payloads": {"2": {"a": 2}, "10": {"a": 10}, "0": {"a": 0}}}),
    true,
    json!([{"a": 0}, {"a": 2}, {"a": 10}])
)]
fn items_are_read_from_payload_and_payloads(#[case] mut body: Value, #[case] grouped: bool, #[case] items: Value) {
    body["event"] = json!("course.created");
    let message = parse(&body);
    assert_eq!(Value::from(message.items), items);
    assert_eq!(message.grouped, grouped);
    assert!(message.other.is_empty());
}

#[test]
fn a_group_may_have_as_many_items_as_the_limit_but_no_more() {
    let body = |items: usize| json!({"event": "user.updated", "payloads": vec![json!({"user_id": 1}); items]});
    assert_eq!(parse(&body(26)).items.len(), 26);
    assert_eq!(parse(&body(MAX_ITEMS_PER_MESSAGE)).items.len(), MAX_ITEMS_PER_MESSAGE);
    let refused = WebhookMessage::parse(body(MAX_ITEMS_PER_MESSAGE + 1).to_string().as_bytes());
    assert_eq!(
        refused,
        Err(WebhookError::TooManyItems {
            items: MAX_ITEMS_PER_MESSAGE + 1,
            limit: MAX_ITEMS_PER_MESSAGE
        })
    );
}

#[test]
fn items_of_two_lists_are_not_each_compared_with_each() {
    // Had each been looked for among the others, only those of the first list would be counted.
    let items = |items: usize| vec![json!({}); items];
    let body = json!({
        "event": "user.updated",
        "payloads": items(MAX_ITEMS_PER_MESSAGE),
        "payload": items(3 * MAX_ITEMS_PER_MESSAGE),
    });
    assert_eq!(
        WebhookMessage::parse(body.to_string().as_bytes()),
        Err(WebhookError::TooManyItems {
            items: 4 * MAX_ITEMS_PER_MESSAGE,
            limit: MAX_ITEMS_PER_MESSAGE
        })
    );
    let twice = json!({"event": "user.updated", "payloads": items(MAX_ITEMS_PER_MESSAGE), "payload": items(MAX_ITEMS_PER_MESSAGE)});
    assert_eq!(parse(&twice).items.len(), MAX_ITEMS_PER_MESSAGE);
    let one_again = json!({"event": "user.updated", "payloads": items(MAX_ITEMS_PER_MESSAGE), "payload": {}});
    assert_eq!(parse(&one_again).items.len(), MAX_ITEMS_PER_MESSAGE);
}

#[rstest]
#[case(json!("wh-056045"), "wh-056045")]
#[case(json!(4711), "4711")]
#[case(json!(18_446_744_073_709_551_615_u64), "18446744073709551615")]
fn a_message_id_is_kept_as_text(#[case] sent: Value, #[case] kept: &str) {
    let message = parse(&json!({"event": "course.created", "message_id": sent}));
    assert_eq!(message.message_id, kept);
}

#[rstest]
#[case::missing(r#"{"event":"course.created"}"#)]
#[case::null(r#"{"event":"course.created","message_id":null}"#)]
#[case::blank(r#"{"event":"course.created","message_id":" "}"#)]
#[case::no_text(r#"{"event":"course.created","message_id":{"id":1}}"#)]
fn without_a_message_id_the_body_itself_is_known_again(#[case] body: &str) {
    let first = WebhookMessage::parse(body.as_bytes()).unwrap().message_id;
    let again = WebhookMessage::parse(body.as_bytes()).unwrap().message_id;
    let changed = WebhookMessage::parse(format!("{body} ").as_bytes()).unwrap().message_id;
    assert_eq!(first, again);
    assert_ne!(first, changed);
    let hash = first.strip_prefix("sha256:").unwrap();
    assert_eq!(hash.len(), 64);
    assert!(hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn the_hash_of_a_body_is_its_sha256() {
    let message = WebhookMessage::parse(br#"{"event":"course.created"}"#).unwrap();
    assert_eq!(
        message.message_id,
        "sha256:eabb51929c45651222bf4db3008a71f7f7c609ddf3feba945cc6fe483fc9cecc"
    );
}

#[test]
fn what_does_not_fit_the_envelope_is_kept() {
    let message = parse(&json!({
        "event": "course.created",
        "message_id": ["wh-1"],
        "webhook_id": "eleven",
        "original_domain": {"name": "x"},
        "fired_by_batch_action": "perhaps",
    }));
    assert_eq!(message.webhook_id, None);
    assert_eq!(message.fired_by_batch_action, None);
    assert_eq!(
        Value::from(message.other),
        json!({
            "message_id": ["wh-1"],
            "webhook_id": "eleven",
            "original_domain": {"name": "x"},
            "fired_by_batch_action": "perhaps",
        })
    );
}

#[rstest]
#[case(json!("11"), json!("1"))]
#[case(json!(11.0), json!(1))]
#[case(json!(" 11 "), json!("true"))]
fn numbers_and_flags_of_the_envelope_may_be_texts(#[case] webhook_id: Value, #[case] batch: Value) {
    let message = parse(&json!({"event": "e", "webhook_id": webhook_id, "fired_by_batch_action": batch}));
    assert_eq!(message.webhook_id, Some(11));
    assert_eq!(message.fired_by_batch_action, Some(true));
}

#[rstest]
#[case::an_object(json!({"event": "course.created", "message_id": "wh-1", "payload": {"course_id": 146}}))]
#[case::a_text(json!(r#"{"event": "course.created", "message_id": "wh-1", "payload": {"course_id": 146}}"#))]
fn the_wrapper_of_automation_tools_is_taken_off(#[case] body: Value) {
    let message = parse(&json!({"context": {"run": 7}, "event": {"headers": {}, "body": body}}));
    assert_eq!(message.event, "course.created");
    assert_eq!(message.message_id, "wh-1");
    assert_eq!(message.items, [json!({"course_id": 146})]);
    assert_eq!(Value::from(message.other), json!({"context": {"run": 7}}));
}

#[rstest]
#[case(json!({"payload": {}}))]
#[case(json!({"event": null}))]
#[case(json!({"event": " "}))]
#[case(json!({"event": 7}))]
#[case(json!({"event": {"name": "course.created"}}))]
#[case(json!({"event": {"body": null}}))]
#[case(json!({"event": {"body": {"payload": {}}}}))]
#[case(json!({"event": {"body": {"event": {"body": {"event": "course.created"}}}}}))]
fn a_message_without_an_event_is_refused(#[case] body: Value) {
    let refused = WebhookMessage::parse(body.to_string().as_bytes());
    assert_eq!(refused, Err(WebhookError::EventMissing));
}

#[rstest]
#[case(json!([{"event": "course.created"}]))]
#[case(json!("course.created"))]
#[case(json!(null))]
#[case(json!({"event": {"body": "[]"}}))]
fn what_is_no_object_is_refused(#[case] body: Value) {
    let refused = WebhookMessage::parse(body.to_string().as_bytes());
    assert_eq!(refused, Err(WebhookError::NotAnObject));
}

#[rstest]
#[case::empty(b"".to_vec())]
#[case::only_a_mark(b"\xEF\xBB\xBF".to_vec())]
#[case::form(b"event=course.created".to_vec())]
#[case::not_utf_8(b"{\"event\":\"caf\xE9\"}".to_vec())]
#[case::two_objects(br#"{"event":"a"}{"event":"b"}"#.to_vec())]
#[case::too_large_a_number(br#"{"event":"a","payload":{"user_id":1e999}}"#.to_vec())]
#[case::very_deep([br#"{"event":"a","payload":"#.as_slice(), &b"[".repeat(1_000_000)].concat())]
#[case::wrapped(br#"{"event":{"body":"{"}}"#.to_vec())]
fn what_is_no_json_is_refused(#[case] body: Vec<u8>) {
    assert_eq!(WebhookMessage::parse(&body), Err(WebhookError::NotJson));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let message = WebhookMessage::parse(b"\xEF\xBB\xBF{\"event\":\"course.created\"}").unwrap();
    assert_eq!(message.event, "course.created");
}

#[test]
fn of_a_key_that_comes_twice_the_last_counts() {
    let body = br#"{"event":"a","event":"course.created","payload":{"course_id":1,"course_id":146}}"#;
    let message = WebhookMessage::parse(body).unwrap();
    assert_eq!(message.event, "course.created");
    assert_eq!(message.items, [json!({"course_id": 146})]);
}

#[test]
fn no_error_quotes_the_body() {
    for body in [
        "secret{",
        "[\"secret\"]",
        "{\"secret\": 1}",
        "{\"event\": {\"secret\": 1}}",
    ] {
        let error = WebhookMessage::parse(body.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}
