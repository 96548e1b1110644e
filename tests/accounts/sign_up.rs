//! Signing up.

use crate::support::Server;

const SIGN_UP: &str = "/accounts/signup/";

fn form(username: &str) -> String {
    format!(
        "username={username}&email=jo%40example.com&password1=over+the+hills+9&password2=over+the+hills+9"
    )
}

#[test]
fn a_new_person_is_a_traveller_with_a_profile() {
    let server = Server::start();
    let mut browser = server.browser();
    let answer = browser.post(SIGN_UP, SIGN_UP, &form("Jo.Walker"));
    assert_eq!(answer.status, 302, "{}", answer.body);
    assert_eq!(browser.get("/profile/").header("location"), "/authors/jowalker/");
    let article = browser.get("/articles/the-last-bread-in-matera/").body;
    assert!(article.contains("Your comment") && article.contains("Rate this article"));
}

#[test]
fn names_that_are_taken_or_odd_are_refused() {
    let server = Server::start();
    for name in ["hannah", "HANNAH", "a+b", "", &"a".repeat(151), "%3Cscript%3E"] {
        let answer = server.browser().post(SIGN_UP, SIGN_UP, &form(name));
        assert_eq!(answer.status, 200, "{name}");
        assert!(answer.body.contains("aria-invalid"), "{name}");
    }
}

#[test]
fn two_people_who_want_one_name_at_once_do_not_both_get_it() {
    let server = Server::start();
    let sign_up = || server.browser().post(SIGN_UP, SIGN_UP, &form("twin")).status;
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..6).map(|_| scope.spawn(sign_up)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 302).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 302)), "{statuses:?}");
}

#[test]
fn a_closed_site_takes_nobody() {
    let server = Server::with(&[("MANAGE__AUTH__SIGNUP_OPEN", "false")]);
    assert_eq!(server.browser().get(SIGN_UP).status, 403);
}

#[test]
fn one_address_makes_only_so_many_accounts_at_a_time() {
    let server = Server::start();
    let mut browser = server.browser();
    for number in 1..=20 {
        assert_eq!(browser.post(SIGN_UP, SIGN_UP, &form("hannah")).status, 200, "{number}");
    }
    let answer = browser.post(SIGN_UP, SIGN_UP, &form("somebody-new"));
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
}
