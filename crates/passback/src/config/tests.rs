use std::io::Write;

use secrecy::ExposeSecret;
use tempfile::NamedTempFile;
use toml::Value;

use super::keys::KEYS;
use super::{Layers, Settings, Sources, show};
use crate::exit::Failure;

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn sources(text: &str, variables: &[(&str, &str)]) -> (NamedTempFile, Sources) {
    let file = file(text);
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let sources = Sources {
        file: Some(file.path().to_owned()),
        variables,
        flags: Vec::new(),
    };
    (file, sources)
}

fn settings(text: &str, variables: &[(&str, &str)]) -> Result<Settings, Failure> {
    let (_file, sources) = sources(text, variables);
    let layers = Layers::read(sources)?;
    Ok(Settings::from_layers(&layers)?)
}

#[test]
fn the_defaults_are_complete_and_valid() {
    let (_file, sources) = sources("", &[]);
    let layers = Layers::read(sources).unwrap();
    assert_eq!(layers.iter().count(), KEYS.len());
    let settings = Settings::from_layers(&layers).unwrap();
    assert_eq!(settings.push_slots, 32);
    assert_eq!(settings.look_again.as_secs(), 6 * 3_600);
}

#[test]
fn each_layer_goes_over_the_one_below() {
    let text =
        "[redis]\nurl = \"redis://file\"\n[http]\nlisten = \"127.0.0.1:1\"\n[worker]\nconcurrency = { push = 3 }";
    let variables = [
        ("PASSBACK_REDIS__URL", "redis://variable"),
        ("PASSBACK_WORKER__CONCURRENCY__CHECK", "7"),
    ];
    let (_file, mut sources) = sources(text, &variables);
    sources
        .flags
        .push(("http.listen", "--listen", Value::from("127.0.0.1:2")));
    let layers = Layers::read(sources).unwrap();
    let settings = Settings::from_layers(&layers).unwrap();
    assert_eq!(settings.redis_url.expose_secret(), "redis://variable");
    assert_eq!(settings.listen, "127.0.0.1:2");
    assert_eq!(
        (settings.check_slots, settings.push_slots, settings.background_slots),
        (7, 3, 8)
    );
}

#[test]
fn an_egress_has_no_limit_until_one_is_given() {
    let usual = settings("", &[]).unwrap().egress;
    assert_eq!((usual.name.as_str(), usual.calls_per_hour), ("default", None));
    let text = "[worker]\negress = { name = \"frankfurt-1\" }";
    let variables = [("PASSBACK_WORKER__EGRESS__CALLS_PER_HOUR", "5000")];
    let chosen = settings(text, &variables).unwrap().egress;
    assert_eq!(
        (chosen.name.as_str(), chosen.calls_per_hour),
        ("frankfurt-1", Some(5000))
    );
}

#[test]
fn an_egress_that_cannot_be_named_or_counted_is_refused() {
    let text = "[worker]\negress = { name = \"two words\", calls_per_hour = -1 }";
    let said = settings(text, &[]).unwrap_err().to_string();
    assert!(said.contains("worker.egress.name is no name"), "{said}");
    assert!(
        said.contains("worker.egress.calls_per_hour is no whole number"),
        "{said}"
    );
    let said = settings("[worker]\negress = \"frankfurt-1\"", &[])
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("worker.egress in") && said.contains("must be a table"),
        "{said}"
    );
    let said = settings("[worker]\negress = { nam = \"x\" }", &[])
        .unwrap_err()
        .to_string();
    assert!(said.contains("did you mean worker.egress.name?"), "{said}");
}

#[test]
fn a_value_can_come_from_a_file_that_a_variable_names() {
    let secret = file("redis://:hunter2@host\n");
    let path = secret.path().to_str().unwrap();
    let settings = settings("", &[("PASSBACK_REDIS__URL_FILE", path)]).unwrap();
    assert_eq!(settings.redis_url.expose_secret(), "redis://:hunter2@host");
}

