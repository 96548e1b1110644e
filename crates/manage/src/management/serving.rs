//! What `serve` and `dev` have in common.

use std::sync::Arc;

use super::base::{Installed, Manage};
use super::error::{CommandError, CommandResult};
use super::output::Output;
use super::runtime::block_on;
use crate::conf::{Address, ServerSettings};
use crate::db::migrations::{self, Pending};
use crate::middleware::Handler;
use crate::servers::arbiter::{self, Ended, Predecessor};
use crate::servers::{self, Leash, ListenError, Listener, logging, worker};
use crate::setup::Project;
use crate::text;
use crate::urls::{Names, Site};

/// Serves `project` in this process alone.
///
/// # Errors
/// When an address is taken, a template does not compile, or the system refuses.
pub(crate) fn run(manage: &Manage, project: Project, out: &mut Output) -> CommandResult {
    logging::start(&project.settings.logging);
    let settings = &project.settings.server;
    let listeners = listeners(settings, &activated(manage, settings, &[]), &[])?;
    let files: Vec<_> = listeners.iter().filter_map(Listener::file).cloned().collect();
    let handler = handler(&manage.installed, project)?;
    let site = Arc::clone(&handler.site);
    warn_of_pending(&site.project, out)?;
    banner(&site.project, &listeners, out)?;
    let ended = worker::run(handler, listeners, None);
    files.iter().for_each(servers::SocketFile::remove);
    Ok(ended?)
}

/// Serves `project` with workers; `read` reads it anew.
///
/// # Errors
/// As [`run`], and when no worker can start.
pub(crate) fn run_with_workers(
    manage: &Manage,
    project: &Project,
    read: &dyn Fn() -> CommandResult<Project>,
    out: &mut Output,
) -> CommandResult {
    logging::start(&project.settings.logging);
    let settings = project.settings.server.clone();
    let predecessor = Predecessor::find(&manage.environment)?;
    let inherited = predecessor.as_ref().map_or(&[][..], |before| &before.listeners);
    let activated = activated(manage, &settings, inherited);
    let listeners = listeners(&settings, &activated, inherited)?;
    let mut served = Served { project, activated, read, out };
    let place = (&manage.environment, project.root.as_path());
    match arbiter::run(&mut served, settings, listeners, place, predecessor)? {
        Ended::Stopped => Ok(()),
        // The worker has said why.
        Ended::NotStarted => Err(CommandError::silent()),
    }
}

/// Serves `project` as one of several workers.
///
/// # Errors
/// When a template does not compile, or the system refuses.
pub(crate) fn run_as_worker(
    manage: &Manage,
    project: Project,
    mut leash: Leash,
    out: &mut Output,
) -> CommandResult {
    logging::start(&project.settings.logging);
    let handler = handler(&manage.installed, project)?;
    // Once is enough, and others need not wait for the databases.
    if leash.start.number == 1 {
        warn_of_pending(&handler.site.project, out)?;
    }
    let listeners = std::mem::take(&mut leash.listeners);
    Ok(worker::run(handler, listeners, Some(leash))?)
}

/// Looks whether everything that answers requests can be made.
///
/// # Errors
/// When a template does not compile or a static file cannot be read.
pub(crate) fn check(manage: &Manage, project: Project) -> CommandResult {
    handler(&manage.installed, project).map(drop)
}

/// What the arbiter asks of the site that is served.
struct Served<'a> {
    project: &'a Project,
    activated: Vec<Address>,
    read: &'a dyn Fn() -> CommandResult<Project>,
    out: &'a mut Output,
}

impl arbiter::Site for Served<'_> {
    fn settings(&mut self) -> Result<ServerSettings, String> {
        let project = (self.read)().map_err(|error| format!("{:#}", error.source))?;
        Ok(project.settings.server)
    }

    fn listeners(&mut self, settings: &ServerSettings, old: &[Listener]) -> Result<Vec<Listener>, String> {
        listeners(settings, &self.activated, old).map_err(|error| format!("{:#}", error.source))
    }

    fn served(&mut self, listeners: &[Listener]) {
        // Whoever read it may be gone; the site is served all the same.
        if let Err(error) = banner(self.project, listeners, self.out) {
            tracing::debug!("{:#}", error.source);
        }
    }
}

