//! The arbiter and its workers: real processes, real signals, requests all the while.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use manage::conf::Environment;
use manage::urls::Route;
use manage::{AppConfig, Program};
use serde_json::Value;

use crate::support::Workspace;

/// The arguments of the server, a line each.
const SERVES: &str = "MANAGE_TEST_SERVES_WORKERS";

const LATE: AppConfig = AppConfig {
    label: "late",
    urlpatterns: || {
        vec![
            Route::get("process", "/process/", || async { std::process::id().to_string() }),
            Route::get("late", "/late/", || async {
                tokio::time::sleep(Duration::from_millis(1_500)).await;
                "late"
            }),
            Route::get("stuck", "/stuck/", || async {
                std::thread::sleep(Duration::from_secs(60));
                "never"
            }),
        ]
    },
    ..AppConfig::EMPTY
};

/// The test that is the server when another run of these tests starts it as one.
const SERVER: &str = "http::workers::a_worker_that_is_killed_is_replaced_and_the_others_go_on";

/// Serves, if this run is the server that another one looks at.
fn serves() -> bool {
    let environment = Environment::of_process();
    let Some(args) = environment.get(SERVES) else { return false };
    let args: Vec<_> = ["manage"].into_iter().chain(args.lines()).map(Into::into).collect();
    let status = Program::new().apps([LATE]).run(&args);
    assert_eq!(format!("{status:?}"), format!("{:?}", std::process::ExitCode::SUCCESS));
    true
}

/// A server with workers, and what it has said.
struct Site {
    workspace: Workspace,
    child: Child,
    said: Arc<Mutex<String>>,
    port: u16,
}

impl Site {
    fn start(args: &[&str]) -> Self {
        Self::of(Workspace::new(), args)
    }

    fn of(workspace: Workspace, args: &[&str]) -> Self {
        Self::run(workspace, args, |_| {})
    }

