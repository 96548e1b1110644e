//! How often people may do what a route limits.

use std::time::Duration;

use manage::contrib::auth::models::CreateUser;
use manage::contrib::{accounts, auth, sessions};
use manage::http::Throttle;
use manage::test::Client;
use manage::urls::Route;
use manage::{AppConfig, Program};

const HOUR: Duration = Duration::from_secs(3600);
const PASSWORD: &str = "a long walk home";

const MARKET: AppConfig = AppConfig {
    label: "market",
    urlpatterns: || {
        let page = || async { "page" };
        let deed = || async { "done" };
        vec![
            Route::get("market:order", "/order/", page).and_post(deed).throttle("order", 2, HOUR),
            Route::post("market:data", "/data/", deed).json().throttle("order", 2, HOUR),
            Route::post("market:bid", "/bid/", deed).throttle("bid", 1, HOUR),
        ]
    },
    ..AppConfig::EMPTY
};

fn client() -> Client {
    Client::new(Program::new().apps([sessions::APP, auth::APP, accounts::APP, MARKET]))
}

#[test]
fn routes_of_one_scope_have_one_count_and_reading_does_not_count() {
    let mut client = client();
    for (path, status) in
        [("/order/", 200), ("/data/", 200), ("/order/", 429), ("/bid/", 200), ("/bid/", 429)]
    {
        assert_eq!(client.get("/order/").status, 200);
        assert_eq!(client.post(path, &[]).status, status, "{path}");
    }
    let refused = client.post("/data/", &[]);
    assert_eq!((refused.status, refused.body.as_str()), (429, "{\"detail\":\"Too Many Requests\"}"));
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=HOUR.as_secs()).contains(&seconds), "{seconds}");
}

#[test]
fn who_signed_in_counts_by_name_wherever_they_are() {
    let mut client = client();
    let password = client.block_on(auth::hash(PASSWORD.to_owned())).unwrap();
    for username in ["ann", "ben"] {
        let new = CreateUser { username, email: "", password: &password, is_superuser: false, group: None };
        client.block_on(new.save(client.project())).unwrap();
    }
    assert_eq!(client.post("/bid/", &[]).status, 200);
    for name in ["ann", "ben"] {
        client.post("/accounts/login/", &[("login", name), ("password", PASSWORD)]);
        assert_eq!(client.post("/bid/", &[]).status, 200, "{name}");
        assert_eq!(client.post("/bid/", &[]).status, 429, "{name}");
        client.post("/accounts/logout/", &[]);
    }
    assert_eq!(client.post("/bid/", &[]).status, 429);
}

#[test]
fn a_limit_that_nobody_counts_or_for_too_long_is_an_error_of_the_check() {
    let without = Client::new(Program::new().apps([MARKET]));
    let uncounted = |name: &str| {
        format!(
            "market:{name}: (urls.E006) the route says how often it may be asked, and no installed app counts\n\t\
             HINT: an app with a `Link::Throttle` does, such as one for accounts"
        )
    };
    assert_eq!(without.check(), ["order", "data", "bid"].map(uncounted));
    const SLOW: AppConfig = AppConfig {
        label: "slow",
        urlpatterns: || {
            let route = || Route::post("slow:vote", "/vote/", || async { "" });
            vec![route().throttle("vote", 1, Throttle::LONGEST + HOUR)]
        },
        ..AppConfig::EMPTY
    };
    let long = Client::new(Program::new().apps([sessions::APP, auth::APP, accounts::APP, SLOW]));
    let expected = "slow:vote: (urls.E007) the throttle counts for 1500 minutes: longer than a day";
    assert_eq!(long.check(), [expected]);
}
