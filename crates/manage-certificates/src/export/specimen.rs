//! An authority and a certificate by it, and a folder, for tests that show them to other programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use crate::armor;

/// A certificate for `localhost` and 127.0.0.1, its key and its authority.
pub(crate) struct Specimen {
    /// The authority's certificate.
    pub ca: Vec<u8>,
    /// The certificate, then the authority's.
    pub chain: Vec<Vec<u8>>,
    /// The certificate's key as PKCS#8.
    pub key: Vec<u8>,
}

impl Specimen {
    /// Makes one.
    pub(crate) fn new() -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::default();
        ca.distinguished_name.push(DnType::CommonName, "Ann's <development> authority & more");
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let ca_der = ca.self_signed(&ca_key).unwrap().der().to_vec();
        let key = KeyPair::generate().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut leaf = CertificateParams::new(names).unwrap();
        leaf.distinguished_name.push(DnType::CommonName, "localhost");
        leaf.use_authority_key_identifier_extension = true;
        let leaf = leaf.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap().der().to_vec();
        Self { chain: vec![leaf, ca_der.clone()], ca: ca_der, key: key.serialize_der() }
    }

    /// The authority's certificate as PEM.
    pub(crate) fn ca_pem(&self) -> String {
        armor::certificate(&self.ca)
    }
}

/// A folder of its own, gone with the value.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// Makes one.
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir()
            .join(manage_leaves::crypto::hex(&manage_leaves::crypto::random_bytes::<8>()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// Writes a file into it.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Whether a program is there: some are not on every machine.
pub(crate) fn is_installed(program: &str) -> bool {
    Command::new("sh").args(["-c", "command -v \"$0\"", program]).output().unwrap().status.success()
}

/// Runs a program, which must succeed, in a folder: what it said on both streams.
pub(crate) fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } =
        Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{program} {arguments:?}: {said}");
    said
}
