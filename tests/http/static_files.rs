//! Static files.

use crate::support::Server;

#[test]
fn an_unchanged_file_is_answered_with_304() {
    let server = Server::start();
    let css = server.browser().get("/static/blog/site.css");
    assert_eq!((css.status, css.header("content-type")), (200, "text/css; charset=utf-8"));
    let (etag, modified) = (css.header("etag"), css.header("last-modified"));
    let again =
        |name: &str, value: &str| server.browser().send("GET", "/static/blog/site.css", &[(name, value)], "");
    let unchanged = again("If-None-Match", etag);
    assert_eq!((unchanged.status, unchanged.body.as_str()), (304, ""));
    assert_eq!(again("If-Modified-Since", modified).status, 304);
    assert_eq!(again("If-None-Match", "\"other\"").status, 200);
}

#[test]
fn nothing_outside_of_the_static_files_is_found() {
    let server = Server::start();
    server.workspace.write("static/.hidden", "x");
    for path in [
        "/static/",
        "/static/blog/",
        "/static/.hidden",
        "/static/../settings/base.toml",
        "/static/%2e%2e/settings/base.toml",
        "/static/..%2fdb.sqlite3",
        "/static//etc/passwd",
        "/static/%00",
        "/static/%ff",
        "/static/blog%5csite.css",
        "/static/blog/site.css/",
    ] {
        assert_eq!(server.browser().get(path).status, 404, "{path}");
    }
    let posted = server.browser().post_bare("/static/blog/site.css", "");
    assert_eq!((posted.status, posted.header("allow")), (405, "GET, HEAD"));
}
