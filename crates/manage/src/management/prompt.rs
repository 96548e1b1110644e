//! Questions to the person at the terminal. Without one, a question is an error that names the flag that answers it.

use std::io;

use dialoguer::console::Term;
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};
use dialoguer::{Confirm, Input, Password};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use super::error::{CommandError, CommandResult};
use super::output::Output;
use super::runtime::wait;

/// Asks questions on stderr.
pub struct Prompt<'a> {
    out: &'a Output,
}

impl<'a> Prompt<'a> {
    /// A prompt in the colours of the output.
    pub fn new(out: &'a Output) -> Self {
        Self { out }
    }

    /// Asks for a line of text; an empty answer is the default, where there is one.
    ///
    /// # Errors
    /// When there is nobody to ask (`answered_by` says which flag answers), or Ctrl-C.
    pub fn line(&self, question: &str, default: Option<&str>, answered_by: &str) -> CommandResult<String> {
        let (prompt, default) = (question.to_owned(), default.map(str::to_owned));
        let answer = self.ask(question, answered_by, move |theme| {
            let mut input = Input::<String>::with_theme(theme).with_prompt(prompt).allow_empty(true);
            if let Some(default) = default {
                input = input.default(default);
            }
            input.interact_text()
        })?;
        Ok(answer.trim().to_owned())
    }

    /// Asks for a secret, which is not shown.
    ///
    /// # Errors
    /// As [`Prompt::line`].
    pub fn secret(&self, question: &str, answered_by: &str) -> CommandResult<String> {
        let prompt = question.to_owned();
        self.ask(question, answered_by, move |theme| {
            Password::with_theme(theme).with_prompt(prompt).allow_empty_password(true).interact()
        })
    }

    /// Asks yes or no; Enter means no.
    ///
    /// # Errors
    /// As [`Prompt::line`].
    pub fn confirm(&self, question: &str, answered_by: &str) -> CommandResult<bool> {
        let prompt = question.to_owned();
        self.ask(question, answered_by, move |theme| {
            Confirm::with_theme(theme).with_prompt(prompt).default(false).wait_for_newline(true).interact()
        })
    }

    /// Asks on a thread of its own. On Ctrl-C the terminal is put back as it was: the thread cannot do it any more.
    fn ask<T: Send + 'static>(
        &self,
        question: &str,
        answered_by: &str,
        ask: impl FnOnce(&dyn Theme) -> dialoguer::Result<T> + Send + 'static,
    ) -> CommandResult<T> {
        if !self.out.is_interactive() {
            let why = if self.out.may_ask() { "there is no terminal" } else { "--no-input was given" };
            let cannot = CommandError::question(format!("cannot ask for `{question}`: {why}"));
            return Err(cannot.hint(answered_by.to_owned()));
        }
        let is_colored = self.out.has_status_color();
        let before = tcgetattr(io::stdin());
        let answer = wait(move || match is_colored {
            true => ask(&ColorfulTheme::default()),
            false => ask(&SimpleTheme),
        });
        match answer {
            Ok(answer) => answer.map_err(failed),
            Err(error) => {
                if let Ok(before) = before {
                    tcsetattr(io::stdin(), OptionalActions::Now, &before).map_err(io::Error::from)?;
                }
                let term = Term::stderr();
                term.show_cursor()?;
                term.write_line("")?;
                Err(error)
            }
        }
    }
}

fn failed(error: dialoguer::Error) -> CommandError {
    let dialoguer::Error::IO(error) = error;
    match error.kind() {
        io::ErrorKind::Interrupted => CommandError::interrupted(),
        _ => error.into(),
    }
}
