//! A protected route, to try a token on.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::openapi::responses::DatabaseErrors;
use crate::sessions::current_user::{AccessTokenErrors, CurrentUser};

const MESSAGE: &str = "This is protected test data";

/// Get protected test data
///
/// Answers only to a valid access token, so that a client can try its login.
#[utoipa::path(
    get,
    path = "/api/v1/data/test-data",
    tag = "data",
    security(("OAuth2PasswordBearer" = [])),
    responses(
        (status = 200, description = "The token is good", body = TestData),
        DatabaseErrors,
        AccessTokenErrors,
    )
)]
pub async fn test_data(user: CurrentUser) -> Json<TestData> {
    Json(TestData {
        message: MESSAGE,
        user_id: user.id,
    })
}

/// What only a user may see.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "message": MESSAGE,
    "user_id": "b0f5d8f2-3c53-4c0e-9c59-6f1f0a1f7a52",
}))]
pub struct TestData {
    /// Always the same.
    message: &'static str,
    /// Whose token it was.
    user_id: Uuid,
}
