//! Settings of HTTP: address, CORS, proxies.

use axum::http::HeaderValue;
use url::Url;

use crate::settings::reader::Reader;

/// More than any deployment needs.
const MAX_PROXY_HOPS: usize = 16;

#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Address of the application, without a trailing slash. Links in mails start with it.
    pub frontend_url: String,
    /// Origin of the application, as browsers write it.
    pub frontend_origin: String,
    /// Origins allowed by CORS.
    pub cors: CorsOrigins,
    /// Number of our own proxies, whose `X-Forwarded-*` headers are trusted.
    pub trusted_proxy_hops: usize,
}

/// Origins allowed by CORS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Same origin only.
    None,
    /// All origins, without credentials.
    All,
    /// Only these origins.
    List(Vec<HeaderValue>),
}

impl HttpSettings {
    /// Whether browsers reach the application over HTTPS.
    pub fn is_https(&self) -> bool {
        self.frontend_origin.starts_with("https:")
    }

    /// Reads the section. On `None`, the reader has recorded the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        let frontend_url = reader.web_address("frontend_url").await;
        let cors = CorsOrigins::read(reader).await;
        let hops = reader
            .number("trusted_proxy_hops", 0..=MAX_PROXY_HOPS)
            .await;
        let frontend_url = frontend_url?;
        let frontend_origin = Url::parse(&frontend_url).ok()?.origin();
        Some(Self {
            frontend_origin: frontend_origin.ascii_serialization(),
            frontend_url,
            cors: cors?,
            trusted_proxy_hops: hops?,
        })
    }
}

impl CorsOrigins {
    async fn read(reader: &mut Reader) -> Option<Self> {
        let value = reader.text("cors_allow_origins").await?;
        match value.as_str() {
            "" => return Some(Self::None),
            "*" => return Some(Self::All),
            _ => {}
        }
        let origins: Option<Vec<_>> = value.split(',').map(|text| origin(text.trim())).collect();
        if origins.is_none() {
            let problem = "must be empty, *, or a comma-separated list of origins such as \
                           https://app.example.com";
            reader.refuse("cors_allow_origins", problem);
        }
        origins.map(Self::List)
    }

    /// Whether pages of this origin may call the API.
    pub fn allows(&self, origin: &HeaderValue) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::List(list) => list.contains(origin),
        }
    }
}

/// An origin as browsers write it: scheme, host and port only.
fn origin(text: &str) -> Option<HeaderValue> {
    let url = Url::parse(text).ok()?;
    let is_origin = url.origin().ascii_serialization() == text;
    is_origin.then(|| HeaderValue::from_str(text).ok())?
}
