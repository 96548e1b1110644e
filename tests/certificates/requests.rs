//! `cert create --csr`: a request gives its key and its names, nothing else.

use std::fs;
use std::process::Stdio;

use super::desk::{
    ROOT, caroot, files, folder_is_untouched, key_id, openssl, openssl_accepts, profile, tool,
};
use crate::support::{Run, Workspace};

const P256: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const P384: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"];
const RSA: &[&str] = &["-newkey", "rsa:2048"];
const A_TEST: &[&str] = &["-subj", "/CN=a.test", "-addext", "subjectAltName=DNS:a.test"];

/// Makes the request `NAME.csr` and its key `NAME.key` with openssl.
fn request(workspace: &Workspace, name: &str, words: &[&[&str]]) {
    let (key, csr) = (format!("{name}.key"), format!("{name}.csr"));
    let common = ["req", "-new", "-nodes", "-keyout", &key, "-out", &csr];
    openssl(workspace, &[&common, words.concat().as_slice()].concat());
}

/// A request for these alternative names.
fn request_for(workspace: &Workspace, name: &str, names: &str) {
    let names = format!("subjectAltName={names}");
    request(workspace, name, &[P256, &["-subj", "/", "-addext", &names]]);
}

/// Signs a request as `NAME.pem`.
fn sign(workspace: &Workspace, name: &str, more: &[&str]) -> Run {
    let (csr, certificate) = (format!("{name}.csr"), format!("{name}.pem"));
    workspace.manage(["cert", "create", "--csr", &csr, "--cert-file", &certificate].iter().chain(more))
}

/// A workspace with an authority.
fn with_authority() -> Workspace {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "first.test"]).succeeds();
    workspace
}

/// Asserts that a certificate is for the key of a request, and that openssl accepts it.
#[track_caller]
fn is_for_the_key(workspace: &Workspace, certificate: &str, csr: &str) {
    let of_certificate = openssl(workspace, &["x509", "-in", certificate, "-noout", "-pubkey"]);
    assert_eq!(of_certificate, openssl(workspace, &["req", "-in", csr, "-noout", "-pubkey"]), "{csr}");
    openssl_accepts(workspace, &caroot(workspace), certificate);
}

fn alternative_names(workspace: &Workspace, certificate: &str) -> String {
    let text = openssl(workspace, &["x509", "-in", certificate, "-noout", "-ext", "subjectAltName"]);
    text.lines().nth(1).unwrap().trim().to_owned()
}

/// What our certificates say, when nothing special is asked for.
fn plain(name: &str, usage: &str, purposes: &str) -> String {
    format!(
        "Subject: CN = {name}\nX509v3 extensions:\n    X509v3 Authority Key Identifier:\n        AUTHORITY\n    \
         X509v3 Subject Alternative Name:\n        DNS:{name}\n    X509v3 Key Usage: critical\n        {usage}\n    \
         X509v3 Extended Key Usage:\n        {purposes}\n    X509v3 Subject Key Identifier:\n        OWN\n    \
         X509v3 Basic Constraints: critical\n        CA:FALSE\n"
    )
}

const SERVER: &str = "TLS Web Server Authentication";

/// A name, flags for key and hash, the usages that come of them, and what is said.
type Signed<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a str, &'a str);

