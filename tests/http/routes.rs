//! Routes: what they say about themselves, and what goes by it.

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::{Query, State};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use manage::http::{Body, HttpError, Request, Response};
use manage::middleware::{Link, Middleware, Next};
use manage::urls::{Route, Site, include};
use manage::views::Path;
use manage::{AppConfig, Program};
use serde::Deserialize;

use crate::support::{SmallSite, Workspace};

#[test]
fn errors_are_json_where_the_route_says_so_and_pages_elsewhere() {
    let site = SmallSite::of([AppConfig {
        label: "shop",
        urlpatterns: || {
            let missing = || async { Err::<(), _>(HttpError::NotFound) };
            vec![
                Route::get("shop:data", "/data/{id}/", missing).json(),
                // What a path looks like says nothing.
                Route::get("shop:page", "/api/{id}/", missing),
            ]
        },
        ..AppConfig::EMPTY
    }]);
    let kind = |reply: &crate::support::Reply| reply.header("content-type").to_owned();
    let data = site.get("/data/1/");
    assert_eq!((data.status, kind(&data).as_str()), (404, "application/json"));
    assert_eq!(data.body, "{\"detail\":\"Not Found\"}");
    let wrong = site.ask(Method::POST, "/data/1/", &[("x-csrftoken", "none")], Body::empty());
    assert_eq!((wrong.status, kind(&wrong).as_str()), (403, "application/json"));
    let options = site.ask(Method::OPTIONS, "/data/1/", &[], Body::empty());
    assert_eq!((options.status, options.header("allow")), (405, "GET,HEAD"));
    assert_eq!(options.body, "{\"detail\":\"Method Not Allowed\"}");
    let host = site.ask(Method::GET, "/data/1/", &[("host", "evil.example")], Body::empty());
    assert_eq!((host.status, kind(&host).as_str()), (400, "application/json"));
    for path in ["/api/1/", "/api/1/2/"] {
        let page = site.get(path);
        assert_eq!((page.status, kind(&page).as_str()), (404, "text/html; charset=utf-8"), "{path}");
    }
}

/// Tells what is known of the request before any view is asked.
struct Tells;

#[async_trait]
impl Middleware for Tells {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        let info = next.info();
        let said = match info.route() {
            Some(found) => format!("{} {} {:?}", found.route().name, found.route().pattern, info.facts()),
            None => "nothing".to_owned(),
        };
        let mut response = next.run(request).await;
        response.headers_mut().insert("x-route", HeaderValue::from_str(&said).unwrap());
        response
    }
}

#[test]
fn every_link_around_the_views_knows_the_route_and_its_facts() {
    let site = SmallSite::of([AppConfig {
        label: "shop",
        urlpatterns: || {
            let route = Route::post("shop:upload", "/up/{name}/", || async { "" });
            vec![route.json().csrf_exempt().login_required().max_body(7)]
        },
        middleware: &[Link::Outer(|_| Box::new(Tells))],
        ..AppConfig::EMPTY
    }]);
    let known = "shop:upload /up/{name}/ Facts { json: true, csrf_exempt: true, login_required: true, any_host: false, \
                 max_body_bytes: Some(7), throttle: None }";
    assert_eq!(site.get("/up/x/").header("x-route"), known);
    assert_eq!(site.get("/up/x/y/").header("x-route"), "nothing");
    assert!(site.get("/healthz").header("x-route").starts_with("healthz /healthz Facts { json: false"));
}

#[test]
fn what_the_site_brings_itself_is_there_for_its_own_apps_and_not_for_declared_ones_alone() {
    const SHOP: AppConfig = AppConfig { label: "shop", ..AppConfig::EMPTY };
    let program = |apps: &[AppConfig]| {
        let own = || vec![Route::get("own", "/own/", || async { "" })];
        Program::new().apps(apps.iter().copied()).urls(own).middleware(&[Link::Inner(|_| Box::new(Tells))])
    };
    let said = |apps: &[AppConfig], chosen: &str| {
        let workspace = Workspace::new();
        workspace.write("models/orders.toml", "");
        let site = SmallSite::in_folder(workspace, &program(apps), &[("MANAGE__APPS", chosen)]);
        let reply = site.get("/own/");
        (reply.status, reply.header("x-route").is_empty())
    };
    assert_eq!(said(&[SHOP], "shop"), (200, false));
    assert_eq!(said(&[SHOP], "orders,shop"), (200, false));
    assert_eq!(said(&[SHOP], "orders"), (404, true));
    // A program may be routes alone.
    assert_eq!(said(&[], ""), (200, false));
}

#[derive(Deserialize)]
struct Part {
    chapter: u8,
    book: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    Newest,
    Oldest,
}

const BOOKS: AppConfig =
    AppConfig {
        label: "books",
        urlpatterns: || {
            vec![
                Route::get("number", "/number/{id}/", |Path(id): Path<i64>| async move { id.to_string() }),
                Route::get("text", "/text/{slug}/", |Path(slug): Path<String>| async move { slug }),
                Route::get("two", "/two/{a}/{b}/", |Path((a, b)): Path<(String, u8)>| async move {
                    format!("{a} {b}")
                }),
                Route::get("named", "/named/{book}/{chapter}/", |Path(part): Path<Part>| async move {
                    format!("{} {}", part.book, part.chapter)
                }),
                Route::get("word", "/word/{order}/", |Path(order): Path<Order>| async move {
                    format!("{order:?}")
                }),
                Route::get("rest", "/rest/{*path}", |Path(path): Path<String>| async move { path }),
                Route::get("defect", "/defect/{a}/{b}/", |Path(id): Path<i64>| async move { id.to_string() }),
            ]
        },
        ..AppConfig::EMPTY
    };

