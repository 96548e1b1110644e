//! Comments and ratings.

use crate::support::Server;

const ARTICLE: &str = "/articles/the-last-bread-in-matera/";
const COMMENTS: &str = "/articles/the-last-bread-in-matera/comments/";
const RATING: &str = "/articles/the-last-bread-in-matera/rating/";

#[test]
fn a_comment_and_its_reply_appear_in_the_tree() {
    let server = Server::start();
    let mut browser = server.signed_in("hannah");
    let posted =
        browser.post(ARTICLE, COMMENTS, "body=A+%3Cb%3Efirst%3C%2Fb%3E+https%3A%2F%2Fexample.com%2Fx");
    assert_eq!(posted.status, 302);
    let (path, id) = posted.header("location").split_once("#c").unwrap();
    assert_eq!(path, ARTICLE);
    assert_eq!(browser.post(ARTICLE, COMMENTS, &format!("body=Mine&parent={id}")).status, 302);
    let page = server.browser().get(ARTICLE).body;
    assert!(page.contains(
        "A &lt;b&gt;first&lt;/b&gt; <a rel=\"nofollow ugc noopener\" href=\"https://example.com/x\">"
    ));
    assert!(page.contains(&format!("<a href=\"#c{id}\">in reply to Hannah Okafor</a>")));
    assert!(page.contains("6 comments</h2>"), "two more than before");
}

#[test]
fn a_double_click_posts_one_comment() {
    let server = Server::start();
    let mut browser = server.signed_in("hannah");
    let form = format!("csrfmiddlewaretoken={}&body=Twice", browser.get(ARTICLE).token());
    let (first, second) = (browser.post_bare(COMMENTS, &form), browser.post_bare(COMMENTS, &form));
    assert_eq!(first.header("location"), second.header("location"));
    assert!(browser.get(ARTICLE).body.contains("5 comments</h2>"));
}

#[test]
fn what_cannot_be_posted_is_shown_again() {
    let server = Server::start();
    let mut browser = server.signed_in("hannah");
    for form in
        ["body=", "body=+", "body=x&parent=999999", "body=x&parent=abc", "body=x&parent=99999999999999999999"]
    {
        assert_eq!(browser.post(ARTICLE, COMMENTS, form).status, 400, "{form}");
    }
    let long = browser.post(ARTICLE, COMMENTS, &format!("body={}", "a".repeat(5_001)));
    assert!(long.status == 400 && long.body.contains("at most 5000 characters"));
    assert_eq!(browser.post(ARTICLE, COMMENTS, "body=%ff").status, 400);
    assert_eq!(browser.post(ARTICLE, "/articles/nope/comments/", "body=x").status, 404);
}

#[test]
fn visitors_are_asked_to_sign_in() {
    let server = Server::start();
    let mut browser = server.browser();
    let token = browser.get("/accounts/login/").token();
    let answer = browser.post_bare(COMMENTS, &format!("csrfmiddlewaretoken={token}&body=x"));
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, &*format!("/accounts/login/?next={ARTICLE}"))
    );
}

#[test]
fn a_rating_can_be_changed_and_counts_once() {
    let server = Server::start();
    let mut browser = server.signed_in("luc");
    let count = |page: &str| {
        page.split("out of 5, from ").nth(1).map(|rest| rest.split(' ').next().unwrap().to_owned())
    };
    browser.post(ARTICLE, RATING, "value=1");
    let before = count(&browser.get(ARTICLE).body);
    for value in [5, 2, 4] {
        assert_eq!(browser.post(ARTICLE, RATING, &format!("value={value}")).status, 302);
    }
    let page = browser.get(ARTICLE).body;
    assert_eq!(count(&page), before);
    assert!(page.contains("value=\"4\" required checked"));
    for bad in ["value=0", "value=6", "value=x", ""] {
        assert_eq!(browser.post(ARTICLE, RATING, bad).status, 400, "{bad}");
    }
}

#[test]
fn ratings_at_once_leave_one_row_and_a_right_count() {
    let server = Server::start();
    let mut browser = server.signed_in("luc");
    let token = browser.get(ARTICLE).token();
    let cookies = browser.cookies.clone();
    let rate = |value: usize| {
        let mut browser = server.browser();
        browser.cookies.clone_from(&cookies);
        browser.post_bare(RATING, &format!("csrfmiddlewaretoken={token}&value={value}")).status
    };
    let rate = &rate;
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..8).map(|number| scope.spawn(move || rate(number % 5 + 1))).collect();
        assert!(running.into_iter().all(|thread| thread.join().unwrap() == 302));
    });
    let wrong = "SELECT COUNT(*) FROM blog_article a WHERE rating_count <> (SELECT COUNT(*) FROM blog_rating r \
                 WHERE r.article_id = a.id) OR rating_sum <> (SELECT SUM(value) FROM blog_rating r WHERE r.article_id = a.id)";
    assert_eq!(number(&server, wrong), 0);
}

#[test]
fn ten_thousand_levels_are_shown() {
    let server = Server::start();
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
               INSERT INTO blog_comment (id, article_id, author_id, parent_id, body, created_at) \
               SELECT 100000 + i, 1, 1, CASE WHEN i > 1 THEN 99999 + i END, 'deep', '2026-01-01 00:00:00' FROM n";
    run(&server, sql);
    let answer = server.browser().get("/articles/in-praise-of-the-slow-train-to-narvik/");
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("id=\"c110000\""));
}

fn run(server: &Server, sql: &str) {
    with_blog(server, async |database| database.execute(sql, &[]).await.map(drop).unwrap());
}

fn number(server: &Server, sql: &str) -> i64 {
    with_blog(server, async |database| database.query::<(i64,)>(sql, &[]).await.unwrap()[0].0)
}

fn with_blog<T>(server: &Server, work: impl AsyncFnOnce(&manage::db::Database) -> T) -> T {
    let settings = manage::conf::DatabaseSettings::from_url("sqlite:///db.sqlite3").unwrap();
    let backend = manage::db::backends::create("default", &settings, server.workspace.path()).unwrap();
    let database = manage::db::Database::new(backend, &settings);
    crate::support::block_on(async { work(&database).await })
}
