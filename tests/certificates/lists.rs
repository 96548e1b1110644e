//! What was issued: lists, renewal, rotation, and what is shown and exported of it.

use std::fs;
use std::process::Command;

use super::desk::{belong_together, caroot, files, foreign_authority, openssl, openssl_accepts};
use crate::support::{Run, Workspace};

/// The answer with dates and this folder replaced, so that it can be compared as a whole.
fn plain(workspace: &Workspace, text: &str) -> String {
    let here = text.replace(&workspace.path().display().to_string(), "~");
    let mut out = String::new();
    let mut rest = here.as_str();
    while let Some(start) = rest.find("20").filter(|start| rest.len() >= start + 10) {
        let date = &rest[start..start + 10];
        let is_date = date.is_ascii() && date.as_bytes()[4] == b'-' && date.as_bytes()[7] == b'-';
        let (kept, length) = if is_date { ("YYYY-MM-DD", 10) } else { ("20", 2) };
        out.push_str(&rest[..start]);
        out.push_str(kept);
        rest = &rest[start + length..];
    }
    out + rest
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// Writes into the list that a certificate expires after this many days.
fn let_expire(workspace: &Workspace, names: &str, days: i64) {
    let list = caroot(workspace).join("issued.json");
    let mut index = json(&fs::read_to_string(&list).unwrap());
    let certificates = index["certificates"].as_array_mut().unwrap();
    let one = certificates.iter_mut().find(|one| one["names"][0] == names).unwrap();
    let end = jiff::Timestamp::now().as_second() + days * 86_400;
    one["not_after"] = jiff::Timestamp::from_second(end).unwrap().to_string().into();
    one["not_before"] = jiff::Timestamp::from_second(end - 90 * 86_400).unwrap().to_string().into();
    fs::write(&list, index.to_string()).unwrap();
}

#[test]
fn create_says_what_it_made() {
    let workspace = Workspace::new();
    let run = workspace.manage(["cert", "create", "a.test", "::1", "--p12-file", "a.p12"]);
    assert_eq!(
        (run.status, plain(&workspace, &run.stdout), plain(&workspace, &run.stderr)),
        (
            0,
            "Names        a.test, ::1\n\
             Certificate  a.test+1.pem\n\
             Key          a.test+1-key.pem\n\
             PKCS#12      a.p12\n\
             Expires      YYYY-MM-DD, in 90 days\n"
                .to_owned(),
            "The password of ~/a.p12 is `changeit`.\n\
             Made a local authority in ~/.local/share/manage, until YYYY-MM-DD.\n"
                .to_owned()
        )
    );
    let answer =
        json(&workspace.manage(["cert", "create", "b.test", "--format", "json", "-v", "0"]).succeeds());
    let certificate = &answer["certificate"];
    assert_eq!(certificate["names"], serde_json::json!(["b.test"]));
    assert_eq!(certificate["cert_file"], workspace.path().join("b.test.pem").display().to_string());
    let serial = openssl(&workspace, &["x509", "-in", "b.test.pem", "-noout", "-serial"]);
    assert_eq!(format!("serial={}\n", certificate["serial"].as_str().unwrap().to_uppercase()), serial);
}

#[test]
fn quiet_is_quiet() {
    let workspace = Workspace::new();
    let run = workspace.manage(["cert", "create", "a.test", "-v", "0"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
}

#[test]
fn the_list_shows_names_dates_states_and_files() {
    let workspace = Workspace::new();
    let empty = workspace.manage(["cert", "list"]);
    assert_eq!(
        (empty.status, empty.stdout.as_str(), empty.stderr.as_str()),
        (0, "", "Nothing was issued yet.\n")
    );
    for name in ["valid.test", "soon.test", "late.test", "gone.test"] {
        workspace.manage(["cert", "create", name]).succeeds();
    }
    let_expire(&workspace, "soon.test", 20);
    let_expire(&workspace, "late.test", -2);
    fs::remove_file(workspace.path().join("gone.test-key.pem")).unwrap();
    let table = workspace.manage(["cert", "list"]).succeeds();
    assert_eq!(
        plain(&workspace, &table),
        " Names       Expires     Days left  State     File\n\
         \u{20}valid.test  YYYY-MM-DD  90         valid     valid.test.pem\n\
         \u{20}soon.test   YYYY-MM-DD  20         expiring  soon.test.pem\n\
         \u{20}late.test   YYYY-MM-DD  -2         expired   late.test.pem\n\
         \u{20}gone.test   YYYY-MM-DD  90         missing   gone.test.pem\n"
    );
    let lines = workspace.manage(["cert", "list", "--format", "plain"]).succeeds();
    assert_eq!(
        plain(&workspace, &lines),
        "valid\tYYYY-MM-DD\t~/valid.test.pem\tvalid.test\n\
         expiring\tYYYY-MM-DD\t~/soon.test.pem\tsoon.test\n\
         expired\tYYYY-MM-DD\t~/late.test.pem\tlate.test\n\
         missing\tYYYY-MM-DD\t~/gone.test.pem\tgone.test\n"
    );
    let answer = json(&workspace.manage(["cert", "list", "--format", "json"]).succeeds());
    let states: Vec<&str> =
        answer["certificates"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["valid", "expiring", "expired", "missing"]);
}

#[test]
fn what_expires_soon_is_told_by_the_exit_status() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    let run = workspace.manage(["cert", "list", "--expiring", "30d"]);
    assert_eq!(
        (run.status, run.stdout.as_str(), run.stderr.as_str()),
        (0, "", "Nothing expires within that time.\n")
    );
    let run = workspace.manage(["cert", "list", "--expiring", "91d", "--format", "plain"]);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""));
    assert!(run.stdout.ends_with("\ta.test\n"), "{}", run.stdout);
    let run = workspace.manage(["cert", "list", "--expiring", "12h", "--format", "json"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "{\n  \"certificates\": []\n}\n"));
}

