//! Forms: what people typed, what is wrong with it, and how a page shows both.

mod errors;
mod text;

mod model;

pub use errors::{ALL_FIELDS, ValidationErrors, to_value};
pub use model::{ModelForm, input_text};
pub use text::{is_email, is_url};