#[test]
fn a_key_of_every_kind_is_signed_as_it_is_whatever_hash_its_request_is_signed_with() {
    let workspace = with_authority();
    let browsers = "warning: browsers refuse certificates with keys of the kind Ed25519\n";
    let (ecdsa, rsa) = ("Digital Signature", "Digital Signature, Key Encipherment");
    let rows: [Signed<'_>; 10] = [
        ("p256", P256, &["-sha256"], ecdsa, ""),
        ("p256-384", P256, &["-sha384"], ecdsa, ""),
        ("p384", P384, &["-sha384"], ecdsa, ""),
        // rcgen takes the kind of the key from the signature, and corrupts the key.
        ("p384-256", P384, &["-sha256"], ecdsa, ""),
        ("rsa", RSA, &["-sha256"], rsa, ""),
        ("rsa-384", RSA, &["-sha384"], rsa, ""),
        ("rsa-512", RSA, &["-sha512"], rsa, ""),
        ("rsa3072", &["-newkey", "rsa:3072"], &[], rsa, ""),
        ("rsa4096", &["-newkey", "rsa:4096"], &[], rsa, ""),
        ("ed25519", &["-newkey", "ed25519"], &[], ecdsa, browsers),
    ];
    for (name, key, hash, usage, said) in rows {
        request(&workspace, name, &[key, hash, A_TEST]);
        let run = sign(&workspace, name, &[]);
        assert_eq!((run.status, run.stderr.as_str()), (0, said), "{name}");
        let certificate = format!("{name}.pem");
        is_for_the_key(&workspace, &certificate, &format!("{name}.csr"));
        assert_eq!(profile(&workspace, &certificate, ROOT), plain("a.test", usage, SERVER), "{name}");
    }
}

