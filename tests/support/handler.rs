//! A small site of a test's own apps, asked without a socket.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use manage::conf::{Environment, Locator};
use manage::http::{Body, Request};
use manage::middleware::Handler;
use manage::{AppConfig, Program};

use super::{Workspace, block_on};

/// What answers for it, and its folder.
pub struct SmallSite {
    handler: Arc<Handler>,
    _workspace: Workspace,
}

impl SmallSite {
    /// A site of these apps, as in production.
    pub fn of(apps: impl IntoIterator<Item = AppConfig>) -> Self {
        Self::with(apps, &[])
    }

    /// The same with these variables set.
    pub fn with(apps: impl IntoIterator<Item = AppConfig>, variables: &[(&str, &str)]) -> Self {
        Self::in_folder(Workspace::new(), &Program::new().apps(apps), variables)
    }

    /// The site of a program in a folder that was made ready for it.
    pub fn in_folder(workspace: Workspace, program: &Program, variables: &[(&str, &str)]) -> Self {
        let locator = Locator { project: Some(workspace.path().to_owned()), profile: None };
        let fixed = [("MANAGE__DEBUG", "false"), ("MANAGE__DATABASES__DEFAULT__NAME", "db.sqlite3")];
        let environment = fixed.iter().chain(variables);
        let environment = environment.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let project = program.project(&locator, Environment::of(environment)).unwrap();
        Self { handler: program.handler(project).unwrap(), _workspace: workspace }
    }

    /// Asks for a page.
    pub fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, &[], Body::empty())
    }

    /// Sends a request.
    pub fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Reply {
        let mut request = Request::builder().method(method).uri(path).body(body).unwrap();
        request.headers_mut().insert("host", HeaderValue::from_static("localhost"));
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        block_on(async {
            let (parts, body) = self.handler.answer(request).await.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let body = String::from_utf8_lossy(&body).into_owned();
            Reply { status: parts.status.as_u16(), headers: parts.headers, body }
        })
    }
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

impl Reply {
    /// The first header of this name, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// `name=value` of the cookie that was set.
    pub fn cookie(&self, name: &str) -> String {
        let set = self.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        let mut pairs = set.filter_map(|cookie| cookie.split(';').next());
        let pair = pairs.find(|pair| pair.split('=').next() == Some(name));
        pair.unwrap_or_else(|| panic!("no cookie `{name}`: {self:?}")).to_owned()
    }
}