#[test]
fn renew_takes_what_is_due_and_keeps_names_and_kind_of_key() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "fresh.test"]).succeeds();
    workspace
        .manage(["cert", "create", "due.test", "*.due.test", "--client", "--key", "p384", "--days", "30"])
        .succeeds();
    let_expire(&workspace, "due.test", 9);
    let before = fs::read(workspace.path().join("fresh.test.pem")).unwrap();
    let table = workspace.manage(["cert", "renew"]).succeeds();
    assert_eq!(
        plain(&workspace, &table),
        " Names                 Result   Expires     File\n\
         \u{20}fresh.test            not due  YYYY-MM-DD  fresh.test.pem\n\
         \u{20}due.test, *.due.test  renewed  YYYY-MM-DD  due.test+1-client.pem\n"
    );
    assert_eq!(fs::read(workspace.path().join("fresh.test.pem")).unwrap(), before);
    let text = openssl(&workspace, &["x509", "-in", "due.test+1-client.pem", "-noout", "-text"]);
    for part in ["ASN1 OID: secp384r1", "TLS Web Client Authentication", "DNS:due.test, DNS:*.due.test"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    openssl(
        &workspace,
        &["x509", "-in", "due.test+1-client.pem", "-noout", "-checkend", &(29 * 86_400).to_string()],
    );
    belong_together(&workspace, "due.test+1-client.pem", "due.test+1-client-key.pem");
    openssl_accepts(&workspace, &caroot(&workspace), "due.test+1-client.pem");

    workspace.manage(["cert", "renew", "fresh.test-key.pem", "--format", "plain"]).succeeds();
    assert_ne!(fs::read(workspace.path().join("fresh.test.pem")).unwrap(), before);
    workspace.manage(["cert", "renew", "else.pem"]).fails_with(
        2,
        "error: else.pem is not in the list of issued certificates\n\
         hint: `manage cert list` shows them; `manage cert create` makes new ones\n",
    );
}

#[test]
fn renewal_mends_files_that_do_not_belong_together_and_forgets_folders_that_are_gone() {
    let workspace = Workspace::new();
    for name in ["torn.test", "half.test", "gone.test"] {
        workspace.manage(["cert", "create", name]).succeeds();
    }
    workspace.manage(["cert", "create", "moved.test", "--out-dir", "folder"]).succeeds();
    fs::copy(workspace.path().join("half.test-key.pem"), workspace.path().join("torn.test-key.pem")).unwrap();
    fs::remove_file(workspace.path().join("half.test-key.pem")).unwrap();
    fs::remove_file(workspace.path().join("gone.test.pem")).unwrap();
    fs::remove_file(workspace.path().join("gone.test-key.pem")).unwrap();
    fs::remove_dir_all(workspace.path().join("folder")).unwrap();
    let lines = workspace.manage(["cert", "renew", "--format", "plain"]).succeeds();
    assert_eq!(
        plain(&workspace, &lines),
        "renewed\tYYYY-MM-DD\ttorn.test.pem\ttorn.test\n\
         renewed\tYYYY-MM-DD\thalf.test.pem\thalf.test\n\
         missing\tYYYY-MM-DD\tgone.test.pem\tgone.test\n\
         forgotten\tYYYY-MM-DD\tfolder/moved.test.pem\tmoved.test\n"
    );
    for name in ["torn.test", "half.test"] {
        belong_together(&workspace, &format!("{name}.pem"), &format!("{name}-key.pem"));
    }
    let listed = workspace.manage(["cert", "list", "--format", "plain"]).succeeds();
    assert!(!listed.contains("moved.test"), "{listed}");
}

