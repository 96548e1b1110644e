//! The files of the authority and of certificates: who may read them, what may be overwritten, what a kill or a race
//! leaves.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use super::desk::{belong_together, beside, caroot, files, is_root, mode, openssl, openssl_accepts};
use crate::support::{MANAGE, Run, Workspace};

/// The program under a umask.
fn under_umask(workspace: &Workspace, umask: &str, args: &[&str]) -> Run {
    let mut command = beside(workspace, "sh");
    command.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh", MANAGE]).args(args);
    Run::of(command.spawn().unwrap())
}

#[test]
fn keys_are_for_their_owner_alone_whatever_the_umask() {
    for (umask, public) in [("000", 0o644), ("022", 0o644), ("077", 0o600)] {
        let workspace = Workspace::new();
        under_umask(
            &workspace,
            umask,
            &["cert", "create", "a.test", "--p12-file", "a.p12", "--out-dir", "new/er"],
        )
        .succeeds();
        let (ca, out) = (caroot(&workspace), workspace.path().join("new/er"));
        assert_eq!([mode(&ca), mode(&out), mode(workspace.path().join("new"))], [0o700; 3], "umask {umask}");
        for secret in
            [ca.join("rootCA-key.pem"), ca.join("issued.json"), out.join("a.test-key.pem"), out.join("a.p12")]
        {
            assert_eq!(mode(&secret), 0o600, "{} under umask {umask}", secret.display());
        }
        assert_eq!([mode(ca.join("rootCA.pem")), mode(out.join("a.test.pem"))], [public; 2], "umask {umask}");
    }
}

#[test]
fn a_key_that_everybody_could_read_is_replaced_by_one_that_nobody_else_can() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    let key = workspace.path().join("a.test-key.pem");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o666)).unwrap();
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    assert_eq!(mode(&key), 0o600);
}

#[test]
fn one_file_for_both_holds_the_certificate_first_and_is_secret() {
    let workspace = Workspace::new();
    workspace
        .manage(["cert", "create", "a.test", "--cert-file", "both.pem", "--key-file", "both.pem"])
        .succeeds();
    let text = fs::read_to_string(workspace.path().join("both.pem")).unwrap();
    let blocks: Vec<&str> = text.lines().filter(|line| line.starts_with("-----BEGIN")).collect();
    assert_eq!(
        blocks,
        ["-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----"]
    );
    assert_eq!(mode(workspace.path().join("both.pem")), 0o600);
    belong_together(&workspace, "both.pem", "both.pem");
    // It is ours, so it may be made again.
    workspace
        .manage(["cert", "create", "a.test", "--cert-file", "both.pem", "--key-file", "both.pem"])
        .succeeds();
}

#[test]
fn a_file_that_is_not_ours_is_not_overwritten() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    openssl(
        &workspace,
        &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "theirs.pem"],
    );
    workspace.write("notes.txt", "mine\n");
    fs::create_dir(workspace.path().join("folder")).unwrap();
    symlink("notes.txt", workspace.path().join("link.pem")).unwrap();
    let before = files(&workspace);
    let here = workspace.path().display().to_string();
    let not_ours = "is there already, and it was not made by the local authority\nhint: name another file, or overwrite it with --force";
    for (flag, file, said) in [
        ("--cert-file", "notes.txt", not_ours),
        ("--key-file", "theirs.pem", not_ours),
        ("--p12-file", "notes.txt", not_ours),
        ("--cert-file", "folder", "is a folder\nhint: name a file"),
        (
            "--key-file",
            "link.pem",
            "is there already, and it is a link\nhint: --force puts a file in the link's place; what it points to stays",
        ),
    ] {
        let run = workspace.manage(["cert", "create", "b.test", flag, file]);
        let stderr =
            run.stderr.replace(&here, "~").replace("The password of ~/notes.txt is `changeit`.\n", "");
        assert_eq!((run.status, stderr), (1, format!("error: ~/{file} {said}\n")), "{flag} {file}");
    }
    assert_eq!(files(&workspace), before);
    assert_eq!(fs::read_to_string(workspace.path().join("notes.txt")).unwrap(), "mine\n");

    workspace.manage(["cert", "create", "b.test", "--key-file", "link.pem", "--force"]).succeeds();
    assert!(!fs::symlink_metadata(workspace.path().join("link.pem")).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(workspace.path().join("notes.txt")).unwrap(), "mine\n");
    belong_together(&workspace, "b.test.pem", "link.pem");
}

