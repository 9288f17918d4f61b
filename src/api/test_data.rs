//! A protected route, to try a token on.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::ErrorBody;
use crate::error::responses::DatabaseErrors;
use crate::extract::CurrentUser;

/// Try a token
#[utoipa::path(
    get,
    path = "/api/v1/data/test-data",
    tag = "data",
    security(("OAuth2PasswordBearer" = [])),
    responses(
        (status = 200, description = "The token is good", body = TestData),
        (status = 401, description = "No token, or not a good one", body = ErrorBody),
        DatabaseErrors,
    )
)]
pub async fn test_data(user: CurrentUser) -> Json<TestData> {
    Json(TestData {
        message: "This is protected test data",
        user_id: user.id,
    })
}

/// What only a user may see.
#[derive(Serialize, ToSchema)]
pub struct TestData {
    /// Always the same.
    #[schema(example = "This is protected test data")]
    message: &'static str,
    /// Whose token it was.
    user_id: Uuid,
}