    /// Serves on a free port of its own, until it answers.
    fn run(workspace: Workspace, args: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let args = [&["serve", "--bind", "127.0.0.1:0"], args].concat();
        let mut command = command(&workspace, &args);
        change(&mut command);
        let mut child = command.spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (tell, port) = mpsc::channel();
        let (lines, written) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&said));
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                written.lock().unwrap().push_str(&format!("{line}\n"));
                if let Some(address) = line.strip_prefix("Serving http://127.0.0.1:") {
                    let _ = tell.send(address.trim_end_matches('/').parse::<u16>().unwrap());
                }
            }
        });
        let port = port.recv_timeout(Duration::from_secs(20));
        let port = port.unwrap_or_else(|_| panic!("it does not serve: {}", said.lock().unwrap()));
        Self { workspace, child, said, port }
    }

    fn get(&self, path: &str) -> std::io::Result<String> {
        get(TcpStream::connect(("127.0.0.1", self.port))?, path)
    }

    fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    #[track_caller]
    fn says(&self, part: &str) {
        soon(|| self.said().contains(part), || format!("it did not say `{part}`:\n{}", self.said()));
    }

    fn ends(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it does not end: {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What `manage status` tells of the servers of the project.
    fn status(&self) -> Vec<Value> {
        let run = self.workspace.manage(["status", "--format", "json"]);
        if run.status == 0 { serde_json::from_str(&run.stdout).unwrap() } else { Vec::new() }
    }

    /// The processes of workers that are ready, of all servers of the project.
    fn ready(&self) -> BTreeSet<u64> {
        let servers = self.status();
        let workers = servers.iter().flat_map(|server| server["workers"].as_array().unwrap());
        workers
            .filter(|worker| worker["state"] == "ready")
            .map(|worker| worker["pid"].as_u64().unwrap())
            .collect()
    }

    #[track_caller]
    fn has_ready(&self, number: usize) -> BTreeSet<u64> {
        soon(|| self.ready().len() == number, || format!("{:?}\n{}", self.status(), self.said()));
        self.ready()
    }

    /// Asks all the while until `work` is done; what failed.
    fn asked_while(&self, work: impl FnOnce()) -> (usize, Vec<String>) {
        let is_done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let asking = (0..4).map(|_| {
                scope.spawn(|| {
                    let (mut good, mut bad) = (0, Vec::new());
                    while !is_done.load(Ordering::Relaxed) {
                        match self.get("/process/") {
                            Ok(answer) if answer.starts_with("HTTP/1.1 200") => good += 1,
                            other => bad.push(format!("{other:?}")),
                        }
                    }
                    (good, bad)
                })
            });
            let asking: Vec<_> = asking.collect();
            work();
            is_done.store(true, Ordering::Relaxed);
            let results = asking.into_iter().map(|thread| thread.join().unwrap());
            results.fold((0, Vec::new()), |(sum, mut all), (good, bad)| {
                all.extend(bad);
                (sum + good, all)
            })
        })
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The server of this file, not started yet.
fn command(workspace: &Workspace, args: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", SERVER, "--nocapture"]).current_dir(workspace.path());
    let known = workspace.command([""; 0]);
    command.env_clear().envs(known.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env(SERVES, args.join("\n")).env("MANAGE__LOGGING__LEVEL", "info");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn get(mut stream: impl std::io::Read + std::io::Write, path: &str) -> std::io::Result<String> {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Waits until `happened`, at most some seconds.
#[track_caller]
fn soon(mut happened: impl FnMut() -> bool, told: impl Fn() -> String) {
    let end = Instant::now() + Duration::from_secs(15);
    while !happened() {
        assert!(Instant::now() < end, "it did not happen: {}", told());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(pid: impl std::fmt::Display, name: &str) {
    let pid = pid.to_string();
    assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
}

fn is_there(pid: u64) -> bool {
    // One that nobody has waited for yet is a zombie.
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    text.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

#[test]
fn a_worker_that_is_killed_is_replaced_and_the_others_go_on() {
    if serves() {
        return;
    }
    let site = Site::start(&["--workers", "2"]);
    let before = site.has_ready(2);
    let victim = *before.iter().next().unwrap();
    let (good, bad) = site.asked_while(|| {
        signal(victim, "KILL");
        soon(|| site.ready().len() == 2 && site.ready() != before, || site.said());
    });
    assert!(good > 0 && bad.len() <= 4, "{good} good, {bad:?}");
    assert!(!site.ready().contains(&victim));
    site.says("SIGKILL");
}

#[test]
fn a_reload_brings_new_workers_and_no_request_fails() {
    let site = Site::start(&["--workers", "2"]);
    let before = site.has_ready(2);
    let (good, bad) = site.asked_while(|| {
        site.signal("HUP");
        soon(|| site.ready().len() == 2 && site.ready().is_disjoint(&before), || site.said());
        soon(|| !before.iter().any(|pid| is_there(*pid)), || site.said());
    });
    assert!(good > 0 && bad.is_empty(), "{good} good, {bad:?}");
    assert_eq!(site.status()[0]["generation"], 2);
}

#[test]
fn a_reload_reads_the_settings_anew_and_moves_to_another_address() {
    let site = Site::start(&["--workers", "1"]);
    let own = site.has_ready(1);
    let socket = site.workspace.path().join("more.sock");
    let text = format!(
        "[server]\ngraceful_timeout = 5\nunix_mode = \"0600\"\nbind = [\"unix:{}\"]\n",
        socket.display()
    );
    site.workspace.write("settings/dev.toml", &text);
    site.signal("HUP");
    soon(|| site.ready().len() == 1 && site.ready() != own, || site.said());
    // What the command line says still holds, and what cannot change is said.
    site.workspace.write("settings/dev.toml", "[server]\npid = \"serve.pid\"\n");
    site.signal("HUP");
    site.says("what `server.pid` says now holds from the next start on");
    assert!(site.get("/process/").unwrap().starts_with("HTTP/1.1 200"));
    assert!(!socket.exists());
}

#[test]
fn a_reload_with_broken_settings_keeps_the_workers_and_says_why() {
    let site = Site::start(&["--workers", "2"]);
    let before = site.has_ready(2);
    site.workspace.write("settings/dev.toml", "[server]\nworkers = \"many\"\n");
    site.signal("HUP");
    site.says(
        "not reloaded, and the workers stay as they are: the settings are wrong: settings/dev.toml:2:1",
    );
    site.workspace.write("settings/dev.toml", "");
    site.workspace.write("templates/base.html", "{% nonsense %}");
    site.signal("HUP");
    site.says("not reloaded: a new worker did not start");
    assert_eq!(site.has_ready(2), before);
    assert_eq!(site.status()[0]["generation"], 1);
}

#[test]
fn a_site_that_cannot_start_says_why_once_and_ends() {
    let mut workspace = Workspace::new();
    workspace.set("MANAGE__DEBUG", "false").write("templates/base.html", "{% nonsense %}");
    let told = workspace.manage(["serve", "--bind", "127.0.0.1:0", "--workers", "3"]).fails(1);
    assert_eq!(told.lines().filter(|line| line.starts_with("error:")).count(), 1, "{told}");
    assert!(told.contains("base.html"), "{told}");
    assert!(!told.contains("Serving"), "{told}");
}

#[test]
fn a_new_program_takes_the_sockets_over_and_no_request_fails() {
    let mut site = Site::start(&["--workers", "2", "--pid", "serve.pid"]);
    let file = site.workspace.path().join("serve.pid");
    let pid = || std::fs::read_to_string(&file).unwrap_or_default().trim().to_owned();
    let before = site.has_ready(2);
    assert_eq!(pid(), site.child.id().to_string());
    let (good, bad) = site.asked_while(|| {
        site.signal("USR2");
        soon(|| site.ready().len() == 2 && site.ready().is_disjoint(&before), || site.said());
    });
    assert!(good > 0 && bad.is_empty(), "{good} good, {bad:?}");
    site.ends();
    let next = pid();
    assert_ne!(next, site.child.id().to_string());
    assert!(site.get("/process/").unwrap().starts_with("HTTP/1.1 200"));
    signal(&next, "TERM");
    soon(|| !is_there(next.parse().unwrap()), || site.said());
    assert!(!file.exists());
}

#[test]
fn a_new_program_that_does_not_start_leaves_the_old_one_in_place() {
    let site = Site::start(&["--workers", "1", "--pid", "serve.pid"]);
    let before = site.has_ready(1);
    site.workspace.write("templates/base.html", "{% nonsense %}");
    site.signal("USR2");
    site.says("the new program ended before it served; this one goes on");
    assert_eq!(site.has_ready(1), before);
    let pid = std::fs::read_to_string(site.workspace.path().join("serve.pid")).unwrap();
    assert_eq!(pid.trim(), site.child.id().to_string());
}

#[test]
fn a_worker_that_is_stuck_is_told_by_its_request_and_replaced() {
    let site = Site::start(&["--workers", "1", "--threads", "1", "--timeout", "1s"]);
    let before = site.has_ready(1);
    // The query may hold what is nobody's business.
    assert!(site.get("/stuck/?key=secret").is_err() || site.ready() != before);
    site.says("did not answer for 1s; it worked on GET /stuck/ (id ");
    assert!(!site.said().contains("secret"), "{}", site.said());
    soon(|| site.ready().len() == 1 && site.ready() != before, || site.said());
    assert!(site.get("/process/").unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
fn terminate_finishes_the_requests_and_interrupt_does_not() {
    for (name, is_answered) in [("TERM", true), ("INT", false), ("QUIT", false)] {
        // Reports come four times in this time.
        let mut site = Site::start(&["--workers", "2", "--timeout", "1s"]);
        let asked = std::thread::scope(|scope| {
            let asked = scope.spawn(|| site.get("/late/").is_ok_and(|answer| answer.ends_with("late")));
            soon(
                || {
                    site.status().first().is_some_and(|server| {
                        server["workers"].as_array().unwrap().iter().any(|worker| worker["answering"] == 1)
                    })
                },
                || site.said(),
            );
            site.signal(name);
            asked.join().unwrap()
        });
        assert_eq!(asked, is_answered, "{name}: {}", site.said());
        site.ends();
        assert!(TcpStream::connect(("127.0.0.1", site.port)).is_err());
    }
}

#[test]
fn workers_are_added_and_taken_away_but_for_the_last() {
    let site = Site::start(&["--workers", "1"]);
    site.has_ready(1);
    site.signal("TTIN");
    site.has_ready(2);
    for _ in 0..3 {
        site.signal("TTOU");
        std::thread::sleep(Duration::from_millis(20));
    }
    site.has_ready(1);
    site.says("1 workers are wanted");
}

#[test]
fn a_worker_makes_way_after_so_many_requests() {
    let site = Site::start(&["--workers", "1", "--max-requests", "50", "--max-requests-jitter", "10"]);
    let before = site.has_ready(1);
    let (good, bad) = site.asked_while(|| {
        soon(|| site.ready().len() == 1 && site.ready() != before, || site.said());
    });
    assert!(good > 50 && bad.is_empty(), "{good} good, {bad:?}");
}

#[test]
fn workers_end_with_an_arbiter_that_was_killed() {
    let mut site = Site::start(&["--workers", "2"]);
    let workers = site.has_ready(2);
    site.child.kill().unwrap();
    site.child.wait().unwrap();
    soon(|| !workers.iter().any(|pid| is_there(*pid)), || site.said());
    assert!(TcpListener::bind(("127.0.0.1", site.port)).is_ok());
    // What it left behind is in nobody's way.
    assert!(site.status().is_empty());
}

#[test]
fn a_unix_socket_has_its_mode_and_one_that_was_left_makes_way() {
    let workspace = Workspace::new();
    let path = workspace.path().join("site.sock");
    drop(UnixListener::bind(&path).unwrap());
    let bind = format!("unix:{}", path.display());
    let mut site = Site::of(workspace, &["--bind", &bind, "--unix-mode", "0600", "--workers", "1"]);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(get(UnixStream::connect(&path).unwrap(), "/process/").unwrap().starts_with("HTTP/1.1 200"));
    site.workspace.manage(["serve", "--bind", &bind]).fails_with(
        1,
        &format!("error: cannot listen on {bind}: another server has it\nhint: end what listens on {bind}, or choose another address with `--bind`\n"),
    );
    site.signal("TERM");
    site.ends();
    assert!(!path.exists());
    site.workspace.write("site.sock", "a file of somebody");
    let told = site.workspace.manage(["serve", "--bind", &bind]).fails(1);
    assert!(told.contains("a file that is no socket has this name"), "{told}");
}

#[test]
fn a_pid_file_of_a_process_that_is_there_is_respected_and_a_stale_one_is_not() {
    let site = Site::start(&["--workers", "1", "--pid", "serve.pid"]);
    let pid = site.child.id();
    let told = site.workspace.manage(["serve", "--bind", "127.0.0.1:0", "--pid", "serve.pid"]).fails(1);
    assert!(told.contains(&format!("says that process {pid} serves already")), "{told}");
    let other = Workspace::new();
    other.write("serve.pid", "999999999\n");
    let other = Site::of(other, &["--workers", "1", "--pid", "serve.pid"]);
    assert_ne!(std::fs::read_to_string(other.workspace.path().join("serve.pid")).unwrap(), "999999999\n");
}

#[test]
fn sockets_of_systemd_are_served() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    for variables in ["LISTEN_PID=$$ LISTEN_FDS=1", ""] {
        let workspace = Workspace::new();
        let bind = if variables.is_empty() { "--bind\nfd://3\n" } else { "" };
        let server = command(&workspace, &[]);
        let mut shell = Command::new("sh");
        let program = server.get_program().to_str().unwrap().to_owned();
        let line = format!("exec 3<&0 </dev/null; exec env {variables} {program} \"$@\"");
        shell.args(["-c", &line, "sh"]).args(server.get_args()).current_dir(workspace.path()).env_clear();
        shell.envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.env(SERVES, format!("serve\n{bind}--workers\n1"));
        shell.stdin(Stdio::from(OwnedFd::from(listener.try_clone().unwrap())));
        let mut child = shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let answer = get(TcpStream::connect(address).unwrap(), "/process/").unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        // A new program has them as well, though they were handed to this one.
        signal(child.id(), "USR2");
        let pid_of = |answer: &str| answer.rsplit("\r\n").next().unwrap_or_default().to_owned();
        child.wait().unwrap();
        let next = get(TcpStream::connect(address).unwrap(), "/process/").unwrap();
        assert!(next.starts_with("HTTP/1.1 200") && pid_of(&next) != pid_of(&answer), "{next}");
        let arbiter = std::fs::read_to_string(format!("/proc/{}/stat", pid_of(&next))).unwrap();
        let arbiter = arbiter.rsplit(") ").next().unwrap().split(' ').nth(1).unwrap().to_owned();
        signal(arbiter, "KILL");
        let answer = next;
        let pid: u64 = answer.rsplit("\r\n").next().unwrap().parse().unwrap();
        soon(|| !is_there(pid), || format!("worker {pid} stays"));
    }
}

#[test]
fn systemd_is_told_when_it_serves_reloads_and_ends() {
    let workspace = Workspace::new();
    let path = workspace.path().join("notify");
    let systemd = UnixDatagram::bind(&path).unwrap();
    systemd.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let heard = |wanted: &str| {
        let mut bytes = [0; 1_024];
        loop {
            let length = systemd.recv(&mut bytes).unwrap_or_else(|_| panic!("nobody told `{wanted}`"));
            if String::from_utf8_lossy(&bytes[..length]).lines().any(|line| line == wanted) {
                return;
            }
        }
    };
    let mut site = Site::run(workspace, &["--workers", "1"], |command| {
        command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "2000000");
    });
    heard("READY=1");
    heard("WATCHDOG=1");
    site.signal("HUP");
    heard("RELOADING=1");
    heard("READY=1");
    site.signal("TERM");
    heard("STOPPING=1");
    site.ends();
}

#[test]
fn platforms_say_port_and_number_of_workers() {
    let mut workspace = Workspace::new();
    workspace.set("PORT", "8123").set("WEB_CONCURRENCY", "3").write("settings/base.toml", "");
    let shown = workspace.manage(["diffsettings"]).succeeds();
    let rows: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
    assert!(
        rows.contains(&vec!["server.bind", "[\"0.0.0.0:8123\"]", "[\"127.0.0.1:8000\"]", "$PORT"]),
        "{shown}"
    );
    assert!(rows.contains(&vec!["server.workers", "3", "none", "$WEB_CONCURRENCY"]), "{shown}");
    workspace.write("settings/dev.toml", "[server]\nbind = [\"127.0.0.1:9\"]\n");
    let shown = workspace.manage(["diffsettings"]).succeeds();
    assert!(shown.contains("[\"127.0.0.1:9\"]") && !shown.contains("$PORT"), "{shown}");
    workspace.set("PORT", "http");
    workspace.write("settings/dev.toml", "");
    let told = workspace.manage(["check"]).fails(1);
    assert!(told.contains("PORT") && told.contains("server.bind"), "{told}");
}

#[test]
fn what_keeps_a_server_running_is_not_the_server() {
    Workspace::new().manage(["serve", "--daemon"]).fails_with(
        2,
        "error: `serve` does not put itself into the background\n\
         hint: let systemd, a container or a supervisor start it; at a shell: `manage serve &`\n",
    );
}

#[test]
fn status_says_that_nothing_runs() {
    Workspace::new().manage(["status"]).fails_with(
        1,
        "error: no server of this project runs\n\
         hint: `manage serve` starts one; `--socket FILE` asks one that runs as another user\n",
    );
}

#[test]
fn status_shows_workers_and_what_they_do() {
    let site = Site::start(&["--workers", "1", "--timeout", "1s"]);
    site.has_ready(1);
    std::thread::scope(|scope| {
        scope.spawn(|| site.get("/late/"));
        soon(|| site.workspace.manage(["status"]).stdout.contains("GET /late/ waits for "), || site.said());
    });
    let shown = site.workspace.manage(["status"]).succeeds();
    let lines: Vec<&str> = shown.lines().collect();
    assert!(
        lines[0].starts_with(&format!("http://127.0.0.1:{}/ (process {}, up ", site.port, site.child.id())),
        "{shown}"
    );
    assert_eq!(lines[1], "1 of 1 worker ready, generation 1, 0 failures");
    let header: Vec<&str> = lines[2].split_whitespace().collect();
    assert_eq!(
        header,
        ["WORKER", "PROCESS", "STATE", "UP", "REQUESTS", "ANSWERING", "CONNECTIONS", "MEMORY"]
    );
    let row: Vec<&str> = lines[3].split_whitespace().collect();
    assert_eq!((row[0], row[2], row[4]), ("1", "ready", "1"), "{shown}");
}

#[test]
fn workers_run_as_another_user() {
    if std::fs::metadata("/proc/self").map(|facts| std::os::unix::fs::MetadataExt::uid(&facts)).unwrap_or(1)
        != 0
    {
        // Nobody but root can become somebody else; that is said.
        let told = Workspace::new().manage(["serve", "--bind", "127.0.0.1:0", "--user", "root"]).fails(1);
        assert!(told.contains("a worker cannot be started"), "{told}");
        return;
    }
    let workspace = Workspace::new();
    std::fs::set_permissions(workspace.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let site = Site::of(workspace, &["--workers", "1", "--user", "nobody"]);
    let pid = *site.has_ready(1).first().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = |name: &str| status.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line("Uid:").contains("65534") && line("Gid:").contains("65534"), "{status}");
    // No group of root's is left.
    assert_eq!(line("Groups:").split_whitespace().count(), 1, "{status}");
}

#[test]
fn a_file_that_is_no_socket_is_nobodys_to_remove() {
    let workspace = Workspace::new();
    workspace
        .write("settings/base.toml", "[server]\ncontrol_socket = \"precious.txt\"\n")
        .write("precious.txt", "mine");
    let told = workspace.manage(["serve", "--bind", "127.0.0.1:0"]).fails(1);
    assert!(told.contains("precious.txt: a file that is no socket has this name"), "{told}");
    assert_eq!(std::fs::read_to_string(workspace.path().join("precious.txt")).unwrap(), "mine");
}

#[test]
fn a_socket_that_was_named_for_questions_is_handed_over() {
    let workspace = Workspace::new();
    workspace.write("settings/base.toml", "[server]\ncontrol_socket = \"ask.sock\"\n");
    let mut site = Site::of(workspace, &["--workers", "1", "--pid", "serve.pid"]);
    site.signal("USR2");
    site.ends();
    let pid = site.status()[0]["pid"].as_u64().unwrap();
    assert_ne!(pid, u64::from(site.child.id()));
    signal(pid, "TERM");
    soon(|| !is_there(pid), || site.said());
    assert!(!site.workspace.path().join("ask.sock").exists());
}

#[test]
fn a_request_that_is_being_finished_is_not_cut_by_the_next_signal() {
    let mut site = Site::start(&["--workers", "1"]);
    let before = site.has_ready(1);
    let answer = std::thread::scope(|scope| {
        let asked = scope.spawn(|| site.get("/late/"));
        std::thread::sleep(Duration::from_millis(300));
        site.signal("HUP");
        soon(|| site.ready().is_disjoint(&before) && site.ready().len() == 1, || site.said());
        site.signal("TERM");
        asked.join().unwrap()
    });
    assert!(answer.unwrap().ends_with("late"), "{}", site.said());
    site.ends();
}

#[test]
fn a_request_on_a_connection_that_was_quiet_is_answered_after_a_reload() {
    let site = Site::start(&["--workers", "1"]);
    let before = site.has_ready(1);
    let mut kept = TcpStream::connect(("127.0.0.1", site.port)).unwrap();
    let request = b"GET /process/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut bytes = [0; 4_096];
    kept.write_all(request).unwrap();
    assert!(kept.read(&mut bytes).unwrap() > 0);
    site.signal("HUP");
    soon(|| site.ready().is_disjoint(&before) && site.ready().len() == 1, || site.said());
    kept.write_all(request).unwrap();
    let length = kept.read(&mut bytes).unwrap();
    let answer = String::from_utf8_lossy(&bytes[..length]).to_lowercase();
    assert!(answer.starts_with("http/1.1 200") && answer.contains("connection: close"), "{answer}");
}

#[test]
fn a_worker_makes_way_only_when_another_one_can_start() {
    let site = Site::start(&["--workers", "1", "--max-requests", "5", "--timeout", "1s"]);
    let before = site.has_ready(1);
    site.workspace.write("templates/base.html", "{% nonsense %}");
    for _ in 0..20 {
        assert!(site.get("/process/").unwrap().starts_with("HTTP/1.1 200"));
    }
    site.says("did not start");
    assert!(site.get("/process/").unwrap().starts_with("HTTP/1.1 200"));
    std::fs::remove_file(site.workspace.path().join("templates/base.html")).unwrap();
    site.signal("HUP");
    soon(|| site.ready().len() == 1 && site.ready() != before, || site.said());
}

#[test]
fn an_arbiter_that_was_stopped_itself_kills_nobody() {
    let site = Site::start(&["--workers", "2", "--timeout", "1s"]);
    let before = site.has_ready(2);
    site.signal("STOP");
    std::thread::sleep(Duration::from_millis(500));
    let told = site.workspace.manage(["status"]).fails(1);
    assert!(told.contains("does not answer: is it stopped?"), "{told}");
    site.signal("CONT");
    std::thread::sleep(Duration::from_millis(1_000));
    assert_eq!(site.ready(), before, "{}", site.said());
}

#[test]
fn a_user_that_is_not_there_is_an_error_of_the_start_and_of_a_reload() {
    let told = Workspace::new().manage(["serve", "--bind", "127.0.0.1:0", "--user", "no-such-user"]).fails(1);
    assert!(told.contains("this machine knows no user `no-such-user`"), "{told}");
    let site = Site::start(&["--workers", "1"]);
    site.workspace.write("settings/base.toml", "[server]\nuser = \"no-such-user\"\n");
    site.signal("HUP");
    site.says("not reloaded, and the workers stay as they are: this machine knows no user `no-such-user`");
    site.has_ready(1);
}

#[test]
fn a_pid_file_that_cannot_be_written_is_an_error_of_the_start() {
    let workspace = Workspace::new();
    std::fs::create_dir(workspace.path().join("folder")).unwrap();
    for file in ["nowhere/serve.pid", "folder"] {
        let told = workspace.manage(["serve", "--bind", "127.0.0.1:0", "--pid", file]).fails(1);
        assert!(told.contains(file), "{told}");
    }
    let left: Vec<_> =
        std::fs::read_dir(workspace.path()).unwrap().flatten().map(|file| file.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".tmp")), "{left:?}");
}

#[test]
fn an_end_takes_a_new_program_along_that_does_not_serve_yet() {
    let workspace = Workspace::new();
    let program = workspace.path().join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let known = command(&workspace, &["serve", "--bind", "127.0.0.1:0", "--workers", "1"]);
    let mut server = Command::new(&program);
    server.args(known.get_args()).current_dir(workspace.path()).env_clear();
    server.envs(known.get_envs().filter_map(|(name, value)| Some((name, value?))));
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = server.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("Serving http://")));
    std::fs::remove_file(&program).unwrap();
    std::fs::write(&program, "#!/bin/sh\nexec sleep 30\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    signal(child.id(), "USR2");
    let line = lines.find(|line| line.contains("the new program is process ")).unwrap();
    let next: u64 = line.rsplit(' ').next().unwrap().parse().unwrap();
    assert!(is_there(next));
    signal(child.id(), "TERM");
    child.wait().unwrap();
    assert!(!is_there(next));
}
