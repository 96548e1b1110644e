//! The password of a PKCS#12 file: from a file, from the person at the terminal, or the one that everybody knows.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::certificates::export::pkcs12::Encryption;
use crate::certificates::issued::Issued;
use crate::certificates::order::{Lock, PUBLIC_PASSWORD};
use crate::certificates::{Person, file};
use crate::management::{CommandError, CommandResult, Output, Prompt};

/// How PKCS#12 is locked, as flags.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct LockArgs {
    /// File whose first line is the password of the PKCS#12 file (`-` is stdin); else it is asked for, and `changeit`
    /// where nobody can be asked
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(super) password_file: Option<PathBuf>,
    /// Lock the PKCS#12 file as old systems need it, with 3DES and SHA-1
    #[arg(long)]
    pub(super) legacy: bool,
}

/// What answers the question for a password where nobody can be asked.
const BY_FILE: &str = "name a file that holds it: --password-file FILE";

impl LockArgs {
    /// Whether one of the flags was typed.
    pub(super) fn is_given(&self) -> bool {
        self.password_file.is_some() || self.legacy
    }

    /// Passwords by these flags, for any number of files.
    pub(super) fn passwords<'a>(&'a self, person: &'a Person) -> Passwords<'a> {
        Passwords { args: self, person, of_file: None }
    }
}

/// Gives the passwords of one run.
pub(super) struct Passwords<'a> {
    args: &'a LockArgs,
    person: &'a Person,
    /// What `--password-file` holds, once it was read.
    of_file: Option<String>,
}

impl Passwords<'_> {
    /// How to lock `file`, which may take the place of what was issued `before`: a file that has a secret password does
    /// not get the public one because nobody can be asked.
    pub(super) fn lock(
        &mut self,
        file: &Path,
        before: Option<&Issued>,
        out: &mut Output,
    ) -> CommandResult<Lock> {
        let is_legacy = self.args.legacy || before.is_some_and(|issued| issued.is_legacy);
        let encryption = if is_legacy { Encryption::Legacy } else { Encryption::Modern };
        let is_secret = before.is_some_and(|issued| !issued.has_public_password);
        let password = match &self.args.password_file {
            Some(from) => self.of_file(from)?,
            None if out.is_interactive() || is_secret => asked(file, out)?,
            None => {
                out.status(format!("The password of {} is `{PUBLIC_PASSWORD}`.", file.display()))?;
                PUBLIC_PASSWORD.to_owned()
            }
        };
        Ok(Lock::new(password, encryption)?)
    }

    fn of_file(&mut self, path: &Path) -> CommandResult<String> {
        if let Some(password) = &self.of_file {
            return Ok(password.clone());
        }
        let content = file::read_input(path, self.person)?;
        let first = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(first).trim_end_matches('\r').to_owned();
        if line.is_empty() {
            let shown = path.display();
            return Err(CommandError::failed(format!("{shown} holds no password: its first line is empty")));
        }
        Ok(self.of_file.insert(line).clone())
    }
}

fn asked(file: &Path, out: &Output) -> CommandResult<String> {
    let question = format!("Password of {} (Enter for `{PUBLIC_PASSWORD}`)", file.display());
    let prompt = Prompt::new(out);
    let typed = prompt.secret(&question, BY_FILE)?;
    if typed.is_empty() {
        return Ok(PUBLIC_PASSWORD.to_owned());
    }
    // A mistyped password would lock the file for ever.
    match prompt.secret("Password (again)", BY_FILE)? == typed {
        true => Ok(typed),
        false => Err(CommandError::failed("the two passwords differ")),
    }
}
