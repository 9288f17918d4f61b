//! Delivers what is in the outbox, after the answer that put it there.

use minijinja::context;
use time::Duration;

use super::kinds::Link;
use super::providers::{self, Email, SendError};
use super::{DueMail, next_try, store};
use crate::app::App;
use crate::platform::{clock, random};

/// Sends all mail that is due. What goes wrong is logged; the mail stays and is tried again.
///
/// # Errors
/// The database failed, or a template.
pub async fn deliver(app: &App) -> anyhow::Result<()> {
    while let Some(mail) = take_due(app).await? {
        let result = match write(app, &mail)? {
            // Nobody waits for a connection while a provider takes its time.
            Some(email) => providers::send(&app.settings.mail, &email).await,
            None => Err(SendError::Permanent(
                "its link is good for nothing any more".into(),
            )),
        };
        settle(app, &mail, result).await?;
    }
    Ok(())
}

async fn take_due(app: &App) -> anyhow::Result<Option<DueMail>> {
    let now = clock::now();
    // While it is being sent, no other instance takes it; if this instance dies, it is due again then.
    let lease_ends = next_try(1, Duration::ZERO, now, jitter());
    let mut connection = app.database.connect().await?;
    Ok(store::take_due(&mut connection, now, lease_ends)?)
}

async fn settle(app: &App, mail: &DueMail, result: Result<(), SendError>) -> anyhow::Result<()> {
    let mut connection = app.database.connect().await?;
    let attempts = mail.attempts;
    match result {
        Ok(()) => store::delete(&mut connection, mail.id)?,
        Err(SendError::Temporary { cause, retry_after }) if !mail.is_last_try() => {
            let retry_after = retry_after.unwrap_or_default();
            let retry_after = retry_after.try_into().unwrap_or(Duration::MAX);
            let due_at = next_try(attempts, retry_after, clock::now(), jitter());
            store::put_off(&mut connection, mail.id, due_at)?;
            let waiting = store::count(&mut connection)?;
            tracing::warn!(mail = %mail.id, attempts, waiting, cause, "mail put off");
        }
        Err(error) => {
            store::delete(&mut connection, mail.id)?;
            tracing::error!(mail = %mail.id, attempts, cause = %error, "mail given up");
        }
    }
    Ok(())
}

/// `None` if nobody could use its link.
fn write(app: &App, mail: &DueMail) -> anyhow::Result<Option<Email>> {
    if mail.is_stale {
        return Ok(None);
    }
    let Some(link) = link(app, mail) else {
        return Ok(None);
    };
    let context = context! {
        app_name => &app.settings.mail.from_name,
        year => clock::now().year(),
        username => &mail.username,
        minutes => app.settings.passwords.reset_token_lifetime.whole_minutes(),
        link => link,
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

/// The link of a mail; `None` if its token was issued under a key that is no longer there.
fn link(app: &App, mail: &DueMail) -> Option<String> {
    let frontend_url = &app.settings.http.frontend_url;
    let page = match mail.kind.link {
        Link::To(page) | Link::WithToken(page) => format!("{frontend_url}{page}"),
    };
    let Some(token) = &mail.token else {
        return Some(page);
    };
    let token = app.reset_tokens.issue_again(token.id, &token.hashed)?;
    Some(format!("{page}?token={}", token.expose()))
}

fn jitter() -> u32 {
    u32::from_be_bytes(random::bytes())
}
