//! What certificates say, to the letter, and that strict clients take them; also below authorities that others made.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use manage::certificates::{
    Authority, Folder, Home, KeyType, LeafRequest, Name, Person, Profile, Subject, armor,
};
use manage::conf::Environment;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::desk::{
    ROOT, belong_together, caroot, files, foreign_authority, handshake, key_id, openssl, openssl_accepts,
    profile, tool,
};
use super::stores_world::TlsServer;
use crate::support::{Run, Workspace};

const OWN_KEY: &str = ".local/share/manage/rootCA-key.pem";

fn with_authority() -> Workspace {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "first.test"]).succeeds();
    workspace
}

fn field(workspace: &Workspace, file: &str, flag: &str) -> String {
    let line = openssl(workspace, &["x509", "-in", file, "-noout", flag, "-dateopt", "iso_8601"]);
    line.split_once('=').unwrap().1.trim().to_owned()
}

fn time(workspace: &Workspace, file: &str, flag: &str) -> Timestamp {
    field(workspace, file, flag).parse().unwrap()
}

/// Asserts that a moment is `wanted`, but for the minute that a slow machine needs.
#[track_caller]
fn is_about(moment: Timestamp, wanted: Timestamp) {
    assert!(moment.duration_since(wanted).abs() < SignedDuration::from_mins(1), "{moment} is not {wanted}");
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

#[test]
fn an_authority_says_what_it_is_and_what_it_may() {
    let workspace = with_authority();
    let text = profile(&workspace, ROOT, "first.test.pem");
    let (subject, extensions) = text.split_once('\n').unwrap();
    assert_eq!(
        extensions,
        "X509v3 extensions:\n    \
         X509v3 Key Usage: critical\n        Certificate Sign, CRL Sign\n    \
         X509v3 Name Constraints: critical\n        Permitted:\n          DNS:localhost\n          DNS:test\n          \
         DNS:example\n          DNS:invalid\n          DNS:internal\n          DNS:local\n          DNS:home.arpa\n          \
         IP:127.0.0.0/255.0.0.0\n          IP:10.0.0.0/255.0.0.0\n          IP:172.16.0.0/255.240.0.0\n          \
         IP:192.168.0.0/255.255.0.0\n          IP:169.254.0.0/255.255.0.0\n          \
         IP:0:0:0:0:0:0:0:1/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF\n          \
         IP:FC00:0:0:0:0:0:0:0/FE00:0:0:0:0:0:0:0\n          IP:FE80:0:0:0:0:0:0:0/FFC0:0:0:0:0:0:0:0\n    \
         X509v3 Subject Key Identifier:\n        OWN\n    \
         X509v3 Basic Constraints: critical\n        CA:TRUE, pathlen:0\n"
    );
    let now = Timestamp::now();
    let serial = field(&workspace, ROOT, "-serial").to_lowercase();
    let (organization, rest) = subject.strip_prefix("Subject: O = ").unwrap().split_once(", OU = ").unwrap();
    let (who, common_name) = rest.split_once(", CN = ").unwrap();
    let day = now.strftime("%Y-%m-%d");
    let wanted: String = format!("manage local CA {day} {} {who}", &serial[..8]).chars().take(64).collect();
    assert_eq!((organization, common_name), ("manage local CA", wanted.as_str()));
    assert_eq!(field(&workspace, ROOT, "-issuer"), field(&workspace, ROOT, "-subject"));
    is_about(time(&workspace, ROOT, "-startdate"), now - SignedDuration::from_hours(1));
    is_about(time(&workspace, ROOT, "-enddate"), now + days(3652));
    let head = openssl(&workspace, &["x509", "-in", ROOT, "-noout", "-text"]);
    for line in ["Version: 3 (0x2)", "NIST CURVE: P-256", "Signature Algorithm: ecdsa-with-SHA256"] {
        assert!(head.contains(line), "{line} in {head}");
    }
    openssl(&workspace, &["verify", "-x509_strict", "-check_ss_sig", "-CAfile", ROOT, ROOT]);
    openssl(&workspace, &["pkey", "-in", OWN_KEY, "-check", "-noout"]);
}

#[test]
fn what_is_permitted_beyond_is_in_the_constraints_and_without_them_there_are_none() {
    let workspace = Workspace::new();
    let more =
        ["--permit", "Corp.com", "--permit", "100.64.0.0/10", "--permit", "2001:db8::1", "--permit", "test"];
    workspace.manage(["cert", "create", "a.test"].iter().chain(&more)).succeeds();
    let text = profile(&workspace, ROOT, "a.test.pem");
    let constraints = text.split_once("/FFC0:0:0:0:0:0:0:0\n").unwrap().1;
    assert_eq!(
        constraints.split_once("    X509v3").unwrap().0,
        "          DNS:corp.com\n          IP:100.64.0.0/255.192.0.0\n          \
         IP:2001:DB8:0:0:0:0:0:1/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF\n"
    );
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "evil.com", "--unconstrained"]).succeeds();
    assert_eq!(
        profile(&workspace, ROOT, "evil.com.pem").split_once('\n').unwrap().1,
        "X509v3 extensions:\n    X509v3 Key Usage: critical\n        Certificate Sign, CRL Sign\n    \
         X509v3 Subject Key Identifier:\n        OWN\n    X509v3 Basic Constraints: critical\n        CA:TRUE, pathlen:0\n"
    );
    openssl_accepts(&workspace, &caroot(&workspace), "evil.com.pem");
}

