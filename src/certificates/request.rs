//! Certificate signing requests. A request gives its key and its names, nothing else.

use std::path::Path;

use rcgen::{
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData,
    SignatureAlgorithm,
};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::error::{Error, Result};
use super::facts::{address, common_name, general_name, key_kind};
use super::key::{EC, ED25519, P256, P384, RSA};
use super::names::{self, Name};
use super::{armor, der};

/// Fewest bits of an RSA key that clients accept.
const MIN_RSA_BITS: usize = 2048;
/// `sha1WithRSAEncryption` and `ecdsa-with-SHA1`.
const SHA1: [&str; 3] = ["1.2.840.113549.1.1.5", "1.3.14.3.2.29", "1.2.840.10045.4.1"];

/// A public key that somebody else has the private half of.
#[derive(Debug, Clone)]
pub struct PublicKey {
    bits: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
    /// Its kind, in words: `RSA 2048`.
    pub kind: String,
    /// SubjectPublicKeyInfo as DER.
    pub der: Vec<u8>,
}

impl PublicKeyData for PublicKey {
    fn der_bytes(&self) -> &[u8] {
        &self.bits
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

impl PublicKey {
    /// Reads SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// Why the key cannot be in a certificate.
    pub fn of_der(der: &[u8]) -> Result<Self> {
        let (_, key) = SubjectPublicKeyInfo::from_der(der)
            .map_err(|_| Error::refused("the request's key is damaged"))?;
        Self::read(&key)
    }

    fn read(key: &SubjectPublicKeyInfo<'_>) -> Result<Self> {
        let kind = key_kind(key);
        let unsupported = |why: &str| {
            Error::refused(format_args!("a key of the kind {kind} cannot be in a certificate: {why}"))
                .hint("make the request with a key of P-256, P-384, RSA of 2048 bits or more, or Ed25519")
        };
        let oid = key.algorithm.algorithm.to_id_string();
        let curve = key.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
        let algorithm = match (oid.as_str(), curve.map(|oid| oid.to_id_string()).as_deref()) {
            (EC, Some(P256)) => &PKCS_ECDSA_P256_SHA256,
            (EC, Some(P384)) => &PKCS_ECDSA_P384_SHA384,
            (ED25519, _) => &PKCS_ED25519,
            (RSA, _) => match kind.strip_prefix("RSA ").and_then(|bits| bits.parse::<usize>().ok()) {
                Some(bits) if bits >= MIN_RSA_BITS => &PKCS_RSA_SHA256,
                _ => return Err(unsupported("clients refuse RSA keys below 2048 bits")),
            },
            _ => return Err(unsupported("browsers refuse it")),
        };
        Ok(Self { bits: key.subject_public_key.data.to_vec(), algorithm, kind, der: key.raw.to_vec() })
    }
}

/// What is taken from a request.
#[derive(Debug, Clone)]
pub struct SigningRequest {
    /// Its key.
    pub key: PublicKey,
    /// Its names: the alternative names, or the common name where there are none.
    pub names: Vec<Name>,
    /// What it asked for and does not get, in words.
    pub dropped: Vec<String>,
}

impl SigningRequest {
    /// Reads a request in PEM or DER and checks that its sender holds the key. `path` is for messages.
    ///
    /// # Errors
    /// When it is no request, its signature is wrong, its key cannot be in a certificate, or a name is refused.
    pub fn read(bytes: &[u8], path: &Path, force: bool) -> Result<Self> {
        let wrong = |why: &str| Error::refused(format_args!("{} holds no request: {why}", path.display()));
        let blocks = armor::blocks(bytes);
        let is_request = |tag: &str| matches!(tag, "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST");
        let request = match blocks.iter().find(|block| is_request(block.tag())) {
            Some(block) => block.contents(),
            None if blocks.is_empty() && der::decode(bytes).is_some() => bytes,
            None if bytes.is_empty() => return Err(wrong("it is empty")),
            None => return Err(wrong("there is no `BEGIN CERTIFICATE REQUEST` in it")
                .hint("make one: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -subj /CN=app.test -addext subjectAltName=DNS:app.test -out app.csr")),
        };
        let (_, request) = X509CertificationRequest::from_der(request)
            .map_err(|error| wrong(&format!("it is damaged ({error})")))?;
        let info = &request.certification_request_info;
        let key = PublicKey::read(&info.subject_pki)?;
        check_signature(&request, path)?;
        let (names, dropped) = requested(&request)?;
        Ok(Self { key, names: names::parse_all(&names, force)?, dropped })
    }
}

fn check_signature(request: &X509CertificationRequest<'_>, path: &Path) -> Result {
    let file = path.display();
    if SHA1.contains(&request.signature_algorithm.algorithm.to_id_string().as_str()) {
        return Err(Error::refused(format_args!(
            "{file} is signed with SHA-1, which proves nothing any more"
        ))
        .hint("make it again with -sha256"));
    }
    request.verify_signature().map_err(|_| {
        Error::refused(format_args!(
            "the signature of {file} is wrong: it was changed, or signed with another key"
        ))
    })
}

/// The names that a request asks for, and in words what else.
fn requested(request: &X509CertificationRequest<'_>) -> Result<(Vec<String>, Vec<String>)> {
    let (mut names, mut dropped) = (Vec::new(), Vec::new());
    for extension in request.requested_extensions().into_iter().flatten() {
        match extension {
            ParsedExtension::SubjectAlternativeName(asked) => {
                for name in &asked.general_names {
                    names.push(alternative(name)?);
                }
            }
            other => dropped.push(extension_name(other)),
        }
    }
    let subject = &request.certification_request_info.subject;
    let common_name = common_name(subject);
    if subject.iter_attributes().any(|part| part.attr_type().to_id_string() != "2.5.4.3") {
        dropped.push(format!("subject {}", super::facts::name(subject)));
    }
    if names.is_empty() {
        names.extend(common_name.filter(|name| !name.is_empty()));
    }
    if names.is_empty() {
        return Err(Error::refused(
            "the request names nobody: it has neither alternative names nor a common name",
        )
        .hint("add them: openssl req ... -addext subjectAltName=DNS:app.test"));
    }
    Ok((names, dropped))
}

fn alternative(name: &GeneralName<'_>) -> Result<String> {
    match name {
        GeneralName::DNSName(text) | GeneralName::RFC822Name(text) | GeneralName::URI(text) => {
            Ok((*text).to_owned())
        }
        GeneralName::IPAddress(bytes) if address(bytes).is_some() => Ok(general_name(name)),
        other => Err(Error::refused(format_args!(
            "the request asks for a name of a kind that is not signed here: {}",
            general_name(other)
        ))),
    }
}

fn extension_name(extension: &ParsedExtension<'_>) -> String {
    match extension {
        ParsedExtension::BasicConstraints(basic) if basic.ca => "CA:TRUE".to_owned(),
        ParsedExtension::BasicConstraints(_) => "basicConstraints".to_owned(),
        ParsedExtension::KeyUsage(_) => "keyUsage".to_owned(),
        ParsedExtension::ExtendedKeyUsage(_) => "extendedKeyUsage".to_owned(),
        ParsedExtension::SubjectKeyIdentifier(_) => "subjectKeyIdentifier".to_owned(),
        ParsedExtension::AuthorityKeyIdentifier(_) => "authorityKeyIdentifier".to_owned(),
        ParsedExtension::CertificatePolicies(_) => "certificatePolicies".to_owned(),
        ParsedExtension::NameConstraints(_) => "nameConstraints".to_owned(),
        ParsedExtension::UnsupportedExtension { oid } => match oid.to_id_string().as_str() {
            "1.3.6.1.5.5.7.1.24" => "TLS feature (must-staple)".to_owned(),
            oid => format!("extension {oid}"),
        },
        _ => "another extension".to_owned(),
    }
}
