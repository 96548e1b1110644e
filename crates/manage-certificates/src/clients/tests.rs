use std::fs;
use std::os::unix::fs::MetadataExt as _;

use super::*;
use crate::export::specimen::{Folder as Temporary, Specimen, is_installed, run};
use crate::file::{self, Access};
use manage_leaves::environment::Environment;

/// A person with an empty home folder and these variables, who trusts nothing beyond the system's store.
fn person(home: &Temporary, variables: &[(&str, &Path)]) -> Person {
    let path = Environment::of_process().get("PATH").unwrap().to_owned();
    let own = [("PATH".to_owned(), path), ("HOME".to_owned(), home.0.display().to_string())];
    let given = variables.iter().map(|(name, value)| ((*name).to_owned(), value.display().to_string()));
    Person::of(&Environment::of(own.into_iter().chain(given))).unwrap()
}

fn outcome(person: &Person, specimen: &Specimen, client: &str) -> Outcome {
    let mut findings = examine(person, &specimen.chain[..1], &specimen.key, &[client]).unwrap();
    assert_eq!(findings.len(), 1);
    findings.remove(0).outcome
}

/// What a client says that does not trust, and what it is advised.
fn refusal(person: &Person, specimen: &Specimen, client: &str) -> (String, Vec<String>) {
    match outcome(person, specimen, client) {
        Outcome::Refuses { said, advice } => (said, advice),
        other => panic!("{client}: {other:?}"),
    }
}

