//! To whom a file belongs, and who may open it.

use std::fmt;
use std::io;
use std::str::FromStr;

use nix::unistd::{Group, Uid, User};

use super::written::Written;

/// `USER`, `USER:GROUP` or `:GROUP`, by name or by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Whose it is; none: as it is.
    pub user: Option<String>,
    /// Which group's; none: that of the user, if one is named.
    pub group: Option<String>,
}

impl Owner {
    /// The numbers of user and group. A user without a group brings the group of their own.
    ///
    /// # Errors
    /// When this machine knows no such user or group.
    pub fn ids(&self) -> io::Result<(Option<u32>, Option<u32>)> {
        let user = self.user.as_deref().map(user_ids).transpose()?;
        let group = self.group.as_deref().map(group_id).transpose()?;
        Ok((user.map(|(user, _)| user), group.or_else(|| user.and_then(|(_, group)| group))))
    }
}

fn user_ids(name: &str) -> io::Result<(u32, Option<u32>)> {
    if let Ok(number) = name.parse() {
        let user = User::from_uid(Uid::from_raw(number))?;
        return Ok((number, user.map(|user| user.gid.as_raw())));
    }
    let user = User::from_name(name)?.ok_or_else(|| unknown("user", name))?;
    Ok((user.uid.as_raw(), Some(user.gid.as_raw())))
}

fn group_id(name: &str) -> io::Result<u32> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let group = Group::from_name(name)?.ok_or_else(|| unknown("group", name))?;
    Ok(group.gid.as_raw())
}

fn unknown(kind: &str, name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("this machine knows no {kind} `{name}`"))
}

impl FromStr for Owner {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (user, group) = text.split_once(':').unwrap_or((text, ""));
        let is_name = |name: &str| !name.contains([':', '/', ' ']);
        if (user.is_empty() && group.is_empty()) || !is_name(user) || !is_name(group) {
            return Err(format!("expected USER, USER:GROUP or :GROUP, found `{text}`"));
        }
        let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        Ok(Self { user: named(user), group: named(group) })
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.user.as_deref().unwrap_or_default())?;
        self.group.as_deref().map_or(Ok(()), |group| write!(f, ":{group}"))
    }
}

impl Written for Owner {
    const EXPECTED: &'static str = "a user and a group such as www-data:www-data";
}

/// Who may do what with a file, in octal: `0660`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileMode(pub u32);

impl FromStr for FileMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("0o").unwrap_or(text);
        let is_octal =
            (3..=4).contains(&digits.len()) && digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
        let mode =
            is_octal.then(|| u32::from_str_radix(digits, 8).ok()).flatten().filter(|mode| *mode <= 0o777);
        mode.map(Self).ok_or_else(|| format!("expected an octal mode such as 0660, found `{text}`"))
    }
}

impl fmt::Display for FileMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl Written for FileMode {
    const EXPECTED: &'static str = "an octal mode such as 0660";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_and_modes_are_read_as_shells_write_them() {
        let owner = |text: &str| text.parse::<Owner>().map(|owner| owner.to_string());
        for text in ["www-data", "www-data:adm", ":adm", "33:33"] {
            assert_eq!(owner(text).as_deref(), Ok(text));
        }
        for wrong in ["", ":", "a:b:c", "a b"] {
            assert!(owner(wrong).is_err(), "{wrong}");
        }
        let mode = |text: &str| text.parse::<FileMode>().map(|mode| mode.0);
        assert_eq!((mode("660"), mode("0660"), mode("0o600")), (Ok(0o660), Ok(0o660), Ok(0o600)));
        for wrong in ["", "9", "rw", "1777", "06600", "68"] {
            assert!(mode(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn who_is_unknown_is_named() {
        let ids = |text: &str| text.parse::<Owner>().unwrap().ids();
        assert_eq!(ids("root").unwrap(), (Some(0), Some(0)));
        assert_eq!(ids("4294960000").unwrap(), (Some(4_294_960_000), None));
        assert_eq!(ids("no-such-user").unwrap_err().to_string(), "this machine knows no user `no-such-user`");
        assert_eq!(
            ids(":no-such-group").unwrap_err().to_string(),
            "this machine knows no group `no-such-group`"
        );
    }
}