#[test]
fn the_master_key_file_is_a_key_and_not_a_file_to_read() {
    let settings = settings("", &[("PASSBACK_SECRETS__MASTER_KEY_FILE", "/nowhere/key")]).unwrap();
    assert_eq!(settings.master_key_file.to_str(), Some("/nowhere/key"));
}

#[test]
fn an_unknown_key_is_named_with_its_source_and_the_nearest_key() {
    let (file, sources) = sources("[redis]\nulr = \"redis://x\"", &[]);
    let failure = Failure::from(Layers::read(sources).unwrap_err());
    let said = failure.to_string();
    assert!(said.contains("unknown key redis.ulr"), "{said}");
    assert!(said.contains(file.path().to_str().unwrap()), "{said}");
    assert!(said.contains("did you mean redis.url?"), "{said}");
}

#[test]
fn an_unknown_variable_is_named_with_the_nearest_one() {
    let said = settings("", &[("PASSBACK_REDIS_URL", "redis://x")])
        .unwrap_err()
        .to_string();
    assert!(said.contains("unknown variable PASSBACK_REDIS_URL"), "{said}");
    assert!(said.contains("did you mean PASSBACK_REDIS__URL?"), "{said}");
}

#[test]
fn variables_of_the_client_and_of_tests_are_no_keys() {
    let others = [
        ("PASSBACK_API_URL", "x"),
        ("PASSBACK_API_TOKEN", "x"),
        ("PASSBACK_TEST_REDIS", "x"),
        ("PATH", "x"),
    ];
    assert!(settings("", &others).is_ok());
}

#[test]
fn every_wrong_value_is_said_at_once() {
    let text = "[worker]\nshutdown_grace = \"25\"\nconcurrency = { push = 0 }\n[redis]\nallow_unsafe = \"yes\"";
    let said = settings(text, &[]).unwrap_err().to_string();
    for key in ["worker.shutdown_grace", "worker.concurrency.push", "redis.allow_unsafe"] {
        assert!(said.contains(key), "{key}: {said}");
    }
}

#[test]
fn values_that_do_not_go_together_are_refused() {
    let said = settings("[worker]\nmax_age = \"60s\"\nlook_again = \"2h\"", &[])
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("worker.max_age is not longer than worker.push_deadline"),
        "{said}"
    );
    assert!(
        said.contains("worker.look_again is not shorter than worker.max_age"),
        "{said}"
    );
}

#[test]
fn what_is_kept_outlasts_those_who_need_it() {
    let usual = settings("", &[]).unwrap();
    let days = |duration: std::time::Duration| duration.as_secs() / 86_400;
    assert_eq!((days(usual.ledger_retention), days(usual.feed_retention)), (400, 7));
    assert_eq!(usual.overdue_after.as_secs(), 86_400);
    let text = "[ledger]\nretention = \"14d\"\noverdue_after = \"14d\"\n[feed]\nretention = \"59m\"";
    let said = settings(text, &[]).unwrap_err().to_string();
    for wrong in [
        "ledger.retention is not longer than worker.max_age",
        "ledger.overdue_after is not between 1s and ledger.retention",
        "feed.retention is under one hour",
    ] {
        assert!(said.contains(wrong), "{said}");
    }
}

#[test]
fn a_grace_shorter_than_a_push_is_warned_of() {
    assert_eq!(settings("", &[]).unwrap().warnings.len(), 0);
    assert_eq!(
        settings("[worker]\nshutdown_grace = \"10s\"", &[])
            .unwrap()
            .warnings
            .len(),
        1
    );
    assert_eq!(
        settings("[worker]\nshutdown_grace = \"90s\"", &[])
            .unwrap()
            .warnings
            .len(),
        0
    );
}

