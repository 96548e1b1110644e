//! Chromium, Firefox and Java, headless, against a real server: each believes what its store was told, and nothing
//! before and after that.
//!
//! They run with `MANAGE_TEST_BROWSERS=1`, which `scripts/test --browsers` sets after it has installed them.

use std::fs;
use std::path::{Path, PathBuf};

use manage::conf::Environment;

use super::stores_world::{PAGE, World};

/// Whether the browsers are to be run.
#[expect(clippy::print_stderr, reason = "what was left out should be seen")]
pub fn are_wanted() -> bool {
    let is_set = Environment::of_process().get("MANAGE_TEST_BROWSERS").is_some();
    if !is_set {
        eprintln!("left out: set MANAGE_TEST_BROWSERS=1, or run scripts/test --browsers");
    }
    is_set
}

/// Whether Chromium shows the page; a refusal must be one of the certificate.
pub fn chromium_shows(world: &World, url: &str) -> bool {
    let data = world.path("chromium");
    drop(fs::remove_dir_all(&data));
    let data = format!("--user-data-dir={}", data.display());
    let run = world.run(
        "timeout",
        &[
            "60",
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            &data,
            "--host-resolver-rules=MAP app.test 127.0.0.1, MAP evil.com 127.0.0.1",
            "--dump-dom",
            url,
        ],
    );
    let is_shown = run.stdout.contains(PAGE);
    // It exits with 0 in both cases, and says why it refused on its own page; in its log not always.
    let is_refused = run.stdout.contains("ERR_CERT") || run.stderr.contains("net_error -202");
    assert!(is_shown || is_refused || run.stderr.contains("ERR_CERT"), "{run:?}");
    is_shown
}

#[test]
fn chromium_believes_its_new_database() {
    if !are_wanted() {
        return;
    }
    let world = World::new();
    let server = world.server();
    assert!(!chromium_shows(&world, &server.url("localhost")));
    // Chromium has not made its own yet, or an empty one: both are served.
    world.install("nss").says(".local/share/pki/nssdb", "installed");
    assert!(chromium_shows(&world, &server.url("localhost")));
    assert!(chromium_shows(&world, &server.url("app.test")));
    world.uninstall("nss");
    assert!(!chromium_shows(&world, &server.url("localhost")));
}

#[test]
fn chromium_believes_a_database_that_was_made_before_its_first_start() {
    if !are_wanted() {
        return;
    }
    let world = World::new();
    let server = world.server();
    assert!(!world.home().join(".local").exists());
    world.install("nss");
    assert!(chromium_shows(&world, &server.url("localhost")));
}

#[test]
fn chromium_believes_its_old_database() {
    if !are_wanted() {
        return;
    }
    let world = World::new();
    let server = world.server();
    world.sh("mkdir -p home/.pki/nssdb && certutil -N -d sql:home/.pki/nssdb --empty-password");
    assert!(!chromium_shows(&world, &server.url("localhost")));
    world.install("nss").says(".pki/nssdb", "installed");
    assert!(chromium_shows(&world, &server.url("localhost")));
    assert!(!world.home().join(".local/share/pki/nssdb/cert9.db").exists());
}

#[test]
fn chromium_believes_its_policy_file() {
    if !are_wanted() {
        return;
    }
    let world = World::new();
    let server = world.server();
    assert!(!chromium_shows(&world, &server.url("localhost")));
    world.install("policies").says("/etc/chromium/policies/managed/manage-local-ca.json", "installed");
    assert!(chromium_shows(&world, &server.url("localhost")));
    world.uninstall("policies").says("/etc/chromium/policies/managed/manage-local-ca.json", "removed");
    assert!(!chromium_shows(&world, &server.url("localhost")));
}

/// Whether Firefox shows the page with this profile.
pub fn firefox_shows(world: &World, profile: &Path, url: &str) -> bool {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates/marionette.py");
    let browser = world.sh("command -v firefox-esr || command -v firefox");
    let words = [script.as_path(), Path::new(browser.trim()), profile, Path::new(url)];
    let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap()).collect();
    let run = world.run("timeout", &[&["120", "python3"], words.as_slice()].concat());
    let is_shown = run.stdout.contains(PAGE);
    assert!(is_shown || run.stdout.contains("refused: insecure certificate"), "{run:?}");
    is_shown
}

/// A folder for a profile that `profiles.ini` knows, and that was never started.
pub fn profile(world: &World, name: &str) -> PathBuf {
    let folder = world.home().join(".config/mozilla/firefox");
    let profile = folder.join(name);
    fs::create_dir_all(&profile).unwrap();
    fs::write(folder.join("profiles.ini"), format!("[Profile0]\nName=a\nIsRelative=1\nPath={name}\n"))
        .unwrap();
    profile
}