#[test]
fn two_authorities_of_one_day_and_person_are_told_apart() {
    let [one, two] = [with_authority(), with_authority()];
    for flag in ["-subject", "-serial"] {
        assert_ne!(field(&one, ROOT, flag), field(&two, ROOT, flag));
    }
    assert_ne!(key_id(&one, ROOT), key_id(&two, ROOT));
}

/// What a leaf says: its subject, names as openssl titles and prints them, usages and purposes.
fn leaf(subject: &str, names: &str, usage: &str, purposes: &str) -> String {
    format!(
        "Subject:{subject}\nX509v3 extensions:\n    X509v3 Authority Key Identifier:\n        AUTHORITY\n    \
         X509v3 Subject Alternative Name:{names}\n    X509v3 Key Usage: critical\n        {usage}\n    \
         X509v3 Extended Key Usage:\n        {purposes}\n    X509v3 Subject Key Identifier:\n        OWN\n    \
         X509v3 Basic Constraints: critical\n        CA:FALSE\n"
    )
}

const CLIENT: &str = "TLS Web Client Authentication";
const SERVER: &str = "TLS Web Server Authentication";
const MAIL: &str = "E-mail Protection";

/// Names, flags, and what comes of them: subject, alternative names and purposes.
type Wanted<'a> = (&'a [&'a str], &'a [&'a str], String, String, String);

#[test]
fn a_certificate_says_whom_and_what_it_is_for() {
    let workspace = with_authority();
    let label = "a".repeat(59);
    // 64 letters, and one more.
    let (longest, too_long) = (format!("{label}.test"), format!("a{label}.test"));
    let client = ["--client"].as_slice();
    let rows: [Wanted<'_>; 10] = [
        (&["app.test"], &[], " CN = app.test".into(), "\n        DNS:app.test".into(), SERVER.into()),
        (
            &["app.test", "me@app.test"],
            client,
            " CN = app.test".into(),
            "\n        DNS:app.test, email:me@app.test".into(),
            format!("{CLIENT}, {SERVER}, {MAIL}"),
        ),
        (
            &["app.test"],
            client,
            " CN = app.test".into(),
            "\n        DNS:app.test".into(),
            format!("{CLIENT}, {SERVER}"),
        ),
        (
            &["me@app.test"],
            &[],
            " CN = me@app.test".into(),
            "\n        email:me@app.test".into(),
            MAIL.into(),
        ),
        (
            &["me@app.test"],
            client,
            " CN = me@app.test".into(),
            "\n        email:me@app.test".into(),
            format!("{CLIENT}, {MAIL}"),
        ),
        (&[&longest], &[], format!(" CN = {longest}"), format!("\n        DNS:{longest}"), SERVER.into()),
        (&[&too_long], &[], String::new(), format!(" critical\n        DNS:{too_long}"), SERVER.into()),
        (
            &["127.0.0.1", "app.test"],
            &[],
            " CN = 127.0.0.1".into(),
            "\n        IP Address:127.0.0.1, DNS:app.test".into(),
            SERVER.into(),
        ),
        // OpenSSL takes a common name for a host where there is no other, and the constraints permit no such host.
        (&["127.0.0.1"], &[], String::new(), " critical\n        IP Address:127.0.0.1".into(), SERVER.into()),
        (
            &["spiffe://td/x"],
            &[],
            String::new(),
            " critical\n        URI:spiffe://td/x".into(),
            SERVER.into(),
        ),
    ];
    for (names, flags, subject, alternatives, purposes) in rows {
        let file = ["--cert-file", "leaf.pem", "--key-file", "leaf-key.pem"];
        workspace.manage(["cert", "create"].iter().chain(names).chain(flags).chain(&file)).succeeds();
        let text = profile(&workspace, "leaf.pem", ROOT);
        assert_eq!(text, leaf(&subject, &alternatives, "Digital Signature", &purposes), "{names:?}");
        openssl(&workspace, &["verify", "-x509_strict", "-CAfile", ROOT, "leaf.pem"]);
        let now = Timestamp::now();
        is_about(time(&workspace, "leaf.pem", "-startdate"), now - SignedDuration::from_hours(1));
        is_about(time(&workspace, "leaf.pem", "-enddate"), now + days(90));
    }
}

#[test]
fn a_key_of_every_kind_belongs_to_its_certificate_and_is_sound() {
    let workspace = with_authority();
    for (kind, usage, says) in [
        ("p256", "Digital Signature", "NIST CURVE: P-256"),
        ("p384", "Digital Signature", "NIST CURVE: P-384"),
        ("rsa2048", "Digital Signature, Key Encipherment", "Public-Key: (2048 bit)"),
        ("rsa3072", "Digital Signature, Key Encipherment", "Public-Key: (3072 bit)"),
    ] {
        let (file, key) = (format!("{kind}.pem"), format!("{kind}-key.pem"));
        let files = ["--cert-file", &file, "--key-file", &key];
        workspace.manage(["cert", "create", "app.test", "--key", kind].iter().chain(&files)).succeeds();
        assert_eq!(
            profile(&workspace, &file, ROOT),
            leaf(" CN = app.test", "\n        DNS:app.test", usage, SERVER)
        );
        assert!(openssl(&workspace, &["x509", "-in", &file, "-noout", "-text"]).contains(says), "{kind}");
        openssl_accepts(&workspace, &caroot(&workspace), &file);
        belong_together(&workspace, &file, &key);
        openssl(&workspace, &["pkey", "-in", &key, "-check", "-noout"]);
    }
}

#[test]
fn numbers_are_random_positive_and_of_one_length() {
    let workspace = Workspace::new();
    let mut numbers = Vec::new();
    for _ in 0..5 {
        workspace.manage(["cert", "create", "a.test"]).succeeds();
        let number = field(&workspace, "a.test.pem", "-serial");
        assert!(number.len() == 32 && number.as_bytes()[0] < b'8', "{number}");
        numbers.push(number);
    }
    numbers.push(field(&workspace, ROOT, "-serial"));
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 6);
}

#[test]
fn a_certificate_holds_as_long_as_it_was_asked_for_but_never_longer_than_its_authority() {
    let workspace = with_authority();
    workspace.manage(["cert", "create", "a.test", "--days", "400"]).succeeds();
    is_about(time(&workspace, "a.test.pem", "-enddate"), Timestamp::now() + days(400));

    let workspace = imported("ec", "/CN=short", &["-days", "10"]);
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    for flag in ["-startdate", "-enddate"] {
        // It began just now, so nothing is dated back.
        assert_eq!(field(&workspace, "a.test.pem", flag), field(&workspace, ROOT, flag));
    }
    is_about(time(&workspace, "a.test.pem", "-enddate"), Timestamp::now() + days(10));
    workspace.manage(["cert", "create", "b.test", "--days", "9"]).succeeds();
    is_about(time(&workspace, "b.test.pem", "-enddate"), Timestamp::now() + days(9));
    openssl_accepts(&workspace, &caroot(&workspace), "a.test.pem");
}

/// Connects to port `argv[1]` as `argv[2]`, strictly, with the authorities in `argv[3]`.
const PYTHON: &str = "
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[3])
context.verify_flags |= ssl.VERIFY_X509_STRICT
with socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as plain:
    with context.wrap_socket(plain, server_hostname=sys.argv[2]) as tls:
        print(tls.version())
