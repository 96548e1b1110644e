//! A running site, and a browser for it: real sockets, no help from the program's own code.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::Workspace;

/// The password of everybody who is seeded.
pub const PASSWORD: &str = "traveller-pass";

/// A site that serves until the test ends.
pub struct Server {
    /// Its folder.
    pub workspace: Workspace,
    /// Its port.
    pub port: u16,
    child: Option<Child>,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// A migrated site with the demo content, as in production but for https.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same with these variables set.
    pub fn with(variables: &[(&str, &str)]) -> Self {
        let mut workspace = Workspace::new();
        workspace.set("MANAGE__DEBUG", "false").set("MANAGE__LOGGING__LEVEL", "debug,hyper=info");
        for (name, value) in variables {
            workspace.set(name, value);
        }
        workspace.manage(["migrate"]).succeeds();
        workspace.manage(["seed"]).succeeds();
        Self::of(workspace)
    }

    /// Serves what lies in `workspace`.
    pub fn of(workspace: Workspace) -> Self {
        let mut child = workspace.command(["serve", "--bind", "127.0.0.1:0"]).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(String::new()));
        let port = loop {
            let line = lines.next().expect("the server ended before it served").unwrap();
            log.lock().unwrap().push_str(&format!("{line}\n"));
            if let Some(address) = line.strip_prefix("Serving http://127.0.0.1:") {
                break address.trim_end_matches('/').parse().unwrap();
            }
        };
        let written = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                written.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        Self { workspace, port, child: Some(child), log }
    }

    /// Asks whatever serves at this port for a page, which has to be there.
    pub fn page(port: u16, path: &str) {
        let mut browser = Browser { port, cookies: BTreeMap::new() };
        let answer = browser.get(path);
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// What the server has said so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser {
        Browser { port: self.port, cookies: BTreeMap::new() }
    }

    /// A browser in which somebody has signed in.
    pub fn signed_in(&self, username: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in(username, PASSWORD);
        assert_eq!(answer.status, 302, "{}", answer.body);
        browser
    }

    /// A connection for bytes of one's own.
    pub fn connect(&self) -> TcpStream {
        connect(self.port)
    }

    /// Sends bytes as they are and reads until the server closes.
    pub fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The server may refuse and close before everything is sent.
        drop(stream.write_all(bytes));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends a signal: `TERM`, `INT`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits for its end and gives the exit status.
    pub fn wait(&mut self) -> i32 {
        self.child.take().unwrap().wait().unwrap().code().unwrap_or(-1)
    }

    /// Whether it still runs.
    pub fn alive(&mut self) -> bool {
        self.child.as_mut().unwrap().try_wait().unwrap().is_none()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
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
    /// The first header of this name, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// All headers of this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The token of the page's first form.
    #[track_caller]
    pub fn token(&self) -> String {
        let (_, rest) = self.body.split_once("name=\"csrfmiddlewaretoken\" value=\"").expect("a form");
        rest.split('"').next().unwrap().to_owned()
    }

    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let status = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or("0").parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_lowercase(), value.trim().to_owned())
        };
        Self { status, headers: lines.map(header).collect(), body: body.to_owned() }
    }
}

/// Keeps cookies and fills forms.
pub struct Browser {
    port: u16,
    /// What it keeps.
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Asks for a page.
    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    /// Posts a form as it is, without a token.
    pub fn post_bare(&mut self, path: &str, form: &str) -> Answer {
        self.send("POST", path, &[("Content-Type", "application/x-www-form-urlencoded")], form)
    }

    /// Posts a form with the token of the page at `from`.
    pub fn post(&mut self, from: &str, path: &str, form: &str) -> Answer {
        let token = self.get(from).token();
        self.post_bare(path, &format!("csrfmiddlewaretoken={token}&{form}"))
    }

    /// Signs in.
    pub fn sign_in(&mut self, username: &str, password: &str) -> Answer {
        let form = format!("login={username}&password={password}");
        self.post("/accounts/login/", "/accounts/login/", &form)
    }

    /// Sends a request with further headers.
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            text.push_str("Host: localhost\r\n");
        }
        if !body.is_empty() || method == "POST" {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            text.push_str(&format!("Cookie: {}\r\n", pairs.join("; ")));
        }
        headers.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
        let mut stream = connect(self.port);
        stream.write_all(format!("{text}\r\n{body}").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = Answer::parse(&String::from_utf8_lossy(&answer));
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.all("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// Waits until `happened`, at most some seconds.
#[track_caller]
pub fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(15);
    while !happened() {
        assert!(Instant::now() < end, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}
