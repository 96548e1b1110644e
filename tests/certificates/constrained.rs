//! Name constraints hold: whoever gets the key of a local authority can sign for private names, and no client believes
//! more. Java is left out: it does not look at the constraints of an authority that it trusts.

use std::fs;

use manage::certificates::armor;

use super::desk::{self, ROOT, handshake, openssl, tool};
use super::stores_browsers::{are_wanted, chromium_shows, firefox_shows, profile};
use super::stores_world::{TlsServer, World};
use crate::support::{MANAGE, Workspace};

const KEY: &str = ".local/share/manage/rootCA-key.pem";

/// Names in a certificate, and the one that clients ask for; private ones first.
const PERMITTED: [(&str, &str); 5] = [
    ("DNS:app.test", "app.test"),
    ("DNS:*.app.test", "x.app.test"),
    ("DNS:localhost", "localhost"),
    ("IP:127.0.0.1", "127.0.0.1"),
    ("IP:::1", "::1"),
];
const FORBIDDEN: [(&str, &str); 5] = [
    ("DNS:evil.com", "evil.com"),
    ("DNS:*.evil.com", "www.evil.com"),
    ("IP:8.8.8.8", "8.8.8.8"),
    // Its end is permitted, but not as one label.
    ("DNS:notest", "notest"),
    // One wrong name spoils the certificate.
    ("DNS:app.test,DNS:evil.com", "app.test"),
];

/// An authority of ours whose key somebody uses without us.
struct Stolen {
    workspace: Workspace,
}

impl Stolen {
    fn authority(flags: &[&str]) -> Self {
        let workspace = Workspace::new();
        workspace.manage(["cert", "create", "first.test"].iter().chain(flags)).succeeds();
        let key = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "leaf.key"];
        openssl(&workspace, &key);
        Self { workspace }
    }

    /// Signs `leaf.pem` for these names, with openssl.
    fn forge(&self, names: &str) {
        let extensions = "basicConstraints = CA:FALSE\nextendedKeyUsage = serverAuth\nkeyUsage = digitalSignature\n\
                          authorityKeyIdentifier = keyid\nsubjectKeyIdentifier = hash\n";
        self.workspace.write("extensions", &format!("{extensions}subjectAltName = critical, {names}\n"));
        openssl(&self.workspace, &["req", "-new", "-key", "leaf.key", "-subj", "/", "-out", "leaf.csr"]);
        let sign =
            ["x509", "-req", "-in", "leaf.csr", "-CA", ROOT, "-CAkey", KEY, "-days", "9", "-out", "leaf.pem"];
        openssl(&self.workspace, &[&sign[..], &["-extfile", "extensions", "-set_serial", "4711"]].concat());
    }

    /// What each client says when it trusts the authority and asks a server with `leaf.pem` for `name`.
    fn clients_say(&self, name: &str) -> Vec<(&'static str, String)> {
        self.clients_say_of("leaf.pem", "leaf.key", name)
    }

    fn clients_say_of(&self, certificate: &str, key: &str, name: &str) -> Vec<(&'static str, String)> {
        let server = TlsServer::of(self.workspace.path(), certificate, key);
        let port = server.port.to_string();
        vec![
            ("openssl", self.openssl(certificate)),
            ("curl", self.curl(&port, name)),
            ("python", self.said("python3", &["-c", PYTHON, &port, name, ROOT], &[])),
            ("node", self.said("node", &["-e", NODE, &port, name], &[("NODE_EXTRA_CA_CERTS", ROOT)])),
            ("rustls", self.rustls(certificate, key, name)),
        ]
    }

    fn openssl(&self, certificate: &str) -> String {
        let verify = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", ROOT, certificate];
        let run = tool(&self.workspace, "openssl", &verify);
        match run.status {
            0 => OK.to_owned(),
            _ => {
                run.stderr.lines().find(|line| line.starts_with("error 47")).unwrap_or(&run.stderr).to_owned()
            }
        }
    }

    fn curl(&self, port: &str, name: &str) -> String {
        let host = if name.contains(':') { format!("[{name}]") } else { name.to_owned() };
        let (url, to) = (format!("https://{host}:{port}/"), format!("::127.0.0.1:{port}"));
        let run = tool(
            &self.workspace,
            "curl",
            &["-sS", "-o", "page", "--cacert", ROOT, "--connect-to", &to, &url],
        );
        if run.status == 0 { OK.to_owned() } else { format!("{}: {}", run.status, run.stderr) }
    }

    fn said(&self, program: &str, args: &[&str], variables: &[(&str, &str)]) -> String {
        let variables = variables.iter().map(|(name, value)| format!("{name}={value}"));
        let variables: Vec<String> = variables.collect();
        let words = variables.iter().map(String::as_str).chain([program]).chain(args.iter().copied());
        let run = tool(&self.workspace, "env", &words.collect::<Vec<_>>());
        run.succeeds().trim().to_owned()
    }

    fn rustls(&self, certificate: &str, key: &str, name: &str) -> String {
        let read = |file: &str| fs::read(self.workspace.path().join(file)).unwrap();
        let [leaf, root] = [certificate, ROOT].map(|file| armor::of_pem(&read(file)).swap_remove(0));
        let said = handshake(&[leaf], &desk::pkcs8(&read(key)), &root, name);
        said.map_or_else(|error| error, |()| OK.to_owned())
    }
}

