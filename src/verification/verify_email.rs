//! The verify-email endpoint: verifies an address by the link or the code in a mail.

use std::convert::Infallible;

use axum::Json;
use axum::extract::State;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Verification, store};
use crate::app::App;
use crate::db::{Connection, DbError};
use crate::events::Event;
use crate::events::action::{EMAIL_CHANGED, EMAIL_VERIFIED};
use crate::http::body::{BODY_UNREADABLE, FromFields, ValidJson};
use crate::http::client::Client;
use crate::http::error::{Error, error_kinds};
use crate::http::fields::Fields;
use crate::http::openapi::responses::{DatabaseErrors, JsonErrors, error_responses};
use crate::http::response_time;
use crate::mail::{kinds, notices};
use crate::passwords::{self, Message};
use crate::platform::clock;
use crate::platform::timestamp::Timestamp;
use crate::settings::Settings;
use crate::throttle::ThrottleErrors;
use crate::users::register::EMAIL_TAKEN;
use crate::users::store::InsertError;
use crate::{events, users};

const VERIFIED: &str = "Your email address is verified";

error_kinds! {
    /// The link or the code is unknown, used, replaced or expired, or the code is wrong.
    INVALID_VERIFICATION_TOKEN = BAD_REQUEST, "Invalid or expired link or code";
}

error_responses!(VerificationErrors {
    "The link or the code is wrong, used, replaced or expired, or the body ended early" => [
        INVALID_VERIFICATION_TOKEN,
        BODY_UNREADABLE,
    ],
    "Another user has had this address since the mail was sent" => [EMAIL_TAKEN],
});

/// Verify an email address
///
/// With the token of the link in the mail, valid for 24 hours, or with the code in it, valid for 10 minutes
/// and 5 tries. Each verification works once. That of a new address replaces the old address, whose owner is
/// told.
#[utoipa::path(
    post,
    path = "/api/v1/auth/verify-email",
    tag = "auth",
    request_body = VerifyEmailRequest,
    responses(
        (status = 200, description = "The address is verified", body = Message, example = json!({"message": VERIFIED})),
        JsonErrors<VerifyEmailRequest>,
        ThrottleErrors,
        DatabaseErrors,
        VerificationErrors,
    )
)]
pub async fn verify_email(
    State(app): State<&'static App>,
    client: Client,
    ValidJson(proof): ValidJson<Proof>,
) -> Result<Json<Message>, Error> {
    let now = clock::now();
    let id = match proof {
        Proof::Link { token } => {
            let id = app.verification_tokens.read(token.expose_secret());
            let id = id.ok_or_else(|| refuse("not a token of ours"))?;
            let mut connection = app.database.connect().await?;
            // A used or expired verification takes no write lock.
            if !store::is_usable(&mut connection, id, now)? {
                return Err(refuse(GONE));
            }
            id
        }
        Proof::Code {
            verification_id,
            code,
        } => {
            check_code(app, verification_id, &code, now).await?;
            verification_id
        }
    };
    let mut transaction = app.database.connect().await?.begin()?;
    let verification = store::consume(&mut transaction, id, now)?;
    let verification = verification.ok_or_else(|| refuse(GONE))?;
    if verification.is_change {
        change(app, &mut transaction, &verification, &client, now)?;
    } else {
        verify(app, &mut transaction, &verification, &client, now)?;
    }
    transaction.commit()?;
    let is_change = verification.is_change;
    tracing::info!(user = %verification.user, is_change, "address verified");
    Ok(Message::new(VERIFIED))
}

const GONE: &str = "unknown, used, replaced or expired";

/// Checks a code. Each try is counted first.
async fn check_code(app: &App, id: Uuid, code: &SecretString, now: Timestamp) -> Result<(), Error> {
    let started = clock::stopwatch();
    let is_right = {
        let mut connection = app.database.connect().await?;
        // An unknown verification takes no write lock.
        store::is_usable(&mut connection, id, now)?
            && store::count_try(&mut connection, id, now)?
            && app.verification_codes.is_right(id, code.expose_secret())
    };
    if is_right {
        return Ok(());
    }
    // Otherwise, timing would reveal whether the verification exists, and resend-verification with it who has
    // an account.
    response_time::conceal(started).await;
    Err(refuse("wrong or expired code"))
}

/// Verifies the user's own address.
fn verify(
    app: &App,
    connection: &mut Connection<'_>,
    verification: &Verification,
    client: &Client,
    now: Timestamp,
) -> Result<(), DbError> {
    users::store::verify_email(connection, verification.user, now)?;
    let event = Event {
        action: EMAIL_VERIFIED,
        user: verification.user,
        detail: json!({}),
    };
    events::record(app, connection, &event, client, now).map(drop)
}

/// Replaces the user's address, and tells the owner of the old one.
fn change(
    app: &App,
    connection: &mut Connection<'_>,
    verification: &Verification,
    client: &Client,
    now: Timestamp,
) -> Result<(), Error> {
    let Verification {
        user, email: new, ..
    } = verification;
    let old = match users::store::change_email(connection, *user, new, now) {
        Ok(old) => old,
        Err(InsertError::Database(error)) => return Err(error.into()),
        Err(_) => return Err(EMAIL_TAKEN.into()),
    };
    // Links in the old mailbox stop working.
    store::delete_all(connection, *user)?;
    passwords::store::delete_unused(connection, *user)?;
    let event = Event {
        action: EMAIL_CHANGED,
        user: *user,
        detail: json!({"old": old, "new": new}),
    };
    let kind = kinds::EMAIL_CHANGED;
    Ok(notices::record(
        app,
        connection,
        event,
        kind,
        Some(old),
        client,
        now,
    )?)
}

fn refuse(reason: &str) -> Error {
    tracing::info!(reason, "verification refused");
    INVALID_VERIFICATION_TOKEN.into()
}

/// What proves that a mail has arrived.
pub enum Proof {
    Link {
        token: SecretString,
    },
    Code {
        verification_id: Uuid,
        code: SecretString,
    },
}

/// The token of the link in a mail, or the code in it with its verification.
#[derive(ToSchema)]
#[schema(
    min_properties = 1,
    example = json!({"token": "fJ5mecdCQN6US-B_wfkK5yqwVb4cJ0n0b2Kk8Yh3mD5sQ7tZxL1pR6vE9uWgXfTj"}),
)]
#[expect(
    dead_code,
    reason = "for the OpenAPI description; `Proof` is what is read"
)]
pub struct VerifyEmailRequest {
    /// The token from the link. Without it, the other two fields are required.
    #[schema(value_type = String, required = false)]
    token: Option<SecretString>,
    /// The id in the response that announced the mail.
    #[schema(value_type = Uuid, required = false)]
    verification_id: Option<Uuid>,
    /// The eight digits in the mail. Spaces are ignored.
    #[schema(value_type = String, required = false)]
    code: Option<SecretString>,
}

impl FromFields for Proof {
    fn from_fields(fields: &mut Fields, _: &Settings) -> Option<Self> {
        let secret = |text: &str| Ok::<_, Infallible>(SecretString::from(text));
        let has_code = fields.has("verification_id") || fields.has("code");
        if !has_code {
            let token = fields.required("token", secret)?;
            return Some(Self::Link { token });
        }
        if let Some(token) = fields.optional("token", secret) {
            return Some(Self::Link { token });
        }
        let verification_id = fields.required("verification_id", Uuid::parse_str);
        let code = fields.required("code", secret);
        Some(Self::Code {
            verification_id: verification_id?,
            code: code?,
        })
    }
}
