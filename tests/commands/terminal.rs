//! What a person at a terminal sees: questions, tables, colours. The terminal is a real one, made by Python's `pty`.

use std::process::Stdio;

use crate::support::{MANAGE, Run, Workspace};

/// Runs the program at a terminal of 100 columns. Waits for each prompt, then types its answer; prints all that was seen.
const TERMINAL: &str = r"
import fcntl, json, os, pty, struct, sys, termios, time
dialogue, arguments = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(arguments[0], arguments)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 100, 0, 0))
seen, new = b'', b''
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    seen, new = seen + part, new + part
    # A question that waits ends in this sign; one that was answered shows another.
    asked = new.rfind('›'.encode())
    if dialogue and dialogue[0][0].encode() in new[:max(asked, 0)].rsplit(b'\n', 1)[-1]:
        # What is typed before the echo is off is thrown away, as by any program that asks for a password.
        time.sleep(0.2)
        os.write(terminal, dialogue.pop(0)[1].encode())
        new = b''
sys.stdout.buffer.write(seen)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
";

fn at_terminal(workspace: &Workspace, args: &[&str], dialogue: &[(&str, &str)]) -> Run {
    let dialogue = serde_json::to_string(dialogue).unwrap();
    let command = workspace.command([""; 0]);
    let mut python = std::process::Command::new("python3");
    python.args(["-c", TERMINAL, &dialogue, MANAGE]).args(args).current_dir(workspace.path()).env_clear();
    python
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("TERM", "xterm-256color");
    python.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Run::of(python.spawn().unwrap())
}

#[test]
fn a_superuser_is_asked_for_and_every_answer_checked() {
    let mut workspace = Workspace::new();
    workspace.set("USER", "kim");
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    let dialogue = [
        ("Username", "a b\r"),
        ("Username", "ada\r"),
        ("Email address", "nowhere\r"),
        ("Email address", "ada@example.org\r"),
        ("Password", "password\r"),
        ("(again)", "password\r"),
        ("anyway?", "n\r"),
        ("Password", "walks to Lyon\r"),
        ("(again)", "walks to Rome\r"),
        ("Password", "walks to Lyon\r"),
        ("(again)", "walks to Lyon\r"),
    ];
    let seen = at_terminal(&workspace, &["createsuperuser"], &dialogue).succeeds();
    for text in [
        "(kim)",
        "Error: Use letters, digits and @ . + - _ only.",
        "Error: Enter a valid email address.",
        "This password is too common.",
        "Error: Your passwords didn't match.",
        "Superuser created successfully.",
    ] {
        assert!(seen.contains(text), "{text} was not seen:\n{seen}");
    }
    assert!(!seen.contains("walks to"), "the password was shown:\n{seen}");
}

#[test]
fn ctrl_c_at_a_question_ends_with_130_and_makes_nothing() {
    let workspace = Workspace::new();
    workspace.manage(["migrate", "-v", "0"]).succeeds();
    let seen = at_terminal(
        &workspace,
        &["createsuperuser"],
        &[("Username", "ada\r"), ("Email", "\r"), ("Password", "\u{3}")],
    );
    assert_eq!(seen.status, 130, "{}", seen.stdout);
    workspace.manage(["changepassword", "ada", "--password-stdin"]).fails(1);
}

#[test]
fn tables_have_lines_on_a_terminal_alone() {
    let workspace = Workspace::new();
    let seen = at_terminal(&workspace, &["showmigrations"], &[]).succeeds();
    assert!(seen.contains("──────"), "{seen}");
    assert!(!workspace.manage(["showmigrations"]).succeeds().contains('─'));
}

#[test]
fn migrations_are_listed_in_the_width_of_the_terminal_and_no_word_is_broken() {
    let mut workspace = Workspace::new();
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"shop\", \"customers\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n\
             [databases.eu_central]\nurl = \"sqlite:///eu.sqlite3\"\n[databases.us_east]\nurl = \"sqlite:///us.sqlite3\"\n\
             [routes]\ncustomers = [\"default\", \"eu_central\", \"us_east\"]\n",
        )
        .write("migrations/shop/0001_initial.sql", "CREATE TABLE a (b);")
        .write("migrations/customers/0001_initial.sql", "CREATE TABLE c (b);")
        .write("migrations/customers/0123_alter_customer_invoice_address_and_more.sql", "CREATE TABLE d (b);");
    workspace.manage(["migrate", "customers", "0001"]).succeeds();
    let wide = "\x20App         Migration                                      default   eu_central   us_east\n\
                ───────────────────────────────────────────────────────────────────────────────────────────\n\
                \x20customers   0001_initial                                   applied   applied      applied\n\
                \x20            0123_alter_customer_invoice_address_and_more   pending   pending      pending\n\
                \x20shop        0001_initial                                   pending\n\
                3 migrations, 2 pending on 3 databases\n";
    let below = "customers\n  0001_initial  applied: default, eu_central, us_east\n  \
                 0123_alter_customer_invoice_address_and_more\n    pending: default, eu_central, us_east\n\
                 shop\n  0001_initial  pending: default\n3 migrations, 2 pending on 3 databases\n";
    let narrow = "customers\n  0001_initial\n    applied: default, eu_central,\n      us_east\n  \
                 0123_alter_customer_invoice_address_and_more\n    pending: default, eu_central,\n      us_east\n\
                 shop\n  0001_initial  pending: default\n3 migrations, 2 pending on 3 databases\n";
    for (columns, expected) in [("120", wide), ("80", below), ("60", below), ("34", narrow)] {
        workspace.set("COLUMNS", columns);
        let seen = at_terminal(&workspace, &["showmigrations", "--color", "never"], &[]).succeeds();
        assert_eq!(seen.replace("\r\n", "\n"), expected, "{columns}");
    }
}

