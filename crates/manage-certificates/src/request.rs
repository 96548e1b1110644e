//! Certificate signing requests. A request gives its key and its names, nothing else.

use std::path::Path;

use rcgen::{
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, PublicKeyData,
    SignatureAlgorithm,
};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use super::error::{Error, Result};
use super::facts::{self, address, extended_key_usage, general_name, key_kind, key_usage};
use super::key::{EC, ED25519, P256, P384, RSA};
use super::names::{self, Name};
use super::purposes::purposes;
use super::{armor, der};

/// Fewest bits of an RSA key that clients accept.
const MIN_RSA_BITS: usize = 2048;
/// `sha1WithRSAEncryption` and `ecdsa-with-SHA1`.
const SHA1: [&str; 3] = ["1.2.840.113549.1.1.5", "1.3.14.3.2.29", "1.2.840.10045.4.1"];
/// The signatures that can be checked here: ECDSA with SHA-256 and SHA-384, RSA with SHA-256, -384 and -512, Ed25519.
const CHECKED: [&str; 6] = [
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    ED25519,
];
/// `id-at-commonName`.
const COMMON_NAME: &str = "2.5.4.3";
/// `id-ce-subjectAltName`.
const ALTERNATIVE_NAMES: &str = "2.5.29.17";
/// Extensions that are left out of certificates, as RFC 5280 names them.
const EXTENSIONS: [(&str, &str); 12] = [
    ("2.5.29.14", "subjectKeyIdentifier"),
    ("2.5.29.15", "keyUsage"),
    ("2.5.29.18", "issuerAltName"),
    ("2.5.29.19", "basicConstraints"),
    ("2.5.29.30", "nameConstraints"),
    ("2.5.29.31", "cRLDistributionPoints"),
    ("2.5.29.32", "certificatePolicies"),
    ("2.5.29.35", "authorityKeyIdentifier"),
    ("2.5.29.36", "policyConstraints"),
    ("2.5.29.37", "extendedKeyUsage"),
    ("1.3.6.1.5.5.7.1.1", "authorityInfoAccess"),
    ("1.3.6.1.5.5.7.1.24", "TLS feature (must-staple)"),
];

/// A public key that somebody else has the private half of.
#[derive(Debug, Clone)]
pub struct PublicKey {
    bits: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
    /// Its kind, in words: `RSA 2048`.
    pub kind: String,
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

    /// Whether it is one of RSA.
    pub(super) fn is_rsa(&self) -> bool {
        self.kind.starts_with("RSA")
    }

