//! spin.toml: the subset of Spin's manifest, version 2, that this host supports.

mod schema;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, ensure};

use schema::Document;
pub(crate) use schema::{Component, HttpTrigger, Variable};

/// A parsed and validated spin.toml.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// The directory of the file, which relative paths are resolved against.
    pub(crate) dir: PathBuf,
    /// `[variables]`, by name.
    pub(crate) variables: BTreeMap<String, Variable>,
    /// Every `[[trigger.http]]`: the route and its component.
    pub(crate) triggers: Vec<HttpTrigger>,
    /// The components that have a route, by name, with the chosen profile applied.
    pub(crate) components: BTreeMap<String, Component>,
}

impl Manifest {
    /// Reads `path`, a spin.toml or its directory, and applies the profile.
    ///
    /// # Errors
    /// If the file is missing, is not a manifest that Spin would accept, or uses a feature that
    /// this host does not support.
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
        let document: Document = toml::from_str(text).map_err(one_line)?;
        let version = document.spin_manifest_version;
        ensure!(
            version == 2,
            "spin_manifest_version is {version}, and only 2 is supported"
        );
        for (name, variable) in &document.variables {
            ensure!(
                variable.required != variable.default.is_some(),
                "the variable `{name}` must either be `required` or have a `default`"
            );
        }
        let triggers = document.trigger.http;
        ensure!(!triggers.is_empty(), "there is no [[trigger.http]]");
        let mut components = routed(document.component, &triggers)?;
        if let Some(profile) = profile {
            apply(profile, &mut components)?;
        }
        for component in components.values() {
            for name in &component.sqlite_databases {
                ensure!(
                    name == "default",
                    "the database `{name}` is not supported, only `default` is"
                );
            }
        }
        Ok(Self {
            dir,
            variables: document.variables,
            triggers,
            components,
        })
    }
}

/// Keeps the components that the triggers name.
fn routed(
    mut components: BTreeMap<String, Component>,
    triggers: &[HttpTrigger],
) -> Result<BTreeMap<String, Component>> {
    components.retain(|id, _| triggers.iter().any(|trigger| trigger.component == *id));
    for HttpTrigger { component, .. } in triggers {
        ensure!(
            components.contains_key(component),
            "there is no [component.{component}]"
        );
    }
    Ok(components)
}

/// Applies a profile to the components that define it. At least one must.
fn apply(profile: &str, components: &mut BTreeMap<String, Component>) -> Result<()> {
    let is_defined = components
        .values()
        .any(|component| component.profile.contains_key(profile));
    ensure!(is_defined, "the profile `{profile}` is not defined");
    for component in components.values_mut() {
        component.apply(profile);
    }
    Ok(())
}

impl Component {
    fn apply(&mut self, name: &str) {
        let Some(profile) = self.profile.remove(name) else {
            return;
        };
        if let Some(source) = profile.source {
            self.source = source;
        }
        if let Some(build) = profile.build {
            self.build = Some(build);
        }
        self.environment.extend(profile.environment);
    }
}

/// The parser's message without its excerpt of the file, which may contain a secret.
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

    fn error_of(text: &str, profile: Option<&str>) -> String {
        format!("{:#}", parse(text, profile).expect_err(text))
    }

    #[test]
    fn a_minimal_manifest_is_accepted() {
        let manifest = parse(&format!("{HEAD}{BODY}"), None).unwrap();
        assert_eq!(manifest.triggers[0].route, "/...");
        assert_eq!(manifest.triggers[0].component, "app");
        assert_eq!(manifest.components["app"].source, "app.wasm");
    }

    #[test]
    fn a_manifest_that_spin_would_reject_is_rejected() {
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
                "only 2 is supported",
            ),
            (
                &format!("{HEAD}[variables]\na = {{}}\n{BODY}"),
                "must either be `required` or",
            ),
            (
                &format!("{HEAD}[variables]\na = {{ required = true, default = \"\" }}\n{BODY}"),
                "must either be `required` or",
            ),
            (
                &format!("{HEAD}{BODY}").replace("[component.app]", "[component.b]"),
                "no [component.app]",
            ),
            (
                &format!("{HEAD}{BODY}[[trigger.http]]\nroute = \"/b\"\ncomponent = \"b\"\n"),
                "no [component.b]",
            ),
            (
                &format!("{HEAD}[trigger]\nhttp = []\n[component]\n"),
                "no [[trigger.http]]",
            ),
            (
                &format!("{HEAD}{BODY}sqlite_databases = [\"other\"]"),
                "`other` is not supported",
            ),
        ];
        for (text, expected) in cases {
            let message = error_of(text, None);
            assert!(
                message.contains(expected),
                "{message:?} has no {expected:?}"
            );
        }
    }

    #[test]
    fn only_components_with_a_route_are_kept() {
        let text = format!(
            "{HEAD}{BODY}[[trigger.http]]\nroute = \"/b\"\ncomponent = \"b\"\n\
             [component.b]\nsource = \"b.wasm\"\n[component.c]\nsource = \"c.wasm\"\n"
        );
        let manifest = parse(&text, None).unwrap();
        let ids: Vec<_> = manifest.components.keys().collect();
        assert_eq!(ids, ["app", "b"]);
    }

    #[test]
    fn a_component_without_the_profile_is_unchanged() {
        let text = format!(
            "{HEAD}{BODY}[component.app.profile.debug]\nsource = \"debug.wasm\"\n\
             [[trigger.http]]\nroute = \"/b\"\ncomponent = \"b\"\n\
             [component.b]\nsource = \"b.wasm\"\n"
        );
        let components = parse(&text, Some("debug")).unwrap().components;
        assert_eq!(components["app"].source, "debug.wasm");
        assert_eq!(components["b"].source, "b.wasm");
    }

    #[test]
    fn a_parse_error_does_not_quote_the_file() {
        let text = format!("{HEAD}{BODY}environment = {{ KEY = \"hunter2\", KEY = 3 }}");
        assert!(!error_of(&text, None).contains("hunter2"));
    }

    #[test]
    fn an_unknown_profile_is_rejected() {
        assert!(
            error_of(&format!("{HEAD}{BODY}"), Some("debug")).contains("`debug` is not defined")
        );
    }

    #[test]
    fn a_profile_replaces_the_source_and_the_build_and_extends_the_environment() {
        let text = format!(
            "{HEAD}{BODY}environment = {{ A = \"1\", B = \"1\" }}\n\
             [component.app.build]\ncommand = \"release\"\nwatch = [\"src\"]\n\
             [component.app.profile.debug]\nsource = \"debug.wasm\"\n\
             build.command = [\"one\", \"two\"]\nenvironment = {{ B = \"2\" }}\n"
        );
        let components = parse(&text, Some("debug")).unwrap().components;
        let component = &components["app"];
        assert_eq!(component.source, "debug.wasm");
        let build = component.build.as_ref().unwrap();
        assert_eq!(build.command.to_line(), "one && two");
        assert_eq!(component.environment["A"], "1");
        assert_eq!(component.environment["B"], "2");
    }

    #[test]
    fn keys_without_an_effect_here_are_accepted_as_in_spin() {
        let text = format!("{HEAD}{BODY}description = \"d\"\n[component.app.tool.x]\ny = 1\n");
        parse(&text, None).unwrap();
    }
}