#[test]
fn a_request_is_read_in_every_form_in_which_people_have_it() {
    let workspace = with_authority();
    request(&workspace, "pem", &[P256, A_TEST]);
    openssl(&workspace, &["req", "-in", "pem.csr", "-outform", "DER", "-out", "der.csr"]);
    openssl(&workspace, &["req", "-in", "pem.csr", "-text", "-out", "text.csr"]);
    let pem = fs::read_to_string(workspace.path().join("pem.csr")).unwrap();
    workspace.write("new.csr", &pem.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"));
    workspace.write("windows.csr", &pem.replace('\n', "\r\n"));
    let key = fs::read_to_string(workspace.path().join("pem.key")).unwrap();
    workspace.write("both.csr", &(key + &pem));
    for form in ["pem", "der", "text", "new", "windows", "both"] {
        let run = sign(&workspace, form, &[]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{form}");
        is_for_the_key(&workspace, &format!("{form}.pem"), "pem.csr");
    }
    for form in ["pem", "der"] {
        let mut command = workspace.command(["cert", "create", "--csr", "-", "--cert-file", "stdin.pem"]);
        let file = fs::File::open(workspace.path().join(format!("{form}.csr"))).unwrap();
        Run::of(command.stdin(Stdio::from(file)).spawn().unwrap()).succeeds();
        is_for_the_key(&workspace, "stdin.pem", "pem.csr");
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "what was left out should be seen")]
fn what_keytool_asks_for_is_signed() {
    let workspace = with_authority();
    if tool(&workspace, "sh", &["-c", "command -v keytool"]).status != 0 {
        eprintln!("there is no keytool: not tried");
        return;
    }
    for (name, kind) in [("ec", ["EC", "-groupname", "secp384r1"]), ("rsa", ["RSA", "-keysize", "2048"])] {
        let store = format!("{name}.p12");
        let csr = format!("{name}.csr");
        let common = ["-keystore", &store, "-storepass", "changeit", "-alias", name];
        let pair = ["-genkeypair", "-dname", "CN=a.test,O=Java", "-keyalg"];
        tool(&workspace, "keytool", &[&pair[..], &kind, &common].concat()).succeeds();
        let ask = ["-certreq", "-ext", "san=dns:a.test,ip:127.0.0.1", "-file", &csr];
        tool(&workspace, "keytool", &[&ask[..], &common].concat()).succeeds();
        let run = sign(&workspace, name, &[]);
        assert_eq!(
            (run.status, run.stderr.as_str()),
            (
                0,
                "warning: left out of the certificate, though asked for: subjectKeyIdentifier, subject O=Java, CN=a.test\n"
            )
        );
        let certificate = format!("{name}.pem");
        is_for_the_key(&workspace, &certificate, &csr);
        assert_eq!(alternative_names(&workspace, &certificate), "DNS:a.test, IP Address:127.0.0.1");
        // Java takes the answer for its key.
        tool(
            &workspace,
            "keytool",
            &[&["-importcert", "-noprompt", "-file", &certificate], &common[..]].concat(),
        )
        .succeeds();
    }
}

#[test]
fn names_of_every_kind_are_those_of_the_request_in_our_spelling() {
    let workspace = with_authority();
    request_for(
        &workspace,
        "all",
        "URI:spiffe://td/x,DNS:A.Test,IP:127.0.0.1,IP:::1,email:me@A.test,DNS:*.a.test,DNS:a.test,DNS:10.0.0.1",
    );
    let run = sign(&workspace, "all", &["--format", "plain"]);
    assert_eq!(run.stderr, "warning: `*.a.test` does not stand for `a.test` itself, nor for `a.b.a.test`\n");
    // A host that is an address is one.
    assert_eq!(
        alternative_names(&workspace, "all.pem"),
        "URI:spiffe://td/x, DNS:a.test, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, email:me@a.test, \
         DNS:*.a.test, IP Address:10.0.0.1"
    );
    is_for_the_key(&workspace, "all.pem", "all.csr");
}

#[test]
fn what_is_asked_for_beyond_names_is_left_out_and_said() {
    let workspace = with_authority();
    let beyond = [
        "subjectAltName=DNS:a.test",
        "basicConstraints=critical,CA:TRUE,pathlen:3",
        "keyUsage=critical,digitalSignature,keyCertSign,cRLSign",
        "extendedKeyUsage=serverAuth,clientAuth,codeSigning,1.2.3.4",
        "subjectKeyIdentifier=hash",
        "tlsfeature=status_request",
        "certificatePolicies=1.2.3.4",
        "nameConstraints=permitted;DNS:com",
        "crlDistributionPoints=URI:http://crl.test/",
        "authorityInfoAccess=OCSP;URI:http://ocsp.test/",
        "issuerAltName=DNS:other.test",
        "1.2.3.4.5=critical,DER:0500",
    ];
    let beyond: Vec<&str> = beyond.iter().flat_map(|extension| ["-addext", extension]).collect();
    request(&workspace, "a", &[P256, &["-subj", "/C=DE/O=Evil/OU=one/OU=two/CN=a.test"], &beyond]);
    let run = sign(&workspace, "a", &[]);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            0,
            "warning: left out of the certificate, though asked for: CA:TRUE, keyUsage (keyCertSign, cRLSign), \
             extendedKeyUsage (clientAuth, codeSigning, 1.2.3.4), subjectKeyIdentifier, TLS feature (must-staple), \
             certificatePolicies, nameConstraints, cRLDistributionPoints, authorityInfoAccess, issuerAltName, \
             extension 1.2.3.4.5, subject C=DE, O=Evil, OU=one, OU=two, CN=a.test\n"
        )
    );
    assert_eq!(profile(&workspace, "a.pem", ROOT), plain("a.test", "Digital Signature", SERVER));
    is_for_the_key(&workspace, "a.pem", "a.csr");
}

#[test]
fn what_is_asked_for_and_given_is_not_said() {
    let workspace = with_authority();
    let asked = [
        "-addext",
        "basicConstraints=CA:FALSE",
        "-addext",
        "keyUsage=digitalSignature,keyEncipherment",
        "-addext",
        "extendedKeyUsage=serverAuth,clientAuth",
    ];
    request(&workspace, "rsa", &[RSA, A_TEST, &asked]);
    request(&workspace, "ec", &[P256, A_TEST, &asked]);
    let client = "TLS Web Client Authentication, TLS Web Server Authentication";
    let rows = [
        ("rsa", &["--client"][..], "Digital Signature, Key Encipherment", client, ""),
        ("rsa", &[], "Digital Signature, Key Encipherment", SERVER, "extendedKeyUsage (clientAuth)"),
        ("ec", &["--client"], "Digital Signature", client, "keyUsage (keyEncipherment)"),
    ];
    for (name, flags, usage, purposes, left_out) in rows {
        let run = sign(&workspace, name, flags);
        let warning = format!("warning: left out of the certificate, though asked for: {left_out}\n");
        let said = if left_out.is_empty() { String::new() } else { warning };
        assert_eq!((run.status, run.stderr), (0, said), "{name}");
        assert_eq!(profile(&workspace, &format!("{name}.pem"), ROOT), plain("a.test", usage, purposes));
    }
}

