//! The user whom an administrator acts upon.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use uuid::Uuid;

use super::store;
use super::user::ManagedUser;
use crate::app::App;
use crate::db::Connection;
use crate::http::error::{Error, NOT_FOUND, error_kinds};
use crate::http::openapi::responses::error_responses;
use crate::users::user::Role;

error_kinds! {
    /// No administrator would be left.
    LAST_ADMIN = CONFLICT, "The last administrator cannot be removed";
}

error_responses!(TargetErrors {
    "There is no such user" => [NOT_FOUND],
});

error_responses!(LastAdminErrors {
    "The user is the last administrator" => [LAST_ADMIN],
});

/// The id in the path. What is none belongs to no user.
pub struct Target(pub Uuid);

impl FromRequestParts<&'static App> for Target {
    type Rejection = Error;

    async fn from_request_parts(request: &mut Parts, app: &&'static App) -> Result<Self, Error> {
        let Path(id) = Path::<String>::from_request_parts(request, app)
            .await
            .map_err(|_| NOT_FOUND)?;
        Ok(Self(Uuid::parse_str(&id).map_err(|_| NOT_FOUND)?))
    }
}

impl Target {
    /// Finds the user.
    ///
    /// # Errors
    /// `NOT_FOUND`, or the database fails.
    pub fn find(&self, connection: &mut Connection<'_>) -> Result<ManagedUser, Error> {
        Ok(store::find(connection, self.0)?.ok_or(NOT_FOUND)?)
    }
}

/// Refuses to remove the last administrator, in the transaction that would remove them.
///
/// # Errors
/// `LAST_ADMIN`, or the database fails.
pub fn keep_last_administrator(
    app: &App,
    connection: &mut Connection<'_>,
    managed: &ManagedUser,
) -> Result<(), Error> {
    let administrators = &app.settings.administrators;
    let user = &managed.user;
    let is_removable = administrators.role(user.role, user.verified_email()) != Role::Admin
        || store::has_other_administrator(connection, administrators, user.id)?;
    if is_removable {
        Ok(())
    } else {
        Err(LAST_ADMIN.into())
    }
}
