//! Variables that make programs trust the authority: for shells, and for images of containers.
//!
//! Some variables add to what a program trusts. Others replace it: pointed at the authority alone they would cut the
//! program off from the rest of the world, so they get a bundle of the system's roots and the authority.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::armor;
use crate::error::{Error, Result};
use crate::person::Person;

/// Where systems keep all their roots in one file of PEM, the most common first.
const SYSTEM_BUNDLES: [&str; 7] = [
    // Debian, Ubuntu, Alpine, Arch, Gentoo
    "/etc/ssl/certs/ca-certificates.crt",
    // RHEL, Fedora
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    // SUSE
    "/etc/ssl/ca-bundle.pem",
    // NixOS
    "/etc/ssl/certs/ca-bundle.crt",
    // macOS, FreeBSD
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// Variables whose file adds to what a program trusts.
const ADDING: [&str; 2] = ["NODE_EXTRA_CA_CERTS", "DENO_CERT"];

/// Variables whose file replaces what a program trusts.
const REPLACING: [&str; 7] = [
    // OpenSSL, Python's ssl, Ruby, Go, rustls
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    // Python's requests, and pip
    "REQUESTS_CA_BUNDLE",
    "PIP_CERT",
    "AWS_CA_BUNDLE",
    "CARGO_HTTP_CAINFO",
];

/// A family of shells: how it sets a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// sh, bash, dash, ksh, zsh.
    Posix,
    /// fish.
    Fish,
    /// PowerShell.
    PowerShell,
}

impl Shell {
    /// The shell that the person uses, as `$SHELL` says.
    pub fn of(person: &Person) -> Self {
        let shell = person.variable("SHELL").unwrap_or_default();
        match shell.rsplit('/').next() {
            Some("fish") => Self::Fish,
            Some("pwsh") => Self::PowerShell,
            _ => Self::Posix,
        }
    }

    /// The line that sets a variable for the programs which the shell starts.
    fn line(self, name: &str, value: &str) -> String {
        match self {
            Self::Posix => format!("export {name}='{}'\n", value.replace('\'', r"'\''")),
            Self::Fish => {
                format!("set -gx {name} '{}'\n", value.replace('\\', r"\\").replace('\'', r"\'"))
            }
            Self::PowerShell => format!("$env:{name} = '{}'\n", doubled(value)),
        }
    }
}

/// PowerShell ends a quoted text at typographic quotes too.
fn doubled(value: &str) -> String {
    let quotes = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];
    let mut out = String::with_capacity(value.len());
    for character in value.chars() {
        out.push(character);
        if quotes.contains(&character) {
            out.push(character);
        }
    }
    out
}

/// The lines that make programs started by a shell trust the authority.
///
/// `ca` is the authority's certificate alone as PEM; `bundle` is what [`bundle`] made from the files that
/// [`roots_in_use`] names. A variable that adds and already names a file of the person's gets the bundle, which holds
/// that file's certificates too.
///
/// # Errors
/// When a path is not UTF-8.
pub fn script(shell: Shell, person: &Person, ca: &Path, bundle: &Path) -> Result<String> {
    let ours = [ca, bundle];
    let (ca, bundle) = (text(ca)?, text(bundle)?);
    let adding = ADDING.into_iter().map(|name| match file_in(person, name, &ours) {
        None => shell.line(name, ca),
        Some(_) => shell.line(name, bundle),
    });
    Ok(adding.chain(REPLACING.into_iter().map(|name| shell.line(name, bundle))).collect())
}

/// The files of roots that the person's programs trust today: what a bundle is made of, beside the authority.
///
/// The system's own, unless `SSL_CERT_FILE` names another, and what the variables that add name. `ours` are the files
/// that this program writes: when a variable already names them they are not counted.
pub fn roots_in_use(person: &Person, ours: &[&Path]) -> Vec<PathBuf> {
    let system = || SYSTEM_BUNDLES.iter().map(PathBuf::from).find(|path| path.is_file());
    let base = file_in(person, "SSL_CERT_FILE", ours).or_else(system);
    let added = ADDING.iter().filter_map(|name| file_in(person, name, ours));
    base.into_iter().chain(added).collect()
}

