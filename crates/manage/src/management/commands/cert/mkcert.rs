//! The program under the name `mkcert`: mkcert 1.4.4's flags, files and variables, over the same commands.

use std::ffi::OsString;

use super::caroot::Caroot;
use super::create::{AsMkcert, Create};
use super::desk::ProfileArgs;
use super::install::Install;
use super::password::LockArgs;
use super::trust::StoreArgs;
use super::uninstall::Uninstall;
use crate::certificates::{Home, KeyType};
use crate::management::{CommandError, CommandResult, Format, Manage, Output};

/// How long mkcert's certificates hold, in days: two years and three months, below Apple's limit.
const DAYS: u32 = 820;

const HELP: &str = "\
Usage of mkcert (as `manage`, called by that name):

	$ mkcert -install
	Make the local authority and have it trusted.

	$ mkcert example.org
	Make \"example.org.pem\" and \"example.org-key.pem\".

	$ mkcert example.com myapp.dev localhost 127.0.0.1 ::1
	Make \"example.com+4.pem\" and \"example.com+4-key.pem\".

	$ mkcert \"*.example.it\"
	Make \"_wildcard.example.it.pem\" and \"_wildcard.example.it-key.pem\".

	$ mkcert -uninstall
	Take the local authority out of the trust stores; its folder stays.

Flags, with one dash or two, before or behind the names:

	-cert-file FILE, -key-file FILE, -p12-file FILE
	    Where to write; one FILE for certificate and key puts both into it.

	-client
	    For a client as well.

	-ecdsa
	    An ECDSA key. It is P-256 without this flag, too: RSA is `manage cert create --key rsa2048`.

	-pkcs12
	    Write PKCS#12 (\".p12\") alone, with the password \"changeit\".

	-csr FILE
	    Sign this request: its key and its names.

	-CAROOT
	    Print the folder of the authority.

	-version, -help

Variables: $CAROOT is the folder of the authority; $TRUST_STORES limits the trust stores to some of system, java, nss
and policies, with commas. `manage cert --help` tells of more.
";

/// What was typed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Typed {
    flags: Vec<&'static str>,
    cert_file: Option<String>,
    key_file: Option<String>,
    p12_file: Option<String>,
    csr: Option<String>,
    names: Vec<String>,
}

const PROFILE: ProfileArgs = ProfileArgs { permit: Vec::new(), unconstrained: false, home: Home::Mkcert };

/// The flags that stand alone.
const SWITCHES: [&str; 9] =
    ["install", "uninstall", "client", "ecdsa", "pkcs12", "CAROOT", "version", "help", "h"];
/// The flags that take a value.
const VALUES: [&str; 4] = ["cert-file", "key-file", "p12-file", "csr"];

impl Typed {
    fn parse(args: &[OsString]) -> CommandResult<Self> {
        let mut typed = Self::default();
        let text = |word: &OsString| {
            let wrong = || CommandError::usage(format!("{} is not UTF-8", word.display()));
            word.clone().into_string().map_err(|_| wrong())
        };
        let mut words = args.iter().map(text).collect::<CommandResult<Vec<String>>>()?.into_iter();
        while let Some(word) = words.next() {
            if word == "--" {
                typed.names.extend(words);
                break;
            }
            match word.strip_prefix("--").or_else(|| word.strip_prefix('-')).filter(|flag| !flag.is_empty()) {
                Some(flag) => typed.take(flag, &mut words)?,
                None => typed.names.push(word),
            }
        }
        Ok(typed)
    }