";

#[test]
fn strict_python_connects() {
    let workspace = with_authority();
    let other = with_authority();
    let others = other.path().join(ROOT).display().to_string();
    for kind in ["p256", "p384", "rsa2048"] {
        let names = ["app.test", "127.0.0.1", "*.sub.test"];
        workspace.manage(["cert", "create", "--key", kind].iter().chain(&names)).succeeds();
        let server = TlsServer::of(workspace.path(), "app.test+2.pem", "app.test+2-key.pem");
        let connect = |host: &str, authorities: &str| {
            let port = server.port.to_string();
            tool(&workspace, "python3", &["-c", PYTHON, &port, host, authorities])
        };
        for host in ["app.test", "127.0.0.1", "x.sub.test"] {
            connect(host, ROOT).succeeds_with("TLSv1.3\n");
        }
        let said = connect("other.test", ROOT).fails(1);
        assert!(said.contains("Hostname mismatch, certificate is not valid for 'other.test'"), "{said}");
        let said = connect("app.test", &others).fails(1);
        assert!(said.contains("unable to get local issuer certificate"), "{said}");
    }
}

fn library(workspace: &Workspace) -> Folder {
    let environment = Environment::of([("HOME".to_owned(), workspace.path().display().to_string())]);
    Folder::of(&Person::of(&environment).unwrap(), Home::Manage).unwrap()
}

