//! Who runs the program, also through sudo: whose folder holds the authority, whose browsers are to trust it.

use std::collections::BTreeMap;
use std::ffi::{CString, OsString};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, User};
#[cfg(target_os = "linux")]
use nix::unistd::{setfsgid, setfsuid};

use super::error::{Error, Result};
use manage_leaves::environment::Environment;

/// The person for whom the program works.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their login name, where it is known.
    pub name: String,
    /// Their home folder, where there is one.
    pub home: Option<PathBuf>,
    /// Who files belong to that root makes for them: set when the program runs as root through sudo, doas or pkexec.
    pub owner: Option<Owner>,
    /// Whether the program runs with root's rights.
    pub is_root: bool,
    /// Whether root's rights may be used in folders that are root's alone.
    may_act_as_root: bool,
    /// Their number.
    pub uid: u32,
    environment: Environment,
}

/// A user and a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The user's number.
    pub uid: u32,
    /// The number of their first group.
    pub gid: u32,
}

impl Person {
    /// The person behind this process.
    ///
    /// # Errors
    /// When root runs it for a user who does not exist.
    pub fn of(environment: &Environment) -> Result<Self> {
        let is_root = Uid::effective().is_root();
        match invoked_by(environment).filter(|_| is_root) {
            Some(invoker) => Self::behind_root(&invoker, environment),
            None => Ok(Self::here(is_root, environment)),
        }
    }

    fn here(is_root: bool, environment: &Environment) -> Self {
        let user = User::from_uid(Uid::effective()).ok().flatten();
        let home = variable(environment, "HOME").map(PathBuf::from);
        Self {
            name: user.map(|user| user.name).unwrap_or_default(),
            home: home.filter(|home| home.is_absolute()),
            owner: None,
            is_root,
            may_act_as_root: true,
            uid: Uid::effective().as_raw(),
            environment: environment.clone(),
        }
    }

    fn behind_root(invoker: &Invoker, environment: &Environment) -> Result<Self> {
        let found = match invoker {
            Invoker::Name(name) => User::from_name(name),
            Invoker::Uid(uid) => User::from_uid(Uid::from_raw(*uid)),
        };
        let user = found.ok().flatten().ok_or_else(|| {
            Error::failed(format_args!("root runs this for {invoker}, who is no user of this machine"))
                .hint("run it without sudo: it asks for root's rights where it needs them")
        })?;
        // Root's groups are not the person's: what they may read, the person may not.
        take_groups(&user).map_err(|error| {
            Error::failed(format_args!("root cannot take the groups of {}: {error}", user.name))
        })?;
        Ok(Self {
            name: user.name,
            home: Some(user.dir),
            owner: Some(Owner { uid: user.uid.as_raw(), gid: user.gid.as_raw() }),
            is_root: true,
            may_act_as_root: true,
            uid: user.uid.as_raw(),
            environment: environment.clone(),
        })
    }

    /// A variable of the process that is set and not empty.
    ///
    /// Through sudo the variables that point into a home folder are root's or stale, and count as unset.
    pub fn variable(&self, name: &str) -> Option<&str> {
        variable(&self.environment, name).filter(|_| self.owner.is_none() || !is_of_home(name))
    }

    /// The variables for a program that runs as the person: through sudo, with their own home folder.
    pub fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.environment.with_prefix("");
        if self.owner.is_some() {
            variables.retain(|name, _| !is_of_home(name));
            let home = self.home.as_ref().map(|home| home.display().to_string()).unwrap_or_default();
            let own = [("HOME", home), ("USER", self.name.clone()), ("LOGNAME", self.name.clone())];
            variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
        }
        variables
    }

    /// Refuses to go on without a variable that is set to something that cannot be read.
    ///
    /// # Errors
    /// When the value of the variable is not UTF-8.
    pub(crate) fn check_variable(&self, name: &str) -> Result {
        match self.environment.is_not_text(name) {
            true => Err(Error::failed(format_args!("{name} is set to something that is not UTF-8"))
                .hint("give the folder another name")),
            false => Ok(()),
        }
    }

    /// The folder for a program's data: `$XDG_DATA_HOME`, else `~/.local/share`.
    pub(crate) fn data_folder(&self) -> Option<PathBuf> {
        self.xdg("XDG_DATA_HOME", ".local/share")
    }

    /// The folder for a program's settings: `$XDG_CONFIG_HOME`, else `~/.config`.
    pub(crate) fn config_folder(&self) -> Option<PathBuf> {
        self.xdg("XDG_CONFIG_HOME", ".config")
    }

    fn xdg(&self, name: &str, default: &str) -> Option<PathBuf> {
        // The specification ignores relative paths.
        let set = self.variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        set.or_else(|| self.home.as_ref().map(|home| home.join(default)))
    }

    /// Where a program lies: looked for in the folders of `$PATH`, then in `more`. Relative folders are passed over.
    pub(crate) fn find_program(
        &self,
        name: &str,
        more: impl IntoIterator<Item = PathBuf>,
    ) -> Option<PathBuf> {
        let path = OsString::from(self.variable("PATH").unwrap_or_default());
        let folders = std::env::split_paths(&path).chain(more).filter(|folder| folder.is_absolute());
        folders.map(|folder| folder.join(name)).find(|path| is_executable(path))
    }

    /// The login name of the user with this number, or the number.
    pub(crate) fn name_of(&self, uid: u32) -> String {
        let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
        user.map_or_else(|| format!("user {uid}"), |user| user.name)
    }

    /// Does something to files in a folder with the person's rights instead of root's, so that no link of theirs leads root
    /// astray and what is made is theirs. A folder that is root's alone is left to root.
    pub(crate) fn act_in<T>(&self, folder: &Path, work: impl FnOnce() -> T) -> T {
        match self.owner {
            Some(owner) if !(self.may_act_as_root && is_roots_alone(folder)) => {
                let _rights = Rights::of(owner);
                work()
            }
            _ => work(),
        }
    }

    /// The same person, who through sudo has root's rights nowhere unless `source` is root's alone: for paths that were
    /// read from there.
    pub(crate) fn bounded_by(&self, source: &Path) -> Self {
        let may_act_as_root = self.may_act_as_root && is_roots_alone(source);
        Self { may_act_as_root, ..self.clone() }
    }

    /// Who the process itself is, also through sudo: for files that are the machine's and no person's.
    pub fn of_process(&self) -> Self {
        let uid = Uid::effective().as_raw();
        Self { name: self.name_of(uid), owner: None, uid, ..self.clone() }
    }
}

