//! Who signed in.

use std::any::Any;
use std::fmt;

/// Somebody who signed in, as much as rooms below the accounts know of it. `contrib::auth::User` is one; an app with
/// accounts of its own brings another.
pub trait Person: Any + Send + Sync {
    /// The name that pages show.
    fn name(&self) -> &str;
}

/// The name alone: what else an account holds is for no log.
impl fmt::Debug for dyn Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.name(), f)
    }
}
