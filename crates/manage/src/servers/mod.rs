//! Sockets, connections and the end of the process. Shaped for the arbiter, which will start workers with listeners
//! that it opened itself.

mod connection;
mod listener;
pub(crate) mod logging;

pub(crate) mod worker;

pub(crate) use listener::{ListenError, bind};