#[test]
fn a_request_that_is_called_like_the_certificate_stays() {
    let workspace = Workspace::new();
    openssl(
        &workspace,
        &[
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "k.pem",
            "-subj",
            "/CN=a.test",
            "-out",
            "a.test.pem",
        ],
    );
    let before = fs::read(workspace.path().join("a.test.pem")).unwrap();
    let said = workspace.manage(["cert", "create", "--csr", "a.test.pem"]).fails(1);
    assert!(
        said.contains("a.test.pem is there already, and it was not made by the local authority"),
        "{said}"
    );
    assert_eq!(fs::read(workspace.path().join("a.test.pem")).unwrap(), before);
    assert!(!caroot(&workspace).join("rootCA.pem").exists());
}

#[test]
fn files_of_mkcert_are_ours_once_its_authority_is() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path().join("ca")).unwrap();
    super::desk::foreign_authority(&workspace, "ca", "ec", "/O=mkcert development CA/CN=mkcert me@here", &[]);
    openssl(
        &workspace,
        &[
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "a.test-key.pem",
            "-subj",
            "/CN=a.test",
            "-out",
            "a.csr",
        ],
    );
    openssl(
        &workspace,
        &[
            "x509",
            "-req",
            "-in",
            "a.csr",
            "-CA",
            "ca/rootCA.pem",
            "-CAkey",
            "ca/rootCA-key.pem",
            "-CAcreateserial",
            "-out",
            "a.test.pem",
        ],
    );
    workspace.manage(["cert", "create", "a.test"]).fails(1);
    workspace.manage(["cert", "import", "ca"]).succeeds();
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    openssl_accepts(&workspace, &caroot(&workspace), "a.test.pem");
    belong_together(&workspace, "a.test.pem", "a.test-key.pem");
}

#[test]
fn twenty_first_runs_at_once_make_one_authority() {
    let workspace = Workspace::new();
    let names: Vec<String> = (0..20).map(|number| format!("host{number}.test")).collect();
    let runs: Vec<_> =
        names.iter().map(|name| workspace.command(["cert", "create", name]).spawn().unwrap()).collect();
    let made = runs.into_iter().map(Run::of).filter(|run| {
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.stderr.starts_with("Made a local authority")
    });
    assert_eq!(made.count(), 1);
    belong_together(&workspace, ".local/share/manage/rootCA.pem", ".local/share/manage/rootCA-key.pem");
    for name in &names {
        openssl_accepts(&workspace, &caroot(&workspace), &format!("{name}.pem"));
        belong_together(&workspace, &format!("{name}.pem"), &format!("{name}-key.pem"));
    }
    let listed = workspace.manage(["cert", "list", "--format", "plain"]).succeeds();
    assert_eq!(listed.lines().count(), 20, "{listed}");
}

#[test]
fn twenty_runs_for_one_file_leave_one_pair() {
    let workspace = Workspace::new();
    let runs: Vec<_> =
        (0..20).map(|_| workspace.command(["cert", "create", "a.test"]).spawn().unwrap()).collect();
    runs.into_iter().for_each(|child| drop(Run::of(child).succeeds()));
    belong_together(&workspace, "a.test.pem", "a.test-key.pem");
    assert_eq!(workspace.manage(["cert", "list", "--format", "plain"]).succeeds().lines().count(), 1);
}

/// Runs the program and kills it at its `number`th call of `calls`; whether it came to that.
fn killed_at(workspace: &Workspace, calls: &str, number: u32, args: &[&str]) -> bool {
    let run = injured_at(workspace, calls, number, "signal=KILL", args);
    assert!(run.status == 0 || run.status == 128 + 9, "{} {}", run.status, run.stderr);
    run.status != 0
}

