//! What the commands of `cert` share: the person's folder, the authority in it, and the hosts of the project.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::certificates::export::pkcs12::Encryption;
use crate::certificates::names::Name;
use crate::certificates::order::{Lock, PUBLIC_PASSWORD};
use crate::certificates::{Authority, Folder, Home, Locked, Person, Profile, Subtree};
use crate::conf::{Locator, find_project};
use crate::management::{CommandError, CommandResult, Manage, Output, Prompt};
use crate::timezone;

/// What a new authority may sign, as flags.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ProfileArgs {
    /// A host (with everything below it), address or subnet that a new authority may sign for, beyond private names
    /// and the project's hosts; repeatable
    #[arg(long, value_name = "NAME")]
    pub(super) permit: Vec<String>,
    /// Let a new authority sign for every name on the internet
    #[arg(long, conflicts_with = "permit")]
    pub(super) unconstrained: bool,
    /// For whom: an authority made as mkcert's signs for every name, as mkcert's do.
    #[arg(skip)]
    pub(super) home: Home,
}

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

impl LockArgs {
    /// How to lock `file`: with the password of the flag's file, of the person at the terminal, or the public one. A file
    /// that has a secret password does not get the public one because nobody can be asked.
    pub(super) fn read(&self, file: &Path, is_secret: bool, out: &mut Output) -> CommandResult<Lock> {
        let encryption = if self.legacy { Encryption::Legacy } else { Encryption::Modern };
        let password = match &self.password_file {
            Some(from) => first_line(from)?,
            None if out.is_interactive() || is_secret => {
                let question = format!("Password of {} (Enter for `{PUBLIC_PASSWORD}`)", file.display());
                let prompt = Prompt::new(out);
                let typed = prompt.secret(&question, BY_FILE)?;
                // A mistyped password would lock the file for ever.
                if !typed.is_empty() && prompt.secret("Password (again)", BY_FILE)? != typed {
                    return Err(CommandError::failed("the two passwords differ"));
                }
                if typed.is_empty() { PUBLIC_PASSWORD.to_owned() } else { typed }
            }
            None => {
                out.status(format!("The password of {} is `{PUBLIC_PASSWORD}`.", file.display()))?;
                PUBLIC_PASSWORD.to_owned()
            }
        };
        Ok(Lock { password, encryption })
    }
}

/// What answers the question for a password where nobody can be asked.
const BY_FILE: &str = "name a file that holds it: --password-file FILE";

fn first_line(path: &Path) -> CommandResult<String> {
    let mut text = String::new();
    let read = match path == Path::new("-") {
        true => std::io::stdin().read_to_string(&mut text).map(drop),
        false => std::fs::read_to_string(path).map(|content| text = content),
    };
    read.map_err(|error| {
        CommandError::failed(format!("cannot read the password from {}: {error}", path.display()))
    })?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(CommandError::failed(format!(
            "{} holds no password: its first line is empty",
            path.display()
        ))),
    }
}

/// The person's folder.
pub(super) fn folder(manage: &Manage, home: Home) -> CommandResult<Folder> {
    Ok(Folder::of(&Person::of(&manage.environment)?, home)?)
}

/// The authority, made when there is none: that is said, as is that nobody trusts it yet.
pub(super) fn open_or_create(
    manage: &Manage,
    folder: &Locked<'_>,
    profile: &ProfileArgs,
    out: &mut Output,
) -> CommandResult<Authority> {
    if let Some(authority) = Authority::open(folder)? {
        if !profile.permit.is_empty() || profile.unconstrained {
            let flag = if profile.unconstrained { "--unconstrained" } else { "--permit" };
            return Err(CommandError::failed(format!(
                "{flag} is for a new authority, and there is one in {}",
                folder.path().display()
            ))
            .hint(format!(
                "replace it: manage cert rotate {flag}{}",
                if profile.unconstrained { "" } else { " NAME" }
            )));
        }
        return Ok(authority);
    }
    let (authority, _) = Authority::open_or_create(folder, &self::profile(manage, profile)?)?;
    let until = timezone::iso_date(authority.facts.not_after);
    out.status(format!("Made a local authority in {}, until {until}.", folder.path().display()))?;
    Ok(authority)
}

/// The authority of the folder.
pub(super) fn existing(folder: &Folder) -> CommandResult<Authority> {
    Authority::find(folder)?.ok_or_else(|| {
        CommandError::failed(format!("there is no local authority in {}", folder.path().display()))
            .hint("make one and have it trusted: manage cert install")
    })
}

/// What a new authority is to sign: the flags, and the project's hosts.
pub(super) fn profile(manage: &Manage, args: &ProfileArgs) -> CommandResult<Profile> {
    let mut permit = args.permit.iter().map(|text| Subtree::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let is_unconstrained = args.unconstrained || args.home == Home::Mkcert;
    if !is_unconstrained {
        permit.extend(project_hosts(manage)?.iter().filter_map(|host| Subtree::parse(host).ok()));
    }
    Ok(Profile { permit, is_unconstrained })
}

/// The hosts that the settings allow, when a project is there. `.example.com` is the host and all below it.
pub(super) fn project_hosts(manage: &Manage) -> CommandResult<Vec<String>> {
    let locator =
        Locator { project: manage.globals.project.clone(), profile: manage.globals.settings.clone() };
    if find_project(&locator, &manage.environment).is_none() {
        return Ok(Vec::new());
    }
    let hosts = manage.load()?.settings.allowed_hosts;
    Ok(hosts.iter().flat_map(|host| names_of_host(host)).collect())
}

/// The names of a certificate that an entry of `allowed_hosts` stands for.
fn names_of_host(host: &str) -> Vec<String> {
    let bare = host.trim_start_matches('.').trim_start_matches('[').trim_end_matches(']');
    let below = host.starts_with('.').then(|| format!("*.{bare}"));
    let names = std::iter::once(bare.to_owned()).chain(below);
    names.filter(|text| Name::parse(text).is_ok_and(|name| !name.is_top_level_wildcard())).collect()
}

/// A path as the person may have typed it: relative to where they are, when it lies there.
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}

/// A path in full, without looking at the disk.
pub(super) fn absolute(path: &Path) -> CommandResult<PathBuf> {
    Ok(std::path::absolute(path)?)
}
