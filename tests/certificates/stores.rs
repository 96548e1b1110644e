//! Trust stores, each changed for real in a machine of its own, and clients that then believe, or do not.

use std::fs;

use crate::support::{MANAGE, Run};

use super::desk::is_root;
use super::stores_world::{PAGE, Table, World};

/// Clients that read the system's store, and how each asks for a page.
const CLIENTS: &[(&str, &str)] = &[
    ("curl", "curl -sS --max-time 20 $URL"),
    (
        "openssl",
        "openssl s_client -connect localhost:$PORT -servername localhost -verify_hostname localhost \
         -verify_return_error </dev/null && echo \"$PAGE\"",
    ),
    (
        "python3",
        "python3 -c 'import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())' $URL",
    ),
    ("node", "node --use-openssl-ca -e 'fetch(process.argv[1]).then(r => r.text()).then(console.log)' $URL"),
];

/// Which clients reach the server.
fn believers(world: &World, port: u16) -> Vec<&'static str> {
    let reaches = |script: &str| {
        let mut command = world.command("/bin/sh", &["-c", script]);
        command
            .env("PORT", port.to_string())
            .env("PAGE", PAGE)
            .env("URL", format!("https://localhost:{port}/"));
        command.output().is_ok_and(|output| {
            output.status.success() && String::from_utf8_lossy(&output.stdout).contains(PAGE)
        })
    };
    CLIENTS.iter().filter(|(_, script)| reaches(script)).map(|(client, _)| *client).collect()
}

fn all_clients() -> Vec<&'static str> {
    CLIENTS.iter().map(|(client, _)| *client).collect()
}

#[test]
fn the_systems_store_makes_every_client_believe_and_forget() {
    let world = World::new();
    let server = world.server();
    assert!(believers(&world, server.port).is_empty());
    let place = "/usr/local/share/ca-certificates";
    world.install("system").says(place, "installed");
    world.install("system").says(place, "already there");
    assert_eq!(believers(&world, server.port), all_clients());
    world.uninstall("system").says(place, "removed");
    world.uninstall("system").says(place, "not there");
    assert!(believers(&world, server.port).is_empty());
    assert_eq!(world.sh("ls /usr/local/share/ca-certificates | grep -c manage-local || true"), "0\n");
}

#[test]
fn runs_at_once_do_not_undo_each_others_work() {
    let world = World::new();
    let start = |verb: &str| {
        let mut command = world.command(MANAGE, &["cert", verb, "--stores", "system,nss"]);
        command.spawn().unwrap()
    };
    for verb in ["install", "uninstall"] {
        let runs: Vec<_> = (0..6).map(|_| start(verb)).collect();
        for run in runs.into_iter().map(Run::of) {
            assert_eq!(run.status, 0, "{run:?}");
        }
    }
    assert_eq!(world.sh("ls /usr/local/share/ca-certificates | grep -c manage-local || true"), "0\n");
}

#[test]
fn the_systems_store_is_cleaned_when_the_authoritys_folder_is_gone() {
    let world = World::new();
    let server = world.server();
    world.install("system,nss");
    assert_eq!(believers(&world, server.port), all_clients());
    fs::remove_dir_all(world.path("ca")).unwrap();
    let table = world.uninstall("system,nss");
    table.says("/usr/local/share/ca-certificates", "removed").says("share/pki/nssdb", "removed");
    assert!(believers(&world, server.port).is_empty());
}

#[test]
fn a_missing_folder_is_made_where_the_command_is_there() {
    let world = World::new();
    world.sh("rm -rf /usr/local/share/ca-certificates");
    world.install("system").says("/usr/local/share/ca-certificates", "installed");
}

#[test]
fn node_believes_the_authority_that_it_is_told_by_its_variable() {
    let world = World::new();
    let server = world.server();
    let script = "fetch(process.argv[1]).then(r => r.text()).then(console.log)";
    let node = |variables: &[(&str, &str)]| {
        let mut command = world.command("node", &["-e", script, &server.url("localhost")]);
        String::from_utf8(command.envs(variables.iter().copied()).output().unwrap().stdout).unwrap()
    };
    assert!(!node(&[]).contains(PAGE));
    assert!(node(&[("NODE_EXTRA_CA_CERTS", &world.ca())]).contains(PAGE));
}

