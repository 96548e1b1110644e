//! A site under test: requests without a socket, on databases of its own, as Django's `django.test.Client`.
//!
//! ```text
//! let mut client = Client::new(mysite::program());
//! assert_eq!(client.get("/polls/").status, 200);
//! ```
//!
//! Everything here panics when it cannot go on: that is a failed test.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http_body_util::BodyExt as _;
use tokio::runtime::Runtime;

use crate::checks::Level;
use crate::conf::{Environment, Locator};
use crate::contrib::sessions::SessionSettings;
use crate::http::{Body, Csrf, Request, Response};
use crate::management::{ColorChoice, CommandResult, Output};
use crate::middleware::Handler;
use crate::program::Program;
use crate::setup::Project;

/// A browser of one visitor, in front of a site whose databases are new and migrated.
pub struct Client {
    program: Program,
    handler: Arc<Handler>,
    runtime: Runtime,
    cookies: BTreeMap<String, String>,
    folder: Folder,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

impl Answer {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Where a redirect leads.
    pub fn location(&self) -> Option<&str> {
        self.header(LOCATION.as_str())
    }
}

impl Client {
    /// A browser in front of the site of this program. Its settings are those that the program brings; each of its
    /// databases is a new file that is gone when the client is.
    ///
    /// # Panics
    /// When the settings have mistakes or the migrations fail.
    #[expect(
        clippy::expect_used,
        clippy::disallowed_methods,
        reason = "a test that cannot go on should say why"
    )]
    pub fn new(program: Program) -> Self {
        let folder = Folder::new();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let prepared = prepare(&program, &folder).unwrap_or_else(|error| panic!("{:#}", error.source));
        let handler = program.handler(prepared).unwrap_or_else(|error| panic!("{:#}", error.source));
        Self { program, handler, runtime, cookies: BTreeMap::new(), folder }
    }

    /// The project, to look into its databases.
    pub fn project(&self) -> &Project {
        &self.handler.site.project
    }

    /// Runs `work` to its end, such as a query.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Asks for a page.
    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, Body::empty(), &[])
    }

    /// Posts a form, with the token that forms of this site have.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encoded = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let body = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let body = body.collect::<Vec<_>>().join("&");
        let token = self.csrf_token();
        let headers =
            [(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded"), ("x-csrftoken", token.as_str())];
        self.send("POST", path, Body::from(body), &headers)
    }

    /// What `manage check` finds, from warnings on.
    pub fn check(&self) -> Vec<String> {
        let found = self.program.check(self.project()).into_iter();
        found.filter(|message| message.level >= Level::Warning).map(|message| message.to_string()).collect()
    }

    fn send(&mut self, method: &str, path: &str, body: Body, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(HOST, "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        #[expect(clippy::expect_used, reason = "a test that cannot go on should say why")]
        let request = request.header(COOKIE, cookies).body(body).expect("a path and headers that are none");
        let answer = self.runtime.block_on(async { read(self.handler.answer(request).await).await });
        for (_, value) in answer.headers.iter().filter(|(name, _)| name == SET_COOKIE.as_str()) {
            self.keep(value);
        }
        answer
    }

    fn keep(&mut self, cookie: &str) {
        let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        if cookie.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// A token for a form, and the cookie that it fits.
    fn csrf_token(&mut self) -> String {
        let settings = &self.handler.site.project.settings;
        let csrf = Csrf::default();
        if let Some(SessionSettings { cookie_name, .. }) = settings.find_app() {
            csrf.rebind(self.cookies.get(cookie_name).map_or("", String::as_str));
        }
        let name = settings.csrf.cookie_name.clone();
        let sent = self.cookies.get(&name).map_or("", String::as_str);
        csrf.start(sent.into(), &Arc::from([settings.secret_key.clone()]));
        let token = csrf.token();
        if let Some(cookie) = csrf.new_cookie() {
            self.cookies.insert(name, cookie);
        }
        token
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a client of the site in {}", self.folder.0.display())
    }
}

async fn read(response: Response) -> Answer {
    let (parts, body) = response.into_parts();
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    #[expect(clippy::expect_used, reason = "a test that cannot go on should say why")]
    let body = body.collect().await.expect("a body that can be read").to_bytes();
    Answer { status: parts.status.as_u16(), headers, body: String::from_utf8_lossy(&body).into_owned() }
}

/// The project with a new file for each of its databases, migrated.
fn prepare(program: &Program, folder: &Folder) -> CommandResult<Project> {
    let locator = Locator { project: Some(folder.0.clone()), profile: None };
    let aliases = program.project(&locator, Environment::default())?.settings.databases;
    let own = aliases.keys().map(|alias| {
        (format!("MANAGE__DATABASES__{}__URL", alias.to_uppercase()), format!("sqlite:///{alias}.sqlite3"))
    });
    // As in production, where pages of errors tell nothing: a test reads the log.
    let environment = Environment::of(own.chain([("MANAGE__DEBUG".to_owned(), "false".to_owned())]));
    let manage = program.manage(&locator, environment);
    let mut out = Output::new(0, ColorChoice::Never, true, &Environment::default());
    manage.call("migrate", &[], &mut out)?;
    manage.new_project()
}

/// A folder that is gone when the client is.
struct Folder(PathBuf);

impl Folder {
    #[expect(clippy::expect_used, reason = "a test that cannot go on should say why")]
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("manage-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder for the test's databases");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
