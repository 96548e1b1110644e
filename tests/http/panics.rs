//! A view that panics. No view of the site does, so this one is made for it.

use manage::conf::{Environment, Locator};
use manage::http::{Body, Request};
use manage::urls::Route;
use manage::{AppConfig, Program};

use crate::support::{Workspace, block_on};

#[test]
fn a_panic_is_one_500_and_the_next_request_is_answered() {
    let workspace = Workspace::new();
    let locator = Locator { project: Some(workspace.path().to_owned()), profile: None };
    let environment = Environment::of([
        ("MANAGE__DEBUG".to_owned(), "false".to_owned()),
        ("MANAGE__DATABASES__DEFAULT__NAME".to_owned(), "db.sqlite3".to_owned()),
    ]);
    let program = Program::new().apps([PANICKY]);
    let handler = program.handler(program.project(&locator, environment).unwrap()).unwrap();
    let answer = |path: &str| {
        let request = Request::builder().uri(path).header("host", "localhost").body(Body::empty()).unwrap();
        block_on(handler.answer(request))
    };
    let broken = answer("/boom/");
    assert_eq!(broken.status(), 500);
    let number = broken.headers()["x-request-id"].to_str().unwrap().to_owned();
    let page = block_on(async { axum::body::to_bytes(broken.into_body(), 100_000).await.unwrap() });
    let page = String::from_utf8_lossy(&page);
    assert!(page.contains(&number) && !page.contains("out of luck"), "{page}");
    assert_eq!(answer("/fine/").status(), 200);
}

const PANICKY: AppConfig = AppConfig {
    label: "panicky",
    urlpatterns: || {
        vec![Route::get("boom", "/boom/", boom), Route::get("fine", "/fine/", || async { "fine" })]
    },
    ..AppConfig::EMPTY
};

async fn boom() -> &'static str {
    panic!("out of luck")
}
