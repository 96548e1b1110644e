//! What a certificate says, read by x509-parser.

use std::net::IpAddr;

use jiff::Timestamp;
use x509_parser::asn1_rs::{Oid, Tag};
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName, KeyUsage, ParsedExtension};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use super::constraints::Constraints;
use super::error::{Error, Result};
use super::key::{EC, ED25519, P256, P384, RSA};
use manage_leaves::crypto;

/// What a certificate says.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Whom it is for, in the order of the certificate: `CN=app.test`.
    pub subject: String,
    /// The subject's common name.
    pub common_name: Option<String>,
    /// Who signed it.
    pub issuer: String,
    /// Its number, in lower-case hex.
    pub serial: String,
    /// From when it holds.
    pub not_before: Timestamp,
    /// Until when it holds.
    pub not_after: Timestamp,
    /// Its subject alternative names, in its order.
    pub names: Vec<String>,
    /// Whether it says that it is an authority.
    pub is_ca: bool,
    /// How many authorities may stand below it.
    pub path_length: Option<u32>,
    /// What the key is for, if that is said.
    pub key_usage: Option<Vec<&'static str>>,
    /// What the certificate is for; empty when nothing is said.
    pub extended_key_usage: Vec<String>,
    /// For which names it may sign, if that is said.
    pub constraints: Option<Constraints>,
    /// The kind of its key: `P-256`, `RSA 2048`.
    pub key: String,
    /// How it is signed: `ecdsa-with-SHA256`.
    pub signature: String,
    /// SHA-256 of the certificate, in lower-case hex.
    pub fingerprint: String,
    /// Its public key: SubjectPublicKeyInfo as DER.
    pub public_key: Vec<u8>,
    /// The identifier of its key, if it has one.
    pub subject_key_id: Option<Vec<u8>>,
    /// The identifier of the key that signed it, if it has one.
    pub authority_key_id: Option<Vec<u8>>,
    /// Its subject, as it is encoded.
    pub(super) raw_subject: Vec<u8>,
}

impl Facts {
    /// What the certificate in `der` says. `of` is for messages: a file, a peer.
    ///
    /// # Errors
    /// When it is no certificate.
    pub fn of(der: &[u8], of: &str) -> Result<Self> {
        let (rest, certificate) = X509Certificate::from_der(der)
            .map_err(|error| Error::failed(format_args!("{of} is no certificate: {error}")))?;
        if !rest.is_empty() {
            return Err(Error::failed(format_args!("{of} is no certificate: there is more behind it")));
        }
        Self::read(&certificate, der)
            .ok_or_else(|| Error::failed(format_args!("{of} is no certificate: its dates are out of range")))
    }

    fn read(certificate: &X509Certificate<'_>, der: &[u8]) -> Option<Self> {
        let time = |time: x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).ok();
        let mut facts = Self {
            subject: name(certificate.subject()),
            common_name: common_name(certificate.subject()),
            issuer: name(certificate.issuer()),
            serial: crypto::hex(certificate.raw_serial()),
            not_before: time(certificate.validity().not_before)?,
            not_after: time(certificate.validity().not_after)?,
            names: Vec::new(),
            is_ca: false,
            path_length: None,
            key_usage: None,
            extended_key_usage: Vec::new(),
            constraints: None,
            key: key_kind(certificate.public_key()),
            signature: signature(&certificate.signature_algorithm.algorithm.to_id_string()),
            fingerprint: crypto::sha256_hex(der),
            public_key: certificate.public_key().raw.to_vec(),
            subject_key_id: None,
            authority_key_id: None,
            raw_subject: certificate.subject().as_raw().to_vec(),
        };
        certificate.extensions().iter().for_each(|extension| facts.note(extension.parsed_extension()));
        Some(facts)
    }

    fn note(&mut self, extension: &ParsedExtension<'_>) {
        match extension {
            ParsedExtension::SubjectAlternativeName(names) => {
                self.names = names.general_names.iter().map(general_name).collect();
            }
            ParsedExtension::BasicConstraints(basic) => {
                (self.is_ca, self.path_length) = (basic.ca, basic.path_len_constraint);
            }
            ParsedExtension::KeyUsage(usage) => self.key_usage = Some(key_usage(usage)),
            ParsedExtension::ExtendedKeyUsage(usage) => self.extended_key_usage = extended_key_usage(usage),
            ParsedExtension::NameConstraints(names) => {
                self.constraints = Some(Constraints::of_extension(names));
            }
            ParsedExtension::SubjectKeyIdentifier(id) => self.subject_key_id = Some(id.0.to_vec()),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                self.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
            _ => {}
        }
    }

    /// Whether it may sign certificates.
    pub(crate) fn may_sign(&self) -> bool {
        self.is_ca && self.key_usage.as_ref().is_none_or(|usage| usage.contains(&KEY_CERT_SIGN))
    }

    /// SHA-256 of its public key, in lower-case hex.
    pub(crate) fn key_fingerprint(&self) -> String {
        crypto::sha256_hex(&self.public_key)
    }
}

