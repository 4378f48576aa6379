//! The description has every route with every method, and no other.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use passback_server::Role;

use crate::{
    openapi_document::Document,
    world::{JSON, World},
};

const ROUTES: &str = include_str!("../../src/app.rs");
const METHODS: [Method; 6] = [
    Method::GET,
    Method::PUT,
    Method::POST,
    Method::DELETE,
    Method::PATCH,
    Method::OPTIONS,
];

fn address(path: &str) -> String {
    path.replace("{id}", "01JD0000000000000000000000")
        .replace("{result_id}", "r-1")
        .replace("{lane}", "push")
}

#[tokio::test]
async fn each_path_takes_exactly_the_methods_that_are_described() {
    let world = World::start().await;
    let document = Document::read(&world).await;
    let mut described: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for operation in document.operations() {
        let methods = described.entry(operation.path).or_default();
        methods.insert(operation.method.to_string());
        if operation.method == Method::GET {
            methods.insert(Method::HEAD.to_string());
        }
    }
    assert!(described.len() > 30, "{described:?}");
    for (path, methods) in described {
        for method in METHODS {
            let answer = world
                .call(Role::Admin, method.clone(), &address(path), JSON, Body::empty())
                .await;
            let known = methods.contains(method.as_str());
            assert_eq!(
                answer.status != StatusCode::METHOD_NOT_ALLOWED,
                known,
                "{method} {path}: {}",
                answer.text
            );
            // A route that is not there is refused in other words than a thing that is not there.
            assert!(!answer.text.contains("no such route"), "{method} {path}");
            if !known {
                let allowed = answer
                    .header(header::ALLOW)
                    .split(',')
                    .map(|word| word.trim().to_owned());
                assert_eq!(allowed.collect::<BTreeSet<_>>(), methods, "{path}");
            }
        }
    }
}

/// axum does not list its routes; so whatever is not registered together with its description is refused here.
#[test]
fn no_route_is_registered_without_its_description() {
    let program = ROUTES.split("#[cfg(test)]").next().unwrap();
    for way in [".route(", ".nest(", "_service("] {
        assert!(
            !program.contains(way),
            "app.rs registers a route with {way}: use .routes(routes!(…))"
        );
    }
    assert!(program.matches(".routes(routes!(").count() > 30);
}

#[tokio::test]
async fn the_routes_their_answers_and_their_roles() {
    let document = Document::read(&World::start().await).await;
    let lines: Vec<String> = document
        .operations()
        .iter()
        .map(|operation| {
            let statuses = operation.of["responses"].as_object().unwrap().keys();
            let statuses: Vec<&str> = statuses.map(String::as_str).collect();
            let role = operation.role().unwrap_or("everybody");
            format!(
                "{} {} → {}; {role}",
                operation.method,
                operation.path,
                statuses.join(" ")
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn a_role_that_is_described_is_the_one_that_is_asked_for() {
    let world = World::start().await;
    let document = Document::read(&world).await;
    for operation in document.operations() {
        let Some(needed) = operation.role() else { continue };
        let needed: Role = needed.parse().unwrap();
        let weaker = Role::ALL.into_iter().filter(|role| *role < needed);
        for role in weaker {
            let method = operation.method.clone();
            let answer = world
                .call(role, method, &address(operation.path), JSON, Body::empty())
                .await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{role}: {}", operation.id());
        }
        let method = operation.method.clone();
        let answer = world
            .call(needed, method, &address(operation.path), JSON, Body::empty())
            .await;
        assert_ne!(answer.status, StatusCode::FORBIDDEN, "{needed}: {}", operation.id());
    }
}
