//! Migrations that commands write: what is asked about them, how they are saved and shown.

mod answers;
mod written;

pub(super) mod show;

pub(super) use answers::{AnswerArgs, found};
pub(super) use written::{Written, has_models, save};