#[test]
fn a_common_name_is_a_name_only_where_there_are_no_others() {
    let workspace = with_authority();
    let rows = [
        ("alone", "/CN=B.test", "", "DNS:b.test", ""),
        ("address", "/CN=10.0.0.1", "", "IP Address:10.0.0.1", ""),
        ("beside", "/CN=b.test", "DNS:a.test", "DNS:a.test", "CN=b.test"),
        ("words", "/CN=My App", "DNS:a.test", "DNS:a.test", "CN=My App"),
        ("two", "/CN=a.test/CN=b.test", "", "DNS:a.test", "CN=a.test, CN=b.test"),
        ("same", "/CN=A.TEST", "DNS:b.test,DNS:a.test", "DNS:b.test, DNS:a.test", ""),
    ];
    for (name, subject, asked, signed, left_out) in rows {
        let asked = format!("subjectAltName={asked}");
        let names: &[&str] = if asked.ends_with('=') { &[] } else { &["-addext", &asked] };
        request(&workspace, name, &[P256, &["-subj", subject], names]);
        let run = sign(&workspace, name, &[]);
        let warning = format!("warning: left out of the certificate, though asked for: subject {left_out}\n");
        let said = if left_out.is_empty() { String::new() } else { warning };
        assert_eq!((run.status, run.stderr), (0, said), "{name}");
        assert_eq!(alternative_names(&workspace, &format!("{name}.pem")), signed, "{name}");
        is_for_the_key(&workspace, &format!("{name}.pem"), &format!("{name}.csr"));
    }
}

#[test]
fn what_a_stranger_writes_does_not_command_the_terminal() {
    let workspace = with_authority();
    request(&workspace, "a", &[P256, A_TEST, &["-subj", "/CN=a.test/O=a\u{1b}[2Jb\nerror: c"]]);
    let run = sign(&workspace, "a", &[]);
    let said = "warning: left out of the certificate, though asked for: subject CN=a.test, O=a\u{fffd}[2Jb\u{fffd}error: c\n";
    assert_eq!((run.status, run.stderr.as_str()), (0, said));
}

#[test]
fn the_flags_hold_for_a_request_too() {
    let workspace = with_authority();
    request(&workspace, "a", &[P256, A_TEST]);
    workspace
        .manage(["cert", "create", "--csr", "a.csr", "--client", "--days", "7", "--out-dir", "out"])
        .succeeds();
    let client = "TLS Web Client Authentication, TLS Web Server Authentication";
    let file = "out/a.test-client.pem";
    assert_eq!(profile(&workspace, file, ROOT), plain("a.test", "Digital Signature", client));
    let week = |seconds: &str| {
        tool(&workspace, "openssl", &["x509", "-in", file, "-noout", "-checkend", seconds]).status
    };
    assert_eq!([week("604000"), week("604900")], [0, 1]);
    workspace
        .manage(["cert", "create", "--csr", "a.csr", "--out-dir", "out", "--cert-file", "b.crt"])
        .succeeds();
    is_for_the_key(&workspace, "out/b.crt", "a.csr");
    let out = fs::read_dir(workspace.path().join("out")).unwrap();
    let mut out: Vec<_> = out.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    out.sort();
    assert_eq!(out, ["a.test-client.pem", "b.crt"], "there is no key to write");
}

