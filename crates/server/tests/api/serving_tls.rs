//! https by the server itself.

use std::{path::Path, time::Duration};

use passback_server::{Role, Tls, TlsError, TlsFiles};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use reqwest::{Certificate, Client};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    serving::{LIMIT, Server},
    world::{World, token},
};

const NAME: &str = "passback.test";

/// A certificate in a folder; its PEM, for who is to trust it.
fn make(folder: &Path) -> (TlsFiles, String) {
    let made: CertifiedKey<KeyPair> = generate_simple_self_signed([NAME.to_owned()]).unwrap();
    let files = TlsFiles {
        certificate_file: folder.join("cert.pem"),
        key_file: folder.join("key.pem"),
    };
    std::fs::write(&files.certificate_file, made.cert.pem()).unwrap();
    std::fs::write(&files.key_file, made.signing_key.serialize_pem()).unwrap();
    (files, made.cert.pem())
}

fn client(certificate: &str, port: u16) -> Client {
    // The workspace's one provider; a test before may have set it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .tls_certs_only([Certificate::from_pem(certificate.as_bytes()).unwrap()])
        .resolve(NAME, ([127, 0, 0, 1], port).into())
        .pool_max_idle_per_host(0)
        .timeout(LIMIT)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_call_over_tls_is_answered_and_told_to_stay_there() {
    let world = World::start().await;
    let folder = TempDir::new().unwrap();
    let (files, certificate) = make(folder.path());
    let tls = Tls::load(files).unwrap();
    let server = Server::start(world.app.clone(), |options| options.tls = Some(tls)).await;
    let answer = client(&certificate, server.port)
        .get(format!("https://{NAME}:{}/v1/exams/forklift-01", server.port))
        .bearer_auth(token(Role::Viewer))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    assert!(answer.text().await.unwrap().contains("forklift-01"));
}

#[tokio::test]
async fn a_handshake_that_does_not_come_ends_and_holds_up_nobody() {
    let world = World::start().await;
    let folder = TempDir::new().unwrap();
    let (files, certificate) = make(folder.path());
    let tls = Tls::load(files).unwrap();
    let server = Server::start(world.app.clone(), |options| {
        options.tls = Some(tls);
        options.limits.handshake_timeout_ms = 500;
    })
    .await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(server.connect().await);
    }
    // Who speaks HTTP here hears nothing of it.
    let mut plain = server.connect().await;
    plain.write_all(b"GET /healthz HTTP/1.1\r\n\r\n").await.unwrap();
    let url = format!("https://{NAME}:{}/healthz", server.port);
    let answer = client(&certificate, server.port).get(url).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    for mut connection in silent.into_iter().chain([plain]) {
        let mut bytes = Vec::new();
        let _ = tokio::time::timeout(LIMIT, connection.read_to_end(&mut bytes))
            .await
            .unwrap();
        assert!(!bytes.starts_with(b"HTTP"));
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_in_force_without_a_restart_and_a_broken_one_is_not() {
    let world = World::start().await;
    let folder = TempDir::new().unwrap();
    let (files, first) = make(folder.path());
    let tls = Tls::load(files.clone())
        .unwrap()
        .looking_every(Duration::from_millis(10));
    let server = Server::start(world.app.clone(), |options| options.tls = Some(tls)).await;
    let url = format!("https://{NAME}:{}/healthz", server.port);
    let works = async |certificate: &str| client(certificate, server.port).get(&url).send().await.is_ok();
    assert!(works(&first).await);

    let elsewhere = TempDir::new().unwrap();
    let (other, second) = make(elsewhere.path());
    // A key alone is half a renewal: the old certificate stays until the other half is there.
    std::fs::copy(&other.key_file, &files.key_file).unwrap();
    for _ in 0..20 {
        assert!(works(&first).await);
    }
    std::fs::copy(&other.certificate_file, &files.certificate_file).unwrap();
    let renewed = async {
        while !works(&second).await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, renewed).await.unwrap();
    assert!(!works(&first).await);
}

#[test]
fn files_that_are_no_certificate_and_its_key_are_refused_by_name() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (files, _) = make(folder.path());
    let (others, _) = make(other.path());
    let load = |certificate: &Path, key: &Path| {
        let files = TlsFiles {
            certificate_file: certificate.to_owned(),
            key_file: key.to_owned(),
        };
        Tls::load(files).unwrap_err()
    };
    let nowhere = folder.path().join("nowhere.pem");
    let (certificate, key) = (&files.certificate_file, &files.key_file);
    assert!(matches!(load(&nowhere, key), TlsError::Unreadable { path, .. } if path == nowhere));
    assert!(matches!(load(certificate, &nowhere), TlsError::Unreadable { path, .. } if path == nowhere));
    assert!(matches!(load(key, key), TlsError::NoCertificate { path } if path == *key));
    assert!(matches!(load(certificate, certificate), TlsError::NoKey { path } if path == *certificate));
    let mismatch = load(certificate, &others.key_file);
    assert!(matches!(mismatch, TlsError::Mismatch { .. }), "{mismatch}");
    assert!(mismatch.to_string().contains("key.pem"), "{mismatch}");
    assert!(Tls::load(files).is_ok());
}
