//! The names that a certificate stands for: hosts, addresses, mailboxes and URIs, checked before anything is signed.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use url::{Host, Url};

use super::error::{Error, Result};

/// Longest label of a host's name, in bytes (RFC 1035 2.3.4).
const MAX_LABEL: usize = 63;
/// Longest host's name, in bytes.
const MAX_HOST: usize = 253;

/// One name of a certificate, in the spelling in which it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// A host, lower case and in ASCII; `*.` in front stands for any one label.
    Dns(String),
    /// An address.
    Ip(IpAddr),
    /// A mailbox.
    Email(String),
    /// A URI with a host, such as a SPIFFE identity.
    Uri(String),
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(text) | Self::Email(text) | Self::Uri(text) => out.write_str(text),
            Self::Ip(address) => address.fmt(out),
        }
    }
}

impl Name {
    /// Reads a name as people type it: an address, a mailbox, a URI or a host, tried in this order.
    ///
    /// Hosts are mapped by UTS 46 and spelled in lower-case ASCII; IPv4 inside IPv6 becomes IPv4.
    ///
    /// # Errors
    /// When it is none of them, with the right spelling as a hint where one can be guessed.
    pub fn parse(text: &str) -> Result<Self> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Ip(address.to_canonical()));
        }
        check_text(text)?;
        match text {
            _ if text.contains("://") => uri(text),
            _ if text.contains('@') => email(text),
            _ => host(text).map(Self::Dns),
        }
    }

    /// The host's name in the letters of its language, where they differ from the spelling in ASCII.
    pub fn unicode(&self) -> Option<String> {
        let Self::Dns(host) = self else { return None };
        let (text, valid) = idna::domain_to_unicode(host.strip_prefix("*.").unwrap_or(host));
        let text = if host.starts_with("*.") { format!("*.{text}") } else { text };
        (valid.is_ok() && text != *host).then_some(text)
    }

    /// Whether it is a wildcard directly below a top-level name (`*.test`), which browsers refuse.
    pub fn is_top_level_wildcard(&self) -> bool {
        matches!(self, Self::Dns(host) if host.strip_prefix("*.").is_some_and(|rest| !rest.contains('.')))
    }

    /// What people should know before they rely on the name.
    pub fn caveat(&self) -> Option<String> {
        let Self::Dns(host) = self else { return None };
        if self.is_top_level_wildcard() {
            return Some(format!(
                "browsers, curl and Node refuse `{host}`: a wildcard needs two labels behind it"
            ));
        }
        if let Some(rest) = host.strip_prefix("*.") {
            return Some(format!("`{host}` does not stand for `{rest}` itself, nor for `a.b.{rest}`"));
        }
        host.contains('_').then(|| format!("Java refuses `{host}`: a host's name has no underscore"))
    }

    /// Its part of a file's name, as mkcert 1.4.4 writes it.
    fn file_stem(&self) -> String {
        self.to_string().replace([':', '/'], "_").replace('*', "_wildcard")
    }
}