/// The clients of the system's store that a variable convinces, and what each says without.
const CONVINCED: [(&str, &str, &str); 4] = [
    ("openssl", "SSL_CERT_FILE", "verify error:num="),
    ("curl", "CURL_CA_BUNDLE", "curl: (60) SSL certificate problem"),
    ("python", "SSL_CERT_FILE", "CERTIFICATE_VERIFY_FAILED"),
    ("node", "NODE_EXTRA_CA_CERTS", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
];

#[test]
fn clients_trust_when_a_variable_names_the_authority_and_refuse_in_their_own_words_without() {
    let specimen = Specimen::new();
    let home = Temporary::new();
    let ca = home.write("ca.pem", specimen.ca_pem());
    for (client, variable, words) in CONVINCED
        .into_iter()
        .filter(|(client, ..)| is_installed(client) || (*client == "python" && is_installed("python3")))
    {
        let (said, advice) = refusal(&person(&home, &[]), &specimen, client);
        assert!(said.contains(words), "{client}: {said}");
        assert!(advice.iter().all(|line| !line.contains("is set")), "{client}: {advice:?}");
        assert_eq!(
            outcome(&person(&home, &[(variable, &ca)]), &specimen, client),
            Outcome::Trusts,
            "{client}"
        );
    }
}

#[test]
fn a_variable_that_points_elsewhere_is_named_beside_the_refusal() {
    let home = Temporary::new();
    let elsewhere = home.write("elsewhere.pem", Specimen::new().ca_pem());
    let (_, advice) = refusal(&person(&home, &[("SSL_CERT_FILE", &elsewhere)]), &Specimen::new(), "openssl");
    let named = format!("SSL_CERT_FILE is set, which may change what it trusts: {}", elsewhere.display());
    assert_eq!(advice.last(), Some(&named));
}

#[test]
fn java_trusts_by_a_truststore_of_ours() {
    if !is_installed("javac") {
        return;
    }
    let specimen = Specimen::new();
    let home = Temporary::new();
    let store = crate::export::truststore::truststore(&specimen.ca, "authority").unwrap();
    let store = home.write("truststore.p12", store);
    let options = format!("-Djavax.net.ssl.trustStore={}", store.display());
    let trusting = person(&home, &[("JAVA_TOOL_OPTIONS", Path::new(&options))]);
    assert_eq!(outcome(&trusting, &specimen, "java"), Outcome::Trusts);
    let (said, _) = refusal(&person(&home, &[]), &specimen, "java");
    assert!(said.contains("unable to find valid certification path"), "{said}");
}

#[test]
fn wget_refuses_an_authority_that_the_system_does_not_know() {
    if !is_installed("wget") {
        return;
    }
    let (said, advice) = refusal(&person(&Temporary::new(), &[]), &Specimen::new(), "wget");
    assert!(said.starts_with("ERROR:"), "{said}");
    assert!(advice[0].ends_with("manage cert install --stores system"));
}

#[test]
fn browsers_trust_what_their_databases_hold() {
    if Environment::of_process().get("MANAGE_TEST_BROWSERS") != Some("1") {
        return;
    }
    let specimen = Specimen::new();
    let home = Temporary::new();
    home.write("ca.pem", specimen.ca_pem());
    let browsers = [("chromium", ".pki/nssdb"), ("firefox", ".mozilla/firefox/own")];
    for (client, database) in browsers.into_iter().filter(|(client, _)| is_installed(client)) {
        let person = person(&home, &[]);
        let (said, _) = refusal(&person, &specimen, client);
        assert!(said.contains("ERR_CERT_AUTHORITY_INVALID") || said.contains("alert"), "{client}: {said}");
        if !is_installed("certutil") {
            continue;
        }
        fs::create_dir_all(home.0.join(database)).unwrap();
        if client == "firefox" {
            home.write(".mozilla/firefox/profiles.ini", "[Profile0]\nPath=own\n");
        }
        let place = format!("sql:{database}");
        run(&home.0, "certutil", &["-N", "-d", &place, "--empty-password"]);
        run(&home.0, "certutil", &["-A", "-d", &place, "-t", "C,,", "-n", "x", "-i", "ca.pem"]);
        assert_eq!(outcome(&person, &specimen, client), Outcome::Trusts, "{client}");
    }
}

/// A folder with a program of ours in the place of a real one.
fn impostor(name: &str, script: &str) -> Temporary {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Temporary::new();
    let path = folder.write(name, format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn person_with(folder: &Temporary) -> Person {
    let path = format!("{}:/usr/bin:/bin", folder.0.display());
    Person::of(&Environment::of([("PATH".to_owned(), path)])).unwrap()
}

#[test]
fn a_client_that_never_connects_is_skipped_with_its_own_reason() {
    let folder = impostor("curl", "echo 'no network today' >&2; exit 7");
    let outcome = outcome(&person_with(&folder), &Specimen::new(), "curl");
    let why = "it never came to the server that it was sent to: no network today";
    assert_eq!(outcome, Outcome::Skipped(why.to_owned()));
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_and_no_finding() {
    let path = Environment::of_process().get("PATH").unwrap().to_owned();
    let variables = [("PATH".to_owned(), path), ("TMPDIR".to_owned(), "/nowhere".to_owned())];
    let person = Person::of(&Environment::of(variables)).unwrap();
    let specimen = Specimen::new();
    let error = examine(&person, &specimen.chain, &specimen.key, &["openssl"]).unwrap_err();
    assert!(error.to_string().starts_with("cannot make /nowhere/manage-"), "{error}");
}

#[test]
fn what_a_client_leaves_running_is_ended_with_it() {
    let folder = impostor("curl", "sleep 600 & echo $! > \"$(dirname \"$0\")/child\"; exit 7");
    outcome(&person_with(&folder), &Specimen::new(), "curl");
    let child = fs::read_to_string(folder.0.join("child")).unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    let is_alive = || {
        // A killed child that nobody has waited for yet is there as a zombie.
        let status = fs::read_to_string(format!("/proc/{}/stat", child.trim()));
        status.is_ok_and(|status| !status.contains(") Z"))
    };
    while is_alive() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(20));
    }
    assert!(!is_alive());
}

#[test]
fn through_sudo_a_client_runs_as_the_person() {
    let folder = impostor("curl", "echo \"user $(id -u), $USER, $(touch file && echo wrote)\" >&2; exit 7");
    let path = format!("{}:/usr/bin:/bin", folder.0.display());
    let variables = [("PATH".to_owned(), path), ("SUDO_USER".to_owned(), "nobody".to_owned())];
    let nobody = Person::of(&Environment::of(variables)).unwrap();
    let Some(owner) = nobody.owner else { return };
    let Outcome::Skipped(why) = outcome(&nobody, &Specimen::new(), "curl") else { panic!("it connected") };
    assert!(why.contains(&format!("user {}, nobody", owner.uid)) && why.contains("wrote"), "{why}");
}

#[test]
fn through_sudo_all_that_lies_ready_for_a_client_becomes_the_persons() {
    let nobody = Person::of(&Environment::of([("SUDO_USER".to_owned(), "nobody".to_owned())])).unwrap();
    let Some(owner) = nobody.owner else { return };
    let folder = Folder::new(&nobody).unwrap();
    let inner = folder.work().join("profile");
    file::make_folder(&inner, Access::Secret, &nobody).unwrap();
    file::write(&inner.join("user.js"), b"", Access::Secret, &nobody).unwrap();
    let uids = || {
        let paths = [folder.work(), &inner, &inner.join("user.js")];
        paths.map(|path| fs::symlink_metadata(path).unwrap().uid())
    };
    assert_eq!(uids(), [0; 3]);
    folder.hand_over(&nobody).unwrap();
    assert_eq!(uids(), [owner.uid; 3]);
}

#[test]
fn all_clients_are_told_of_also_those_that_are_not_here() {
    let nobody = Person::of(&Environment::of([("PATH".to_owned(), "/nowhere".to_owned())])).unwrap();
    let specimen = Specimen::new();
    let findings = examine(&nobody, &specimen.chain, &specimen.key, &[]).unwrap();
    assert_eq!(
        findings.iter().map(|finding| finding.client).collect::<Vec<_>>(),
        names().collect::<Vec<_>>()
    );
    assert!(findings.iter().all(|finding| finding.outcome == Outcome::Skipped("not installed".to_owned())));
}

#[test]
fn a_client_that_nobody_knows_is_refused_with_the_known_ones() {
    let error = examine(&person(&Temporary::new(), &[]), &[], &[], &["lynx"]).unwrap_err();
    assert_eq!(error.to_string(), "there is no client `lynx`");
    assert!(error.hints[0].starts_with("choose of openssl, curl, wget"));
}

#[test]
fn a_key_of_another_certificate_is_refused_before_any_client_runs() {
    let (one, other) = (Specimen::new(), Specimen::new());
    let error = examine(&person(&Temporary::new(), &[]), &one.chain, &other.key, &[]).unwrap_err();
    assert!(error.to_string().starts_with("no server can use the certificate: "), "{error}");
}

#[test]
fn a_clients_version_is_told() {
    let specimen = Specimen::new();
    let findings =
        examine(&person(&Temporary::new(), &[]), &specimen.chain, &specimen.key, &["openssl"]).unwrap();
    assert!(findings[0].version.as_ref().is_some_and(|version| version.starts_with("OpenSSL ")));
}
