//! What the commands of `cert` share: the person's folder, the authority in it, and the hosts of the project.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::certificates::file::resolved;
use crate::certificates::issued::Issued;
use crate::certificates::names::Name;
use crate::certificates::{Authority, Folder, Home, Locked, Person, Profile, Subtree};
use crate::conf::{Locator, find_project};
use crate::management::{CommandError, CommandResult, Manage, Output};
use crate::text;
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

/// The person's folder.
pub(super) fn folder(manage: &Manage, home: Home) -> CommandResult<Folder> {
    Ok(Folder::of(&Person::of(&manage.environment)?, home)?)
}

/// The authority; where there is none a new one, which is not saved yet.
pub(super) fn open_or_draft(
    hosts: &Hosts<'_>,
    folder: &Locked<'_>,
    profile: &ProfileArgs,
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
    Ok(Authority::draft(folder, &self::profile(hosts, profile)?)?)
}

/// Says that an authority was made: `a local authority`, `a new local authority`.
pub(super) fn say_made(what: &str, authority: &Authority, out: &mut Output) -> CommandResult {
    let until = timezone::iso_date(authority.facts.not_after);
    Ok(out.status(format!("Made {what} in {}, until {until}.", authority.folder().path().display()))?)
}

/// The authority of the folder.
pub(super) fn existing(folder: &Folder) -> CommandResult<Authority> {
    Authority::find(folder)?.ok_or_else(|| {
        CommandError::failed(format!("there is no local authority in {}", folder.path().display()))
            .hint("make one and have it trusted: manage cert install")
    })
}

/// The authority of a locked folder, with what a killed run left finished.
pub(super) fn existing_locked(folder: &Locked<'_>) -> CommandResult<Authority> {
    Authority::open(folder)?.map_or_else(|| existing(folder), Ok)
}

/// Waits until no other run works in the folder, and says so.
pub(super) fn lock<'a>(folder: &'a Folder, out: &mut Output) -> CommandResult<Locked<'a>> {
    let path = folder.path().display();
    // Nobody is left to be told when stderr is closed.
    Ok(folder.lock_telling(|| drop(out.status(format!("Another run works in {path}: waiting for it."))))?)
}

/// What a new authority is to sign: the flags, and the project's hosts.
pub(super) fn profile(hosts: &Hosts<'_>, args: &ProfileArgs) -> CommandResult<Profile> {
    let mut permit = args.permit.iter().map(|text| Subtree::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let is_unconstrained = args.unconstrained || args.home == Home::Mkcert;
    if !is_unconstrained {
        permit.extend(hosts.get()?.iter().filter_map(|host| Subtree::parse(host).ok()));
    }
    Ok(Profile { permit, is_unconstrained, ..Profile::default() })
}

/// The hosts that the settings allow, when a project is there; read when they are first asked for.
pub(super) struct Hosts<'a> {
    manage: &'a Manage,
    read: OnceCell<Vec<String>>,
}

impl<'a> Hosts<'a> {
    /// Those of the project in which the command runs.
    pub(super) fn of(manage: &'a Manage) -> Self {
        Self { manage, read: OnceCell::new() }
    }

    /// They, as names of a certificate. `.example.com` is the host and all below it.
    pub(super) fn get(&self) -> CommandResult<&[String]> {
        if let Some(hosts) = self.read.get() {
            return Ok(hosts);
        }
        let hosts = allowed_hosts(self.manage)?;
        Ok(self.read.get_or_init(|| hosts))
    }
}

fn allowed_hosts(manage: &Manage) -> CommandResult<Vec<String>> {
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
    text::printable(&path.strip_prefix(&here).unwrap_or(path).display().to_string())
}

/// A path in full, without links and `..` in its folder.
pub(super) fn absolute(path: &Path) -> CommandResult<PathBuf> {
    match path.as_os_str().is_empty() {
        true => Err(CommandError::usage("an empty name cannot be a file's")),
        false => std::path::absolute(path).map(|path| resolved(&path)).map_err(|error| {
            let gone = error.kind() == std::io::ErrorKind::NotFound;
            let why = if gone { "the working directory is gone".to_owned() } else { error.to_string() };
            CommandError::failed(format!("cannot find {}: {why}", path.display()))
        }),
    }
}

/// The first of a certificate's files, as [`shown`].
pub(super) fn first_file(issued: &Issued) -> String {
    issued.files().next().map(shown).unwrap_or_default()
}

/// The names of a certificate in the list, as a terminal may show them.
pub(super) fn names(issued: &Issued, between: &str) -> String {
    text::printable(&issued.names.join(between))
}

/// An error of several failures, with the hints of each.
pub(super) fn with_hints<'a>(
    error: CommandError,
    hints: impl IntoIterator<Item = &'a String>,
) -> CommandError {
    let mut hints: Vec<&String> = hints.into_iter().collect();
    hints.dedup();
    hints.into_iter().fold(error, CommandError::hint)
}

/// One line of an answer that tells of a single thing.
pub(super) fn field(out: &mut Output, title: &str, value: &str) -> CommandResult {
    Ok(out.line(format!("{title:<12} {value}"))?)
}
