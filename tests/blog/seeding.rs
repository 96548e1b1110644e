//! `manage seed`.

use crate::support::{Server, Workspace};

#[test]
fn a_blog_with_articles_is_not_seeded_again() {
    let server = Server::start();
    let said = server.workspace.manage(["seed"]).fails(1);
    assert!(said.contains("the blog already holds articles"), "{said}");
}

#[test]
fn any_size_can_be_made() {
    let mut workspace = Workspace::new();
    workspace.set("MANAGE__DEBUG", "false");
    workspace.manage(["migrate"]).succeeds();
    let sizes =
        ["--articles", "101", "--comments", "300", "--ratings", "500", "--authors", "7", "--travellers", "5"];
    let told = workspace.manage(["seed"].into_iter().chain(sizes)).succeeds();
    assert_eq!(told, "12 people, 101 articles, 300 comments, 500 ratings\n");
    let server = Server::of(workspace);
    assert!(server.browser().get("/articles/bench-article/").body.contains("50 comments</h2>"));
    assert!(server.browser().get("/search/?q=heliotrope").body.contains("2 articles found"));
    assert_eq!(server.browser().get("/authors/writer7/").status, 200);
    assert_eq!(server.browser().get("/?page=21").status, 200);
    assert_eq!(server.browser().get("/?page=22").status, 404);
    server.signed_in("traveller12");
}
