//! What happens is told to the apps that asked for it.

use std::ffi::OsString;
use std::sync::Mutex;

use manage::contrib::auth::{self, UserCreated};
use manage::dispatch::Receiving;
use manage::http::RequestFinished;
use manage::management::{PostMigrate, PreMigrate};
use manage::setup::Project;
use manage::test::Client;
use manage::{AppConfig, Program};

use crate::support::Workspace;

static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

const LISTENER: AppConfig = AppConfig {
    label: "listener",
    receivers: |signals| {
        signals.connect(|_: &Project, signal: &PreMigrate| hear(format!("before {:?}", signal.databases)));
        signals.connect(|_: &Project, signal: &PostMigrate| hear(format!("after {}", signal.migrations)));
        signals.connect(|_: &Project, signal: &UserCreated| hear(format!("made {}", signal.username)));
        signals.connect(|_: &Project, signal: &RequestFinished| {
            hear(format!("{} {} {}", signal.method, signal.path, signal.status.as_u16()))
        });
    },
    ..AppConfig::EMPTY
};

fn hear(what: String) -> Receiving<'static> {
    Box::pin(async move {
        HEARD.lock().unwrap().push(what);
        Ok(())
    })
}

#[test]
fn migrations_accounts_and_requests_are_told() {
    let mut client = Client::new(Program::new().apps([auth::APP, LISTENER]));
    let new = auth::models::CreateUser {
        username: "ann",
        email: "",
        password: "!",
        is_superuser: false,
        group: None,
    };
    client.block_on(new.save(client.project())).unwrap();
    assert_eq!(client.get("/healthz?a=b").status, 200);
    client.block_on(tokio::task::yield_now());
    let expected = ["before []", "after 1", "made ann", "GET /healthz 200"];
    let is_complete = || HEARD.lock().unwrap().len() >= expected.len();
    crate::support::eventually("the last signal", is_complete);
    assert_eq!(*HEARD.lock().unwrap(), expected);
    // An emptied database is filled by whom a migrated one is filled by.
    let workspace = Workspace::new();
    workspace.write("settings/base.toml", "[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n");
    for command in [&["migrate", "-v0"][..], &["flush", "--yes"]] {
        let project = [OsString::from("manage"), "--project".into(), workspace.path().into()];
        let args: Vec<OsString> = project.into_iter().chain(command.iter().map(Into::into)).collect();
        let _status = Program::new().apps([auth::APP, LISTENER]).run(&args);
    }
    assert_eq!(HEARD.lock().unwrap()[expected.len()..], ["before []", "after 1", "after 0"]);
}
