use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::desk;
use crate::certificates::export::{mobileconfig, truststore};
use crate::certificates::file::{self, Access, Staged};
use crate::certificates::{Authority, Home, armor};
use crate::management::{CommandError, CommandResult, Manage, Output};

/// Write the authority's certificate in the form that a phone, Java or another program takes
///
/// Without a flag it is PEM. The key is never part of it.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// A trust store for Java, without a password: -Djavax.net.ssl.trustStore=FILE
    #[arg(long, group = "form")]
    p12: bool,
    /// A profile for iPhones, iPads and Macs
    #[arg(long, group = "form")]
    mobileconfig: bool,
    /// DER, as Android and Windows take it
    #[arg(long, group = "form")]
    der: bool,
    /// File to write, instead of stdout (`-`)
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    out_file: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long, requires = "out_file")]
    force: bool,
}

impl Export {
    pub(super) fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let folder = desk::folder(manage, Home::Manage)?;
        let authority = desk::existing(&folder)?;
        let is_binary = self.p12 || self.der;
        if is_binary && self.out_file.is_none() && std::io::stdout().is_terminal() {
            return Err(
                CommandError::usage("this form is not for a terminal").hint("name a file: --out-file FILE")
            );
        }
        let content = self.content(&authority)?;
        let Some(path) = self.out_file.as_ref().filter(|path| path.as_path() != Path::new("-")) else {
            out.flush()?;
            return Ok(std::io::stdout().write_all(&content)?);
        };
        if file::check_place(path)?.is_some() && !self.force {
            return Err(CommandError::failed(format!("{} is there already", path.display()))
                .hint("name another file, or overwrite it with --force"));
        }
        Staged::write(path, &content, Access::Public, folder.person())?.commit()?;
        Ok(out.line(path.display().to_string())?)
    }

    fn content(&self, authority: &Authority) -> CommandResult<Vec<u8>> {
        let (der, facts) = (&authority.certificate, &authority.facts);
        let name = facts.common_name.as_deref().unwrap_or(&facts.subject);
        Ok(match (self.p12, self.mobileconfig, self.der) {
            (true, ..) => truststore::truststore(der, name)?,
            (_, true, _) => mobileconfig::profile(der, name).into_bytes(),
            (.., true) => der.clone(),
            _ => armor::certificate(der).into_bytes(),
        })
    }
}
