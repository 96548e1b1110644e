//! The clients: how each is found, sent to an address, understood and helped.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::server::HOST;
use super::{firefox, process};
use crate::file::{self, Access};
use crate::person::Person;

/// One client.
pub(super) struct Client {
    /// What people call it.
    pub(super) name: &'static str,
    /// What its program may be called, the best first.
    pub(super) programs: &'static [&'static str],
    /// The arguments by which it says its version.
    pub(super) version: &'static [&'static str],
    /// How long it may take.
    pub(super) limit: Duration,
    /// Whether it is so heavy that it runs alone.
    pub(super) is_browser: bool,
    /// The command that asks for the page. The error says why there is none.
    pub(super) command: fn(&Visit) -> Result<Command, String>,
    /// What the line holds that says why it failed, the surest first.
    pub(super) marks: &'static [&'static str],
    /// Whether it says of a refusal no more than TLS does, and may go on running: then its last line is no reason.
    pub(super) objection_is_all: bool,
    /// Variables that change what it trusts.
    pub(super) variables: &'static [&'static str],
    /// What makes it trust the authority.
    pub(super) advice: &'static [&'static str],
}

/// What a client is sent to.
pub(super) struct Visit<'a> {
    /// The client's program.
    pub(super) program: &'a Path,
    /// Who runs it.
    pub(super) person: &'a Person,
    /// A folder of its own.
    pub(super) folder: &'a Path,
    /// The page.
    pub(super) url: String,
    /// The page's port.
    pub(super) port: u16,
    /// The page's path.
    pub(super) path: &'a str,
}

const QUICK: Duration = Duration::from_secs(10);
const SLOW: Duration = Duration::from_secs(30);

const OF_OPENSSL: &[&str] = &["SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF"];
const SYSTEM: &str = "it reads the system's store: manage cert install --stores system";
const BROWSERS: &str =
    "it reads a database of its own, not the system's store: manage cert install --stores nss";
const EXPORTS: &str = "or for one shell: eval \"$(manage cert env --shell)\"";

const CLIENT: Client = Client {
    name: "",
    programs: &[],
    version: &["--version"],
    limit: QUICK,
    is_browser: false,
    command: |_| Err(String::new()),
    marks: &[],
    objection_is_all: false,
    variables: &[],
    advice: &[SYSTEM, EXPORTS],
};

/// Chromium and its relatives.
const CHROMIUM: Client = Client {
    limit: SLOW,
    is_browser: true,
    command: chromium,
    marks: &["ERR_", "net_error -2", "sandbox"],
    advice: &[BROWSERS],
    ..CLIENT
};

/// All clients, the quick ones first.
pub(super) const CLIENTS: &[Client] = &[
    Client {
        name: "openssl",
        programs: &["openssl"],
        version: &["version"],
        command: openssl,
        marks: &["verify error", "error:"],
        variables: OF_OPENSSL,
        ..CLIENT
    },
    Client {
        name: "curl",
        programs: &["curl"],
        command: curl,
        marks: &["curl: ("],
        variables: &["CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_HOME"],
        ..CLIENT
    },
    Client {
        name: "wget",
        programs: &["wget"],
        command: wget,
        marks: &["ERROR:"],
        variables: &["SSL_CERT_FILE", "SSL_CERT_DIR", "WGETRC"],
        ..CLIENT
    },
    Client {
        name: "python",
        programs: &["python3", "python"],
        command: python,
        variables: OF_OPENSSL,
        ..CLIENT
    },
    Client {
        name: "node",
        programs: &["node"],
        command: node,
        variables: &["NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "NODE_USE_SYSTEM_CA"],
        advice: &[
            "it reads no store: export NODE_EXTRA_CA_CERTS=\"$(manage cert caroot)/rootCA.pem\"",
            "or all such variables: eval \"$(manage cert env --shell)\"",
        ],
        ..CLIENT
    },
    Client {
        name: "java",
        programs: &["java"],
        version: &["-version"],
        // It compiles the page's visitor first.
        limit: Duration::from_secs(20),
        command: java,
        variables: &["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"],
        advice: &[
            "it reads a store of its own: manage cert install --stores java",
            "or for one program: java -Djavax.net.ssl.trustStore=FILE, with a trust store of manage cert export",
        ],
        ..CLIENT
    },
    Client { name: "chromium", programs: &["chromium", "chromium-browser"], ..CHROMIUM },
    Client { name: "chrome", programs: &["google-chrome", "google-chrome-stable"], ..CHROMIUM },
    Client {
        name: "firefox",
        programs: &["firefox", "firefox-esr"],
        limit: SLOW,
        is_browser: true,
        command: firefox,
        objection_is_all: true,
        advice: &[BROWSERS],
        ..CLIENT
    },
];

impl Visit<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = process::command(self.program, self.person);
        command.args(arguments);
        command
    }

    /// Writes a file into the folder.
    fn write(&self, name: &str, content: &str) -> Result<PathBuf, String> {
        let path = self.folder.join(name);
        file::write(&path, content.as_bytes(), Access::Secret, self.person)
            .map_err(|error| error.with_cause())?;
        Ok(path)
    }
}

