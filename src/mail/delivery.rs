//! Delivers the mails in the outbox.

use minijinja::value::Serde;
use minijinja::{Value, context};
use secrecy::{ExposeSecret, SecretString};
use time::Duration;

use super::kinds::Link;
use super::providers::{self, Email, SendError};
use super::reset_link::INVITATION_LIFETIME;
use super::{DueMail, Subject, next_attempt, store};
use crate::app::App;
use crate::metrics::counters::MAIL_GIVEN_UP;
use crate::platform::{clock, random};
use crate::verification::{CODE_LIFETIME, LINK_LIFETIME};

/// Verifies an address.
const VERIFICATION_PAGE: &str = "/auth/verify-email";
/// Undoes what a notice tells of.
const NOT_ME_PAGE: &str = "/auth/not-me";
/// Where a notice leads that can undo nothing, because it was queued before events existed.
const FORGOT_PASSWORD_PAGE: &str = "/auth/forgot-password";

/// Sends all due mail. Delivery errors are logged, and the mail is retried.
///
/// # Errors
/// The database or a template fails.
pub async fn deliver(app: &App) -> anyhow::Result<()> {
    while let Some(mail) = take_due(app).await? {
        let result = match render(app, &mail)? {
            // No connection is held while the provider takes its time.
            Some(email) => providers::send(&app.settings.mail, &email).await,
            None => Err(SendError::Permanent("its link is no longer valid".into())),
        };
        record_result(app, &mail, result).await?;
    }
    Ok(())
}

async fn take_due(app: &App) -> anyhow::Result<Option<DueMail>> {
    let now = clock::now();
    // A lease keeps other instances from sending the mail. If this instance dies, the mail becomes
    // due again.
    let leased_until = next_attempt(1, Duration::ZERO, now, jitter());
    let mut connection = app.database.connect().await?;
    Ok(store::take_due(&mut connection, now, leased_until)?)
}

async fn record_result(
    app: &App,
    mail: &DueMail,
    result: Result<(), SendError>,
) -> anyhow::Result<()> {
    let mut connection = app.database.connect().await?;
    let attempts = mail.attempts;
    match result {
        Ok(()) => store::delete(&mut connection, mail.id)?,
        Err(SendError::Temporary { cause, retry_after }) if !mail.is_last_attempt() => {
            let retry_after = retry_after.unwrap_or_default();
            let retry_after = retry_after.try_into().unwrap_or(Duration::MAX);
            let due_at = next_attempt(attempts, retry_after, clock::now(), jitter());
            store::postpone(&mut connection, mail.id, due_at)?;
            let waiting = store::count(&mut connection)?;
            tracing::warn!(mail = %mail.id, attempts, waiting, cause, "mail put off");
        }
        Err(error) => {
            store::delete(&mut connection, mail.id)?;
            tracing::error!(mail = %mail.id, attempts, cause = %error, "mail given up");
            MAIL_GIVEN_UP.count();
        }
    }
    Ok(())
}

/// `None` if the mail's link is no longer valid.
fn render(app: &App, mail: &DueMail) -> anyhow::Result<Option<Email>> {
    if mail.is_stale {
        return Ok(None);
    }
    let Some(link) = link(app, mail) else {
        return Ok(None);
    };
    let context = context! {
        app_name => &app.settings.mail.from_name,
        brand => app.settings.brand.in_mails(&app.settings.http.frontend_url),
        year => clock::now().year(),
        username => &mail.username,
        to => &mail.to,
        minutes => app.settings.passwords.reset_token_lifetime.whole_minutes(),
        invitation_days => INVITATION_LIFETIME.whole_days(),
        link => link,
        code => code(app, mail),
        hours => LINK_LIFETIME.whole_hours(),
        code_minutes => CODE_LIFETIME.whole_minutes(),
        ..Value::from(Serde(&mail.detail)),
    };
    let render = |part: &str| {
        let name = format!("email/{}/{part}", mail.kind.name);
        app.templates
            .render_in(mail.language, &name, context.clone())
    };
    Ok(Some(Email {
        idempotency_key: mail.id,
        to: mail.to.clone(),
        subject: render("subject.txt")?.trim_end().to_owned(),
        text: render("body.txt")?,
        html: render("body.html")?,
    }))
}

/// The mail's link. `None` if the key of its token is no longer configured.
fn link(app: &App, mail: &DueMail) -> Option<String> {
    let (page, token) = match (mail.kind.link, &mail.subject) {
        (Link::ResetToken(page), Subject::ResetToken { id, hashed }) => {
            let token = app.reset_tokens.reissue(*id, hashed)?;
            (page, Some(SecretString::from(token.expose())))
        }
        (Link::Verification, Subject::Verification(id)) => {
            (VERIFICATION_PAGE, Some(app.verification_tokens.issue(*id)))
        }
        (Link::NotMe, Subject::Event(Some(event))) => {
            (NOT_ME_PAGE, Some(app.notice_tokens.issue(*event)))
        }
        (Link::Page(page), _) => (page, None),
        _ => (FORGOT_PASSWORD_PAGE, None),
    };
    let page = format!("{}{page}", app.settings.http.frontend_url);
    Some(match token {
        Some(token) => format!("{page}?token={}", token.expose_secret()),
        None => page,
    })
}

/// The code that can be entered instead of opening the link.
fn code(app: &App, mail: &DueMail) -> Option<String> {
    match mail.subject {
        Subject::Verification(id) => Some(app.verification_codes.issue(id)),
        _ => None,
    }
}

fn jitter() -> u32 {
    u32::from_be_bytes(random::bytes())
}
