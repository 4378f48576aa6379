//! What happens when no whole answer comes.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;

use passback_docebo::{Call, Calls, Endpoint, EnrollmentUpdate, Error, Failure};
use rstest::rstest;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::stub::{Afterwards, COURSE, USER, client, impatient_client, raw};

async fn write(client: &passback_docebo::Client, calls: &mut Calls) -> Error {
    client
        .update_enrollment(COURSE, USER, &EnrollmentUpdate::default(), calls)
        .await
        .unwrap_err()
}

#[rstest]
#[case::before_the_answer(b"", None)]
#[case::inside_the_headers(b"HTTP/1.1 200 OK\r\ncontent-ty", None)]
#[case::after_the_headers(
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n",
    Some(200)
)]
#[case::inside_the_body(
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{\"data\"",
    Some(200)
)]
#[case::not_http(b"220 mail.example.org ESMTP\r\n", None)]
#[tokio::test]
async fn a_cut_connection_leaves_the_outcome_unknown(#[case] bytes: &'static [u8], #[case] status: Option<u16>) {
    let url = raw(bytes, Afterwards::Close).await;
    let mut calls = Calls::default();
    let error = write(&client(&url), &mut calls).await;
    assert_eq!(error.endpoint, Endpoint::EnrollmentWrite);
    assert!(matches!(error.failure, Failure::ConnectionLost { .. }), "{error:?}");
    assert!(error.outcome_unknown());
    assert_eq!(
        calls.0.last().map(|call| (call.endpoint, call.status)),
        Some((Endpoint::EnrollmentWrite, status))
    );
}

#[rstest]
#[case::without_a_byte(b"")]
#[case::inside_the_body(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{")]
#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_timed_out(#[case] bytes: &'static [u8]) {
    let url = raw(bytes, Afterwards::Silence).await;
    let error = write(&impatient_client(&url), &mut Calls::default()).await;
    assert_eq!(error.failure, Failure::TimedOut);
    assert!(error.outcome_unknown());
}

#[tokio::test]
async fn an_error_status_counts_although_its_body_is_cut() {
    let bytes = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 90\r\n\r\n<html";
    let url = raw(bytes, Afterwards::Close).await;
    let error = write(&client(&url), &mut Calls::default()).await;
    assert!(
        matches!(
            error.failure,
            Failure::Unavailable {
                status: 503,
                retry_after: Some(_)
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_refused_connection_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut calls = Calls::default();
    let error = write(&client(&url), &mut calls).await;
    assert_eq!(error.endpoint, Endpoint::Token);
    assert!(matches!(error.failure, Failure::Unreachable { .. }), "{error:?}");
    assert!(!error.outcome_unknown());
    assert!(
        matches!(
            calls.0.as_slice(),
            [Call {
                endpoint: Endpoint::Token,
                status: None,
                ..
            }]
        ),
        "{calls:?}"
    );
}

#[tokio::test]
async fn an_unknown_host_is_unreachable() {
    let error = write(&client("http://docebo.invalid"), &mut Calls::default()).await;
    assert!(matches!(error.failure, Failure::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn an_untrusted_certificate_is_named_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || serve_one_handshake(&listener));
    let error = write(&client(&url), &mut Calls::default()).await;
    assert!(matches!(error.failure, Failure::CertificateInvalid { .. }), "{error:?}");
    assert!(!error.outcome_unknown());
    server.join().unwrap();
}

fn serve_one_handshake(listener: &TcpListener) {
    let certificate = CertificateDer::from(include_bytes!("self-signed.cert.der").to_vec());
    let key = PrivatePkcs8KeyDer::from(include_bytes!("self-signed.key.der").to_vec());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key))
        .unwrap();
    let connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
    let (stream, _) = listener.accept().unwrap();
    let outcome = rustls::StreamOwned::new(connection, stream).read(&mut [0; 16]);
    assert!(outcome.is_err(), "the client must refuse the certificate");
}

#[tokio::test]
async fn a_call_that_is_cancelled_is_on_record() {
    let url = raw(b"", Afterwards::Silence).await;
    let client = client(&url);
    client.authenticate(&mut Calls::default()).await.unwrap();
    let mut calls = Calls::default();
    let deadline = std::time::Duration::from_millis(100);
    let cut = tokio::time::timeout(deadline, client.enrollment(COURSE, USER, &mut calls)).await;
    assert!(cut.is_err());
    assert!(
        matches!(
            calls.0.as_slice(),
            [Call {
                endpoint: Endpoint::EnrollmentRead,
                status: None,
                ..
            }]
        ),
        "{calls:?}"
    );
}
