//! What a post brings: who reads it, when, and how much of it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::Method;
use manage::AppConfig;
use manage::http::{Body, HttpError};
use manage::urls::Route;
use manage::views::{Context, Form, Json, Multipart};
use serde::Deserialize;

use crate::support::{Reply, SmallSite};

#[derive(Deserialize)]
struct Order {
    amount: u32,
}

async fn token(context: Context) -> String {
    context.info.csrf.token()
}

async fn order(Json(order): Json<Order>) -> String {
    order.amount.to_string()
}

async fn form(Form(form): Form) -> String {
    form.text("name").to_owned()
}

async fn bytes(bytes: Bytes) -> String {
    format!("{} bytes", bytes.len())
}

/// Answers as soon as the first piece is there.
async fn first_piece(body: Body) -> Result<String, HttpError> {
    let piece = body.into_data_stream().next().await.transpose()?.unwrap_or_default();
    Ok(format!("first {}", piece.len()))
}

/// Reads piece by piece, slower than the body's time-out.
async fn slowly(body: Body) -> Result<String, HttpError> {
    let (mut pieces, mut total) = (body.into_data_stream(), 0);
    while let Some(piece) = pieces.next().await.transpose()? {
        total += piece.len();
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    Ok(format!("{total} in all"))
}

async fn parts(Multipart(mut form): Multipart) -> Result<String, HttpError> {
    let mut seen = Vec::new();
    while let Some(field) = form.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        seen.push(format!("{name} {}", field.bytes().await?.len()));
    }
    Ok(seen.join(", "))
}

const POSTS: AppConfig = AppConfig {
    label: "posts",
    urlpatterns: || {
        vec![
            Route::get("token", "/token/", token),
            Route::post("order", "/order/", order).json(),
            Route::post("order_page", "/order-page/", order),
            Route::post("form", "/form/", form),
            Route::post("bytes", "/bytes/", bytes),
            Route::post("first", "/first/", first_piece),
            Route::post("slowly", "/slowly/", slowly),
            Route::post("parts", "/parts/", parts),
            Route::post("open_form", "/open/form/", form).csrf_exempt(),
            Route::post("open_bytes", "/open/bytes/", bytes).csrf_exempt(),
            Route::post("open_order", "/open/order/", order).csrf_exempt().json().max_body(20),
            Route::post("open_parts", "/open/parts/", parts).csrf_exempt(),
            Route::post("small", "/small/", slowly).csrf_exempt().max_body(10),
            Route::post("small_form", "/small/form/", form).max_body(10),
            Route::post("big", "/big/", bytes).csrf_exempt().max_body(3_000_000),
        ]
    },
    ..AppConfig::EMPTY
};

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const MULTIPART: (&str, &str) = ("content-type", "multipart/form-data; boundary=XX");

/// A reader of the site, with a cookie and a token that belongs to it.
struct Reader {
    site: SmallSite,
    cookie: String,
    token: String,
}

impl Reader {
    fn of(variables: &[(&str, &str)]) -> Self {
        let site = SmallSite::with([POSTS], variables);
        let reply = site.get("/token/");
        Self { cookie: reply.cookie("csrftoken"), token: reply.body, site }
    }

    /// Posts with the cookie.
    fn post(&self, path: &str, kind: (&str, &str), body: impl Into<Body>) -> Reply {
        self.site.ask(Method::POST, path, &[kind, ("cookie", &self.cookie)], body.into())
    }

    /// Posts with the cookie and the header.
    fn post_with_header(&self, path: &str, kind: (&str, &str), body: impl Into<Body>) -> Reply {
        let headers = [kind, ("cookie", &self.cookie), ("x-csrftoken", &self.token)];
        self.site.ask(Method::POST, path, &headers, body.into())
    }
}

/// A body that comes in pieces, without a length that is known before.
fn pieces(pieces: &[&str]) -> Body {
    let pieces: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
    Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, Infallible>)))
}

/// One piece, and then nothing for ever.
fn unfinished(piece: &'static str) -> Body {
    Body::from_stream(stream::iter([Ok::<_, Infallible>(piece)]).chain(stream::pending()))
}

/// A body that tells whether anybody asked for it.
fn watched() -> (Body, Arc<AtomicBool>) {
    let asked = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&asked);
    let body = Body::from_stream(stream::poll_fn(move |_| {
        told.store(true, Ordering::SeqCst);
        std::task::Poll::Ready(None::<Result<&'static str, Infallible>>)
    }));
    (body, asked)
}

