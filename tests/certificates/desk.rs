//! What the tests of certificates share.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ClientConnection, Connection, RootCertStore, ServerConfig, ServerConnection};

use crate::support::{MANAGE, Run, Workspace};

/// Where programs are.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The files of the workspace, but for hidden ones and `settings`; sorted.
pub fn files(workspace: &Workspace) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(workspace.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && name != "settings")
        .collect();
    names.sort();
    names
}

/// Where the workspace's authority is.
pub fn caroot(workspace: &Workspace) -> PathBuf {
    workspace.path().join(".local/share/manage")
}

/// Asserts that nothing was made: no file, no authority.
#[track_caller]
pub fn folder_is_untouched(workspace: &Workspace) {
    assert_eq!(files(workspace), [""; 0]);
    assert!(!caroot(workspace).join("rootCA.pem").exists());
}

/// What openssl answers in the workspace's folder.
#[track_caller]
pub fn openssl(workspace: &Workspace, args: &[&str]) -> String {
    let output = Command::new("openssl").args(args).current_dir(workspace.path()).output().unwrap();
    assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a program in the workspace's folder, with nothing of this process's environment: no variable names a bundle of
/// authorities.
pub fn tool(workspace: &Workspace, program: &str, args: &[&str]) -> Run {
    let mut command = Command::new(program);
    command.args(args).current_dir(workspace.path()).env_clear();
    command.env("PATH", PATH).env("HOME", workspace.path());
    Run::of(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

/// Where the certificate of the workspace's authority is, from the workspace.
pub const ROOT: &str = ".local/share/manage/rootCA.pem";

/// The identifier of a certificate's own key.
pub fn key_id(workspace: &Workspace, file: &str) -> String {
    let text = openssl(workspace, &["x509", "-in", file, "-noout", "-ext", "subjectKeyIdentifier"]);
    text.lines().nth(1).unwrap_or("has none").trim().to_owned()
}

/// Subject and extensions of a certificate as openssl prints them, with `OWN` and `AUTHORITY` for identifiers of keys.
pub fn profile(workspace: &Workspace, file: &str, authority: &str) -> String {
    let without = "no_header,no_version,no_serial,no_signame,no_validity,no_issuer,no_pubkey,no_sigdump";
    let text = openssl(workspace, &["x509", "-in", file, "-noout", "-text", "-certopt", without]);
    let lines =
        text.lines().map(|line| format!("{}\n", line.strip_prefix("        ").unwrap_or(line).trim_end()));
    let text: String = lines.collect();
    text.replace(&key_id(workspace, file), "OWN").replace(&key_id(workspace, authority), "AUTHORITY")
}

/// Asserts that openssl accepts a certificate strictly, below the authority in `caroot`, for its purpose.
#[track_caller]
pub fn openssl_accepts(workspace: &Workspace, caroot: &Path, file: &str) {
    let ca = caroot.join("rootCA.pem").display().to_string();
    let answer =
        openssl(workspace, &["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", &ca, file]);
    assert_eq!(answer, format!("{file}: OK\n"));
}

/// Asserts that a key belongs to a certificate.
#[track_caller]
pub fn belong_together(workspace: &Workspace, certificate: &str, key: &str) {
    let of_certificate = openssl(workspace, &["x509", "-in", certificate, "-pubkey", "-noout"]);
    assert_eq!(of_certificate, openssl(workspace, &["pkey", "-in", key, "-pubout"]));
}

/// The permissions of a file or folder.
pub fn mode(path: impl AsRef<Path>) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Another program in the workspace's folder, with the environment that the program itself would have there.
pub fn beside(workspace: &Workspace, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let plain = workspace.command([""; 0]);
    let mut command = Command::new(program);
    command.current_dir(workspace.path()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The program without root's power over other people's files and its own closed folders, also when root tests.
pub fn powerless(workspace: &Workspace, args: &[&str]) -> Command {
    if !nix::unistd::Uid::effective().is_root() {
        return workspace.command(args);
    }
    let mut command = beside(workspace, "setpriv");
    command.args(["--inh-caps=-all", "--bounding-set=-all", "--"]).arg(MANAGE).args(args);
    command
}

/// The key in PEM as PKCS#8.
pub fn pkcs8(pem: &[u8]) -> Vec<u8> {
    pem::parse(pem).unwrap().into_contents()
}

/// A handshake in memory between a server of rustls with this chain and key, and a client who trusts `root` alone and
/// wants `name`; why it came to nothing.
pub fn handshake(chain: &[Vec<u8>], key: &[u8], root: &[u8], name: &str) -> Result<(), String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.to_vec()));
    // Refuses a key that is not the certificate's.
    let certified = CertifiedKey::from_der(chain, key, &provider).map_err(|error| error.to_string())?;
    let server =
        ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let server = server.with_no_client_auth().with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec())).map_err(|error| error.to_string())?;
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let client = client.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = Connection::from(ClientConnection::new(Arc::new(client), name).unwrap());
    let mut server = Connection::from(ServerConnection::new(Arc::new(server)).unwrap());
    while client.is_handshaking() || server.is_handshaking() {
        hand_over(&mut client, &mut server).map_err(|error| error.to_string())?;
        hand_over(&mut server, &mut client).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Carries all that `from` has to say to `to`.
fn hand_over(from: &mut Connection, to: &mut Connection) -> Result<(), rustls::Error> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).unwrap();
    }
    let mut bytes = bytes.as_slice();
    while !bytes.is_empty() {
        to.read_tls(&mut bytes).unwrap();
        to.process_new_packets()?;
    }
    Ok(())
}

