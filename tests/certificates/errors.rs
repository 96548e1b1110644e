//! An authority in a bad state: each time a clear error, and nothing is lost or made.

use std::fs;
use std::path::Path;

use super::desk::{belong_together, caroot, files, is_root, mode, openssl, openssl_accepts, powerless};
use crate::support::{Run, Workspace};

/// A workspace with an authority, and its folder as a path from there.
fn with_authority() -> Workspace {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "first.test"]).succeeds();
    workspace
}

/// Asserts that nothing is issued: the exit status is 1, stderr is this, and no file is left.
#[track_caller]
fn issues_nothing(workspace: &Workspace, said: &str) {
    let before = files(workspace);
    let here = workspace.path().display().to_string();
    let run = workspace.manage(["cert", "create", "second.test"]);
    assert_eq!((run.status, run.stderr.replace(&here, "~")), (1, said.to_owned()));
    assert_eq!(files(workspace), before);
}

#[test]
fn without_its_key_the_authority_is_trusted_but_signs_nothing() {
    let workspace = with_authority();
    fs::remove_file(caroot(&workspace).join("rootCA-key.pem")).unwrap();
    issues_nothing(
        &workspace,
        "error: the key of the local authority is missing: there is no ~/.local/share/manage/rootCA-key.pem\n\
         hint: bring it back from a copy; it can still be installed and uninstalled without\n",
    );
    workspace.manage(["cert", "install", "--stores", "nss"]).succeeds();
    workspace.manage(["cert", "uninstall", "--stores", "nss"]).succeeds();
}

#[test]
fn a_key_without_its_certificate_is_never_overwritten() {
    let workspace = with_authority();
    let key = caroot(&workspace).join("rootCA-key.pem");
    let before = fs::read(&key).unwrap();
    fs::remove_file(caroot(&workspace).join("rootCA.pem")).unwrap();
    let said = "error: ~/.local/share/manage/rootCA.pem is missing, but its key ~/.local/share/manage/rootCA-key.pem is there\n\
                hint: bring the certificate back from a copy or a trust store; or move ~/.local/share/manage/rootCA-key.pem away and make a new authority\n";
    issues_nothing(&workspace, said);
    let here = workspace.path().display().to_string();
    let run = workspace.manage(["cert", "install", "--stores", "nss"]);
    assert_eq!((run.status, run.stderr.replace(&here, "~")), (1, said.to_owned()));
    assert_eq!(fs::read(&key).unwrap(), before);
}

#[test]
fn a_key_of_another_certificate_is_seen() {
    let workspace = with_authority();
    openssl(
        &workspace,
        &[
            "genpkey",
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-out",
            ".local/share/manage/rootCA-key.pem",
        ],
    );
    issues_nothing(
        &workspace,
        "error: ~/.local/share/manage/rootCA-key.pem is not the key of ~/.local/share/manage/rootCA.pem\n\
         hint: bring back the one that belongs to the certificate, or make a new authority: manage cert rotate\n",
    );
}

#[test]
fn a_key_in_an_older_form_is_read() {
    let workspace = with_authority();
    let key = ".local/share/manage/rootCA-key.pem";
    openssl(&workspace, &["ec", "-in", key, "-out", key]);
    assert!(fs::read_to_string(workspace.path().join(key)).unwrap().contains("BEGIN EC PRIVATE KEY"));
    workspace.manage(["cert", "create", "second.test"]).succeeds();
    openssl_accepts(&workspace, &caroot(&workspace), "second.test.pem");

    let workspace = Workspace::new();
    foreign_authority(&workspace, "rsa:2048", &[]);
    openssl(&workspace, &["rsa", "-in", "ca/rootCA-key.pem", "-traditional", "-out", "ca/rootCA-key.pem"]);
    assert!(
        fs::read_to_string(workspace.path().join("ca/rootCA-key.pem"))
            .unwrap()
            .contains("BEGIN RSA PRIVATE KEY")
    );
    with_caroot(&workspace, "ca", &["cert", "create", "second.test"]).succeeds();
    openssl_accepts(&workspace, &workspace.path().join("ca"), "second.test.pem");
}

