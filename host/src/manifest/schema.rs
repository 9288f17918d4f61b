//! The tables and keys of spin.toml that this host supports.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) spin_manifest_version: u8,
    #[serde(rename = "application")]
    _application: Application,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, Variable>,
    pub(super) trigger: Triggers,
    pub(super) component: BTreeMap<String, Component>,
}

/// `[application]`: has no effect here, but Spin validates it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "version")]
    _version: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "authors")]
    _authors: Option<Vec<String>>,
    #[serde(rename = "targets")]
    _targets: Option<IgnoredAny>,
    #[serde(rename = "trigger")]
    _trigger: Option<IgnoredAny>,
    #[serde(rename = "tool")]
    _tool: Option<IgnoredAny>,
}

/// `[trigger]`: this host only supports the HTTP trigger.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Triggers {
    pub(super) http: Vec<HttpTrigger>,
}

/// `[[trigger.http]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpTrigger {
    pub(super) route: TriggerRoute,
    /// The name of the component that answers it.
    pub(super) component: String,
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) dependencies: TriggerDependencies,
    #[serde(rename = "executor")]
    _executor: Option<IgnoredAny>,
}

/// `route`.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a route must be a string or `{ private = true }`"
)]
pub(super) enum TriggerRoute {
    Path(String),
    Private(PrivateEndpoint),
}

/// `{ private = true }`: only other components can call the component.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrivateEndpoint {
    pub(super) private: bool,
}

/// `dependencies`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TriggerDependencies {
    /// From the outermost, which gets the request first, to the innermost.
    #[serde(default)]
    pub(super) middleware: Vec<TriggerDependency>,
}

/// The source of a middleware component, and what it may use of the guarded component's configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TriggerDependency {
    /// The name of a component of this manifest.
    pub(super) component: Option<String>,
    /// The path of a built component, relative to the manifest's directory.
    pub(super) path: Option<String>,
    pub(super) url: Option<IgnoredAny>,
    #[serde(rename = "digest")]
    _digest: Option<IgnoredAny>,
    #[serde(rename = "registry")]
    _registry: Option<IgnoredAny>,
    pub(super) package: Option<IgnoredAny>,
    #[serde(rename = "version")]
    _version: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) inherit_configuration: Inherit,
}

/// `inherit_configuration`.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "inherit_configuration must be true, false or a list of keys"
)]
pub(crate) enum Inherit {
    /// Everything or nothing.
    All(bool),
    /// The configuration under these keys. Spin ignores unknown ones.
    Keys(Vec<String>),
}

impl Default for Inherit {
    fn default() -> Self {
        Self::All(false)
    }
}

/// One application variable: it is either required or has a default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variable {
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) default: Option<String>,
    #[serde(default, rename = "secret")]
    _secret: bool,
    #[serde(rename = "description")]
    _description: Option<String>,
}

/// `[component.<id>]`. Other keys are rejected, even those that Spin supports.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Component {
    /// The path of the built component, relative to the manifest's directory.
    pub(crate) source: String,
    /// The component's own variables: templates that refer to the application's variables.
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    /// `scheme://host[:port]` patterns and templates.
    #[serde(default)]
    pub(crate) allowed_outbound_hosts: Vec<String>,
    /// The names of the databases that the component may open.
    #[serde(default)]
    pub(crate) sqlite_databases: Vec<String>,
    /// How to build the component.
    pub(crate) build: Option<Build>,
    #[serde(rename = "profile")]
    _profile: Option<IgnoredAny>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "targets")]
    _targets: Option<IgnoredAny>,
    #[serde(rename = "tool")]
    _tool: Option<IgnoredAny>,
}

/// `[component.<id>.build]`: only the command is used, in an error message.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Build {
    pub(crate) command: Commands,
}

/// One command, or several that run in sequence.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Commands {
    One(String),
    Many(Vec<String>),
}

impl Commands {
    /// The command line as a user would type it.
    pub(crate) fn to_line(&self) -> String {
        match self {
            Self::One(command) => command.clone(),
            Self::Many(commands) => commands.join(" && "),
        }
    }
}
