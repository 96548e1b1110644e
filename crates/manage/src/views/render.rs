//! Pages and JSON.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::header::{self, HeaderValue};
use minijinja::value::Object;
use minijinja::{Value, context};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Context;
use crate::http::{ViewResult, vary_on};
use crate::urls::Site;

/// What may stand in a value of a query string as it is; the slash keeps `?next=/a/b/` readable.
const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A page: the template with `names`, and with what every page knows: `user`, `csrf_token`, `next_param`.
///
/// # Errors
/// When the template fails, which is a defect.
pub fn page(site: &Site, context: &Context, template: &str, names: Value) -> ViewResult {
    let text = render(site, context, template, names)?;
    let mut response = html(text);
    vary_on(&mut response, "Cookie");
    if context.user().is_some() || context.info.csrf.is_used() {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    Ok(response)
}

/// The text of a page.
///
/// # Errors
/// As [`page`].
pub fn render(site: &Site, context: &Context, template: &str, names: Value) -> ViewResult<String> {
    let names = Value::from_object(Names { page: names, context: context.clone() });
    Ok(site.templates.render(template, names)?)
}

/// An HTML answer.
pub fn html(text: String) -> Response {
    typed("text/html; charset=utf-8", text)
}

/// A JSON answer.
pub fn json(text: String) -> Response {
    typed("application/json", text)
}

fn typed(content_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The names of a template: the page's own first, then those of every page, computed when they are used.
#[derive(Debug)]
struct Names {
    page: Value,
    context: Context,
}

impl Object for Names {
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if let Ok(value) = self.page.get_attr(key)
            && !value.is_undefined()
        {
            return Some(value);
        }
        match key {
            "csrf_token" => Some(Value::from(self.context.info.csrf.token())),
            "user" => {
                let user = self.context.user().map(|user| context! { name => user.name() });
                Some(user.unwrap_or_else(|| Value::from(())))
            }
            "next_param" => Some(Value::from_safe_string(next_param(self.context.path_and_query()))),
            _ => None,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }
}

/// The address to come back to after signing in; nothing for the front page, where that leads anyway.
fn next_param(path: &str) -> String {
    if path == "/" { String::new() } else { encoded(path) }
}

/// `text` as a value of a query string.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, QUERY_VALUE).to_string()
}