/// What a client says who is content.
const OK: &str = "connected";

/// Connects to port `argv[1]` as `argv[2]`, with the authorities in `argv[3]`.
const PYTHON: &str = "
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[3])
with socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as plain:
    try:
        with context.wrap_socket(plain, server_hostname=sys.argv[2]):
            print('connected')
    except ssl.SSLCertVerificationError as error:
        print(error.verify_code, error.verify_message)
";

/// As above, in Node.
const NODE: &str = "
const tls = require('tls');
const [port, name] = process.argv.slice(1);
const isAddress = require('net').isIP(name) !== 0;
const socket = tls.connect({
  host: '127.0.0.1', port, servername: isAddress ? undefined : name,
  checkServerIdentity: (_, certificate) => tls.checkServerIdentity(name, certificate),
}, () => { console.log('connected'); socket.destroy(); });
socket.on('error', (error) => console.log(error.code, error.message));
";

/// The refusals of a certificate for a name that the constraints do not permit.
fn refusals() -> Vec<(&'static str, String)> {
    let openssl = "permitted subtree violation";
    vec![
        ("openssl", format!("error 47 at 0 depth lookup: {openssl}")),
        ("curl", format!("60: curl: (60) SSL certificate problem: {openssl}")),
        ("python", format!("47 {openssl}")),
        ("node", openssl.to_owned()),
        ("rustls", "NameConstraintViolation".to_owned()),
    ]
}

#[test]
fn every_client_takes_what_the_constraints_permit() {
    let stolen = Stolen::authority(&[]);
    for (names, host) in PERMITTED {
        stolen.forge(names);
        let said = stolen.clients_say(host);
        assert_eq!(
            said,
            refusals().into_iter().map(|(client, _)| (client, OK.to_owned())).collect::<Vec<_>>(),
            "{names}"
        );
    }
}

#[test]
fn no_client_takes_what_they_do_not_permit_even_if_it_is_signed_with_the_authoritys_key() {
    let stolen = Stolen::authority(&[]);
    for (names, host) in FORBIDDEN {
        stolen.forge(names);
        for ((client, said), (_, refusal)) in stolen.clients_say(host).into_iter().zip(refusals()) {
            assert!(said.contains(&refusal), "{client} says of {names}: {said}");
        }
    }
}

/// So that it is the constraints that were refused, and nothing else about these certificates.
#[test]
fn without_constraints_every_client_takes_them_all() {
    let stolen = Stolen::authority(&["--unconstrained"]);
    for (names, host) in FORBIDDEN {
        stolen.forge(names);
        for (client, said) in stolen.clients_say(host) {
            assert_eq!(said, OK, "{client} says of {names}");
        }
    }
}

#[test]
fn a_client_who_does_not_trust_the_authority_takes_nothing() {
    let stolen = Stolen::authority(&[]);
    let other = Stolen::authority(&[]);
    stolen.forge("DNS:app.test");
    fs::copy(other.workspace.path().join(ROOT), stolen.workspace.path().join(ROOT)).unwrap();
    for (client, said) in stolen.clients_say("app.test") {
        assert_ne!(said, OK, "{client}");
    }
}

