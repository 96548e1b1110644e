//! What a certificate is for, by its names.

use rcgen::ExtendedKeyUsagePurpose;

use super::names::Name;

/// What a certificate for these names is for, with the names of RFC 5280.
pub(super) fn purposes(names: &[Name], is_client: bool) -> Vec<(&'static str, ExtendedKeyUsagePurpose)> {
    let all = [
        (is_client, ("clientAuth", ExtendedKeyUsagePurpose::ClientAuth)),
        (!names.iter().all(is_mailbox), ("serverAuth", ExtendedKeyUsagePurpose::ServerAuth)),
        (names.iter().any(is_mailbox), ("emailProtection", ExtendedKeyUsagePurpose::EmailProtection)),
    ];
    all.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, purpose)| purpose).collect()
}

/// Whether a name is a mailbox.
pub(super) fn is_mailbox(name: &Name) -> bool {
    matches!(name, Name::Email(_))
}