/// As a server in this program asks for its certificate.
#[test]
fn a_server_gets_chain_and_key_from_the_library_and_rustls_serves_with_them() {
    let workspace = Workspace::new();
    let folder = library(&workspace);
    let (authority, was_made) =
        Authority::open_or_create(&folder.lock().unwrap(), &Profile::default()).unwrap();
    assert!(was_made);
    let (again, was_made) = Authority::open_or_create(&folder.lock().unwrap(), &Profile::default()).unwrap();
    assert_eq!((again.certificate, was_made), (authority.certificate.clone(), false));
    for kind in KeyType::ALL {
        let names = ["localhost", "127.0.0.1", "::1"].map(|name| Name::parse(name).unwrap());
        let request =
            LeafRequest { names: names.to_vec(), days: 90, is_client: false, subject: Subject::New(kind) };
        let leaf = authority.issue(&request).unwrap();
        let chain = armor::of_pem(leaf.chain_pem().as_bytes());
        assert_eq!(chain, [leaf.certificate.clone(), authority.certificate.clone()]);
        let key = leaf.key.unwrap();
        for name in ["localhost", "127.0.0.1", "::1"] {
            handshake(&chain, key.pkcs8(), &authority.certificate, name).unwrap();
        }
        let error = handshake(&chain, key.pkcs8(), &authority.certificate, "app.test").unwrap_err();
        assert!(error.contains("certificate not valid for name \"app.test\""), "{error}");
    }
    assert_eq!(files(&workspace), [""; 0], "only who asks for files gets some");
}

#[test]
fn the_library_refuses_what_the_command_refuses() {
    let workspace = Workspace::new();
    let folder = library(&workspace);
    let (authority, _) = Authority::open_or_create(&folder.lock().unwrap(), &Profile::default()).unwrap();
    let names = vec![Name::parse("a.test").unwrap(), Name::parse("evil.com").unwrap()];
    let request = LeafRequest { names, days: 90, is_client: false, subject: Subject::New(KeyType::P256) };
    let error = authority.issue(&request).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the local authority may not sign for `evil.com`: it is constrained to private names"
    );
}

/// A workspace that has taken over an authority made by openssl as [`foreign_authority`] makes it.
fn imported(key: &str, subject: &str, dates: &[&str]) -> Workspace {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path().join("theirs")).unwrap();
    foreign_authority(&workspace, "theirs", key, subject, dates);
    workspace.manage(["cert", "import", "theirs"]).succeeds();
    workspace
}