#[test]
fn a_renewed_certificate_has_the_key_of_its_request() {
    let workspace = with_authority();
    request(&workspace, "a", &[P384, A_TEST]);
    sign(&workspace, "a", &["--client"]).succeeds();
    fs::remove_file(workspace.path().join("a.csr")).unwrap();
    let serial = || openssl(&workspace, &["x509", "-in", "a.pem", "-noout", "-serial"]);
    let before = (serial(), key_id(&workspace, "a.pem"), profile(&workspace, "a.pem", ROOT));
    workspace.manage(["cert", "renew", "a.pem"]).succeeds();
    let after = (serial(), key_id(&workspace, "a.pem"), profile(&workspace, "a.pem", ROOT));
    assert_ne!(before.0, after.0);
    assert_eq!((before.1, before.2), (after.1, after.2));
    super::desk::belong_together(&workspace, "a.pem", "a.key");
    openssl_accepts(&workspace, &caroot(&workspace), "a.pem");
}

/// Asserts that a request is refused with these words, and that nothing is made: no file, no authority.
#[track_caller]
fn refuses(workspace: &Workspace, name: &str, status: i32, said: &str) {
    let before = files(workspace);
    let run = sign(workspace, name, &["--out-dir", "out"]);
    assert_eq!((run.status, run.stderr), (status, format!("error: {said}\n")), "{name}");
    assert_eq!(files(workspace), before, "{name}");
    assert!(!caroot(workspace).exists(), "{name}");
}

#[test]
fn a_key_that_clients_refuse_is_refused() {
    let workspace = Workspace::new();
    let hint = "hint: make the request with a key of P-256, P-384, RSA of 2048 bits or more, or Ed25519";
    let described =
        ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"];
    let p521 = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"];
    let k1 = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"];
    let rows: [(&str, &[&str], &str, &str); 6] = [
        ("rsa1024", &["-newkey", "rsa:1024"], "RSA 1024", "clients refuse RSA keys below 2048 bits"),
        ("p521", &p521, "P-521", "browsers refuse it"),
        ("k1", &k1, "EC 1.3.132.0.10", "browsers refuse it"),
        ("described", &described, "EC without a named curve", "browsers refuse it"),
        ("pss", &["-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"], "RSA-PSS", "browsers refuse it"),
        ("ed448", &["-newkey", "ed448"], "Ed448", "browsers refuse it"),
    ];
    for (name, key, kind, why) in rows {
        request(&workspace, name, &[key, A_TEST]);
        let said = format!("a key of the kind {kind} cannot be in a certificate: {why}\n{hint}");
        refuses(&workspace, name, 2, &said);
    }
}

#[test]
fn a_signature_that_proves_nothing_is_refused_for_what_it_is() {
    let workspace = Workspace::new();
    let sha1 = "is signed with SHA-1, which proves nothing any more";
    let again = "hint: make it again with -sha256";
    let pss: &[&str] = &["-sigopt", "rsa_padding_mode:pss"];
    let unchecked = |name: &str, what: &str| {
        format!("the signature of {name}.csr cannot be checked: it is {what}\n{again}")
    };
    let rows: [(&str, &[&str], &[&str], String); 5] = [
        ("rsa-sha1", RSA, &["-sha1"], format!("rsa-sha1.csr {sha1}\n{again}")),
        ("ec-sha1", P256, &["-sha1"], format!("ec-sha1.csr {sha1}\n{again}")),
        ("ec-512", P256, &["-sha512"], unchecked("ec-512", "ecdsa-with-SHA512")),
        ("rsa-224", RSA, &["-sha224"], unchecked("rsa-224", "sha224WithRSAEncryption")),
        ("rsa-pss", RSA, pss, unchecked("rsa-pss", "RSASSA-PSS")),
    ];
    for (name, key, hash, said) in rows {
        request(&workspace, name, &[key, hash, A_TEST]);
        refuses(&workspace, name, 2, &said);
    }
}

