//! spin.toml: the subset of Spin's manifest, version 2, that this host supports.

mod schema;
mod services;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, ensure};

use schema::Document;
pub(crate) use schema::{Build, Component, Inherit, Variable};
use services::Trigger;
pub(crate) use services::{Middleware, Service};

/// A parsed and validated spin.toml.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// The directory of the file, which relative paths are resolved against.
    pub(crate) dir: PathBuf,
    /// `[variables]`, by name.
    pub(crate) variables: BTreeMap<String, Variable>,
    /// Every `[[trigger.http]]`.
    pub(crate) triggers: Vec<Trigger>,
    /// What answers the triggers, by name. Profiles of components are left out.
    pub(crate) services: BTreeMap<String, Service>,
}

impl Manifest {
    /// Reads `path`, a spin.toml or its directory.
    ///
    /// # Errors
    /// If the file is missing, is not a manifest that Spin would accept, or uses a feature that this
    /// host does not support.
    pub(crate) fn read(path: &Path) -> Result<Self> {
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
        Self::parse(&text, dir)
            .with_context(|| format!("the manifest {} is not usable", file.display()))
    }

    fn parse(text: &str, dir: PathBuf) -> Result<Self> {
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
        let (triggers, services) = services::of(&triggers, &document.component)?;
        for service in services.values() {
            for name in &service.component.sqlite_databases {
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
            services,
        })
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

    fn parse(text: &str) -> Result<Manifest> {
        Manifest::parse(text, PathBuf::new())
    }

    fn refusal(text: &str) -> String {
        format!("{:#}", parse(text).expect_err(text))
    }

    #[test]
    fn the_smallest_manifest_is_accepted() {
        let manifest = parse(&format!("{HEAD}{BODY}")).unwrap();
        assert_eq!(manifest.triggers[0].route.as_deref(), Some("/..."));
        assert_eq!(manifest.triggers[0].service, "app");
        assert_eq!(manifest.services["app"].component.source, "app.wasm");
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
            let message = refusal(text);
            assert!(
                message.contains(expected),
                "{message:?} has no {expected:?}"
            );
        }
    }

    #[test]
    fn only_components_with_a_trigger_are_kept() {
        let text = format!(
            "{HEAD}{BODY}[[trigger.http]]\nroute = \"/b\"\ncomponent = \"b\"\n\
             [component.b]\nsource = \"b.wasm\"\n[component.c]\nsource = \"c.wasm\"\n"
        );
        let manifest = parse(&text).unwrap();
        let ids: Vec<_> = manifest.services.keys().collect();
        assert_eq!(ids, ["app", "b"]);
    }

    #[test]
    fn a_parse_error_does_not_quote_the_file() {
        let text = format!("{HEAD}{BODY}variables = {{ KEY = \"hunter2\", KEY = 3 }}");
        assert!(!refusal(&text).contains("hunter2"));
    }

    #[test]
    fn several_build_commands_are_one_line() {
        let text = format!("{HEAD}{BODY}build.command = [\"one\", \"two\"]\n");
        let manifest = parse(&text).unwrap();
        let build = manifest.services["app"].component.build.as_ref().unwrap();
        assert_eq!(build.command.to_line(), "one && two");
    }

    #[test]
    fn keys_without_an_effect_here_are_accepted_as_in_spin() {
        let text = format!("{HEAD}{BODY}description = \"d\"\n[component.app.tool.x]\ny = 1\n");
        parse(&text).unwrap();
    }
}
