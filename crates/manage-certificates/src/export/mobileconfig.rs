//! Apple's configuration profiles: what iPhones, iPads and Macs install an authority from.
//!
//! The person still has to switch the trust on: Settings, General, About, Certificate Trust Settings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Builder;

use manage_leaves::crypto::sha256_hex;

/// A configuration profile (`.mobileconfig`) that holds the authority `ca` (DER), shown to people as `name`.
///
/// The same authority gives the same identifiers, so that a phone replaces the profile instead of adding another.
pub fn profile(ca: &[u8], name: &str) -> String {
    let digest = sha256_hex(ca);
    let (profile, payload) = digest.split_at(digest.len() / 2);
    TEMPLATE
        .replace("{certificate}", &STANDARD.encode(ca))
        .replace("{identifier}", &digest[..16])
        .replace("{profile}", &uuid(profile))
        .replace("{payload}", &uuid(payload))
        // Last: a name may hold what looks like a mark.
        .replace("{name}", &escaped(name))
}

const TEMPLATE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>PayloadCertificateFileName</key>
			<string>rootCA.cer</string>
			<key>PayloadContent</key>
			<data>{certificate}</data>
			<key>PayloadDescription</key>
			<string>Adds a root certificate for development</string>
			<key>PayloadDisplayName</key>
			<string>{name}</string>
			<key>PayloadIdentifier</key>
			<string>manage.certificates.{identifier}.root</string>
			<key>PayloadType</key>
			<string>com.apple.security.root</string>
			<key>PayloadUUID</key>
			<string>{payload}</string>
			<key>PayloadVersion</key>
			<integer>1</integer>
		</dict>
	</array>
	<key>PayloadDescription</key>
	<string>Lets this device trust certificates for development. Remove it when the work is done.</string>
	<key>PayloadDisplayName</key>
	<string>{name}</string>
	<key>PayloadIdentifier</key>
	<string>manage.certificates.{identifier}</string>
	<key>PayloadRemovalDisallowed</key>
	<false/>
	<key>PayloadType</key>
	<string>Configuration</string>
	<key>PayloadUUID</key>
	<string>{profile}</string>
	<key>PayloadVersion</key>
	<integer>1</integer>
</dict>
</plist>
"#;

/// The UUID (version 8) that 32 hexadecimal digits make, in upper case as Apple writes them.
fn uuid(digits: &str) -> String {
    let number = u128::from_str_radix(digits, 16).unwrap_or_default();
    let uuid = Builder::from_custom_bytes(number.to_be_bytes()).into_uuid();
    uuid.hyphenated().to_string().to_uppercase()
}

/// `text` as XML's character data, without the control characters that XML cannot hold.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars().filter(|character| !is_outside_of_xml(*character)) {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
    out
}

fn is_outside_of_xml(character: char) -> bool {
    character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{Folder, Specimen, run};
    use super::*;

    const READ: &str = "import plistlib, json
profile = plistlib.load(open('x.mobileconfig', 'rb'))
payload, = profile.pop('PayloadContent')
print(json.dumps([profile['PayloadDisplayName'], payload['PayloadDisplayName'], payload['PayloadType'],
    payload['PayloadContent'].hex(), profile['PayloadUUID'], payload['PayloadUUID']], ensure_ascii=False), end='')";

    #[test]
    fn a_plist_reader_finds_the_certificate_and_the_name_as_it_was() {
        let ca = Specimen::new().ca;
        let folder = Folder::new();
        let name = "Ann's <b>CA</b> & {payload} ü\u{7}";
        folder.write("x.mobileconfig", profile(&ca, name));
        let digest = sha256_hex(&ca);
        let shown = "Ann's <b>CA</b> & {payload} ü";
        let expected = format!(
            r#"["{shown}", "{shown}", "com.apple.security.root", "{}", "{}", "{}"]"#,
            manage_leaves::crypto::hex(&ca),
            uuid(&digest[..32]),
            uuid(&digest[32..]),
        );
        assert_eq!(run(&folder.0, "python3", &["-c", READ]), expected);
    }

    #[test]
    fn the_same_authority_gives_the_same_profile() {
        let (one, other) = (Specimen::new().ca, Specimen::new().ca);
        assert_eq!(profile(&one, "x"), profile(&one, "x"));
        assert_ne!(profile(&one, "x"), profile(&other, "x"));
    }

    #[test]
    fn uuids_are_of_version_8_in_upper_case() {
        assert_eq!(uuid(&"f".repeat(32)), "FFFFFFFF-FFFF-8FFF-BFFF-FFFFFFFFFFFF");
    }
}
