//! One row of a model.

use std::sync::Arc;

use axum::extract::State;
use futures_util::FutureExt as _;
use minijinja::{Value, context};

use super::asked::{Asked, Viewed};
use super::object::{About, Rows, find, object};
use crate::db::models::Model;
use crate::http::{HttpError, Request, Response};
use crate::urls::Site;
use crate::views::page;

/// The page of the row that the address names by `{pk}` or by a field. The template sees it as `object` and as
/// `<model>`.
pub struct DetailView<M> {
    template: Option<&'static str>,
    rows: Rows<M>,
}

impl<M> Clone for DetailView<M> {
    fn clone(&self) -> Self {
        Self { template: self.template, rows: self.rows }
    }
}

impl<M: Model + 'static> Default for DetailView<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Model + 'static> DetailView<M> {
    /// Of any row.
    pub fn new() -> Self {
        Self { template: None, rows: |rows| rows }
    }

    /// Another template than `<app>/<model>_detail.html`.
    #[must_use]
    pub fn template(mut self, name: &'static str) -> Self {
        self.template = Some(name);
        self
    }

    /// Of these rows alone; others are not found.
    #[must_use]
    pub fn rows(mut self, rows: Rows<M>) -> Self {
        self.rows = rows;
        self
    }

    /// The view.
    pub fn as_view(self) -> impl Fn(State<Arc<Site>>, Request) -> Viewed + Clone + Send + Sync + 'static {
        move |State(site): State<Arc<Site>>, request: Request| -> Viewed {
            let view = self.clone();
            async move { view.answer(Asked::of(site, request).await?).await }.boxed()
        }
    }

    async fn answer(self, asked: Asked) -> Result<Response, HttpError> {
        let about = About::of::<M>();
        let shown = object(&find::<M>(&asked, self.rows).await?);
        let named = Value::from_pairs([(about.name(), shown.clone())]);
        let template = self.template.map_or_else(|| about.template("detail"), str::to_owned);
        page(&asked.site, &asked.context, &template, context! { object => shown, ..named })
    }
}
