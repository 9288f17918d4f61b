//! The supported languages, and their negotiation by `Accept-Language`.

mod accept_language;

/// Language codes (RFC 5646). The first is the default. Each has its strings in
/// `templates/languages/<code>.json`.
pub const LANGUAGES: &[&str] = &["en", "pl"];

/// A supported language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Language(usize);

impl Language {
    /// Picks the supported language with the highest quality in an `Accept-Language` header, by
    /// primary subtag: `pl-PL` matches Polish (RFC 9110, 12.5.4). Malformed ranges are ignored.
    pub fn negotiate(header: &str) -> Self {
        let mut chosen = Self::default();
        let mut highest = 0.0;
        for range in header.split(',') {
            let (tag, quality) = read_range(range);
            let primary = tag.split('-').next().unwrap_or_default();
            if let Some(language) = Self::from_code(primary)
                && quality > highest
            {
                chosen = language;
                highest = quality;
            }
        }
        chosen
    }

    /// Finds a language by its code, ignoring case.
    pub fn from_code(code: &str) -> Option<Self> {
        let matches = |known: &&str| known.eq_ignore_ascii_case(code);
        LANGUAGES.iter().position(matches).map(Self)
    }

    /// The code, as stored and as used in HTML and HTTP.
    pub fn code(self) -> &'static str {
        LANGUAGES[self.0]
    }

    /// Index in [`LANGUAGES`].
    pub fn index(self) -> usize {
        self.0
    }
}

/// Parses a range and its quality. An invalid quality counts as 0.
fn read_range(range: &str) -> (&str, f32) {
    let mut parts = range.split(';').map(str::trim);
    let tag = parts.next().unwrap_or_default();
    let quality = match parts.next() {
        None => 1.0,
        Some(weight) => {
            let value = weight.strip_prefix("q=").or(weight.strip_prefix("Q="));
            value.and_then(|text| text.parse().ok()).unwrap_or(0.0)
        }
    };
    let is_quality = (0.0..=1.0).contains(&quality);
    (tag, if is_quality { quality } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_the_highest_quality_is_chosen() {
        for (header, code) in [
            ("pl", "pl"),
            ("pl-PL,pl;q=0.9,en-US;q=0.8,en;q=0.7", "pl"),
            ("en-US,en;q=0.9,pl;q=0.8", "en"),
            ("en;q=0.5, pl;q=0.7", "pl"),
            ("tlh, sjn;q=0.9, PL ; q=0.3", "pl"),
            ("tlh-CH, pl;q=0.001", "pl"),
            ("pl, en", "pl"),
            ("en, pl", "en"),
        ] {
            assert_eq!(Language::negotiate(header).code(), code, "{header}");
        }
    }

    #[test]
    fn an_unsupported_or_malformed_request_gets_the_default() {
        for header in [
            "",
            "*",
            "tlh",
            "plx",
            "pl_PL",
            "pl;q=0",
            "pl;q=NaN",
            "pl;q=inf",
            "pl;q=2",
            "pl;q=-1",
            "pl;q=",
            "pl;level=1",
            ";;;,,,q=1",
            "\u{17c}\u{f3}\u{142}w",
        ] {
            assert_eq!(Language::negotiate(header).code(), "en", "{header}");
        }
    }

    #[test]
    fn a_language_is_found_by_its_code_only() {
        for (index, code) in LANGUAGES.iter().enumerate() {
            let language = Language::from_code(code).expect(code);
            assert_eq!((language.index(), language.code()), (index, *code));
        }
        assert_eq!(Language::from_code("tlh"), None);
        assert_eq!(Language::from_code(""), None);
    }
}
