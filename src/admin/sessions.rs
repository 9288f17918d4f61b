//! The endpoint that lists a user's sessions.

use axum::Json;
use axum::extract::State;

use super::authority::{Administrator, AuthorityErrors};
use super::target::{Target, TargetErrors};
use crate::app::App;
use crate::http::error::Error;
use crate::http::openapi::responses::DatabaseErrors;
use crate::platform::clock;
use crate::sessions::current_user::AccessTokenErrors;
use crate::sessions::list::SessionEntry;
use crate::sessions::store::own;
use crate::throttle::ThrottleErrors;

/// List a user's sessions
///
/// All that have not expired, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/admin/users/{id}/sessions",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = []), ("AdminKey" = [])),
    responses(
        (
            status = 200,
            description = "The sessions, at most a hundred",
            body = [SessionEntry],
            example = json!([SessionEntry::example()]),
        ),
        ThrottleErrors,
        DatabaseErrors,
        AccessTokenErrors,
        AuthorityErrors,
        TargetErrors,
    )
)]
pub async fn list_user_sessions(
    State(app): State<&'static App>,
    administrator: Administrator,
    target: Target,
) -> Result<Json<Vec<SessionEntry>>, Error> {
    let mut connection = app.database.connect().await?;
    target.find(&mut connection)?;
    let sessions = own::list(&mut connection, target.0, clock::now())?;
    let current = administrator.session;
    let entries = sessions.into_iter();
    Ok(Json(
        entries.map(|it| SessionEntry::new(it, current)).collect(),
    ))
}
