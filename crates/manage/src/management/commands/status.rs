use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::management::{BaseCommand, CommandError, CommandResult, Format, Group, Manage, Output};
use crate::servers::{self, Status as ServerStatus, WorkerStatus};
use crate::text;

/// Show what a running `serve` does: its workers, their requests and memory
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Ask at this socket, instead of those of this project
    #[arg(long, value_name = "FILE")]
    socket: Option<PathBuf>,
    /// How to show it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl BaseCommand for Status {
    const NAME: &'static str = "status";
    const GROUP: Group = Group::Serving;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let servers = self.servers(manage, out)?;
        if servers.is_empty() {
            return Err(CommandError::failed("no server of this project runs")
                .hint("`manage serve` starts one; `--socket FILE` asks one that runs as another user"));
        }
        if self.format == Format::Json {
            return Ok(out.json(&servers)?);
        }
        servers.iter().try_for_each(|server| show(server, out))
    }
}

impl Status {
    /// Those that answer. A socket that nobody answers at was left by one that was killed.
    fn servers(&self, manage: &Manage, out: &mut Output) -> CommandResult<Vec<ServerStatus>> {
        if let Some(socket) = &self.socket {
            let refused =
                |error| CommandError::failed(format!("nobody answers at {}: {error}", socket.display()));
            return Ok(vec![servers::ask(socket).map_err(refused)?]);
        }
        let project = manage.project()?;
        let sockets = match &project.settings.server.control_socket {
            Some(socket) => vec![project.root.join(socket)],
            None => servers::sockets(&manage.environment, &project.root),
        };
        let mut found = Vec::new();
        for socket in &sockets {
            match servers::ask(socket) {
                Ok(server) => found.push(server),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    out.warning(format!(
                        "the server at {} does not answer: is it stopped?",
                        socket.display()
                    ))?;
                }
                Err(_) => {}
            }
        }
        Ok(found)
    }
}

fn show(server: &ServerStatus, out: &mut Output) -> CommandResult {
    let ready = server.workers.iter().filter(|worker| worker.state == "ready").count();
    out.line(format!(
        "{} (process {}, up {})",
        server.listeners.join(", "),
        server.pid,
        time(server.uptime)
    ))?;
    out.line(format!(
        "{ready} of {} ready, generation {}, {}",
        text::count(server.wanted, "worker"),
        server.generation,
        text::count(usize::try_from(server.failures).unwrap_or(usize::MAX), "failure"),
    ))?;
    let header = ["WORKER", "PROCESS", "STATE", "UP", "REQUESTS", "ANSWERING", "CONNECTIONS", "MEMORY"];
    out.table(&header, server.workers.iter().map(row))?;
    for worker in &server.workers {
        for busy in &worker.busy {
            let what = if busy.is_running { "runs" } else { "waits" };
            out.line(format!(
                "worker {}: {} {what} for {} (id {})",
                worker.number,
                busy.request,
                time(busy.seconds),
                busy.id
            ))?;
        }
    }
    Ok(())
}

fn row(worker: &WorkerStatus) -> Vec<String> {
    vec![
        worker.number.to_string(),
        worker.pid.to_string(),
        worker.state.clone(),
        time(worker.uptime),
        worker.requests.to_string(),
        worker.answering.to_string(),
        worker.connections.to_string(),
        worker.memory.map_or_else(|| "-".to_owned(), |bytes| format!("{} MB", bytes / 1_000_000)),
    ]
}

/// A length of time in its two largest units: `2h 5m`.
fn time(seconds: f64) -> String {
    let whole = Duration::from_secs_f64(seconds.max(0.0)).as_secs();
    let (days, hours, minutes) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{whole}s"),
        (0, 0, _) => format!("{minutes}m {}s", whole % 60),
        (0, ..) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}