/// Reads all `texts`, without those that stand for a name that came before.
///
/// # Errors
/// As [`Name::parse`]; and when a wildcard is directly below a top-level name, unless `force`.
pub fn parse_all<S: AsRef<str>>(texts: &[S], force: bool) -> Result<Vec<Name>> {
    let mut names: Vec<Name> = Vec::new();
    for text in texts {
        let name = Name::parse(text.as_ref())?;
        if name.is_top_level_wildcard() && !force {
            let rest = name.to_string().split_off(2);
            return Err(refused(text.as_ref(), "clients refuse a wildcard with a single label behind it")
                .hint(format!(
                    "name the hosts (`app.{rest}`), go one level down (`*.app.{rest}`), or add --force"
                )));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// What the files of a certificate for these names are called, without ending, as mkcert 1.4.4 calls them:
/// the first name, how many follow, and whether it is for a client.
pub fn file_stem(names: &[Name], is_client: bool) -> String {
    let first = names.first().map(Name::file_stem).unwrap_or_default();
    let others = if names.len() > 1 { format!("+{}", names.len() - 1) } else { String::new() };
    format!("{first}{others}{}", if is_client { "-client" } else { "" })
}

fn refused(text: &str, why: &str) -> Error {
    Error::refused(format_args!("`{text}` cannot be in a certificate: {why}"))
}

/// Refuses what is nearly a name, with the name as a hint.
fn check_text(text: &str) -> Result {
    if text.is_empty() {
        return Err(Error::refused("an empty name cannot be in a certificate"));
    }
    let (why, better) = if let Some((_, address)) = text.split_once('<') {
        ("it is more than a mailbox", address.strip_suffix('>').map(str::to_owned))
    } else if text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        ("it has spaces", Some(text.split_whitespace().collect::<Vec<_>>().join(" ")))
    } else if let Some(address) = text.strip_prefix("mailto:") {
        ("a mailbox is written without `mailto:`", Some(address.to_owned()))
    } else if let Some((address, _)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        ("an address is written without brackets and port", Some(address.to_owned()))
    } else if let Some((address, _)) =
        text.split_once('%').filter(|(text, _)| text.parse::<Ipv6Addr>().is_ok())
    {
        ("an address is written without its zone", Some(address.to_owned()))
    } else if text.starts_with('-') {
        ("it looks like a flag", None)
    } else {
        return Ok(());
    };
    // Only what would be accepted is worth typing.
    let better = better.filter(|better| better != text && Name::parse(better).is_ok());
    Err(with_spelling(refused(text, why), better))
}

fn with_spelling(error: Error, better: Option<String>) -> Error {
    match better {
        Some(better) => error.hint(format!("write `{better}`")),
        None => error,
    }
}

fn uri(text: &str) -> Result<Name> {
    let parsed = Url::parse(text).map_err(|error| refused(text, &error.to_string()))?;
    if !parsed.has_host() || parsed.host_str() == Some("") {
        return Err(refused(text, "a URI in a certificate needs a host"));
    }
    Ok(Name::Uri(if text.is_ascii() { text.to_owned() } else { parsed.into() }))
}

fn email(text: &str) -> Result<Name> {
    let Some((mailbox, domain)) = text.rsplit_once('@').filter(|(mailbox, _)| !mailbox.is_empty()) else {
        return Err(refused(text, "there is nobody in front of the `@`"));
    };
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    let dots = mailbox.starts_with('.') || mailbox.ends_with('.') || mailbox.contains("..");
    if dots || !mailbox.bytes().all(is_letter) {
        return Err(refused(text, "what stands in front of the `@` is no mailbox"));
    }
    let domain = host(domain)?;
    if domain.starts_with('*') {
        return Err(refused(text, "a mailbox has no wildcard"));
    }
    Ok(Name::Email(format!("{mailbox}@{domain}")))
}

/// A host's name by UTS 46, in lower case.
fn host(text: &str) -> Result<String> {
    if let Some((host, port)) = text.rsplit_once(':')
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        let better = Some(host.to_owned()).filter(|host| Name::parse(host).is_ok());
        return Err(with_spelling(refused(text, "a certificate holds for every port"), better));
    }
    let (wildcard, name) = match text.strip_prefix("*.") {
        Some(rest) => ("*.", rest),
        None => ("", text),
    };
    if name.contains('*') {
        return Err(refused(text, "a wildcard stands for the whole first label")
            .hint("a wildcard looks like `*.app.test`"));
    }
    let mapped = Uts46::new()
        .to_ascii(name.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
        .map_err(|_| refused(text, "no host's name can be written like that (UTS 46)"))?;
    if let Some(without) = mapped.strip_suffix('.') {
        let better = Some(format!("{wildcard}{without}")).filter(|better| host(better).is_ok());
        return Err(with_spelling(refused(text, "it is written without the final dot"), better));
    }
    if let Some(why) = wrong_label(&mapped) {
        return Err(refused(text, &why));
    }
    if mapped.len() + wildcard.len() > MAX_HOST {
        return Err(refused(text, &format!("it is longer than {MAX_HOST} bytes")));
    }
    if is_number(mapped.rsplit('.').next().unwrap_or_default()) {
        // What browsers make of it (WHATWG URL, "host parsing").
        let address = Host::parse(&mapped).ok().filter(|_| wildcard.is_empty());
        let better =
            address.and_then(|host| if let Host::Ipv4(ip) = host { Some(ip.to_string()) } else { None });
        return Err(with_spelling(
            refused(text, "a name whose last label is a number reads as an address"),
            better,
        ));
    }
    Ok(format!("{wildcard}{mapped}"))
}

fn wrong_label(host: &str) -> Option<String> {
    host.split('.').find_map(|label| {
        let letters =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        match label {
            "" => Some("it has an empty label".to_owned()),
            _ if label.len() > MAX_LABEL => Some(format!("a label is longer than {MAX_LABEL} bytes")),
            _ if label.starts_with('-') || label.ends_with('-') => {
                Some(format!("the label `{label}` begins or ends with a hyphen"))
            }
            _ => {
                let wrong = label.chars().find(|letter| !u8::try_from(*letter).is_ok_and(letters))?;
                Some(format!("a host's name has no `{wrong}`"))
            }
        }
    })
}

fn is_number(label: &str) -> bool {
    match label.strip_prefix("0x") {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        Name::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
    }

    fn refusal(text: &str) -> String {
        let error = parse_all(&[text], false).expect_err(text);
        [vec![error.to_string()], error.hints].concat().join(" | ")
    }

    #[test]
    fn names_are_spelled_as_they_are_signed() {
        for (text, signed) in [
            ("example.com", "example.com"),
            ("localhost", "localhost"),
            ("under_score.test", "under_score.test"),
            ("*.Example.com", "*.example.com"),
            ("::1", "::1"),
            ("2001:DB8:0::1", "2001:db8::1"),
            ("::ffff:127.0.0.1", "127.0.0.1"),
            ("Bücher.Example", "xn--bcher-kva.example"),
            ("bu\u{308}cher.example", "xn--bcher-kva.example"),
            ("EXAMPLE.Test", "example.test"),
            ("ｅｘａｍｐｌｅ.test", "example.test"),
            ("example。test", "example.test"),
            ("r3---sn.test", "r3---sn.test"),
            ("user+tag@Example.com", "user+tag@example.com"),
            ("spiffe://td/x", "spiffe://td/x"),
            ("https://h/p", "https://h/p"),
        ] {
            assert_eq!(parsed(text), signed);
        }
    }

    #[test]
    fn the_kind_of_a_name_is_seen() {
        assert!(matches!(Name::parse("127.0.0.1"), Ok(Name::Ip(_))));
        assert!(matches!(Name::parse("a@b.test"), Ok(Name::Email(_))));
        assert!(matches!(Name::parse("spiffe://td/x"), Ok(Name::Uri(_))));
        assert!(matches!(Name::parse("a.test"), Ok(Name::Dns(_))));
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_right_spelling() {
        for (text, said) in [
            ("", "an empty name cannot be in a certificate"),
            ("*", "a wildcard stands for the whole first label | a wildcard looks like `*.app.test`"),
            ("a.*.com", "a wildcard stands for the whole first label | a wildcard looks like `*.app.test`"),
            ("*.*.x.com", "a wildcard stands for the whole first label | a wildcard looks like `*.app.test`"),
            (
                "*.com",
                "clients refuse a wildcard with a single label behind it | name the hosts (`app.com`), go one level down (`*.app.com`), or add --force",
            ),
            (
                "*.localhost",
                "clients refuse a wildcard with a single label behind it | name the hosts (`app.localhost`), go one level down (`*.app.localhost`), or add --force",
            ),
            ("example.com.", "it is written without the final dot | write `example.com`"),
            ("[::1]", "an address is written without brackets and port | write `::1`"),
            ("[::1]:8443", "an address is written without brackets and port | write `::1`"),
            ("fe80::1%eth0", "an address is written without its zone | write `fe80::1`"),
            ("localhost:8443", "a certificate holds for every port | write `localhost`"),
            ("127.0.0.1:8443", "a certificate holds for every port | write `127.0.0.1`"),
            ("a b", "it has spaces"),
            (" app.test ", "it has spaces | write `app.test`"),
            ("../x", "it has an empty label"),
            ("x/y", "a host's name has no `/`"),
            ("mailto:me@app.test", "a mailbox is written without `mailto:` | write `me@app.test`"),
            ("Foo <a@b>", "it is more than a mailbox | write `a@b`"),
            ("@b.test", "there is nobody in front of the `@`"),
            ("a..b@c.test", "what stands in front of the `@` is no mailbox"),
            ("a@*.b.test", "a mailbox has no wildcard"),
            ("a..b", "it has an empty label"),
            (".a", "it has an empty label"),
            ("192.168.1.300", "a name whose last label is a number reads as an address"),
            ("127.1", "a name whose last label is a number reads as an address | write `127.0.0.1`"),
            ("0x7f000001", "a name whose last label is a number reads as an address | write `127.0.0.1`"),
            ("dash-.test", "the label `dash-` begins or ends with a hyphen"),
            ("-ecdsa", "it looks like a flag"),
            ("x$.test", "a host's name has no `$`"),
            ("http://", "empty host"),
            ("data://", "a URI in a certificate needs a host"),
        ] {
            let expected = if text.is_empty() {
                said.to_owned()
            } else {
                format!("`{text}` cannot be in a certificate: {said}")
            };
            assert_eq!(refusal(text), expected);
        }
        let long = format!("{}.test", "a".repeat(70));
        assert!(refusal(&long).ends_with("a label is longer than 63 bytes"));
        let long = format!("{}test", "abcdefgh.".repeat(30));
        assert!(refusal(&long).ends_with("it is longer than 253 bytes"));
    }

    #[test]
    fn a_name_is_taken_once_and_a_short_wildcard_by_force() {
        let names = parse_all(&["*.test", "A.test", "a.test", "::ffff:1.2.3.4", "1.2.3.4"], true).unwrap();
        assert_eq!(names.iter().map(Name::to_string).collect::<Vec<_>>(), ["*.test", "a.test", "1.2.3.4"]);
    }

    #[test]
    fn files_are_called_as_mkcert_calls_them() {
        for (texts, is_client, stem) in [
            (&["example.com", "a.test", "b.test"][..], false, "example.com+2"),
            (&["*.example.it"], false, "_wildcard.example.it"),
            (&["::1"], false, "__1"),
            (&["2001:db8::1"], false, "2001_db8__1"),
            (&["user@example.com"], false, "user@example.com"),
            (&["localhost", "::1"], true, "localhost+1-client"),
            (&["spiffe://td/x"], false, "spiffe___td_x"),
        ] {
            assert_eq!(file_stem(&parse_all(texts, false).unwrap(), is_client), stem);
        }
    }

    #[test]
    fn people_are_told_what_a_name_does_not_do() {
        let name = |text| Name::parse(text).unwrap();
        assert_eq!(name("xn--bcher-kva.example").unicode().as_deref(), Some("bücher.example"));
        assert_eq!(name("*.xn--bcher-kva.example").unicode().as_deref(), Some("*.bücher.example"));
        assert_eq!(name("plain.example").unicode(), None);
        assert!(name("*.app.test").caveat().unwrap().contains("`a.b.app.test`"));
        assert!(name("under_score.test").caveat().unwrap().starts_with("Java"));
        assert_eq!(name("app.test").caveat(), None);
    }
}
