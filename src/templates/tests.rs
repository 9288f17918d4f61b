//! Every template in every language, and the consistency of the languages.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::*;

/// The colours of a scheme.
fn shades() -> Value {
    context! { accent => "#0b6170", accent_strong => "#084b57", on_accent => "#ffffff" }
}

/// Values for every template.
fn sample() -> Value {
    context! {
        app_name => "My <App>",
        brand => context! {
            colors => context! { light => shades(), dark => shades() },
            logo => "https://cdn.example.com/a'>\"<b>.svg",
            terms => "/terms?a'>\"<b>",
            privacy => "/privacy",
        },
        captcha => "builtin",
        password_rules => "nist",
        verification => "optional",
        grace_days => 30,
        min_length => 6,
        minutes => 15,
        year => 2026,
        username => "Tom",
        to => "tom@example.com",
        old => "tom@example.com",
        new => "tom@example.org",
        code => "48150926",
        code_minutes => 10,
        hours => 24,
        time => "2026-11-22 11:46",
        user_agent => "Browser <b>/1.0",
        ip_prefix => "192.0.2.0/24",
        deletes_at => "2026-12-22T11:46:27Z",
        link => "https://app.example.com/auth/reset-password?token=abc",
    }
}

fn languages() -> impl Iterator<Item = Language> {
    let by_code = |code: &&str| Language::from_code(code).expect("a language");
    LANGUAGES.iter().map(by_code)
}

/// The templates that are rendered on their own. The others are included.
fn templates() -> impl Iterator<Item = String> {
    const PARTS: [&str; 4] = [
        "email/base/button.html",
        "pages/code.html",
        "pages/field.html",
        "pages/submit.html",
    ];
    let names = Files::iter().map(|name| name.into_owned());
    let templates = names.filter(|name| name.starts_with("email/") || name.starts_with("pages/"));
    let is_part = |name: &str| {
        let folders = ["pages/account/", "pages/admin/"];
        PARTS.contains(&name) || folders.iter().any(|folder| name.starts_with(folder))
    };
    templates.filter(move |name| !is_part(name))
}

/// Every string of a language, by its path.
fn strings(language: Language) -> BTreeMap<String, String> {
    fn collect(path: &str, value: &Json, strings: &mut BTreeMap<String, String>) {
        match value {
            Json::Object(fields) => {
                for (name, value) in fields {
                    collect(&format!("{path}/{name}"), value, strings);
                }
            }
            Json::String(text) => {
                strings.insert(path.to_owned(), text.clone());
            }
            other => panic!("{path} is no string: {other}"),
        }
    }
    let all = serde_json::from_str(
        &read(&format!("languages/{}.json", language.code())).expect("a file"),
    )
    .expect("strings are JSON");
    let mut strings = BTreeMap::new();
    collect("", &all, &mut strings);
    strings
}

/// The placeholders `{name}` of a text, sorted. CSS blocks have a space after the brace.
fn placeholders(text: &str) -> Vec<&str> {
    let mut names: Vec<_> = text
        .split('{')
        .skip(1)
        .filter(|rest| rest.starts_with(char::is_alphabetic))
        .map(|rest| rest.split('}').next().unwrap_or_default())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn all_languages_have_the_same_strings_with_the_same_placeholders() {
    let first = strings(Language::default());
    for language in languages() {
        let strings = strings(language);
        let (expected, keys): (Vec<_>, Vec<_>) = (first.keys().collect(), strings.keys().collect());
        assert_eq!(keys, expected, "{}", language.code());
        for (key, text) in strings {
            let code = language.code();
            assert!(!text.trim().is_empty(), "{code}: {key} is empty");
            assert_eq!(
                placeholders(&text),
                placeholders(&first[&key]),
                "{code}: {key}"
            );
        }
    }
}

#[test]
fn the_texts_differ_between_the_languages() {
    let english = strings(Language::default());
    let polish = strings(Language::from_code("pl").expect("Polish"));
    let same: Vec<_> = english
        .iter()
        .filter(|(key, text)| polish[*key] == **text)
        .collect();
    // "Administrator", "Moderator" and "Pro" are the same in both.
    assert_eq!(same.len(), 3, "{same:?}");
}

#[test]
fn every_template_renders_in_every_language_and_fills_every_placeholder() {
    let templates = Templates::default();
    for language in languages() {
        let strings = templates.strings(language).expect("strings");
        for name in self::templates() {
            let rendered = templates.render_in(language, &name, sample()).expect(&name);
            // Scripts fill the placeholders in their messages.
            let groups = ["messages", "own_messages", "admin_messages"];
            let rendered = groups.iter().fold(rendered, |rendered, group| {
                let messages = strings.get_attr(group).and_then(json).expect(group);
                rendered.replace(&messages.to_string(), "")
            });
            assert!(placeholders(&rendered).is_empty(), "{name}: {rendered}");
            assert!(
                !rendered.contains("My <App>") || name.ends_with(".txt"),
                "{name}"
            );
            assert!(
                !rendered.contains("<b>") || name.ends_with(".txt"),
                "{name}"
            );
        }
    }
}

#[test]
fn the_part_of_a_string_in_brackets_becomes_a_link() {
    let linked = |text: &str, address: &str| linked(text.to_owned(), address.to_owned());
    let html = linked("Read the [terms & <b>] now.", "/a?b=\"c\"&d").expect("a link");
    assert!(html.is_safe());
    assert_eq!(
        html.to_string(),
        "Read the <a href=\"&#x2f;a?b=&quot;c&quot;&amp;d\">terms &amp; &lt;b&gt;</a> now."
    );
    for text in ["Read the terms.", "Read [the terms.", "Read ]the[ terms."] {
        assert!(linked(text, "/terms").is_err(), "{text}");
    }
}

#[test]
fn a_missing_value_is_an_error() {
    let templates = Templates::default();
    for name in ["email/password_reset/body.txt", "pages/register.html"] {
        let rendered = templates.render_in(Language::default(), name, context! {});
        assert!(rendered.is_err(), "{name}");
    }
    assert!(templates.render("pages/nothing.html", sample()).is_err());
}