#[test]
fn firefox_believes_the_database_of_its_profile() {
    if !are_wanted() {
        return;
    }
    let world = World::new();
    let server = world.server();
    let profile = profile(&world, "a.default-esr");
    // Before its first start.
    world.install("nss").says(&profile, "installed");
    assert!(firefox_shows(&world, &profile, &server.url("localhost")));
    world.uninstall("nss").says(&profile, "removed");
    assert!(!firefox_shows(&world, &profile, &server.url("localhost")));
    // With the database that Firefox has made of it.
    world.install("nss").says(&profile, "installed");
    assert!(firefox_shows(&world, &profile, &server.url("localhost")));
}

#[test]
fn firefox_believes_its_policy_file_and_the_database_forgets_what_it_took_from_there() {
    if !are_wanted() {
        return;
    }
    let world = World::new();
    let server = world.server();
    let profile = profile(&world, "b.default-esr");
    assert!(!firefox_shows(&world, &profile, &server.url("localhost")));
    world.install("policies").says("/etc/firefox/policies/policies.json", "installed");
    assert!(firefox_shows(&world, &profile, &server.url("localhost")));
    // The policy's certificate stays in the profile, under a name of Firefox's.
    let table = world.uninstall("nss,policies");
    table.says("/etc/firefox/policies/policies.json", "removed").says(&profile, "removed");
    assert!(!firefox_shows(&world, &profile, &server.url("localhost")));
}

const JAVA: &str = r#"
import java.net.URI;
public class Page {
    public static void main(String[] args) throws Exception {
        try (var stream = URI.create(args[0]).toURL().openStream()) {
            System.out.println(new String(stream.readAllBytes()));
        }
    }
}
"#;

/// Whether Java shows the page, with the store at `cacerts` or its own.
fn java_shows(world: &World, url: &str, cacerts: Option<&Path>) -> bool {
    fs::write(world.path("Page.java"), JAVA).unwrap();
    let option = cacerts.map(|path| format!("-Djavax.net.ssl.trustStore={}", path.display()));
    let mut words: Vec<&str> = option.iter().map(String::as_str).collect();
    words.extend(["Page.java", url]);
    let run = world.run("java", &words);
    let is_shown = run.stdout.contains(PAGE);
    assert!(is_shown || run.stderr.contains("PKIX path building failed"), "{run:?}");
    is_shown
}

#[test]
fn java_believes_its_store() {
    if !are_wanted() {
        return;
    }
    let world = World::new();
    let server = world.server();
    assert!(!java_shows(&world, &server.url("localhost"), None));
    world.install("java").says("cacerts", "installed");
    world.install("java").says("cacerts", "already there");
    assert!(java_shows(&world, &server.url("localhost"), None));
    world.uninstall("java").says("cacerts", "removed");
    world.uninstall("java").says("cacerts", "not there");
    assert!(!java_shows(&world, &server.url("localhost"), None));
}

#[test]
fn java_has_from_debians_hook_what_the_system_was_told() {
    if !are_wanted() || !Path::new("/etc/ca-certificates/update.d/jks-keystore").exists() {
        return;
    }
    let world = World::new();
    let server = world.server();
    let table = world.install("system,java");
    table.says("/usr/local/share/ca-certificates", "installed").says("cacerts", "already there");
    assert!(java_shows(&world, &server.url("localhost"), None));
    // The hook does not take it out again.
    let table = world.uninstall("system,java");
    table.says("/usr/local/share/ca-certificates", "removed").says("cacerts", "removed");
    assert!(!java_shows(&world, &server.url("localhost"), None));
}

#[test]
fn java_home_names_the_installation() {
    if !are_wanted() {
        return;
    }
    let world = World::new();
    let server = world.server();
    world.sh(
        "java=$(dirname $(dirname $(readlink -f $(command -v java))))
         mkdir -p jdk/lib/security && ln -s $java/bin jdk/bin && cp -L $java/lib/security/cacerts jdk/lib/security",
    );
    let home = world.path("jdk").display().to_string();
    let cacerts = world.path("jdk/lib/security/cacerts");
    assert!(!java_shows(&world, &server.url("localhost"), Some(&cacerts)));
    let run = world.cert(&["install", "--stores", "java"], &[("JAVA_HOME", &home)]);
    assert!(run.succeeds().contains("installed"));
    assert!(java_shows(&world, &server.url("localhost"), Some(&cacerts)));
    assert!(!java_shows(&world, &server.url("localhost"), None));
}
