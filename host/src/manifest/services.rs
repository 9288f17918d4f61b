//! The components that run: those that a trigger names, each with the middleware in front of it.

use std::collections::{BTreeMap, HashSet};

use anyhow::{Context, Result, bail, ensure};

use super::schema::{
    Build, Component, HttpTrigger, Inherit, PrivateEndpoint, TriggerDependency, TriggerRoute,
};

/// A `[[trigger.http]]`.
#[derive(Debug)]
pub(crate) struct Trigger {
    /// As written; `None` if only other components can call the service.
    pub(crate) route: Option<String>,
    /// The name of the service that answers.
    pub(crate) service: String,
}

/// A component that answers requests.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) component: Component,
    /// From the outermost to the innermost.
    pub(crate) middleware: Vec<Middleware>,
}

/// A component in front of another one.
#[derive(Debug)]
pub(crate) struct Middleware {
    /// The path of the built component, relative to the manifest's directory.
    pub(crate) source: String,
    /// What it may use of the configuration of the component behind it.
    pub(crate) inherit: Inherit,
    /// How to build it, if it is a component of this manifest.
    pub(crate) build: Option<Build>,
}

/// The triggers, and the services that they need by name. A component with several triggers becomes
/// a service of its own for each of those with middleware, named as in Spin: so a call from another
/// component, which uses the component's name, passes none of that middleware.
///
/// # Errors
/// If Spin would reject a trigger, or if it needs middleware that this host does not support.
pub(super) fn of(
    triggers: &[HttpTrigger],
    components: &BTreeMap<String, Component>,
) -> Result<(Vec<Trigger>, BTreeMap<String, Service>)> {
    let mut routed = Vec::new();
    let mut services = BTreeMap::new();
    for (trigger, trigger_id) in triggers.iter().zip(trigger_ids(triggers)?) {
        let id = &trigger.component;
        let component = components
            .get(id)
            .with_context(|| format!("there is no [component.{id}]"))?;
        let middleware = trigger.dependencies.middleware.iter();
        let middleware = middleware
            .map(|dependency| resolve(dependency, components, &trigger_id))
            .collect::<Result<Vec<_>>>()?;
        let triggers_of_component = triggers.iter().filter(|other| other.component == *id);
        let service = if middleware.is_empty() || triggers_of_component.count() == 1 {
            id.clone()
        } else {
            format!("{id}-for-{trigger_id}")
        };
        routed.push(Trigger {
            route: path(&trigger.route, id)?,
            service: service.clone(),
        });
        let component = component.clone();
        services.insert(
            service,
            Service {
                component,
                middleware,
            },
        );
    }
    Ok((routed, services))
}

/// The names of the triggers: those without one get the same as in Spin.
fn trigger_ids(triggers: &[HttpTrigger]) -> Result<Vec<String>> {
    let mut taken = HashSet::new();
    for id in triggers.iter().filter_map(|trigger| trigger.id.as_ref()) {
        ensure!(taken.insert(id.clone()), "two triggers have the id `{id}`");
    }
    let ids = triggers.iter().map(|trigger| {
        trigger.id.clone().unwrap_or_else(|| {
            let natural = format!("{}-http-trigger", trigger.component);
            let numbered = (1..).map(|number| format!("http-trigger{number}"));
            let mut candidates = std::iter::once(natural).chain(numbered);
            let free = candidates.find(|id| taken.insert(id.clone()));
            free.unwrap_or_default()
        })
    });
    Ok(ids.collect())
}

/// The errors about components have Spin's texts.
fn resolve(
    dependency: &TriggerDependency,
    components: &BTreeMap<String, Component>,
    trigger_id: &str,
) -> Result<Middleware> {
    ensure!(
        dependency.url.is_none() && dependency.package.is_none(),
        "the middleware of `{trigger_id}` has a URL or a registry, and this host only supports `component` and `path`"
    );
    let (source, build) = match (&dependency.component, &dependency.path) {
        (None, Some(path)) => (path, None),
        (Some(id), None) => {
            let component = components
                .get(id)
                .with_context(|| format!("dependency ID {id} does not exist"))?;
            ensure_without_configuration(component, id, trigger_id)?;
            (&component.source, component.build.clone())
        }
        _ => bail!("the middleware of `{trigger_id}` must have either a `component` or a `path`"),
    };
    Ok(Middleware {
        source: source.clone(),
        inherit: dependency.inherit_configuration.clone(),
        build,
    })
}

/// Middleware only ever has the configuration of the component behind it.
fn ensure_without_configuration(component: &Component, id: &str, trigger_id: &str) -> Result<()> {
    let Component {
        allowed_outbound_hosts,
        sqlite_databases,
        variables,
        ..
    } = component;
    let specified: Vec<_> = [
        ("allowed_outbound_hosts", allowed_outbound_hosts.is_empty()),
        ("sqlite_databases", sqlite_databases.is_empty()),
        ("variables", variables.is_empty()),
    ]
    .into_iter()
    .filter_map(|(key, is_empty)| (!is_empty).then_some(key))
    .collect();
    ensure!(
        specified.is_empty(),
        "Dependencies may not have their own resources or permissions. Component {id} cannot be used as a dependency of {trigger_id} because it specifies: {}",
        specified.join(", ")
    );
    Ok(())
}