/// Runs the program with this `injury` to its `number`th call of `calls`.
fn injured_at(workspace: &Workspace, calls: &str, number: u32, injury: &str, args: &[&str]) -> Run {
    let mut command = beside(workspace, "strace");
    let trace = format!("trace={calls}");
    let inject = format!("inject={calls}:{injury}:when={number}");
    command.args(["-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject, "--", MANAGE]).args(args);
    Run::of(command.spawn().unwrap())
}

/// The calls by which the program changes the file system.
const CALLS: [&str; 5] = ["rename,renameat,renameat2", "write", "mkdir,mkdirat", "fchmod", "unlink,unlinkat"];

/// Kills `args` at each of its changes to the file system in turn, lets `check` look, and counts the kills.
fn killed_everywhere(prepare: impl Fn(&Workspace), args: &[&str], check: impl Fn(&Workspace)) -> u32 {
    CALLS.iter().map(|calls| killed_at_each(calls, &prepare, args, &check)).sum()
}

/// Kills `args` at each of these calls in turn.
fn killed_at_each(
    calls: &str,
    prepare: &impl Fn(&Workspace),
    args: &[&str],
    check: &impl Fn(&Workspace),
) -> u32 {
    let mut kills = 0;
    loop {
        let workspace = Workspace::new();
        prepare(&workspace);
        let was_killed = killed_at(&workspace, calls, kills + 1, args);
        check(&workspace);
        if !was_killed {
            return kills;
        }
        kills += 1;
    }
}

/// Runs lines of shell, in which `$M` is the program, with mounts that nobody else sees.
fn with_own_mounts(workspace: &Workspace, script: &str) -> Run {
    let mut command = beside(workspace, "unshare");
    command.args(["-m", "sh", "-c", script]).env("M", MANAGE);
    Run::of(command.spawn().unwrap())
}

/// Asserts that no run left a file beside its place, nor a note of one.
fn nothing_waits(workspace: &Workspace) {
    for folder in [workspace.path().to_owned(), caroot(workspace)] {
        let left =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let left: Vec<String> =
            left.filter(|name| name.ends_with(".new") || name == "waiting.json").collect();
        assert_eq!(left, [""; 0], "the next run leaves nothing half done");
    }
}

#[test]
fn a_first_run_that_is_killed_anywhere_is_made_good_by_the_next() {
    let kills = killed_everywhere(
        |_| {},
        &["cert", "create", "a.test"],
        |workspace| {
            workspace.manage(["cert", "create", "a.test"]).succeeds();
            nothing_waits(workspace);
            belong_together(
                workspace,
                ".local/share/manage/rootCA.pem",
                ".local/share/manage/rootCA-key.pem",
            );
            openssl_accepts(workspace, &caroot(workspace), "a.test.pem");
            belong_together(workspace, "a.test.pem", "a.test-key.pem");
        },
    );
    assert!(kills > 10, "only {kills} kills");
}

#[test]
fn a_renewal_that_is_killed_anywhere_leaves_a_pair_or_is_made_good_by_the_next() {
    let kills = killed_everywhere(
        |workspace| {
            workspace.manage(["cert", "create", "a.test"]).succeeds();
        },
        &["cert", "renew", "--all"],
        |workspace| {
            workspace.manage(["cert", "renew"]).succeeds();
            openssl_accepts(workspace, &caroot(workspace), "a.test.pem");
            belong_together(workspace, "a.test.pem", "a.test-key.pem");
        },
    );
    assert!(kills > 5, "only {kills} kills");
}

#[test]
fn a_rotation_that_is_killed_anywhere_never_loses_an_authority() {
    let kills = killed_everywhere(
        |workspace| {
            workspace.manage(["cert", "create", "a.test"]).succeeds();
            fs::copy(caroot(workspace).join("rootCA.pem"), workspace.path().join("old.pem")).unwrap();
            fs::copy(caroot(workspace).join("rootCA-key.pem"), workspace.path().join("old-key.pem")).unwrap();
        },
        &["cert", "rotate"],
        |workspace| {
            workspace.manage(["cert", "renew", "--all"]).succeeds();
            openssl_accepts(workspace, &caroot(workspace), "a.test.pem");
            belong_together(workspace, "a.test.pem", "a.test-key.pem");
            belong_together(
                workspace,
                ".local/share/manage/rootCA.pem",
                ".local/share/manage/rootCA-key.pem",
            );
            // The old one is where it was, or in the folder of rotated ones, with its key.
            let old = fs::read(workspace.path().join("old.pem")).unwrap();
            let rotated = fs::read_dir(caroot(workspace).join("rotated")).into_iter().flatten();
            let folders = rotated.map(|entry| entry.unwrap().path()).chain([caroot(workspace)]);
            let kept = folders.filter(|folder| {
                fs::read(folder.join("rootCA.pem")).is_ok_and(|pem| pem == old)
                    && fs::read(folder.join("rootCA-key.pem"))
                        .is_ok_and(|key| key == fs::read(workspace.path().join("old-key.pem")).unwrap())
            });
            assert!(kept.count() > 0, "the old authority is lost");
        },
    );
    assert!(kills > 10, "only {kills} kills");
}

#[test]
fn a_rotation_that_is_killed_anywhere_is_never_finished_too_early() {
    // Each with NSS's own programs around it: the renames alone, at which the state changes.
    let kills = killed_at_each(
        CALLS[0],
        &|workspace: &Workspace| {
            workspace.manage(["cert", "install", "--stores", "nss"]).succeeds();
            workspace.manage(["cert", "create", "a.test"]).succeeds();
        },
        &["cert", "rotate", "--stores", "nss"],
        &|workspace: &Workspace| {
            // Whatever was done: what is issued verifies after it, or nothing is forgotten.
            let finish = ["cert", "rotate", "--finish", "--stores", "nss"];
            let run = workspace.manage(finish);
            if run.status != 0 {
                workspace.manage(["cert", "renew"]).succeeds();
                workspace.manage(["cert", "install", "--stores", "nss"]).succeeds();
                workspace.manage(finish).succeeds();
            }
            openssl_accepts(workspace, &caroot(workspace), "a.test.pem");
            let table =
                workspace.manage(["cert", "install", "--stores", "nss", "--format", "plain"]).succeeds();
            assert!(table.ends_with("\talready there\n"), "{table} after {run:?}");
            nothing_waits(workspace);
        },
    );
    assert!(kills > 6, "only {kills} kills");
}

#[test]
fn a_killed_rotation_is_not_finished_before_its_certificates_are_in_their_places() {
    let kills = killed_at_each(
        CALLS[0],
        &|workspace: &Workspace| {
            workspace.manage(["cert", "create", "a.test"]).succeeds();
            workspace.manage(["cert", "create", "b.test"]).succeeds();
        },
        &["cert", "rotate", "--stores", "nss"],
        &|workspace: &Workspace| {
            let finish = ["cert", "rotate", "--finish", "--stores", "nss"];
            let run = workspace.manage(finish);
            if run.status != 0 {
                workspace.manage(["cert", "renew"]).succeeds();
                workspace.manage(finish).succeeds();
            }
            for name in ["a.test", "b.test"] {
                openssl_accepts(workspace, &caroot(workspace), &format!("{name}.pem"));
                belong_together(workspace, &format!("{name}.pem"), &format!("{name}-key.pem"));
            }
        },
    );
    assert!(kills > 8, "only {kills} kills");
}

#[test]
fn a_file_that_cannot_be_replaced_is_told_of_and_keeps_the_old_authority() {
    if !is_root() {
        return;
    }
    let workspace = Workspace::new();
    let script = "for name in a b c; do $M cert create $name.test -v 0 >/dev/null; done
        mount --bind b.test.pem b.test.pem
        $M cert rotate --stores nss; echo \"status $?\"
        $M cert rotate --finish --stores nss; echo \"status $?\"
        $M cert renew --all --format plain; echo \"status $?\"
        umount b.test.pem; $M cert renew -v 0 && $M cert rotate --finish --stores nss -v 0; echo \"status $?\"";
    let run = with_own_mounts(&workspace, script);
    let statuses: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("status")).collect();
    assert_eq!(statuses, ["status 1", "status 1", "status 1", "status 0"], "{run:?}");
    assert!(run.stderr.contains("hint: renew what is left: manage cert renew\n"), "{run:?}");
    assert!(run.stdout.contains("\tc.test\n") && run.stdout.contains("failed\t"), "{run:?}");
    for name in ["a.test", "b.test", "c.test"] {
        openssl_accepts(&workspace, &caroot(&workspace), &format!("{name}.pem"));
        belong_together(&workspace, &format!("{name}.pem"), &format!("{name}-key.pem"));
    }
}

#[test]
fn a_good_key_is_brought_back_and_not_buried_by_a_damaged_one() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    let (ca, copy) = (caroot(&workspace), workspace.path().join("copy"));
    fs::create_dir(&copy).unwrap();
    for file in ["rootCA.pem", "rootCA-key.pem"] {
        fs::copy(ca.join(file), copy.join(file)).unwrap();
    }
    for damage in ["garbage\n", ""] {
        fs::write(ca.join("rootCA-key.pem"), damage).unwrap();
        workspace.manage(["cert", "import", "copy"]).succeeds();
        workspace.manage(["cert", "create", "a.test"]).succeeds();
    }
    fs::remove_file(ca.join("rootCA-key.pem")).unwrap();
    workspace.manage(["cert", "import", "copy"]).succeeds();
    workspace.manage(["cert", "rotate", "--stores", "nss"]).succeeds();
    let rotated = fs::read_dir(ca.join("rotated")).unwrap().next().unwrap().unwrap().path();
    let good = fs::read(rotated.join("rootCA-key.pem")).unwrap();
    assert_eq!(good, fs::read(copy.join("rootCA-key.pem")).unwrap());
    workspace.manage(["cert", "import", "--force", "copy"]).succeeds();
    fs::write(ca.join("rootCA-key.pem"), "garbage\n").unwrap();
    workspace.manage(["cert", "rotate", "--stores", "nss"]).succeeds();
    assert_eq!(fs::read(rotated.join("rootCA-key.pem")).unwrap(), good);
}

