//! The system's own store on Linux: a folder of certificates, and a command that makes a bundle of them.

use std::fs;
use std::path::{Path, PathBuf};

use super::call::{Call, Input};
use super::machine::{Machine, Step};
use super::store::{Anchor, Entry, Found, Kind, LABEL_PREFIX, MKCERT_PREFIX, TrustStore};
use crate::{Error, Result, armor};

/// How a family of distributions keeps its authorities.
struct Layout {
    folder: &'static str,
    /// What the command looks for; others are ignored without a word.
    extension: &'static str,
    update: &'static [&'static str],
    /// The command after a removal.
    update_after_removal: &'static [&'static str],
    /// Where what clients read is made, the first that exists.
    bundles: &'static [&'static str],
    /// Whether the folder may be missing where the command is there.
    makes_folder: bool,
}

const LAYOUTS: &[Layout] = &[
    // Fedora, RHEL, CentOS
    Layout {
        folder: "/etc/pki/ca-trust/source/anchors",
        extension: "pem",
        update: &["update-ca-trust", "extract"],
        update_after_removal: &["update-ca-trust", "extract"],
        bundles: &["/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/pki/tls/certs/ca-bundle.crt"],
        makes_folder: false,
    },
    // Arch
    Layout {
        folder: "/etc/ca-certificates/trust-source/anchors",
        extension: "crt",
        update: &["trust", "extract-compat"],
        update_after_removal: &["trust", "extract-compat"],
        bundles: &["/etc/ca-certificates/extracted/tls-ca-bundle.pem", "/etc/ssl/certs/ca-certificates.crt"],
        makes_folder: false,
    },
    // SUSE
    Layout {
        folder: "/etc/pki/trust/anchors",
        extension: "pem",
        update: &["update-ca-certificates"],
        update_after_removal: &["update-ca-certificates"],
        bundles: SUSE_BUNDLES,
        makes_folder: false,
    },
    Layout {
        folder: "/usr/share/pki/trust/anchors",
        extension: "pem",
        update: &["update-ca-certificates"],
        update_after_removal: &["update-ca-certificates"],
        bundles: SUSE_BUNDLES,
        makes_folder: false,
    },
    // Debian, Ubuntu, Alpine, Gentoo. Last: its command is SUSE's too, and its folder may be missing.
    Layout {
        folder: "/usr/local/share/ca-certificates",
        extension: "crt",
        update: &["update-ca-certificates"],
        update_after_removal: &["update-ca-certificates", "--fresh"],
        bundles: &["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"],
        makes_folder: true,
    },
];

const SUSE_BUNDLES: &[&str] = &["/var/lib/ca-certificates/ca-bundle.pem", "/etc/ssl/ca-bundle.pem"];

/// Systems without such a folder, known by a file, and what people type there instead.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "/etc/NIXOS",
        "NixOS builds its store from its configuration: add the CA's file to `security.pki.certificateFiles` and \
         type `nixos-rebuild switch`",
    ),
    (
        "/run/ostree-booted",
        "this system's image has no update-ca-trust: layer it with `rpm-ostree install ca-certificates`",
    ),
];

const UNKNOWN: &str = "no folder for authorities and no command to read it was found: install the package \
                       ca-certificates";

struct System<'a> {
    machine: &'a Machine,
    layout: &'static Layout,
}

/// The system's store.
pub(super) fn find(machine: &Machine) -> Found<'_> {
    let elsewhere = || ELSEWHERE.iter().find(|(mark, _)| machine.path(mark).exists());
    // NixOS may have every folder and command, and forgets them at the next switch.
    if let Some((_, reason)) = elsewhere().filter(|(mark, _)| *mark == "/etc/NIXOS") {
        return Found::skipped(Kind::System, "NixOS", *reason);
    }
    match LAYOUTS.iter().find(|layout| layout.is_there(machine)) {
        Some(layout) => Found::store(System { machine, layout }),
        None => {
            let reason = elsewhere().map_or(UNKNOWN, |(_, reason)| *reason);
            Found::skipped(Kind::System, "the system", reason)
        }
    }
}

impl Layout {
    fn is_there(&self, machine: &Machine) -> bool {
        (self.makes_folder || machine.path(self.folder).is_dir())
            && self.update.first().is_some_and(|program| machine.find(program).is_some())
    }
}

impl System<'_> {
    fn folder(&self) -> PathBuf {
        self.machine.path(self.layout.folder)
    }

    fn update(&self, words: &[&str]) -> Step {
        let program = words.first().and_then(|program| self.machine.find(program));
        let program = program.unwrap_or_else(|| words.first().copied().unwrap_or_default().into());
        Step::Run(Call::new(program).args(&words[1..]))
    }

    fn bundle(&self) -> Result<Vec<Vec<u8>>> {
        let paths = self.layout.bundles.iter().map(|path| self.machine.path(path));
        let Some(path) = paths.into_iter().find(|path| path.exists()) else { return Ok(Vec::new()) };
        let text = fs::read(&path).map_err(|error| Error::file("read", &path, error))?;
        Ok(armor::of_pem(&text))
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        let folder = self.folder();
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let error = |error| Error::file("read", &folder, error);
        let read = fs::read_dir(&folder).map_err(error)?;
        let mut paths = read.map(|entry| Ok(entry.map_err(error)?.path())).collect::<Result<Vec<_>>>()?;
        paths.retain(|path| may_be_ours(path));
        paths.sort();
        Ok(paths)
    }
}

fn may_be_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [LABEL_PREFIX, MKCERT_PREFIX].iter().any(|prefix| name.starts_with(prefix))
}

impl TrustStore for System<'_> {
    fn kind(&self) -> Kind {
        Kind::System
    }

    fn place(&self) -> String {
        self.folder().display().to_string()
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let bundle = self.bundle()?;
        let mut entries = Vec::new();
        for path in self.files()? {
            let text = fs::read(&path).map_err(|error| Error::file("read", &path, error))?;
            let name = path.display().to_string();
            entries.extend(armor::of_pem(&text).into_iter().map(|der| {
                let is_trusted = bundle.contains(&der);
                Entry { name: name.clone(), der, is_trusted }
            }));
        }
        Ok(entries)
    }

    fn add(&self, anchor: &Anchor) -> Result {
        let path = self.folder().join(format!("{}.{}", anchor.label, self.layout.extension));
        let content = Input::of(anchor);
        self.machine.as_root(&[Step::Write(path, content), self.update(self.layout.update)])
    }

    fn remove(&self, entries: &[Entry]) -> Result {
        let files = entries.iter().map(|entry| Step::Remove(PathBuf::from(&entry.name)));
        let update = self.update(self.layout.update_after_removal);
        self.machine.as_root(&files.chain([update]).collect::<Vec<_>>())
    }
}