/// Also those without a host, of which OpenSSL would read the common name as one.
#[test]
fn every_client_takes_what_we_sign() {
    let stolen = Stolen::authority(&[]);
    for (names, host) in [
        (&["127.0.0.1"][..], "127.0.0.1"),
        (&["::1"], "::1"),
        (&["10.1.2.3", "::1", "127.0.0.1"], "10.1.2.3"),
        (&["127.0.0.1", "app.test"], "127.0.0.1"),
        (&["app.test", "127.0.0.1"], "127.0.0.1"),
        (&["spiffe://td.test/x", "127.0.0.1", "me@evil.com"], "127.0.0.1"),
        (&["*.app.test", "localhost"], "x.app.test"),
    ] {
        let files = ["--cert-file", "ours.pem", "--key-file", "ours.key"];
        stolen.workspace.manage(["cert", "create"].iter().chain(names).chain(&files)).succeeds();
        for (client, said) in stolen.clients_say_of("ours.pem", "ours.key", host) {
            assert_eq!(said, OK, "{client} says of {names:?}");
        }
    }
}

#[test]
fn what_was_permitted_beyond_is_taken_and_nothing_else() {
    let stolen = Stolen::authority(&["--permit", "corp.com", "--permit", "100.64.0.0/10"]);
    for (names, host, is_permitted) in [
        ("DNS:www.corp.com", "www.corp.com", true),
        ("IP:100.64.3.4", "100.64.3.4", true),
        ("DNS:app.test", "app.test", true),
        ("DNS:xcorp.com", "xcorp.com", false),
        ("IP:100.128.3.4", "100.128.3.4", false),
    ] {
        stolen.forge(names);
        for ((client, said), (_, refusal)) in stolen.clients_say(host).into_iter().zip(refusals()) {
            let is_right = if is_permitted { said == OK } else { said.contains(&refusal) };
            assert!(is_right, "{client} says of {names}: {said}");
        }
    }
}

/// A machine whose authority is ours, with a server whose certificate is for these names.
fn world_of(flags: &str, names: &str) -> World {
    let world = World::new();
    world.sh(&format!(
        "rm ca/* && cd leaf && {MANAGE} cert create first.test {flags}
         printf 'subjectAltName={names}\\nextendedKeyUsage=serverAuth\\n' > extensions
         openssl x509 -req -in leaf.csr -CA ../ca/rootCA.pem -CAkey ../ca/rootCA-key.pem -days 10 -set_serial 4711 \
           -extfile extensions -out leaf.pem"
    ));
    world
}

#[test]
fn chromium_takes_what_the_constraints_permit_and_nothing_else() {
    if !are_wanted() {
        return;
    }
    for (flags, names, host, is_shown) in [
        ("", "DNS:localhost,DNS:app.test", "app.test", true),
        ("", "DNS:localhost,IP:127.0.0.1", "127.0.0.1", true),
        ("", "DNS:localhost,DNS:evil.com", "evil.com", false),
        ("--unconstrained", "DNS:localhost,DNS:evil.com", "evil.com", true),
    ] {
        let world = world_of(flags, names);
        let server = world.server();
        world.install("nss");
        assert_eq!(chromium_shows(&world, &server.url(host)), is_shown, "{flags} {names}");
    }
}

/// Firefox finds only local names, so a private one is spoiled by one of the internet.
#[test]
fn firefox_takes_what_the_constraints_permit_and_nothing_else() {
    if !are_wanted() {
        return;
    }
    for (flags, names, host, is_shown) in [
        ("", "DNS:localhost", "localhost", true),
        ("", "IP:127.0.0.1", "127.0.0.1", true),
        ("", "DNS:localhost,DNS:evil.com", "localhost", false),
        ("--unconstrained", "DNS:localhost,DNS:evil.com", "localhost", true),
    ] {
        let world = world_of(flags, names);
        let server = world.server();
        let profile = profile(&world, "a.default-esr");
        world.install("nss");
        assert_eq!(firefox_shows(&world, &profile, &server.url(host)), is_shown, "{flags} {names}");
    }
}
