//! The new password of a user who has one already. Its user is known only after the fields are checked.

use super::breaches;
use super::policy::{Names, NewPassword};
use crate::app::App;
use crate::http::error::Error;
use crate::http::error::validation::FieldError;
use crate::http::fields::Fields;
use crate::settings::Settings;
use crate::users::store::LoginNames;

const FIELD: &str = "new_password";

/// Takes the field `new_password`, and checks the rules that need no user. On `None`, the error is recorded.
pub fn take(fields: &mut Fields, settings: &Settings) -> Option<NewPassword> {
    let app_name = &settings.mail.from_name;
    let policy = &settings.passwords.policy;
    fields.required(FIELD, |text| policy.parse(text, app_name, Names::default()))
}

/// Checks the rules that need the user, and whether the password is known from a breach.
pub async fn check_names_and_breaches(
    app: &App,
    password: &NewPassword,
    user: &LoginNames,
) -> Result<(), Error> {
    let names = Names {
        username: Some(&user.username),
        email: Some(&user.email),
    };
    if let Err(rule) = password.check_names(names) {
        return Err(FieldError::refused(FIELD, rule.into(), None).into());
    }
    breaches::refuse_breached(app, FIELD, password).await
}
