//! Operations that are one migration of several.

use crate::migrations::migration::Stage;
use crate::migrations::operations::Operation;

/// The operations of one migration, whether they are one transaction, and the release that they belong to.
#[derive(Debug, PartialEq)]
pub(super) struct Step {
    pub operations: Vec<Operation>,
    pub atomic: bool,
    pub stage: Stage,
}
