//! The endpoint that lists users.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::authority::{Administrator, AuthorityErrors};
use super::paging::{LIMIT_DESCRIPTION, read_cursor, refuse_cursor, take_limit};
use super::store::list::{self, Filter, Order, Position};
use super::user::{AdminUser, Status};
use crate::app::App;
use crate::db::{Connection, DbError};
use crate::http::body::{FromFields, ValidQuery};
use crate::http::error::Error;
use crate::http::error::validation::Refusal;
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, error_responses};
use crate::sessions::current_user::AccessTokenErrors;
use crate::settings::Settings;
use crate::throttle::ThrottleErrors;
use crate::users::email::MAX_INPUT_BYTES;
use crate::users::user::Role;

error_responses!(ListErrors {
    "A parameter is invalid" => [refuse_cursor("next")],
});

/// List users
///
/// The newest first or, with `query`, by address and then by username. A page may have fewer users than
/// `limit`, even none, while there are more: `next_cursor` is null on the last page only.
#[utoipa::path(
    get,
    path = "/api/v1/admin/users",
    tag = "admin",
    params(
        ("query" = Option<String>, Query, description = "What the address or the username begins with, in any case"),
        ("role" = Option<Role>, Query, description = "Users with this role"),
        ("status" = Option<Status>, Query, description = "Users in this state"),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before, which had the same parameters"),
        ("limit" = Option<u8>, Query, description = LIMIT_DESCRIPTION, minimum = 1, maximum = 100),
    ),
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = []), ("AdminKey" = [])),
    responses(
        (status = 200, description = "A page of users", body = UserPage),
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        AuthorityErrors,
        ListErrors,
    )
)]
pub async fn list_users(
    State(app): State<&'static App>,
    _: Administrator,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> Result<Json<UserPage>, Error> {
    let scope = query.scope();
    let place = read_cursor(app, &scope, query.cursor.as_deref(), |text| {
        read_place(text, query.filter.orders())
    })?;
    let (index, start) = place.unwrap_or_default();
    let mut connection = app.database.connect().await?;
    let (items, next) = page(app, &mut connection, &query, index, start)?;
    Ok(Json(UserPage {
        items,
        next_cursor: next.map(|place| app.cursors.issue(&scope, &place)),
    }))
}

/// Reads a page from the order `index` on. Goes on with the next order once one has ended, and tells where
/// the next page begins.
fn page(
    app: &App,
    connection: &mut Connection<'_>,
    query: &ListQuery,
    index: usize,
    mut start: Option<Position>,
) -> Result<(Vec<AdminUser>, Option<String>), DbError> {
    let administrators = &app.settings.administrators;
    let mut items = Vec::new();
    for (index, order) in query.filter.orders().iter().enumerate().skip(index) {
        let limit = query.limit - items.len();
        if limit == 0 {
            return Ok((items, Some(format!("{index}"))));
        }
        let (filter, start) = (&query.filter, start.take());
        let page = list::page(connection, filter, *order, start, administrators, limit)?;
        items.extend(page.items.into_iter().map(|user| AdminUser::new(app, user)));
        if let Some(position) = page.end {
            return Ok((items, Some(format!("{index} {position}"))));
        }
    }
    Ok((items, None))
}

/// Reads a place: the index of an order, and a position in it unless it is the first.
fn read_place(text: &str, orders: &[Order]) -> Option<(usize, Option<Position>)> {
    let (index, position) = match text.split_once(' ') {
        Some((index, position)) => (index, Some(Position::read(position)?)),
        None => (text, None),
    };
    let index = index.parse().ok().filter(|index| *index < orders.len())?;
    Some((index, position))
}

/// The parameters of a list.
pub struct ListQuery {
    filter: Filter,
    cursor: Option<String>,
    limit: usize,
}

impl ListQuery {
    /// What a cursor is for: this list with these filters.
    fn scope(&self) -> String {
        format!("users {:?}", self.filter)
    }
}

impl FromFields for ListQuery {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let prefix = fields.optional("query", |text| {
            if text.len() > MAX_INPUT_BYTES {
                return Err("The query is longer than any name.");
            }
            Ok(text.to_lowercase())
        });
        let role = fields.optional("role", parse_role);
        let status = fields.optional("status", Status::parse);
        let cursor = fields.optional_text("cursor");
        let limit = take_limit(fields);
        Some(Self {
            filter: Filter {
                prefix,
                role,
                status,
            },
            cursor,
            limit: limit?,
        })
    }
}

/// Parses the name of a role.
///
/// # Errors
/// It is no role.
pub fn parse_role(text: &str) -> Result<Role, Refusal> {
    let refusal = Refusal::Choice("'ADMIN', 'MODERATOR' or 'REGULAR'");
    Role::from_stored(text).ok_or(refusal)
}

/// A page of users.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next_cursor": null}))]
pub struct UserPage {
    items: Vec<AdminUser>,
    /// Gets the next page. Null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}
