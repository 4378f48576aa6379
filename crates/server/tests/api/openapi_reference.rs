//! The pages for people.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use passback_producer::Code;

use crate::{
    openapi_document::Document,
    world::{Answer, World},
};

async fn page(world: &World, path: &str) -> Answer {
    // Without a token: who reads it may not have one yet.
    let answer = world
        .send(Request::builder().uri(path).body(Body::empty()).unwrap())
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    let parts = text.split(before).skip(1);
    parts.map(|part| part.split(after).next().unwrap()).collect()
}

#[tokio::test]
async fn the_page_has_every_call_every_schema_and_nothing_from_elsewhere() {
    let world = World::start().await;
    let document = Document::read(&world).await;
    let page = page(&world, "/reference").await;
    for operation in document.operations() {
        assert!(
            page.text.contains(&format!("id=\"{}\"", operation.id())),
            "{}",
            operation.id()
        );
    }
    for name in document.0["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.text.contains(&format!("id=\"schema-{name}\"")), "{name}");
    }
    assert!(page.text.contains("r.moreau@example.org") && page.text.contains("$PASSBACK_TOKEN"));
    assert!(!page.text.contains("<script") && !page.text.contains(" style=") && !page.text.contains("<img"));
    for address in between(&page.text, "href=\"", "\"")
        .into_iter()
        .chain(between(&page.text, "src=\"", "\""))
    {
        assert!(address.starts_with('#') || address.starts_with('/'), "{address}");
    }
}

#[tokio::test]
async fn every_link_leads_to_a_place_that_is_there_once() {
    let world = World::start().await;
    let pages = ["/reference", "/reference/errors"];
    let mut places = BTreeSet::new();
    let mut texts = Vec::new();
    for path in pages {
        let answer = page(&world, path).await;
        places.insert(path.to_owned());
        for id in between(&answer.text, " id=\"", "\"") {
            assert!(places.insert(format!("{path}#{id}")), "{id} is there twice");
        }
        texts.push((path, answer.text));
    }
    places.extend(["/openapi.json", "/reference/style.css"].map(str::to_owned));
    for (path, text) in &texts {
        for link in between(text, "href=\"", "\"") {
            let place = if link.starts_with('#') {
                format!("{path}{link}")
            } else {
                link.to_owned()
            };
            assert!(places.contains(&place), "{path} links to {link}");
        }
    }
}

#[tokio::test]
async fn the_messages_have_every_code_with_its_steps() {
    let world = World::start().await;
    let page = page(&world, "/reference/errors").await;
    for code in Code::ALL {
        assert!(page.text.contains(&format!("id=\"{code}\"")), "{code}");
    }
    assert!(page.text.contains("<ol><li>"));
}

#[tokio::test]
async fn the_pages_allow_nothing_but_their_own_style_sheet() {
    let world = World::start().await;
    for path in ["/reference", "/reference/errors", "/reference/style.css"] {
        let answer = page(&world, path).await;
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
    let style = page(&world, "/reference/style.css").await;
    assert!(style.text.contains("prefers-color-scheme: dark") && !style.text.contains("url("));
}