#[test]
fn a_token_is_read_with_its_role_and_a_wrong_one_is_named() {
    let line = |role: &str, hash: &str| {
        format!("[auth]\ntokens = [{{ name = \"engine\", role = \"{role}\", sha256 = \"{hash}\" }}]")
    };
    let hash = "0".repeat(64);
    assert_eq!(settings(&line("ingest", &hash), &[]).unwrap().tokens.len(), 1);
    let said = settings(&line("root", &hash), &[]).unwrap_err().to_string();
    assert!(said.contains("entry 1: role is not known"), "{said}");
    let said = settings(&line("ingest", "abc"), &[]).unwrap_err().to_string();
    assert!(said.contains("entry 1: sha256"), "{said}");
}

#[test]
fn a_named_file_that_is_not_there_is_an_error() {
    let sources = Sources {
        file: Some("/nowhere/passback.toml".into()),
        variables: Vec::new(),
        flags: Vec::new(),
    };
    let said = Failure::from(Layers::read(sources).unwrap_err()).to_string();
    assert!(said.contains("/nowhere/passback.toml cannot be read"), "{said}");
}

#[test]
fn broken_toml_is_said_with_its_line() {
    let said = settings("[redis]\nurl = redis://x", &[]).unwrap_err().to_string();
    assert!(said.contains("line 2"), "{said}");
    assert!(!said.contains("passback config"), "it breaks on the same file: {said}");
}

#[test]
fn what_is_shown_names_sources_and_hides_passwords() {
    let hash = "0123456789".repeat(7)[..64].to_owned();
    let tokens = format!("[{{ name = \"engine\", role = \"ingest\", sha256 = \"{hash}\" }}]");
    let (_file, sources) = sources(
        "",
        &[
            ("PASSBACK_REDIS__URL", "redis://:hunter2@host"),
            ("PASSBACK_AUTH__TOKENS", &tokens),
        ],
    );
    let shown = show(&Layers::read(sources).unwrap());
    assert!(
        shown.contains("url = \"redis://:***@host\"  # PASSBACK_REDIS__URL; default \"redis://127.0.0.1:6379\"\n"),
        "{shown}"
    );
    assert!(shown.contains("allow_unsafe = false  # default"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains(&hash), "{shown}");
    assert!(shown.parse::<toml::Table>().is_ok(), "{shown}");
}

#[test]
fn proxies_origins_and_a_certificate_are_none_until_they_are_given() {
    let usual = settings("", &[]).unwrap();
    assert!(usual.trusted_proxies.is_empty() && usual.cors_origins.is_empty() && usual.tls.is_none());
    let text =
        "[http]\ntrusted_proxies = [\"10.0.0.5\", \"10.1.0.0/16\"]\ntls.certificate_file = \"/etc/tls/cert.pem\"";
    let variables = [
        ("PASSBACK_HTTP__CORS_ORIGINS", "[\"https://console.example.org\"]"),
        ("PASSBACK_HTTP__TLS__KEY_FILE", "/etc/tls/key.pem"),
    ];
    let chosen = settings(text, &variables).unwrap();
    assert_eq!(chosen.trusted_proxies.len(), 2);
    assert_eq!(chosen.cors_origins, ["https://console.example.org"]);
    assert_eq!(chosen.tls.unwrap().key_file.to_str(), Some("/etc/tls/key.pem"));
}

#[test]
fn a_wrong_entry_of_a_list_is_named_by_its_number_and_half_a_certificate_by_what_lacks() {
    let text =
        "[http]\ntrusted_proxies = [\"10.0.0.5\", \"proxy\", 7]\ncors_origins = \"*\"\ntls = { key_file = \"k\" }";
    let said = settings(text, &[]).unwrap_err().to_string();
    for wrong in [
        "http.trusted_proxies cannot be understood at entry 2",
        "http.trusted_proxies cannot be understood at entry 3",
        "http.cors_origins is no list",
        "http.tls.certificate_file is missing beside http.tls.key_file",
    ] {
        assert!(said.contains(wrong), "{wrong}: {said}");
    }
}
