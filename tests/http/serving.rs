//! Starting, stopping, headers.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use crate::support::{Server, Workspace, eventually};

#[test]
fn a_new_folder_is_served_by_one_command() {
    let workspace = Workspace::new();
    let mut child = workspace.command(["dev", "--bind", "127.0.0.1:0"]).spawn().unwrap();
    let mut said = String::new();
    let mut stderr = child.stderr.take().unwrap();
    let mut bytes = [0; 256];
    while !said.contains("Serving http://") {
        let read = stderr.read(&mut bytes).unwrap();
        assert!(read > 0, "dev ended: {said}");
        said.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said.contains("A new project"), "{said}");
    let server = Server::of(workspace);
    assert!(server.browser().get("/").body.contains("class=\"row\""));
}

#[test]
fn pending_migrations_are_told_before_serving() {
    let server = Server::of(Workspace::new());
    assert!(server.log().contains("not applied"), "{}", server.log());
    assert_eq!(server.browser().get("/readyz").status, 503);
    assert_eq!(server.browser().get("/healthz").body, "ok\n");
}

#[test]
fn a_port_in_use_is_one_clear_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let workspace = Workspace::new();
    workspace.manage(["serve", "--bind", &address]).fails_with(
        1,
        &format!(
            "error: cannot listen on {address}: the port is already in use\n\
             hint: end what listens on {address}, or choose another port with `--bind`\n"
        ),
    );
}

#[test]
fn a_port_that_is_none_is_a_wrong_command_line() {
    for port in ["70000", "-1", "http", ""] {
        let address = format!("127.0.0.1:{port}");
        let told = Workspace::new().manage(["serve", "--bind", &address]).fails(2);
        assert!(
            told.contains(&format!(
                "expected ADDR:PORT such as 127.0.0.1:8000, unix:PATH or fd://N, found `{address}`"
            )),
            "{told}"
        );
    }
}

#[test]
fn a_stop_ends_idle_connections_and_the_process() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::start();
        let mut idle = server.connect();
        idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        assert!(idle.read(&mut [0; 1024]).unwrap() > 0);
        let begun = Instant::now();
        server.signal(signal);
        assert_eq!(server.wait(), 0);
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn every_page_has_the_headers_that_keep_readers_safe() {
    let server = Server::start();
    for path in ["/", "/nope/", "/static/blog/site.css", "/api/v1/articles/"] {
        let answer = server.browser().get(path);
        assert!(answer.header("content-security-policy").contains("default-src 'self'"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(answer.header("x-request-id").len(), 16);
        assert_eq!(answer.header("strict-transport-security"), "");
    }
}

#[test]
fn https_behind_a_trusted_proxy_is_believed_and_demanded() {
    let server = Server::with(&[
        ("MANAGE__SECURITY__TRUSTED_PROXIES", "127.0.0.1"),
        ("MANAGE__SECURITY__SSL_REDIRECT", "true"),
        ("MANAGE__SECURITY__HSTS_SECONDS", "60"),
    ]);
    let plain = server.browser().get("/authors/?a=b");
    assert_eq!((plain.status, plain.header("location")), (301, "https://localhost/authors/?a=b"));
    let secure = server.browser().send("GET", "/accounts/login/", &[("X-Forwarded-Proto", "https")], "");
    assert_eq!((secure.status, secure.header("strict-transport-security")), (200, "max-age=60"));
    assert!(secure.header("set-cookie").contains("; Secure"));
}

#[test]
fn probes_are_answered_whatever_host_they_ask_for() {
    let mut workspace = Workspace::new();
    workspace.set("MANAGE__SECURITY__SSL_REDIRECT", "true").manage(["migrate"]).succeeds();
    let server = Server::of(workspace);
    for path in ["/healthz", "/readyz"] {
        let by_address = server.raw(
            format!("GET {path} HTTP/1.1\r\nHost: 10.1.2.3:8000\r\nConnection: close\r\n\r\n").as_bytes(),
        );
        assert!(by_address.starts_with("HTTP/1.1 200"), "{by_address}");
        let without = server.raw(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes());
        assert!(without.starts_with("HTTP/1.0 200"), "{without}");
    }
    let two = b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n";
    assert!(server.raw(two).starts_with("HTTP/1.1 400"));
    let page = server.raw(b"GET / HTTP/1.1\r\nHost: 10.1.2.3:8000\r\nConnection: close\r\n\r\n");
    assert!(page.starts_with("HTTP/1.1 400"), "{page}");
}

#[test]
fn a_cookie_of_another_program_on_the_domain_signs_nobody_out() {
    let server = Server::start();
    let mut browser = server.signed_in("marta");
    browser.cookies.insert("city".to_owned(), "Zürich".to_owned());
    let page = browser.get("/accounts/sessions/");
    assert_eq!(page.status, 200, "{}", page.body);
}

#[test]
fn a_head_request_gets_the_headers_alone() {
    let server = Server::start();
    for path in ["/", "/static/blog/site.css", "/healthz"] {
        let answer = server.browser().send("HEAD", path, &[], "");
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{path}");
    }
}

#[test]
fn a_project_without_rust_has_a_plain_page_and_nothing_of_the_blog() {
    let workspace = Workspace::bare();
    workspace.manage(["startproject", "office", ".", "--declared"]).succeeds();
    workspace.manage(["startapp", "orders", "--install"]).succeeds();
    workspace.manage(["migrate"]).succeeds();
    let server = Server::of(workspace);
    let mut browser = server.browser();
    let front = browser.get("/");
    assert_eq!(front.status, 200, "{}", front.body);
    assert!(front.body.contains("<code>orders</code>: Item"), "{}", front.body);
    assert_eq!(front.header("set-cookie"), "");
    for path in ["/accounts/login/", "/articles/", "/static/blog/site.css"] {
        assert_eq!(browser.get(path).status, 404, "{path}");
    }
    assert_eq!(browser.get("/static/manage/base.css").status, 200);
    let ready = browser.get("/readyz");
    assert_eq!(
        (ready.status, ready.body.as_str()),
        (200, "{\"databases\":{\"default\":\"ok\"},\"pending_migrations\":0,\"status\":\"ok\"}")
    );
    assert_eq!(server.workspace.manage(["seed"]).fails(2).lines().count(), 2);
}

#[test]
fn what_is_logged_is_said_for_all_and_by_module() {
    let log_of = |level: &str| {
        let server = Server::with(&[("MANAGE__LOGGING__LEVEL", level)]);
        assert_eq!(server.browser().get("/").status, 200);
        server
    };
    let silent = ["off", "info,manage::access=warn"].map(log_of);
    for level in ["info", "off,manage::access=info", "manage::access=debug"] {
        let server = log_of(level);
        eventually(level, || server.log().contains(" GET / 200 "));
    }
    for server in silent {
        assert!(!server.log().contains("GET /"), "{}", server.log());
    }
}
