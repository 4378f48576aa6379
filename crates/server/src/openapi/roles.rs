//! Who may make a call.

use serde_json::json;
use utoipa::openapi::{OpenApi, extensions::ExtensionsBuilder, path::Operation};

use crate::Role;

/// Where an operation says which role it needs.
pub(super) const ROLE: &str = "x-passback-role";

/// Says of every operation of some routes which role they need.
pub(crate) fn mark(api: &mut OpenApi, role: Role) {
    for item in api.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
        ];
        for operation in operations.into_iter().flatten() {
            needs(operation, role);
        }
    }
}

fn needs(operation: &mut Operation, role: Role) {
    let extension = ExtensionsBuilder::new().add(ROLE, json!(role.as_str())).build();
    match &mut operation.extensions {
        Some(extensions) => extensions.merge(extension),
        none => *none = Some(extension),
    }
}