/// The file that a variable of the person's names, if it is there and not one of ours.
fn file_in(person: &Person, name: &str, ours: &[&Path]) -> Option<PathBuf> {
    person.variable(name).map(PathBuf::from).filter(|path| path.is_file() && !ours.contains(&path.as_path()))
}

/// All certificates of `roots` and then the authority's, as PEM, each once.
///
/// `roots` and `ca` are texts of PEM. What they hold beside certificates (comments, keys) is left out.
///
/// # Errors
/// When a text is not PEM.
pub fn bundle(roots: &[String], ca: &str) -> Result<String> {
    let mut bundle = String::new();
    let mut seen = HashSet::new();
    for text in roots.iter().map(String::as_str).chain([ca]) {
        let blocks = armor::parse(text.as_bytes()).map_err(|error| {
            Error::failed(format_args!("the system's roots cannot be read as PEM: {error}"))
                .hint("point SSL_CERT_FILE at a file of certificates in PEM")
        })?;
        let certificates = blocks.iter().filter(|block| block.tag() == "CERTIFICATE");
        let new = certificates.filter(|block| seen.insert(block.contents().to_vec()));
        bundle.extend(new.map(|block| armor::certificate(block.contents())));
    }
    Ok(bundle)
}

/// Lines for a Dockerfile that make an image for development trust the authority.
///
/// `ca` is the authority's certificate: the lines say how it comes into the build's folder as `rootCA.pem`.
///
/// # Errors
/// When the path is not UTF-8.
pub fn dockerfile(ca: &Path) -> Result<String> {
    // A line end would end the comment and begin an instruction.
    let path = text(ca)?.replace(['\n', '\r'], "?").replace('\'', r"'\''");
    Ok(DOCKERFILE.replace("{path}", &path))
}

const DOCKERFILE: &str = r#"# Trust the local authority: for development images alone. Once, beside this file: cp '{path}' rootCA.pem
COPY rootCA.pem /usr/local/share/ca-certificates/rootCA.crt
RUN if command -v update-ca-certificates >/dev/null; then update-ca-certificates; \
    elif command -v update-ca-trust >/dev/null; then \
        cp /usr/local/share/ca-certificates/rootCA.crt /etc/pki/ca-trust/source/anchors/ && update-ca-trust extract \
        && { [ -e /etc/ssl/certs/ca-certificates.crt ] \
            || ln -s /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/certs/ca-certificates.crt; }; \
    else echo 'install the package ca-certificates before these lines' >&2; exit 1; fi
# Node and Python's requests do not read the system's store.
ENV NODE_EXTRA_CA_CERTS=/usr/local/share/ca-certificates/rootCA.crt
ENV REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
"#;

fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        Error::refused(format_args!("{} is not UTF-8, so no variable can hold it", path.display()))
            .hint("move the authority's folder, and say where it is by CAROOT=FOLDER")
    })
}

#[cfg(test)]
mod tests {
    use super::super::specimen::{Folder, Specimen, is_installed, run};
    use super::*;
    use manage_leaves::environment::Environment;

    const NASTY: &str = "/tmp/it's \"$HOME\" `id` \\ and\nmore\u{2019}";

