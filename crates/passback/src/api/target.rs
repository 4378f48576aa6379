//! Which server to talk to, and as whom.

use std::path::Path;

use secrecy::SecretString;

use super::Api;
use crate::exit::Failure;

/// Where `passback dev` keeps its things.
pub(crate) const DEFAULT_DATA_DIR: &str = ".passback";
/// The administrator's token of `passback dev`, below its data folder.
pub(crate) const ADMIN_TOKEN_FILE: &str = "admin-token";
/// Where `passback dev` listens, below its data folder, while it runs.
pub(crate) const API_URL_FILE: &str = "api-url";

/// The password of the webhooks of `passback dev`, below its data folder.
pub(crate) const WEBHOOK_PASSWORD_FILE: &str = "webhook-password";

const DEFAULT_URL: &str = "http://127.0.0.1:8080";
const URL_VARIABLE: &str = "PASSBACK_API_URL";
const TOKEN_VARIABLE: &str = "PASSBACK_API_TOKEN";

impl Api {
    /// The server of `PASSBACK_API_URL` and `PASSBACK_API_TOKEN`, or the `passback dev` of this folder.
    pub(crate) fn from_environment() -> Result<Self, Failure> {
        let variable = |name| std::env::var(name).ok().filter(|text| !text.trim().is_empty());
        let named = variable(URL_VARIABLE);
        let remote = named.is_some();
        let url = named
            .or_else(|| data_file(API_URL_FILE))
            .unwrap_or_else(|| DEFAULT_URL.to_owned());
        // The token of the local server is not shown to another one that was named, unless that is local too.
        let local = url.starts_with("http://127.0.0.1:") || url.starts_with("http://localhost:");
        let token = variable(TOKEN_VARIABLE)
            .or_else(|| (!remote || local).then(|| data_file(ADMIN_TOKEN_FILE)).flatten())
            .map(|token| SecretString::from(token.trim().to_owned()));
        Self::new(url.trim(), token)
    }
}

/// A file of the `passback dev` of this folder.
pub(crate) fn data_file(name: &str) -> Option<String> {
    let text = std::fs::read_to_string(Path::new(DEFAULT_DATA_DIR).join(name)).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