#[test]
fn a_certificate_that_cannot_be_renewed_does_not_keep_the_others_from_it() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    workspace.manage(["cert", "create", "b.test"]).succeeds();
    workspace.write("b.test-key.pem", "mine\n");
    let read = |file: &str| fs::read_to_string(workspace.path().join(file)).unwrap();
    let before = read("a.test.pem");
    let run = workspace.manage(["cert", "renew", "--all", "--format", "plain"]);
    let why = "~/b.test-key.pem is there already, and it was not made by the local authority";
    assert_eq!(
        (run.status, plain(&workspace, &run.stdout), plain(&workspace, &run.stderr)),
        (
            1,
            "renewed\tYYYY-MM-DD\ta.test.pem\ta.test\nfailed\tYYYY-MM-DD\tb.test.pem\tb.test\n".to_owned(),
            format!(
                "error: one certificate could not be renewed: {why}\n\
                 hint: name another file, or overwrite it with --force\n"
            )
        )
    );
    assert_ne!(read("a.test.pem"), before);
    assert_eq!(read("b.test-key.pem"), "mine\n");

    // A rotation changes nothing then: what cannot be renewed would be trusted by nobody one day.
    let authority = fs::read(caroot(&workspace).join("rootCA.pem")).unwrap();
    let said = workspace.manage(["cert", "rotate"]).fails(1);
    assert!(said.ends_with("hint: nothing was changed\n"), "{said}");
    assert!(fs::read(caroot(&workspace).join("rootCA.pem")).unwrap() == authority);
    assert!(!caroot(&workspace).join("rotated").exists());

    workspace.manage(["cert", "renew", "--all", "--force"]).succeeds();
    belong_together(&workspace, "b.test.pem", "b.test-key.pem");
}

#[test]
fn forgetting_takes_neither_the_living_authority_nor_one_that_is_still_trusted() {
    let workspace = Workspace::new();
    for (folder, name) in [("one", "One"), ("two", "Two")] {
        fs::create_dir(workspace.path().join(folder)).unwrap();
        foreign_authority(&workspace, folder, "ec", &format!("/CN={name}"), &[]);
    }
    workspace.manage(["cert", "import", "one"]).succeeds();
    workspace.manage(["cert", "install", "--stores", "nss"]).succeeds();
    workspace.manage(["cert", "import", "two", "--force"]).succeeds();
    workspace.manage(["cert", "import", "one", "--force"]).succeeds();
    let trusted = |name: &str| {
        let table = workspace.manage(["cert", "install", "--stores", "nss", "--format", "plain"]).succeeds();
        assert!(table.ends_with(&format!("{name}\n")), "{table}");
    };
    // Two was never trusted; One is, and lives, though a copy of it lies among the rotated ones.
    let run = workspace.manage(["cert", "rotate", "--finish", "--stores", "nss"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, "Deleted CN=Two.\n"));
    trusted("already there");

    workspace.manage(["cert", "rotate", "--stores", "nss"]).succeeds();
    let said = workspace.manage(["cert", "rotate", "--finish", "--stores", "policies"]).fails(1);
    assert_eq!(
        said.replace(&workspace.path().display().to_string(), "~"),
        "error: CN=One is still trusted in ~/.local/share/pki/nssdb\n\
         hint: take it out of all stores: manage cert rotate --finish, without --stores\n"
    );
    workspace.manage(["cert", "rotate", "--finish", "--stores", "nss"]).succeeds();
    trusted("already there");
}

