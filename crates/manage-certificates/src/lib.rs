//! The local certificate authority: it signs certificates for development, and the machine's clients trust it.
//!
//! The room knows no HTTP, no database and no project: `cert` works in any folder.

mod der;
mod error;

pub mod armor;
pub mod names;

mod person;

mod key;

mod firefox_profiles;
mod purposes;

mod constraints;

pub mod file;

mod folder;

mod facts;

mod request;

mod parameters;
mod signing;

mod authority;

pub mod issued;

pub mod outputs;

pub mod truststores;

pub mod export;
pub mod peer;

pub mod clients;

pub mod order;

pub use authority::{Authority, Leaf};
pub use constraints::{Constraints, Subtree};
pub use error::{Error, ErrorKind, Result};
pub use facts::{Facts, is_signed_by};
pub use folder::{Folder, Home, Locked};
pub use key::{Key, KeyType};
pub use names::Name;
pub use parameters::{LEAF_DAYS, LeafRequest, MAX_LEAF_DAYS, Profile, Subject};
pub use person::{Owner, Person};
pub use request::{PublicKey, SigningRequest};
