//! The page of all calls, by their tags.

use maud::{Markup, html};
use serde_json::Value;

use super::{layout::page, operation::Call, prose::prose, schemas};

/// The whole page.
pub(super) fn render(document: &Value) -> String {
    let tags: Vec<(&Value, Vec<Call>)> = document["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| (tag, calls(document, &tag["name"])))
        .collect();
    let body = html! {
        h1 { "passback's API" }
        (prose(document["info"]["description"].as_str().unwrap_or_default()))
        (contents(&tags))
        @for (tag, calls) in &tags {
            h2 id=(anchor(tag)) { (capital(tag["name"].as_str().unwrap_or_default())) }
            p { (tag["description"].as_str().unwrap_or_default()) }
            @for call in calls { (call.article()) }
        }
        (schemas::all(document))
    };
    page("passback: the API", &body)
}

fn contents(tags: &[(&Value, Vec<Call>)]) -> Markup {
    html! {
        nav aria-label="Calls" {
            @for (tag, calls) in tags {
                p { a href={ "#" (anchor(tag)) } { (capital(tag["name"].as_str().unwrap_or_default())) } }
                ul.calls { @for call in calls {
                    li { a href={ "#" (call.id()) } { code { (call.line()) } } " " span.quiet { (call.summary()) } }
                } }
            }
            p { a href="#schemas" { "Schemas" } }
        }
    }
}

fn calls<'a>(document: &'a Value, tag: &Value) -> Vec<Call<'a>> {
    let items = document["paths"].as_object().into_iter().flatten();
    let operations = items.flat_map(|(path, item)| {
        let operations = item.as_object().into_iter().flatten();
        operations.map(move |(method, operation)| (path, method, operation))
    });
    operations
        .filter(|(_, _, operation)| operation["tags"][0] == *tag)
        .map(|(path, method, operation)| Call {
            method: method.to_uppercase(),
            path,
            operation,
            document,
        })
        .collect()
}

fn anchor(tag: &Value) -> String {
    tag["name"].as_str().unwrap_or_default().replace(' ', "-")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        format!("{}{}", first.to_uppercase(), chars.as_str())
    })
}
