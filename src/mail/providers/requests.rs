//! Requests to the mail providers. Click tracking is off: a rewritten link would reveal the reset
//! token.

use axum::body::Bytes;
use axum::http::{self, HeaderName, Request, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::Full;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{Email, MailApi};
use crate::mail::settings::MailSettings;

/// Builds the request that sends `email`.
///
/// # Errors
/// The API key is not a valid header value.
pub(super) fn request(
    api: MailApi,
    host: &str,
    api_key: &SecretString,
    settings: &MailSettings,
    email: &Email,
) -> Result<Request<Full<Bytes>>, http::Error> {
    let key = api_key.expose_secret();
    match api {
        MailApi::Resend => {
            let auth = (header::AUTHORIZATION, format!("Bearer {key}"));
            let idempotency_key = (
                HeaderName::from_static("idempotency-key"),
                email.idempotency_key.to_string(),
            );
            let url = format!("{host}/emails");
            post_json(url, [auth, idempotency_key], &resend(settings, email))
        }
        MailApi::Postmark => {
            let auth = (
                HeaderName::from_static("x-postmark-server-token"),
                key.to_owned(),
            );
            post_json(format!("{host}/email"), [auth], &postmark(settings, email))
        }
        MailApi::Sendgrid => {
            let auth = (header::AUTHORIZATION, format!("Bearer {key}"));
            let url = format!("{host}/v3/mail/send");
            post_json(url, [auth], &sendgrid(settings, email))
        }
        MailApi::Mailgun => {
            let credentials = BASE64_STANDARD.encode(format!("api:{key}"));
            let auth = (header::AUTHORIZATION, format!("Basic {credentials}"));
            let form = (
                header::CONTENT_TYPE,
                "application/x-www-form-urlencoded".into(),
            );
            let domain = settings.from_email.rsplit('@').next().unwrap_or_default();
            let url = format!("{host}/v3/{domain}/messages");
            post(url, [auth, form], mailgun(settings, email))
        }
    }
}

fn resend(settings: &MailSettings, email: &Email) -> Value {
    json!({
        "from": sender(settings),
        "to": [email.to],
        "subject": email.subject,
        "text": email.text,
        "html": email.html,
    })
}

fn postmark(settings: &MailSettings, email: &Email) -> Value {
    json!({
        "From": sender(settings),
        "To": email.to,
        "Subject": email.subject,
        "TextBody": email.text,
        "HtmlBody": email.html,
        "MessageStream": "outbound",
        "TrackLinks": "None",
        // Postmark has no idempotency keys. This one helps people find duplicates.
        "Metadata": { "idempotency_key": email.idempotency_key },
    })
}

fn sendgrid(settings: &MailSettings, email: &Email) -> Value {
    json!({
        "personalizations": [{
            "to": [{ "email": email.to }],
            // SendGrid has no idempotency keys either.
            "custom_args": { "idempotency_key": email.idempotency_key },
        }],
        "from": { "email": settings.from_email, "name": settings.from_name },
        "subject": email.subject,
        "content": [
            { "type": "text/plain", "value": email.text },
            { "type": "text/html", "value": email.html },
        ],
        "tracking_settings": { "click_tracking": { "enable": false, "enable_text": false } },
    })
}

fn mailgun(settings: &MailSettings, email: &Email) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("from", &sender(settings))
        .append_pair("to", &email.to)
        .append_pair("subject", &email.subject)
        .append_pair("text", &email.text)
        .append_pair("html", &email.html)
        .append_pair("o:tracking", "no")
        // Mailgun has no idempotency keys either.
        .append_pair("v:idempotency_key", &email.idempotency_key.to_string())
        .finish()
}

fn post_json(
    url: String,
    headers: impl IntoIterator<Item = (HeaderName, String)>,
    body: &Value,
) -> Result<Request<Full<Bytes>>, http::Error> {
    let json = (header::CONTENT_TYPE, "application/json".to_owned());
    let accept = (header::ACCEPT, "application/json".to_owned());
    post(
        url,
        headers.into_iter().chain([json, accept]),
        body.to_string(),
    )
}

fn post(
    url: String,
    headers: impl IntoIterator<Item = (HeaderName, String)>,
    body: String,
) -> Result<Request<Full<Bytes>>, http::Error> {
    // Some providers reject requests without a user agent.
    let request = Request::post(url).header(header::USER_AGENT, "gatehouse");
    headers
        .into_iter()
        .fold(request, |request, (name, value)| {
            request.header(name, value)
        })
        .body(Full::new(Bytes::from(body)))
}

/// The sender with a quoted display name, which may contain any character (RFC 5322, 3.2.4).
fn sender(settings: &MailSettings) -> String {
    let name = settings
        .from_name
        .replace('\\', "\\\\")
        .replace('"', "\\\"");
    format!("\"{name}\" <{}>", settings.from_email)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::settings::MailProvider;

    #[test]
    fn a_name_cannot_break_out_of_its_quotes() {
        let settings = MailSettings {
            provider: MailProvider::Log,
            from_email: "tom@example.com".into(),
            from_name: r#"Tom "T" \o/"#.into(),
        };
        let expected = r#""Tom \"T\" \\o/" <tom@example.com>"#;
        assert_eq!(sender(&settings), expected);
    }
}
