//! Addresses with names: which view answers, and how a view's address is made.

mod names;

mod site;

mod route;

mod resolver;

pub use names::Names;
pub use resolver::{PatternError, Resolver};
pub use route::{Route, include};
pub(crate) use site::template_parts;
pub use site::{Extend, Site};