/// Gives the process the groups of a user instead of root's.
#[cfg(not(target_os = "macos"))]
fn take_groups(user: &User) -> nix::Result<()> {
    let name = CString::new(user.name.as_str()).map_err(|_| nix::Error::EINVAL)?;
    nix::unistd::initgroups(&name, user.gid)
}

/// macOS keeps groups elsewhere, and root's there are no secret.
#[cfg(target_os = "macos")]
fn take_groups(_: &User) -> nix::Result<()> {
    Ok(())
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}

/// Whether only root can change what lies at this path, and which folder that is: each folder on the way is root's, and
/// nobody else can put another into its place.
fn is_roots_alone(folder: &Path) -> bool {
    let (Ok(real), Ok(named)) = (fs::canonicalize(folder), std::path::absolute(folder)) else { return false };
    let is_closed = |path: &Path, forgiven: u32| {
        fs::metadata(path).is_ok_and(|facts| {
            facts.uid() == 0 && (facts.mode() & 0o022 == 0 || facts.mode() & forgiven != 0)
        })
    };
    // In a sticky folder only the owner renames what is theirs.
    real == named && is_closed(&real, 0) && real.ancestors().skip(1).all(|path| is_closed(path, 0o1000))
}

/// The person's rights over files, until it is dropped. Only the thread that made it has them.
#[cfg(target_os = "linux")]
struct Rights {
    before: (Uid, Gid),
}

#[cfg(target_os = "linux")]
impl Rights {
    fn of(owner: Owner) -> Self {
        let gid = setfsgid(Gid::from_raw(owner.gid));
        // The kernel takes root's power over files away with the user.
        Self { before: (setfsuid(Uid::from_raw(owner.uid)), gid) }
    }
}

#[cfg(target_os = "linux")]
impl Drop for Rights {
    fn drop(&mut self) {
        setfsuid(self.before.0);
        setfsgid(self.before.1);
    }
}

/// The person's rights, until it is dropped.
#[cfg(not(target_os = "linux"))]
struct Rights;

#[cfg(not(target_os = "linux"))]
impl Rights {
    fn of(owner: Owner) -> Self {
        // Root may become anybody; where that fails, what follows is refused by the folder.
        drop(nix::unistd::setegid(Gid::from_raw(owner.gid)));
        drop(nix::unistd::seteuid(Uid::from_raw(owner.uid)));
        Self
    }
}

#[cfg(not(target_os = "linux"))]
impl Drop for Rights {
    fn drop(&mut self) {
        drop(nix::unistd::seteuid(Uid::from_raw(0)));
        drop(nix::unistd::setegid(Gid::from_raw(0)));
    }
}

/// Who asked root to run the program.
enum Invoker {
    Name(String),
    Uid(u32),
}

impl std::fmt::Display for Invoker {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => write!(out, "`{name}`"),
            Self::Uid(uid) => write!(out, "user {uid}"),
        }
    }
}

fn invoked_by(environment: &Environment) -> Option<Invoker> {
    let name = ["SUDO_USER", "DOAS_USER"].iter().find_map(|name| variable(environment, name));
    let invoker = match name {
        Some(name) => Invoker::Name(name.to_owned()),
        None => Invoker::Uid(variable(environment, "PKEXEC_UID")?.parse().ok()?),
    };
    match invoker {
        Invoker::Name(name) if name == "root" => None,
        Invoker::Uid(0) => None,
        other => Some(other),
    }
}

/// Whether a variable points into a home folder, which through sudo is not the person's.
fn is_of_home(name: &str) -> bool {
    matches!(name, "HOME" | "XDG_DATA_HOME" | "XDG_CONFIG_HOME")
}

fn variable<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
    environment.get(name).filter(|value| !value.is_empty())
}