#[test]
fn a_key_that_cannot_be_read_says_why() {
    let workspace = with_authority();
    let key = ".local/share/manage/rootCA-key.pem";
    openssl(&workspace, &["pkcs8", "-topk8", "-in", key, "-passout", "pass:secret", "-out", ".encrypted"]);
    let encrypted = fs::read_to_string(workspace.path().join(".encrypted")).unwrap();
    let at = "~/.local/share/manage/rootCA-key.pem";
    for (content, why) in [
        (
            encrypted.as_str(),
            format!(
                "it is encrypted\nhint: write it without a password: openssl pkey -in {at} -out plain.pem"
            ),
        ),
        ("", "it is empty".to_owned()),
        ("garbage\n", "there is no `BEGIN PRIVATE KEY` in it".to_owned()),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "it is damaged".to_owned()),
    ] {
        fs::write(workspace.path().join(key), content).unwrap();
        issues_nothing(&workspace, &format!("error: {at} holds no usable key: {why}\n"));
    }
}

#[test]
fn a_certificate_that_cannot_be_read_says_why() {
    let workspace = with_authority();
    let at = "~/.local/share/manage/rootCA.pem";
    let hint = "hint: bring ~/.local/share/manage/rootCA.pem back from a copy, or move ~/.local/share/manage away and make a new authority\n";
    for (content, why) in [("", "it is empty"), ("garbage\n", "it is neither PEM nor DER")] {
        fs::write(caroot(&workspace).join("rootCA.pem"), content).unwrap();
        issues_nothing(&workspace, &format!("error: {at} holds no certificate: {why}\n{hint}"));
    }
}

#[test]
fn an_expired_authority_signs_nothing() {
    let workspace = Workspace::new();
    foreign_authority(&workspace, "ec", &["-not_before", "20240101000000Z", "-not_after", "20250101000000Z"]);
    let run = with_caroot(&workspace, "ca", &["cert", "create", "a.test"]);
    let here = workspace.path().display().to_string();
    assert_eq!(
        (run.status, run.stderr.replace(&here, "~")),
        (
            1,
            "error: ~/ca/rootCA.pem cannot sign: it expired on 1 January 2025\n\
             hint: make a new one: manage cert rotate\n"
                .to_owned()
        )
    );
    assert_eq!(files(&workspace), ["ca"]);
}

#[test]
fn what_is_no_authority_signs_nothing_and_is_not_installed() {
    let workspace = with_authority();
    fs::create_dir(workspace.path().join("ca")).unwrap();
    fs::copy(workspace.path().join("first.test.pem"), workspace.path().join("ca/rootCA.pem")).unwrap();
    fs::copy(workspace.path().join("first.test-key.pem"), workspace.path().join("ca/rootCA-key.pem"))
        .unwrap();
    let here = workspace.path().display().to_string();
    for args in [&["cert", "create", "a.test"][..], &["cert", "install", "--stores", "nss"]] {
        let run = with_caroot(&workspace, "ca", args);
        assert_eq!(
            (run.status, run.stderr.replace(&here, "~")),
            (1, "error: ~/ca/rootCA.pem cannot sign: it is no certificate of an authority\n".to_owned())
        );
    }
    assert!(!workspace.path().join(".local/share/pki").exists());
}

#[test]
fn a_caroot_that_is_a_file_is_said() {
    let workspace = Workspace::new();
    workspace.write("ca", "");
    let here = workspace.path().display().to_string();
    for args in
        [&["cert", "create", "a.test"][..], &["cert", "install", "--stores", "nss"], &["cert", "rotate"]]
    {
        let run = with_caroot(&workspace, "ca", args);
        assert_eq!(
            (run.status, run.stderr.replace(&here, "~")),
            (1, "error: ~/ca is not a folder\n".to_owned())
        );
    }
    assert_eq!(files(&workspace), ["ca"]);
}

#[test]
fn a_caroot_below_a_folder_that_cannot_be_written_is_said() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path().join("closed")).unwrap();
    set_mode(&workspace.path().join("closed"), 0o555);
    let mut command = powerless(&workspace, &["cert", "create", "a.test"]);
    let run = Run::of(command.env("CAROOT", workspace.path().join("closed/ca")).spawn().unwrap());
    let here = workspace.path().display().to_string();
    assert_eq!(
        (run.status, run.stderr.replace(&here, "~")),
        (
            1,
            "error: cannot make the folder ~/closed/ca\n  because: Permission denied (os error 13)\n"
                .to_owned()
        )
    );
    assert_eq!(files(&workspace), ["closed"]);
}