/// A workspace that has taken over an authority with these lines in the configuration of openssl: those of the request,
/// and those of the extensions.
fn imported_with(key: &[&str], subject: &str, request: &str, extensions: &str) -> Workspace {
    let workspace = Workspace::new();
    let config = format!(
        "[req]\ndistinguished_name = name\nx509_extensions = authority\n{request}\n[name]\n[person]\nO = Corp\n\
         [authority]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign\n{extensions}\n"
    );
    workspace.write("theirs/openssl.cnf", &config);
    let files = ["-keyout", "theirs/rootCA-key.pem", "-out", "theirs/rootCA.pem"];
    let common = [
        "req",
        "-x509",
        "-nodes",
        "-config",
        "theirs/openssl.cnf",
        "-utf8",
        "-multivalue-rdn",
        "-subj",
        subject,
    ];
    openssl(&workspace, &[&common, key, &files[..]].concat());
    workspace.manage(["cert", "import", "theirs"]).succeeds();
    workspace
}

const P256: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const HASH: &str = "subjectKeyIdentifier = hash";

/// Asserts that a new certificate is signed in exactly this name of its authority, and that clients accept it.
#[track_caller]
fn signs_in_its_name(workspace: &Workspace) {
    workspace.manage(["cert", "create", "app.test", "127.0.0.1"]).succeeds();
    let names = |file: &str, flag: &str| {
        let options = ["-nameopt", "multiline,show_type,dump_der,dump_unknown"];
        let text = openssl(workspace, &[&["x509", "-in", file, "-noout", flag], &options[..]].concat());
        text.split_once('=').unwrap().1.to_owned()
    };
    assert_eq!(names("app.test+1.pem", "-issuer"), names(ROOT, "-subject"));
    let [leaf, root] = ["app.test+1.pem", ROOT].map(|file| der(workspace, file));
    let raw = |der: &[u8], of_issuer: bool| {
        let certificate = X509Certificate::from_der(der).unwrap().1;
        let name = if of_issuer { certificate.issuer() } else { certificate.subject() };
        name.as_raw().to_vec()
    };
    assert_eq!(raw(&leaf, true), raw(&root, false));
    belong_together(workspace, "app.test+1.pem", "app.test+1-key.pem");
    openssl_accepts(workspace, &caroot(workspace), "app.test+1.pem");
    let key = fs::read(workspace.path().join("app.test+1-key.pem")).unwrap();
    let key = super::desk::pkcs8(&key);
    for name in ["app.test", "127.0.0.1"] {
        handshake(&[leaf.clone(), root.clone()], &key, &root, name).unwrap();
    }
}

fn der(workspace: &Workspace, file: impl AsRef<Path>) -> Vec<u8> {
    armor::of_pem(&fs::read(workspace.path().join(file)).unwrap()).swap_remove(0)
}

#[test]
fn an_authority_of_mkcert_signs() {
    for key in ["rsa:3072", "ec"] {
        let workspace = imported(key, "/O=mkcert development CA/OU=me@here (Me)/CN=mkcert me@here (Me)", &[]);
        signs_in_its_name(&workspace);
    }
}

#[test]
fn an_authority_signs_in_its_name_however_that_is_encoded() {
    for (subject, strings, says) in [
        // rcgen loses all but one of them.
        ("/DC=com/DC=example/OU=one/OU=two/CN=twice", "utf8only", "IA5STRING:example"),
        // rcgen cannot read it.
        ("/O=Corp+OU=Both/CN=several+UID=7", "utf8only", "+ "),
        ("/O=Telet\u{e9}x/CN=old", "MASK:4", "T61STRING:old"),
        ("/O=B\u{fc}ro/CN=wide", "MASK:2048", "BMPSTRING:wide"),
        ("/C=DE/O=Plain/CN=plain", "nombstr", "PRINTABLESTRING:plain"),
        ("/O=B\u{fc}ro/CN=\u{65e5}\u{672c}", "utf8only", "UTF8STRING:"),
        ("/O= spaces  in  it ", "utf8only", "spaces  in  it"),
    ] {
        let workspace = imported_with(P256, subject, &format!("string_mask = {strings}"), HASH);
        let options = ["-nameopt", "oneline,show_type"];
        let name =
            openssl(&workspace, &[&["x509", "-in", ROOT, "-noout", "-subject"], &options[..]].concat());
        assert!(name.contains(says), "{name}");
        signs_in_its_name(&workspace);
    }
}

