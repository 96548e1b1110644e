//! Machines that this one is not: macOS, Windows, and people without root's rights, with every program recorded.

use std::cell::RefCell;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::call::{Answer, Call, Programs, RealPrograms};
use super::flow::{Report, install, uninstall};
use super::machine::Machine;
use super::store::{Anchor, Kind};
use crate::Person;
use manage_leaves::environment::Environment;

/// Writes down what is run, and answers what is asked for by a part of the command.
#[derive(Default)]
struct Recorder {
    calls: Rc<RefCell<Vec<Call>>>,
    /// Parts of commands, and what these answer from the `n`-th of them on.
    answers: Vec<(&'static str, usize, String)>,
}

impl Programs for Recorder {
    fn run(&self, call: &Call) -> io::Result<Answer> {
        self.calls.borrow_mut().push(call.clone());
        let line = call.to_string();
        let times =
            |part: &str| self.calls.borrow().iter().filter(|call| call.to_string().contains(part)).count();
        let mut answers =
            self.answers.iter().filter(|(part, from, _)| line.contains(part) && times(part) > *from);
        let stdout = answers.next_back().map(|(_, _, text)| text.clone()).unwrap_or_default();
        Ok(Answer { is_success: true, stdout, stderr: String::new() })
    }
}

/// Runs for real what a person's rights are enough for, below a folder: `sudo` lends none, but does the work.
struct Sudo {
    calls: Rc<RefCell<Vec<Call>>>,
}

impl Programs for Sudo {
    fn run(&self, call: &Call) -> io::Result<Answer> {
        self.calls.borrow_mut().push(call.clone());
        let mut call = call.clone();
        if let Some(at) = call.words.iter().position(|word| word == "--") {
            call.words.drain(..=at);
        }
        call.talks = false;
        RealPrograms.run(&call)
    }
}

/// A folder that is gone with the test.
struct Root(PathBuf);

impl Root {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("manage-stores-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A program in `usr/sbin` that does `script`.
    fn program(&self, name: &str, script: &str) -> &Self {
        let folder = self.0.join("usr/sbin");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(folder.join(name), Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A person without root's rights, whose only programs lie below the root.
fn person(root: &Root, variables: &[(&str, &str)]) -> Person {
    let home = root.path("home").display().to_string();
    let own = [("HOME", home.as_str()), ("PATH", "/nowhere")];
    let all = own.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut person = Person::of(&Environment::of(all)).unwrap();
    person.is_root = false;
    person
}

fn anchor() -> Anchor {
    Anchor::new(vec![1, 2, 3], PathBuf::from("/home/ann/ca/rootCA.pem"))
}

fn lines(calls: &RefCell<Vec<Call>>) -> Vec<String> {
    calls.borrow().iter().map(ToString::to_string).collect()
}

fn outcomes(reports: &[Report]) -> Vec<String> {
    reports.iter().map(|report| report.outcome.to_string()).collect()
}

const SYSTEM: Option<&[Kind]> = Some(&[Kind::System]);

#[test]
fn the_keychain_of_macos_is_changed_by_security() {
    let root = Root::new("macos");
    root.program("sudo", "");
    let added = Recorder { answers: vec![("find-certificate", 1, anchor().pem())], ..Recorder::default() };
    let calls = added.calls.clone();
    let machine = Machine::with(person(&root, &[]), false, "macos", root.0.clone(), Box::new(added));
    assert_eq!(outcomes(&install(&machine, SYSTEM, &anchor())), ["installed"]);
    let listed = "security find-certificate -a -p /Library/Keychains/System.keychain";
    let sudo = format!("{}/usr/sbin/sudo -n --", root.0.display());
    let add = "security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain";
    assert_eq!(
        lines(&calls),
        [listed.to_owned(), format!("{sudo} {add} /home/ann/ca/rootCA.pem"), listed.to_owned()]
    );
    calls.borrow_mut().clear();

    let removed = Recorder {
        answers: vec![("find-certificate", 0, anchor().pem()), ("find-certificate", 1, String::new())],
        ..Recorder::default()
    };
    let calls = removed.calls.clone();
    let machine = Machine::with(person(&root, &[]), false, "macos", root.0.clone(), Box::new(removed));
    assert_eq!(outcomes(&uninstall(&machine, SYSTEM, Some(&anchor()))), ["removed"]);
    let calls = lines(&calls);
    assert!(calls[1].starts_with(&format!("{sudo} security remove-trusted-cert -d ")), "{calls:?}");
    let sha1 = "7037807198C22A7D2B0807371D763779A84FDFCF";
    assert_eq!(
        calls[2],
        format!("{sudo} security delete-certificate -Z {sha1} /Library/Keychains/System.keychain")
    );
}

#[test]
fn the_root_store_of_windows_is_changed_from_within_linux() {
    let root = Root::new("windows");
    root.program("certutil.exe", "");
    let programs = Recorder {
        answers: vec![
            ("wslpath", 0, "C:\\ca\\rootCA.pem\r\n".into()),
            ("powershell.exe", 1, format!("AAAA\r\n{}\r\n", STANDARD.encode(&anchor().der))),
        ],
        ..Recorder::default()
    };
    let calls = programs.calls.clone();
    let person = person(&root, &[("WSL_DISTRO_NAME", "Debian")]);
    let machine = Machine::with(person, false, "linux", root.0.clone(), Box::new(programs));
    let reports = install(&machine, SYSTEM, &anchor());
    assert!(reports[0].outcome.to_string().starts_with("skipped: no folder for authorities"), "{reports:?}");
    assert_eq!(outcomes(&reports[1..]), ["installed"]);
    let calls = lines(&calls);
    assert_eq!(calls[1], "wslpath -w /home/ann/ca/rootCA.pem");
    assert_eq!(calls[2], r"certutil.exe -user -addstore Root 'C:\ca\rootCA.pem'");
    assert!(calls[3].starts_with("powershell.exe -NoProfile -NonInteractive -Command "));

    // The answer stays: what Windows refuses to let go is said.
    let reports = uninstall(&machine, SYSTEM, Some(&anchor()));
    assert!(reports[1].outcome.to_string().contains("is still in the store"), "{reports:?}");
}

/// A Debian below a folder.
fn debian(root: &Root) {
    let bundle = root.path("etc/ssl/certs");
    fs::create_dir_all(&bundle).unwrap();
    let from = root.path("usr/local/share/ca-certificates");
    let bundle = bundle.join("ca-certificates.crt");
    root.program(
        "update-ca-certificates",
        &format!("cat {}/*.crt > {} 2>/dev/null; true", from.display(), bundle.display()),
    );
}

#[test]
fn root_is_asked_for_single_commands_and_the_certificate_is_read_from_stdin() {
    let root = Root::new("sudo");
    debian(&root);
    root.program("sudo", "").program("doas", "");
    let calls = Rc::default();
    let sudo = Sudo { calls: Rc::clone(&calls) };
    let machine = Machine::with(person(&root, &[]), true, "linux", root.0.clone(), Box::new(sudo));
    assert_eq!(outcomes(&install(&machine, SYSTEM, &anchor())), ["installed"]);
    assert_eq!(outcomes(&install(&machine, SYSTEM, &anchor())), ["already there"]);
    assert_eq!(outcomes(&uninstall(&machine, SYSTEM, None)), ["removed"]);
    let prompt = "'--prompt=[sudo] password for %p, to change which authorities this machine trusts: '";
    let (at, label) = (root.0.display(), anchor().label);
    let file = format!("{at}/usr/local/share/ca-certificates/{label}.crt");
    assert_eq!(
        lines(&calls),
        [
            format!(
                "{at}/usr/sbin/sudo {prompt} -- install -D -m 644 /dev/stdin {file} < /home/ann/ca/rootCA.pem"
            ),
            format!("{at}/usr/sbin/sudo {prompt} -- {at}/usr/sbin/update-ca-certificates"),
            format!("{at}/usr/sbin/sudo {prompt} -- rm -f {file}"),
            format!("{at}/usr/sbin/sudo {prompt} -- {at}/usr/sbin/update-ca-certificates --fresh"),
        ]
    );
    assert!(calls.borrow().iter().all(|call| call.talks), "the terminal stays sudo's");
    assert!(!Path::new(&file).exists());
}

#[test]
fn who_may_not_be_asked_is_not_and_doas_and_pkexec_stand_in_for_sudo() {
    for (program, words) in [("sudo", "-n --"), ("doas", "-n --"), ("pkexec", "--disable-internal-agent")] {
        let root = Root::new(program);
        debian(&root);
        root.program(program, "");
        let recorder = Recorder::default();
        let calls = recorder.calls.clone();
        let machine = Machine::with(person(&root, &[]), false, "linux", root.0.clone(), Box::new(recorder));
        let reports = install(&machine, SYSTEM, &anchor());
        assert!(reports[0].outcome.to_string().contains("is not in the store that was read back"));
        let expected = format!("{}/usr/sbin/{program} {words} install -D", root.0.display());
        assert!(lines(&calls)[0].starts_with(&expected), "{:?}", lines(&calls));
        assert!(!calls.borrow()[0].talks);
    }
}

#[test]
fn a_refused_right_leaves_the_commands_that_are_still_to_be_typed() {
    let root = Root::new("refused");
    debian(&root);
    root.program("sudo", "echo 'sudo: a password is required' >&2; exit 1");
    let machine = Machine::with(person(&root, &[]), false, "linux", root.0.clone(), Box::new(RealPrograms));
    let reports = install(&machine, SYSTEM, &anchor());
    let super::Outcome::Failed(error) = &reports[0].outcome else { panic!("{reports:?}") };
    assert_eq!(error.to_string(), "sudo failed: sudo: a password is required");
    let at = root.0.display();
    assert_eq!(
        error.hints[error.hints.len() - 3..],
        [
            "type this as root:".to_owned(),
            format!(
                "install -D -m 644 /dev/stdin {at}/usr/local/share/ca-certificates/{}.crt < /home/ann/ca/rootCA.pem",
                anchor().label
            ),
            format!("{at}/usr/sbin/update-ca-certificates"),
        ]
    );
}

#[test]
fn what_root_writes_is_readable_by_all_and_replaces_a_link_instead_of_following_it() {
    let root = Root::new("root");
    debian(&root);
    let folder = root.path("usr/local/share/ca-certificates");
    fs::create_dir_all(&folder).unwrap();
    fs::write(root.path("victim"), "theirs").unwrap();
    let file = folder.join(format!("{}.crt", anchor().label));
    std::os::unix::fs::symlink(root.path("victim"), &file).unwrap();
    let mut person = person(&root, &[]);
    person.is_root = true;
    let machine = Machine::with(person, false, "linux", root.0.clone(), Box::new(RealPrograms));
    assert_eq!(outcomes(&install(&machine, SYSTEM, &anchor())), ["installed"]);
    assert_eq!(fs::read_to_string(root.path("victim")).unwrap(), "theirs");
    assert_eq!(fs::symlink_metadata(&file).unwrap().permissions().mode() & 0o7777, 0o644);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn each_package_manager_is_told_its_own_name_for_certutil() {
    let packages = [
        ("dnf", "dnf install nss-tools"),
        ("zypper", "zypper install mozilla-nss-tools"),
        ("pacman", "pacman -S nss"),
        ("apk", "apk add nss-tools"),
    ];
    for (manager, install_it) in packages {
        let root = Root::new(manager);
        root.program(manager, "").program("firefox", "");
        let recorder = Box::new(Recorder::default());
        let machine = Machine::with(person(&root, &[]), false, "linux", root.0.clone(), recorder);
        let reports = install(&machine, Some(&[Kind::Nss]), &anchor());
        let said = format!("skipped: certutil is not installed: {install_it}");
        assert_eq!(outcomes(&reports), [said]);
    }
}