/// Makes an authority with openssl, unconstrained like mkcert's: `key` is `ec` or what `-newkey` takes, `dates` are
/// flags of `openssl ca`, else it holds for ten years.
pub fn foreign_authority(workspace: &Workspace, folder: &str, key: &str, subject: &str, dates: &[&str]) {
    let path = |name: &str| format!("{folder}/{name}");
    let newkey: &[&str] = match key {
        "ec" => &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        other => &["-newkey", other],
    };
    let config = "[req]\ndistinguished_name = name\nx509_extensions = authority\n[name]\n[authority]\n\
                  basicConstraints = critical, CA:TRUE, pathlen:0\nkeyUsage = critical, keyCertSign\n\
                  subjectKeyIdentifier = hash\n[ca]\ndefault_ca = this\n[this]\ndatabase = index.txt\nserial = serial\n\
                  new_certs_dir = .\ndefault_md = sha256\npolicy = any\nx509_extensions = authority\npreserve = yes\n[any]\n\
                  organizationName = optional\ncommonName = optional\n";
    workspace.write(&path("openssl.cnf"), config);
    let (config, certificate, private) = (path("openssl.cnf"), path("rootCA.pem"), path("rootCA-key.pem"));
    let common = ["-config", &config, "-nodes", "-keyout", &private, "-subj", subject, "-multivalue-rdn"];
    if dates.is_empty() {
        let request = ["req", "-x509", "-days", "3650", "-out", &certificate];
        openssl(workspace, &[&request, newkey, &common].concat());
    } else {
        let request = path("request.pem");
        openssl(workspace, &[&["req", "-new", "-out", &request], newkey, &common].concat());
        workspace.write("index.txt", "").write("serial", "01\n");
        let sign = [
            "ca",
            "-batch",
            "-selfsign",
            "-notext",
            "-config",
            &config,
            "-in",
            &request,
            "-keyfile",
            &private,
            "-out",
            &certificate,
        ];
        let dates: Vec<&str> = dates
            .iter()
            .map(|date| match *date {
                "-not_before" => "-startdate",
                "-not_after" => "-enddate",
                other => other,
            })
            .collect();
        openssl(workspace, &[&sign[..], &dates].concat());
        for file in ["index.txt", "serial", "index.txt.attr", "index.txt.old", "serial.old", "01.pem"] {
            drop(fs::remove_file(workspace.path().join(file)));
        }
        fs::remove_file(workspace.path().join(&request)).unwrap();
    }
    fs::remove_file(workspace.path().join(&config)).unwrap();
}

/// Whether root runs the tests: only root can give files away or be called through sudo.
#[expect(clippy::print_stderr, reason = "what was left out should be seen")]
pub fn is_root() -> bool {
    let is_root = nix::unistd::Uid::effective().is_root();
    if !is_root {
        eprintln!("left out: this needs root");
    }
    is_root
}
