//! Delivers what is in the outbox, after the answer that put it there.

use anyhow::Context;
use minijinja::context;

use crate::ambient;
use crate::app::App;
use crate::domain::mail::{DueMail, MailKind, next_try};
use crate::outbound::email::{self, Email, SendError};
use crate::store::outbox;

/// Marks an answer that put mail into the outbox.
#[derive(Clone, Copy)]
pub struct MailWaits;

/// Sends all mail that is due. What goes wrong is logged; the mail stays and is tried again.
pub async fn deliver(app: &App) {
    loop {
        match deliver_next(app).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::error!(cause = format!("{error:#}"), "mail not delivered");
                return;
            }
        }
    }
}

/// Sends the mail that has been due for longest; `false` if none is.
async fn deliver_next(app: &App) -> anyhow::Result<bool> {
    let now = ambient::now();
    // While it is being sent nobody else takes it; if this instance dies, it is due again then.
    let lease_ends = next_try(1, now, jitter());
    let mut connection = app.database.connect().await?;
    let Some(mail) = outbox::take_due(&mut connection, now, lease_ends).await? else {
        return Ok(false);
    };
    // Nobody waits for a connection while a provider takes its time.
    drop(connection);
    let result = email::send(&app.settings.email, &write(app, &mail)?).await;
    settle(app, &mail, result).await?;
    Ok(true)
}

async fn settle(app: &App, mail: &DueMail, result: Result<(), SendError>) -> anyhow::Result<()> {
    let mut connection = app.database.connect().await?;
    match result {
        Ok(()) => outbox::delete(&mut connection, mail.id).await?,
        Err(SendError::Temporary(cause)) if !mail.is_last_try() => {
            tracing::warn!(mail = %mail.id, attempts = mail.attempts, cause, "mail put off");
            let due_at = next_try(mail.attempts, ambient::now(), jitter());
            outbox::put_off(&mut connection, mail.id, due_at).await?;
        }
        Err(error) => {
            tracing::error!(mail = %mail.id, attempts = mail.attempts, cause = %error, "mail given up");
            outbox::delete(&mut connection, mail.id).await?;
        }
    }
    Ok(())
}

fn write(app: &App, mail: &DueMail) -> anyhow::Result<Email> {
    let MailKind::PasswordReset { token } = mail.kind;
    let context = context! {
        app_name => &app.settings.email.from_name,
        year => ambient::now().year(),
        username => &mail.username,
        minutes => app.settings.reset_token_lifetime.whole_minutes(),
        link => format!(
            "{}/auth/reset-password?token={}",
            app.settings.frontend_url,
            app.reset_tokens.issue(token).expose(),
        ),
    };
    let render = |part: &str| {
        app.templates
            .render(&format!("email/password_reset/{part}"), context.clone())
            .context("cannot write a mail")
    };
    Ok(Email {
        idempotency_key: mail.id,
        to: mail.to.clone(),
        subject: render("subject.txt")?.trim_end().to_owned(),
        text: render("body.txt")?,
        html: render("body.html")?,
    })
}

fn jitter() -> u32 {
    u32::from_be_bytes(ambient::random_bytes())
}
