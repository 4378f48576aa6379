//! JSON bodies: read into a shape, or refused with the field named.

use axum::extract::{FromRequest, Request};
use passback_producer::Code;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::{
    body::{expect_media_type, read_whole},
    problem::{Fault, Problem},
    state::App,
};

/// The longest piece of a caller's text that comes back in a refusal.
const MAX_ECHO_CHARS: usize = 64;

/// A body of the right media type, size and shape.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        expect_media_type(request.headers(), &["application/json"])?;
        let body = read_whole(
            request.into_body(),
            app.config.max_body_bytes,
            app.config.body_timeout_ms,
        )
        .await?;
        parse(&body).map(Self)
    }
}

/// Reads JSON into a shape.
///
/// What was sent is never repeated in the refusal, except the name of an unknown field.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // serde would also read the fields of a struct from a list, by their order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        serde_json::from_slice::<IgnoredAny>(bytes).map_err(|error| refusal(String::new(), &error))?;
        return Err(Problem::invalid(vec![Fault::at(
            "",
            "not an object",
            "send one JSON object",
        )]));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = pointer(error.path());
        refusal(pointer, error.inner())
    })?;
    deserializer.end().map_err(|error| refusal(String::new(), &error))?;
    Ok(value)
}

fn refusal(pointer: String, error: &serde_json::Error) -> Problem {
    match error.classify() {
        Category::Syntax | Category::Eof | Category::Io => {
            let detail = format!(
                "The body is not JSON: line {}, column {}.",
                error.line(),
                error.column()
            );
            let problem = Problem::new(Code::MalformedJson, detail);
            if pointer.is_empty() {
                return problem;
            }
            problem.with_fault(Fault::at(
                pointer,
                "not JSON from here on",
                "send well-formed JSON in UTF-8",
            ))
        }
        Category::Data => Problem::invalid(vec![shape(pointer, &error.to_string())]),
    }
}

/// Turns serde's message about a shape into a field, what is wrong with it, and what to do.
fn shape(pointer: String, message: &str) -> Fault {
    let message = message.rsplit_once(" at line ").map_or(message, |(text, _)| text);
    let expected = message.rsplit_once(", expected ").map(|(_, expected)| expected);
    if message.starts_with("unknown field `") {
        let name = between_ticks(message);
        let fix = expected.map_or_else(
            || "leave it out".to_owned(),
            |names| format!("leave it out; known: {names}"),
        );
        return Fault::at(child(pointer, &name), "unknown field", fix);
    }
    if message.starts_with("missing field `") {
        return Fault::at(child(pointer, &between_ticks(message)), "missing", "add it");
    }
    if message.starts_with("duplicate field `") {
        return Fault::at(child(pointer, &between_ticks(message)), "given twice", "give it once");
    }
    if message.starts_with("unknown variant `") {
        let fix = format!("use {}", expected.unwrap_or("a known word"));
        return Fault::at(pointer, "not one of the known words", fix);
    }
    let fix = format!("send {}", expected.map_or("a value of the right type", plain_type));
    let Some(rest) = message.strip_prefix("invalid type: ") else {
        // A message of our own types ("not an id: use …") or a value out of range; neither may repeat the value.
        let problem = if message.starts_with("invalid ") {
            "not a valid value"
        } else {
            message
        };
        return Fault::at(pointer, problem, fix);
    };
    let found = found_type(rest, expected.unwrap_or_default());
    let problem = match expected.map(plain_type) {
        Some(expected) => format!("{found} where {expected} belongs"),
        None => format!("{found}, which is of the wrong type"),
    };
    Fault::at(pointer, problem, fix)
}

fn found_type(rest: &str, expected: &str) -> &'static str {
    const FOUND: [(&str, &str); 7] = [
        ("string", "a text"),
        ("integer", "a number"),
        ("floating point", "a number with a fraction"),
        ("boolean", "true or false"),
        ("null", "null"),
        ("map", "an object"),
        ("sequence", "a list"),
    ];
    // serde reads a number that is too large for every integer as one with a fraction.
    if rest.starts_with("floating point") && WHOLE.iter().any(|(kind, _)| *kind == expected) {
        return "a number that is too large, or has a fraction,";
    }
    FOUND
        .iter()
        .find(|(start, _)| rest.starts_with(start))
        .map_or("a value of another type", |(_, word)| word)
}

/// Whole numbers, and how far they go.
const WHOLE: [(&str, &str); 5] = [
    ("u64", "a whole number from 0 to 18446744073709551615"),
    ("usize", "a whole number from 0 on"),
    ("u32", "a whole number from 0 to 4294967295"),
    ("u16", "a whole number from 0 to 65535"),
    ("i64", "a whole number"),
];

