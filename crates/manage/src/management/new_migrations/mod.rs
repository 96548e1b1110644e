//! Migrations that commands write: what is asked about them, how they are saved and shown.

mod answers;
mod written;

mod update;

pub(super) mod show;

mod merge;

pub(super) use answers::{AnswerArgs, found};
pub(super) use merge::{Joining, unordered};
pub(super) use update::folded;
pub(super) use written::{
    Written, has_models, keep_last, lock_project, max_migration, name, refuse_embedded, save, save_rewritten,
};
