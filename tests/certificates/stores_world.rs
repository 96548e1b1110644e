//! A machine of its own for tests of trust stores: private copies of the system's folders, a home, an authority, and a
//! server that only those reach who trust it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::unistd::Uid;

use super::desk::PATH;
use crate::support::{MANAGE, Run, Workspace};

/// Nothing that is done to these folders in here is seen outside.
const NAMESPACE: &str = r#"
mount --make-rprivate /
mount -t tmpfs tmpfs "$SCRATCH"
for folder in $FOLDERS; do
  [ -d "$folder" ] || continue
  new="$SCRATCH$folder"
  mkdir -p "$new/upper" "$new/work"
  if [ "$IS_ROOT" = true ]; then
    mount -t overlay overlay -o "lowerdir=$folder,upperdir=$new/upper,workdir=$new/work" "$folder"
  else
    # Root's files stay closed to the root of a person's namespace: copies are theirs.
    cp -dR --preserve=mode,links "$folder/." "$new/upper" 2>/dev/null || true
    chmod -R u+rwX "$new/upper"
    mount --bind "$new/upper" "$folder"
  fi
done
echo ready
exec sleep 600
"#;

/// What is changed by stores, by the commands that update them and by the hooks of these.
const OF_ROOT: &str = "/etc /usr/local/share /usr/share/pki /usr/lib/jvm /var/lib";

/// As much of it as is worth a copy.
const OF_A_PERSON: &str = "/etc /usr/local/share";

/// A machine of its own.
pub struct World {
    workspace: Workspace,
    namespace: Child,
}

/// A TLS server whose certificate the authority of a world has signed.
pub struct TlsServer {
    child: Child,
    /// Its port on the loopback address.
    pub port: u16,
}

impl World {
    /// A machine like this one, but for an empty home and an authority that nobody trusts yet.
    pub fn new() -> Self {
        let workspace = Workspace::new();
        for folder in ["scratch", "home", "ca", "leaf"] {
            fs::create_dir(workspace.path().join(folder)).unwrap();
        }
        let is_root = Uid::effective().is_root();
        let (flags, folders) = if is_root { ("-m", OF_ROOT) } else { ("-rm", OF_A_PERSON) };
        let mut unshare = Command::new("unshare");
        unshare.args([flags, "sh", "-euc", NAMESPACE]).env("SCRATCH", workspace.path().join("scratch"));
        unshare.env("FOLDERS", folders).env("IS_ROOT", is_root.to_string());
        unshare.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut namespace = unshare.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(namespace.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(
            line, "ready\n",
            "this machine gives no private folders: `unshare -rm` and overlays are needed"
        );
        let world = Self { workspace, namespace };
        world.make_certificates();
        world
    }

    /// A path in its own folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.workspace.path().join(name)
    }

    /// Its home.
    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// The certificate of its authority.
    pub fn ca(&self) -> String {
        self.path("ca/rootCA.pem").display().to_string()
    }

    /// A program in there, not started yet; its environment is cleared, so that no variable names another bundle.
    pub fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        if !Uid::effective().is_root() {
            command.args(["-U", "--preserve-credentials"]);
        }
        command.args(["-m", "-t", &self.namespace.id().to_string(), "--"]);
        // Its own folder, as seen from in there; only so can parts of it be mounted.
        command.args(["/bin/sh", "-c", "cd \"$0\" && exec \"$@\""]).arg(self.workspace.path());
        command.arg(program).args(args);
        command.env_clear().env("PATH", PATH).env("HOME", self.home()).env("CAROOT", self.path("ca"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a program in there.
    pub fn run(&self, program: &str, args: &[&str]) -> Run {
        Run::of(self.command(program, args).spawn().unwrap())
    }

    /// Runs lines of shell in there.
    pub fn sh(&self, script: &str) -> String {
        self.run("sh", &["-euc", script]).succeeds()
    }

    /// Runs `manage cert` in there, with variables.
    pub fn cert(&self, args: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut command = self.command(MANAGE, &["cert"]);
        command.args(args).args(["--format", "plain"]).envs(variables.iter().copied());
        Run::of(command.spawn().unwrap())
    }

    /// Runs `manage cert install`, which succeeds, and gives its table.
    #[track_caller]
    pub fn install(&self, stores: &str) -> Table {
        Table::of(&self.cert(&["install", "--stores", stores], &[]).succeeds())
    }

    /// Runs `manage cert uninstall`, which succeeds, and gives its table.
    #[track_caller]
    pub fn uninstall(&self, stores: &str) -> Table {
        Table::of(&self.cert(&["uninstall", "--stores", stores], &[]).succeeds())
    }

    /// A page of a server in TLS that says [`PAGE`]; for localhost, 127.0.0.1 and app.test.
    pub fn server(&self) -> TlsServer {
        TlsServer::of(&self.path("leaf"), "leaf.pem", "leaf.key")
    }

    fn make_certificates(&self) {
        fs::write(
            self.path("leaf/extensions"),
            "subjectAltName=DNS:localhost,DNS:app.test,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n\
             authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\nbasicConstraints=CA:FALSE\n",
        )
        .unwrap();
        self.sh(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -sha256 \
               -keyout ca/rootCA-key.pem -out ca/rootCA.pem -subj '/O=manage local CA/CN=of a test' \
               -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign
             openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf/leaf.key \
               -out leaf/leaf.csr -subj /CN=localhost
             openssl x509 -req -in leaf/leaf.csr -CA ca/rootCA.pem -CAkey ca/rootCA-key.pem -days 10 -sha256 \
               -set_serial 0x$(openssl rand -hex 12) -extfile leaf/extensions -out leaf/leaf.pem",
        );
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.namespace.kill());
        drop(self.namespace.wait());
    }
}

impl TlsServer {
    /// A server with the first certificate of a file, and a key; both files are in `folder`.
    pub fn of(folder: &Path, certificate: &str, key: &str) -> Self {
        let mut openssl = Command::new("openssl");
        openssl.args(["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificate, "-key", key]);
        openssl
            .current_dir(folder)
            .env_clear()
            .env("PATH", PATH)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = openssl.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let accept = lines.find_map(|line| line.unwrap().strip_prefix("ACCEPT ").map(str::to_owned)).unwrap();
        // The pipe must stay open: the server stops when it cannot write.
        std::thread::spawn(move || lines.for_each(drop));
        let port = accept.rsplit(':').next().unwrap().trim().parse().unwrap();
        Self { child, port }
    }

    /// Its address under a name.
    pub fn url(&self, host: &str) -> String {
        format!("https://{host}:{}/", self.port)
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What the page of a [`TlsServer`] says.
pub const PAGE: &str = "Ciphers supported in s_server binary";

/// The table that `install` and `uninstall` answer with.
#[derive(Debug)]
pub struct Table(String);

impl Table {
    /// The rows of an answer: store, place and result.
    pub fn of(answer: &str) -> Self {
        Self(answer.replace('\t', " "))
    }

    /// Asserts what came of the one store whose place ends with `place`.
    #[track_caller]
    pub fn says(&self, place: impl AsRef<Path>, result: &str) -> &Self {
        let place = place.as_ref().to_str().unwrap();
        let lines: Vec<&str> = self.0.lines().filter(|line| line.contains(place)).collect();
        assert_eq!(lines.len(), 1, "{place} in:\n{}", self.0);
        assert!(lines[0].contains(result), "{place} is not {result} in:\n{}", self.0);
        self
    }

    /// How many stores came to a result.
    pub fn count(&self, result: &str) -> usize {
        self.0.lines().filter(|line| line.contains(result)).count()
    }
}
