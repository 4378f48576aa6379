//! What nobody may find who reads everything that passback writes: a person, a secret.

use std::collections::BTreeMap;
use std::path::Path;

/// Anything of a person, any secret, the token of the tests. Candidates' addresses end in `@example.org`.
const NEVER_WRITTEN: [&str; 4] = ["@example.org", "\"secret\"", "client_secret=", "e2e-admin-token"];
/// What the tests themselves write for passback to read.
const INPUTS: [&str; 3] = ["master.key", "town.toml", "passback.toml"];

/// Everything in Redis, each key with its value, as it lies there.
pub async fn everything_in_redis(url: &str) -> BTreeMap<String, Vec<u8>> {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    // Compressed values cannot be searched.
    let _: () = redis::cmd("CONFIG")
        .arg(&["SET", "rdbcompression", "no"])
        .query_async(&mut connection)
        .await
        .unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
    let mut values = BTreeMap::new();
    for key in keys {
        let value: Option<Vec<u8>> = redis::cmd("DUMP").arg(&key).query_async(&mut connection).await.unwrap();
        values.insert(key, value.unwrap_or_default());
    }
    values
}

/// No key and no value in Redis tells anything.
pub async fn check_redis(url: &str) {
    for (key, value) in everything_in_redis(url).await {
        check(&format!("the name of the key {key}"), key.as_bytes());
        check(&format!("the value of {key}"), &value);
    }
}

/// No file of a folder tells anything but those that the test wrote.
pub fn check_folder(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            check_folder(&path);
        } else if !INPUTS.contains(&name.as_str()) {
            check(&format!("the file {name}"), &std::fs::read(&path).unwrap());
        }
    }
}

/// A text tells nothing.
pub fn check(what: &str, text: &[u8]) {
    for forbidden in NEVER_WRITTEN {
        let told = text
            .windows(forbidden.len())
            .any(|window| window == forbidden.as_bytes());
        assert!(
            !told,
            "{what} tells {forbidden}: {}",
            String::from_utf8_lossy(&text[..text.len().min(2_000)])
        );
    }
}