#[test]
fn json_reaches_its_view_with_the_token_in_the_header() {
    let reader = Reader::of(&[]);
    let posted = reader.post_with_header("/order/", JSON, "{\"amount\": 3}");
    assert_eq!((posted.status, posted.body.as_str()), (200, "3"));
    let without = reader.post("/order/", JSON, "{\"amount\": 3}");
    assert_eq!((without.status, without.body.as_str()), (403, "{\"detail\":\"the form has no token\"}"));
    let headers = [JSON, ("cookie", reader.cookie.as_str()), ("x-csrftoken", "a")];
    assert_eq!(reader.site.ask(Method::POST, "/order/", &headers, "{}".into()).status, 403);
    let headers = [JSON, ("x-csrftoken", reader.token.as_str())];
    assert_eq!(reader.site.ask(Method::POST, "/order/", &headers, "{}".into()).status, 403);
}

#[test]
fn wrong_json_is_answered_in_the_form_of_the_routes_errors() {
    let reader = Reader::of(&[("MANAGE__SERVER__MAX_BODY_BYTES", "1024")]);
    let long = format!("{{\"amount\": 3, \"note\": \"{}\"}}", "a".repeat(1_000));
    for (kind, body, status, detail) in [
        (JSON, "{", 400, "The body cannot be understood: EOF while parsing an object at line 1 column 1"),
        (JSON, "{}", 400, "The body cannot be understood: missing field `amount` at line 1 column 2"),
        (("content-type", "text/plain"), "{\"amount\": 3}", 415, "Unsupported Media Type"),
        (JSON, long.as_str(), 413, "Payload Too Large"),
    ] {
        for body in [Body::from(body.to_owned()), pieces(&[body])] {
            let api = reader.post_with_header("/order/", kind, body);
            let expected = serde_json::json!({ "detail": detail }).to_string();
            assert_eq!((api.status, api.body.as_str()), (status, expected.as_str()));
        }
        let page = reader.post_with_header("/order-page/", kind, body.to_owned());
        assert_eq!((page.status, page.header("content-type")), (status, "text/html; charset=utf-8"));
    }
}

#[test]
fn a_body_is_left_unread_where_it_cannot_hold_a_token() {
    let reader = Reader::of(&[]);
    for kind in [JSON, ("content-type", "application/octet-stream")] {
        let (body, asked) = watched();
        assert_eq!(reader.post("/bytes/", kind, body).status, 403);
        assert!(!asked.load(Ordering::SeqCst), "{kind:?}");
    }
    // Nor where the cookie is missing: a form with files would be long.
    let (body, asked) = watched();
    assert_eq!(reader.site.ask(Method::POST, "/parts/", &[MULTIPART], body).status, 403);
    assert!(!asked.load(Ordering::SeqCst));
    // A token in the header needs no body.
    let (body, asked) = watched();
    let headers = [FORM, ("x-csrftoken", "wrong"), ("cookie", reader.cookie.as_str())];
    assert_eq!(reader.site.ask(Method::POST, "/form/", &headers, body).status, 403);
    assert!(!asked.load(Ordering::SeqCst));
}

