//! What happens to every request, in this order, and to every answer in the reverse.

use crate::contrib::auth::Authentication;
use crate::contrib::sessions::Sessions;
use crate::middleware::{Make, access_log, common, csrf, error_pages, request_info, security, static_files};

/// The chain.
///
/// The error pages stand further out than in Django, so that a refusal by any link inside is a page as well; the
/// cookies of the forms' tokens stand outside of them, because the pages hold forms.
pub(super) const MIDDLEWARE: &[Make] = &[
    request_info::Info::make,
    access_log::AccessLog::make,
    security::Headers::make,
    csrf::Cookies::make,
    error_pages::ErrorPages::make,
    security::Hosts::make,
    static_files::StaticFiles::make,
    common::Common::make,
    Sessions::make,
    csrf::Check::make,
    Authentication::make,
];
