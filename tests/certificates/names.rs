//! What the command line makes of names.

use super::desk::{files, folder_is_untouched};
use crate::support::Workspace;

#[test]
fn names_are_written_in_the_spelling_in_which_they_are_signed() {
    let workspace = Workspace::new();
    let names = [
        "Bücher.Test",
        "EXAMPLE.test",
        "example.test",
        "::ffff:127.0.0.1",
        "*.app.test",
        "me@app.test",
        "spiffe://td/x",
    ];
    workspace.manage(["cert", "create"].iter().chain(&names)).succeeds();
    let text = super::desk::openssl(
        &workspace,
        &["x509", "-in", "xn--bcher-kva.test+5.pem", "-noout", "-ext", "subjectAltName"],
    );
    assert_eq!(
        text,
        "X509v3 Subject Alternative Name: \n    \
         DNS:xn--bcher-kva.test, DNS:example.test, IP Address:127.0.0.1, DNS:*.app.test, email:me@app.test, URI:spiffe://td/x\n"
    );
}

#[test]
fn people_are_told_what_a_name_becomes_and_what_it_does_not_do() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    let run = workspace.manage(["cert", "create", "bücher.test", "*.app.test", "under_score.test"]);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            0,
            "bücher.test is signed as xn--bcher-kva.test.\n\
             warning: `*.app.test` does not stand for `app.test` itself, nor for `a.b.app.test`\n\
             warning: Java refuses `under_score.test`: a host's name has no underscore\n"
        )
    );
}

#[test]
fn what_is_no_name_is_a_wrong_command_line_and_nothing_is_written() {
    let long = format!("{}.test", "a".repeat(70));
    let wildcard = "a wildcard stands for the whole first label\nhint: a wildcard looks like `*.app.test`";
    let rows = [
        ("*", wildcard),
        ("a.*.com", wildcard),
        ("*.*.x.com", wildcard),
        (
            "*.com",
            "clients refuse a wildcard with a single label behind it\n\
             hint: name the hosts (`app.com`), go one level down (`*.app.com`), or add --force",
        ),
        (
            "*.localhost",
            "clients refuse a wildcard with a single label behind it\n\
             hint: name the hosts (`app.localhost`), go one level down (`*.app.localhost`), or add --force",
        ),
        ("example.com.", "it is written without the final dot\nhint: write `example.com`"),
        ("[::1]", "an address is written without brackets and port\nhint: write `::1`"),
        ("fe80::1%eth0", "an address is written without its zone\nhint: write `fe80::1`"),
        ("localhost:8443", "a certificate holds for every port\nhint: write `localhost`"),
        ("127.0.0.1:8443", "a certificate holds for every port\nhint: write `127.0.0.1`"),
        ("a b", "it has spaces"),
        (" app.test", "it has spaces\nhint: write `app.test`"),
        ("../x", "it has an empty label"),
        ("mailto:me@app.test", "a mailbox is written without `mailto:`\nhint: write `me@app.test`"),
        ("Foo <a@b>", "it is more than a mailbox\nhint: write `a@b`"),
        ("a..b", "it has an empty label"),
        (&long, "a label is longer than 63 bytes"),
        ("192.168.1.300", "a name whose last label is a number reads as an address"),
        ("127.1", "a name whose last label is a number reads as an address\nhint: write `127.0.0.1`"),
        ("0x7f000001", "a name whose last label is a number reads as an address\nhint: write `127.0.0.1`"),
        ("dash-.test", "the label `dash-` begins or ends with a hyphen"),
        ("-ecdsa", "it looks like a flag"),
    ];
    let workspace = Workspace::new();
    for (name, said) in rows {
        let run = workspace.manage(["cert", "create", "fine.test", "--", name]);
        run.fails_with(2, &format!("error: `{name}` cannot be in a certificate: {said}\n"));
    }
    workspace
        .manage(["cert", "create", ""])
        .fails_with(2, "error: an empty name cannot be in a certificate\n");
    folder_is_untouched(&workspace);
}

#[test]
fn a_flag_behind_the_names_is_a_flag() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "create", "x.test", "--client"]).succeeds();
    assert_eq!(files(&workspace), ["x.test-client-key.pem", "x.test-client.pem"]);
    let said = workspace.manage(["cert", "create", "y.test", "-ecdsa"]).fails(2);
    assert!(said.starts_with("error: unexpected argument '-e' found\n"), "{said}");
}

#[test]
fn a_short_wildcard_is_made_by_force_with_a_warning() {
    let workspace = Workspace::new();
    workspace.manage(["cert", "caroot"]).succeeds();
    let run = workspace.manage(["cert", "create", "--force", "*.test"]);
    assert_eq!(run.status, 0);
    assert!(run.stderr.contains(
        "warning: browsers, curl and Node refuse `*.test`: a wildcard needs two labels behind it\n"
    ));
    assert_eq!(files(&workspace), ["_wildcard.test-key.pem", "_wildcard.test.pem"]);
}

#[test]
fn without_names_it_is_this_machine_and_the_hosts_of_the_project() {
    let workspace = Workspace::new();
    workspace.write(
        "settings/dev.toml",
        "allowed_hosts = [\".shop.test\", \"blog.example.com\", \"[::1]\", \"*\"]\n",
    );
    workspace.manage(["cert", "create"]).succeeds();
    let text = super::desk::openssl(
        &workspace,
        &["x509", "-in", "localhost+5.pem", "-noout", "-ext", "subjectAltName"],
    );
    assert!(
        text.ends_with("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:shop.test, DNS:*.shop.test, DNS:blog.example.com\n"),
        "{text}"
    );
    // The new authority may sign for the project's hosts, and for no others on the internet.
    workspace.manage(["cert", "create", "www.blog.example.com"]).succeeds();
    workspace.manage(["cert", "create", "example.com"]).fails_with(
        1,
        "error: the local authority may not sign for `example.com`: it is constrained to private names\n\
         hint: make one that may: manage cert rotate --permit example.com\n",
    );
}

#[test]
fn outside_of_a_project_no_settings_are_read() {
    let mut workspace = Workspace::new();
    workspace.set("MANAGE__NONSENSE", "1");
    workspace.manage(["cert", "create"]).succeeds();
    workspace.write("settings/dev.toml", "nonsense = 1\n");
    workspace.manage(["cert", "create", "a.test"]).succeeds();
    let said = workspace.manage(["cert", "create"]).fails(1);
    assert!(said.contains("nonsense"), "{said}");
}
