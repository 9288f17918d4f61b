//! Settings of mail.

use secrecy::SecretString;

use super::providers::{MailApi, PROVIDERS};
use crate::settings::reader::Reader;
use crate::users::email::Email;

#[derive(Debug, Clone)]
pub struct MailSettings {
    pub provider: MailProvider,
    pub from_email: String,
    /// Sender name, and the name of the application in pages and mails.
    pub from_name: String,
}

#[derive(Debug, Clone)]
pub enum MailProvider {
    /// Writes mails to the log, for development.
    Log,
    /// A provider with an HTTP API.
    Api {
        /// Selects the request format.
        api: MailApi,
        /// Scheme and authority of the API, without a trailing slash.
        host: String,
        api_key: SecretString,
    },
}

impl MailSettings {
    /// Reads the section. On `None`, the reader has recorded the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        let provider = MailProvider::read(reader).await;
        let from_email = sender(reader).await;
        let from_name = reader.one_line("emails_from_name").await;
        Some(Self {
            provider: provider?,
            from_email: from_email?,
            from_name: from_name?,
        })
    }
}

impl MailProvider {
    async fn read(reader: &mut Reader) -> Option<Self> {
        let Some((api, default_host)) = reader.choice("email_provider", PROVIDERS).await? else {
            return Some(Self::Log);
        };
        let host = reader.api_host("email_api_host", default_host).await;
        let api_key = reader.one_line("email_api_key").await;
        Some(Self::Api {
            api,
            host: host?,
            api_key: SecretString::from(api_key?),
        })
    }
}

/// The sender's address, as configured.
async fn sender(reader: &mut Reader) -> Option<String> {
    let variable = "emails_from_email";
    let value = reader.text(variable).await?;
    if let Err(reason) = Email::parse(&value) {
        reader.refuse(variable, format!("must be an email address: {reason}"));
        return None;
    }
    Some(value)
}
