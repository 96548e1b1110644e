use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;

use super::desk::{self, LockArgs};
use crate::certificates::export::{mobileconfig, pkcs12};
use crate::certificates::file::{self, Access};
use crate::certificates::{Authority, Home, armor};
use crate::management::{CommandError, CommandResult, Manage, Output};

/// Write the authority's certificate in the form that a phone, Java or another program takes
///
/// Without a flag it is PEM. The key is never part of it.
#[derive(Debug, Args)]
pub struct Export {
    /// A trust store for Java: -Djavax.net.ssl.trustStore=FILE -Djavax.net.ssl.trustStorePassword=PASSWORD
    #[arg(long, group = "form")]
    p12: bool,
    /// A profile for iPhones, iPads and Macs
    #[arg(long, group = "form")]
    mobileconfig: bool,
    /// DER, as Android and Windows take it
    #[arg(long, group = "form")]
    der: bool,
    /// File to write, instead of stdout
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    out_file: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    lock: LockArgs,
}

impl Export {
    pub(super) fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        if self.lock.legacy {
            return Err(CommandError::usage(
                "--legacy is for a file with a key: no old Java reads such a trust store",
            )
            .hint("it goes with `manage cert create --p12-file`"));
        }
        if self.lock.password_file.is_some() && !self.p12 {
            return Err(CommandError::usage(
                "--password-file goes with --p12: the other forms have no password",
            ));
        }
        let folder = desk::folder(manage, Home::Manage)?;
        let authority = desk::existing(&folder)?;
        let is_binary = self.p12 || self.der;
        if is_binary && self.out_file.is_none() && std::io::stdout().is_terminal() {
            return Err(
                CommandError::usage("this form is not for a terminal").hint("name a file: --out-file FILE")
            );
        }
        let content = self.content(&authority, out)?;
        let Some(path) = &self.out_file else {
            out.flush()?;
            return Ok(std::io::stdout().write_all(&content)?);
        };
        if path.exists() && !self.force {
            return Err(CommandError::failed(format!("{} is there already", path.display()))
                .hint("name another file, or overwrite it with --force"));
        }
        file::write(path, &content, Access::Public, folder.person())?;
        Ok(out.line(path.display().to_string())?)
    }

    fn content(&self, authority: &Authority, out: &mut Output) -> CommandResult<Vec<u8>> {
        let der = &authority.certificate;
        if self.p12 {
            let name = self.out_file.clone().unwrap_or_else(|| "the trust store".into());
            let lock = self.lock.read(&name, false, out)?;
            return Ok(pkcs12::truststore(der, &authority.label(), &lock.password)?);
        }
        let name = authority.facts.common_name.as_deref().unwrap_or(&authority.facts.subject);
        Ok(match (self.mobileconfig, self.der) {
            (true, _) => mobileconfig::profile(der, name).into_bytes(),
            (_, true) => der.clone(),
            _ => armor::certificate(der).into_bytes(),
        })
    }
}
