//! The right page for each mistake.

use crate::support::{Server, Workspace, eventually};

#[test]
fn what_does_not_exist_is_a_page_that_says_so() {
    let server = Server::start();
    for path in [
        "/nope/",
        "/articles/nope/",
        "/authors/nope/",
        "/articles/%F0%9F%98%80/",
        "/?page=0",
        "/?page=-1",
        "/?page=x",
        "/?page=4",
        "/?page=4294967295",
        "/?page=99999999999999999999999",
        "/?sort=nope",
        "/?author=nope",
        "/authors/?page=2",
        "/authors/marta/?page=9",
        "/search/?q=soup&page=50",
        "/search/?q=soup&page=9999",
    ] {
        let answer = server.browser().get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("There is no page here"), "{path}");
        assert!(answer.all("set-cookie").is_empty());
    }
    assert_eq!(server.browser().post_bare("/nope/", "a=b").status, 404);
    let api = server.browser().get("/api/v1/articles/?page=9");
    assert_eq!(
        (api.status, api.header("content-type"), api.body.as_str()),
        (404, "application/json", "{\"detail\":\"Not Found\"}")
    );
}

#[test]
fn a_wrong_method_names_the_right_ones() {
    let server = Server::start();
    for (method, path, allow) in [
        ("DELETE", "/articles/the-last-bread-in-matera/", "GET,HEAD"),
        ("GET", "/articles/the-last-bread-in-matera/comments/", "POST"),
        ("GET", "/accounts/logout/", "POST"),
        ("OPTIONS", "/", "GET,HEAD"),
    ] {
        let mut browser = server.signed_in("hannah");
        let token = browser.cookies["csrftoken"].clone();
        let answer = browser.send(method, path, &[("X-CSRFToken", &token)], "");
        assert_eq!((answer.status, answer.header("allow")), (405, allow), "{method} {path}");
        assert!(answer.body.contains("<h1>"), "{method} {path}");
    }
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let server = Server::start();
    for path in ["/%ff", "/articles/%ff/", "/%00/", "/?q=%ff", "/?page=%ff", "/search/?q=%00"] {
        assert_eq!(server.browser().get(path).status, 400, "{path}");
    }
    let long = format!("/search/?q={}", "a".repeat(201));
    assert_eq!(server.browser().get(&long).status, 400);
    for host in ["evil.example", "localhost:port", "local host", "", "[::1", "localhost@evil.example"] {
        let answer = server.browser().send("GET", "/", &[("Host", host)], "");
        assert_eq!(answer.status, 400, "{host}");
    }
    assert_eq!(server.browser().send("GET", "/", &[("Host", "blog.localhost:8000")], "").status, 200);
    let twice =
        server.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assert!(twice.starts_with("HTTP/1.1 400 "), "{twice}");
}

#[test]
fn bad_cookies_are_no_cookies() {
    let server = Server::start();
    for cookie in [
        "sessionid=",
        "sessionid=nope",
        "sessionid=' OR 1=1 --",
        "sessionid=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "csrftoken=\u{1f600}; =; ;;; a",
        "sessionid=\"; csrftoken=\"\"",
    ] {
        let answer = server.browser().send("GET", "/accounts/login/", &[("Cookie", cookie)], "");
        assert_eq!(answer.status, 200, "{cookie}");
    }
}

#[test]
fn a_missing_slash_is_added() {
    let server = Server::start();
    let answer = server.browser().get("/authors?page=1");
    assert_eq!((answer.status, answer.header("location")), (301, "/authors/?page=1"));
    assert_eq!(server.browser().get("/nope").status, 404);
    assert_eq!(server.browser().get("//evil.example").status, 404);
}

#[test]
fn a_database_that_is_away_is_no_defect() {
    let mut workspace = Workspace::new();
    workspace.set("MANAGE__DATABASES__DEFAULT__NAME", "missing/folder/db.sqlite3");
    let server = Server::of(workspace);
    let answer = server.browser().get("/");
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"), "{}", server.log());
    assert_eq!(server.browser().get("/readyz").status, 503);
    assert_eq!(server.browser().get("/healthz").status, 200);
}

#[test]
fn a_defect_is_one_page_with_a_number_and_one_line_of_the_log() {
    // A fresh server on an empty database: the tables are missing, which is not the reader's fault.
    let mut workspace = Workspace::new();
    workspace.set("MANAGE__DEBUG", "false");
    let empty = Server::of(workspace);
    let answer = empty.browser().get("/");
    assert_eq!(answer.status, 500);
    let number = answer.header("x-request-id");
    assert!(answer.body.contains(number) && !answer.body.contains("no such table"));
    eventually("the log line", || {
        empty.log().matches(number).count() >= 1 && empty.log().contains("no such table")
    });
}
