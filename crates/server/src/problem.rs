//! Every refusal in one form: RFC 9457, with the catalogue's words.

use std::borrow::Cow;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use passback_producer::{Actor, Code, FieldProblem};
use serde::Serialize;

/// What one field or parameter has wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Fault {
    /// Where in the body, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pointer: Option<String>,
    /// Which query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameter: Option<String>,
    /// Which request header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) header: Option<String>,
    pub(crate) problem: String,
    pub(crate) fix: String,
}

impl Fault {
    pub(crate) fn at(pointer: impl Into<String>, problem: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into()),
            parameter: None,
            header: None,
            problem: problem.into(),
            fix: fix.into(),
        }
    }

    pub(crate) fn of_parameter(name: &str, problem: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: Some(name.to_owned()),
            header: None,
            problem: problem.into(),
            fix: fix.into(),
        }
    }

    pub(crate) fn of_header(name: &str, problem: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: None,
            header: Some(name.to_owned()),
            problem: problem.into(),
            fix: fix.into(),
        }
    }
}

impl From<FieldProblem> for Fault {
    fn from(problem: FieldProblem) -> Self {
        Self::at(problem.field, problem.problem, problem.fix)
    }
}

/// A refusal on its way to the caller.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    code: Code,
    status: StatusCode,
    detail: String,
    faults: Vec<Fault>,
    fixes: Vec<String>,
    retry_after_s: Option<u64>,
}

/// A refusal as it is sent.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    who_acts: Actor,
    resolution: Vec<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Problem {
    /// A refusal with the status that the catalogue gives its code; 422 where the code is none of the API's own.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        let status = code
            .entry()
            .http_status
            .and_then(|status| StatusCode::from_u16(status).ok());
        Self {
            code,
            status: status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY),
            detail: detail.into(),
            faults: Vec::new(),
            fixes: Vec::new(),
            retry_after_s: None,
        }
    }

    /// A refusal of fields or parameters.
    pub(crate) fn invalid(faults: Vec<Fault>) -> Self {
        let detail = match faults.as_slice() {
            [one] => {
                let places = [&one.pointer, &one.parameter, &one.header];
                let place = places.into_iter().flatten().next().map_or("", String::as_str);
                let place = if place.is_empty() { "the body" } else { place };
                format!("{place}: {}", one.problem)
            }
            several => format!("{} fields are not as they should be.", several.len()),
        };
        Self {
            faults,
            ..Self::new(Code::InvalidRequest, detail)
        }
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// When the same request may be sent again.
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..self
        }
    }

    pub(crate) fn with_fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// A step that puts this very case right, before the catalogue's general ones.
    pub(crate) fn fix(mut self, step: impl Into<String>) -> Self {
        self.fixes.push(step.into());
        self
    }

    pub(crate) fn code(&self) -> Code {
        self.code
    }

    pub(crate) fn body(&self, request_id: Option<&str>) -> ProblemBody {
        let entry = self.code.entry();
        // What this case says already, in other quotes or not, is not said again.
        let bare = |step: &str| step.replace('`', "");
        let said: Vec<String> = self.fixes.iter().map(|fix| bare(fix)).collect();
        let general = entry.resolution.iter().filter(|step| !said.contains(&bare(step)));
        let general = general.map(|step| Cow::Borrowed(*step));
        ProblemBody {
            kind: format!("urn:passback:problem:{}", entry.code),
            title: entry.title,
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            code: entry.code,
            who_acts: entry.who_acts,
            resolution: self.fixes.iter().cloned().map(Cow::Owned).chain(general).collect(),
            errors: self.faults.clone(),
            request_id: request_id.map(str::to_owned),
        }
    }

    /// The whole answer, once the request's id is known.
    pub(crate) fn render(&self, request_id: &str) -> Response {
        let mut response = (self.status, Json(self.body(Some(request_id)))).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        let passes = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS];
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        } else if passes.contains(&self.status) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = if self.code == Code::WebhookUnauthorized {
                "Basic realm=\"passback webhooks\", charset=\"UTF-8\""
            } else {
                "Bearer realm=\"passback\""
            };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
        response
    }
}

impl IntoResponse for Problem {
    /// Only a note: the outermost layer, which knows the request's id, renders it.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