fn openssl(visit: &Visit) -> Result<Command, String> {
    let address = format!("{HOST}:{}", visit.port);
    let request = format!("GET {} HTTP/1.1\r\nHost: {HOST}\r\n\r\n", visit.path);
    let mut command = visit.command(&["s_client", "-connect", &address, "-servername", HOST, "-quiet"]);
    command.args(["-verify_return_error", "-verify_hostname", HOST]);
    let request = File::open(visit.write("request", &request)?).map_err(|error| error.to_string())?;
    command.stdin(request);
    Ok(command)
}

fn curl(visit: &Visit) -> Result<Command, String> {
    Ok(visit.command(&["-sS", "--noproxy", "*", "-o", "/dev/null", &visit.url]))
}

fn wget(visit: &Visit) -> Result<Command, String> {
    Ok(visit.command(&["-nv", "--no-proxy", "--no-hsts", "--tries=1", "-O", "/dev/null", &visit.url]))
}

const PYTHON: &str = "import sys, urllib.request as request
request.build_opener(request.ProxyHandler({})).open(sys.argv[1]).read()";

fn python(visit: &Visit) -> Result<Command, String> {
    Ok(visit.command(&["-c", PYTHON, &visit.url]))
}

const NODE: &str =
    "const refuse = error => { console.error(`${error.code}: ${error.message}`); process.exit(1) };
require('https').get(process.argv[1], answer => answer.resume()).on('error', refuse)";

fn node(visit: &Visit) -> Result<Command, String> {
    Ok(visit.command(&["-e", NODE, &visit.url]))
}

const JAVA: &str = r#"import java.net.Proxy;
import java.net.URL;

public class Visit {
    public static void main(String[] arguments) throws Exception {
        try {
            new URL(arguments[0]).openConnection(Proxy.NO_PROXY).getInputStream().readAllBytes();
        } catch (java.io.IOException error) {
            System.err.println(error.getMessage());
            System.exit(1);
        }
    }
}
"#;

fn java(visit: &Visit) -> Result<Command, String> {
    let real = fs::canonicalize(visit.program).map_err(|error| error.to_string())?;
    if !real.with_file_name("javac").exists() {
        return Err("it has no compiler for the test program: install a JDK, not only a runtime".to_owned());
    }
    let source = visit.write("Visit.java", JAVA)?;
    let mut command = visit.command(&[]);
    command.arg(source).arg(&visit.url);
    Ok(command)
}

/// The person's own databases of certificates, but no profile of theirs, and no talk to its makers.
const CHROMIUM_FLAGS: &[&str] = &[
    "--headless",
    "--disable-gpu",
    "--dump-dom",
    "--enable-logging=stderr",
    "--disable-quic",
    "--no-proxy-server",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",
];

fn chromium(visit: &Visit) -> Result<Command, String> {
    let mut command = visit.command(CHROMIUM_FLAGS);
    // Root has no sandbox there; through sudo it runs as the person.
    if visit.person.is_root && visit.person.owner.is_none() {
        command.arg("--no-sandbox");
    }
    command.arg(format!("--user-data-dir={}", visit.folder.join("profile").display())).arg(&visit.url);
    Ok(command)
}

fn firefox(visit: &Visit) -> Result<Command, String> {
    let profile = firefox::copy_of_profile(visit.person, visit.folder)
        .map_err(|error| format!("no throw-away profile can be made: {}", error.with_cause()))?;
    let mut command = visit.command(&["--headless", "--no-remote", "--profile"]);
    // All that it needs of the person is in the profile: their home folder stays as it is.
    command.env("HOME", visit.folder).env_remove("XDG_CONFIG_HOME").env_remove("XDG_CACHE_HOME");
    command.arg(profile).arg("--screenshot").arg(visit.folder.join("page.png")).arg(&visit.url);
    Ok(command)
}
