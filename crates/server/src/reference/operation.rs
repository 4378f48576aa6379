//! One call: parameters, bodies, answers, refusals.

use maud::{Markup, html};
use serde_json::Value;

use super::{
    curl::command,
    layout::ERRORS,
    prose::{line, prose},
    schemas::{kind, limits},
};

/// A call of the description.
pub(super) struct Call<'a> {
    pub(super) method: String,
    pub(super) path: &'a str,
    pub(super) operation: &'a Value,
    pub(super) document: &'a Value,
}

impl Call<'_> {
    /// The call's id, which is also its place on the page.
    pub(super) fn id(&self) -> &str {
        self.operation["operationId"].as_str().unwrap_or_default()
    }

    /// The call in a few words.
    pub(super) fn summary(&self) -> &str {
        self.operation["summary"].as_str().unwrap_or_default()
    }

    /// Method and path.
    pub(super) fn line(&self) -> Markup {
        html! { span.method.(self.method.to_lowercase()) { (self.method) } " " (self.path) }
    }

    /// The whole of it.
    pub(super) fn article(&self) -> Markup {
        let text = self.operation["description"].as_str().unwrap_or_default();
        html! {
            article id=(self.id()) {
                h3 { a href={ "#" (self.id()) } { (self.summary()) } }
                p.call { code { (self.line()) } }
                (prose(text))
                (self.parameters())
                (self.request())
                (self.answers())
            }
        }
    }

    fn parameters(&self) -> Markup {
        // What every call takes is told of once, at the top of the page.
        let parameters = self.operation["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<&Value> = parameters.filter(|parameter| parameter["name"].is_string()).collect();
        if parameters.is_empty() {
            return html! {};
        }
        html! {
            h4 { "Parameters" }
            div.scroll { table {
                thead { tr { th { "Name" } th { "Type" } th { "Meaning" } } }
                tbody { @for parameter in parameters {
                    tr {
                        td { code { (text(&parameter["name"])) } " " span.quiet { (text(&parameter["in"])) @if parameter["required"] == true { ", required" } } }
                        td.type { (kind(&parameter["schema"])) }
                        td { (line(text(&parameter["description"]))) (limits(&parameter["schema"])) }
                    }
                } }
            } }
        }
    }

    fn request(&self) -> Markup {
        let body = &self.operation["requestBody"];
        let Some(contents) = body["content"].as_object() else {
            return self.copyable(None);
        };
        html! {
            h4 { "Request body" }
            @if let Some(text) = body["description"].as_str() { p { (line(text)) } }
            @for (media_type, content) in contents {
                p { code { (media_type) } ": " span.type { (kind(&content["schema"])) } }
                (self.copyable(Some((media_type, &content["example"]))))
            }
        }
    }

    /// The call as a command to copy.
    fn copyable(&self, body: Option<(&str, &Value)>) -> Markup {
        html! { pre tabindex="0" { code { (command(&self.method, self.path, self.operation, body)) } } }
    }

    fn answers(&self) -> Markup {
        let answers = self.operation["responses"].as_object();
        html! {
            h4 { "Answers" }
            dl { @for (status, answer) in answers.into_iter().flatten() {
                dt { (status) }
                dd { (Self::one(resolved(self.document, answer))) }
            } }
        }
    }

    fn one(answer: &Value) -> Markup {
        if let Some(refusals) = answer["content"]["application/problem+json"]["examples"].as_object() {
            return html! {
                @for (index, (code, example)) in refusals.iter().enumerate() {
                    @if index > 0 { br; }
                    a href={ (ERRORS) "#" (code) } { code { (code) } } " " (text(&example["summary"]))
                }
            };
        }
        let contents = answer["content"].as_object();
        html! {
            (line(text(&answer["description"])))
            @for (media_type, content) in contents.into_iter().flatten() {
                p { code { (media_type) } ": " span.type { (kind(&content["schema"])) }
                    @if let Some(lines) = content["x-passback-lines"].as_array() {
                        ", in lines of " @for (index, one) in lines.iter().enumerate() { @if index > 0 { ", " } (kind(one)) }
                    }
                }
                @if !content["example"].is_null() {
                    details { summary { "Example" } pre tabindex="0" { code { (shown(&content["example"])) } } }
                }
            }
        }
    }
}

/// What a reference stands for.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
    pointer.and_then(|pointer| document.pointer(pointer)).unwrap_or(value)
}

fn shown(example: &Value) -> String {
    example.as_str().map_or_else(|| format!("{example:#}"), str::to_owned)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
