//! Templates: text that contains `{{ variable }}`.

use std::collections::HashMap;

use anyhow::{Context, Result};

/// Substitutes the values of application variables into `template`.
///
/// # Errors
/// If a `{{` has no `}}`, or if it names an undeclared variable.
pub(crate) fn render(template: &str, values: &HashMap<String, String>) -> Result<String> {
    let mut rendered = String::new();
    let mut rest = template;
    while let Some((literal, expression)) = rest.split_once("{{") {
        let (name, after) = expression.split_once("}}").context("a `{{` has no `}}`")?;
        let name = name.trim();
        let value = values
            .get(name)
            .with_context(|| format!("there is no variable `{name}` in [variables]"))?;
        rendered.push_str(literal);
        rendered.push_str(value);
        rest = after;
    }
    rendered.push_str(rest);
    Ok(rendered)
}

/// Whether the text is a template rather than plain text.
pub(crate) fn is_template(text: &str) -> bool {
    text.contains("{{")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> HashMap<String, String> {
        HashMap::from([
            ("a".to_owned(), "1".to_owned()),
            ("b".to_owned(), "{{ a }}".to_owned()),
        ])
    }

    #[test]
    fn an_unmatched_brace_or_an_unknown_variable_is_rejected() {
        for template in ["{{", "x {{ a", "{{ a }} {{ b", "{{ c }}", "{{}}", "{{ A }}"] {
            assert!(render(template, &values()).is_err(), "{template:?}");
        }
    }

    #[test]
    fn variables_are_replaced_once_and_the_rest_is_kept() {
        for (template, expected) in [
            ("", ""),
            ("plain }} text", "plain }} text"),
            ("{{ a }}", "1"),
            ("{{a}}-{{  a }}.", "1-1."),
            ("{{ b }}", "{{ a }}"),
        ] {
            assert_eq!(render(template, &values()).unwrap(), expected);
        }
    }
}
