//! What every store has in common: its kind, its verbs, and how an authority is named in it.

use std::fmt::{self, Display};
use std::path::PathBuf;

use crate::parameters::AUTHORITY_NAME;
use crate::{Error, Facts, Result, armor};
use manage_leaves::crypto;
use manage_leaves::text;

/// What the names of our certificates in stores begin with.
pub(crate) const LABEL_PREFIX: &str = "manage-local-ca-";

/// What mkcert's names of its certificates begin with.
pub(crate) const MKCERT_PREFIX: &str = "mkcert";

/// The kinds of stores, as `--stores` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The operating system's own: curl, openssl, Python, and browsers outside Linux.
    System,
    /// The databases of Chromium and Firefox.
    Nss,
    /// The policy files of Chromium and Firefox, for machines without NSS's tools.
    Policies,
    /// The store of a Java installation.
    Java,
}

impl Kind {
    /// Every kind, in the order in which stores are served.
    pub const ALL: [Self; 4] = [Self::System, Self::Nss, Self::Policies, Self::Java];

    /// The word for it in `--stores` and `$TRUST_STORES`.
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Nss => "nss",
            Self::Policies => "policies",
            Self::Java => "java",
        }
    }

    /// The kinds of a list with commas: `system,nss`.
    ///
    /// # Errors
    /// When a word names none; the known ones are said.
    pub fn list(words: &str) -> Result<Vec<Self>> {
        words.split(',').map(str::trim).filter(|word| !word.is_empty()).map(Self::named).collect()
    }

    fn named(word: &str) -> Result<Self> {
        if let Some(kind) = Self::ALL.into_iter().find(|kind| kind.word().eq_ignore_ascii_case(word)) {
            return Ok(kind);
        }
        let known = Self::ALL.map(Self::word);
        let error = Error::refused(format_args!(
            "there is no kind of trust store called `{word}`, only {}",
            text::alternatives(&known).replace(" or ", " and ")
        ));
        let meant = text::nearest(word, known);
        Err(if meant.is_empty() {
            error
        } else {
            error.hint(format!("did you mean {}?", text::alternatives(&meant)))
        })
    }
}

impl Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// The authority that a store is to trust.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// What stores call it, so that it is found again when its folder is gone: letters, digits and dashes.
    pub label: String,
    /// Its certificate.
    pub der: Vec<u8>,
    /// Where its certificate lies as PEM.
    pub path: PathBuf,
}

impl Anchor {
    /// The authority whose certificate is `der` and lies at `path` as PEM.
    pub fn new(der: Vec<u8>, path: PathBuf) -> Self {
        Self { label: label(&der), der, path }
    }

    /// Its certificate as PEM.
    pub fn pem(&self) -> String {
        armor::certificate(&self.der)
    }
}

/// What stores call the certificate `der`.
pub(super) fn label(der: &[u8]) -> String {
    format!("{LABEL_PREFIX}{}", &crypto::sha256_hex(der)[..16])
}

/// A certificate in a store that this program, or mkcert, may have put there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// What the store calls it: a file's path, a nickname, an alias.
    pub name: String,
    /// The certificate.
    pub der: Vec<u8>,
    /// Whether clients of the store believe it; a file that lies there but is not in the bundle is not.
    pub is_trusted: bool,
}

impl Entry {
    /// An entry of a store without labels: it is called as its subject.
    pub(crate) fn without_label(der: Vec<u8>) -> Self {
        let name = Facts::of(&der, "it").map(|facts| facts.subject).unwrap_or_default();
        Self { name, der, is_trusted: true }
    }

    /// Whether its name says that this program put it there.
    pub(super) fn is_ours(&self) -> bool {
        // A path, or what Debian's hook makes of one for Java: `debian:manage-local-ca-….pem`.
        let last = self.name.rsplit(['/', ':']).next().unwrap_or_default();
        // Keychains, and Firefox where it read a policy, take the name from the certificate.
        last.starts_with(LABEL_PREFIX) || last.contains(AUTHORITY_NAME)
    }
}

/// One store on this machine.
pub(super) trait TrustStore {
    /// What kind of store it is.
    fn kind(&self) -> Kind;

    /// Where it is, as people are told: a folder, a file, a keychain.
    fn place(&self) -> String;

    /// What is in it that may be ours.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn entries(&self) -> Result<Vec<Entry>>;

    /// Puts an authority into it.
    ///
    /// # Errors
    /// When the store refuses; the hints hold the exact commands where a right is missing.
    fn add(&self, anchor: &Anchor) -> Result;

    /// Takes entries out of it.
    ///
    /// # Errors
    /// As [`TrustStore::add`].
    fn remove(&self, entries: &[Entry]) -> Result;
}

/// What the search for stores came upon.
pub(super) enum Found<'a> {
    /// A store to work with.
    Store(Box<dyn TrustStore + 'a>),
    /// A store that is there, or was asked for, but cannot be worked with.
    Skipped {
        /// What kind of store it would be.
        kind: Kind,
        /// Where it is, or which program's it is.
        place: String,
        /// Why it is left out, and what would change that.
        reason: String,
    },
}

impl<'a> Found<'a> {
    /// A store to work with.
    pub(super) fn store(store: impl TrustStore + 'a) -> Self {
        Self::Store(Box::new(store))
    }

    /// A store that is left out.
    pub(super) fn skipped(kind: Kind, place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Skipped { kind, place: place.into(), reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_kinds_is_read_and_an_unknown_word_names_the_known_ones() {
        assert_eq!(Kind::list("system, NSS,").unwrap(), [Kind::System, Kind::Nss]);
        let error = Kind::list("sistem").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no kind of trust store called `sistem`, only `system`, `nss`, `policies` and `java`"
        );
        assert_eq!(error.hints, ["did you mean `system`?"]);
        assert!(Kind::list("x").unwrap_err().hints.is_empty());
    }

    #[test]
    fn a_name_is_ours_as_a_path_as_a_nickname_and_as_debians_hook_writes_it() {
        let entry = |name: &str| Entry { name: name.to_owned(), der: Vec::new(), is_trusted: true };
        let ours = ["manage-local-ca-0f", "/etc/x/manage-local-ca-0f.crt", "debian:manage-local-ca-0f.pem"];
        assert!(ours.into_iter().all(|name| entry(name).is_ours()));
        assert!(!entry("mkcert development CA 1").is_ours());
        assert!(!entry("/home/manage-local-ca-0f/x.crt").is_ours());
    }

    #[test]
    fn pem_goes_out_and_comes_back() {
        let anchor = Anchor::new(vec![1, 2, 3], PathBuf::new());
        assert_eq!(armor::of_pem(anchor.pem().as_bytes()), [[1, 2, 3]]);
        assert_eq!(anchor.label, "manage-local-ca-039058c6f2c0cb49");
    }
}