#[test]
fn a_rename_that_fails_loses_no_key() {
    let mut failures = 0;
    loop {
        let workspace = Workspace::new();
        workspace.manage(["cert", "create", "a.test"]).succeeds();
        let args = ["cert", "rotate", "--stores", "nss"];
        let run = injured_at(&workspace, CALLS[0], failures + 1, "error=EIO", &args);
        assert!(run.status == 0 || run.stderr.contains("Input/output error"), "{run:?}");
        workspace.manage(["cert", "renew"]).succeeds();
        belong_together(&workspace, ".local/share/manage/rootCA.pem", ".local/share/manage/rootCA-key.pem");
        openssl_accepts(&workspace, &caroot(&workspace), "a.test.pem");
        belong_together(&workspace, "a.test.pem", "a.test-key.pem");
        if run.status == 0 {
            break;
        }
        failures += 1;
    }
    assert!(failures > 5, "only {failures} failures");
}

#[test]
fn what_a_link_among_the_rotated_leads_to_is_not_forgotten() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    fs::create_dir(workspace.path().join("other")).unwrap();
    super::desk::foreign_authority(&workspace, "other", "ec", "/CN=Other", &[]);
    fs::create_dir(caroot(&workspace).join("rotated")).unwrap();
    symlink(workspace.path().join("other"), caroot(&workspace).join("rotated/zz")).unwrap();
    workspace.manage(["cert", "rotate", "--finish", "--stores", "nss"]).succeeds();
    belong_together(&workspace, "other/rootCA.pem", "other/rootCA-key.pem");
}