#[test]
fn a_secret_password_is_not_replaced_by_the_public_one() {
    let workspace = Workspace::new();
    workspace.write("password", "hush hush\n");
    workspace
        .manage([
            "cert",
            "create",
            "a.test",
            "--p12-file",
            "a.p12",
            "--password-file",
            "password",
            "--legacy",
        ])
        .succeeds();
    let opens = |password: &str| {
        let output = Command::new("openssl")
            .args(["pkcs12", "-in", "a.p12", "-noout", "-passin", &format!("pass:{password}")])
            .current_dir(workspace.path())
            .output();
        output.unwrap().status.success()
    };
    assert!(opens("hush hush") && !opens("changeit"));
    let said = workspace.manage(["cert", "renew", "--all"]).fails(3);
    assert!(said.ends_with("hint: name a file that holds it: --password-file FILE\n"), "{said}");
    workspace.manage(["cert", "renew", "--all", "--password-file", "password"]).succeeds();
    assert!(opens("hush hush") && !opens("changeit"));
    let index = fs::read_to_string(caroot(&workspace).join("issued.json")).unwrap();
    assert!(!index.contains("hush"), "{index}");
    // It is locked as it was.
    let output = Command::new("openssl")
        .args(["pkcs12", "-in", "a.p12", "-noout", "-info", "-passin", "pass:hush hush"])
        .current_dir(workspace.path())
        .output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(said.contains("pbeWithSHA1And3-KeyTripleDES-CBC"), "{said}");

    // One password from stdin is for all files.
    workspace
        .manage(["cert", "create", "b.test", "--p12-file", "b.p12", "--password-file", "password"])
        .succeeds();
    let mut command = workspace.command(["cert", "renew", "--all", "--password-file", "-"]);
    let file = fs::File::open(workspace.path().join("password")).unwrap();
    Run::of(command.stdin(file).spawn().unwrap()).succeeds();
    assert!(opens("hush hush"));
}

#[test]
fn rotation_makes_a_new_authority_renews_and_keeps_the_old_one_until_it_is_finished() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "install", "--stores", "nss"]).succeeds();
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    let old = fs::read(caroot(&workspace).join("rootCA.pem")).unwrap();
    let run = workspace.manage([
        "cert",
        "rotate",
        "--stores",
        "nss",
        "--permit",
        "example.com",
        "--format",
        "plain",
    ]);
    assert_eq!(
        (run.status, plain(&workspace, &run.stdout), plain(&workspace, &run.stderr)),
        (
            0,
            "nss\t~/.local/share/pki/nssdb\tinstalled\n\
             renewed\tYYYY-MM-DD\ta.test.pem\ta.test\n"
                .to_owned(),
            "Made a new local authority in ~/.local/share/manage, until YYYY-MM-DD.\n\
             When nothing uses the old authority any more: manage cert rotate --finish\n"
                .to_owned()
        )
    );
    assert_ne!(fs::read(caroot(&workspace).join("rootCA.pem")).unwrap(), old);
    openssl_accepts(&workspace, &caroot(&workspace), "a.test.pem");
    workspace.manage(["cert", "create", "www.example.com"]).succeeds();
    let nicknames = || {
        let db = format!("sql:{}", workspace.path().join(".local/share/pki/nssdb").display());
        let output = Command::new("certutil").args(["-L", "-d", &db]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().matches("manage-local-ca-").count()
    };
    assert_eq!(nicknames(), 2);

    workspace.manage(["cert", "rotate", "--finish", "--stores", "nss"]).succeeds();
    assert_eq!(nicknames(), 1);
    assert_eq!(fs::read_dir(caroot(&workspace).join("rotated")).unwrap().count(), 0);
    let run = workspace.manage(["cert", "rotate", "--finish"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, "No authority waits to be forgotten.\n"));
}

#[test]
fn an_unconstrained_authority_is_rotated_into_one_that_may_sign_what_was_issued() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "--unconstrained", "*.shop.example.com", "8.8.8.8"]).succeeds();
    let show = |file: &str| json(&workspace.manage(["cert", "show", "--format", "json", file]).succeeds());
    let ca = ".local/share/manage/rootCA.pem";
    assert!(show(ca)["certificates"][0]["permitted"].is_null());
    workspace.manage(["cert", "rotate", "--stores", "nss"]).succeeds();
    let permitted = show(ca)["certificates"][0]["permitted"].to_string();
    assert!(
        permitted.contains("\"shop.example.com\"") && permitted.contains("\"8.8.8.8/32\""),
        "{permitted}"
    );
    openssl_accepts(&workspace, &caroot(&workspace), "_wildcard.shop.example.com+1.pem");
    let again = workspace.manage(["cert", "create", "--permit", "a.com", "a.com"]);
    again.fails_with(1, &format!(
        "error: --permit is for a new authority, and there is one in {}\nhint: replace it: manage cert rotate --permit NAME\n",
        caroot(&workspace).display()
    ));
}

