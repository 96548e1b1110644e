//! One row of a model.

use std::sync::Arc;

use axum::extract::State;
use futures_util::FutureExt as _;
use minijinja::context;

use super::asked::{Asked, Viewed};
use super::object::Rows;
use super::shared::{Shared, model_view};
use crate::db::models::Model;
use crate::http::{Request, ViewResult};
use crate::urls::Site;

/// The page of the row that the address names by `{pk}` or by a field. The template, `<app>/<model>_detail.html`, sees
/// it as `object` and as `<model>`.
pub struct DetailView<M> {
    shared: Shared<M>,
}

model_view!(DetailView);

impl<M: Model + 'static> Default for DetailView<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Model + 'static> DetailView<M> {
    /// Of any row.
    pub fn new() -> Self {
        Self { shared: Shared::new() }
    }

    async fn answer(&self, asked: Asked) -> ViewResult {
        let row = self.shared.find(&asked).await?;
        self.shared.row_page(&asked, "detail", Some(&row), context! {})
    }
}
