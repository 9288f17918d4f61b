//! Folds spellings of a text that people take for the same.

use icu_normalizer::uts46::Uts46MapperBorrowed;

/// Maps a text to lower case and compatible characters to their usual form (NFKC), and removes
/// invisible ones. `Ｐassword` and `𝓹assword` become `password`.
///
/// This is the mapping of international domains (UTS 46), whose data the component has anyway. What a
/// domain cannot contain becomes U+FFFD, so it is for comparisons only. ASCII is kept.
pub fn fold(text: &str) -> String {
    Uts46MapperBorrowed::new()
        .map_normalize(text.chars())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_text_are_the_same() {
        for (text, folded) in [
            ("Tom Sawyer_1!", "tom sawyer_1!"),
            ("ＴＯＭ１", "tom1"),
            ("t\u{200B}o\u{AD}m", "tom"),
            ("ŻÓŁW", "żółw"),
            ("z\u{307}o\u{301}łw", "żółw"),
            ("", ""),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
        }
    }

    #[test]
    fn ascii_is_kept_except_for_its_case() {
        let ascii: String = (0..128_u8).map(char::from).collect();
        assert_eq!(fold(&ascii), ascii.to_ascii_lowercase());
    }
}
