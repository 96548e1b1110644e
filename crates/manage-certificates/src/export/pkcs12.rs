//! PKCS#12: a certificate with its key for browsers, phones and Java.

use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, Pkcs12Writer, PrivateKey,
    PrivateKeyChain,
};

use crate::error::{Error, Result};
use manage_leaves::crypto::sha256_hex;

/// How the content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encryption {
    /// AES-256 and HMAC-SHA-256: OpenSSL 3, Java 8u301 and later, Windows Server 2019, macOS 15.
    #[default]
    Modern,
    /// 3DES and SHA-1: systems older than those. OpenSSL 3 opens it, programs in FIPS mode do not.
    Legacy,
}

/// A PKCS#12 file of a certificate, its chain and its key.
///
/// `chain` holds DER, the certificate first and its authority last; `key` is PKCS#8 DER. `name` is Java's alias and what
/// programs show for the key; for certificates they show subjects. The file is worth as much as the key: mode 0600.
///
/// # Errors
/// When the chain is empty or no certificates, or the key is no PKCS#8.
pub(crate) fn identity(
    chain: &[Vec<u8>],
    key: &[u8],
    name: &str,
    password: &str,
    encryption: Encryption,
) -> Result<Vec<u8>> {
    let Some(leaf) = chain.first() else {
        return Err(Error::refused("a PKCS#12 file needs a certificate, and there is none"));
    };
    let certificates = chain.iter().map(|der| certificate(der)).collect::<Result<Vec<_>>>()?;
    let key = PrivateKey::from_der(key).map_err(|_| {
        Error::refused("the key is not in PKCS#8, the only form that goes into a PKCS#12 file")
            .hint("convert it: openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW-KEY")
    })?;
    // The number that ties the key to its certificate: without one Java shows neither.
    let id = sha256_hex(leaf);
    let entry = KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(id, key, certificates));
    let mut store = KeyStore::new();
    store.add_entry(&friendly(name), entry);
    let written = encrypted(store.writer(password), encryption).write();
    written.map_err(|error| Error::failed(format_args!("cannot make the PKCS#12 file: {error}")))
}

fn certificate(der: &[u8]) -> Result<Certificate> {
    Certificate::from_der(der)
        .map_err(|error| Error::refused(format_args!("that is not an X.509 certificate: {error}")))
}

fn encrypted<'a, 'b>(writer: Pkcs12Writer<'a, 'b>, encryption: Encryption) -> Pkcs12Writer<'a, 'b> {
    match encryption {
        Encryption::Modern => writer,
        Encryption::Legacy => writer
            .encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc)
            .mac_algorithm(MacAlgorithm::HmacSha1),
    }
}

/// Whether names and passwords can hold a character: they are in UCS-2 there.
pub(crate) fn can_spell(character: char) -> bool {
    u32::from(character) <= 0xffff
}

