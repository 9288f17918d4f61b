//! The component's parsed source code, without tests.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, ItemFn, UseTree};

/// A module path from the root of the crate, such as `sessions::login`.
pub type Module = Vec<String>;

/// A source file of the component.
pub struct Source {
    /// The path below `src`.
    pub name: String,
    /// The module path.
    pub module: Module,
    pub text: String,
    /// The number of lines, without tests.
    pub lines: usize,
    /// The paths of the crate that the code uses.
    pub paths: BTreeSet<Module>,
    /// The names that the code uses.
    pub names: BTreeSet<String>,
    /// The string literals in the code.
    pub strings: Vec<String>,
    /// The request handlers, with the number of lines of each body.
    pub handlers: Vec<(String, usize)>,
}

impl Source {
    /// The top-level module that the file belongs to.
    pub fn top_module(&self) -> &str {
        self.name.split(['/', '.']).next().unwrap_or_default()
    }

    /// Whether the file contains request handlers.
    pub fn is_endpoint(&self) -> bool {
        !self.handlers.is_empty()
    }
}

/// The folder of the source code.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file that `lib.rs` declares, directly or indirectly, except tests.
pub fn sources() -> Vec<Source> {
    sources_in(&root())
}

/// The same of the guard.
pub fn guard_sources() -> Vec<Source> {
    sources_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("guard/src"))
}

fn sources_in(root: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    read(root, "lib.rs".into(), Vec::new(), &mut sources);
    sources
}

fn read(root: &Path, name: String, module: Module, sources: &mut Vec<Source>) {
    let text = fs::read_to_string(root.join(&name)).expect("a source file");
    let file = syn::parse_file(&text).expect("Rust");
    let folder = match name.rsplit_once('/') {
        None => String::new(),
        Some((folder, "mod.rs")) => format!("{folder}/"),
        Some(_) => format!("{}/", name.trim_end_matches(".rs")),
    };
    for child in children(&file) {
        let mut path = module.clone();
        path.push(child.clone());
        let own = format!("{folder}{child}.rs");
        let own_folder = format!("{folder}{child}/mod.rs");
        let name = if root.join(&own).exists() {
            own
        } else {
            own_folder
        };
        read(root, name, path, sources);
    }
    sources.push(source(name, module, text, file));
}

/// The modules that a file declares in other files, except tests.
fn children(file: &File) -> Vec<String> {
    let modules = file.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.content.is_none() => Some(module),
        _ => None,
    });
    let modules = modules.filter(|module| !is_for_tests(&module.attrs));
    modules.map(|module| module.ident.to_string()).collect()
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.to_token_stream().to_string() == "cfg (test)"
    })
}

fn source(name: String, module: Module, text: String, file: File) -> Source {
    let mut reader = Reader {
        module: &module,
        imports: HashMap::new(),
        tests: 0,
        paths: BTreeSet::new(),
        names: BTreeSet::new(),
        strings: Vec::new(),
        handlers: Vec::new(),
    };
    // Collect the imports first: names are resolved with them.
    for item in &file.items {
        if let Item::Use(item) = item {
            reader.import(&item.tree, Vec::new());
        }
    }
    reader.visit_file(&file);
    let Reader {
        tests,
        paths,
        names,
        strings,
        handlers,
        ..
    } = reader;
    let lines = text.lines().count() - tests;
    Source {
        name,
        module,
        text,
        lines,
        paths,
        names,
        strings,
        handlers,
    }
}

/// Collects the names in a file, except in tests.
struct Reader<'a> {
    module: &'a Module,
    imports: HashMap<String, Module>,
    tests: usize,
    paths: BTreeSet<Module>,
    names: BTreeSet<String>,
    strings: Vec<String>,
    handlers: Vec<(String, usize)>,
}

impl Reader<'_> {
    /// Records the imports of a `use`.
    fn import(&mut self, tree: &UseTree, mut before: Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.import(&path.tree, before);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, before.clone());
                }
            }
            UseTree::Name(name) if name.ident == "self" => {
                let last = before.last().cloned().unwrap_or_default();
                self.record_import(last, &before);
            }
            UseTree::Name(name) => {
                before.push(name.ident.to_string());
                self.record_import(name.ident.to_string(), &before);
            }
            UseTree::Rename(rename) => {
                before.push(rename.ident.to_string());
                self.record_import(rename.rename.to_string(), &before);
            }
            UseTree::Glob(_) => self.record_import(String::new(), &before),
        }
    }

    fn record_import(&mut self, name: String, path: &[String]) {
        self.names.extend(path.iter().cloned());
        if let Some(path) = self.resolve(path) {
            self.paths.insert(path.clone());
            self.imports.insert(name, path);
        }
    }

    /// Resolves a path to one from the root of the crate; `None` if it is outside the crate.
    fn resolve(&self, path: &[String]) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => self.module.clone(),
            "super" => self.module[..self.module.len().saturating_sub(1)].to_vec(),
            name => self.imports.get(name)?.clone(),
        };
        base.extend_from_slice(rest);
        Some(base)
    }

    fn record_path(&mut self, path: &[String]) {
        self.names.extend(path.iter().cloned());
        if let Some(path) = self.resolve(path) {
            self.paths.insert(path);
        }
    }

    /// Reads the tokens of a macro, which are not parsed: they may contain paths and SQL.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut is_open = false;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if !is_open {
                        self.record_path(&path);
                        path.clear();
                    }
                    path.push(ident.to_string());
                    is_open = false;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => is_open = true,
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        self.strings.push(text.value());
                    }
                }
                TokenTree::Group(group) => self.read_tokens(group.stream()),
                TokenTree::Punct(_) => {
                    self.record_path(&path);
                    path.clear();
                    is_open = false;
                }
            }
        }
        self.record_path(&path);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            _ => &[],
        };
        if is_for_tests(attributes) {
            let span = item.span();
            self.tests += span.end().line - span.start().line + 1;
        } else {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        let describes = |attribute: &Attribute| {
            let path = attribute.path();
            path.segments.len() == 2 && path.segments[0].ident == "utoipa"
        };
        if function.attrs.iter().any(describes) {
            let body = function.block.span();
            let lines = body.end().line - body.start().line + 1;
            self.handlers.push((function.sig.ident.to_string(), lines));
        }
        visit::visit_item_fn(self, function);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path
            .segments
            .iter()
            .map(|it| it.ident.to_string())
            .collect();
        self.record_path(&names);
        visit::visit_path(self, path);
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.strings.push(text.value());
    }

    fn visit_macro(&mut self, macro_call: &'ast syn::Macro) {
        self.visit_path(&macro_call.path);
        self.read_tokens(macro_call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        // Doc comments may mention anything.
        if attribute.path().is_ident("doc") {
            return;
        }
        if let Ok(list) = attribute.meta.require_list() {
            self.read_tokens(list.tokens.clone());
        }
    }
}