#[test]
fn a_request_that_was_changed_is_refused_wherever_that_was() {
    let workspace = Workspace::new();
    for (name, key) in [("ec", P256), ("rsa", RSA), ("ed", &["-newkey", "ed25519"][..])] {
        request(&workspace, name, &[key, A_TEST, &["-outform", "DER"]]);
        let right = fs::read(workspace.path().join(format!("{name}.csr"))).unwrap();
        let in_name = right.windows(6).position(|window| window == b"a.test").unwrap();
        for bit in [right.len() - 1, in_name] {
            let mut wrong = right.clone();
            wrong[bit] ^= 1;
            fs::write(workspace.path().join("wrong.csr"), wrong).unwrap();
            let said = "the signature of wrong.csr is wrong: it was changed, or signed with another key";
            refuses(&workspace, "wrong", 2, said);
        }
    }
    // The one that nobody changed.
    sign(&workspace, "ec", &[]).succeeds();
}

#[test]
fn a_name_that_cannot_be_signed_is_refused() {
    let workspace = Workspace::new();
    let nobody = "the request names nobody: it has neither alternative names nor a common name\n\
                  hint: add them: openssl req ... -addext subjectAltName=DNS:app.test";
    request(&workspace, "nobody", &[P256, &["-subj", "/O=Somebody"]]);
    refuses(&workspace, "nobody", 2, nobody);
    request(&workspace, "empty", &[P256, &["-subj", "/"]]);
    refuses(&workspace, "empty", 2, nobody);
    request(&workspace, "words", &[P256, &["-subj", "/CN=John Smith"]]);
    refuses(&workspace, "words", 2, "`John Smith` cannot be in a certificate: it has spaces");

    let kind = "the request asks for a name of a kind that is not signed here:";
    let wildcard = "clients refuse a wildcard with a single label behind it\n\
                    hint: name the hosts (`app.com`), go one level down (`*.app.com`), or add --force";
    let uri = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    let rows = [
        ("registered", "RID:1.2.3.4", format!("{kind} registered identifier 1.2.3.4")),
        ("other", "otherName:1.2.3.4;UTF8:hello", format!("{kind} other name 1.2.3.4")),
        ("directory", "dirName:person", format!("{kind} directory name CN=x")),
        ("spaces", "DNS:a b", "`a b` cannot be in a certificate: it has spaces".to_owned()),
        ("wildcard", "DNS:*.com", format!("`*.com` cannot be in a certificate: {wildcard}")),
        // Else it would become a host.
        (
            "mailbox",
            "email:evil.test",
            "the request asks for the mailbox `evil.test`, which is none".to_owned(),
        ),
        ("host", "DNS:me@a.test", "the request asks for the host `me@a.test`, which is none".to_owned()),
        (
            "uri",
            &format!("URI:{uri}"),
            format!("the request asks for the URI with a host `{uri}`, which is none"),
        ),
        // Else its common name would be signed instead.
        ("damaged", "DER:3003880500", "the request's alternative names are damaged".to_owned()),
        ("one-of-two", "DNS:a.test,RID:1.2.3.4", format!("{kind} registered identifier 1.2.3.4")),
    ];
    for (name, asked, said) in rows {
        let config = format!(
            "[req]\ndistinguished_name = name\nreq_extensions = asked\nprompt = no\n[name]\nCN = a.test\n[asked]\n\
             subjectAltName = {asked}\n[person]\nCN = x\n"
        );
        workspace.write("openssl.cnf", &config);
        request(&workspace, name, &[P256, &["-config", "openssl.cnf"]]);
        refuses(&workspace, name, 2, &said);
    }
}

