//! Asking for a new password: typed twice, or read from stdin.

use std::io::{BufRead as _, Read as _};

use crate::conf::Environment;
use crate::contrib::auth::password_validation::{UserAttributes, validate};
use crate::management::{CommandError, CommandResult, Output, Prompt, wait};

/// How often a password may be typed wrongly (Django's three).
const TRIES: u32 = 3;

/// Most bytes of the line that holds a password.
const LONGEST_LINE: u64 = 65_536;

/// The name of the person at this machine, where the environment says it.
pub(super) fn system_user(environment: &Environment) -> Option<&str> {
    ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|name| environment.get(name))
        .filter(|name| !name.is_empty())
}

/// One line from stdin, without its end.
///
/// # Errors
/// When stdin cannot be read or holds nothing.
pub(super) fn from_stdin() -> CommandResult<String> {
    let line = wait(|| {
        let mut line = String::new();
        std::io::stdin().lock().take(LONGEST_LINE).read_line(&mut line).map(|_| line)
    })??;
    match line.trim_end_matches(['\r', '\n']) {
        "" => Err(CommandError::failed("there is no password on standard input")),
        password => Ok(password.to_owned()),
    }
}

/// Refuses a password that breaks a rule, naming every rule.
///
/// # Errors
/// The rules that were broken.
pub(super) fn refuse_weak(
    password: &str,
    attributes: UserAttributes<'_>,
    min_length: usize,
) -> CommandResult {
    match validate(password, attributes, min_length).as_slice() {
        [] => Ok(()),
        objections => {
            Err(CommandError::failed(format!("the password was refused: {}", objections.join(" "))))
        }
    }
}

/// Asks twice, until both are the same and follow the rules or the person insists.
///
/// # Errors
/// After three tries, without a terminal, or on Ctrl-C.
pub(super) fn ask_twice(
    out: &mut Output,
    attributes: UserAttributes<'_>,
    min_length: usize,
) -> CommandResult<String> {
    const FLAG: &str = "give the password with `--password-stdin`";
    for _ in 0..TRIES {
        let password = Prompt::new(out).secret("Password", FLAG)?;
        if password != Prompt::new(out).secret("Password (again)", FLAG)? {
            out.status("Error: Your passwords didn't match.")?;
        } else if password.trim().is_empty() {
            out.status("Error: Blank passwords aren't allowed.")?;
        } else if accepts(out, &password, attributes, min_length)? {
            return Ok(password);
        }
    }
    Err(CommandError::failed(format!("no password was set after {TRIES} attempts")))
}

fn accepts(
    out: &mut Output,
    password: &str,
    attributes: UserAttributes<'_>,
    min_length: usize,
) -> CommandResult<bool> {
    let objections = validate(password, attributes, min_length);
    for objection in &objections {
        out.status(objection)?;
    }
    Ok(objections.is_empty()
        || Prompt::new(out)
            .confirm("Bypass password validation and use it anyway?", "choose a better password")?)
}
