use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::conf::{Address, FileMode, Owner, ServerSettings, parse_duration};
use crate::management::serving;
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output};
use crate::servers::Leash;
use crate::setup::Project;

/// Serve the site until TERM or Ctrl-C
///
/// An arbiter starts workers and replaces those that fail. Signals as gunicorn's: TERM stops when the requests are
/// answered, INT and QUIT at once, HUP reloads, USR2 starts the program that lies there now, TTIN and TTOU make one
/// worker more or fewer.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address to listen on: 127.0.0.1:8000, :8000, [::1]:8000, unix:PATH, fd://N; repeatable
    #[arg(short, long, value_name = "ADDR")]
    bind: Vec<Address>,
    /// Processes that answer requests; 0: only this one [default: one per core, or $WEB_CONCURRENCY]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1024))]
    workers: Option<u16>,
    /// Threads of each worker; 0: the cores, shared among the workers. More than one helps where views compute
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1024))]
    threads: Option<u16>,
    /// Kill and replace a worker that does not answer for so long [default: 30s]
    #[arg(short, long, value_name = "TIME", value_parser = parse_duration)]
    timeout: Option<Duration>,
    /// Time that requests may take to finish at a stop or a reload [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    graceful_timeout: Option<Duration>,
    /// Time that a connection may rest between requests [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    keep_alive: Option<Duration>,
    /// Replace a worker after so many requests; 0: never
    #[arg(long, value_name = "N")]
    max_requests: Option<usize>,
    /// Add up to so many to --max-requests by chance, so that not all workers go at once
    #[arg(long, value_name = "N")]
    max_requests_jitter: Option<usize>,
    /// Write the number of the process to a file, as long as it serves
    #[arg(short, long, value_name = "FILE")]
    pid: Option<PathBuf>,
    /// Run the workers as this user, when started by root
    #[arg(short, long, value_name = "USER")]
    user: Option<String>,
    /// Run the workers as this group
    #[arg(short, long, value_name = "GROUP")]
    group: Option<String>,
    /// Who may connect to unix: sockets, in octal [default: 0660]
    #[arg(long, value_name = "MODE")]
    unix_mode: Option<FileMode>,
    /// Whose unix: sockets are
    #[arg(long, value_name = "USER:GROUP")]
    unix_owner: Option<Owner>,
    /// Look whether the site could be served, and end
    #[arg(long)]
    check_config: bool,
    /// Not there: what starts the program keeps it running
    #[arg(short = 'D', long, hide = true)]
    daemon: bool,
}

impl BaseCommand for Serve {
    const NAME: &'static str = "serve";
    const GROUP: Group = Group::Serving;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        if self.daemon {
            return Err(CommandError::usage("`serve` does not put itself into the background")
                .hint("let systemd, a container or a supervisor start it; at a shell: `manage serve &`"));
        }
        let project = self.project(manage)?;
        if self.check_config {
            serving::check(manage, project)?;
            return Ok(out.status("The site can be served.")?);
        }
        if let Some(leash) = Leash::find(&manage.environment)? {
            return serving::run_as_worker(manage, project, leash, out);
        }
        match project.settings.server.workers {
            Some(0) => serving::run(manage, project, out),
            _ => serving::run_with_workers(manage, &project, &|| self.project(manage), out),
        }
    }
}

impl Serve {
    /// The project, with what the command line says.
    fn project(&self, manage: &Manage) -> CommandResult<Project> {
        let mut project = manage.new_project()?;
        self.apply(&mut project.settings.server).map_err(CommandError::usage)?;
        Ok(project)
    }

    fn apply(&self, server: &mut ServerSettings) -> Result<(), String> {
        set(&mut server.bind, (!self.bind.is_empty()).then(|| self.bind.clone()));
        set(&mut server.workers, self.workers.map(|number| Some(number.into())));
        set(&mut server.threads, self.threads.map(Into::into));
        set(&mut server.timeout, self.timeout);
        set(&mut server.graceful_timeout, self.graceful_timeout);
        set(&mut server.idle_timeout, self.keep_alive);
        set(&mut server.max_requests, self.max_requests);
        set(&mut server.max_requests_jitter, self.max_requests_jitter);
        set(&mut server.pid, self.pid.clone().map(Some));
        set(&mut server.unix_mode, self.unix_mode);
        set(&mut server.unix_owner, self.unix_owner.clone().map(Some));
        if self.user.is_some() || self.group.is_some() {
            let named = [self.user.as_deref(), self.group.as_deref()].map(Option::unwrap_or_default);
            server.user = Some(named.join(":").trim_end_matches(':').parse()?);
        }
        Ok(())
    }
}

/// What was said replaces what was there.
fn set<T>(setting: &mut T, said: Option<T>) {
    if let Some(value) = said {
        *setting = value;
    }
}