/// Old tables under new code fail in odd places later, so it is said now. A database that is away may come back.
fn warn_of_pending(project: &Project, out: &mut Output) -> CommandResult {
    match pending(project)? {
        Ok(pending) if pending.migrations.is_empty() => Ok(()),
        Ok(pending) => {
            let count = text::count(pending.migrations.len(), "migration");
            let names = pending.migrations.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            Ok(out.warning(format!("{count} not applied ({names}…): run `manage migrate`"))?)
        }
        Err(error) => Ok(out.warning(format!("cannot tell which migrations are applied: {error}"))?),
    }
}

/// What the project's databases lack. The connections are closed again: they cannot outlive the runtime of this call.
///
/// # Errors
/// When the call is interrupted; within, when the files are broken or a database is away.
pub(crate) fn pending(project: &Project) -> CommandResult<migrations::Result<Pending>> {
    block_on(async {
        let graph = match migrations::load(&project.files, &project.apps, &project.connections.dialects()) {
            Ok(graph) => graph,
            Err(error) => return Ok(Err(error)),
        };
        let pending = migrations::pending(&project.connections, &graph, &project.router).await;
        project.connections.close_idle();
        Ok(pending)
    })
}

/// Fails before anything is made when an address cannot be listened on.
///
/// # Errors
/// As [`run`].
pub(crate) fn check_bind(manage: &Manage, project: &Project) -> CommandResult {
    let settings = &project.settings.server;
    listeners(settings, &activated(manage, settings, &[]), &[]).map(drop)
}

/// What answers the requests of a project: its addresses, templates and chain.
///
/// # Errors
/// When a template does not compile or a static file cannot be read.
pub(crate) fn handler(installed: &Installed, project: Project) -> CommandResult<Arc<Handler>> {
    let (routes, chain) = (installed.routes_of(&project), installed.chain_of(&project));
    let extend = installed.template_extension(&project);
    let site = Arc::new(Site::new(project, Names::of(&routes), &extend)?);
    let handler = Handler::new(site, routes, &chain).map_err(CommandError::failed)?;
    Ok(Arc::new(handler))
}

/// The sockets of the settings, or those that systemd hands over instead (as with gunicorn); `old` ones are taken over.
fn listeners(
    settings: &ServerSettings,
    activated: &[Address],
    old: &[Listener],
) -> CommandResult<Vec<Listener>> {
    let addresses = if activated.is_empty() { &settings.bind } else { activated };
    if addresses.len() > servers::MOST_LISTENERS {
        return Err(CommandError::failed(format!("more than {} addresses", servers::MOST_LISTENERS)));
    }
    let mut old: Vec<&Listener> = old.iter().collect();
    let open = |address: &Address| match old.iter().position(|listener| listener.address == *address) {
        // Two of port 0 are two sockets.
        Some(place) => Ok(old.remove(place).keep(settings)?),
        None => Listener::bind(address, settings).map_err(|error| refused(&error)),
    };
    addresses.iter().map(open).collect()
}

/// The sockets that systemd hands over, or has handed over to a predecessor.
fn activated(manage: &Manage, settings: &ServerSettings, inherited: &[Listener]) -> Vec<Address> {
    let named = servers::descriptors(&manage.environment).map(Address::Descriptor);
    let is_handed_on =
        |address: &&Address| matches!(address, Address::Descriptor(_)) && !settings.bind.contains(address);
    named.chain(inherited.iter().map(|listener| &listener.address).filter(is_handed_on).cloned()).collect()
}

fn refused(error: &ListenError) -> CommandError {
    let hint = if error.is_in_use() {
        let what = if matches!(error.address, Address::Tcp { .. }) { "port" } else { "address" };
        Some(format!("end what listens on {}, or choose another {what} with `--bind`", error.address))
    } else if error.is_forbidden() {
        Some("choose a port above 1023 with `--bind`".to_owned())
    } else {
        None
    };
    let mut failed = CommandError::failed(error);
    failed.hints.extend(hint);
    failed
}

fn banner(project: &Project, listeners: &[Listener], out: &mut Output) -> CommandResult {
    for listener in listeners {
        out.status(format!("Serving {listener}"))?;
    }
    for alias in project.connections.aliases() {
        let backend = project.connections.backend(alias)?;
        let kind = backend.features().display_name;
        out.status(format!("  {alias:<10} {kind} {}", backend.address()))?;
    }
    out.status(format!("  settings   {}; stop with Ctrl-C", project.profile.name))?;
    Ok(())
}