#[test]
fn an_authority_that_is_there_is_kept_when_another_is_taken_over() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    fs::create_dir(workspace.path().join("ca")).unwrap();
    foreign_authority(&workspace, "ca", "ec", "/DC=com+UID=x/DC=example/O=One/O=Two", &[]);
    let said = workspace.manage(["cert", "import", "ca"]).fails(1);
    assert!(said.ends_with("hint: --force keeps it beside the new one, trusted as it is\n"), "{said}");
    workspace.manage(["cert", "import", "ca", "--force"]).succeeds();
    assert_eq!(fs::read_dir(caroot(&workspace).join("rotated")).unwrap().count(), 1);
    // Its subject repeats attributes and has two in one part: the issuer's name is that, byte for byte.
    workspace.manage(["cert", "create", "b.com"]).succeeds();
    openssl_accepts(&workspace, &caroot(&workspace), "b.com.pem");
    let said = workspace.manage(["cert", "import", "nowhere"]).fails(1);
    assert!(said.contains("nowhere holds no authority: there is no rootCA.pem in it\nhint: `mkcert -CAROOT` prints mkcert's folder\n"), "{said}");
}

#[test]
fn show_tells_what_a_certificate_says() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "a.test", "10.0.0.1"]).succeeds();
    let text = workspace.manage(["cert", "show", "a.test+1.pem"]).succeeds();
    let lines: Vec<String> = plain(&workspace, &text).lines().map(str::to_owned).collect();
    for line in [
        "Subject      CN=a.test",
        "Names        a.test, 10.0.0.1",
        "Valid        YYYY-MM-DD to YYYY-MM-DD, 90 days left",
        "Key          P-256",
        "Signature    ecdsa-with-SHA256",
        "Key usage    digitalSignature",
        "For          serverAuth",
        "Signed by    the local authority",
        "Authority    yes, with none below it",
        "Key usage    keyCertSign, cRLSign",
    ] {
        assert!(lines.iter().any(|one| one == line), "{line} is missing:\n{text}");
    }
    let answer = json(&workspace.manage(["cert", "show", "--format", "json", "a.test+1.pem"]).succeeds());
    assert_eq!(answer["certificates"].as_array().unwrap().len(), 2);
    assert!(answer["server"].is_null());
    workspace.write("empty.pem", "").write("text.pem", "no\n");
    workspace
        .manage(["cert", "show", "empty.pem"])
        .fails_with(1, "error: empty.pem holds no certificate: it is empty\n");
    workspace
        .manage(["cert", "show", "text.pem"])
        .fails_with(1, "error: text.pem holds no certificate: it is neither PEM nor DER\n");
    workspace.manage(["cert", "show", "a.test"]).fails_with(
        1,
        "error: there is no file a.test\nhint: a server is written with its port: a.test:443\n",
    );
}

#[test]
fn show_looks_at_a_server() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create"]).succeeds();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = Command::new("openssl")
        .args([
            "s_server",
            "-accept",
            &format!("127.0.0.1:{port}"),
            "-cert",
            "localhost+2.pem",
            "-key",
            "localhost+2-key.pem",
            "-quiet",
        ])
        .current_dir(workspace.path())
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let address = format!("localhost:{port}");
    let shown = (0..100).find_map(|_| {
        let run = workspace.manage(["cert", "show", &address]);
        std::thread::sleep(std::time::Duration::from_millis(50));
        (run.status == 0).then_some(run.stdout)
    });
    server.kill().unwrap();
    server.wait().unwrap();
    let shown = shown.unwrap();
    assert!(shown.starts_with(&format!("Server       127.0.0.1:{port}\nSpeaks       TLS 1.3, ")), "{shown}");
    assert!(shown.contains("Signed by    the local authority\n"), "{shown}");
    let said = workspace.manage(["cert", "show", &address]).fails(1);
    assert!(said.contains("nobody listens there"), "{said}");
}

