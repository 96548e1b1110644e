use std::path::PathBuf;

use clap::Args;

use super::desk;
use crate::certificates::export::environment::{self, Shell};
use crate::certificates::file::{self, Access, Staged};
use crate::certificates::{Authority, Home, armor};
use crate::management::{CommandResult, Manage, Output};

/// Print what makes programs trust the authority that do not read the system's store
///
/// For a shell: lines for `eval "$(manage cert env)"`. For a container: lines for a Dockerfile.
#[derive(Debug, Args)]
pub(super) struct Env {
    /// For a shell: the one of $SHELL, or the one that is named
    #[arg(long, value_name = "SHELL", num_args = 0..=1, default_missing_value = "auto", value_parser = ["auto", "sh", "bash", "zsh", "fish", "powershell"], conflicts_with = "docker")]
    shell: Option<String>,
    /// For a Dockerfile
    #[arg(long)]
    docker: bool,
}

impl Env {
    pub(super) fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let folder = desk::folder(manage, Home::Manage)?;
        let authority = desk::existing(&folder)?;
        if self.docker {
            return Ok(out.part(environment::dockerfile(&folder.certificate())?)?);
        }
        let person = folder.person();
        let shell = match self.shell.as_deref() {
            Some("sh" | "bash" | "zsh") => Shell::Posix,
            Some("fish") => Shell::Fish,
            Some("powershell") => Shell::PowerShell,
            _ => Shell::of(person),
        };
        let bundle = write_bundle(&authority)?;
        Ok(out.part(environment::script(shell, person, &folder.certificate(), &bundle)?)?)
    }
}

/// Writes the roots that the person's programs trust, and the authority, into one file beside the authority.
fn write_bundle(authority: &Authority) -> CommandResult<PathBuf> {
    let folder = authority.folder();
    let (certificate, bundle) = (folder.certificate(), folder.path().join("bundle.pem"));
    let roots = environment::roots_in_use(folder.person(), &[&certificate, &bundle]);
    let mut texts = Vec::new();
    for path in roots {
        let content = file::read(&path, folder.person())?.unwrap_or_default();
        texts.push(String::from_utf8_lossy(&content).into_owned());
    }
    let content = environment::bundle(&texts, &armor::certificate(&authority.certificate))?;
    if file::read(&bundle, folder.person())?.as_deref() != Some(content.as_bytes()) {
        Staged::write(&bundle, content.as_bytes(), Access::Public, folder.person())?.commit()?;
    }
    Ok(bundle)
}
