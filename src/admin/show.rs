//! The endpoint that shows a user.

use axum::Json;
use axum::extract::State;

use super::authority::{Administrator, AuthorityErrors};
use super::target::{Target, TargetErrors};
use super::user::AdminUser;
use crate::app::App;
use crate::http::error::Error;
use crate::http::openapi::responses::DatabaseErrors;
use crate::sessions::current_user::AccessTokenErrors;
use crate::throttle::ThrottleErrors;

/// Get a user
#[utoipa::path(
    get,
    path = "/api/v1/admin/users/{id}",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = []), ("AdminKey" = [])),
    responses(
        (status = 200, description = "The user", body = AdminUser),
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        AuthorityErrors,
        TargetErrors,
    )
)]
pub async fn show_user(
    State(app): State<&'static App>,
    _: Administrator,
    target: Target,
) -> Result<Json<AdminUser>, Error> {
    let mut connection = app.database.connect().await?;
    let user = target.find(&mut connection)?;
    Ok(Json(AdminUser::new(app, user)))
}
