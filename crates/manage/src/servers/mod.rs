//! Sockets, connections and the end of the process. Shaped for the arbiter, which will start workers with listeners
//! that it opened itself.

mod connection;
mod listener;
pub mod logging;

pub mod worker;

pub use listener::{ListenError, bind};
