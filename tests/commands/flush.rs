use super::dumpdata::shop;

#[test]
fn rows_go_when_somebody_has_said_so_and_the_history_stays() {
    let shop = shop();
    shop.manage(["flush"]).fails_with(
        3,
        "error: cannot ask for `Type `yes` to take them all out`: there is no terminal\nhint: `--yes` empties the tables \
         without asking\n",
    );
    shop.manage(["sqlflush"]).succeeds_with(
        "PRAGMA foreign_keys=OFF;\nBEGIN;\nDELETE FROM \"shop_customer\";\nDELETE FROM \"shop_order\";\nUPDATE \
         \"sqlite_sequence\" SET \"seq\" = 0 WHERE \"name\" IN ('shop_customer', 'shop_order');\nCOMMIT;\nPRAGMA \
         foreign_keys=ON;\n",
    );
    shop.manage(["flush", "--noinput"]).succeeds_with("");
    shop.manage(["dumpdata"]).succeeds_with("[]");
    shop.manage(["migrate", "--check"]).succeeds();
    let run = shop.manage(["sqlsequencereset", "shop"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, "", "No sequences found.\n"));
}
