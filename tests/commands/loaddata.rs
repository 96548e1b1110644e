use super::dumpdata::shop;

#[test]
fn a_fixture_is_found_by_its_name_or_its_path_and_once_in_each_folder() {
    let shop = shop();
    shop.manage(["loaddata", "fixtures/shop/first.json"])
        .succeeds_with("Installed 3 object(s) from 1 fixture(s)\n");
    let run = shop.manage(["loaddata", "first", "fixtures/shop/first.json"]);
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        (
            "Installed 3 object(s) from 1 fixture(s)\n",
            "warning: fixtures/shop/first.json is named twice and loaded once\n"
        )
    );
    shop.write("fixtures/shop/first.jsonl", "");
    shop.manage(["loaddata", "first"]).fails_with(
        2,
        "error: several fixtures in fixtures/shop are called `first`: first.json, first.jsonl\nhint: name one with its \
         ending\n",
    );
    shop.manage(["loaddata", "second"]).fails_with(
        2,
        "error: there is no fixture `second`\nhint: looked for in fixtures/<app>/, <app>/fixtures/, fixtures/ and as a \
         path, with the endings .json, .jsonl, .xml, and .gz or .zst behind them\n",
    );
    shop.manage(["loaddata", "-"]).fails_with(
        2,
        "error: stdin has no name that would say its form\nhint: `--format json`, `jsonl` or `xml` says it\n",
    );
}

#[test]
fn what_is_passed_over_is_counted() {
    let shop = shop();
    let lines = "{\"model\": \"shop.customer\", \"pk\": 3, \"fields\": {\"email\": \"c@example.com\", \"phone\": \"1\"}}\n\
                 {\"model\": \"old.thing\", \"pk\": 1, \"fields\": {}}\n";
    shop.write("old.jsonl", lines);
    shop.manage(["loaddata", "old.jsonl"])
        .fails_with(1, "error: old.jsonl: line 1: shop.customer 3: it has no field `phone`\n");
    let run = shop.manage(["loaddata", "old.jsonl", "--ignorenonexistent"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "Installed 1 object(s) (of 2) from 1 fixture(s)\n"));
    assert_eq!(
        run.stderr,
        "warning: 1 object of old.thing, which is not here, passed over\nwarning: shop.customer.phone is not here and \
         was passed over 1 time\n"
    );
    shop.manage(["loaddata", "first", "--exclude", "shop.Order"])
        .succeeds_with("Installed 2 object(s) (of 3) from 1 fixture(s)\n");
}

#[test]
fn a_file_that_is_cut_off_or_no_text_loads_nothing() {
    let shop = shop();
    let before = shop.manage(["dumpdata"]).succeeds();
    shop.write(
        "cut.json",
        "[{\"model\": \"shop.customer\", \"pk\": 9, \"fields\": {\"email\": \"x@y.z\"}},\n {\"mod",
    );
    shop.manage(["loaddata", "cut.json"]).fails_with(
        1,
        "error: cut.json: line 2, column 6: the file is cut off: EOF while parsing a string\n",
    );
    std::fs::write(shop.path().join("odd.jsonl"), b"{\"model\": \"shop.customer\", \"pk\": 9, \xff}")
        .unwrap();
    shop.manage(["loaddata", "odd.jsonl"]).fails_with(1, "error: odd.jsonl: line 1: the text is not UTF-8\n");
    shop.write(
        "half.json",
        "[\n{\"model\": \"shop.customer\", \"pk\": 9, \"fields\": {\"email\": \"\\ud800\"}}]",
    );
    shop.manage(["loaddata", "half.json"])
        .fails_with(1, "error: half.json: line 2, column 65: unexpected end of hex escape\n");
    assert_eq!(shop.manage(["dumpdata"]).succeeds(), before);
    // Some editors put a mark before a text.
    for (name, text) in [("mark.json", format!("\u{feff}{before}")), ("mark.jsonl", "\u{feff}\n".to_owned())]
    {
        shop.write(name, &text);
        shop.manage(["loaddata", name]).succeeds();
    }
}
