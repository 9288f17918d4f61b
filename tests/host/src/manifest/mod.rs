//! spin.toml: what this host understands of Spin's manifest, version 2.

mod schema;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail, ensure};

pub(crate) use schema::{Component, Variable};
use schema::{Document, HttpTrigger};

/// A parsed and checked spin.toml that routes to one component.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// The directory of the file: relative paths start here.
    pub(crate) dir: PathBuf,
    /// `[variables]`, by name.
    pub(crate) variables: BTreeMap<String, Variable>,
    /// The routes of every `[[trigger.http]]`, as written.
    pub(crate) routes: Vec<String>,
    /// The name of the component that answers them.
    pub(crate) component_id: String,
    /// That component, with the chosen profile applied.
    pub(crate) component: Component,
}

impl Manifest {
    /// Reads `path`, a spin.toml or its directory, and applies the profile.
    ///
    /// # Errors
    /// When the file is missing, is not what Spin would accept, or asks for
    /// what this host does not have.
    pub(crate) fn read(path: &Path, profile: Option<&str>) -> Result<Self> {
        let file = if path.is_dir() {
            path.join("spin.toml")
        } else {
            path.to_owned()
        };
        let text = std::fs::read_to_string(&file).with_context(|| {
            format!(
                "cannot read the manifest {} (name it with --from)",
                file.display()
            )
        })?;
        let dir = file.parent().unwrap_or(Path::new("")).to_owned();
        Self::parse(&text, dir, profile)
            .with_context(|| format!("the manifest {} is not usable", file.display()))
    }

    fn parse(text: &str, dir: PathBuf, profile: Option<&str>) -> Result<Self> {
        let mut document: Document = toml::from_str(text).map_err(one_line)?;
        let version = document.spin_manifest_version;
        ensure!(
            version == 2,
            "spin_manifest_version is {version}, and only 2 is known"
        );
        for (name, variable) in &document.variables {
            ensure!(
                variable.required != variable.default.is_some(),
                "the variable `{name}` must be `required` or have a `default`, one of the two"
            );
        }
        let component_id = only_component(&document.trigger.http)?;
        let mut component = document
            .component
            .remove(&component_id)
            .with_context(|| format!("there is no [component.{component_id}]"))?;
        if let Some(profile) = profile {
            component.apply(profile)?;
        }
        for name in &component.sqlite_databases {
            ensure!(
                name == "default",
                "the database `{name}` is not known, only `default` is"
            );
        }
        Ok(Self {
            dir,
            variables: document.variables,
            routes: document
                .trigger
                .http
                .into_iter()
                .map(|trigger| trigger.route)
                .collect(),
            component_id,
            component,
        })
    }
}

fn only_component(triggers: &[HttpTrigger]) -> Result<String> {
    let first = triggers.first().context("there is no [[trigger.http]]")?;
    if let Some(other) = triggers
        .iter()
        .find(|other| other.component != first.component)
    {
        let (a, b) = (&first.component, &other.component);
        bail!("routes lead to `{a}` and to `{b}`, and this host serves one component");
    }
    Ok(first.component.clone())
}

impl Component {
    fn apply(&mut self, name: &str) -> Result<()> {
        let profile = self
            .profile
            .remove(name)
            .ok_or_else(|| anyhow!("the profile `{name}` is not defined"))?;
        if let Some(source) = profile.source {
            self.source = source;
        }
        if let Some(build) = profile.build {
            self.build = Some(build);
        }
        self.environment.extend(profile.environment);
        Ok(())
    }
}

/// The parser's message without its excerpt of the file, which may hold a secret.
fn one_line(err: toml::de::Error) -> anyhow::Error {
    anyhow!("{}", err.message().replace('\n', ", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "spin_manifest_version = 2\n[application]\nname = \"app\"\n";
    const BODY: &str = "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"app\"\n\
                        [component.app]\nsource = \"app.wasm\"\n";

    fn parse(text: &str, profile: Option<&str>) -> Result<Manifest> {
        Manifest::parse(text, PathBuf::new(), profile)
    }

    fn refusal(text: &str, profile: Option<&str>) -> String {
        format!("{:#}", parse(text, profile).expect_err(text))
    }

    #[test]
    fn the_smallest_manifest_is_accepted() {
        let manifest = parse(&format!("{HEAD}{BODY}"), None).unwrap();
        assert_eq!(manifest.routes, ["/..."]);
        assert_eq!(manifest.component_id, "app");
        assert_eq!(manifest.component.source, "app.wasm");
    }

    #[test]
    fn a_manifest_that_spin_would_refuse_is_refused() {
        let cases = [
            ("", "missing field"),
            (
                &format!("{HEAD}{BODY}").replace("name", "nam"),
                "unknown field `nam`",
            ),
            ("= 3", "key"),
            (
                &format!("{HEAD}{BODY}sources = \"x\""),
                "unknown field `sources`",
            ),
            (
                &format!("{HEAD}{BODY}").replace("= 2", "= 1"),
                "only 2 is known",
            ),
            (
                &format!("{HEAD}[variables]\na = {{}}\n{BODY}"),
                "must be `required` or",
            ),
            (
                &format!("{HEAD}[variables]\na = {{ required = true, default = \"\" }}\n{BODY}"),
                "must be `required` or",
            ),
            (
                &format!("{HEAD}{BODY}").replace("[component.app]", "[component.b]"),
                "no [component.app]",
            ),
            (
                &format!("{HEAD}{BODY}sqlite_databases = [\"other\"]"),
                "`other` is not known",
            ),
        ];
        for (text, expected) in cases {
            let message = refusal(text, None);
            assert!(
                message.contains(expected),
                "{message:?} has no {expected:?}"
            );
        }
    }

    #[test]
    fn a_second_component_is_refused() {
        let text = format!("{HEAD}{BODY}[[trigger.http]]\nroute = \"/b\"\ncomponent = \"b\"\n");
        assert!(refusal(&text, None).contains("serves one component"));
    }

    #[test]
    fn a_parse_error_does_not_quote_the_file() {
        let text = format!("{HEAD}{BODY}environment = {{ KEY = \"hunter2\", KEY = 3 }}");
        assert!(!refusal(&text, None).contains("hunter2"));
    }

    #[test]
    fn an_unknown_profile_is_refused() {
        assert!(
            refusal(&format!("{HEAD}{BODY}"), Some("debug")).contains("`debug` is not defined")
        );
    }

    #[test]
    fn a_profile_replaces_the_source_and_the_build_and_adds_to_the_environment() {
        let text = format!(
            "{HEAD}{BODY}environment = {{ A = \"1\", B = \"1\" }}\n\
             [component.app.build]\ncommand = \"release\"\nwatch = [\"src\"]\n\
             [component.app.profile.debug]\nsource = \"debug.wasm\"\n\
             build.command = [\"one\", \"two\"]\nenvironment = {{ B = \"2\" }}\n"
        );
        let component = parse(&text, Some("debug")).unwrap().component;
        assert_eq!(component.source, "debug.wasm");
        assert_eq!(component.build.unwrap().command.to_line(), "one && two");
        assert_eq!(component.environment["A"], "1");
        assert_eq!(component.environment["B"], "2");
    }

    #[test]
    fn what_has_no_effect_here_is_accepted_as_spin_does() {
        let text = format!("{HEAD}{BODY}description = \"d\"\n[component.app.tool.x]\ny = 1\n");
        parse(&text, None).unwrap();
    }
}