/// Whether the certificate in `leaf` is signed by the key of the one in `authority`.
pub fn is_signed_by(leaf: &[u8], authority: &[u8]) -> bool {
    let (Ok((_, leaf)), Ok((_, authority))) =
        (X509Certificate::from_der(leaf), X509Certificate::from_der(authority))
    else {
        return false;
    };
    leaf.issuer().as_raw() == authority.subject().as_raw()
        && leaf.verify_signature(Some(authority.public_key())).is_ok()
}

const KEY_CERT_SIGN: &str = "keyCertSign";

pub(super) fn name(name: &X509Name<'_>) -> String {
    let parts: Vec<String> = name
        .iter_attributes()
        .map(|part| {
            let value = part.as_str().map_or_else(|_| crypto::hex(part.as_slice()), str::to_owned);
            format!("{}={}", attribute(&part.attr_type().to_id_string()), printable(&value))
        })
        .collect();
    parts.join(", ")
}

/// The text without what a terminal would obey; whoever wrote a certificate or a request may not be a friend.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter })
        .collect()
}

pub(super) fn common_name(name: &X509Name<'_>) -> Option<String> {
    name.iter_common_name().next()?.as_str().ok().map(str::to_owned)
}

/// The attributes of names that have a short name (RFC 4519).
const ATTRIBUTES: [(&str, &str); 10] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.5", "serialNumber"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];

/// Signature algorithms, as openssl names them.
const SIGNATURES: [(&str, &str); 10] = [
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.113549.1.1.14", "sha224WithRSAEncryption"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    (ED25519, "Ed25519"),
];

/// The name that a table gives an object identifier.
pub(super) fn named(table: &[(&str, &'static str)], oid: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == oid).map(|(_, name)| *name)
}

fn attribute(oid: &str) -> String {
    named(&ATTRIBUTES, oid).unwrap_or(oid).to_owned()
}

pub(super) fn signature(oid: &str) -> String {
    named(&SIGNATURES, oid).unwrap_or(oid).to_owned()
}

/// The curve of a public key, where it is named and not described.
pub(super) fn curve(key: &SubjectPublicKeyInfo<'_>) -> Option<String> {
    let parameters = key.algorithm.parameters.as_ref().filter(|any| any.tag() == Tag::Oid)?;
    parameters.as_oid().ok().map(|oid| oid.to_id_string())
}

/// The kind of a public key, in words.
pub(super) fn key_kind(key: &SubjectPublicKeyInfo<'_>) -> String {
    let algorithm = key.algorithm.algorithm.to_id_string();
    match (algorithm.as_str(), curve(key).as_deref()) {
        (EC, Some(P256)) => "P-256".to_owned(),
        (EC, Some(P384)) => "P-384".to_owned(),
        (EC, Some("1.3.132.0.35")) => "P-521".to_owned(),
        (EC, Some(curve)) => format!("EC {curve}"),
        (EC, None) => "EC without a named curve".to_owned(),
        (ED25519, _) => "Ed25519".to_owned(),
        (RSA, _) => match key.parsed() {
            Ok(PublicKey::RSA(rsa)) => format!("RSA {}", rsa.key_size()),
            _ => "RSA".to_owned(),
        },
        ("1.2.840.113549.1.1.10", _) => "RSA-PSS".to_owned(),
        ("1.3.101.113", _) => "Ed448".to_owned(),
        (other, _) => other.to_owned(),
    }
}

/// A subject alternative name in words; kinds other than hosts, addresses, mailboxes and URIs with their kind.
pub(super) fn general_name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(text) | GeneralName::RFC822Name(text) | GeneralName::URI(text) => {
            printable(text)
        }
        GeneralName::IPAddress(bytes) => {
            address(bytes).map_or_else(|| crypto::hex(bytes), |ip| ip.to_string())
        }
        GeneralName::DirectoryName(directory) => format!("directory name {}", self::name(directory)),
        GeneralName::RegisteredID(oid) => format!("registered identifier {}", oid.to_id_string()),
        GeneralName::OtherName(oid, _) => format!("other name {}", oid.to_id_string()),
        _ => "a name of an unknown kind".to_owned(),
    }
}

pub(super) fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
    v4.or_else(|| <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from))
}

pub(super) fn key_usage(usage: &KeyUsage) -> Vec<&'static str> {
    let all = [
        (usage.digital_signature(), "digitalSignature"),
        (usage.non_repudiation(), "nonRepudiation"),
        (usage.key_encipherment(), "keyEncipherment"),
        (usage.data_encipherment(), "dataEncipherment"),
        (usage.key_agreement(), "keyAgreement"),
        (usage.key_cert_sign(), KEY_CERT_SIGN),
        (usage.crl_sign(), "cRLSign"),
        (usage.encipher_only(), "encipherOnly"),
        (usage.decipher_only(), "decipherOnly"),
    ];
    all.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name).collect()
}

pub(super) fn extended_key_usage(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let all = [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.server_auth, "serverAuth"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let known = all.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name.to_owned());
    known.chain(usage.other.iter().map(Oid::to_id_string)).collect()
}