fn plain_type(expected: &str) -> &str {
    match expected {
        "f64" | "f32" => "a number",
        "a string" | "string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        other if other.starts_with("struct ") => "an object",
        other => WHOLE
            .iter()
            .find(|(kind, _)| *kind == other)
            .map_or(other, |(_, words)| words),
    }
}

fn between_ticks(message: &str) -> String {
    let start = message.find('`').map_or(0, |at| at + 1);
    let rest = &message[start..];
    // The name itself may hold a tick; what follows it in serde's messages starts with "`, " or is the end.
    let end = rest.find("`, ").or_else(|| rest.rfind('`')).unwrap_or(rest.len());
    rest[..end].chars().take(MAX_ECHO_CHARS).collect()
}

fn child(mut pointer: String, name: &str) -> String {
    let name = escape(name);
    // The path already ends in the field where serde had read its name.
    if pointer.rsplit('/').next() != Some(name.as_str()) {
        pointer.push('/');
        pointer.push_str(&name);
    }
    pointer
}

fn pointer(path: &Path) -> String {
    let parts = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } => {
            let key: String = key.chars().take(MAX_ECHO_CHARS).collect();
            Some(format!("/{}", escape(&key)))
        }
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    parts.collect()
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only their shape matters")]
    struct Sample {
        email: String,
        score: Option<f64>,
        sequence: Option<u64>,
        #[serde(default)]
        ids: Vec<String>,
        inner: Option<Inner>,
        word: Option<Word>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only their shape matters")]
    struct Inner {
        name: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        Passed,
    }

    fn refused(text: &str) -> serde_json::Value {
        serde_json::to_value(parse::<Sample>(text.as_bytes()).unwrap_err().body(None)).unwrap()
    }

    #[rstest]
    #[case::wrong_type(r#"{"email": 7}"#, "/email", "a number where a text belongs")]
    #[case::wrong_type_in_an_option(r#"{"email": "a", "score": "high"}"#, "/score", "a text where a number belongs")]
    #[case::list_instead(r#"{"email": ["a"]}"#, "/email", "a list where a text belongs")]
    #[case::negative(r#"{"email": "a", "sequence": -1}"#, "/sequence", "not a valid value")]
    #[case::fraction(
        r#"{"email": "a", "sequence": 1.5}"#,
        "/sequence",
        "a number that is too large, or has a fraction, where a whole number from 0 to 18446744073709551615 belongs"
    )]
    #[case::missing("{}", "/email", "missing")]
    #[case::unknown(r#"{"email": "a", "colour": 1}"#, "/colour", "unknown field")]
    #[case::unknown_in_an_object(r#"{"email": "a", "inner": {"x": 1}}"#, "/inner/x", "unknown field")]
    #[case::missing_in_an_object(r#"{"email": "a", "inner": {}}"#, "/inner/name", "missing")]
    #[case::twice(r#"{"email": "a", "email": "b"}"#, "/email", "given twice")]
    #[case::in_a_list(r#"{"email": "a", "ids": ["x", 7]}"#, "/ids/1", "a number where a text belongs")]
    #[case::word(
        r#"{"email": "a", "word": "ann@example.org"}"#,
        "/word",
        "not one of the known words"
    )]
    #[case::not_an_object(r#""ann@example.org""#, "", "not an object")]
    #[case::list(r#"["ann@example.org"]"#, "", "not an object")]
    fn a_wrong_shape_names_the_field(#[case] text: &str, #[case] pointer: &str, #[case] problem: &str) {
        let body = refused(text);
        assert_eq!(body["code"], "invalid_request");
        assert_eq!(body["errors"][0]["pointer"], pointer);
        assert_eq!(body["errors"][0]["problem"], problem);
        assert!(!body.to_string().contains("ann@example.org"), "{body}");
    }

    #[rstest]
    #[case("")]
    #[case("{")]
    #[case("{}{}")]
    #[case(r#"{"email": "a"} x"#)]
    #[case("{\"email\": \"\u{1}\"}")]
    #[case(r#"{"email": "a", "score": 1e999}"#)]
    #[case(r#"{"email": "a", "score": NaN}"#)]
    fn what_is_not_json_is_malformed(#[case] text: &str) {
        let body = refused(text);
        assert!(
            ["malformed_json", "invalid_request"].contains(&body["code"].as_str().unwrap()),
            "{body}"
        );
        assert!(body["status"].as_u64().unwrap() >= 400);
    }

    #[test]
    fn deep_nesting_is_refused_without_a_crash() {
        let deep = "[".repeat(100_000);
        assert_eq!(
            parse::<serde_json::Value>(deep.as_bytes()).unwrap_err().code(),
            Code::MalformedJson
        );
    }
}
