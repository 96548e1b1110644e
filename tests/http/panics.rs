//! A view that panics. No view of the site does, so this one is made for it.

use std::sync::Arc;

use manage::conf::{Locator, load};
use manage::db::migrations::Functions;
use manage::db::models::Registry;
use manage::http::{Body, Request};
use manage::middleware::{Handler, error_pages, request_info};
use manage::setup::Project;
use manage::urls::{Names, Route, Site};

use crate::support::{Workspace, block_on};

#[test]
fn a_panic_is_one_500_and_the_next_request_is_answered() {
    let workspace = Workspace::new();
    let locator = Locator { project: Some(workspace.path().to_owned()), profile: Some("dev".into()) };
    let mut loaded = load(&locator, manage::conf::Environment::default(), &[]).unwrap();
    loaded.settings.debug = false;
    let project = Project::new(loaded, Vec::new(), Registry::default(), Functions::default()).unwrap();
    let routes = [Route::get("boom", "/boom/", boom), Route::get("fine", "/fine/", || async { "fine" })];
    let site = Arc::new(Site::new(project, Names::of(&routes), Vec::new()).unwrap());
    let handler = Handler::new(site, &routes, &[request_info::Info::make, error_pages::ErrorPages::make]);
    let answer = |path: &str| {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
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

async fn boom() -> &'static str {
    panic!("out of luck")
}
