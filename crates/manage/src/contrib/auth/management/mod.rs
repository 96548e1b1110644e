//! The commands about people.

mod passwords;

mod changepassword;
mod createsuperuser;

use crate::management::Command;

/// All of them.
pub(super) const COMMANDS: &[Command] =
    &[Command::of::<createsuperuser::CreateSuperuser>(), Command::of::<changepassword::ChangePassword>()];
