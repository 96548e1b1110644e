//! Forged posts.

use crate::support::Server;

const LOGIN: &str = "/accounts/login/";

#[test]
fn a_post_without_this_sites_token_is_refused() {
    let server = Server::start();
    let mut browser = server.browser();
    assert_eq!(browser.post_bare(LOGIN, "login=hannah&password=x").status, 403);
    let token = browser.get(LOGIN).token();
    for form in [
        "login=hannah".to_owned(),
        "csrfmiddlewaretoken=&login=hannah".to_owned(),
        format!("csrfmiddlewaretoken={}&login=hannah", "a".repeat(64)),
        format!("csrfmiddlewaretoken={}&login=hannah", &token[1..]),
    ] {
        let answer = browser.post_bare(LOGIN, &form);
        assert_eq!(answer.status, 403, "{form}");
        assert!(answer.body.contains("This form has expired"));
    }
    // The right token with somebody else's cookie.
    let mut other = server.browser();
    other.get(LOGIN);
    assert_eq!(other.post_bare(LOGIN, &format!("csrfmiddlewaretoken={token}")).status, 403);
    // A cookie that this site did not make.
    let mut forged = server.browser();
    forged.cookies.insert("csrftoken".into(), "a".repeat(32) + &"0".repeat(64));
    let made_up = "a".repeat(32) + &"0".repeat(64);
    assert_eq!(forged.post_bare(LOGIN, &format!("csrfmiddlewaretoken={made_up}")).status, 403);
}

#[test]
fn a_post_from_another_site_is_refused_whatever_it_holds() {
    let server = Server::with(&[(
        "MANAGE__CSRF__TRUSTED_ORIGINS",
        "https://friend.example,https://*.friends.example",
    )]);
    let mut browser = server.browser();
    let token = browser.get(LOGIN).token();
    let form = format!("csrfmiddlewaretoken={token}&login=a&password=b");
    let mut status = |origin: &str| {
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", origin)];
        browser.send("POST", LOGIN, &headers, &form).status
    };
    for origin in [
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
        "https://localhost",
        "https://xfriends.example",
    ] {
        assert_eq!(status(origin), 403, "{origin}");
    }
    for origin in ["http://localhost", "https://friend.example", "https://a.friends.example"] {
        assert_eq!(status(origin), 200, "{origin}");
    }
}

#[test]
fn over_https_the_page_before_has_to_be_this_sites() {
    let server = Server::with(&[("MANAGE__SECURITY__TRUSTED_PROXIES", "127.0.0.1")]);
    let mut browser = server.browser();
    let page = browser.send("GET", LOGIN, &[("X-Forwarded-Proto", "https")], "");
    let form = format!("csrfmiddlewaretoken={}&login=a&password=b", page.token());
    let mut status = |referrer: &str| {
        let headers = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("X-Forwarded-Proto", "https"),
            ("Referer", referrer),
        ];
        browser.send("POST", LOGIN, &headers, &form).status
    };
    assert_eq!(status(""), 403);
    assert_eq!(status("https://evil.example/https://localhost/"), 403);
    assert_eq!(status("http://localhost/accounts/login/"), 403);
    assert_eq!(status("https://localhost/accounts/login/"), 200);
}
