//! PEM: the text in which certificates and keys are kept (RFC 7468).

use std::path::Path;

use pem::{EncodeConfig, LineEnding, Pem, PemError};

use super::error::{Error, Result};

/// One block of PEM, with line feeds on every platform.
pub fn encode(tag: &str, contents: &[u8]) -> String {
    pem::encode_config(&Pem::new(tag, contents), EncodeConfig::new().set_line_ending(LineEnding::LF))
}

/// A certificate as PEM.
pub fn certificate(der: &[u8]) -> String {
    encode("CERTIFICATE", der)
}

/// The blocks in `bytes`; none where there is no PEM.
///
/// # Errors
/// When it is damaged.
pub(super) fn parse(bytes: &[u8]) -> std::result::Result<Vec<Pem>, PemError> {
    pem::parse_many(bytes)
}

/// The blocks in `bytes`; none where there is no PEM or it is damaged.
pub(super) fn blocks(bytes: &[u8]) -> Vec<Pem> {
    parse(bytes).unwrap_or_default()
}

/// The certificates among the blocks of PEM in `bytes`, as DER.
pub fn of_pem(bytes: &[u8]) -> Vec<Vec<u8>> {
    let is_certificate =
        |block: &Pem| matches!(block.tag(), "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE");
    blocks(bytes).into_iter().filter(is_certificate).map(Pem::into_contents).collect()
}

/// The certificates in a file's content, PEM or one DER. `path` is for messages.
///
/// # Errors
/// When there is none.
pub fn certificates(bytes: &[u8], path: &Path) -> Result<Vec<Vec<u8>>> {
    let found = of_pem(bytes);
    if !found.is_empty() {
        return Ok(found);
    }
    if super::der::decode(bytes).is_some_and(|element| element.tag == super::der::SEQUENCE) {
        return Ok(vec![bytes.to_vec()]);
    }
    let why = if bytes.is_empty() { "it is empty" } else { "it is neither PEM nor DER" };
    Err(Error::failed(format_args!("{} holds no certificate: {why}", path.display())))
}

/// The first certificate in a file's content. `path` is for messages.
///
/// # Errors
/// As [`certificates`].
pub fn first_certificate(bytes: &[u8], path: &Path) -> Result<Vec<u8>> {
    certificates(bytes, path).map(|mut found| found.swap_remove(0))
}
