//! `Idempotency-Key`: another place for the id of a result.

use axum::http::{HeaderMap, HeaderName};
use passback_producer::parse_result_id;

use crate::problem::{Fault, Problem};

/// The header's name, as it is written in refusals.
const NAME: &str = "Idempotency-Key";
const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The id of a result: from its body, from the header, or from both where they say the same.
pub(crate) fn result_id(headers: &HeaderMap, in_body: &str) -> Result<String, Problem> {
    let key = key(headers).map_err(|fault| Problem::invalid(vec![fault]))?;
    match (key, in_body) {
        (None, "") => Err(Problem::invalid(vec![
            Fault::at("/result_id", "missing", "add it, or send the header Idempotency-Key"),
            Fault::of_header(NAME, "missing", "add it, or give result_id in the body"),
        ])),
        (None, id) => Ok(id.to_owned()),
        (Some(key), "") => Ok(key),
        (Some(key), id) if key == id => Ok(key),
        (Some(_), _) => {
            let fix = "give the id in one place, or the same in both";
            Err(Problem::invalid(vec![
                Fault::at("/result_id", "another id than in the Idempotency-Key header", fix),
                Fault::of_header(NAME, "another id than result_id in the body", fix),
            ]))
        }
    }
}

/// The header's id: bare, or in quotes as a structured field writes it.
fn key(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Fault::of_header(NAME, "given twice", "give it once"));
    }
    let text = value.to_str().unwrap_or_default().trim();
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let id = parse_result_id(bare.unwrap_or(text));
    id.map(|id| Some(id.to_string()))
        .map_err(|problem| Fault::of_header(NAME, problem.problem, problem.fix))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::in_the_body(&[], "r-1", Some("r-1"))]
    #[case::in_the_header(&["r-1"], "", Some("r-1"))]
    #[case::in_quotes(&["\"r-1\""], "", Some("r-1"))]
    #[case::in_both(&["\"r-1\""], "r-1", Some("r-1"))]
    #[case::in_neither(&[], "", None)]
    #[case::not_the_same(&["r-2"], "r-1", None)]
    #[case::twice(&["r-1", "r-1"], "r-1", None)]
    #[case::empty(&[""], "r-1", None)]
    #[case::no_id(&["r 1"], "", None)]
    #[case::half_a_quote(&["\"r-1"], "", None)]
    fn an_id_may_be_in_either_place(#[case] header: &[&str], #[case] in_body: &str, #[case] id: Option<&str>) {
        let mut headers = HeaderMap::new();
        for value in header {
            headers.append(HEADER, HeaderValue::from_str(value).unwrap());
        }
        assert_eq!(result_id(&headers, in_body).ok().as_deref(), id);
    }
}
