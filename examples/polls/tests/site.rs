//! The site as its visitors see it.

use manage::test::Client;

#[test]
fn the_front_page_is_served() {
    let mut client = Client::new(mysite::program());
    let answer = client.get("/");
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn the_settings_templates_and_models_have_no_mistakes() {
    assert_eq!(Client::new(mysite::program()).check(), Vec::<String>::new());
}
