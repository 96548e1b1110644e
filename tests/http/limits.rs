//! Requests that are too long, too slow or too many.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use crate::support::Server;

#[test]
fn a_body_over_the_limit_is_refused() {
    let server = Server::with(&[("MANAGE__SERVER__MAX_BODY_BYTES", "2048")]);
    let mut browser = server.browser();
    let long = format!("body={}", "a".repeat(4_000));
    assert_eq!(browser.post_bare("/accounts/login/", &long).status, 413);
    let chunked = format!(
        "POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\nfa0\r\n{}\r\n0\r\n\r\n",
        "a".repeat(4_000)
    );
    assert!(server.raw(chunked.as_bytes()).starts_with("HTTP/1.1 413"));
    assert_eq!(server.browser().get("/healthz").status, 200);
}

#[test]
fn a_header_over_the_limit_is_refused() {
    let server = Server::start();
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "a".repeat(20_000));
    assert!(server.raw(long.as_bytes()).starts_with("HTTP/1.1 431"));
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "A: b\r\n".repeat(500));
    assert!(server.raw(many.as_bytes()).starts_with("HTTP/1.1 431"));
    let path = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(70_000));
    let answer = server.raw(path.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 414") || answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[test]
fn malformed_and_smuggled_requests_are_refused() {
    let mut server = Server::start();
    for bytes in [
        "nonsense\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
    ] {
        let answer = server.raw(bytes.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 4") || answer.is_empty(), "{bytes:?}: {answer}");
    }
    assert!(server.alive());
    assert_eq!(server.browser().get("/").status, 200);
}

#[test]
fn a_slow_header_and_a_slow_body_are_cut() {
    let server = Server::with(&[
        ("MANAGE__SERVER__HEADER_TIMEOUT", "0.4"),
        ("MANAGE__SERVER__BODY_TIMEOUT", "0.4"),
        ("MANAGE__SERVER__IDLE_TIMEOUT", "0.8"),
    ]);
    let closed_after = |sent: &[u8]| {
        let mut stream = server.connect();
        stream.write_all(sent).unwrap();
        let begun = Instant::now();
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        (String::from_utf8_lossy(&answer).into_owned(), begun.elapsed())
    };
    let (answer, took) = closed_after(b"GET / HTTP/1.1\r\nHost: local");
    assert!(answer.is_empty() && took < Duration::from_secs(5), "{took:?} {answer}");
    let (answer, took) = closed_after(
        b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
          Content-Length: 100\r\n\r\nlogin=",
    );
    assert!(answer.starts_with("HTTP/1.1 408") && took < Duration::from_secs(5), "{took:?} {answer}");
    let (answer, took) = closed_after(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(took > Duration::from_millis(600) && took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn more_connections_than_the_limit_wait_for_their_turn() {
    let server =
        Server::with(&[("MANAGE__SERVER__MAX_CONNECTIONS", "2"), ("MANAGE__SERVER__IDLE_TIMEOUT", "0.5")]);
    let idle: Vec<_> = (0..2).map(|_| server.connect()).collect();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(server.browser().get("/healthz").status, 200);
    drop(idle);
}
