//! The settings of requests and answers in general.

use axum::http::HeaderValue;
use url::Url;

use crate::settings::reader::Reader;

/// More proxies in a row than any deployment has.
const MAX_PROXY_HOPS: usize = 16;

/// Where the service is reached, and who may call it.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The application's address, without a slash at its end: links in mails begin with it.
    pub frontend_url: String,
    /// Which other origins' pages may call the API.
    pub cors: CorsOrigins,
    /// How many proxies in front of us are ours: their word on addresses is taken.
    pub trusted_proxy_hops: usize,
}

/// Which other origins' pages may call the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// None: same origin only.
    None,
    /// All, but without credentials.
    All,
    /// These.
    List(Vec<HeaderValue>),
}

impl HttpSettings {
    /// Reads the section; `None` means that the reader has noted the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        let frontend_url = reader.web_address("frontend_url").await;
        let cors = CorsOrigins::read(reader).await;
        let hops = reader
            .number("trusted_proxy_hops", 0..=MAX_PROXY_HOPS)
            .await;
        Some(Self {
            frontend_url: frontend_url?,
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
            let problem = "must be empty, *, or origins like https://app.example.com with commas \
                           between them";
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

/// An origin as browsers write it: scheme, host and port, and nothing behind them.
fn origin(text: &str) -> Option<HeaderValue> {
    let url = Url::parse(text).ok()?;
    let is_origin = url.origin().ascii_serialization() == text;
    is_origin.then(|| HeaderValue::from_str(text).ok())?
}
