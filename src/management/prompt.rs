//! Questions to the person at the terminal. Without one, a question is an error that names the flag that answers it.

use std::io;

use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};
use dialoguer::{Confirm, Input, Password};

use super::error::{CommandError, CommandResult};
use super::output::Output;

/// Asks questions on stderr.
pub struct Prompt<'a> {
    out: &'a Output,
    theme: Box<dyn Theme>,
}

impl<'a> Prompt<'a> {
    /// A prompt in the colours of the output.
    pub fn new(out: &'a Output) -> Self {
        let theme: Box<dyn Theme> = match out.has_status_color() {
            true => Box::new(ColorfulTheme::default()),
            false => Box::new(SimpleTheme),
        };
        Self { out, theme }
    }

    /// Asks for a line of text; an empty answer is the default, where there is one.
    ///
    /// # Errors
    /// When there is nobody to ask (`answered_by` says which flag answers), or Ctrl-C.
    pub fn line(&self, question: &str, default: Option<&str>, answered_by: &str) -> CommandResult<String> {
        self.check(question, answered_by)?;
        let mut input = Input::<String>::with_theme(&*self.theme).with_prompt(question).allow_empty(true);
        if let Some(default) = default {
            input = input.default(default.to_owned());
        }
        Ok(input.interact_text().map_err(interrupted)?.trim().to_owned())
    }

    /// Asks for a secret, which is not shown.
    ///
    /// # Errors
    /// As [`Prompt::line`].
    pub fn secret(&self, question: &str, answered_by: &str) -> CommandResult<String> {
        self.check(question, answered_by)?;
        let asked = Password::with_theme(&*self.theme).with_prompt(question).allow_empty_password(true);
        asked.interact().map_err(interrupted)
    }

    /// Asks yes or no; Enter means no.
    ///
    /// # Errors
    /// As [`Prompt::line`].
    pub fn confirm(&self, question: &str, answered_by: &str) -> CommandResult<bool> {
        self.check(question, answered_by)?;
        Confirm::with_theme(&*self.theme).with_prompt(question).default(false).interact().map_err(interrupted)
    }

    fn check(&self, question: &str, answered_by: &str) -> CommandResult {
        match self.out.is_interactive() {
            true => Ok(()),
            false => {
                Err(CommandError::question(format!("cannot ask for `{question}`: there is no terminal"))
                    .hint(answered_by.to_owned()))
            }
        }
    }
}

/// Ctrl-C leaves the terminal as it was and ends the command.
fn interrupted(error: dialoguer::Error) -> CommandError {
    let dialoguer::Error::IO(error) = error;
    match error.kind() {
        io::ErrorKind::Interrupted => CommandError::interrupted(),
        _ => error.into(),
    }
}
