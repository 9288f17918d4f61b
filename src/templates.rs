//! The texts that people see, from the folder `templates`, compiled into the component.

use anyhow::Context;
use minijinja::{Environment, UndefinedBehavior, Value};

/// Every template, by the name that others extend or include it by.
const TEMPLATES: [(&str, &str); 8] = [
    (
        "email/base/body.html",
        include_str!("../templates/email/base/body.html"),
    ),
    (
        "email/password_reset/subject.txt",
        include_str!("../templates/email/password_reset/subject.txt"),
    ),
    (
        "email/password_reset/body.txt",
        include_str!("../templates/email/password_reset/body.txt"),
    ),
    (
        "email/password_reset/body.html",
        include_str!("../templates/email/password_reset/body.html"),
    ),
    (
        "email/password_changed/subject.txt",
        include_str!("../templates/email/password_changed/subject.txt"),
    ),
    (
        "email/password_changed/body.txt",
        include_str!("../templates/email/password_changed/body.txt"),
    ),
    (
        "email/password_changed/body.html",
        include_str!("../templates/email/password_changed/body.html"),
    ),
    (
        "pages/docs.html",
        include_str!("../templates/pages/docs.html"),
    ),
];

/// The templates of this instance; what is put into HTML is escaped.
pub struct Templates(Environment<'static>);

impl Templates {
    /// Compiles all templates.
    ///
    /// # Errors
    /// One of them is not a template, which a test rules out.
    pub fn new() -> anyhow::Result<Self> {
        let mut environment = Environment::new();
        // What is missing may be asked for, but not shown.
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.add_filter("schema_name", schema_name);
        for (name, source) in TEMPLATES {
            environment.add_template(name, source).context(name)?;
        }
        Ok(Self(environment))
    }

    /// Renders a template.
    ///
    /// # Errors
    /// There is no such template, or `context` lacks something that it shows.
    pub fn render(&self, name: &str, context: Value) -> anyhow::Result<String> {
        self.0
            .get_template(name)
            .and_then(|template| template.render(context))
            .with_context(|| format!("cannot render {name}"))
    }
}

/// The name of the schema that a JSON reference like `#/components/schemas/Token` points at.
fn schema_name(reference: String) -> String {
    reference.rsplit('/').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn every_template_compiles() {
        Templates::new().expect("templates");
    }

    #[test]
    fn a_value_that_is_missing_is_an_error_and_no_gap() {
        let templates = Templates::new().expect("templates");
        let rendered = templates.render("email/password_reset/body.txt", context! {});
        assert!(rendered.is_err());
    }
}