fn path(route: &TriggerRoute, component: &str) -> Result<Option<String>> {
    match route {
        TriggerRoute::Path(path) => Ok(Some(path.clone())),
        TriggerRoute::Private(PrivateEndpoint { private: true }) => Ok(None),
        TriggerRoute::Private(PrivateEndpoint { private: false }) => bail!(
            "route must be a string pattern or '{{ private = true }}': '{component}' has {{ private = false }}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::Manifest;
    use super::*;

    const HEAD: &str = "spin_manifest_version = 2\n[application]\nname = \"app\"\n\
                        [[trigger.http]]\nroute = \"/...\"\ncomponent = \"app\"\n";
    const COMPONENTS: &str = "[component.app]\nsource = \"app.wasm\"\n\
                              [component.guard]\nsource = \"guard.wasm\"\n";

    /// A manifest with one trigger, which has `keys`, and two components.
    fn parse(keys: &str) -> Result<Manifest> {
        parse_text(&format!("{HEAD}{keys}\n{COMPONENTS}"))
    }

    fn parse_text(text: &str) -> Result<Manifest> {
        Manifest::parse(text, PathBuf::new())
    }

    fn names(manifest: &Manifest) -> Vec<&str> {
        manifest.services.keys().map(String::as_str).collect()
    }

    #[test]
    fn a_trigger_that_spin_or_this_host_would_reject_is_rejected() {
        for (keys, expected) in [
            (
                "dependencies.middleware = [{ component = \"none\" }]",
                "dependency ID none does not exist",
            ),
            (
                "dependencies.middleware = [{}]",
                "either a `component` or a `path`",
            ),
            (
                "dependencies.middleware = [{ component = \"guard\", path = \"a.wasm\" }]",
                "either a `component` or a `path`",
            ),
            (
                "dependencies.middleware = [{ url = \"https://a.test\", digest = \"sha256:0\" }]",
                "only supports `component` and `path`",
            ),
            (
                "dependencies.middleware = [{ package = \"a:b\", version = \"1\", registry = \"c\" }]",
                "only supports `component` and `path`",
            ),
            (
                "dependencies.middleware = [{ component = \"guard\", export = \"x\" }]",
                "unknown field `export`",
            ),
            (
                "dependencies.middleware = [{ component = \"guard\", inherit_configuration = 1 }]",
                "must be true, false or a list",
            ),
            ("dependencies.middleware = \"guard\"", "expected a sequence"),
            ("dependencies.other = []", "unknown field `other`"),
            (
                "[[trigger.http]]\nroute = { private = false }\ncomponent = \"app\"",
                "'app' has { private = false }",
            ),
            (
                "[[trigger.http]]\nroute = { secret = true }\ncomponent = \"app\"",
                "a route must be a string or",
            ),
            (
                "id = \"a\"\n[[trigger.http]]\nid = \"a\"\nroute = \"/a\"\ncomponent = \"app\"",
                "two triggers have the id `a`",
            ),
        ] {
            let message = format!("{:#}", parse(keys).expect_err(keys));
            assert!(
                message.contains(expected),
                "{message:?} has no {expected:?}"
            );
        }
    }

    #[test]
    fn middleware_has_no_configuration_of_its_own() {
        for own in [
            "allowed_outbound_hosts = [\"http://a.test\"]",
            "sqlite_databases = [\"default\"]",
            "variables = { a = \"b\" }",
        ] {
            let keys = "dependencies.middleware = [{ component = \"guard\" }]";
            let text = format!("{HEAD}{keys}\n{COMPONENTS}{own}\n");
            let message = format!("{:#}", parse_text(&text).expect_err(own));
            let (key, _) = own.split_once(' ').unwrap();
            let expected = format!("app-http-trigger because it specifies: {key}");
            assert!(message.ends_with(&expected), "{message}");
        }
    }

    #[test]
    fn middleware_is_listed_from_the_outermost_and_needs_no_route() {
        let manifest = parse(
            "dependencies.middleware = [\n{ path = \"outer.wasm\", inherit_configuration = [\"files\"] },\n\
             { component = \"guard\" }]",
        );
        let manifest = manifest.unwrap();
        assert_eq!(names(&manifest), ["app"]);
        let middleware = &manifest.services["app"].middleware;
        let sources: Vec<_> = middleware.iter().map(|it| it.source.as_str()).collect();
        assert_eq!(sources, ["outer.wasm", "guard.wasm"]);
        assert!(matches!(&middleware[0].inherit, Inherit::Keys(keys) if keys == &["files"]));
        assert!(matches!(middleware[1].inherit, Inherit::All(false)));
    }

    #[test]
    fn triggers_of_one_component_share_it_unless_they_have_middleware() {
        let other = |keys: &str| {
            format!("[[trigger.http]]\nroute = {{ private = true }}\ncomponent = \"app\"\n{keys}\n")
        };
        let middleware = "dependencies.middleware = [{ component = \"guard\" }]";
        for (text, expected) in [
            (other(""), &["app"][..]),
            (
                format!("{middleware}\n{}", other("")),
                &["app", "app-for-app-http-trigger"],
            ),
            (
                format!("{middleware}\n{}", other(middleware)),
                &["app-for-app-http-trigger", "app-for-http-trigger1"],
            ),
            (
                format!(
                    "{}{}",
                    other(middleware),
                    other(&format!("id = \"x\"\n{middleware}"))
                ),
                &["app", "app-for-http-trigger1", "app-for-x"],
            ),
        ] {
            assert_eq!(names(&parse(&text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn a_private_trigger_has_no_route() {
        let text = format!("{HEAD}{COMPONENTS}").replace("\"/...\"", "{ private = true }");
        let manifest = parse_text(&text).unwrap();
        assert!(manifest.triggers[0].route.is_none());
    }
}