    fn read(key: &SubjectPublicKeyInfo<'_>) -> Result<Self> {
        let kind = key_kind(key);
        let unsupported = |why: &str| {
            Error::refused(format_args!("a key of the kind {kind} cannot be in a certificate: {why}"))
                .hint("make the request with a key of P-256, P-384, RSA of 2048 bits or more, or Ed25519")
        };
        let oid = key.algorithm.algorithm.to_id_string();
        let algorithm = match (oid.as_str(), facts::curve(key).as_deref()) {
            (EC, Some(P256)) => &PKCS_ECDSA_P256_SHA256,
            (EC, Some(P384)) => &PKCS_ECDSA_P384_SHA384,
            (ED25519, _) => &PKCS_ED25519,
            (RSA, _) => match kind.strip_prefix("RSA ").and_then(|bits| bits.parse::<usize>().ok()) {
                Some(bits) if bits >= MIN_RSA_BITS => &PKCS_RSA_SHA256,
                _ => return Err(unsupported("clients refuse RSA keys below 2048 bits")),
            },
            _ => return Err(unsupported("browsers refuse it")),
        };
        Ok(Self { bits: key.subject_public_key.data.to_vec(), algorithm, kind })
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
    /// Reads a request in PEM or DER and checks that its sender holds the key. `path` is for messages; a certificate
    /// for a client as well gives more of what is asked for.
    ///
    /// # Errors
    /// When it is no request, its signature is wrong, its key cannot be in a certificate, or a name is refused.
    pub fn read(bytes: &[u8], path: &Path, is_client: bool, force: bool) -> Result<Self> {
        let der = to_der(bytes, path)?;
        let (rest, request) =
            X509CertificationRequest::from_der(&der).map_err(|_| wrong(path, "it is damaged"))?;
        if !rest.is_empty() {
            return Err(wrong(path, "there is more behind it"));
        }
        let info = &request.certification_request_info;
        let key = PublicKey::read(&info.subject_pki)?;
        check_signature(&request, path)?;
        let asked: Vec<&X509Extension<'_>> = extensions(&request).collect();
        let names = names::parse_all(&wanted(&info.subject, &asked)?, force)?;
        let given = Given::of(&key, &names, is_client);
        let dropped = asked.iter().filter_map(|extension| given.left_out(extension));
        let dropped = dropped.chain(left_out_subject(&info.subject, &names)).collect();
        Ok(Self { key, names, dropped })
    }
}

fn wrong(path: &Path, why: &str) -> Error {
    Error::refused(format_args!("{} holds no request: {why}", path.display()))
}

/// The request in a file's content as DER.
fn to_der(bytes: &[u8], path: &Path) -> Result<Vec<u8>> {
    let is_request = |tag: &str| matches!(tag, "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST");
    let blocks = armor::blocks(bytes);
    if let Some(block) = blocks.into_iter().find(|block| is_request(block.tag())) {
        return Ok(block.into_contents());
    }
    if bytes.is_empty() {
        return Err(wrong(path, "it is empty"));
    }
    if !armor::of_pem(bytes).is_empty() || X509Certificate::from_der(bytes).is_ok() {
        return Err(wrong(path, "it is a certificate"));
    }
    if bytes.first() == Some(&der::SEQUENCE) {
        let whole = der::decode(bytes).is_some();
        return if whole {
            Ok(bytes.to_vec())
        } else {
            Err(wrong(path, "it is cut off or has more behind it"))
        };
    }
    if bytes.windows(TITLE.len()).any(|window| window == TITLE) {
        return Err(wrong(path, "its PEM is damaged"));
    }
    Err(wrong(path, "there is no `BEGIN CERTIFICATE REQUEST` in it")
        .hint("make one: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -subj /CN=app.test -addext subjectAltName=DNS:app.test -out app.csr"))
}

/// How the first line of a request in PEM ends.
const TITLE: &[u8] = b"CERTIFICATE REQUEST-----";

fn check_signature(request: &X509CertificationRequest<'_>, path: &Path) -> Result {
    let file = path.display();
    let algorithm = request.signature_algorithm.algorithm.to_id_string();
    if SHA1.contains(&algorithm.as_str()) {
        return Err(Error::refused(format_args!(
            "{file} is signed with SHA-1, which proves nothing any more"
        ))
        .hint("make it again with -sha256"));
    }
    if !CHECKED.contains(&algorithm.as_str()) {
        return Err(Error::refused(format_args!(
            "the signature of {file} cannot be checked: it is {}",
            facts::signature(&algorithm)
        ))
        .hint("make it again with -sha256"));
    }
    request.verify_signature().map_err(|_| {
        Error::refused(format_args!(
            "the signature of {file} is wrong: it was changed, or signed with another key"
        ))
    })
}

/// The extensions that a request asks for.
fn extensions<'a>(request: &'a X509CertificationRequest<'_>) -> impl Iterator<Item = &'a X509Extension<'a>> {
    let attributes = request.certification_request_info.attributes().iter();
    attributes.flat_map(|attribute| match attribute.parsed_attribute() {
        ParsedCriAttribute::ExtensionRequest(asked) => asked.extensions.as_slice(),
        _ => &[],
    })
}

