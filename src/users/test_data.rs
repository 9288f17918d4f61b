//! A protected test route.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::openapi::responses::DatabaseErrors;
use crate::sessions::current_user::{AccessTokenErrors, CurrentUser};

const MESSAGE: &str = "This is protected test data";

/// Get protected test data
///
/// Requires a valid access token, so that a client can test its login.
#[utoipa::path(
    get,
    path = "/api/v1/data/test-data",
    tag = "data",
    security(("OAuth2PasswordBearer" = []), ("SessionCookie" = [])),
    responses(
        (status = 200, description = "The token is valid", body = TestData),
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

/// Data for logged-in users only.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "message": MESSAGE,
    "user_id": "b0f5d8f2-3c53-4c0e-9c59-6f1f0a1f7a52",
}))]
pub struct TestData {
    /// Constant.
    message: &'static str,
    /// The token's user.
    user_id: Uuid,
}