#[test]
fn an_empty_caroot_that_cannot_be_written_is_said() {
    let workspace = Workspace::new();
    let empty = workspace.path().join("empty");
    fs::create_dir(&empty).unwrap();
    set_mode(&empty, 0o555);
    let here = workspace.path().display().to_string();
    for args in [&["cert", "create", "a.test"][..], &["cert", "install", "--stores", "nss"]] {
        let mut command = powerless(&workspace, args);
        let run = Run::of(command.env("CAROOT", &empty).spawn().unwrap());
        assert_eq!(
            (run.status, run.stderr.replace(&here, "~")),
            (
                1,
                "error: cannot write ~/empty/rootCA-key.pem\n  because: Permission denied (os error 13)\n"
                    .to_owned()
            )
        );
    }
    assert_eq!(files(&workspace), ["empty"]);
    assert_eq!(fs::read_dir(&empty).unwrap().count(), 0);
}

#[test]
fn a_complete_authority_in_a_folder_that_cannot_be_written_goes_on_signing() {
    let workspace = with_authority();
    set_mode(&caroot(&workspace), 0o555);
    let run = Run::of(powerless(&workspace, &["cert", "create", "second.test"]).spawn().unwrap());
    let here = workspace.path().display().to_string();
    assert_eq!(
        (run.status, run.stderr.replace(&here, "~")),
        (0, "warning: `manage cert list` and `renew` will not know of it: cannot write ~/.local/share/manage/issued.json: Permission denied (os error 13)\n".to_owned())
    );
    openssl_accepts(&workspace, &caroot(&workspace), "second.test.pem");
    belong_together(&workspace, "second.test.pem", "second.test-key.pem");
    set_mode(&caroot(&workspace), 0o755);
}

#[test]
fn an_authority_of_another_user_is_said_to_be_theirs() {
    let workspace = with_authority();
    if !is_root() {
        return;
    }
    std::os::unix::fs::chown(caroot(&workspace), Some(65534), Some(65534)).unwrap();
    let run = Run::of(powerless(&workspace, &["cert", "create", "second.test"]).spawn().unwrap());
    let here = workspace.path().display().to_string();
    assert_eq!(
        (run.status, run.stderr.replace(&here, "~")),
        (
            1,
            "error: cannot read ~/.local/share/manage/rootCA.pem\n  because: Permission denied (os error 13)\n\
             hint: ~/.local/share/manage belongs to nobody: sudo chown -R root ~/.local/share/manage\n"
                .to_owned()
        )
    );
}

#[test]
fn an_output_folder_that_cannot_be_written_leaves_nothing_behind_not_even_an_authority() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path().join("closed")).unwrap();
    set_mode(&workspace.path().join("closed"), 0o555);
    let run =
        Run::of(powerless(&workspace, &["cert", "create", "a.test", "--out-dir", "closed"]).spawn().unwrap());
    let here = workspace.path().display().to_string();
    assert_eq!(
        (run.status, run.stderr.replace(&here, "~")),
        (
            1,
            "error: cannot write ~/closed/a.test.pem\n  because: Permission denied (os error 13)\n"
                .to_owned()
        )
    );
    assert!(!caroot(&workspace).exists());
    assert_eq!(fs::read_dir(workspace.path().join("closed")).unwrap().count(), 0);
}

#[test]
fn without_a_home_caroot_must_be_named() {
    let workspace = Workspace::new();
    let said = "error: there is no place for the local authority: HOME is not set\n\
                hint: set CAROOT to the folder that it lives in or is to live in\n";
    for args in
        [&["cert", "create", "a.test"][..], &["cert", "caroot"], &["cert", "install"], &["cert", "list"]]
    {
        let mut command = workspace.command(args);
        Run::of(command.env_remove("HOME").spawn().unwrap()).fails_with(1, said);
    }
    let mut command = workspace.command(["cert", "caroot"]);
    Run::of(command.env_remove("HOME").env("CAROOT", "ca").spawn().unwrap())
        .succeeds_with(&format!("{}\n", workspace.path().join("ca").display()));
    assert_eq!(files(&workspace), [""; 0]);
}

#[test]
fn a_wrong_java_home_stops_neither_issuing_nor_other_stores() {
    let mut workspace = Workspace::new();
    workspace.set("JAVA_HOME", "/nonexistent");
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    let run = workspace.manage(["cert", "install", "--stores", "nss,java", "--format", "plain"]);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("nss\t") && lines[0].ends_with("\tinstalled"), "{run:?}");
    assert!(lines[1].starts_with("java\t/nonexistent") && lines[1].contains("\tskipped: "), "{run:?}");
    // Java was named, and was not done.
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (1, "error: no trust store of the kind java could be used\nhint: the table says why\n")
    );
}

