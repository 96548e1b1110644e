//! A template, and a redirect.

use std::sync::Arc;

use axum::extract::State;
use futures_util::FutureExt as _;
use minijinja::{Value, context};

use super::asked::{Asked, Viewed};
use crate::http::{Request, redirect};
use crate::urls::Site;
use crate::views::page;

/// A page that needs nothing but its template and the parts of the address.
#[derive(Debug, Clone, Copy)]
pub struct TemplateView {
    template: &'static str,
}

impl TemplateView {
    /// The page of this template. It sees the parts of the address by their names.
    pub const fn new(template: &'static str) -> Self {
        Self { template }
    }

    /// The view.
    pub fn as_view(self) -> impl Fn(State<Arc<Site>>, Request) -> Viewed + Clone + Send + Sync + 'static {
        move |State(site): State<Arc<Site>>, request: Request| -> Viewed {
            async move {
                let asked = Asked::of(site, request).await?;
                let parts = asked.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                page(&asked.site, &asked.context, self.template, context! { ..Value::from_pairs(parts) })
            }
            .boxed()
        }
    }
}

/// Leads elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct RedirectView {
    target: &'static str,
}

impl RedirectView {
    /// To an address that begins with a slash, or to the route of this name with the parts of the request's own.
    pub const fn new(target: &'static str) -> Self {
        Self { target }
    }

    /// The view.
    pub fn as_view(self) -> impl Fn(State<Arc<Site>>, Request) -> Viewed + Clone + Send + Sync + 'static {
        move |State(site): State<Arc<Site>>, request: Request| -> Viewed {
            async move {
                let asked = Asked::of(site, request).await?;
                Ok(redirect(&asked.address(self.target)))
            }
            .boxed()
        }
    }
}