#[test]
fn exports_are_what_other_programs_read() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "export"]).fails_with(
        1,
        &format!("error: there is no local authority in {}\nhint: make one and have it trusted: manage cert install\n", caroot(&workspace).display()),
    );
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    let pem = fs::read_to_string(caroot(&workspace).join("rootCA.pem")).unwrap();
    workspace.manage(["cert", "export"]).succeeds_with(&pem);
    workspace.manage(["cert", "export", "--der", "--out-file", "ca.crt"]).succeeds_with("ca.crt\n");
    assert_eq!(openssl(&workspace, &["x509", "-inform", "DER", "-in", "ca.crt"]), pem);
    let profile = workspace.manage(["cert", "export", "--mobileconfig"]).succeeds();
    assert!(profile.contains("com.apple.security.root") && !profile.contains("PRIVATE"), "{profile}");
    workspace.manage(["cert", "export", "--p12", "--out-file", "trust.p12"]).succeeds();
    openssl(&workspace, &["pkcs12", "-in", "trust.p12", "-passin", "pass:", "-noout", "-nomacver"]);
    let said = workspace.manage(["cert", "export", "--der", "--out-file", "ca.crt"]).fails(1);
    assert_eq!(
        said,
        "error: ca.crt is there already\nhint: name another file, or overwrite it with --force\n"
    );
    workspace.manage(["cert", "export", "--der", "--out-file", "ca.crt", "--force"]).succeeds();
    workspace.manage(["cert", "export", "--der", "--p12"]).fails(2);
    assert_eq!(files(&workspace), ["a.test-key.pem", "a.test.pem", "ca.crt", "trust.p12"]);
}

#[test]
fn a_shell_that_takes_the_environment_trusts_the_authority() {
    let mut workspace = Workspace::new();
    workspace.set("SHELL", "/bin/bash");
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    let script = workspace.manage(["cert", "env"]).succeeds();
    let verify = |before: &str| {
        let script = format!(
            "{before}\nopenssl verify a.test.pem && python3 -c 'import ssl; print(len(ssl.create_default_context().get_ca_certs()) > 1)'"
        );
        let output = Command::new("sh")
            .args(["-c", &script])
            .current_dir(workspace.path())
            .env_remove("SSL_CERT_FILE")
            .env_remove("SSL_CERT_DIR")
            .output();
        let output = output.unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(verify(&script), (true, "a.test.pem: OK\nTrue\n".to_owned()));
    assert!(!verify("").0);
    assert_eq!(workspace.manage(["cert", "env", "--shell", "sh"]).succeeds(), script);
    assert!(workspace.manage(["cert", "env", "--shell", "fish"]).succeeds().starts_with("set -gx "));
    assert!(workspace.manage(["cert", "env", "--docker"]).succeeds().contains("\nCOPY rootCA.pem "));
}

#[test]
fn caroot_prints_the_folder_and_makes_nothing() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "caroot"]).succeeds_with(&format!("{}\n", caroot(&workspace).display()));
    assert!(!workspace.path().join(".local").exists());
    let mut command = workspace.command(["cert", "caroot"]);
    Run::of(command.env("CAROOT", "/some/where").spawn().unwrap()).succeeds_with("/some/where\n");
}

#[test]
fn two_files_of_one_certificate_are_one_renewal() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    let lines =
        workspace.manage(["cert", "renew", "a.test.pem", "a.test-key.pem", "--format", "plain"]).succeeds();
    assert_eq!(lines.lines().count(), 1, "{lines}");
    assert_eq!(workspace.manage(["cert", "list", "--format", "plain"]).succeeds().lines().count(), 1);
}

