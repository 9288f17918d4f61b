//! The parameters of lists: the size of a page, and where it begins.

use crate::app::App;
use crate::http::error::Error;
use crate::http::error::validation::FieldError;
use crate::http::fields::Fields;

/// Items of a page, if the request does not say.
const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;

/// The description of the parameter `limit`.
#[cfg_attr(
    not(test),
    allow(dead_code, reason = "only tests generate the description")
)]
pub const LIMIT_DESCRIPTION: &str = "Items of a page, 50 by default";

/// Takes the size of a page. On `None`, the error is recorded.
pub fn take_limit(fields: &mut Fields) -> Option<usize> {
    take_limit_up_to(fields, DEFAULT_LIMIT, MAX_LIMIT)
}

/// Takes the size of a page of at most `max`. On `None`, the error is recorded.
pub fn take_limit_up_to(fields: &mut Fields, default: usize, max: usize) -> Option<usize> {
    if !fields.has("limit") {
        return Some(default);
    }
    fields.required("limit", |text| {
        let limit = text.parse().ok();
        let limit = limit.filter(|limit| (1..=max).contains(limit));
        limit.ok_or_else(|| format!("The limit must be a whole number from 1 to {max}."))
    })
}

/// Reads where a page of the list `scope` begins. `None` without a cursor: at the beginning.
///
/// # Errors
/// The list has not issued the cursor.
pub fn read_cursor<T>(
    app: &App,
    scope: &str,
    cursor: Option<&str>,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Error> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let position = app.cursors.read(scope, cursor);
    let start = position.and_then(|position| parse(&position));
    start.map(Some).ok_or_else(|| refuse_cursor(cursor))
}

/// The error for a cursor that the list has not issued.
pub fn refuse_cursor(cursor: &str) -> Error {
    let refusal = "The cursor must be the next_cursor of a page with the same parameters.";
    FieldError::refused_in_query("cursor", refusal.into(), cursor).into()
}
