use clap::Args;

use super::passwords::{ask_twice, from_stdin, refuse_weak, system_user};
use crate::contrib::auth::AuthSettings;
use crate::contrib::auth::hashers::make_password;
use crate::contrib::auth::models::User;
use crate::contrib::auth::password_validation::UserAttributes;
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output, block_on};

/// Set the password of an account
#[derive(Debug, Args)]
pub(super) struct ChangePassword {
    /// Name of the account; without one, that of the person at this machine
    username: Option<String>,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

impl BaseCommand for ChangePassword {
    const NAME: &'static str = "changepassword";
    const GROUP: Group = Group::People;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        let username = match &self.username {
            Some(username) => username.as_str(),
            None => system_user(&manage.environment)
                .ok_or_else(|| CommandError::usage("say whose password to change"))?,
        };
        let user = block_on(async { Ok(User::by_username(project.database_of("auth")?, username).await?) })?;
        let user = user.ok_or_else(|| CommandError::failed(format!("user `{username}` does not exist")))?;
        let attributes = UserAttributes { username: &user.username, email: &user.email };
        let min_length = project.settings.app::<AuthSettings>().password_min_length;
        let password = if self.password_stdin {
            let password = from_stdin()?;
            refuse_weak(&password, attributes, min_length)?;
            password
        } else {
            out.status(format!("Changing password for user '{}'", user.username))?;
            ask_twice(out, attributes, min_length)?
        };
        let encoded = make_password(&password);
        block_on(async { Ok(User::set_password(project.database_of("auth")?, user.id, &encoded).await?) })?;
        Ok(out.line(format!("Password changed successfully for user '{}'", user.username))?)
    }
}
