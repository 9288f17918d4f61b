//! The contrast rule, checked with WCAG's own formula.

use std::fs;

use super::*;

/// Ugly, pale, dark, garish and ordinary colours, and whether they are darkened.
const TABLE: [(&str, bool); 20] = [
    ("#000000", false),
    ("#000", false),
    ("#0b6170", false),
    ("#00f", false),
    ("#0000FF", false),
    ("#8b4513", false),
    ("#dc143c", false),
    ("#f00", true),
    ("#ff7f00", true),
    ("#e91e63", true),
    ("#f0f", true),
    ("#0ff", true),
    ("#ff0", true),
    ("#FFFF00", true),
    ("#1db954", true),
    ("#777", true),
    ("#808080", true),
    ("#fefefe", true),
    ("#fff", true),
    ("#ffffff", true),
];

/// Relative luminance: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
fn luminance(css: &str) -> f64 {
    let [red, green, blue] = [1, 3, 5].map(|at| {
        let value = u8::from_str_radix(&css[at..at + 2], 16).expect("two digits");
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// Contrast ratio: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
fn wcag_contrast(one: &str, other: &str) -> f64 {
    let [one, other] = [one, other].map(|color| luminance(color) + 0.05);
    one.max(other) / one.min(other)
}

fn assert_readable(colors: &Colors, case: &str) {
    for (shades, backgrounds) in [
        (&colors.light, ["#f4f6f7", "#ffffff"]),
        (&colors.dark, ["#0f171b", "#172328"]),
    ] {
        let on_accent = shades.on_accent.as_str();
        for accent in [&shades.accent, &shades.accent_strong] {
            for other in backgrounds.into_iter().chain([on_accent]) {
                let contrast = wcag_contrast(accent, other);
                assert!(contrast >= 4.5, "{case}: {accent} on {other}: {contrast}");
            }
        }
    }
}

#[test]
fn text_in_and_on_every_color_is_readable_in_both_schemes() {
    assert_readable(&Colors::default(), "the default");
    for (color, is_darkened) in TABLE {
        let (colors, was_darkened) = Colors::from_hex(color).expect(color);
        assert_eq!(was_darkened, is_darkened, "{color}");
        assert_readable(&colors, color);
    }
}

#[test]
fn text_in_and_on_any_of_a_grid_of_colors_is_readable() {
    const LEVELS: [u8; 6] = [0x00, 0x33, 0x66, 0x99, 0xcc, 0xff];
    for red in LEVELS {
        for green in LEVELS {
            for blue in LEVELS {
                let color = format!("#{red:02x}{green:02x}{blue:02x}");
                let (colors, _) = Colors::from_hex(&color).expect("a colour");
                assert_readable(&colors, &color);
            }
        }
    }
}

#[test]
fn a_readable_color_is_used_unchanged() {
    let accents = |color| {
        let (colors, _) = Colors::from_hex(color).expect("a colour");
        (colors.light.accent, colors.dark.accent)
    };
    assert_eq!(accents("#0b6170").0, "#0b6170");
    assert_eq!(accents("#1DB954").1, "#1db954");
    assert_eq!(accents("#06c").0, "#0066cc");
}

#[test]
fn anything_but_three_or_six_hexadecimal_digits_is_refused() {
    for text in [
        "",
        "#",
        "06c",
        "#06",
        "#06cc",
        "#06c06",
        "#0066cc00",
        "#06g",
        "# 06c",
        "#-1-1-1",
        "#é1",
        "#１２３",
        "red",
        "rgb(0,0,0)",
        "#06c;}",
        "#06c\n",
    ] {
        assert_eq!(Colors::from_hex(text), None, "{text}");
    }
}

/// The stylesheet and the mails have these backgrounds.
#[test]
fn the_backgrounds_are_those_of_the_pages_and_of_the_mails() {
    for file in ["assets/auth/pages.css", "email/base/body.html"] {
        let path = format!("{}/templates/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(path).expect("a template");
        let (light, dark) = match file {
            "assets/auth/pages.css" => text.split_once("prefers-color-scheme: dark"),
            // The dark colours of a mail are in its style sheet, the light ones at each element.
            _ => text
                .split_once("</style>")
                .map(|(dark, light)| (light, dark)),
        }
        .expect("both schemes");
        for (scheme, colors) in [
            (light, ["#f4f6f7", "#ffffff"]),
            (dark, ["#0f171b", "#172328"]),
        ] {
            for color in colors {
                assert!(scheme.contains(color), "{file} has no {color}");
            }
        }
    }
}