#[test]
fn an_entry_that_was_changed_by_hand_is_not_obeyed() {
    let workspace = Workspace::new();
    let list = caroot(&workspace).join("issued.json");
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    nix::unistd::mkfifo(&workspace.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let before = fs::read_to_string(&list).unwrap();
    let pipe = workspace.path().join("pipe").display().to_string();
    for (key, value, why) in [
        ("names", serde_json::json!([]), "its entry in the list has no names"),
        ("names", serde_json::json!(["a b"]), "`a b` cannot be in a certificate: it has spaces"),
        ("key_type", "rsa512".into(), "its entry in the list has a key of an unknown kind, `rsa512`"),
        ("days", 0.into(), "its entry in the list holds for 0 days"),
        ("days", 4_294_967_295_u32.into(), "its entry in the list holds for 4294967295 days"),
        ("cert_file", pipe.into(), "is a device or a pipe"),
    ] {
        let mut index = json(&before);
        index["certificates"][0][key] = value;
        fs::write(&list, index.to_string()).unwrap();
        let file = fs::read(workspace.path().join("a.test.pem")).unwrap();
        let run = workspace.manage(["cert", "renew", "--all"]);
        assert!(run.status == 1 && run.stderr.contains(why), "{key}: {run:?}");
        assert!(fs::read(workspace.path().join("a.test.pem")).unwrap() == file, "{key}");
    }
    let mut index = json(&before);
    index["certificates"][0]["names"] = serde_json::json!(["a\u{1b}[31m\n.test"]);
    fs::write(&list, index.to_string()).unwrap();
    for format in ["table", "plain"] {
        let shown = workspace.manage(["cert", "list", "--format", format]).succeeds();
        assert!(shown.contains("a\\u{1b}[31m\\n.test"), "{shown}");
    }
}

#[test]
fn a_certificate_of_another_authority_is_due() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    fs::create_dir(workspace.path().join("ca")).unwrap();
    foreign_authority(&workspace, "ca", "ec", "/CN=Other", &[]);
    let run = workspace.manage(["cert", "import", "ca", "--force"]);
    assert!(run.stderr.contains("`manage cert renew` makes them this one's"), "{run:?}");
    assert!(workspace.manage(["cert", "list", "--format", "plain"]).succeeds().starts_with("replaced\t"));
    workspace.manage(["cert", "rotate", "--finish", "--stores", "nss"]).fails_with(
        1,
        "error: 1 certificate of an authority that would be forgotten: nobody would trust it\n\
         hint: make them the living one's first: manage cert renew\n",
    );
    assert!(workspace.manage(["cert", "renew", "--format", "plain"]).succeeds().starts_with("renewed\t"));
    openssl_accepts(&workspace, &caroot(&workspace), "a.test.pem");
    workspace.manage(["cert", "rotate", "--finish", "--stores", "nss"]).succeeds();
}

#[test]
fn json_is_what_help_says() {
    let workspace = Workspace::new();
    let keys =
        |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let answer = |args: &[&str]| {
        let args = [&["cert"], args, &["--format", "json"]].concat();
        json(&workspace.manage(args).succeeds())
    };
    let stores = |value: &serde_json::Value| {
        assert_eq!(keys(&value["stores"][0]), "place result store why");
        value["stores"][0]["result"].as_str().unwrap().to_owned()
    };
    assert_eq!(stores(&answer(&["install", "--stores", "nss"])), "installed");
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    let renewed = answer(&["renew", "--all"]);
    assert_eq!(keys(&renewed["certificates"][0]), "file names not_after result why");
    assert_eq!(renewed["certificates"][0]["result"], "renewed");
    let rotated = answer(&["rotate", "--stores", "nss"]);
    assert_eq!((keys(&rotated).as_str(), stores(&rotated).as_str()), ("certificates stores", "installed"));
    let finished = answer(&["rotate", "--finish", "--stores", "nss"]);
    assert_eq!((keys(&finished).as_str(), stores(&finished).as_str()), ("certificates stores", "removed"));
    let nothing = answer(&["rotate", "--finish"]);
    assert_eq!(nothing, serde_json::json!({ "certificates": [], "stores": [] }));
    assert_eq!(stores(&answer(&["uninstall", "--stores", "nss"])), "removed");
}

#[test]
fn an_authority_near_its_end_is_told() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path().join("ca")).unwrap();
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(20);
    let tomorrow = tomorrow.strftime("%Y%m%d%H%M%SZ").to_string();
    foreign_authority(
        &workspace,
        "ca",
        "ec",
        "/CN=Old",
        &["-not_before", "20240101000000Z", "-not_after", &tomorrow],
    );
    workspace.manage(["cert", "import", "ca"]).succeeds();
    let run = workspace.manage(["cert", "create", "a.test"]);
    assert!(run.stdout.ends_with(", in 1 day\n"), "{run:?}");
    let said = plain(&workspace, &run.stderr);
    assert_eq!(
        said,
        "warning: it ends with its authority on YYYY-MM-DD; make a new one: manage cert rotate\n"
    );
}