#[test]
fn what_is_no_request_is_refused_for_what_it_is() {
    let workspace = Workspace::new();
    request(&workspace, "right", &[P256, A_TEST]);
    openssl(&workspace, &["req", "-in", "right.csr", "-outform", "DER", "-out", "der.csr"]);
    let self_signed =
        [&["req", "-x509", "-nodes", "-keyout", "c.key", "-out", "certificate.csr"][..], P256, A_TEST];
    openssl(&workspace, &self_signed.concat());
    openssl(
        &workspace,
        &["x509", "-in", "certificate.csr", "-outform", "DER", "-out", "certificate-der.csr"],
    );
    let der = fs::read(workspace.path().join("der.csr")).unwrap();
    let pem = fs::read_to_string(workspace.path().join("right.csr")).unwrap();
    let key = fs::read(workspace.path().join("right.key")).unwrap();
    let half: String = pem.lines().take(4).map(|line| format!("{line}\n")).collect();
    for (name, content) in [
        ("zero", b"".as_slice()),
        ("garbage", b"garbage\n"),
        ("key", &key),
        ("cut", &der[..der.len() - 1]),
        ("more", &[&der[..], b"\n"].concat()),
        ("other", &[0x30, 3, 2, 1, 5]),
        ("half", half.as_bytes()),
        ("letters", pem.replacen('A', "*", 3).as_bytes()),
    ] {
        fs::write(workspace.path().join(format!("{name}.csr")), content).unwrap();
    }
    let none = "there is no `BEGIN CERTIFICATE REQUEST` in it\n\
                hint: make one: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem \
                -subj /CN=app.test -addext subjectAltName=DNS:app.test -out app.csr";
    for (name, why) in [
        ("zero", "it is empty"),
        ("garbage", none),
        ("key", none),
        ("certificate", "it is a certificate"),
        ("certificate-der", "it is a certificate"),
        ("cut", "it is cut off or has more behind it"),
        ("more", "it is cut off or has more behind it"),
        ("other", "it is damaged"),
        ("half", "its PEM is damaged"),
        ("letters", "its PEM is damaged"),
    ] {
        refuses(&workspace, name, 2, &format!("{name}.csr holds no request: {why}"));
    }
    refuses(&workspace, "missing", 1, "there is no file missing.csr");
    let run = workspace.manage(["cert", "create", "--csr", "-"]);
    run.fails_with(2, "error: - holds no request: it is empty\n");
    assert!(!caroot(&workspace).exists());
    sign(&workspace, "right", &[]).succeeds();
}

#[test]
fn names_that_the_authority_may_not_sign_for_are_not_signed_for_a_request_either() {
    let workspace = Workspace::new();
    request_for(&workspace, "both", "DNS:a.test,DNS:evil.com,IP:8.8.8.8");
    let refused = "the local authority may not sign for `evil.com`, `8.8.8.8`: it is constrained to private names\nhint:";
    refuses(&workspace, "both", 1, &format!("{refused} add --permit evil.com --permit 8.8.8.8"));
    let before = files(&workspace);
    workspace.manage(["cert", "create", "first.test", "--out-dir", "first"]).succeeds();
    let run = sign(&workspace, "both", &["--out-dir", "out"]);
    run.fails_with(
        1,
        &format!(
            "error: {refused} make one that may: manage cert rotate --permit evil.com --permit 8.8.8.8\n"
        ),
    );
    assert_eq!(files(&workspace), [before, vec!["first".to_owned()]].concat());
    request_for(&workspace, "one", "DNS:a.test");
    sign(&workspace, "one", &[]).succeeds();
}

#[test]
fn a_request_takes_no_flags_that_are_for_a_new_key() {
    let workspace = Workspace::new();
    for flags in [["--key", "p256"], ["--key-file", "k.pem"], ["--p12-file", "a.p12"]] {
        let said = workspace.manage(["cert", "create", "--csr", "a.csr"].iter().chain(&flags)).fails(2);
        assert!(said.contains("cannot be used with"), "{said}");
    }
    folder_is_untouched(&workspace);
}
