//! A trust store for Java: PKCS#12 without a password, as Java's own store is since version 18.
//!
//! Java opens a store that is encrypted only for whoever passes the password too, and finds it empty otherwise.

use crate::der::{self, OCTET_STRING as OCTETS, SEQUENCE};
use crate::error::Result;
use crate::facts::Facts;

// Object identifiers as DER.
const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const CERTIFICATE_BAG: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03";
const X509: &[u8] = b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";
const FRIENDLY_NAME: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14";
/// Java's mark of a certificate that is trusted.
const TRUSTED_FOR: &[u8] = b"\x06\x0c\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01";
const ANY_USE: &[u8] = b"\x06\x04\x55\x1d\x25\x00";

// Tags of DER.
const SET: u8 = 0x31;
const UCS_2: u8 = 0x1e;
const INSIDE: u8 = 0xa0;

const VERSION_3: &[u8] = b"\x02\x01\x03";

/// A trust store that holds one authority (DER), for Java's option `-Djavax.net.ssl.trustStore=FILE`.
///
/// Java calls the entry by the alias. Nothing in the file is secret, and it has no password: any that is given opens it.
///
/// # Errors
/// When `ca` is no certificate.
pub fn truststore(ca: &[u8], alias: &str) -> Result<Vec<u8>> {
    Facts::of(ca, "what the trust store is to hold")?;
    let certificate = tagged(SEQUENCE, &[X509, &tagged(INSIDE, &[&tagged(OCTETS, &[ca])])]);
    let bag = [CERTIFICATE_BAG, &tagged(INSIDE, &[&certificate]), &attributes(alias)];
    let bags = tagged(SEQUENCE, &[&tagged(SEQUENCE, &bag)]);
    let content = tagged(SEQUENCE, &[&data(&bags)]);
    Ok(tagged(SEQUENCE, &[VERSION_3, &data(&content)]))
}

fn attributes(alias: &str) -> Vec<u8> {
    let name: Vec<u8> = super::pkcs12::friendly(alias).encode_utf16().flat_map(u16::to_be_bytes).collect();
    let name = tagged(SEQUENCE, &[FRIENDLY_NAME, &tagged(SET, &[&tagged(UCS_2, &[&name])])]);
    let trusted = tagged(SEQUENCE, &[TRUSTED_FOR, &tagged(SET, &[ANY_USE])]);
    // DER sorts sets.
    let mut attributes = [name, trusted];
    attributes.sort();
    tagged(SET, &[&attributes[0], &attributes[1]])
}

/// Content that is not encrypted.
fn data(content: &[u8]) -> Vec<u8> {
    tagged(SEQUENCE, &[DATA, &tagged(INSIDE, &[&tagged(OCTETS, &[content])])])
}

/// The parts as the content of one value in DER.
fn tagged(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    der::encode(tag, &parts.concat())
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{Folder, Specimen, is_installed, run};
    use super::*;
    use crate::armor;

    #[test]
    fn java_takes_it_as_trust_with_and_without_a_password() {
        if !is_installed("keytool") {
            return;
        }
        let folder = Folder::new();
        folder.write("x.p12", truststore(&Specimen::new().ca, "local authority ü").unwrap());
        for flags in [&[][..], &["-storepass", "changeit"]] {
            let list = [&["-list", "-v", "-J-Dfile.encoding=UTF-8", "-keystore", "x.p12"], flags].concat();
            let said = run(&folder.0, "keytool", &list);
            for part in ["Alias name: local authority ", "trustedCertEntry", "contains 1 entry"] {
                assert!(said.contains(part), "{part} is not in {said}");
            }
        }
    }

    #[test]
    fn openssl_reads_its_name_and_certificate() {
        let specimen = Specimen::new();
        let folder = Folder::new();
        folder.write("x.p12", truststore(&specimen.ca, "authority").unwrap());
        let open = ["pkcs12", "-in", "x.p12", "-passin", "pass:", "-nomacver", "-nokeys"];
        let said = run(&folder.0, "openssl", &open);
        assert!(said.contains("friendlyName: authority"), "{said}");
        assert_eq!(armor::of_pem(said.as_bytes()), [specimen.ca]);
    }

    #[test]
    fn lengths_are_written_in_as_few_digits_as_do() {
        for (length, head) in [
            (0, &b"\x04\x00"[..]),
            (127, b"\x04\x7f"),
            (128, b"\x04\x81\x80"),
            (256, b"\x04\x82\x01\x00"),
            (65536, b"\x04\x83\x01\x00\x00"),
        ] {
            let tagged = tagged(OCTETS, &[&vec![0; length]]);
            assert_eq!(&tagged[..head.len()], head);
            assert_eq!(tagged.len(), head.len() + length);
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        assert!(truststore(b"no", "x").is_err());
    }
}
