//! What the views over a model have in common.

use minijinja::{Value as Shown, context};

use super::asked::Asked;
use super::object::{Rows, object, value};
use crate::db::Value;
use crate::db::models::{Column, Model, ModelState, QuerySet};
use crate::http::{HttpError, ViewResult};
use crate::views::page;

/// The model as data, and what every view over one can be told.
pub(super) struct Shared<M> {
    pub(super) state: ModelState,
    pub(super) template: Option<&'static str>,
    pub(super) rows: Rows<M>,
}

impl<M: Model + 'static> Shared<M> {
    /// All rows, and Django's template.
    pub(super) fn new() -> Self {
        Self { state: M::state(), template: None, rows: |rows| rows }
    }

    /// `question`: how templates call a row.
    pub(super) fn name(&self) -> String {
        self.state.name.to_lowercase()
    }

    /// The row that the address names, by `pk` or by the name of any field: `/polls/{pk}/`, `/articles/{slug}/`.
    ///
    /// # Errors
    /// [`HttpError::NotFound`] when there is no such row or a part cannot be a value of its field, and those of the
    /// database.
    pub(super) async fn find(&self, asked: &Asked) -> Result<M, HttpError> {
        let mut found = (self.rows)(QuerySet::new(asked.site.project.database_of(M::APP)?));
        let mut is_named = false;
        for (name, text) in &asked.parameters {
            let field = if name == "pk" { self.state.primary_key() } else { self.state.field(name) };
            let Some(field) = field else { continue };
            let value = value(field, text).ok_or(HttpError::NotFound)?;
            let column =
                M::COLUMNS.iter().find(|column| **column == field.column()).ok_or(HttpError::NotFound)?;
            found = found.filter(Column::<M, Value>::new(M::TABLE, column).eq(value));
            is_named = true;
        }
        if !is_named {
            let why =
                format!("the address names no row of {}: it needs {{pk}} or a field", self.state.label());
            return Err(HttpError::Internal(anyhow::anyhow!(why)));
        }
        found.first().await?.ok_or(HttpError::NotFound)
    }

    /// The page of a row, which the template sees as `object` and as `<model>`; none while there is none yet.
    pub(super) fn row_page(&self, asked: &Asked, suffix: &str, row: Option<&M>, names: Shown) -> ViewResult {
        let shown = row.map_or(Shown::from(()), object);
        let row = Shown::from_pairs([("object".to_owned(), shown.clone()), (self.name(), shown)]);
        self.page(asked, suffix, context! { ..names, ..row })
    }

    /// A page by the view's own template, else by Django's: `polls/question_list.html`.
    pub(super) fn page(&self, asked: &Asked, suffix: &str, names: Shown) -> ViewResult {
        let of_model = || format!("{}/{}_{suffix}.html", self.state.app, self.name());
        let template = self.template.map_or_else(of_model, str::to_owned);
        page(&asked.site, &asked.context, &template, names)
    }
}

/// What every view over a model offers: `model_view!(DetailView)` for a struct with a field `shared`.
macro_rules! model_view {
    ($view:ident) => {
        impl<M: Model + 'static> $view<M> {
            /// Another template than Django's.
            #[must_use]
            pub fn template(mut self, name: &'static str) -> Self {
                self.shared.template = Some(name);
                self
            }

            /// These rows alone, in this order; others are not found.
            #[must_use]
            pub fn rows(mut self, rows: Rows<M>) -> Self {
                self.shared.rows = rows;
                self
            }

            /// The view.
            pub fn as_view(
                self,
            ) -> impl Fn(State<Arc<Site>>, Request) -> Viewed + Clone + Send + Sync + 'static {
                let view = Arc::new(self);
                move |State(site): State<Arc<Site>>, request: Request| -> Viewed {
                    let view = Arc::clone(&view);
                    async move { view.answer(Asked::of(site, request).await?).await }.boxed()
                }
            }
        }
    };
}
pub(super) use model_view;
