//! Who signed in, and what is for them alone.

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::State;
use http::Method;
use manage::contrib::auth::CurrentUser;
use manage::http::{Body, HttpError, Person, Request, Response, ViewResult};
use manage::middleware::{Link, Middleware, Next};
use manage::urls::{Route, Site};
use manage::views::{Context, page};
use manage::{AppConfig, Program};

use crate::support::{PASSWORD, SmallSite, Workspace};

async fn whoami(State(site): State<Arc<Site>>, context: Context, user: CurrentUser) -> ViewResult {
    let account = user.0.map(|user| user.username.clone());
    let names = minijinja::context! { account => account };
    page(&site, &context, "whoami.html", names)
}

async fn asks_for_it(user: CurrentUser) -> Result<String, HttpError> {
    Ok(user.or_login(None)?.username.clone())
}

const CLUB: AppConfig = AppConfig {
    label: "club",
    urlpatterns: || {
        let deed = || async { "done" };
        vec![
            Route::get("club:whoami", "/whoami/", whoami),
            Route::get("club:asks", "/asks/", asks_for_it),
            Route::get("club:page", "/club/", || async { "welcome" }).and_post(deed).login_required(),
            Route::get("club:data", "/club/data/", || async { "welcome" }).login_required().json(),
        ]
    },
    ..AppConfig::EMPTY
};

fn folder() -> Workspace {
    let workspace = Workspace::new();
    workspace.write(
        "templates/whoami.html",
        "page {{ user.name if user else 'nobody' }}, account {{ account or 'none' }}",
    );
    workspace
}

#[test]
fn without_accounts_what_is_for_people_who_signed_in_is_401_and_a_plain_page() {
    let site = SmallSite::in_folder(folder(), &Program::new().apps([CLUB]), &[]);
    for path in ["/club/", "/asks/"] {
        let reply = site.get(path);
        assert_eq!((reply.status, reply.header("content-type")), (401, "text/html; charset=utf-8"), "{path}");
        assert!(reply.body.contains("Only people who signed in may see this."), "{}", reply.body);
        assert_eq!(reply.header("location"), "");
    }
    let data = site.get("/club/data/");
    assert_eq!((data.status, data.body.as_str()), (401, "{\"detail\":\"Unauthorized\"}"));
    assert_eq!(site.get("/whoami/").body, "page nobody, account none");
    // A method that nobody answers is no secret.
    assert_eq!(site.ask(Method::OPTIONS, "/club/", &[], Body::empty()).status, 405);
}

#[test]
fn people_are_led_to_the_page_to_sign_in_and_programs_are_told() {
    let workspace = folder();
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    workspace.manage(["seed", "-v", "0"]).succeeds();
    let site = SmallSite::in_folder(workspace, &wayfarer::program().apps([CLUB]), &[]);
    for path in ["/club/", "/asks/"] {
        let reply = site.get(path);
        let expected = format!("/accounts/login/?next={path}");
        assert_eq!((reply.status, reply.header("location")), (302, expected.as_str()));
    }
    let data = site.get("/club/data/");
    assert_eq!((data.status, data.body.as_str()), (401, "{\"detail\":\"Unauthorized\"}"));
    // A post cannot be asked for again.
    let form = site.get("/accounts/login/");
    let token = form.body.split("csrfmiddlewaretoken\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let cookie = form.cookie("csrftoken");
    let headers = [("cookie", cookie.as_str()), ("x-csrftoken", token)];
    let posted = site.ask(Method::POST, "/club/", &headers, Body::empty());
    assert_eq!((posted.status, posted.header("location")), (302, "/accounts/login/"));
    // Who signed in is one person, for the route, the template and the view.
    let typed = format!("login=hannah&password={PASSWORD}");
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let login = site.ask(Method::POST, "/accounts/login/", &[kind, headers[0], headers[1]], typed.into());
    let session = login.cookie("sessionid");
    let get = |path| site.ask(Method::GET, path, &[("cookie", &session)], Body::empty()).body;
    assert_eq!(get("/club/"), "welcome");
    assert_eq!(get("/club/data/"), "welcome");
    assert_eq!(get("/whoami/"), "page hannah, account hannah");
    assert_eq!(get("/asks/"), "hannah");
}

/// A person of a site without accounts.
struct Badge(String);

impl Person for Badge {
    fn name(&self) -> &str {
        &self.0
    }
}

/// Believes what the header says.
struct Badges;

#[async_trait]
impl Middleware for Badges {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        if let Some(name) = request.headers().get("x-badge").and_then(|name| name.to_str().ok()) {
            next.info().set_user(Arc::new(Badge(name.to_owned())));
        }
        next.run(request).await
    }
}

#[test]
fn an_app_may_bring_people_of_its_own() {
    let badges =
        AppConfig { label: "badges", middleware: &[Link::Inner(|_| Box::new(Badges))], ..AppConfig::EMPTY };
    let site = SmallSite::in_folder(folder(), &Program::new().apps([badges, CLUB]), &[]);
    let ask = |path| site.ask(Method::GET, path, &[("x-badge", "Ann")], Body::empty());
    assert_eq!(ask("/club/").body, "welcome");
    // Pages show the name; it is nobody's account.
    assert_eq!(ask("/whoami/").body, "page Ann, account none");
    assert_eq!(ask("/whoami/").header("cache-control"), "private, no-cache");
    assert_eq!(site.get("/club/").status, 401);
}
