use clap::Args;

use super::passwords::{ask_twice, from_stdin, refuse_weak, system_user};
use crate::contrib::auth::AuthSettings;
use crate::contrib::auth::hashers::{make_password, make_unusable_password};
use crate::contrib::auth::models::{CreateUser, User, username_objection};
use crate::contrib::auth::password_validation::UserAttributes;
use crate::forms::is_email;
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output, Prompt, block_on};
use crate::setup::Project;

/// Create an account that may do everything
///
/// Asks for what is not given. With `--no-input`, takes MANAGE_SUPERUSER_USERNAME, _EMAIL and _PASSWORD, or
/// Django's DJANGO_SUPERUSER_ ones; without a password the account cannot sign in until `changepassword` gives it one.
#[derive(Debug, Args)]
pub(super) struct CreateSuperuser {
    /// Name to sign in with
    #[arg(long)]
    username: Option<String>,
    /// Address
    #[arg(long)]
    email: Option<String>,
    /// Succeed without doing anything when the account exists
    #[arg(long)]
    if_not_exists: bool,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

/// Everything that a superuser is made of.
struct Answers {
    username: String,
    email: String,
    /// None: the account cannot sign in.
    password: Option<String>,
}

impl BaseCommand for CreateSuperuser {
    const NAME: &'static str = "createsuperuser";
    const GROUP: Group = Group::People;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        let username = self.username(manage, project, out)?;
        if is_taken(project, &username)? {
            return self.taken(&username, out);
        }
        let email = self.email(manage, out)?;
        let password =
            self.password(manage, project, out, UserAttributes { username: &username, email: &email })?;
        match save(project, &Answers { username: username.clone(), email, password }) {
            // Somebody else was quicker: two at once make one account.
            Err(error) if is_unique_violation(&error) => self.taken(&username, out),
            Err(error) => Err(error),
            Ok(()) => Ok(out.line("Superuser created successfully.")?),
        }
    }
}

impl CreateSuperuser {
    fn taken(&self, username: &str, out: &mut Output) -> CommandResult {
        if self.if_not_exists {
            return Ok(out.line(format!("The user `{username}` exists already; nothing was changed."))?);
        }
        let taken = CommandError::failed(format!("the username `{username}` is already taken"));
        Err(taken.hint("`--if-not-exists` makes this a success; `manage changepassword` sets a new password"))
    }

    fn username(&self, manage: &Manage, project: &Project, out: &mut Output) -> CommandResult<String> {
        const FLAG: &str = "give it with `--username` or MANAGE_SUPERUSER_USERNAME";
        if let Some(username) = self.username.clone().or_else(|| variable(manage, "USERNAME")) {
            return match username_objection(&username) {
                None => Ok(username),
                Some(objection) => {
                    Err(CommandError::failed(format!("the username was refused: {objection}")))
                }
            };
        }
        let suggested = match system_user(&manage.environment) {
            Some(name) if out.is_interactive() && !is_taken(project, name)? => Some(name.to_owned()),
            _ => None,
        };
        loop {
            let username = Prompt::new(out).line("Username", suggested.as_deref(), FLAG)?;
            match username_objection(&username) {
                Some(objection) => out.status(format!("Error: {objection}"))?,
                None if is_taken(project, &username)? => {
                    out.status("Error: That username is already taken.")?;
                }
                None => return Ok(username),
            }
        }
    }

    fn email(&self, manage: &Manage, out: &mut Output) -> CommandResult<String> {
        if let Some(email) = self.email.clone().or_else(|| variable(manage, "EMAIL")) {
            return match is_email(&email) || email.is_empty() {
                true => Ok(email),
                false => Err(CommandError::failed(format!("`{email}` is not an email address"))),
            };
        }
        if !out.is_interactive() {
            return Ok(String::new());
        }
        loop {
            let email = Prompt::new(out).line("Email address", None, "give it with `--email`")?;
            if is_email(&email) || email.is_empty() {
                return Ok(email);
            }
            out.status("Error: Enter a valid email address.")?;
        }
    }

    fn password(
        &self,
        manage: &Manage,
        project: &Project,
        out: &mut Output,
        attributes: UserAttributes<'_>,
    ) -> CommandResult<Option<String>> {
        let min_length = project.settings.app::<AuthSettings>().password_min_length;
        let given = if self.password_stdin { Some(from_stdin()?) } else { variable(manage, "PASSWORD") };
        match given {
            Some(password) => {
                refuse_weak(&password, attributes, min_length)?;
                Ok(Some(password))
            }
            None if out.is_interactive() => ask_twice(out, attributes, min_length).map(Some),
            None => Ok(None),
        }
    }
}

/// `MANAGE_SUPERUSER_<name>`, else `DJANGO_SUPERUSER_<name>`; Django reads them without a terminal alone, and so here.
fn variable(manage: &Manage, name: &str) -> Option<String> {
    if !manage.globals.no_input {
        return None;
    }
    let read = |prefix: &str| manage.environment.get(&format!("{prefix}_SUPERUSER_{name}"));
    read("MANAGE").or_else(|| read("DJANGO")).filter(|value| !value.is_empty()).map(str::to_owned)
}

fn is_taken(project: &Project, username: &str) -> CommandResult<bool> {
    block_on(async { Ok(User::is_taken(project.database_of("auth")?, username).await?) })
}

fn save(project: &Project, answers: &Answers) -> CommandResult {
    let encoded = answers.password.as_deref().map_or_else(make_unusable_password, make_password);
    let user = CreateUser {
        username: &answers.username,
        email: &answers.email,
        password: &encoded,
        is_superuser: true,
        group: None,
    };
    block_on(async {
        user.save(project).await?;
        Ok(())
    })
}

fn is_unique_violation(error: &CommandError) -> bool {
    error.source.downcast_ref::<crate::db::Error>().is_some_and(crate::db::Error::is_unique_violation)
}