/// A name in characters that can be spelled, the others as `?`. No name becomes a name.
pub(super) fn friendly(name: &str) -> String {
    let spelled: String =
        name.chars().map(|character| if can_spell(character) { character } else { '?' }).collect();
    if spelled.is_empty() { "certificate".to_owned() } else { spelled }
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{Folder, Specimen, is_installed, run};
    use super::*;
    use crate::armor;

    const OPEN: [&str; 7] = ["pkcs12", "-in", "x.p12", "-passin", "pass:changeit", "-info", "-nodes"];
    const LIST: [&str; 6] = ["-list", "-v", "-keystore", "x.p12", "-storepass", "changeit"];
    const NODE: &str = "require('tls').createSecureContext({pfx: require('fs').readFileSync('x.p12'), \
                        passphrase: 'changeit'})";

    fn folder(specimen: &Specimen, name: &str, encryption: Encryption) -> Folder {
        let folder = Folder::new();
        let bytes = identity(&specimen.chain, &specimen.key, name, "changeit", encryption).unwrap();
        folder.write("x.p12", bytes);
        folder
    }

    #[test]
    fn openssl_opens_the_modern_form_and_finds_the_key_and_both_certificates() {
        let specimen = Specimen::new();
        let folder = folder(&specimen, "näme of mine", Encryption::Modern);
        let said = run(&folder.0, "openssl", &OPEN);
        for part in ["PBES2", "AES-256-CBC", "hmacWithSHA256", "MAC: sha256", "PRIVATE KEY", "localKeyID"] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        assert_eq!(said.matches("BEGIN CERTIFICATE").count(), 2);
        run(
            &folder.0,
            "openssl",
            &["pkcs12", "-in", "x.p12", "-passin", "pass:changeit", "-nodes", "-nocerts", "-out", "key.pem"],
        );
        let key = armor::parse(&std::fs::read(folder.0.join("key.pem")).unwrap()).unwrap();
        assert_eq!(key[0].contents(), specimen.key);
    }

    #[test]
    fn the_legacy_form_is_in_triple_des_and_sha_1() {
        let folder = folder(&Specimen::new(), "old", Encryption::Legacy);
        let said = run(&folder.0, "openssl", &[&OPEN[..], &["-legacy"]].concat());
        assert!(said.contains("pbeWithSHA1And3-KeyTripleDES-CBC"), "{said}");
        assert!(said.contains("MAC: sha1"), "{said}");
    }

    #[test]
    fn java_lists_one_entry_with_its_alias_and_a_chain_of_two() {
        if !is_installed("keytool") {
            return;
        }
        for encryption in [Encryption::Modern, Encryption::Legacy] {
            let folder = folder(&Specimen::new(), "mine", encryption);
            let said = run(&folder.0, "keytool", &LIST);
            for part in ["Alias name: mine", "PrivateKeyEntry", "chain length: 2", "contains 1 entry"] {
                assert!(said.contains(part), "{part} is not in {said}");
            }
        }
    }

    #[test]
    fn node_serves_with_it() {
        if !is_installed("node") {
            return;
        }
        run(&folder(&Specimen::new(), "mine", Encryption::Modern).0, "node", &["-e", NODE]);
    }

    #[test]
    fn the_tools_of_browsers_import_it() {
        if !is_installed("pk12util") {
            return;
        }
        let folder = folder(&Specimen::new(), "mine", Encryption::Modern);
        run(&folder.0, "certutil", &["-N", "-d", "sql:.", "--empty-password"]);
        run(&folder.0, "pk12util", &["-i", "x.p12", "-d", "sql:.", "-W", "changeit"]);
        let said = run(&folder.0, "certutil", &["-L", "-d", "sql:."]);
        assert!(said.contains("CN=localhost") && said.contains("u,u,u"), "{said}");
    }

    #[test]
    fn names_outside_of_ucs_2_and_empty_ones_are_respelled() {
        let specimen = Specimen::new();
        let said = run(&folder(&specimen, "rocket 🚀", Encryption::Modern).0, "openssl", &OPEN);
        assert!(said.contains("friendlyName: rocket ?"), "{said}");
        let said = run(&folder(&specimen, "", Encryption::Modern).0, "openssl", &OPEN);
        assert!(said.contains("friendlyName: certificate"), "{said}");
    }

    #[test]
    fn what_is_no_certificate_or_key_is_refused_with_a_reason() {
        let Specimen { chain, key, .. } = Specimen::new();
        let identity = |chain: &[Vec<u8>], key: &[u8]| {
            identity(chain, key, "x", "changeit", Encryption::Modern).unwrap_err().to_string()
        };
        assert_eq!(identity(&[], &key), "a PKCS#12 file needs a certificate, and there is none");
        assert!(identity(&chain, b"no").starts_with("the key is not in PKCS#8"));
        assert!(identity(&[b"no".to_vec()], &key).starts_with("that is not an X.509 certificate"));
    }
}