#[test]
fn a_database_is_dropped_by_whoever_says_yes() {
    let workspace = Workspace::new();
    workspace.write("settings/base.toml", "[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n");
    workspace.manage(["createdb"]).succeeds();
    let file = workspace.path().join("db.sqlite3");
    for (answer, told, is_left) in
        [("n\r", "Nothing was dropped.", true), ("y\r", "Dropped database default", false)]
    {
        let seen = at_terminal(&workspace, &["dropdb"], &[("Drop it with all", answer)]).succeeds();
        assert!(seen.contains("0 tables, 0 applied migrations"), "{seen}");
        assert!(seen.contains(told), "{seen}");
        assert_eq!(file.exists(), is_left);
    }
}

#[test]
fn the_password_of_a_pkcs12_file_is_asked_for_twice_and_not_shown() {
    let workspace = Workspace::new();
    let create = ["cert", "create", "a.test", "--p12-file", "a.p12"];
    let differs = [("Password of", "walks to Lyon\r"), ("(again)", "walks to Rome\r")];
    let seen = at_terminal(&workspace, &create, &differs);
    assert_eq!(seen.status, 1, "{}", seen.stdout);
    assert!(seen.stdout.contains("the two passwords differ"), "{}", seen.stdout);
    assert!(!workspace.path().join("a.p12").exists());

    let same = [("Password of", "walks to Lyon\r"), ("(again)", "walks to Lyon\r")];
    let seen = at_terminal(&workspace, &create, &same).succeeds();
    assert!(!seen.contains("walks to"), "the password was shown:\n{seen}");
    let opens = |password: &str| {
        let mut openssl = std::process::Command::new("openssl");
        openssl.args(["pkcs12", "-in", "a.p12", "-noout", "-passin", &format!("pass:{password}")]);
        openssl.current_dir(workspace.path()).output().unwrap().status.success()
    };
    assert!(opens("walks to Lyon"));

    // Enter is the password that everybody knows.
    at_terminal(&workspace, &["cert", "renew", "--all"], &[("Password of", "\r")]).succeeds();
    assert!(opens("changeit"));
    // Ctrl-C leaves what was there.
    let seen = at_terminal(&workspace, &["cert", "renew", "--all"], &[("Password of", "\u{3}")]);
    assert_eq!(seen.status, 130, "{}", seen.stdout);
    assert!(opens("changeit"));
}

#[test]
fn makemigrations_asks_what_only_a_person_knows_and_checks_the_answer() {
    let workspace = Workspace::new();
    let model = |fields: &str| format!("[Crate]\nfields = [{fields}]\n");
    workspace
        .write(
            "settings/base.toml",
            "apps = [\"shop\"]\n[databases.default]\nurl = \"sqlite:///db.sqlite3\"\n",
        )
        .write("models/shop.toml", &model("{ name = \"label\", type = \"Text\", default = \"\" }"));
    workspace.manage(["makemigrations", "-v", "0"]).succeeds();
    let renamed =
        "{ name = \"title\", type = \"Text\", default = \"\" }, { name = \"weight\", type = \"Integer\" }";
    workspace.write("models/shop.toml", &model(renamed));
    let dialogue = [
        ("Was crate.label renamed to crate.title (a Text)?", "y\r"),
        ("Enter to end", "heavy\r"),
        ("Enter to end", "7\r"),
    ];
    let run = at_terminal(&workspace, &["makemigrations"], &dialogue);
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(run.stdout.contains("the value \"heavy\" does not fit the Integer `weight`"), "{}", run.stdout);
    let path = "migrations/shop/0002_rename_label_crate_title_crate_weight.toml";
    let text = std::fs::read_to_string(workspace.path().join(path)).unwrap();
    assert!(text.contains("op = \"RenameField\"") && text.contains("default = 7"), "{text}");
    assert!(text.contains("preserve_default = false"), "{text}");
    // No is no, and nothing typed ends it.
    workspace.write(
        "models/shop.toml",
        &model(&renamed.replace("title", "name").replace("}, {", "}, { name = \"n\", type = \"Date\" }, {")),
    );
    let dialogue = [("renamed to crate.name", "n\r"), ("Enter to end", "\r")];
    let run = at_terminal(&workspace, &["makemigrations"], &dialogue);
    assert_eq!(run.status, 3, "{}", run.stdout);
    assert!(run.stdout.contains("nothing was written"), "{}", run.stdout);
}