    fn person(variables: &[(&str, &Path)]) -> Person {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), value.to_str().unwrap().to_owned()));
        Person::of(&Environment::of(variables)).unwrap()
    }

    fn nasty(shell: Shell) -> String {
        script(shell, &person(&[]), Path::new(NASTY), Path::new("/bundle")).unwrap()
    }

    #[test]
    fn shells_read_a_path_of_quotes_dollars_and_line_ends_as_it_is() {
        let shells = [
            ("sh", Shell::Posix),
            ("bash", Shell::Posix),
            ("zsh", Shell::Posix),
            ("fish", Shell::Fish),
            ("pwsh", Shell::PowerShell),
        ];
        for (program, shell) in shells.into_iter().filter(|(program, _)| is_installed(program)) {
            let script = format!("{}printenv NODE_EXTRA_CA_CERTS", nasty(shell));
            assert_eq!(run(Path::new("/"), program, &["-c", &script]), format!("{NASTY}\n"), "{program}");
        }
    }

    #[test]
    fn fish_and_powershell_have_quotes_of_their_own() {
        assert!(
            nasty(Shell::Fish)
                .starts_with("set -gx NODE_EXTRA_CA_CERTS '/tmp/it\\'s \"$HOME\" `id` \\\\ and")
        );
        let expected =
            "$env:NODE_EXTRA_CA_CERTS = '/tmp/it''s \"$HOME\" `id` \\ and\nmore\u{2019}\u{2019}'\n";
        assert!(nasty(Shell::PowerShell).starts_with(expected));
    }

    #[test]
    fn what_replaces_gets_the_bundle_and_what_adds_the_authority() {
        let script = script(Shell::Posix, &person(&[]), Path::new("/ca"), Path::new("/bundle")).unwrap();
        assert!(script.contains("export NODE_EXTRA_CA_CERTS='/ca'\n"));
        assert!(script.contains("export SSL_CERT_FILE='/bundle'\n"));
    }

    #[test]
    fn what_the_person_had_added_stays_in_the_bundle() {
        let folder = Folder::new();
        let (own, ca) = (folder.write("own.pem", ""), folder.write("ca.pem", ""));
        let bundle = folder.write("bundle.pem", "");
        let environment =
            [("NODE_EXTRA_CA_CERTS", own.as_path()), ("DENO_CERT", &ca), ("SSL_CERT_FILE", &bundle)];
        let person = person(&environment);
        let files = roots_in_use(&person, &[&ca, &bundle]);
        assert_eq!(files.last(), Some(&own));
        assert!(!files.contains(&ca) && !files.contains(&bundle));
        let script = script(Shell::Posix, &person, &ca, &bundle).unwrap();
        assert!(script.contains(&format!("NODE_EXTRA_CA_CERTS='{}'", bundle.display())));
        assert!(script.contains(&format!("DENO_CERT='{}'", ca.display())));
    }

    #[test]
    fn a_bundle_holds_each_certificate_once_and_no_key() {
        let (one, other) = (Specimen::new(), Specimen::new());
        let key = armor::encode("PRIVATE KEY", &one.key);
        let system = format!("# a comment\n{}{key}", one.ca_pem());
        let text = bundle(&[system.clone(), system], &other.ca_pem()).unwrap();
        assert_eq!(armor::of_pem(text.as_bytes()), [one.ca, other.ca]);
        assert!(!text.contains("KEY"));
        assert!(
            bundle(&["-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----".to_owned()], "").is_err()
        );
    }

    #[test]
    fn openssl_verifies_against_a_bundle_of_the_machines_own_roots() {
        let specimen = Specimen::new();
        let folder = Folder::new();
        let system: Vec<String> = roots_in_use(&person(&[]), &[])
            .iter()
            .map(|file| std::fs::read_to_string(file).unwrap())
            .collect();
        folder.write("bundle.pem", bundle(&system, &specimen.ca_pem()).unwrap());
        folder.write("leaf.pem", armor::certificate(&specimen.chain[0]));
        run(&folder.0, "openssl", &["verify", "-CAfile", "bundle.pem", "leaf.pem"]);
    }

    #[test]
    fn a_dockerfiles_comment_stays_one_line() {
        let text = dockerfile(Path::new("/home/ann/a\nRUN evil/rootCA.pem")).unwrap();
        let instructions = text.lines().filter(|line| !line.starts_with([' ', '#']));
        let verbs: Vec<&str> = instructions.filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(verbs, ["COPY", "RUN", "ENV", "ENV"]);
    }

    #[test]
    fn a_shell_reads_what_the_image_runs() {
        let text = dockerfile(Path::new("/ca")).unwrap();
        let command = text.split("RUN ").nth(1).unwrap().split("\n#").next().unwrap().replace("\\\n", "");
        run(Path::new("/"), "sh", &["-nc", &command]);
    }
}
