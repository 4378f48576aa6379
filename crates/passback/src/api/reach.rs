//! Why a server was not reached, as far as the command line can tell.

use std::error::Error;

use reqwest::Url;

use crate::exit::Failure;

/// The failure of a call that brought no answer. The address of the error is not repeated, for it may hold a password.
pub(super) fn unreachable(base: &Url, error: &reqwest::Error) -> Failure {
    let what = if error.is_timeout() {
        "did not answer in time"
    } else {
        "cannot be reached"
    };
    let failure = Failure::unavailable(format!("the passback server at {} {what}", shown(base)));
    let Some(cause) = innermost(error) else {
        return failure.fix(START);
    };
    let fix = fix(base, &cause);
    failure.detail(cause).fix(fix)
}

const START: &str = "start it with `passback dev` or `passback serve`, or let PASSBACK_API_URL name another one";
const TRUST: &str = "let SSL_CERT_FILE name a PEM file with the authority that signed the server's certificate (or with \
                     that certificate itself, made with -addext basicConstraints=critical,CA:FALSE if by \
                     `openssl req -x509`), and let PASSBACK_API_URL have the host name that it is for";
const SPEAKS_TLS: &str = "if the server speaks TLS, let PASSBACK_API_URL begin with https://";
const SPEAKS_PLAIN: &str = "if the server speaks plain HTTP, let PASSBACK_API_URL begin with http://";

/// The address without a user name and a password.
fn shown(base: &Url) -> Url {
    let mut shown = base.clone();
    // Both fail only for addresses that cannot have them.
    let _ = shown.set_password(None);
    let _ = shown.set_username("");
    shown
}

/// What went wrong at the bottom; none where the error has no source, for its own words name the whole address.
fn innermost(error: &dyn Error) -> Option<String> {
    let mut deepest = error.source()?;
    while let Some(source) = inner(deepest) {
        deepest = source;
    }
    Some(deepest.to_string())
}

/// An I/O error hides what it was made from.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    match wrapped {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

fn fix(base: &Url, cause: &str) -> &'static str {
    let cause = cause.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| cause.contains(word));
    match base.scheme() {
        "https" if says(&["certificate", "unknownissuer", "notvalidforname"]) => TRUST,
        "https" if says(&["corrupt message", "invalidcontenttype"]) => SPEAKS_PLAIN,
        "http" if says(&["invalid http", "parse", "unexpected message", "closed before message"]) => SPEAKS_TLS,
        _ => START,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[rstest]
    #[case("https://h/", "invalid peer certificate: UnknownIssuer", TRUST)]
    #[case(
        "https://h/",
        "invalid peer certificate: certificate not valid for name \"h\"",
        TRUST
    )]
    #[case("https://h/", "received corrupt message of type InvalidContentType", SPEAKS_PLAIN)]
    #[case("http://h/", "invalid HTTP version parsed", SPEAKS_TLS)]
    #[case("http://h/", "connection closed before message completed", SPEAKS_TLS)]
    #[case("http://h/", "Connection refused (os error 111)", START)]
    fn each_cause_has_its_own_way_out(#[case] base: &str, #[case] cause: &str, #[case] wanted: &str) {
        assert_eq!(fix(&Url::parse(base).unwrap(), cause), wanted);
    }

    #[tokio::test]
    async fn a_server_that_speaks_something_else_is_told_with_the_cause_and_without_a_password() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://me:hunter2@{}/", listener.local_addr().unwrap());
        let answering = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
            // How a TLS server refuses what is no TLS.
            stream.write_all(&[0x15, 3, 1, 0, 2, 2, 70]).await.unwrap();
        });
        let _ = rustls::crypto::ring::default_provider().install_default();
        let error = reqwest::Client::new().get(&url).send().await.unwrap_err();
        let failure = unreachable(&Url::parse(&url).unwrap(), &error);
        answering.await.unwrap();
        let said = failure.to_string();
        assert!(!said.contains("hunter2"), "{said}");
        assert!(!failure.details.is_empty() && said.contains(SPEAKS_TLS), "{said}");
    }
}
