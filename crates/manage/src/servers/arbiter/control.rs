//! The socket by which `manage status` asks.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::mpsc::Sender;

use super::event::{self, Event};
use crate::conf::{Environment, ServerSettings};
use crate::servers::listener::{SocketFile, bind_closed, make_way};
use crate::servers::status;

/// Opens the socket for questions. Where nobody chose it, a server does without.
pub(super) fn open(
    settings: &ServerSettings,
    (environment, root): (&Environment, &Path),
    is_heir: bool,
    events: &Sender<Event>,
) -> io::Result<Option<SocketFile>> {
    let Some(path) = &settings.control_socket else {
        let opened = status::own_socket(environment, root).and_then(|path| questions(&path, events));
        return Ok(opened.unwrap_or_else(|error| {
            tracing::warn!(
                "`manage status` cannot ask this server: {error}; `server.control_socket` names another file"
            );
            None
        }));
    };
    let path = root.join(path);
    let free = if is_heir { Ok(()) } else { make_way(&path) };
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    free.and_then(|()| questions(&path, events)).map_err(named)
}

/// Hears questions at a socket, which is moved to its place when it is ready: that of a predecessor makes way at once.
fn questions(path: &Path, events: &Sender<Event>) -> io::Result<Option<SocketFile>> {
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    let listener = bind_closed(&beside)?;
    fs::rename(&beside, path)?;
    event::of_questions(listener, events.clone())?;
    Ok(SocketFile::of(path))
}
