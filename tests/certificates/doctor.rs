//! `cert doctor` tells what the clients of this machine really do.

use super::stores_world::World;
use crate::support::{MANAGE, Run};

/// A run of the doctor in a world, with variables.
fn doctor(world: &World, args: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = world.command(MANAGE, &["cert", "doctor"]);
    Run::of(command.args(args).envs(variables.iter().copied()).spawn().unwrap())
}

/// What the doctor says of each client asked, in a world.
fn results(world: &World) -> (i32, Vec<String>) {
    let run = doctor(world, &["--clients", "openssl,curl,python,node", "--format", "json"], &[]);
    let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    let results = answer["clients"].as_array().unwrap().iter();
    (
        run.status,
        results
            .map(|one| format!("{} {}", one["client"].as_str().unwrap(), one["result"].as_str().unwrap()))
            .collect(),
    )
}

#[test]
fn clients_refuse_before_and_trust_after_the_authority_is_installed() {
    let world = World::new();
    let refusing = ["openssl refuses", "curl refuses", "python refuses", "node refuses"];
    assert_eq!(results(&world), (1, refusing.map(str::to_owned).to_vec()));
    world.install("system");
    // Node reads no store: it goes on refusing, and that is an exit status of 1.
    let after = ["openssl trusts", "curl trusts", "python trusts", "node refuses"];
    assert_eq!(results(&world), (1, after.map(str::to_owned).to_vec()));
    let run = doctor(&world, &["--clients", "openssl,curl,python"], &[]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.contains("/usr/local/share/ca-certificates"), "{}", run.stdout);
    let ca = world.ca();
    let run = doctor(&world, &["--clients", "node"], &[("NODE_EXTRA_CA_CERTS", &ca)]);
    assert_eq!(run.status, 0, "{run:?}");
}

#[test]
fn an_authority_in_a_bad_state_is_diagnosed() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let key = world.path("ca/rootCA-key.pem");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let run = doctor(&world, &["--clients", "openssl"], &[]);
    let problem = format!("others may read {} (mode 0644): chmod go-rwx {}", key.display(), key.display());
    assert!(run.status == 1 && run.stdout.contains(&problem), "{run:?}");
    std::fs::remove_file(&key).unwrap();
    let run = doctor(&world, &[], &[]);
    assert!(run.status == 1 && run.stdout.contains("the key of the local authority is missing"), "{run:?}");
    let said = doctor(&world, &["--clients", "netscape"], &[]);
    assert_eq!(said.status, 2, "{said:?}");
}

#[test]
fn without_an_authority_it_says_how_to_make_one() {
    let workspace = crate::support::Workspace::new();
    let said = workspace.manage(["cert", "doctor"]).fails(1);
    assert!(said.ends_with("hint: make one and have it trusted: manage cert install\n"), "{said}");
    assert!(!workspace.path().join(".local").exists());
}
