//! Sockets, connections, and the processes that answer on them: an arbiter, which opens the sockets, starts workers and
//! replaces those that fail, and workers, which answer.

mod inherited;
pub(crate) mod logging;
mod role;
mod thread;

mod listener;

mod in_flight;

mod connection;
mod messages;
mod status;

mod leash;

pub(crate) mod arbiter;
pub(crate) mod worker;

pub(crate) use inherited::descriptors;
pub(crate) use leash::Leash;
pub(crate) use listener::{ListenError, Listener, SocketFile};
pub(crate) use messages::MOST_LISTENERS;
pub(crate) use status::{Status, WorkerStatus, ask, sockets};