#[test]
fn a_list_that_is_damaged_is_named_and_kept() {
    let workspace = with_authority();
    let list = caroot(&workspace).join("issued.json");
    fs::write(&list, "{").unwrap();
    issues_nothing(
        &workspace,
        "error: ~/.local/share/manage/issued.json is damaged: EOF while parsing an object at line 1 column 1\n\
         hint: move it away: certificates and keys stay as they are, only the list begins anew\n",
    );
    assert_eq!(fs::read_to_string(&list).unwrap(), "{");
}

#[test]
fn a_caroot_that_is_not_text_is_not_passed_over() {
    use std::os::unix::ffi::OsStrExt as _;
    let workspace = Workspace::new();
    for args in [&["cert", "create", "a.test"][..], &["cert", "caroot"], &["cert", "uninstall"]] {
        let mut command = workspace.command(args);
        let run = Run::of(command.env("CAROOT", std::ffi::OsStr::from_bytes(b"u\xff")).spawn().unwrap());
        run.fails_with(
            1,
            "error: CAROOT is set to something that is not UTF-8\nhint: give the folder another name\n",
        );
    }
    assert_eq!(files(&workspace), [""; 0]);
}

#[test]
fn flags_that_do_not_fit_are_a_wrong_command_line() {
    let workspace = Workspace::new();
    for (args, said) in [
        (
            &["cert", "create", "a.test", "--key", "ed25519"][..],
            "error: invalid value 'ed25519' for '--key <TYPE>'\n",
        ),
        (
            &["cert", "create", "a.test", "--days", "0"],
            "error: invalid value '0' for '--days <DAYS>': 0 is not in 1..=3650\n",
        ),
        (
            &["cert", "create", "a.test", "--csr", "x"],
            "error: the argument '[NAMES]...' cannot be used with '--csr <FILE>'\n",
        ),
        (
            &["cert", "create", "a.test", "--p12-file", "x", "--key-file", "x"],
            "error: the PKCS#12 file and another file have the same name\n",
        ),
        (
            &["cert", "create", "a.test", "--permit", "*.x.test"],
            "error: `*.x.test`: a permitted host has no wildcard\n",
        ),
        (
            &["cert", "install", "--stores", "sistem"],
            "error: there is no kind of trust store called `sistem`, only `system`, `nss`, `policies` and `java`\n",
        ),
        (
            &["cert", "list", "--expiring", "soon"],
            "error: invalid value 'soon' for '--expiring <TIME>': write a number of days, or `30d`, `12h`, `90m`\n",
        ),
        (
            &["cert", "show", "localhost:x"],
            "error: `localhost:x` is no HOST:PORT: `x` is no port (1 to 65535)\n",
        ),
        (&["cert", "creat", "a.test"], "error: unknown command `creat`\n"),
        (
            &["cert", "create", "a.test", "--legacy"],
            "error: --password-file and --legacy are for --p12-file, which is missing\n",
        ),
        (
            &["cert", "rotate", "--finish", "--force"],
            "error: the argument '--finish' cannot be used with '--force'\n",
        ),
        (&["cert", "export", "--force"], "error: the following required arguments were not provided:\n"),
    ] {
        let run = workspace.manage(args);
        assert!(run.status == 2 && run.stderr.starts_with(said), "{args:?}: {} {}", run.status, run.stderr);
    }
    super::desk::folder_is_untouched(&workspace);
}

/// Makes an authority with openssl in the folder `ca`: `key` is `ec` or what `-newkey` takes.
fn foreign_authority(workspace: &Workspace, key: &str, dates: &[&str]) {
    fs::create_dir(workspace.path().join("ca")).unwrap();
    super::desk::foreign_authority(workspace, "ca", key, "/O=mkcert development CA/CN=mkcert me@here", dates);
}

fn with_caroot(workspace: &Workspace, caroot: &str, args: &[&str]) -> Run {
    let mut command = workspace.command(args);
    Run::of(command.env("CAROOT", workspace.path().join(caroot)).spawn().unwrap())
}

fn set_mode(path: &Path, to: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(to)).unwrap();
    assert_eq!(mode(path), to);
}