#[test]
fn the_authoritys_own_files_are_never_overwritten() {
    let workspace = Workspace::new();
    let ca = caroot(&workspace);
    for is_there in [false, true] {
        for (flag, file) in [
            ("--cert-file", "rootCA.pem"),
            ("--key-file", "rootCA-key.pem"),
            ("--cert-file", "issued.json"),
            ("--cert-file", "rotated/a.pem"),
            ("--key-file", ".rootCA-key.pem.manage.new"),
            ("--out-dir", "rootCA-key.pem"),
        ] {
            let path = ca.join(file).display().to_string();
            let run = workspace.manage(["cert", "create", "b.test", flag, &path, "--force"]);
            assert_eq!(run.status, 1, "{run:?}");
            assert!(!is_there || run.stderr.contains("is a file of the local authority's own"), "{run:?}");
        }
        assert_eq!(ca.join("rootCA.pem").exists(), is_there);
        workspace.manage(["cert", "create", "a.test"]).succeeds();
        openssl_accepts(&workspace, &ca, "a.test.pem");
    }
    // Nor is any authority ours to overwrite, wherever it lies.
    fs::copy(ca.join("rootCA.pem"), workspace.path().join("copy.pem")).unwrap();
    let said = workspace.manage(["cert", "create", "b.test", "--cert-file", "copy.pem"]).fails(1);
    assert!(said.contains("it was not made by the local authority"), "{said}");
}