#[test]
fn parts_of_a_path_are_decoded_and_what_does_not_fit_is_no_page() {
    let site = SmallSite::of([BOOKS]);
    for (path, expected) in [
        ("/number/-7/", "-7"),
        ("/text/a%20b%2F%C3%BC/", "a b/ü"),
        ("/text/a+b/", "a+b"),
        ("/two/x/255/", "x 255"),
        ("/named/moby-dick/3/", "moby-dick 3"),
        ("/word/oldest/", "Oldest"),
        ("/word/newest/?order=oldest", "Newest"),
        ("/rest/a/b%20c/d.txt", "a/b c/d.txt"),
    ] {
        let reply = site.get(path);
        assert_eq!((reply.status, reply.body.as_str()), (200, expected), "{path}");
    }
    for path in [
        "/number/x/",
        "/number/9223372036854775808/",
        "/number/1.5/",
        "/number//",
        "/two/x/256/",
        "/named/moby-dick/three/",
        "/word/first/",
    ] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    assert_eq!(site.get("/text/%ff/").status, 400);
    // A view that cannot fit its pattern is a defect.
    assert_eq!(site.get("/defect/1/2/").status, 500);
}

#[test]
fn a_slash_is_added_to_what_is_read_and_never_to_posts() {
    let site = SmallSite::of([BOOKS]);
    let reply = site.get("/number/7?a=b");
    assert_eq!((reply.status, reply.header("location")), (301, "/number/7/?a=b"));
    for path in ["/healthz/", "/other", "//number/7", "/number"] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    assert_eq!(site.ask(Method::POST, "/number/7", &[], Body::empty()).status, 404);
}

#[test]
fn a_view_takes_what_axum_extracts_and_answers_head_without_a_body() {
    #[derive(Deserialize)]
    struct Search {
        q: String,
    }
    async fn view(
        State(site): State<Arc<Site>>,
        Query(search): Query<Search>,
        headers: HeaderMap,
    ) -> (StatusCode, String) {
        let agent = headers["user-agent"].to_str().unwrap().to_owned();
        (StatusCode::ACCEPTED, format!("{} {agent} {}", search.q, site.url("shop:search", &[])))
    }
    let site = SmallSite::of([AppConfig {
        label: "shop",
        urlpatterns: || vec![Route::get("shop:search", "/search/", view)],
        ..AppConfig::EMPTY
    }]);
    let ask = |method| site.ask(method, "/search/?q=soup", &[("user-agent", "t")], Body::empty());
    let (got, head) = (ask(Method::GET), ask(Method::HEAD));
    assert_eq!((got.status, got.body.as_str()), (202, "soup t /search/"));
    assert_eq!((head.status, head.body.as_str(), head.header("content-length")), (202, "", "15"));
}

#[test]
fn an_app_makes_routes_of_data_below_a_prefix() {
    let site = SmallSite::of([AppConfig {
        label: "admin",
        urlpatterns: || {
            let of_model = |model: &str| {
                let (name, pattern) = (format!("admin:{model}"), format!("/{model}/{{id}}/"));
                let remove = |Path(id): Path<u32>| async move { format!("deleted {id}") };
                Route::get(name.clone(), pattern, move |State(site): State<Arc<Site>>| async move {
                    site.url(&name, &["7"])
                })
                .on(Method::DELETE, remove)
                .csrf_exempt()
            };
            include("/admin/", ["order", "item"].map(of_model))
        },
        ..AppConfig::EMPTY
    }]);
    assert_eq!(site.get("/admin/order/1/").body, "/admin/order/7/");
    assert_eq!(site.get("/admin/item/1/").body, "/admin/item/7/");
    assert_eq!(site.ask(Method::DELETE, "/admin/item/3/", &[], Body::empty()).body, "deleted 3");
    assert_eq!(site.get("/item/1/").status, 404);
}

#[test]
fn two_routes_for_the_same_paths_keep_the_site_from_starting() {
    const TWICE: AppConfig = AppConfig {
        label: "twice",
        urlpatterns: || {
            vec![
                Route::get("twice:one", "/{slug}/", || async { "" }),
                Route::get("twice:two", "/{id}/", || async { "" }),
            ]
        },
        ..AppConfig::EMPTY
    };
    let expected = "the pattern `/{id}/` of `twice:two` takes the paths of `/{slug}/`";
    let workspace = Workspace::new();
    let locator = manage::conf::Locator { project: Some(workspace.path().to_owned()), profile: None };
    let program = manage::Program::new().apps([TWICE]);
    let project = || program.project(&locator, manage::conf::Environment::of([])).unwrap();
    let error = program.handler(project()).err().unwrap();
    assert_eq!(error.source.to_string(), expected);
    let mut found = program.check(&project());
    found.retain(|message| message.id.starts_with("urls."));
    assert_eq!(found.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), [expected]);
}