#[test]
fn a_stream_reaches_its_view_piece_by_piece() {
    let reader = Reader::of(&[]);
    let kind = ("content-type", "application/octet-stream");
    let begun = Instant::now();
    let reply = reader.post_with_header("/first/", kind, unfinished("hello"));
    assert_eq!((reply.status, reply.body.as_str()), (200, "first 5"));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn what_was_read_for_the_token_is_still_there_for_the_view() {
    let reader = Reader::of(&[]);
    let posted = format!("csrfmiddlewaretoken={}&name=Ann", reader.token);
    assert_eq!(reader.post("/form/", FORM, posted.clone()).body, "Ann");
    let length = format!("{} bytes", posted.len());
    assert_eq!(reader.post("/bytes/", FORM, posted.clone()).body, length);
    assert_eq!(reader.post("/first/", FORM, posted.clone()).body, format!("first {}", posted.len()));
    // With the header the view reads the form itself.
    assert_eq!(reader.post_with_header("/form/", FORM, "name=Ann").body, "Ann");
    assert_eq!(reader.post_with_header("/form/", JSON, "{}").body, "");
}

#[test]
fn a_form_in_parts_may_hold_the_token_anywhere() {
    let reader = Reader::of(&[]);
    let part = |name: &str, value: &str| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = part("file", &"a".repeat(5_000));
    let token = part("csrfmiddlewaretoken", &reader.token);
    let posted = |parts: &str| reader.post("/parts/", MULTIPART, format!("{parts}--XX--\r\n"));
    assert_eq!(posted(&format!("{file}{token}")).body, "file 5000, csrfmiddlewaretoken 64");
    assert_eq!(posted(&format!("{token}{file}")).body, "csrfmiddlewaretoken 64, file 5000");
    assert_eq!(posted(&file).status, 403);
    assert_eq!(posted(&part("csrfmiddlewaretoken", "wrong")).status, 403);
    assert_eq!(reader.post("/parts/", MULTIPART, "no parts").status, 400);
    let streamed = reader.post_with_header("/parts/", MULTIPART, format!("{file}--XX--\r\n"));
    assert_eq!(streamed.body, "file 5000");
    assert_eq!(reader.post_with_header("/parts/", FORM, "a=b").status, 415);
}

#[test]
fn an_exempt_route_takes_posts_of_anybody() {
    let site = SmallSite::of([POSTS]);
    let post = |path, kind, body: &'static str| site.ask(Method::POST, path, &[kind], body.into()).body;
    assert_eq!(post("/open/form/", FORM, "name=Ann"), "Ann");
    assert_eq!(post("/open/bytes/", FORM, "name=Ann"), "8 bytes");
    assert_eq!(post("/open/order/", JSON, "{\"amount\": 3}"), "3");
    let evil = [JSON, ("origin", "https://evil.example")];
    assert_eq!(site.ask(Method::POST, "/open/order/", &evil, "{\"amount\": 4}".into()).body, "4");
}

#[test]
fn each_route_has_its_own_limit_also_while_streaming() {
    let reader = Reader::of(&[("MANAGE__SERVER__MAX_BODY_BYTES", "1024")]);
    let status = |path, kind, body: Body| reader.post(path, kind, body).status;
    let kind = ("content-type", "application/octet-stream");
    // Ten bytes instead of 1024.
    assert_eq!(status("/small/", kind, "0123456789".into()), 200);
    assert_eq!(status("/small/", kind, "0123456789a".into()), 413);
    assert_eq!(status("/small/", kind, pieces(&["01234", "56789"])), 200);
    assert_eq!(status("/small/", kind, pieces(&["01234", "56789", "a"])), 413);
    assert_eq!(status("/small/form/", FORM, pieces(&["name=", "aaaaaa"])), 413);
    // A length that is announced needs no body to be refused.
    let (body, asked) = watched();
    let announced = [kind, ("content-length", "11")];
    assert_eq!(reader.site.ask(Method::POST, "/small/", &announced, body).status, 413);
    assert!(!asked.load(Ordering::SeqCst));
    // What the settings say.
    let long = "a".repeat(1_025);
    for (path, kind) in
        [("/open/bytes/", kind), ("/open/form/", FORM), ("/form/", FORM), ("/open/order/", JSON)]
    {
        assert_eq!(status(path, kind, pieces(&[&long])), 413, "{path}");
    }
    let part = format!("--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{long}\r\n--XX--\r\n");
    for path in ["/open/parts/", "/parts/"] {
        assert_eq!(status(path, MULTIPART, pieces(&[&part])), 413, "{path}");
    }
    // More than the settings take, and more than axum's extractors do by themselves.
    let big = vec![b'a'; 2_500_000];
    assert_eq!(reader.post("/big/", kind, big.clone()).body, "2500000 bytes");
    let streamed = Body::from_stream(stream::iter([Ok::<_, Infallible>(big)]));
    assert_eq!(reader.post("/big/", kind, streamed).body, "2500000 bytes");
    assert_eq!(status("/big/", kind, vec![b'a'; 3_000_001].into()), 413);
}

#[test]
fn a_body_that_does_not_come_is_given_up_whoever_reads_it() {
    let reader = Reader::of(&[("MANAGE__SERVER__BODY_TIMEOUT", "0.1")]);
    let begun = Instant::now();
    for (path, kind) in [
        ("/form/", FORM),
        ("/parts/", MULTIPART),
        ("/open/form/", FORM),
        ("/open/order/", JSON),
        ("/small/", ("content-type", "application/octet-stream")),
    ] {
        assert_eq!(reader.post(path, kind, unfinished("{")).status, 408, "{path}");
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
    // Bytes that drip in do not wind the clock up again.
    let drip = stream::repeat(()).then(|()| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok::<_, Infallible>("a")
    });
    let begun = Instant::now();
    assert_eq!(reader.post("/open/bytes/", FORM, Body::from_stream(drip)).status, 400);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_view_may_take_its_time_between_two_pieces() {
    let reader = Reader::of(&[("MANAGE__SERVER__BODY_TIMEOUT", "0.1")]);
    let kind = ("content-type", "application/octet-stream");
    assert_eq!(reader.post("/small/", kind, pieces(&["a", "b", "c"])).body, "3 in all");
}
