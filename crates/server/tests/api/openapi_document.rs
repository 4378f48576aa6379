//! The description as the tests read it.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Answer, World};

pub(crate) struct Document(pub(crate) Value);

/// One operation of the description.
pub(crate) struct Operation<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) of: &'a Value,
}

impl Operation<'_> {
    pub(crate) fn id(&self) -> &str {
        self.of["operationId"].as_str().unwrap()
    }

    pub(crate) fn role(&self) -> Option<&str> {
        self.of["x-passback-role"].as_str()
    }
}

impl Document {
    pub(crate) async fn read(world: &World) -> Self {
        let answer = world.get("/openapi.json").await;
        assert_eq!(answer.status, StatusCode::OK);
        Self(answer.json())
    }

    pub(crate) fn operations(&self) -> Vec<Operation<'_>> {
        let items = self.0["paths"].as_object().unwrap().iter();
        let operations = items.flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, of)| Operation {
                method: method.to_uppercase().parse().unwrap(),
                path,
                of,
            })
        });
        operations.collect()
    }

    pub(crate) fn operation(&self, id: &str) -> Operation<'_> {
        self.operations()
            .into_iter()
            .find(|operation| operation.id() == id)
            .unwrap()
    }

    /// What a reference stands for.
    pub(crate) fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(path) => self.0.pointer(path.strip_prefix('#').unwrap()).unwrap(),
            None => value,
        }
    }

    /// Everything that is wrong with a value by a schema of the description.
    pub(crate) fn faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        // References in the schema begin at the root of the document.
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": self.0["components"],
            "allOf": [schema],
        });
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&whole)
            .unwrap();
        let faults = validator.iter_errors(value);
        faults
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect()
    }

    /// Everything that is wrong with an answer by what the description says of the call.
    pub(crate) fn faults_of(&self, operation: &Operation<'_>, answer: &Answer) -> Vec<String> {
        let Some(said) = operation.of["responses"].get(answer.status.as_str()) else {
            return vec![format!("{} is not described: {}", answer.status, answer.text)];
        };
        let said = self.resolved(said);
        let mut faults = Vec::new();
        for (name, header) in said["headers"].as_object().into_iter().flatten() {
            let sent = answer.headers.get(name).map(|value| value.to_str().unwrap());
            let header = self.resolved(header);
            match sent {
                None if header["required"] != true => {}
                None => faults.push(format!("the header {name} is missing")),
                Some(text) => faults.extend(self.faults(&header["schema"], &json!(text))),
            }
        }
        let Some(contents) = said["content"].as_object() else {
            if !answer.text.is_empty() {
                faults.push(format!("a body that is not described: {}", answer.text));
            }
            return faults;
        };
        let kind = answer.header(axum::http::header::CONTENT_TYPE);
        let kind = kind.split(';').next().unwrap();
        let Some(content) = contents.get(kind) else {
            faults.push(format!("the media type {kind} is not described"));
            return faults;
        };
        if kind.ends_with("json") && kind != "application/x-ndjson" {
            faults.extend(self.faults(&content["schema"], &answer.json()));
        }
        if let Some(forms) = content["x-passback-lines"]
            .as_array()
            .filter(|_| kind == "application/x-ndjson")
        {
            let one_of = json!({"anyOf": forms});
            faults.extend(answer.lines().iter().flat_map(|line| self.faults(&one_of, line)));
        }
        faults
    }
}
