//! Asks Pwned Passwords whether a new password has appeared in a data breach, without telling it the
//! password: <https://haveibeenpwned.com/API/v3#PwnedPasswords>.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, StatusCode, header};
use http_body_util::Full;
use sha1::{Digest, Sha1};

use super::policy::NewPassword;
use crate::app::App;
use crate::http::error::Error;
use crate::http::error::validation::FieldError;
use crate::platform::{instance_lock, outbound};

const IN_A_BREACH: &str = "This password has appeared in a data breach.";

/// Maximum time that a new password waits for the answer.
const DEADLINE: Duration = Duration::from_millis(1500);
/// Length of the part of the hash that is sent, in hexadecimal digits.
const PREFIX_LENGTH: usize = 5;
/// Maximum size of an answer, in bytes. The hashes of a prefix take some 60 KB, with padding and the
/// counts: the service knows a billion and a half in 2026, evenly spread over a million prefixes.
const MAX_ANSWER_BYTES: usize = 512 * 1024;

/// A value of `password_breach_check`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BreachCheck {
    Off,
    /// Pwned Passwords of Have I Been Pwned.
    Hibp {
        /// Scheme and authority, without a trailing slash.
        host: String,
    },
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("invalid request: {0}")]
    Request(#[from] axum::http::Error),
    #[error("{0}")]
    Http(#[from] outbound::HttpError),
    #[error("status {0}")]
    Status(StatusCode),
    #[error("the response is not a list of hashes")]
    NotAList,
}

/// Refuses a password that has appeared in a breach, if `password_breach_check` is on. Without an
/// answer, the password passes. Other requests may use the instance in the meantime, so the caller must
/// have no transaction, and should have returned its connection.
///
/// # Errors
/// A 422 about `field`.
pub async fn refuse_breached(
    app: &App,
    field: &'static str,
    password: &NewPassword,
) -> Result<(), Error> {
    let BreachCheck::Hibp { host } = &app.settings.passwords.breach_check else {
        return Ok(());
    };
    let hash = base16ct::upper::encode_string(&Sha1::digest(password.expose()));
    match is_known(host, &hash).await {
        Ok(false) => Ok(()),
        Ok(true) => Err(FieldError::refused(field, IN_A_BREACH.into(), None).into()),
        Err(cause) => {
            tracing::warn!(%cause, "password not checked for breaches");
            Ok(())
        }
    }
}

/// Whether the service knows this hash, in upper-case hexadecimal. Only the start of it is sent.
async fn is_known(host: &str, hash: &str) -> Result<bool, NoAnswer> {
    let (prefix, suffix) = hash.split_at(PREFIX_LENGTH);
    let request = Request::get(format!("{host}/range/{prefix}"))
        .header(header::USER_AGENT, "gatehouse")
        // Entries that were never seen hide from observers how long the answer is.
        .header("add-padding", "true")
        .body(Full::new(Bytes::new()))?;
    let _released = instance_lock::release_while_waiting();
    let response = outbound::send_limited(request, DEADLINE, MAX_ANSWER_BYTES).await?;
    if response.status != StatusCode::OK {
        return Err(NoAnswer::Status(response.status));
    }
    is_listed(&response.body, suffix).ok_or(NoAnswer::NotAList)
}

/// Whether a list of lines `suffix:count` has this suffix, with a count above 0, which padding has.
/// `None` if it is not such a list.
fn is_listed(list: &[u8], suffix: &str) -> Option<bool> {
    let mut is_listed = false;
    for line in std::str::from_utf8(list).ok()?.lines() {
        let (listed, count) = line.split_once(':')?;
        let count: u64 = count.parse().ok()?;
        if listed.len() != suffix.len() {
            return None;
        }
        is_listed |= listed.eq_ignore_ascii_case(suffix) && count > 0;
    }
    (!list.is_empty()).then_some(is_listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUFFIX: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";

    #[test]
    fn a_listed_suffix_counts_unless_it_is_padding() {
        let other = "0018A45C4D1DEF81644B54AB7F969B88D65";
        for (list, expected) in [
            (format!("{SUFFIX}:1"), true),
            (format!("{other}:3\r\n{SUFFIX}:42\r\n{other}:0"), true),
            (format!("{}:1\n", SUFFIX.to_lowercase()), true),
            (format!("{SUFFIX}:18446744073709551615"), true),
            (format!("{other}:3\r\n{SUFFIX}:0"), false),
            (format!("{other}:3"), false),
        ] {
            assert_eq!(is_listed(list.as_bytes(), SUFFIX), Some(expected), "{list}");
        }
    }

    #[test]
    fn anything_else_is_not_a_list() {
        for list in [
            String::new(),
            "\r\n".into(),
            "<html>".into(),
            "a:1".into(),
            SUFFIX.to_string(),
            format!("{SUFFIX}:"),
            format!("{SUFFIX}:-1"),
            format!("{SUFFIX}:many"),
            format!("{SUFFIX}:1\n{{}}"),
        ] {
            assert_eq!(is_listed(list.as_bytes(), SUFFIX), None, "{list}");
        }
        assert_eq!(is_listed(b"\xff:1", SUFFIX), None);
    }
}
