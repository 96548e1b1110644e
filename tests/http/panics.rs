//! Views that panic. No view of the site does, so these are made for it.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use manage::conf::Environment;
use manage::urls::Route;
use manage::{AppConfig, Program};

use crate::support::{SmallSite, Workspace};

const PANICKY: AppConfig = AppConfig {
    label: "panicky",
    urlpatterns: || {
        vec![
            Route::get("boom", "/boom/", boom),
            Route::get("aside", "/aside/", aside),
            Route::get("fine", "/fine/", || async { "fine" }),
        ]
    },
    ..AppConfig::EMPTY
};

async fn boom() -> &'static str {
    panic!("out of luck")
}

/// Starts work of its own, which nobody waits for.
async fn aside() -> &'static str {
    drop(tokio::spawn(async { panic!("nobody sees me") }));
    "answered"
}

#[test]
fn a_panic_is_one_500_and_the_next_request_is_answered() {
    let site = SmallSite::of([PANICKY]);
    let broken = site.get("/boom/");
    assert_eq!(broken.status, 500);
    let number = broken.header("x-request-id");
    assert_eq!(number.len(), 16);
    assert!(broken.body.contains(number) && !broken.body.contains("out of luck"), "{}", broken.body);
    assert_eq!(site.get("/fine/").status, 200);
}

#[test]
fn a_server_logs_every_panic_once_with_its_place() {
    if Environment::of_process().get(SERVES).is_some() {
        // This run is the server that the other one looks at.
        let args = ["manage", "serve", "--bind", "127.0.0.1:0"].map(Into::into);
        Program::new().apps([PANICKY]).run(&args);
        return;
    }
    let workspace = Workspace::new();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "http::panics::a_server_logs_every_panic_once_with_its_place", "--nocapture"])
        .current_dir(workspace.path())
        .env("MANAGE__DEBUG", "false")
        .env("MANAGE_PROJECT", workspace.path())
        .env(SERVES, "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (said, lines) = mpsc::channel();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    std::thread::spawn(move || stderr.lines().map_while(Result::ok).for_each(|line| drop(said.send(line))));
    let wait_for = |part: &str| {
        std::iter::from_fn(|| lines.recv_timeout(Duration::from_secs(15)).ok())
            .find(|line| line.contains(part))
            .unwrap_or_else(|| panic!("the server did not say `{part}`"))
    };
    let served = wait_for("Serving http://127.0.0.1:");
    let port: u16 = served.rsplit(':').next().unwrap().trim_end_matches('/').parse().unwrap();
    let statuses = ["/boom/", "/aside/", "/fine/"].map(|path| status(port, path));
    let inside = wait_for("out of luck");
    let outside = wait_for("nobody sees me");
    child.kill().unwrap();
    child.wait().unwrap();
    let rest: Vec<String> = lines.iter().collect();
    assert_eq!(statuses, [500, 200, 200]);
    assert!(inside.contains("GET /boom/: panic at tests/http/panics.rs:"), "{inside}");
    assert!(outside.contains("panic at tests/http/panics.rs:"), "{outside}");
    assert!(!rest.iter().any(|line| line.contains("out of luck")), "said twice: {rest:?}");
}

/// Set where this program is to be the server of a test.
const SERVES: &str = "MANAGE_TEST_SERVES";

fn status(port: u16, path: &str) -> u16 {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}