/// The families that this machine is not of: folder, its command's name, extension, bundle.
const FAMILIES: &[(&str, &str, &str, &str)] = &[
    (
        "/etc/pki/ca-trust/source/anchors",
        "update-ca-trust",
        "pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    ),
    (
        "/etc/ca-certificates/trust-source/anchors",
        "trust",
        "crt",
        "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
    ),
    ("/etc/pki/trust/anchors", "update-ca-certificates", "pem", "/etc/ssl/ca-bundle.pem"),
];

#[test]
fn the_folders_of_other_families_are_served_with_their_own_commands() {
    for (folder, command, extension, bundle) in FAMILIES {
        let world = World::new();
        let server = world.server();
        // Stands in for the family's command: makes the bundle of the folder, and says how it was called.
        world.sh(&format!(
            "mkdir -p {folder} $(dirname {bundle}) bin
             printf '#!/bin/sh\necho \"$0 $*\" >> {log}\ncat {folder}/*.{extension} > {bundle} 2>/dev/null; true\n' \
               > bin/{command}
             chmod 755 bin/{command}
             mount --bind bin /usr/local/sbin",
            log = world.path("log").display(),
        ));
        let curl = || {
            let url = server.url("localhost");
            let mut curl = world.command("curl", &["-sS", "--cacert", bundle, &url]);
            String::from_utf8(curl.output().unwrap().stdout).unwrap().contains(PAGE)
        };
        assert!(!curl());
        world.install("system").says(folder, "installed");
        assert!(curl(), "{folder}");
        world.uninstall("system").says(folder, "removed");
        assert!(!curl());
        let log = fs::read_to_string(world.path("log")).unwrap();
        assert_eq!(log.lines().count(), 2, "{log}");
        assert!(log.lines().all(|line| line.contains(command)), "{log}");
    }
}

#[test]
fn a_command_that_makes_no_bundle_is_a_failure() {
    let world = World::new();
    world.sh("mkdir bin && printf '#!/bin/sh\n' > bin/update-ca-certificates && chmod 755 bin/*
              mount --bind bin /usr/local/sbin");
    let run = world.cert(&["install", "--stores", "system"], &[]);
    assert_ne!(run.status, 0);
    assert_eq!(Table::of(&run.stdout).count("is not in the store that was read back"), 1);
}

#[test]
fn nixos_is_told_what_to_write_into_its_configuration() {
    let world = World::new();
    world.sh("touch /etc/NIXOS");
    let run = world.cert(&["install", "--stores", "system"], &[]);
    assert_eq!(run.status, 1, "a store that was asked for by name is not there");
    Table::of(&run.stdout).says("NixOS", "skipped").says("security.pki.certificateFiles", "skipped");
}

#[test]
fn a_rotated_authority_goes_with_the_new_one() {
    let world = World::new();
    world.sh("rm -r ca");
    let all = "system,nss,policies";
    pretend(&world, &["chromium", "firefox"]);
    world.install(all);
    world.run(MANAGE, &["cert", "rotate", "--stores", all]).succeeds();
    assert_eq!(world.install(all).count("already there"), 4);
    assert_eq!(world.sh("ls /usr/local/share/ca-certificates | grep -c manage-local"), "2\n");
    // The browser is gone since.
    world.sh("rm bin/*");
    assert_eq!(world.uninstall(all).count("removed"), 4);
    assert_eq!(world.sh("ls /usr/local/share/ca-certificates | grep -c manage-local || true"), "0\n");
    assert_eq!(
        world.sh("ls -A /etc/chromium/policies/managed /etc/firefox/policies | grep manage-local || true"),
        ""
    );
}

/// The nicknames and trust of a database, checked by certutil to be good for authorities of servers.
fn trusted_in(world: &World, folder: &str) -> bool {
    let database = format!("sql:{}", world.home().join(folder).display());
    let listed = world.run("certutil", &["-L", "-d", &database]).succeeds();
    let Some(line) = listed.lines().find(|line| line.starts_with("manage-local-ca-")) else { return false };
    let name = line.split(' ').next().unwrap();
    world.run("certutil", &["-V", "-d", &database, "-u", "L", "-n", name]).status == 0
}

fn make_database(world: &World, folder: &str) {
    world.sh(&format!("mkdir -p 'home/{folder}' && certutil -N -d 'sql:home/{folder}' --empty-password"));
}

#[test]
fn chromium_gets_a_database_where_it_has_none() {
    let world = World::new();
    let place = world.home().join(".local/share/pki/nssdb");
    world.uninstall("nss").says(&place, "not there");
    assert!(!place.exists(), "nothing is made to take something out of it");
    world.install("nss").says(&place, "installed");
    world.install("nss").says(&place, "already there");
    assert!(trusted_in(&world, ".local/share/pki/nssdb"));
    assert!(!world.home().join(".pki").exists());
    world.uninstall("nss").says(&place, "removed");
    assert!(!trusted_in(&world, ".local/share/pki/nssdb"));
}

#[test]
fn the_folder_for_data_is_where_its_variable_says() {
    let world = World::new();
    let data = world.path("data").display().to_string();
    let run = world.cert(&["install", "--stores", "nss"], &[("XDG_DATA_HOME", &data)]);
    Table::of(&run.succeeds()).says(world.path("data/pki/nssdb"), "installed");
}

#[test]
fn every_database_of_chromium_and_firefox_is_found() {
    let world = World::new();
    let databases = [
        ".pki/nssdb",
        "snap/chromium/current/.pki/nssdb",
        ".var/app/com.google.Chrome/data/pki/nssdb",
        ".mozilla/firefox/old.default",
        ".config/mozilla/firefox/new.default-release",
        "snap/firefox/common/.mozilla/firefox/snapped",
        ".var/app/org.mozilla.firefox/config/mozilla/firefox/packed",
    ];
    databases.iter().for_each(|folder| make_database(&world, folder));
    // One lies elsewhere, one has a name with a space and was never started, one is named but gone.
    make_database(&world, "elsewhere/profile");
    let ini = format!(
        "[Profile0]\nIsRelative=0\nPath={}\n[Profile1]\nIsRelative=1\nPath=never started\n[Profile2]\nPath=gone\n",
        world.home().join("elsewhere/profile").display()
    );
    fs::create_dir(world.home().join(".mozilla/firefox/never started")).unwrap();
    fs::write(world.home().join(".mozilla/firefox/profiles.ini"), ini).unwrap();
    let table = world.install("nss");
    assert_eq!(table.count("installed"), databases.len() + 2, "{table:?}");
    let more = ["elsewhere/profile", ".mozilla/firefox/never started"];
    for folder in databases.iter().chain(&more) {
        assert!(trusted_in(&world, folder), "{folder}");
    }
    assert!(!world.home().join(".local/share/pki").exists(), "Chromium's old place wins");
    assert_eq!(world.uninstall("nss").count("removed"), databases.len() + 2);
    assert!(!databases.iter().any(|folder| trusted_in(&world, folder)));
}

#[test]
fn an_authority_that_mkcert_put_there_is_there_and_goes_by_its_certificate() {
    let world = World::new();
    make_database(&world, ".pki/nssdb");
    world.sh("certutil -A -d sql:home/.pki/nssdb -t C,, -n 'mkcert development CA 42' -i ca/rootCA.pem");
    world.install("nss").says(".pki/nssdb", "already there");
    world.uninstall("nss").says(".pki/nssdb", "removed");
    world.sh("certutil -A -d sql:home/.pki/nssdb -t C,, -n 'mkcert development CA 42' -i ca/rootCA.pem");
    fs::remove_dir_all(world.path("ca")).unwrap();
    world.uninstall("nss").says(".pki/nssdb", "not there");
}

#[test]
fn a_database_that_no_longer_believes_the_authority_believes_it_again() {
    let world = World::new();
    world.install("nss");
    let database = world.home().join(".local/share/pki/nssdb").display().to_string();
    world.sh(&format!(
        "name=$(certutil -L -d sql:{database} | grep -o 'manage-local-ca-[0-9a-f]*')
         certutil -M -d sql:{database} -t ,, -n $name"
    ));
    assert!(!trusted_in(&world, ".local/share/pki/nssdb"));
    world.install("nss").says("pki/nssdb", "installed");
    assert!(trusted_in(&world, ".local/share/pki/nssdb"));
}

#[test]
fn a_database_with_a_password_is_a_failure_that_says_so_and_waits_for_nobody() {
    let world = World::new();
    world.sh(
        "mkdir -p home/.pki/nssdb; echo secret > password; certutil -N -d sql:home/.pki/nssdb -f password",
    );
    let run = world.cert(&["install", "--stores", "nss"], &[]);
    assert_ne!(run.status, 0);
    Table::of(&run.stdout).says(".pki/nssdb failed", "failed");
    assert!(run.stderr.contains("primary password"), "{}", run.stderr);
}

#[test]
fn an_old_database_is_served_in_its_own_format_and_a_broken_one_is_left_alone() {
    let world = World::new();
    world.sh("mkdir -p home/.mozilla/firefox/old home/.mozilla/firefox/broken
              certutil -N -d dbm:home/.mozilla/firefox/old --empty-password
              head -c 20000 /dev/urandom > home/.mozilla/firefox/broken/cert8.db");
    let table = world.install("nss");
    table.says(".mozilla/firefox/broken", "skipped: certutil cannot open this database");
    table.says(".mozilla/firefox/old", "installed");
    assert!(world.sh("certutil -L -d dbm:home/.mozilla/firefox/old").contains("manage-local-ca-"));
    assert!(!world.home().join(".mozilla/firefox/old/cert9.db").exists());
    world.uninstall("nss").says(".mozilla/firefox/old", "removed");
}

#[test]
fn the_machines_own_database_is_served_where_it_exists() {
    let world = World::new();
    world.sh("mkdir -p /etc/pki/nssdb && certutil -N -d sql:/etc/pki/nssdb --empty-password");
    world.install("nss").says("/etc/pki/nssdb", "installed");
    assert!(world.sh("certutil -L -d sql:/etc/pki/nssdb").contains("manage-local-ca-"));
    world.uninstall("nss").says("/etc/pki/nssdb", "removed");
}

#[test]
fn through_sudo_a_persons_databases_stay_theirs() {
    let world = World::new();
    if !nix::unistd::Uid::effective().is_root() {
        // Only root can be asked by sudo.
        return;
    }
    world.sh(&format!(
        "echo 'ann:x:4242:4242:Ann:{}:/bin/sh' >> /etc/passwd; chown -R 4242:4242 home; chmod 700 home",
        world.home().display()
    ));
    let run = world.cert(&["install", "--stores", "nss"], &[("SUDO_USER", "ann"), ("HOME", "/root")]);
    Table::of(&run.succeeds()).says(world.home().join(".local/share/pki/nssdb"), "installed");
    assert_eq!(world.sh("find home ! -uid 4242 -o ! -gid 4242"), "");
    assert_eq!(world.sh("stat -c %a home/.local/share/pki/nssdb"), "700\n");
}

#[test]
fn firefoxs_policies_are_merged_and_taken_out_again() {
    let world = World::new();
    let before =
        r#"{"note":1,"policies":{"Certificates":{"ImportEnterpriseRoots":true},"DisableTelemetry":true}}"#;
    world.sh(&format!(
        "mkdir -p /etc/firefox/policies && echo '{before}' > /etc/firefox/policies/policies.json"
    ));
    let read =
        || serde_json::from_str::<serde_json::Value>(&world.sh("cat /etc/firefox/policies/policies.json"));
    let (place, original) = ("/etc/firefox/policies/policies.json", read().unwrap());
    world.install("policies").says(place, "installed");
    world.install("policies").says(place, "already there");
    let merged = read().unwrap();
    assert_eq!(merged["policies"]["DisableTelemetry"], true);
    assert_eq!(merged["policies"]["Certificates"]["ImportEnterpriseRoots"], true);
    let copy = merged["policies"]["Certificates"]["Install"][0].as_str().unwrap().to_owned();
    assert_eq!(world.sh(&format!("stat -c '%a %u' {copy}")), "644 0\n");
    world.sh(&format!("cmp {copy} {}", world.ca()));
    world.uninstall("policies").says(place, "removed");
    assert_eq!(read().unwrap(), original);
    assert_eq!(world.sh("ls /etc/firefox/policies"), "policies.json\n");
}

#[test]
fn policy_files_that_only_hold_our_lines_go_with_them() {
    let world = World::new();
    world.sh("mkdir -p /etc/firefox/policies && echo '{}' > /etc/firefox/policies/policies.json");
    world.install("policies");
    world.uninstall("policies");
    assert_eq!(world.sh("ls -A /etc/firefox/policies"), "");
}

#[test]
fn a_policy_file_that_is_no_json_stays_as_it_is() {
    let world = World::new();
    for broken in ["{ // a comment", r#"{"policies":{"Certificates":{"Install":"x"}}}"#, "[1]"] {
        world.sh(&format!(
            "mkdir -p /etc/firefox/policies && printf %s '{broken}' > /etc/firefox/policies/policies.json"
        ));
        let run = world.cert(&["install", "--stores", "policies"], &[]);
        assert_ne!(run.status, 0);
        Table::of(&run.stdout).says("policies.json failed", "stays as it is");
        assert_eq!(
            world.sh("cat /etc/firefox/policies/policies.json; ls /etc/firefox/policies"),
            format!("{broken}policies.json\n")
        );
    }
}

/// A program of this name that does nothing, so that a browser counts as installed.
fn pretend(world: &World, programs: &[&str]) {
    world.sh("mkdir -p bin && mount --bind bin /usr/local/bin");
    for program in programs {
        world.sh(&format!("printf '#!/bin/sh\n' > bin/{program} && chmod 755 bin/{program}"));
    }
}

#[test]
fn chromes_policy_file_holds_every_authority_of_ours_and_yields_to_a_rival() {
    let world = World::new();
    pretend(&world, &["google-chrome"]);
    let place = "/etc/opt/chrome/policies/managed/manage-local-ca.json";
    world.install("policies").says(place, "installed");
    world.sh("mv ca old && cp -r old ca && openssl req -x509 -key old/rootCA-key.pem -out ca/rootCA.pem -subj /CN=2");
    world.install("policies").says(place, "installed");
    let policies: serde_json::Value = serde_json::from_str(&world.sh(&format!("cat {place}"))).unwrap();
    assert_eq!(policies["CACertificates"].as_array().unwrap().len(), 2);
    world.uninstall("policies").says(place, "removed");
    world.sh("rm -r ca && mv old ca");
    world.install("policies").says(place, "already there");
    world.uninstall("policies").says(place, "removed");
    assert_eq!(world.sh("ls /etc/opt/chrome/policies/managed"), "");
    world.sh("echo '{\"CACertificates\":[]}' > /etc/opt/chrome/policies/managed/company.json");
    let run = world.cert(&["install", "--stores", "policies"], &[]);
    assert_ne!(run.status, 0);
    Table::of(&run.stdout).says(format!("{place} failed"), "company.json sets the policy CACertificates too");
}

#[test]
fn without_certutil_the_policy_files_stand_in_and_the_package_is_named() {
    let world = World::new();
    pretend(&world, &["chromium", "firefox"]);
    world.sh("touch nothing && mount --bind nothing /usr/bin/certutil");
    let table = Table::of(&world.cert(&["install"], &[]).succeeds());
    table.says("certutil is not installed: apt install libnss3-tools", "skipped");
    table.says("/etc/chromium/policies/managed/manage-local-ca.json", "installed");
    table.says("/etc/firefox/policies/policies.json", "installed");
    world.sh("umount /usr/bin/certutil");
    let table = Table::of(&world.cert(&["uninstall"], &[]).succeeds());
    table.says("/etc/chromium/policies/managed/manage-local-ca.json", "removed");
    table.says("/etc/firefox/policies/policies.json", "removed");
}

#[test]
fn java_is_skipped_with_a_note_where_its_home_is_wrong_or_has_no_store() {
    let world = World::new();
    let java =
        |home: &str| Table::of(&world.cert(&["install", "--stores", "java"], &[("JAVA_HOME", home)]).stdout);
    java("/nowhere").says("/nowhere", "skipped: JAVA_HOME names a folder that is not there");
    java("/usr/share").says("/usr/share", "skipped: JAVA_HOME holds no lib/security/cacerts");
}

#[test]
fn sudo_is_asked_for_the_single_commands_that_need_root() {
    let world = World::new();
    if !is_root() {
        return;
    }
    world.sh(&format!(
        "echo 'ann:x:4242:4242:Ann:{}:/bin/sh' >> /etc/passwd; chown -R 4242:4242 home ca
         echo 'ann:*:19000:0:99999:7:::' >> /etc/shadow
         echo 'ann ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/ann; chmod 440 /etc/sudoers.d/ann
         cp {MANAGE} manage; chmod 755 manage",
        world.home().display()
    ));
    let ann = |args: &[&str]| {
        let mut command = world.command("setpriv", &["--reuid=4242", "--regid=4242", "--clear-groups"]);
        command.arg(world.path("manage")).args(args).args(["--stores", "system", "--format", "plain"]);
        Table::of(&Run::of(command.spawn().unwrap()).succeeds())
    };
    let server = world.server();
    let place = "/usr/local/share/ca-certificates";
    ann(&["cert", "install"]).says(place, "installed");
    ann(&["cert", "install"]).says(place, "already there");
    assert_eq!(believers(&world, server.port), all_clients());
    assert_eq!(world.sh("stat -c '%a %u' /usr/local/share/ca-certificates/manage-local-ca-*"), "644 0\n");
    ann(&["cert", "uninstall"]).says(place, "removed");
    assert!(believers(&world, server.port).is_empty());
    assert_eq!(world.sh("find home ca ! -uid 4242"), "");
    // Who may not become root without a password is told what to type.
    world.sh("rm /etc/sudoers.d/ann");
    let mut command = world.command("setpriv", &["--reuid=4242", "--regid=4242", "--clear-groups"]);
    command.arg(world.path("manage")).args(["cert", "install", "--stores", "system"]);
    let stderr = Run::of(command.spawn().unwrap()).fails(1);
    assert!(stderr.contains("/usr/sbin/update-ca-certificates"), "{stderr}");
}

#[test]
fn without_rights_and_without_sudo_the_commands_for_root_are_said() {
    let world = World::new();
    if !nix::unistd::Uid::effective().is_root() {
        return;
    }
    world.sh("chown -R 65534:65534 home ca");
    world.sh(&format!("cp {MANAGE} manage && chmod 755 manage"));
    let mut command =
        world.command("/usr/bin/setpriv", &["--reuid=65534", "--regid=65534", "--clear-groups"]);
    // sudo, doas and pkexec are in /usr/bin.
    command.args(["/usr/bin/env", "PATH=/usr/sbin:/sbin"]);
    command.arg(world.path("manage")).args(["cert", "install", "--stores", "system"]);
    let run = Run::of(command.spawn().unwrap());
    assert!(run.stdout.contains("neither sudo nor doas nor pkexec"), "{run:?}");
    let stderr = run.fails(1);
    for typed in [
        "install -D -m 644 /dev/stdin /usr/local/share/ca-certificates/manage-local-ca-",
        &format!("< {}", world.ca()),
        "/usr/sbin/update-ca-certificates",
    ] {
        assert!(stderr.contains(typed), "{stderr}");
    }
}
