//! Signing in and out.

use crate::support::{PASSWORD, Server, Workspace};

const LOGIN: &str = "/accounts/login/";

#[test]
fn signing_in_gives_a_new_session_and_signing_out_ends_it() {
    let server = Server::start();
    let mut browser = server.browser();
    let answer = browser.sign_in("hannah", PASSWORD);
    assert_eq!((answer.status, answer.header("location")), (302, "/"));
    let cookie =
        answer.all("set-cookie").into_iter().find(|cookie| cookie.starts_with("sessionid=")).unwrap();
    for part in ["; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age=1209600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(browser.get("/").body.contains("hannah"));
    let old = browser.cookies.clone();
    assert_eq!(browser.post("/", "/accounts/logout/", "").status, 302);
    assert!(!browser.cookies.contains_key("sessionid"));
    // The cookie is worth nothing any more.
    browser.cookies = old;
    assert!(!browser.get("/").body.contains("hannah"));
}

#[test]
fn a_planted_session_is_not_taken_over() {
    let server = Server::start();
    let mut browser = server.browser();
    browser.cookies.insert("sessionid".into(), "a".repeat(32));
    browser.sign_in("hannah", PASSWORD);
    assert_ne!(browser.cookies["sessionid"], "a".repeat(32));
}

#[test]
fn a_wrong_name_and_a_wrong_password_look_the_same() {
    let server = Server::start();
    let shown = |name: &str| {
        let mut browser = server.browser();
        let answer = browser.sign_in(name, "wrong");
        assert_eq!(answer.status, 200);
        let alert = answer.body.split("role=\"alert\">").nth(1).unwrap();
        alert.split("</div>").next().unwrap().to_owned()
    };
    assert_eq!(shown("hannah"), shown("nobody"));
}

#[test]
fn after_signing_in_only_pages_of_this_site_follow() {
    let server = Server::start();
    for (next, follows) in [
        ("/authors/", "/authors/"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("%2F%5Cevil.example", "/"),
        ("javascript:alert(1)", "/"),
    ] {
        let mut browser = server.browser();
        let form = format!("login=hannah&password={PASSWORD}&next={next}");
        let answer = browser.post(LOGIN, LOGIN, &form);
        assert_eq!((answer.status, answer.header("location")), (302, follows), "{next}");
    }
    let asked = server.browser().get("/accounts/sessions/");
    assert_eq!(asked.header("location"), "/accounts/login/?next=/accounts/sessions/");
}

#[test]
fn too_many_failures_make_an_account_wait_even_after_a_restart() {
    let mut server = Server::with(&[("MANAGE__AUTH__LOGIN_ATTEMPTS", "3")]);
    for _ in 0..3 {
        assert_eq!(server.browser().sign_in("hannah", "wrong").status, 200);
    }
    server.signal("TERM");
    server.wait();
    let workspace = std::mem::replace(&mut server.workspace, Workspace::new());
    let server = Server::of(workspace);
    let answer = server.browser().sign_in("hannah", PASSWORD);
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() <= 300);
    assert!(answer.body.contains("Too many attempts"));
}

#[test]
fn successes_do_not_count_and_failures_of_one_address_do() {
    let server = Server::with(&[("MANAGE__AUTH__LOGIN_ATTEMPTS", "3")]);
    for _ in 0..5 {
        server.signed_in("hannah");
    }
    for name in ["a", "b", "c"] {
        assert_eq!(server.browser().sign_in(name, "wrong").status, 200);
    }
    assert_eq!(server.browser().sign_in("petr", PASSWORD).status, 429);
}

#[test]
fn many_attempts_at_once_do_not_pass_together() {
    let server = Server::with(&[("MANAGE__AUTH__LOGIN_ATTEMPTS", "3")]);
    let attempt = || server.browser().sign_in("hannah", "wrong").status;
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..10).map(|_| scope.spawn(attempt)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(statuses.iter().filter(|status| **status == 200).count() <= 3, "{statuses:?}");
}