#[test]
fn an_authority_with_another_kind_of_key_signs() {
    for (key, signature) in [
        (&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"][..], "ecdsa-with-SHA384"),
        (&["-newkey", "ed25519"], "ED25519"),
        (&["-newkey", "rsa:2048"], "sha256WithRSAEncryption"),
    ] {
        let workspace = imported_with(key, "/CN=other", "", HASH);
        signs_in_its_name(&workspace);
        let text = openssl(&workspace, &["x509", "-in", "app.test+1.pem", "-noout", "-text"]);
        assert_eq!(text.matches(&format!("Signature Algorithm: {signature}\n")).count(), 2, "{text}");
    }
}

#[test]
fn an_authority_without_an_identifier_of_its_key_signs() {
    let workspace = imported_with(P256, "/CN=nameless", "", "subjectKeyIdentifier = none");
    assert_eq!(key_id(&workspace, ROOT), "has none");
    workspace.manage(["cert", "create", "app.test"]).succeeds();
    // Strictness would ask the authority for its identifier.
    openssl(&workspace, &["verify", "-purpose", "sslserver", "-CAfile", ROOT, "app.test.pem"]);
}

/// Signs a certificate for these names with the key of the workspace's authority, past everything that is checked here;
/// whether openssl accepts it.
fn openssl_accepts_forged(workspace: &Workspace, names: &str) -> bool {
    workspace.write(
        "forged.cnf",
        &format!("subjectAltName = {names}\nextendedKeyUsage = serverAuth, emailProtection\n"),
    );
    let request =
        [&["req", "-new", "-nodes", "-subj", "/", "-keyout", "forged.key", "-out", "forged.csr"], P256];
    openssl(workspace, &request.concat());
    let sign =
        ["x509", "-req", "-in", "forged.csr", "-CA", ROOT, "-CAkey", OWN_KEY, "-extfile", "forged.cnf"];
    openssl(workspace, &[&sign[..], &["-out", "forged.pem", "-set_serial", "7"]].concat());
    tool(workspace, "openssl", &["verify", "-CAfile", ROOT, "forged.pem"]).status == 0
}

#[test]
fn what_the_constraints_of_an_imported_authority_do_not_allow_is_refused_and_all_else_signed() {
    let constraints = "nameConstraints = critical, permitted;DNS:corp.test, permitted;DNS:.below.test, \
                       permitted;IP:10.0.0.0/255.0.0.0, permitted;email:corp.test, permitted;email:Ann@only.test, \
                       permitted;email:.below.test, permitted;URI:corp.test, permitted;URI:.below.test, \
                       excluded;DNS:secret.corp.test, excluded;IP:10.9.0.0/255.255.0.0, excluded;email:root@corp.test";
    let workspace = imported_with(P256, "/CN=constrained", "", &format!("{HASH}\n{constraints}"));
    let rows = [
        ("DNS", "corp.test", true),
        ("DNS", "a.b.corp.test", true),
        ("DNS", "xcorp.test", false),
        ("DNS", "secret.corp.test", false),
        ("DNS", "x.secret.corp.test", false),
        ("DNS", "notsecret.corp.test", true),
        ("DNS", "x.below.test", true),
        ("DNS", "localhost", false),
        ("IP", "10.1.2.3", true),
        ("IP", "10.9.2.3", false),
        ("IP", "127.0.0.1", false),
        ("IP", "::1", false),
        ("email", "me@corp.test", true),
        ("email", "root@corp.test", false),
        ("email", "me@x.corp.test", false),
        ("email", "Ann@only.test", true),
        ("email", "bob@only.test", false),
        ("email", "me@x.below.test", true),
        ("URI", "https://corp.test/x", true),
        ("URI", "https://x.corp.test/x", false),
        ("URI", "https://x.below.test/x", true),
        ("URI", "spiffe://other.test/x", false),
    ];
    for (kind, name, is_allowed) in rows {
        assert_eq!(
            openssl_accepts_forged(&workspace, &format!("{kind}:{name}")),
            is_allowed,
            "openssl: {name}"
        );
        let files = ["--cert-file", "leaf.pem", "--key-file", "leaf-key.pem"];
        let run = workspace.manage(["cert", "create", name].iter().chain(&files));
        if is_allowed {
            run.succeeds();
            openssl(&workspace, &["verify", "-x509_strict", "-CAfile", ROOT, "leaf.pem"]);
            fs::remove_file(workspace.path().join("leaf.pem")).unwrap();
        } else {
            let said = run.fails(1);
            assert!(
                said.starts_with(&format!("error: the local authority may not sign for `{name}`:")),
                "{said}"
            );
            assert!(!workspace.path().join("leaf.pem").exists());
        }
    }
}

#[test]
fn below_an_authority_that_constrains_subjects_there_is_no_subject() {
    let workspace = imported_with(
        P256,
        "/O=Corp",
        "",
        &format!("{HASH}\nnameConstraints = critical, permitted;dirName:person"),
    );
    workspace.manage(["cert", "create", "app.test"]).succeeds();
    let wanted = leaf("", " critical\n        DNS:app.test", "Digital Signature", SERVER);
    assert_eq!(profile(&workspace, "app.test.pem", ROOT), wanted);
    openssl_accepts(&workspace, &caroot(&workspace), "app.test.pem");
}

#[test]
fn what_an_authority_is_limited_to_is_all_that_it_signs_for() {
    let workspace = imported_with(
        P256,
        "/CN=limited",
        "",
        &format!("{HASH}\nextendedKeyUsage = clientAuth, emailProtection"),
    );
    let before = files(&workspace);
    workspace.manage(["cert", "create", "app.test", "--client"]).fails_with(
        1,
        "error: the local authority may not sign for serverAuth: it is limited to clientAuth, emailProtection\n\
         hint: make one that may: manage cert rotate\n",
    );
    assert_eq!(files(&workspace), before);
    workspace.manage(["cert", "create", "me@app.test", "--client"]).succeeds();
    openssl(
        &workspace,
        &["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", ROOT, "me@app.test-client.pem"],
    );

    let extensions = format!("{HASH}\nextendedKeyUsage = serverAuth");
    signs_in_its_name(&imported_with(P256, "/CN=servers", "", &extensions));
    let extensions = format!("{HASH}\nextendedKeyUsage = anyExtendedKeyUsage");
    let workspace = imported_with(P256, "/CN=any", "", &extensions);
    workspace.manage(["cert", "create", "app.test"]).succeeds();
}

#[test]
fn an_authority_below_another_signs_and_its_chain_leads_to_the_root() {
    let workspace = with_authority();
    workspace.write(
        "theirs/extensions",
        "basicConstraints = critical, CA:TRUE, pathlen:0\nkeyUsage = critical, keyCertSign\nsubjectKeyIdentifier = hash\n\
         authorityKeyIdentifier = keyid\nextendedKeyUsage = serverAuth, clientAuth\n",
    );
    let root = ["req", "-x509", "-nodes", "-subj", "/CN=root", "-keyout", "root.key", "-out", "root.pem"];
    let usage = ["-addext", "keyUsage=critical,keyCertSign"];
    openssl(&workspace, &[&root[..], P256, &usage].concat());
    let request =
        ["req", "-new", "-nodes", "-subj", "/CN=between", "-keyout", "theirs/rootCA-key.pem", "-out", "csr"];
    openssl(&workspace, &[&request, P256].concat());
    let sign = ["x509", "-req", "-in", "csr", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "9"];
    let files = ["-extfile", "theirs/extensions", "-out", "theirs/rootCA.pem"];
    openssl(&workspace, &[&sign[..], &files].concat());
    workspace.manage(["cert", "import", "theirs", "--force"]).succeeds();
    workspace.manage(["cert", "create", "app.test", "--client"]).succeeds();
    let verify = |more: &[&str]| {
        let file = "app.test-client.pem";
        let common = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile"];
        tool(&workspace, "openssl", &[&common, more, &[file]].concat())
    };
    // The file holds what stands between it and the root.
    verify(&["root.pem", "-untrusted", "app.test-client.pem"]).succeeds_with("app.test-client.pem: OK\n");
    verify(&[ROOT, "-partial_chain"]).succeeds();
    let without: Run = verify(&["root.pem"]);
    assert_eq!(without.status, 2, "{without:?}");
}
