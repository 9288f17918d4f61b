//! Settings of the brand.

use super::address::Address;
use super::colors::Colors;
use crate::settings::reader::Reader;

#[derive(Debug, Clone)]
pub struct BrandSettings {
    pub(super) colors: Colors,
    /// Whether `brand_color` is too light for text on a light ground, so that a darker shade replaces
    /// it.
    pub is_darkened: bool,
    /// The logo, in place of the application's name.
    pub(super) logo: Option<Address>,
    /// The terms of service, which a user accepts by registering.
    pub(super) terms: Option<Address>,
    pub(super) privacy: Option<Address>,
}

impl BrandSettings {
    /// Reads the section. On `None`, the reader has recorded the problems.
    pub async fn read(reader: &mut Reader) -> Option<Self> {
        let colors = colors(reader).await;
        let logo = address(reader, "brand_logo").await;
        let terms = address(reader, "terms_url").await;
        let privacy = address(reader, "privacy_url").await;
        let (colors, is_darkened) = colors?;
        Some(Self {
            colors,
            is_darkened,
            logo: logo?,
            terms: terms?,
            privacy: privacy?,
        })
    }
}

/// The colours, and whether the configured one was darkened.
async fn colors(reader: &mut Reader) -> Option<(Colors, bool)> {
    let variable = "brand_color";
    let value = reader.text(variable).await?;
    if value.is_empty() {
        return Some((Colors::default(), false));
    }
    let colors = Colors::from_hex(&value);
    if colors.is_none() {
        reader.refuse(
            variable,
            "must be empty or a colour such as #06c or #0066cc",
        );
    }
    colors
}

/// The address, if there is one.
async fn address(reader: &mut Reader, variable: &'static str) -> Option<Option<Address>> {
    let value = reader.text(variable).await?;
    if value.is_empty() {
        return Some(None);
    }
    let address = Address::parse(&value);
    if address.is_none() {
        let problem = "must be empty, a path such as /about.html, or an https URL";
        reader.refuse(variable, problem);
    }
    address.map(Some)
}