#[test]
fn a_full_disk_keeps_one_certificate_from_renewal_and_changes_no_authority() {
    if !is_root() {
        return;
    }
    let workspace = Workspace::new();
    let script = "mkdir full && mount -t tmpfs -o size=16k tmpfs full
        $M cert create a.test -v 0 && $M cert create b.test --out-dir full -v 0
        head -c 20000 /dev/zero > full/filler 2>/dev/null
        cp a.test.pem before.pem; cp .local/share/manage/rootCA.pem ca.pem
        $M cert renew --all --format plain; echo \"status $?\"
        cmp -s a.test.pem before.pem && echo unchanged
        $M cert rotate --stores nss; echo \"status $?\"
        cmp .local/share/manage/rootCA.pem ca.pem && ls -A full .local/share/manage";
    let run = with_own_mounts(&workspace, script);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with("renewed\t") && line.ends_with("\ta.test")), "{run:?}");
    assert!(lines.iter().any(|line| line.starts_with("failed\t") && line.ends_with("\tb.test")), "{run:?}");
    assert_eq!(lines.iter().filter(|line| **line == "status 1").count(), 2, "{run:?}");
    assert!(!lines.contains(&"unchanged"), "{run:?}");
    assert!(run.stderr.contains("No space left on device"), "{run:?}");
    let left = ".local/share/manage:\nissued.json\nrootCA-key.pem\nrootCA.pem\n\nfull:\nb.test-key.pem\nb.test.pem\nfiller\n";
    assert!(run.stdout.ends_with(left), "{run:?}");
}

