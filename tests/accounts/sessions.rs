//! One's own sessions.

use crate::support::Server;

const LIST: &str = "/accounts/sessions/";

#[test]
fn another_browser_can_be_signed_out() {
    let server = Server::start();
    let (mut here, mut there) = (server.signed_in("hannah"), server.signed_in("hannah"));
    let mut stranger = server.signed_in("petr");
    let page = here.get(LIST);
    assert_eq!(page.body.matches("class=\"session\"").count(), 2);
    assert_eq!(page.body.matches("This browser").count(), 1);
    assert!(!page.body.contains(&here.cookies["sessionid"]));
    let revoke = |page: &str| {
        let (_, rest) = page.split_once("action=\"/accounts/sessions/").unwrap();
        format!("/accounts/sessions/{}", rest.split('"').next().unwrap())
    };
    // Somebody else's list does not reach it.
    let target = revoke(&there.get(LIST).body);
    assert_eq!(stranger.post(LIST, &target, "").status, 404);
    assert_eq!(here.post(LIST, "/accounts/sessions/revoke-others/", "").status, 302);
    assert!(here.get("/").body.contains("hannah"));
    assert!(!there.get("/").body.contains("hannah"));
    // Ending the present one signs out.
    let own = revoke(&here.get(LIST).body);
    assert_eq!(here.post(LIST, &own, "").status, 302);
    assert!(!here.get("/").body.contains("hannah"));
}

#[test]
fn a_post_of_a_revoked_session_leads_to_the_page_to_sign_in_and_back() {
    const ARTICLE: &str = "/articles/the-last-bread-in-matera/";
    let server = Server::start();
    let (mut here, mut there) = (server.signed_in("hannah"), server.signed_in("hannah"));
    let form = format!("csrfmiddlewaretoken={}&body=Lost%3F", there.get(ARTICLE).token());
    assert_eq!(here.post(LIST, "/accounts/sessions/revoke-others/", "").status, 302);
    let answer = there.post_bare(&format!("{ARTICLE}comments/"), &form);
    let expected = format!("/accounts/login/?next={ARTICLE}");
    assert_eq!((answer.status, answer.header("location")), (302, expected.as_str()), "{}", answer.body);
    // A token of another session is still no good.
    let form = format!("csrfmiddlewaretoken={}&body=Forged", here.get(ARTICLE).token());
    assert_eq!(there.post_bare(&format!("{ARTICLE}comments/"), &form).status, 403);
    assert!(!here.get(ARTICLE).body.contains("Lost?"));
}

#[test]
fn another_password_ends_the_sessions_of_the_old_one() {
    let server = Server::start();
    let mut browser = server.signed_in("hannah");
    crate::support::block_on(async {
        let settings = manage::conf::DatabaseSettings::from_url("sqlite:///users.sqlite3").unwrap();
        let root = server.workspace.path();
        let backend = manage::db::backends::create("users", &settings, root).unwrap();
        let database = manage::db::Database::new(backend, &settings);
        let sql = "UPDATE auth_user SET password = 'argon2$other' WHERE username = 'hannah'";
        assert_eq!(database.execute(sql, &[]).await.unwrap(), 1);
    });
    let page = browser.get("/accounts/login/");
    assert_eq!(page.status, 200);
    assert!(!browser.cookies.contains_key("sessionid"));
    // The form on that very page works.
    let form = format!("csrfmiddlewaretoken={}&login=petr&password=traveller-pass", page.token());
    assert_eq!(browser.post_bare("/accounts/login/", &form).status, 302);
}
