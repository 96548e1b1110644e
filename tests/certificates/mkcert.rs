//! The program under the name `mkcert`.

use std::fs;
use std::os::unix::fs::symlink;

use super::desk::{belong_together, beside, files, foreign_authority, mode, openssl, openssl_accepts};
use crate::support::{MANAGE, Run, Workspace};

/// A run as `mkcert`, with variables.
fn mkcert_with(workspace: &Workspace, args: &[&str], variables: &[(&str, &str)]) -> Run {
    let link = workspace.path().join(".bin/mkcert");
    if !link.exists() {
        fs::create_dir(workspace.path().join(".bin")).unwrap();
        symlink(MANAGE, &link).unwrap();
    }
    let mut command = beside(workspace, &link);
    Run::of(command.args(args).envs(variables.iter().copied()).spawn().unwrap())
}

fn mkcert(workspace: &Workspace, args: &[&str]) -> Run {
    mkcert_with(workspace, args, &[])
}

#[test]
fn files_have_mkcerts_names_and_content() {
    let workspace = Workspace::new();
    mkcert(&workspace, &["example.com", "*.example.com", "localhost", "127.0.0.1", "::1", "me@example.com"])
        .succeeds();
    mkcert(&workspace, &["*.example.it"]).succeeds();
    mkcert(&workspace, &["::1"]).succeeds();
    mkcert(&workspace, &["-client", "localhost", "::1"]).succeeds();
    mkcert(&workspace, &["-pkcs12", "p.test"]).succeeds();
    let expected = [
        "__1-key.pem",
        "__1.pem",
        "_wildcard.example.it-key.pem",
        "_wildcard.example.it.pem",
        "example.com+5-key.pem",
        "example.com+5.pem",
        "localhost+1-client-key.pem",
        "localhost+1-client.pem",
        "p.test.p12",
    ];
    assert_eq!(files(&workspace), expected);
    let ca = workspace.path().join(".local/share/mkcert");
    openssl_accepts(&workspace, &ca, "example.com+5.pem");
    // The certificate alone, as mkcert writes it.
    let text = fs::read_to_string(workspace.path().join("example.com+5.pem")).unwrap();
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 1);
    assert_eq!(mode(workspace.path().join("p.test.p12")), 0o600);
    openssl(&workspace, &["pkcs12", "-in", "p.test.p12", "-passin", "pass:changeit", "-noout"]);
    let usage =
        openssl(&workspace, &["x509", "-in", "localhost+1-client.pem", "-noout", "-ext", "extendedKeyUsage"]);
    assert_eq!(
        usage,
        "X509v3 Extended Key Usage: \n    TLS Web Client Authentication, TLS Web Server Authentication\n"
    );
}

#[test]
fn flags_have_one_dash_or_two_and_stand_anywhere() {
    let workspace = Workspace::new();
    mkcert(&workspace, &["a.test", "--cert-file", "c.pem", "-key-file=k.pem", "-ecdsa"]).succeeds();
    mkcert(&workspace, &["--cert-file=b.pem", "--key-file", "b.pem", "b.test", "--client"]).succeeds();
    assert_eq!(files(&workspace), ["b.pem", "c.pem", "k.pem"]);
    belong_together(&workspace, "c.pem", "k.pem");
    belong_together(&workspace, "b.pem", "b.pem");
}

#[test]
fn answers_go_to_stdout() {
    let workspace = Workspace::new();
    let help = mkcert(&workspace, &["-help"]).succeeds();
    assert!(help.starts_with("Usage of mkcert"), "{help}");
    mkcert(&workspace, &[]).succeeds_with(&help);
    mkcert(&workspace, &["-CAROOT"])
        .succeeds_with(&format!("{}\n", workspace.path().join(".local/share/mkcert").display()));
    mkcert_with(&workspace, &["-CAROOT"], &[("CAROOT", "/some/where")]).succeeds_with("/some/where\n");
    mkcert_with(&workspace, &["-CAROOT"], &[("XDG_DATA_HOME", "/data")]).succeeds_with("/data/mkcert\n");
    let version = mkcert(&workspace, &["--version"]).succeeds();
    assert!(version.starts_with("v1.4.4 "), "{version}");
    assert_eq!(files(&workspace), [""; 0]);
    assert!(!workspace.path().join(".local").exists());
}

