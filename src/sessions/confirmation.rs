//! Asks for the current password again, before a change that a stolen session must not make.

use secrecy::SecretString;
use uuid::Uuid;

use super::current_user::INVALID_ACCESS_TOKEN;
use crate::app::App;
use crate::http::client::Client;
use crate::http::cross_site::CROSS_SITE;
use crate::http::error::{Error, error_kinds};
use crate::http::openapi::responses::error_responses;
use crate::passwords::hashing;
use crate::passwords::password::Verdict;
use crate::platform::clock;
use crate::throttle::{self, Guess};
use crate::users;
use crate::users::store::{Credentials, Lookup};

error_kinds! {
    /// The current password is wrong. Not 401, at which clients would refresh their session and try again.
    INCORRECT_PASSWORD = FORBIDDEN, "Incorrect password";
}

error_responses!(ConfirmationErrors {
    "The current password is wrong, or the request comes from a page of another site" => [
        INCORRECT_PASSWORD,
        CROSS_SITE,
    ],
});

/// Checks the current password of a logged-in user. A wrong one counts like a failed login.
///
/// # Errors
/// `INCORRECT_PASSWORD`, or the limits of logins, or the user is gone.
pub async fn confirm_password(
    app: &App,
    client: &Client,
    user: Uuid,
    password: &SecretString,
) -> Result<Credentials, Error> {
    let mut connection = app.database.connect().await?;
    let user = users::store::find_credentials(&mut connection, &Lookup::Id(user))?;
    let user = user.ok_or(INVALID_ACCESS_TOKEN)?;
    let email = user.names.email.clone();
    let guess = Guess {
        name: &email,
        network: client.network,
        // The session proves enough. Otherwise, strangers could lock its owner out of this.
        is_unknown_network: false,
    };
    throttle::count_guess(app, &mut connection, &guess, clock::now())?;
    // No connection is held while the hash waits for its turn.
    drop(connection);
    match hashing::verify(app, password, Some(&user.hashed_password)).await? {
        Verdict::Right | Verdict::Outdated => {
            let mut connection = app.database.connect().await?;
            throttle::record_success(app, &mut connection, &user.names, &guess)?;
            Ok(user)
        }
        Verdict::Wrong => {
            tracing::info!(user = %user.id, "wrong current password");
            Err(INCORRECT_PASSWORD.into())
        }
    }
}
