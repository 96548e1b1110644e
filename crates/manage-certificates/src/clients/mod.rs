//! Which of this machine's programs trust a certificate: each one found connects to a throw-away TLS server.

mod process;
mod server;

mod firefox;

mod table;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::ServerConfig;

use self::process::{Folder, Said};
use self::server::{HOST, Server};
use self::table::{CLIENTS, Client, Visit};
use super::error::{Error, Result};
use super::person::Person;

/// A program that only has to say its version says it soon.
const TIME_FOR_VERSION: Duration = Duration::from_secs(10);

/// How long a refusal may take from the client's end to the server's ear.
const TIME_FOR_OBJECTION: Duration = Duration::from_millis(500);

/// What was found out about one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The client, as [`names`] lists it.
    pub client: &'static str,
    /// The program that was run, where there is one.
    pub program: Option<PathBuf>,
    /// The line by which it tells its version.
    pub version: Option<String>,
    /// What it did.
    pub outcome: Outcome,
}

/// What a client does with a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It asked for the page: it trusts the certificate.
    Trusts,
    /// It connected and asked for nothing.
    Refuses {
        /// What it said about it, in its own words.
        said: String,
        /// What makes it trust the certificate, and which of the person's variables have a say, each a line.
        advice: Vec<String>,
    },
    /// It could not be asked, because of this.
    Skipped(String),
}

/// The clients that are looked for, in the order of the findings.
pub fn names() -> impl Iterator<Item = &'static str> {
    CLIENTS.iter().map(|client| client.name)
}

/// Lets each client found, or each of `only` if there are any, connect to a server with this certificate.
///
/// `chain` holds DER, the certificate first, which must be for `localhost`; `key` is its key as PKCS#8 DER. Clients run
/// as the person with the person's own variables: the findings tell what that person's programs really do. The
/// browsers take some seconds each.
///
/// # Errors
/// When `only` names no client, no server can use the certificate, or no temporary folder can be made.
pub fn examine(person: &Person, chain: &[Vec<u8>], key: &[u8], only: &[&str]) -> Result<Vec<Finding>> {
    let clients = chosen(only)?;
    let configuration = &server::configuration(chain, key)?;
    let (browsers, quick): (Vec<_>, Vec<_>) = clients.into_iter().partition(|client| client.is_browser);
    let findings: Result<Vec<_>> = thread::scope(|scope| {
        let start = |client| scope.spawn(move || look_at(client, person, configuration));
        let started: Vec<_> = quick.into_iter().map(start).collect();
        let ended = started.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(panicked())));
        ended.collect()
    });
    // One after the other: two browsers at once keep a small machine busy until their time is up.
    let browsers = browsers.into_iter().map(|client| look_at(client, person, configuration));
    findings?.into_iter().map(Ok).chain(browsers).collect()
}

fn chosen(only: &[&str]) -> Result<Vec<&'static Client>> {
    if let Some(unknown) = only.iter().find(|name| !names().any(|known| known == **name)) {
        let known: Vec<&str> = names().collect();
        return Err(Error::refused(format_args!("there is no client `{unknown}`"))
            .hint(format!("choose of {}", known.join(", "))));
    }
    Ok(CLIENTS.iter().filter(|client| only.is_empty() || only.contains(&client.name)).collect())
}

fn look_at(client: &'static Client, person: &Person, configuration: &Arc<ServerConfig>) -> Result<Finding> {
    let finding = Finding {
        client: client.name,
        program: process::find(person, client.programs),
        version: None,
        outcome: Outcome::Skipped("not installed".to_owned()),
    };
    let Some(program) = finding.program.clone() else { return Ok(finding) };
    let (folder, server) = (Folder::new(person)?, Server::start(configuration)?);
    let url = format!("https://{HOST}:{}{}", server.port(), server.path());
    let (port, path) = (server.port(), server.path());
    let visit = Visit { program: &program, person, folder: folder.work(), url, port, path };
    let command = (client.command)(&visit);
    folder.hand_over(person)?;
    let version = version(client, &program, person, &folder);
    let outcome = command.and_then(|command| outcome(client, command, person, &folder, &server));
    Ok(Finding { version, outcome: outcome.unwrap_or_else(Outcome::Skipped), ..finding })
}

/// The first line that a program says about its version.
fn version(client: &Client, program: &Path, person: &Person, folder: &Folder) -> Option<String> {
    let mut command = process::command(program, person);
    command.args(client.version);
    let said = process::run(command, folder, TIME_FOR_VERSION, || false).ok()?;
    // Java says before it which options it took from the environment.
    let mut lines = said.out.lines().chain(said.err.lines()).map(str::trim);
    let line = lines.find(|line| !line.is_empty() && !line.starts_with("Picked up"))?;
    // What it was built with stands in brackets behind.
    line.split(" (").next().map(str::to_owned)
}

/// Lets a client visit the server. The error says why it could not be asked.
fn outcome(
    client: &Client,
    command: Command,
    person: &Person,
    folder: &Folder,
    server: &Server,
) -> std::result::Result<Outcome, String> {
    let is_decided = || server.was_trusted() || (client.objection_is_all && server.objection().is_some());
    let said = process::run(command, folder, client.limit, is_decided)
        .map_err(|error| format!("it cannot be run: {error}"))?;
    if server.was_trusted() {
        return Ok(Outcome::Trusts);
    }
    if !server.was_reached() {
        let line = marked(client, &said).or(last_line(&said)).unwrap_or("it said nothing");
        return Err(format!("it never came to the server that it was sent to: {line}"));
    }
    let is_reason = !client.objection_is_all && !said.ran_out_of_time;
    let line = marked(client, &said).or(last_line(&said).filter(|_| is_reason));
    let said =
        line.map(str::to_owned).or_else(|| objection(server)).unwrap_or_else(|| silence(client, &said));
    Ok(Outcome::Refuses { said, advice: advice(client, person) })
}

/// The line of a program's output by whose mark it is known to say why the program failed.
fn marked<'a>(client: &Client, said: &'a Said) -> Option<&'a str> {
    let lines: Vec<&str> = said.out.lines().chain(said.err.lines()).collect();
    let line = client.marks.iter().find_map(|mark| lines.iter().rfind(|line| line.contains(mark)))?.trim();
    // Chromium begins with the process, the time and the place in its source.
    Some(line.split_once("] ").filter(|_| line.starts_with('[')).map_or(line, |(_, reason)| reason))
}

fn last_line(said: &Said) -> Option<&str> {
    said.err.lines().map(str::trim).rfind(|line| !line.is_empty())
}

fn objection(server: &Server) -> Option<String> {
    let deadline = Instant::now() + TIME_FOR_OBJECTION;
    while server.objection().is_none() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
    server.objection().map(|alert| format!("it broke off by the TLS alert {alert}"))
}

fn silence(client: &Client, said: &Said) -> String {
    if said.ran_out_of_time {
        format!("it did not ask for the page within {:?}", client.limit)
    } else {
        "it ended without a word".to_owned()
    }
}

fn advice(client: &Client, person: &Person) -> Vec<String> {
    let set = client.variables.iter().filter_map(|name| Some((name, person.variable(name)?)));
    let set = set.map(|(name, value)| format!("{name} is set, which may change what it trusts: {value}"));
    client.advice.iter().map(|line| (*line).to_owned()).chain(set).collect()
}

fn panicked() -> Error {
    Error::failed("a client's examination broke off: this is a fault of the program")
}

#[cfg(test)]
mod tests;