    fn take(&mut self, flag: &str, words: &mut impl Iterator<Item = String>) -> CommandResult {
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (flag, None),
        };
        if let Some(switch) = SWITCHES.into_iter().find(|known| *known == name) {
            if is_on(switch, value.as_deref())? {
                self.flags.push(switch);
            }
            return Ok(());
        }
        let Some(known) = VALUES.into_iter().find(|known| *known == name) else {
            let flags: Vec<&str> = SWITCHES.into_iter().chain(VALUES).filter(|flag| *flag != "h").collect();
            return Err(CommandError::unknown(format!("mkcert has no flag `-{name}`"), name, &flags));
        };
        let value = value.or_else(|| words.next()).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| CommandError::usage(format!("-{known} needs a file behind it")))?;
        let place = match known {
            "cert-file" => &mut self.cert_file,
            "key-file" => &mut self.key_file,
            "p12-file" => &mut self.p12_file,
            _ => &mut self.csr,
        };
        *place = Some(value);
        Ok(())
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    /// Refuses what mkcert refuses, and what it silently leaves undone.
    fn check(&self) -> CommandResult {
        let is_pkcs12 = self.has("pkcs12");
        let asked: Vec<&str> =
            ["install", "uninstall", "CAROOT"].into_iter().filter(|flag| self.has(flag)).collect();
        if let [first, second, ..] = asked.as_slice() {
            return Err(CommandError::usage(format!("-{first} and -{second} do not go together")));
        }
        let alone = ["uninstall", "CAROOT"].into_iter().find(|flag| self.has(flag) && !self.names.is_empty());
        if let Some(flag) = alone {
            return Err(CommandError::usage(format!("-{flag} takes no names")));
        }
        if self.p12_file.is_some() && !is_pkcs12 && self.csr.is_none() {
            return Err(CommandError::usage("-p12-file is for -pkcs12, which is missing"));
        }
        if is_pkcs12 && (self.cert_file.is_some() || self.key_file.is_some()) {
            return Err(CommandError::usage("-pkcs12 writes one file alone: -p12-file names it"));
        }
        let with_csr = [
            (is_pkcs12, "-pkcs12"),
            (self.has("ecdsa"), "-ecdsa"),
            (self.has("client"), "-client"),
            (self.key_file.is_some(), "-key-file"),
            (self.p12_file.is_some(), "-p12-file"),
            (!self.names.is_empty(), "names"),
        ];
        match with_csr.into_iter().find(|(is_there, _)| *is_there && self.csr.is_some()) {
            Some((_, what)) => Err(CommandError::usage(format!("-csr and {what} do not go together"))),
            None => Ok(()),
        }
    }

    fn create(&self) -> Create {
        let path = |file: &Option<String>| file.as_ref().map(Into::into);
        Create {
            names: self.names.clone(),
            days: DAYS,
            client: self.has("client"),
            key: KeyType::P256,
            out_dir: None,
            cert_file: path(&self.cert_file),
            key_file: path(&self.key_file),
            p12_file: path(&self.p12_file),
            csr: path(&self.csr),
            force: false,
            lock: LockArgs::default(),
            profile: PROFILE,
            format: Format::Table,
            mkcert: Some(AsMkcert { pkcs12_only: self.has("pkcs12") }),
        }
    }
}

/// Whether a switch is on, as Go reads it: `-client=false` is off.
fn is_on(switch: &str, value: Option<&str>) -> CommandResult<bool> {
    match value {
        None | Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        Some(other) => Err(CommandError::usage(format!("-{switch}={other}: it is on or off, true or false"))),
    }
}

/// Does what was typed behind the name `mkcert`.
///
/// # Errors
/// Those of the commands, and when the flags make no sense.
pub(crate) fn run(args: &[OsString], manage: &Manage, out: &mut Output) -> CommandResult {
    obey(args, manage, out).map_err(|mut error| {
        error.hints.iter_mut().for_each(translate);
        error
    })
}

/// Makes a hint of the commands right for who typed `mkcert`: the folder is another, and some flags are not there.
fn translate(hint: &mut String) {
    const FOLDER: &str = "CAROOT=\"$(mkcert -CAROOT)\" manage cert";
    if hint.contains("manage cert") {
        *hint = hint.replace("manage cert", FOLDER);
    } else if ["--force", "--permit", "--password-file"].iter().any(|flag| hint.contains(flag)) {
        *hint = format!("{hint} (a flag of: {FOLDER} create)");
    }
}

fn obey(args: &[OsString], manage: &Manage, out: &mut Output) -> CommandResult {
    let typed = Typed::parse(args)?;
    if args.is_empty() || typed.has("help") || typed.has("h") {
        return Ok(out.part(HELP)?);
    }
    if typed.has("version") {
        return Ok(out.line(concat!("v1.4.4 (manage ", env!("CARGO_PKG_VERSION"), ")"))?);
    }
    typed.check()?;
    if typed.has("CAROOT") {
        return Caroot { home: Home::Mkcert }.handle(manage, out);
    }
    let words = manage.environment.get("TRUST_STORES").unwrap_or_default().split(',');
    let words = words.map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect();
    let stores = StoreArgs { stores: words, format: Format::Table, is_limit: true };
    stores.kinds()?;
    if typed.has("uninstall") {
        return Uninstall { stores, home: Home::Mkcert }.handle(manage, out);
    }
    if typed.has("install") {
        Install { stores, profile: PROFILE, home: Home::Mkcert }.handle(manage, out)?;
    }
    if typed.names.is_empty() && typed.csr.is_none() {
        return match typed.has("install") {
            true => Ok(()),
            false => Err(CommandError::usage("no name was given").hint("`mkcert -help` shows how")),
        };
    }
    typed.create().handle(manage, out)
}
