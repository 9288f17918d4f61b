//! The colours of pages and mails, derived from one so that text in them and on them is readable.

use palette::color_difference::Wcag21RelativeContrast;
use palette::{FromColor, Oklch, Srgb};
use serde::Serialize;

/// Least contrast of text: 4.5:1 (WCAG 2.2, success criterion 1.4.3, level AA). A hundredth more,
/// because `palette` computes the luminance with more digits than WCAG's formula.
const MIN_CONTRAST: f64 = 4.51;
/// Step of the search for a readable lightness, in OKLCH from 0 to 1.
const STEP: f64 = 0.01;
/// Distance in lightness of a link or button under the pointer.
const STRONGER: f64 = 0.08;

/// Of the backgrounds in `pages.css` and in mails, the one closest to the text in lightness: the
/// ground in the light scheme, the surface in the dark one.
const LIGHT_GROUND: Srgb<u8> = Srgb::new(0xf4, 0xf6, 0xf7);
const DARK_SURFACE: Srgb<u8> = Srgb::new(0x17, 0x23, 0x28);
/// Text on the accent in the dark scheme: its ground, which is darker than its surface.
const DARK_INK: &str = "#0f171b";

/// The colours of both schemes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Colors {
    light: Shades,
    dark: Shades,
}

/// The colours of one scheme, in CSS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Shades {
    /// Links, buttons and the name of the application.
    accent: String,
    /// The accent under the pointer.
    accent_strong: String,
    /// Text on either accent.
    on_accent: String,
}

impl Default for Colors {
    fn default() -> Self {
        Self {
            light: Shades::new("#0b6170", "#084b57", "#ffffff"),
            dark: Shades::new("#7cc9d6", "#a3dbe5", "#06272e"),
        }
    }
}

impl Shades {
    fn new(accent: &str, accent_strong: &str, on_accent: &str) -> Self {
        Self {
            accent: accent.to_owned(),
            accent_strong: accent_strong.to_owned(),
            on_accent: on_accent.to_owned(),
        }
    }
}

impl Colors {
    /// Derives the colours from one in CSS notation, `#rgb` or `#rrggbb`: darkened for the light
    /// scheme, lightened for the dark one, each until text in it is readable. Also tells whether it
    /// was darkened. `None` if the notation is another.
    pub fn from_hex(text: &str) -> Option<(Self, bool)> {
        let color = parse(text)?;
        let (accent, accent_strong) = readable_on(LIGHT_GROUND, color, -STEP);
        let light = Shades::new(&css(accent), &css(accent_strong), "#ffffff");
        let is_darkened = accent != color;
        let (accent, accent_strong) = readable_on(DARK_SURFACE, color, STEP);
        let dark = Shades::new(&css(accent), &css(accent_strong), DARK_INK);
        Some((Self { light, dark }, is_darkened))
    }
}

/// The colour, or the first shade of it that is readable on the background, and a stronger shade. A
/// negative step darkens. The search ends at black or white, which are readable on their backgrounds.
fn readable_on(background: Srgb<u8>, color: Srgb<u8>, step: f64) -> (Srgb<u8>, Srgb<u8>) {
    let mut lch = Oklch::from_color(color.into_format::<f64>());
    let mut accent = color;
    while contrast(accent, background) < MIN_CONTRAST && (0.0..=1.0).contains(&lch.l) {
        lch.l += step;
        accent = rgb(lch);
    }
    lch.l = (lch.l + STRONGER * step.signum()).clamp(0.0, 1.0);
    (accent, rgb(lch))
}

fn contrast(one: Srgb<u8>, other: Srgb<u8>) -> f64 {
    let one: Srgb<f64> = one.into_format();
    one.relative_contrast(other.into_format())
}

/// The closest displayable colour.
fn rgb(color: Oklch<f64>) -> Srgb<u8> {
    Srgb::<f64>::from_color(color).into_format()
}

fn css(color: Srgb<u8>) -> String {
    format!("#{color:x}")
}

/// Only ASCII goes on to the library, whose parser panics on some other characters.
fn parse(text: &str) -> Option<Srgb<u8>> {
    let digits = text.strip_prefix('#')?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_short_or_long = matches!(digits.len(), 3 | 6);
    (is_hex && is_short_or_long).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests;