#[test]
fn what_makes_no_sense_is_a_wrong_command_line() {
    let workspace = Workspace::new();
    for (args, said) in [
        (&["-instal"][..], "error: mkcert has no flag `-instal`\nhint: did you mean `install`?\n"),
        (&["-install", "-uninstall"], "error: -install and -uninstall do not go together\n"),
        (&["-CAROOT", "-install"], "error: -install and -CAROOT do not go together\n"),
        (&["-uninstall", "a.test"], "error: -uninstall takes no names\n"),
        (&["-CAROOT", "a.test"], "error: -CAROOT takes no names\n"),
        (&["-p12-file", "x", "a.test"], "error: -p12-file is for -pkcs12, which is missing\n"),
        (
            &["-pkcs12", "-cert-file", "x", "a.test"],
            "error: -pkcs12 writes one file alone: -p12-file names it\n",
        ),
        (&["-cert-file", "", "a.test"], "error: -cert-file needs a file behind it\n"),
        (&["-csr", "x", "-pkcs12"], "error: -csr and -pkcs12 do not go together\n"),
        (&["-csr", "x", "-ecdsa"], "error: -csr and -ecdsa do not go together\n"),
        (&["-csr", "x", "-client"], "error: -csr and -client do not go together\n"),
        (&["-csr", "x", "-key-file", "y"], "error: -csr and -key-file do not go together\n"),
        (&["-csr", "x", "-p12-file", "y"], "error: -csr and -p12-file do not go together\n"),
        (&["-csr", "x", "a.test"], "error: -csr and names do not go together\n"),
        (&["-ecdsa"], "error: no name was given\nhint: `mkcert -help` shows how\n"),
        (&["a.test", "-cert-file"], "error: -cert-file needs a file behind it\n"),
    ] {
        mkcert(&workspace, args).fails_with(2, said);
    }
    mkcert_with(&workspace, &["-install"], &[("TRUST_STORES", "sytem")]).fails(2);
    assert!(!workspace.path().join(".local").exists());
}

#[test]
fn install_takes_names_and_the_stores_of_the_variable() {
    let workspace = Workspace::new();
    let table = mkcert_with(&workspace, &["-install", "a.test"], &[("TRUST_STORES", "nss")]).succeeds();
    assert!(table.contains("nss") && !table.contains("system"), "{table}");
    assert_eq!(files(&workspace), ["a.test-key.pem", "a.test.pem"]);
    let table = mkcert_with(&workspace, &["-uninstall"], &[("TRUST_STORES", "nss")]).succeeds();
    assert!(table.contains("removed"), "{table}");
    let table = mkcert_with(&workspace, &["-uninstall"], &[("TRUST_STORES", "nss")]).succeeds();
    assert!(table.contains("not there"), "{table}");
    assert!(workspace.path().join(".local/share/mkcert/rootCA.pem").exists());
    // The variable limits; it names nothing that must be there.
    let variables = [("TRUST_STORES", "nss, java"), ("JAVA_HOME", "/nonexistent")];
    let table = mkcert_with(&workspace, &["-install"], &variables).succeeds();
    assert!(table.contains("installed") && table.contains("skipped: "), "{table}");
}

#[test]
fn hints_are_those_of_mkcert() {
    let workspace = Workspace::new();
    let said = mkcert(&workspace, &["*.test"]).fails(2);
    assert!(
        said.ends_with("or add --force (a flag of: CAROOT=\"$(mkcert -CAROOT)\" manage cert create)\n"),
        "{said}"
    );
    fs::create_dir_all(workspace.path().join(".local/share/mkcert")).unwrap();
    let dates = ["-not_before", "20240101000000Z", "-not_after", "20250101000000Z"];
    foreign_authority(&workspace, ".local/share/mkcert", "ec", "/O=mkcert development CA/CN=mkcert", &dates);
    let said = mkcert(&workspace, &["a.test"]).fails(1);
    assert!(
        said.ends_with("hint: make a new one: CAROOT=\"$(mkcert -CAROOT)\" manage cert rotate\n"),
        "{said}"
    );
}

#[test]
fn switches_are_read_as_go_reads_them() {
    let workspace = Workspace::new();
    mkcert(&workspace, &["-client=0", "-ecdsa=false", "a.test"]).succeeds();
    mkcert(&workspace, &["-client=T", "a.test"]).succeeds();
    assert_eq!(
        files(&workspace),
        ["a.test-client-key.pem", "a.test-client.pem", "a.test-key.pem", "a.test.pem"]
    );
    mkcert(&workspace, &["-client=banana", "a.test"])
        .fails_with(2, "error: -client=banana: it is on or off, true or false\n");
}

#[test]
fn a_folder_that_mkcert_made_is_used_as_it_is() {
    for key in ["rsa:3072", "ec"] {
        let workspace = Workspace::new();
        let ca = workspace.path().join(".local/share/mkcert");
        fs::create_dir_all(&ca).unwrap();
        let subject = "/O=mkcert development CA/OU=me@here/CN=mkcert me@here (Me)";
        foreign_authority(&workspace, ".local/share/mkcert", key, subject, &[]);
        let before = [fs::read(ca.join("rootCA.pem")).unwrap(), fs::read(ca.join("rootCA-key.pem")).unwrap()];
        mkcert(&workspace, &["example.com"]).succeeds();
        openssl_accepts(&workspace, &ca, "example.com.pem");
        assert_eq!(
            [fs::read(ca.join("rootCA.pem")).unwrap(), fs::read(ca.join("rootCA-key.pem")).unwrap()],
            before
        );

        workspace.manage(["cert", "import", ".local/share/mkcert"]).succeeds();
        workspace.manage(["cert", "create", "other.com"]).succeeds();
        openssl_accepts(&workspace, &ca, "other.com.pem");
        // Twice is once.
        workspace.manage(["cert", "import", ".local/share/mkcert"]).succeeds();
        assert!(!workspace.path().join(".local/share/manage/rotated").exists());
    }
}
