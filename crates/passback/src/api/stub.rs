//! A server that gives the answers it was told to, one a connection.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

/// Where it is, and what it was asked.
pub(crate) struct Stub {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// The first line of each request.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// An answer as it should be.
pub(crate) fn whole(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

/// An answer that ends before its end.
pub(crate) fn cut(body: &str) -> String {
    let length = body.len() + 1_000;
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

/// Gives these answers, in their order.
pub(crate) fn answering(answers: Vec<String>) -> Stub {
    // As `main` does for the client that will ask.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::clone(&asked);
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut body) = (Vec::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim_end().to_owned();
                if let Some(length) = line.to_lowercase().strip_prefix("content-length:") {
                    body = length.trim().parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
                head.push(line);
            }
            // What is not read is a connection reset instead of an answer.
            std::io::Read::read_exact(&mut reader, &mut vec![0; body]).unwrap();
            requests.lock().unwrap().push(head.swap_remove(0));
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    Stub { address, asked }
}
