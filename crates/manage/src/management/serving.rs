//! What `serve` and `dev` have in common.

use std::net::TcpListener;
use std::sync::Arc;

use super::base::{Installed, Manage};
use super::error::{CommandError, CommandResult};
use super::output::Output;
use super::runtime::block_on;
use crate::conf::Address;
use crate::db::migrations::{self, Pending};
use crate::middleware::Handler;
use crate::servers::{self, ListenError, logging, worker};
use crate::setup::Project;
use crate::text;
use crate::urls::{Names, Site};

/// Serves `project` on `bind`, or where its settings say.
///
/// # Errors
/// When an address is taken, a template does not compile, or the system refuses.
pub(crate) fn run(manage: &Manage, project: Project, bind: &[Address], out: &mut Output) -> CommandResult {
    logging::start(&project.settings.logging);
    let listeners = listeners(&project, bind)?;
    let handler = handler(&manage.installed, project)?;
    let site = Arc::clone(&handler.site);
    warn_of_pending(&site.project, out)?;
    banner(&site.project, &listeners, out)?;
    Ok(worker::run(handler, listeners)?)
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
pub(crate) fn check_bind(project: &Project, bind: &[Address]) -> CommandResult {
    listeners(project, bind).map(drop)
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

fn listeners(project: &Project, bind: &[Address]) -> CommandResult<Vec<TcpListener>> {
    let configured = project.settings.server.bind.as_slice();
    let addresses = if bind.is_empty() { configured } else { bind };
    addresses.iter().map(|address| servers::bind(address).map_err(|error| refused(&error))).collect()
}

fn refused(error: &ListenError) -> CommandError {
    let hint = if error.is_in_use() {
        Some(format!("end what listens on {}, or choose another port with `--bind`", error.address))
    } else if error.is_forbidden() {
        Some("choose a port above 1023 with `--bind`".to_owned())
    } else {
        None
    };
    let mut failed = CommandError::failed(error);
    failed.hints.extend(hint);
    failed
}

fn banner(project: &Project, listeners: &[TcpListener], out: &mut Output) -> CommandResult {
    for listener in listeners {
        let mut address = listener.local_addr()?;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        out.status(format!("Serving http://{address}/"))?;
    }
    for alias in project.connections.aliases() {
        let backend = project.connections.backend(alias)?;
        let kind = backend.features().display_name;
        out.status(format!("  {alias:<10} {kind} {}", backend.address()))?;
    }
    out.status(format!("  settings   {}; stop with Ctrl-C", project.profile.name))?;
    Ok(())
}
