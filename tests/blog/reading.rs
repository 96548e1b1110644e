//! Reading.

use crate::support::Server;

#[test]
fn readers_get_no_cookies() {
    let server = Server::start();
    for path in [
        "/",
        "/articles/the-last-bread-in-matera/",
        "/authors/",
        "/authors/marta/",
        "/search/?q=soup",
        "/api/articles/",
    ] {
        let answer = server.browser().get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.all("set-cookie").is_empty(), "{path}");
    }
}

#[test]
fn the_front_page_goes_on_and_keeps_its_order() {
    let server = Server::start();
    let page = server.browser().get("/?sort=oldest&author=marta").body;
    assert!(page.contains("Only articles by"));
    assert!(page.contains("In Praise of the Slow Train") || page.contains("Two Days in Lyon"));
    let titles = |path: &str| -> Vec<String> {
        let body = server.browser().get(path).body;
        body.split("<h2><a href=\"/articles/")
            .skip(1)
            .map(|part| part.split('/').next().unwrap().to_owned())
            .collect()
    };
    let (newest, mut oldest) = (
        ["/", "/?page=2", "/?page=3"].map(titles).concat(),
        ["/?sort=oldest", "/?sort=oldest&page=2", "/?sort=oldest&page=3"].map(titles).concat(),
    );
    assert_eq!(newest.len(), 12);
    oldest.reverse();
    assert_eq!(newest, oldest);
    let by_author = ["/?sort=author", "/?sort=author&page=2", "/?sort=author&page=3"].map(titles).concat();
    assert_eq!(by_author.len(), 12);
    let mut all = by_author.clone();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 12, "no article twice");
    assert_eq!(
        ["/?sort=rating", "/?sort=rating&page=2", "/?sort=rating&page=3"].map(titles).concat().len(),
        12
    );
    assert!(server.browser().get("/?sort=oldest").body.contains("href=\"/?sort=oldest&amp;page=2\""));
}

#[test]
fn a_search_finds_words_in_any_form_and_marks_them() {
    let server = Server::start();
    let page = server.browser().get("/search/?q=SAUNAS").body;
    assert!(page.contains("1 article found") && page.contains("<mark>"), "{page}");
    assert!(server.browser().get("/search/?q=zebra").body.contains("Nothing found"));
    for odd in
        ["", "%22", "*", "a%20OR", "NEAR(", "%27%3B--", "%3Cscript%3E", "-", "%F0%9F%98%80", "^", "title:x"]
    {
        let answer = server.browser().get(&format!("/search/?q={odd}"));
        assert_eq!(answer.status, 200, "{odd}");
        assert!(!answer.body.contains("<script>"), "{odd}");
    }
    assert_eq!(server.browser().get("/?q=soup").header("location"), "/search/?q=soup");
}

#[test]
fn programs_get_the_same_articles() {
    let server = Server::start();
    let old = server.browser().get("/api/articles/");
    let new = server.browser().get("/api/v1/articles/");
    assert_eq!(old.body, new.body);
    let list: serde_json::Value = serde_json::from_str(&new.body).unwrap();
    assert_eq!(
        (list["count"].as_i64(), list["page"].as_i64(), list["pages"].as_i64()),
        (Some(12), Some(1), Some(1))
    );
    let first = &list["results"][0];
    for key in
        ["id", "slug", "title", "summary", "url", "published_at", "author", "rating_avg", "comment_count"]
    {
        assert!(!first[key].is_null(), "{key}");
    }
    assert_eq!(first["author"]["display_name"], "Marta Lindqvist");
}