#[test]
fn through_sudo_it_works_on_the_folder_of_who_called_it() {
    use std::os::unix::fs::MetadataExt as _;
    if !is_root() {
        return;
    }
    let workspace = Workspace::new();
    let home = workspace.path().join("home");
    fs::create_dir(&home).unwrap();
    std::os::unix::fs::chown(&home, Some(12345), Some(23456)).unwrap();
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    workspace.write("passwd", &format!("{passwd}ann:x:12345:23456:Ann:{}:/bin/sh\n", home.display()));
    let sudo = |user: &str, folder: &Path, args: &[&str]| {
        let mut command = Command::new("unshare");
        let script = "mount --bind \"$0\" /etc/passwd && exec \"$@\"";
        command.args(["-m", "sh", "-c", script]).arg(workspace.path().join("passwd")).arg(MANAGE).args(args);
        command.current_dir(folder).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        let root = workspace.path().join("root");
        command.env("HOME", &root).env("XDG_DATA_HOME", root.join("data"));
        command.env("SUDO_USER", user).env("SUDO_UID", "12345").env("SUDO_GID", "23456");
        Run::of(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    };
    let owner = |path: &Path| {
        let facts = fs::metadata(path).unwrap();
        (facts.uid(), facts.gid())
    };
    sudo("ann", &home, &["cert", "create", "a.test", "--out-dir", "certs"]).succeeds();
    let ca = home.join(".local/share/manage");
    assert!(!workspace.path().join("root").exists());
    let all = [".local", ".local/share/manage", "certs", "certs/a.test.pem", "certs/a.test-key.pem"];
    let of_ca = ["rootCA.pem", "rootCA-key.pem", "issued.json"].map(|name| ca.join(name));
    for path in all.iter().map(|path| home.join(path)).chain(of_ca) {
        assert_eq!(owner(&path), (12345, 23456), "{}", path.display());
    }

    // A folder that is root's alone gets root's files: that is what sudo is for.
    let closed = workspace.path().join("closed");
    fs::create_dir(&closed).unwrap();
    sudo("ann", &closed, &["cert", "create", "b.test"]).succeeds();
    assert_eq!([owner(&closed.join("b.test.pem")), owner(&closed.join("b.test-key.pem"))], [(0, 0); 2]);

    // What root may read in there, the person may not, though the list names it: it lies in the person's folder.
    let said = sudo("ann", &home, &["cert", "renew", "--all"]).fails(1);
    assert!(said.contains("b.test-key.pem: Permission denied"), "{said}");
    let victim = closed.join("victim");
    fs::write(&victim, "root's own\n").unwrap();
    let list = ca.join("issued.json");
    let mut index: serde_json::Value = serde_json::from_str(&fs::read_to_string(&list).unwrap()).unwrap();
    let one = &mut index["certificates"][0];
    one["p12_file"] = victim.display().to_string().into();
    one["p12_sha256"] = serde_json::json!([manage::crypto::sha256_hex(b"root's own\n")]);
    one["cert_file"] = closed.join("evil.pem").display().to_string().into();
    one["key_file"] = closed.join("evil.key").display().to_string().into();
    fs::write(&list, index.to_string()).unwrap();
    sudo("ann", &home, &["cert", "renew", "--all", "--force"]).fails(1);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "root's own\n");
    assert!(!closed.join("evil.pem").exists() && !closed.join("evil.key").exists());
    fs::remove_file(&list).unwrap();

    // Nor what root's group may read.
    let shared = closed.join("shared.pem");
    fs::copy(ca.join("rootCA.pem"), &shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&shared, home.join("shared.pem")).unwrap();
    sudo("ann", &home, &["cert", "show", "shared.pem"]).fails(1);

    // A link of the person's leads root nowhere.
    let secret = closed.join("secret");
    fs::write(&secret, "root's own\n").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    fs::remove_file(ca.join("rootCA-key.pem")).unwrap();
    symlink(&secret, ca.join("rootCA-key.pem")).unwrap();
    let said = sudo("ann", &home, &["cert", "rotate"]).fails(1);
    assert!(said.contains("rootCA-key.pem\n  because: Permission denied"), "{said}");
    let copies = fs::read_dir(ca.join("rotated")).into_iter().flatten().map(|entry| entry.unwrap().path());
    assert!(!copies.into_iter().any(|copy| copy.join("rootCA-key.pem").exists()));
    symlink(&closed, home.join("into")).unwrap();
    sudo("ann", &home, &["cert", "create", "c.test", "--out-dir", "into"]).fails(1);
    assert!(!closed.join("c.test.pem").exists());

    sudo("nobody-at-all", &home, &["cert", "caroot"]).fails_with(
        1,
        "error: root runs this for `nobody-at-all`, who is no user of this machine\n\
         hint: run it without sudo: it asks for root's rights where it needs them\n",
    );
    sudo("root", &home, &["cert", "caroot"])
        .succeeds_with(&format!("{}\n", workspace.path().join("root/data/manage").display()));
}

#[test]
fn names_that_are_one_file_are_one_file_and_names_that_are_none_are_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let workspace = Workspace::new();
    fs::create_dir(workspace.path().join("sub")).unwrap();
    workspace
        .manage(["cert", "create", "a.test", "--cert-file", "a.pem", "--key-file", "sub/../a.pem"])
        .succeeds();
    belong_together(&workspace, "a.pem", "a.pem");
    workspace.manage(["cert", "renew", "sub/../a.pem"]).succeeds();
    workspace
        .manage(["cert", "create", "b.test", "--cert-file", "b.pem", "--key-file", ".b.pem.new"])
        .succeeds();
    belong_together(&workspace, "b.pem", ".b.pem.new");
    let before = files(&workspace);
    let odd = OsStr::from_bytes(b"\xff.pem");
    let args =
        [OsStr::new("cert"), OsStr::new("create"), OsStr::new("c.test"), OsStr::new("--cert-file"), odd];
    let said = workspace.manage(args).fails(2);
    assert!(said.contains("cannot be a file's name: it is not UTF-8"), "{said}");
    workspace.manage(["cert", "create", "c.test", "--cert-file", ""]).fails(2);
    workspace
        .manage(["cert", "create", "c.test", "--p12-file", "sub/../x", "--key-file", "x"])
        .fails_with(2, "error: the PKCS#12 file and another file have the same name\n");
    assert_eq!(files(&workspace), before);
}

