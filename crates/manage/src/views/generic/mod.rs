//! Views that most sites write, over any model, as Django's `django.views.generic`.
//!
//! ```text
//! Route::get("polls:index", "/polls/", ListView::<Question>::new().paginate_by(20).as_view())
//! Route::get("polls:detail", "/polls/{pk}/", DetailView::<Question>::new().as_view())
//! ```
//!
//! Templates have Django's names: `<app>/<model>_list.html`, `_detail.html`, `_form.html`, `_confirm_delete.html`.

mod asked;
mod object;

mod shared;

mod base;
mod detail;
mod list;

mod edit;

pub use base::{RedirectView, TemplateView};
pub use detail::DetailView;
pub use edit::{CreateView, DeleteView, UpdateView};
pub use list::ListView;
pub use object::{Rows, object};