/// The names that a request asks for.
fn wanted(subject: &X509Name<'_>, asked: &[&X509Extension<'_>]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for extension in asked {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(asked) => {
                for name in &asked.general_names {
                    names.push(alternative(name)?);
                }
            }
            // Its common name would be signed instead of what it asks for.
            _ if extension.oid.to_id_string() == ALTERNATIVE_NAMES => {
                return Err(Error::refused("the request's alternative names are damaged"));
            }
            _ => {}
        }
    }
    if names.is_empty() {
        names.extend(facts::common_name(subject).filter(|name| !name.is_empty()));
    }
    if names.is_empty() {
        return Err(Error::refused(
            "the request names nobody: it has neither alternative names nor a common name",
        )
        .hint("add them: openssl req ... -addext subjectAltName=DNS:app.test"));
    }
    Ok(names)
}

/// An alternative name as text, of which the same kind of name is read again. A host that is an address is one: clients
/// look for it there.
fn alternative(name: &GeneralName<'_>) -> Result<String> {
    let not_signed = || {
        Error::refused(format_args!(
            "the request asks for a name of a kind that is not signed here: {}",
            general_name(name)
        ))
    };
    let (text, kind) = match name {
        GeneralName::DNSName(text) => (*text, "host"),
        GeneralName::RFC822Name(text) => (*text, "mailbox"),
        GeneralName::URI(text) => (*text, "URI with a host"),
        GeneralName::IPAddress(bytes) if address(bytes).is_some() => return Ok(general_name(name)),
        _ => return Err(not_signed()),
    };
    match (name, Name::parse(text)) {
        (GeneralName::DNSName(_), Ok(Name::Dns(_) | Name::Ip(_)))
        | (GeneralName::RFC822Name(_), Ok(Name::Email(_)))
        | (GeneralName::URI(_), Ok(Name::Uri(_))) => Ok(text.to_owned()),
        (GeneralName::DNSName(_) | GeneralName::RFC822Name(_), Err(error)) => Err(error),
        _ => Err(Error::refused(format_args!(
            "the request asks for the {kind} `{}`, which is none",
            facts::printable(text)
        ))),
    }
}

/// What a certificate says that a request may have asked for.
struct Given {
    usages: Vec<&'static str>,
    purposes: Vec<&'static str>,
}

impl Given {
    fn of(key: &PublicKey, names: &[Name], is_client: bool) -> Self {
        let encipherment = key.is_rsa().then_some("keyEncipherment");
        let purposes = purposes(names, is_client).into_iter().map(|(name, _)| name).collect();
        Self { usages: std::iter::once("digitalSignature").chain(encipherment).collect(), purposes }
    }

    /// What of an extension is not given, in words.
    fn left_out(&self, extension: &X509Extension<'_>) -> Option<String> {
        let oid = extension.oid.to_id_string();
        let known = facts::named(&EXTENSIONS, &oid);
        let rest: Vec<String> = match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(_) => return None,
            ParsedExtension::BasicConstraints(basic) => return basic.ca.then(|| "CA:TRUE".to_owned()),
            ParsedExtension::KeyUsage(usage) => {
                let asked = key_usage(usage).into_iter().filter(|usage| !self.usages.contains(usage));
                asked.map(str::to_owned).collect()
            }
            ParsedExtension::ExtendedKeyUsage(usage) => {
                let asked = extended_key_usage(usage).into_iter();
                asked.filter(|purpose| !self.purposes.contains(&purpose.as_str())).collect()
            }
            _ => return Some(known.map_or_else(|| format!("extension {oid}"), str::to_owned)),
        };
        (!rest.is_empty()).then(|| format!("{} ({})", known.unwrap_or_default(), rest.join(", ")))
    }
}

/// The subject, when it says more than one of the names.
fn left_out_subject(subject: &X509Name<'_>, names: &[Name]) -> Option<String> {
    let is_name = |text: &str| Name::parse(text).is_ok_and(|name| names.contains(&name));
    let is_more = subject
        .iter_attributes()
        .any(|part| part.attr_type().to_id_string() != COMMON_NAME || !part.as_str().is_ok_and(is_name));
    is_more.then(|| format!("subject {}", facts::name(subject)))
}