#[test]
fn devices_and_pipes_are_not_written() {
    let workspace = Workspace::new();
    nix::unistd::mkfifo(&workspace.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for (file, extra) in [("pipe", None), ("pipe", Some("--force")), ("/dev/null", Some("--force"))] {
        let run =
            workspace.manage(["cert", "create", "a.test", "--cert-file", file].into_iter().chain(extra));
        assert!(
            run.status == 1 && run.stderr.contains("is a device or a pipe\nhint: name a file\n"),
            "{run:?}"
        );
    }
    let said = workspace.manage(["cert", "show", "/dev/zero"]).fails(1);
    assert_eq!(said, "error: /dev/zero is larger than 16 MiB: that is no certificate\n");
    assert!(!caroot(&workspace).exists());
}

#[test]
fn a_folder_that_is_missing_is_said_before_anything_is_made() {
    let workspace = Workspace::new();
    workspace.write("file", "");
    for args in [
        &["--cert-file", "nowhere/a.pem"][..],
        &["--out-dir", "file/sub"],
        &["--out-dir", "new", "--cert-file", "../file"],
    ] {
        let run = workspace.manage(["cert", "create", "a.test"].iter().chain(args));
        assert_eq!(run.status, 1, "{run:?}");
    }
    assert_eq!(files(&workspace), ["file"]);
    assert!(!caroot(&workspace).exists());
    workspace.manage(["cert", "create", "a.test", "--out-dir", "new/er"]).succeeds();
    fs::write(caroot(&workspace).join("rotated"), "").unwrap();
    workspace.manage(["cert", "create", "b.test"]).succeeds();
}

#[test]
fn a_run_that_waits_for_another_says_so() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    let folder = fs::File::open(caroot(&workspace)).unwrap();
    folder.lock().unwrap();
    let waiting = workspace.command(["cert", "create", "b.test"]).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    drop(folder);
    let run = Run::of(waiting);
    let said = format!("Another run works in {}: waiting for it.\n", caroot(&workspace).display());
    assert_eq!((run.status, run.stderr), (0, said));
}

#[test]
fn a_name_too_long_for_a_file_is_answered_with_the_flags_that_name_files() {
    let workspace = Workspace::new();
    let host = format!("{0}.{0}.{0}.{1}.test", "a".repeat(62), "b".repeat(57));
    assert_eq!(host.len(), 251);
    let before = files(&workspace);
    let run = workspace.manage(["cert", "create", &host]);
    assert_eq!(run.status, 1);
    let said = "File name too long (os error 36)\nhint: name the files: --cert-file and --key-file\n";
    assert!(run.stderr.ends_with(said), "{}", run.stderr);
    assert_eq!(files(&workspace), before);
    assert!(!caroot(&workspace).exists(), "no authority is made in vain");
    workspace.manage(["cert", "create", &host, "--cert-file", "a.pem", "--key-file", "b.pem"]).succeeds();
}

#[test]
fn a_password_that_pkcs12_cannot_hold_is_refused_before_anything_is_made() {
    let workspace = Workspace::new();
    workspace.write("password", "hush 🤫\n");
    let before = files(&workspace);
    let run =
        workspace.manage(["cert", "create", "a.test", "--p12-file", "a.p12", "--password-file", "password"]);
    let said = "error: the password holds a character that PKCS#12 cannot\n\
                hint: choose one without emoji, of characters up to U+FFFF\n";
    assert_eq!((run.status, run.stderr.as_str()), (2, said));
    assert_eq!(files(&workspace), before);
    assert!(!caroot(&workspace).exists());
    workspace.write("password", "hüsh ☂\n");
    workspace
        .manage(["cert", "create", "a.test", "--p12-file", "a.p12", "--password-file", "password"])
        .succeeds();
}
