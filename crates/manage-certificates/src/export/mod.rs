//! Certificates in the shapes that other programs take: pure functions from bytes to bytes or text.

#[cfg(test)]
pub(super) mod specimen;

pub mod environment;
pub mod mobileconfig;
pub mod pkcs12;

pub mod truststore;
